"""Cells of a sheet to paragraphs and tables, whatever kind of file they come from.

Belongs here: what lies on a sheet beside its table, merges, the used range. Does not belong here: bytes, number formats.

A sheet holds text and tables one below the other. Rows with one text each above the first row of several are Paragraphs; so are
such rows further down where empty rows part them from what is above and below. All other rows are one Table, or as many as
those Paragraphs leave; a title that stands right on its table further down is the table's first row. A row with borders is not
empty. Paragraphs are numbered over the whole file: `Locator.line`; in a file that is one sheet it is the number of the record.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import product

from pipelines.documents.limits import Limits
from pipelines.documents.model import Block, Cell, DocumentError, Locator, Paragraph, Table

VERSION = "sheets-1"
FULL_TABLES = 5  # how many tables of the largest allowed size one file may hold
MAX_NAMED = 3  # places that a warning names

Place = tuple[int, int]  # row and column from 0
Merge = tuple[int, int, int, int]  # first row, first column, last row, last column, from 0


@dataclass
class Sheet:
    """One sheet: texts by place, merged ranges, rows with a border. `name` is None for a file that is one sheet."""

    name: str | None
    texts: dict[Place, str] = field(default_factory=dict)
    merges: list[Merge] = field(default_factory=list)
    ruled_rows: set[int] = field(default_factory=set)


def cell_name(row: int, column: int) -> str:
    """Name of a place counted from 0, e.g. C5 for (4, 2)."""
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row + 1}"


def lay_out(sheets: Iterable[Sheet], limits: Limits) -> tuple[list[Block], list[str]]:
    """Blocks of all sheets in order, and warnings about texts that merged cells hide.

    Raises DocumentError('too_large') for a table past the limits, or for more cells in all than a few full tables have.
    """
    blocks: list[Block] = []
    warnings: list[str] = []
    paragraphs = tables = cells = 0
    for sheet in sheets:
        texts = {place: words for place, words in sheet.texts.items() if words.strip(" \t\r\n\xa0")}
        if not texts:
            continue
        spans, hidden = _spans(texts, sheet.merges, limits)
        if hidden:
            named = ", ".join(cell_name(*place) for place in hidden[:MAX_NAMED])
            warnings.append(f"covered_text: {len(hidden)} cells hold text under a merged cell, which is not shown: {named}")
            for place in hidden:
                del texts[place]
        places = sorted(texts)
        for first, last, is_lines in _pieces(texts, spans, sheet.ruled_rows):
            inside = places[bisect_left(places, (first, 0)) : bisect_left(places, (last, 0))]
            if is_lines:
                for place in inside:
                    paragraphs += 1
                    locator = _locator(sheet, place, paragraphs)
                    lines = [line.strip() for line in texts[place].split("\n")]
                    blocks.extend(Paragraph(line, None, locator) for line in lines if line)
                continue
            tables += 1
            table = _table(sheet, texts, inside, spans, tables, limits)
            cells += len(table.cells)
            if cells > FULL_TABLES * limits.table_cells:
                raise DocumentError("too_large", f"the sheets have more than {FULL_TABLES * limits.table_cells:,} cells")
            blocks.append(table)
    return blocks, warnings


def _spans(texts: dict[Place, str], merges: list[Merge], limits: Limits) -> tuple[dict[Place, Place], list[Place]]:
    """Row and column span by the anchor of each merge, cut to the range that holds text; places whose text a merge covers."""
    bottom, right = max(row for row, _ in texts), max(column for _, column in texts)
    spans: dict[Place, Place] = {}
    covered: set[Place] = set()
    for first_row, first_column, last_row, last_column in merges:
        last_row, last_column = min(last_row, bottom), min(last_column, right)
        area = (last_row - first_row + 1) * (last_column - first_column + 1)
        if last_row < first_row or last_column < first_column or area < 2:
            continue
        if len(covered) + area > FULL_TABLES * limits.table_cells:
            raise DocumentError("too_large", f"merged ranges cover more than {FULL_TABLES * limits.table_cells:,} cells")
        places = {(row, column) for row in range(first_row, last_row + 1) for column in range(first_column, last_column + 1)}
        if places & covered:
            continue  # merges that overlap are broken; the first one counts
        covered |= places
        spans[first_row, first_column] = (last_row - first_row + 1, last_column - first_column + 1)
    hidden = sorted(place for place in covered.intersection(texts) if place not in spans)
    return spans, hidden


def _pieces(texts: dict[Place, str], spans: dict[Place, Place], ruled_rows: set[int]) -> list[tuple[int, int, bool]]:
    """First row, row behind the last, and whether the rows are lines of text; rows without content are in no piece."""
    counts: dict[int, int] = {}
    for row, column in texts:
        height = spans.get((row, column), (1, 1))[0]
        counts[row] = counts.get(row, 0) + 1
        for below in range(row + 1, row + height):
            counts[below] = counts.get(below, 0) + 1
    rows = sorted(counts)
    head = next((row for row in rows if counts[row] > 1), rows[-1] + 1)
    pieces: list[tuple[int, int, bool]] = []
    if rows[0] < head:
        pieces.append((rows[0], head, True))
    rest = [row for row in rows if row >= head]
    runs: list[tuple[int, int, bool]] = []  # runs of rows without an empty row between them, and whether all are lines
    for row in rest:
        is_line = counts[row] == 1
        if runs and all(between in ruled_rows for between in range(runs[-1][1], row)):
            first, _, lines = runs.pop()
            runs.append((first, row + 1, lines and is_line))
        else:
            runs.append((row, row + 1, is_line))
    for first, last, is_lines in runs:
        if pieces and not is_lines and not pieces[-1][2]:
            first = pieces.pop()[0]  # an empty row inside a table
        pieces.append((first, last, is_lines))
    return pieces


def _table(
    sheet: Sheet, texts: dict[Place, str], inside: list[Place], spans: dict[Place, Place], number: int, limits: Limits
) -> Table:
    """Grid of the smallest range that holds the places `inside`: each place in it has a cell, an empty one where no text is."""
    top, bottom = inside[0][0], inside[-1][0]
    left, right = min(column for _, column in inside), max(column for _, column in inside)
    limits.check_table(bottom - top + 1, (bottom - top + 1) * (right - left + 1))
    cells: list[Cell] = []
    covered: set[Place] = set()
    for place in product(range(top, bottom + 1), range(left, right + 1)):
        if place in covered:
            continue
        row, column = place
        height, width = spans.get(place, (1, 1))
        height, width = min(height, bottom - row + 1), min(width, right - column + 1)
        if height * width > 1:
            covered.update(product(range(row, row + height), range(column, column + width)))
        locator = replace(_locator(sheet, place), table=number, row=row - top + 1, column=column - left + 1)
        cells.append(Cell(row - top, column - left, height, width, texts.get(place, "").strip("\n"), locator))
    return Table(tuple(cells), "native")


def _locator(sheet: Sheet, place: Place, paragraph: int | None = None) -> Locator:
    """Name of the place on its sheet; in a file that is one sheet, the number of the record."""
    if sheet.name is None:
        return Locator(line=place[0] + 1)
    return Locator(line=paragraph, sheet=sheet.name, cell=cell_name(*place))
