"""Reads records with separators (csv, tsv).

Belongs here: the separator, quotes, records to one sheet. Does not belong here: what is text and what is table on a sheet
(`sheets`).

Records know no merges: what a merged cell covers is empty. The empty cells that begin a record belong to the cells above, as
merged labels leave them; any other empty cell is a blank. `Locator.line` is the number of the record, which is the line as long
as no quoted cell holds a line break.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator

from pipelines.documents import sheets, text
from pipelines.documents.limits import Limits
from pipelines.documents.model import Document, DocumentError
from pipelines.documents.sheets import Merge, Place, Sheet

VERSION = f"delimited-1+{sheets.VERSION}"
MEDIA_TYPE = "text/csv"
SEPARATORS = (",", "\t", ";")
SAMPLE = 1 << 16  # characters that are looked at
LEAST_RECORDS = 3
MOST_LABELS = 4  # columns in which a label may stand for the records below it
REGULAR = 0.9  # share of the records with the most frequent number of cells, from which separators are no chance


def separator_of(sample: str, least: float = REGULAR) -> str | None:
    """The separator with which most records have the same number of cells, more than one; None where none is regular."""
    best: tuple[float, int, str] | None = None
    for separator in SEPARATORS:
        try:
            lengths = [len(record) for record in _records(sample, separator) if record]
        except csv.Error:
            continue
        counts = Counter(length for length in lengths if length > 1)
        if len(lengths) < LEAST_RECORDS or not counts:
            continue
        usual, count = counts.most_common(1)[0]
        share = count / len(lengths)
        if share >= least and (best is None or (share, usual) > best[:2]):
            best = (share, usual, separator)
    return None if best is None else best[2]


def read(data: bytes, sha256: str, limits: Limits | None = None) -> Document:
    """Document of a csv; its table is `native`, locators name the record.

    Raises DocumentError: unknown_format where no encoding fits, corrupt for a cell past the csv module's limit, too_large, or
    empty where no cell holds a text.
    """
    limits = limits or Limits()
    content, encoding = text.decode(data)
    separator = separator_of(content[:SAMPLE], least=0.0) or SEPARATORS[0]
    sheet = Sheet(None)
    try:
        for row, record in enumerate(_records(content, separator)):
            sheet.texts |= {(row, column): cell.replace("\r\n", "\n") for column, cell in enumerate(record) if cell}
            limits.check_table(0, len(sheet.texts))
    except csv.Error as error:
        raise DocumentError("corrupt", f"the records cannot be read: {error}") from error
    sheet.merges = _merges(sheet)
    blocks, warnings = sheets.lay_out([sheet], limits)
    if not blocks:
        raise DocumentError("empty", "no record holds a text")
    return Document(sha256, MEDIA_TYPE, "csv", VERSION, encoding, tuple(blocks), tuple(warnings))


def _merges(sheet: Sheet) -> list[Merge]:
    """For each label above empty beginnings of records: the range that it covers, in one column."""
    first_columns: dict[int, int] = {}
    for row, column in sheet.texts:
        first_columns[row] = min(column, first_columns.get(row, column))
    starts: dict[int, int] = {}  # column -> row of the label that would cover the next empty cell
    ends: dict[Place, int] = {}  # label -> last row that it covers
    for row in range(min(first_columns, default=0), max(first_columns, default=-1) + 1):
        if row not in first_columns:
            starts.clear()  # an empty record parts tables
            continue
        first = first_columns[row]
        starts = {column: start for column, start in starts.items() if column < first}
        ends |= {(start, column): row for column, start in starts.items()}
        starts |= {column: row for column in range(first, first + MOST_LABELS) if sheet.texts.get((row, column), "").strip()}
    return [(start, column, end, column) for (start, column), end in ends.items()]


def _records(content: str, separator: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(content, newline=""), delimiter=separator)
