"""Small writers of workbooks and of separated records.

Belongs here: sheets of typed values to xlsx, xls and csv, and a flattened-text report on such sheets. Does not belong here:
reading.
"""

from __future__ import annotations

import csv
import io
import re
import struct
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from tests.support.flattened import EMPTY, Placed, gridded

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,11})(\.\d+)?(%?)")

Merge = tuple[int, int, int, int]  # first row, first column, last row, last column, from 0


@dataclass(frozen=True)
class Number:
    """A number as it is stored, and the format code that shows it."""

    stored: str
    code: str = "General"


Value = str | Number | None  # None: a cell with borders and nothing in it


@dataclass
class Sheet:
    """A sheet by its values (place from 0) and merges."""

    name: str = "Sheet1"
    values: dict[tuple[int, int], Value] = field(default_factory=dict)
    merges: list[Merge] = field(default_factory=list)
    state: str = "visible"


def sheet(*rows: Iterable[Value], name: str = "Sheet1", merges: Iterable[Merge] = ()) -> Sheet:
    """A sheet of rows that start at A1."""
    values = {(row, column): value for row, cells in enumerate(rows) for column, value in enumerate(cells) if value != ""}
    return Sheet(name, values, list(merges))


def rebuild_as_sheets(text: str, is_one_sheet: bool = False) -> list[Sheet]:
    """A flattened-text report on sheets: text and tables each on its own, or all below each other on one.

    What looks like a number becomes one, with the format that shows it as it is written.
    """
    return place_on_sheets(gridded(text), is_one_sheet)


def place_on_sheets(blocks: Iterable[str | list[list[Placed]]], is_one_sheet: bool = False) -> list[Sheet]:
    """Paragraphs and grids on such sheets."""
    sheets = [Sheet("报告")]
    row = 0
    for block in blocks:
        if isinstance(block, str):
            sheets[-1].values[row, 0] = block
            row += 1
            continue
        if is_one_sheet:
            row += 1
        for index, cells in enumerate(block):
            for cell in cells:
                if cell.merge == "continue":
                    continue
                sheets[-1].values[row, cell.start] = None if cell.text in (EMPTY, "") else _value(cell.text)
                height = _height(block, index, cell) if cell.merge else 1
                if cell.span > 1 or height > 1:
                    sheets[-1].merges.append((row, cell.start, row + height - 1, cell.start + cell.span - 1))
            row += 1
        if is_one_sheet:
            row += 1
        else:
            sheets.append(Sheet(f"表{len(sheets)}"))
            row = 0
    return [found for found in sheets if found.values]


def _height(grid: list[list[Placed]], index: int, cell: Placed) -> int:
    """Rows that a cell of row `index` covers."""
    height = 1
    while index + height < len(grid) and any(
        below.start == cell.start and below.merge == "continue" for below in grid[index + height]
    ):
        height += 1
    return height


def _value(text: str) -> Value:
    found = NUMBER.fullmatch(text)
    if found is None:
        return text
    decimals = len(found[1]) - 1 if found[1] else 0
    code = "0" + ("." + "0" * decimals if decimals else "") + found[2]
    number = float(text.rstrip("%")) / (100 if found[2] else 1)
    return Number(format(number, ".17g"), code)  # as Excel stores it, with the noise of binary fractions


