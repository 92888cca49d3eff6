"""Reads text flattened from Word: TAB-led cells, blank lines between rows.

Belongs here: decoding and the grammar of flattened tables. Does not belong here: the meaning of any label.

Grammar: a line that starts with a TAB is a cell; a line without one right after a cell continues it; a blank line ends the row.
An empty cell is covered by a merge from above, a cell holding only U+3000 is really empty. Where a file has no U+3000 cells at
all, an empty cell counts as merged only in the leading columns. Further TABs inside a line separate cells of the same row.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from pipelines.documents.limits import Limits
from pipelines.documents.model import Block, Cell, Document, DocumentError, Locator, Paragraph, Table

VERSION = "text-1"
MEDIA_TYPE = "text/plain"
IDEOGRAPHIC_SPACE = "　"
LEADING_COLUMNS = 2

Row = list[tuple[str, int]]  # text and line number of each cell


def decode(data: bytes) -> tuple[str, str]:
    """Text and encoding: a byte order mark, then strict UTF-8, then GB 18030 (a superset of GB 2312 and GBK).

    Raises DocumentError('unknown_format') where none of them fits.
    """
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            candidates = [encoding]
            break
    else:
        candidates = ["utf-8", "gb18030"]
    for encoding in candidates:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise DocumentError("unknown_format", f"the bytes are no text in {' or '.join(candidates)}")


def read(data: bytes, sha256: str, limits: Limits | None = None) -> Document:
    """Document of a flattened text file; tables are `inferred`, paragraphs carry their line numbers.

    Raises DocumentError: unknown_format where no encoding fits, too_large for a table past the limits.
    """
    limits = limits or Limits()
    text, encoding = decode(data)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    has_real_blanks = any(line.strip("\t") == IDEOGRAPHIC_SPACE for line in lines)
    blocks: list[Block] = []
    table_number = 0
    for is_paragraph, run in groupby(_lex(lines), lambda block: isinstance(block, Paragraph)):
        if is_paragraph:
            blocks.extend(block for block in run if isinstance(block, Paragraph))
            continue
        rows = [block for block in run if not isinstance(block, Paragraph)]
        limits.check_table(len(rows), sum(map(len, rows)))
        table_number += 1
        blocks.append(_table(rows, table_number, has_real_blanks))
    return Document(sha256, MEDIA_TYPE, "text", VERSION, encoding, tuple(blocks))


def _lex(lines: list[str]) -> list[Paragraph | Row]:
    """Paragraphs and table rows in reading order."""
    found: list[Paragraph | Row] = []
    row: Row | None = None
    for number, line in enumerate(lines, start=1):
        line = line.lstrip("\f")  # a page break stands for nothing
        if line.startswith("\t"):
            if row is None:
                row = []
                found.append(row)
            row.extend((text, number) for text in line[1:].split("\t"))
        elif not line.strip(" \f"):
            row = None
        elif row is not None:
            text, start = row[-1]
            row[-1] = (f"{text}\n{line}", start)
        else:
            found.append(Paragraph(line.strip(), None, Locator(line=number)))
    return found


def _table(rows: list[Row], table_number: int, has_real_blanks: bool) -> Table:
    """Grid of ragged rows: a covered cell extends the cell above it in the same column of an equally long row.

    The leading column may continue over rows of different length; other columns are aligned only within a band.
    """
    cells: list[Cell] = []
    above: dict[int, int] = {}  # column -> index in cells of the cell that covers it in the row before
    above_length = 0
    for row_index, row in enumerate(rows):
        covered: dict[int, int] = {}
        is_continuation = row_index > 0 and len(row) == above_length and all(text == "" for text, _ in row)
        for column, (text, line) in enumerate(row):
            may_merge = column == 0 or len(row) == above_length
            is_merged = text == "" and (has_real_blanks or is_continuation or column < LEADING_COLUMNS)
            if is_merged and may_merge and column in above:
                index = above[column]
                cells[index] = replace(cells[index], row_span=row_index - cells[index].row + 1)
            else:
                index = len(cells)
                locator = Locator(table=table_number, row=row_index + 1, column=column + 1, line=line)
                cells.append(Cell(row_index, column, 1, 1, text.strip("\n"), locator))
            covered[column] = index
        above, above_length = covered, len(row)
    return Table(tuple(cells), "inferred")
