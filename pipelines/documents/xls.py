"""Reads workbooks of Excel 97-2003 and of WPS (xls, et).

Belongs here: BIFF cells, as xlrd gives them, to the cells of sheets. Does not belong here: format codes (`number_format`), what
is text and what is table on a sheet (`sheets`).

xlrd is used because it hands over number formats, merges and borders; faster readers give bare floats.
"""

from __future__ import annotations

import io
from collections import Counter
from typing import TYPE_CHECKING, Any

from pipelines.documents import number_format, sheets
from pipelines.documents.limits import Limits
from pipelines.documents.model import Document, DocumentError
from pipelines.documents.sheets import Sheet

if TYPE_CHECKING:
    import xlrd.book
    import xlrd.sheet

VERSION = f"xls-1+{sheets.VERSION}+{number_format.VERSION}"
MEDIA_TYPE = "application/vnd.ms-excel"
FIRST_OWN_FORMAT = 164


def read(data: bytes, sha256: str, limits: Limits | None = None) -> Document:
    """Document of an xls or et; tables are `native`, locators name sheet and cell.

    Raises DocumentError: corrupt, encrypted, too_large, or empty where no cell holds a text.
    """
    limits = limits or Limits()
    book = _open(data)
    found: list[Sheet] = []
    warnings: list[str] = []
    for source in book.sheets():
        sheet, notes = _sheet(book, source)
        if sheet.texts:
            found.append(sheet)
            warnings += [f"hidden_sheet: sheet {source.name} is hidden"] if source.visibility else []
            warnings += notes
        if sum(len(sheet.texts) for sheet in found) > sheets.FULL_TABLES * limits.table_cells:
            raise DocumentError("too_large", f"the workbook has too many cells; sheet {source.name} passes the limit")
    blocks, further = sheets.lay_out(found, limits)
    if not blocks:
        raise DocumentError("empty", "no cell of the workbook holds a text")
    return Document(sha256, MEDIA_TYPE, "xls", VERSION, book.encoding, tuple(blocks), tuple(warnings + further))


def _open(data: bytes) -> xlrd.book.Book:
    import xlrd

    try:
        return xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=io.StringIO(), ragged_rows=True)
    except MemoryError:
        raise
    except Exception as error:  # xlrd checks little; a broken file makes it fail in any way
        if "encrypted" in str(error).lower():
            raise DocumentError("encrypted", "a workbook that is protected by a password") from error
        raise DocumentError("corrupt", f"the workbook cannot be read: {type(error).__name__}: {error}"[:300]) from error


def _sheet(book: xlrd.book.Book, source: xlrd.sheet.Sheet) -> tuple[Sheet, list[str]]:
    """The sheet with the texts that Excel shows, and warnings with counts and first places."""
    sheet = Sheet(source.name)
    notes: Counter[str] = Counter()
    first_places: dict[str, str] = {}
    codes = [_code(book, style.format_key) for style in book.xf_list]
    is_ruled = [_is_ruled(style.border) for style in book.xf_list]
    for row in range(source.nrows):
        types, values = source.row_types(row), source.row_values(row)
        for column, (kind, value) in enumerate(zip(types, values, strict=True)):
            style = source.cell_xf_index(row, column)
            if style < len(is_ruled) and is_ruled[style]:
                sheet.ruled_rows.add(row)
            text, note = _text(kind, value, codes[style] if style < len(codes) else "General", bool(book.datemode))
            if text:
                sheet.texts[row, column] = text
            if note is not None:
                notes[note] += 1
                first_places.setdefault(note, f"{sheets.cell_name(row, column)}: {value!r} shown as {text[:30]}")
    for rows_or_columns, infos in (("row", source.rowinfo_map), ("column", source.colinfo_map)):
        hidden = sorted(number for number, info in infos.items() if info.hidden)
        if hidden:
            notes[f"hidden_{rows_or_columns}s"] = len(hidden)
            first_places[f"hidden_{rows_or_columns}s"] = f"{rows_or_columns} {hidden[0] + 1}"
    # xlrd counts the end of a range from behind its last row and column.
    sheet.merges = [(top, left, bottom - 1, right - 1) for top, bottom, left, right in source.merged_cells]
    warnings = [f"{kind}: sheet {source.name}, {count} times, first {first_places[kind]}" for kind, count in notes.items()]
    return sheet, warnings


def _text(kind: int, value: Any, code: str, counts_from_1904: bool) -> tuple[str, str | None]:
    import xlrd

    if kind in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
        if value - value != 0:
            raise DocumentError("corrupt", f"a cell holds the number {value}")
        text, note = number_format.show(value, code, counts_from_1904)
        return text, None if note is None else f"{note}_number"
    if kind == xlrd.XL_CELL_TEXT:
        return value.replace("\r\n", "\n").replace("\r", "\n"), None
    if kind == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if value else "FALSE", None
    if kind == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(value, "#ERROR!"), None
    return "", None


def _code(book: xlrd.book.Book, key: int) -> str:
    own = book.format_map.get(key)
    if key >= FIRST_OWN_FORMAT or key not in number_format.BUILT_IN:
        return "General" if own is None else str(own.format_str)
    return number_format.BUILT_IN[key]


def _is_ruled(border: Any) -> bool:
    return any((border.left_line_style, border.right_line_style, border.top_line_style, border.bottom_line_style))