def write_xlsx(sheets: Iterable[Sheet], parts: Mapping[str, str | bytes] | None = None) -> bytes:
    """Bytes of an xlsx with shared strings and number formats; `parts` replace or join its parts."""
    sheets = list(sheets)
    strings: dict[str, int] = {}
    codes: dict[str, int] = {"General": 0}
    pages = [_sheet_xml(found, strings, codes) for found in sheets]
    entries = "".join(
        f'<sheet name={quoteattr(found.name)} sheetId="{number}" state="{found.state}" r:id="rId{number}"/>'
        for number, found in enumerate(sheets, start=1)
    )
    targets = [("worksheet", f"worksheets/sheet{number}.xml") for number in range(1, len(sheets) + 1)]
    targets += [("sharedStrings", "sharedStrings.xml"), ("styles", "styles.xml")]
    overrides = "".join(
        f'<Override PartName="/xl/{target}" ContentType="{SHEET_TYPE}.{kind}+xml"/>' for kind, target in targets
    )
    formats = "".join(f'<numFmt numFmtId="{164 + number}" formatCode={quoteattr(code)}/>' for code, number in codes.items())
    styles = "".join(f'<xf numFmtId="{164 + number}" borderId="1"/>' for number in codes.values())
    looks = (
        '<fonts><font><sz val="11"/></font></fonts><fills><fill><patternFill patternType="none"/></fill></fills>'
        '<borders><border/><border><left style="thin"/></border></borders><cellStyleXfs><xf/></cellStyleXfs>'
    )
    written: dict[str, str | bytes] = {
        "[Content_Types].xml": (
            f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
            f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{SHEET_TYPE}.sheet.main+xml"/>{overrides}</Types>'
        ),
        "_rels/.rels": _relationships([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr/><sheets>{entries}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relationships(targets),
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{"".join(_string(text) for text in strings)}</sst>',
        "xl/styles.xml": (
            f'<styleSheet xmlns="{MAIN}"><numFmts>{formats}</numFmts>{looks}<cellXfs>{styles}</cellXfs></styleSheet>'
        ),
        **{f"xl/worksheets/sheet{number}.xml": page for number, page in enumerate(pages, start=1)},
        **(parts or {}),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in written.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _relationships(targets: Iterable[tuple[str, str]]) -> str:
    rows = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{rows}</Relationships>'


def _string(text: str) -> str:
    return f'<si><t xml:space="preserve">{escape(text)}</t></si>'


def _sheet_xml(found: Sheet, strings: dict[str, int], codes: dict[str, int]) -> str:
    rows: dict[int, list[str]] = {}
    for (row, column), value in sorted(found.values.items(), key=lambda entry: entry[0]):
        name = place_name(row, column)
        if value is None:
            xml = f'<c r="{name}" s="0"/>'
        elif isinstance(value, Number):
            xml = f'<c r="{name}" s="{codes.setdefault(value.code, len(codes))}"><v>{value.stored}</v></c>'
        else:
            xml = f'<c r="{name}" t="s"><v>{strings.setdefault(value, len(strings))}</v></c>'
        rows.setdefault(row, []).append(xml)
    data = "".join(f'<row r="{row + 1}">{"".join(cells)}</row>' for row, cells in rows.items())
    ranges = "".join(f'<mergeCell ref="{place_name(*merge[:2])}:{place_name(*merge[2:])}"/>' for merge in found.merges)
    merges = f"<mergeCells>{ranges}</mergeCells>" if ranges else ""
    return f'<worksheet xmlns="{MAIN}"><sheetData>{data}</sheetData>{merges}</worksheet>'


def place_name(row: int, column: int) -> str:
    """Name of a place in the first 26 columns or the 26 behind them."""
    first, last = divmod(column, 26)
    return (chr(ord("A") + first - 1) if first else "") + chr(ord("A") + last) + str(row + 1)


def write_csv(found: Sheet, separator: str = ",", encoding: str = "gb18030") -> bytes:
    """Bytes of a csv as Excel saves a sheet: what numbers show, nothing of merges, each record as wide as the sheet."""
    height = max(row for row, _ in found.values) + 1
    width = max(column for _, column in found.values) + 1
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=separator)
    writer.writerows([_shown(found.values.get((row, column))) for column in range(width)] for row in range(height))
    return buffer.getvalue().encode(encoding)


def _shown(value: Value) -> str:
    if not isinstance(value, Number):
        return value or ""
    is_rate = value.code.endswith("%")
    decimals = len(value.code.rstrip("%").partition(".")[2])
    return f"{float(value.stored) * (100 if is_rate else 1):.{decimals}f}" + "%" * is_rate


# BIFF8 in an OLE file: https://learn.microsoft.com/openspecs/office_file_formats/ms-xls


def write_xls(sheets: Iterable[Sheet], further: bytes = b"") -> bytes:
    """Bytes of an Excel 97-2003 workbook; `further` are records among the workbook's own."""
    sheets = list(sheets)
    codes: dict[str, int] = {"General": 0}
    pages = [_sheet_records(found, codes) for found in sheets]
    head = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)) + further
    head += _record(0x0042, struct.pack("<H", 1200))
    head += b"".join(_record(0x041E, struct.pack("<H", 164 + number) + _wide(code, "<H")) for code, number in codes.items())
    head += _record(0x0031, struct.pack("<HHHHHBBBB", 220, 0, 0x7FFF, 400, 0, 0, 0, 0, 0) + _wide("Arial", "<B")) * 5
    borders = (0x1111, 0)
    head += b"".join(
        _record(0x00E0, struct.pack("<HHHBBBBHHIH", 0, 164 + number, 0, 0, 0, 0, 0xFC, *borders, 0, 0))
        for number in codes.values()
    )
    lengths = [len(page) for page in pages]
    start = len(head) + sum(len(_bound(found, 0)) for found in sheets) + 4
    bounds = b"".join(_bound(found, start + sum(lengths[:number])) for number, found in enumerate(sheets))
    return ole({"Workbook": head + bounds + _record(0x000A, b"") + b"".join(pages)})


def _bound(found: Sheet, offset: int) -> bytes:
    state = {"visible": 0, "hidden": 1, "veryHidden": 2}[found.state]
    return _record(0x0085, struct.pack("<IBB", offset, state, 0) + _wide(found.name, "<B"))


def _sheet_records(found: Sheet, codes: dict[str, int]) -> bytes:
    records = [_record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))]
    for (row, column), value in sorted(found.values.items(), key=lambda entry: entry[0]):
        if value is None:
            records.append(_record(0x0201, struct.pack("<HHH", row, column, 0)))
        elif isinstance(value, Number):
            style = codes.setdefault(value.code, len(codes))
            records.append(_record(0x0203, struct.pack("<HHHd", row, column, style, float(value.stored))))
        else:
            records.append(_record(0x0204, struct.pack("<HHH", row, column, 0) + _wide(value, "<H")))
    ranges = b"".join(struct.pack("<HHHH", top, bottom, left, right) for top, left, bottom, right in found.merges)
    records.append(_record(0x00E5, struct.pack("<H", len(found.merges)) + ranges))
    return b"".join(records) + _record(0x000A, b"")


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _wide(text: str, length: str) -> bytes:
    return struct.pack(length, len(text)) + b"\x01" + text.encode("utf-16-le")


def ole(streams: Mapping[str, bytes]) -> bytes:
    """An OLE file of streams that are filled up to the 4096 bytes below which they would need a second table."""
    sector, free, end = 512, 0xFFFFFFFF, 0xFFFFFFFE
    padded = {
        name: content + bytes(-len(content) % sector).ljust(4096 - len(content), b"\0") for name, content in streams.items()
    }
    fat: list[int] = []
    starts: dict[str, int] = {}
    for name, content in padded.items():
        starts[name] = len(fat)
        count = len(content) // sector
        fat += [*range(len(fat) + 1, len(fat) + count), end]
    directory = len(fat)
    entries = len(streams) + 1
    directory_sectors = -(-entries // 4)
    fat += [*range(directory + 1, directory + directory_sectors), end]
    fat_sectors = -(-(len(fat) + 1) // 127)
    first_fat = len(fat)
    fat += [0xFFFFFFFD] * fat_sectors
    fat += [free] * (fat_sectors * 128 - len(fat))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10)
    header += struct.pack("<IIIIIIII", fat_sectors, directory, 0, 4096, end, 0, end, 0)
    header += b"".join(struct.pack("<I", first_fat + n if n < fat_sectors else free) for n in range(109))
    items = [_directory_entry("Root Entry", 5, 1, free, end, 0)]
    names = list(streams)
    for number, name in enumerate(names):
        right = number + 2 if number + 1 < len(names) else free
        items.append(_directory_entry(name, 2, free, right, starts[name], len(padded[name])))
    items += [bytes(128)] * (directory_sectors * 4 - len(items))
    return header + b"".join(padded.values()) + b"".join(items) + struct.pack(f"<{len(fat)}I", *fat)


def _directory_entry(name: str, kind: int, child: int, right: int, start: int, size: int) -> bytes:
    wide = (name + "\0").encode("utf-16-le")
    head = wide.ljust(64, b"\0") + struct.pack("<HBBIII", len(wide), kind, 1, 0xFFFFFFFF, right, child)
    return head + bytes(16 + 4 + 16) + struct.pack("<IQ", start, size)
