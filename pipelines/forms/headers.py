"""Finds where the sections of a form begin and what stands in the columns below.

Belongs here: header rows of one line or two. Does not belong here: reading the rows below (matrix, records, engine).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import cached_property

from pipelines.catalogue.definitions import normalise_label
from pipelines.documents import Cell, Table
from pipelines.forms.absence import absence_of
from pipelines.forms.observations import is_figure
from pipelines.forms.segmentation import Slice
from pipelines.forms.templates import Column, Section
from pipelines.forms.units import unit_in

AMOUNT = "amount_wanyuan"


@dataclass(frozen=True)
class HeadedColumn:
    """A column under its header cell, with the year and the unit of money that its header prints."""

    cell: Cell
    column: Column
    year: int | None
    unit: str | None


@dataclass(frozen=True)
class Header:
    """A section's header: its last row, the cell that names the section, the columns, the length of its last row, and the
    unit of money that it states for all columns."""

    row: int
    cell: Cell
    columns: list[HeadedColumn]
    arity: int
    unit: str | None

    @cached_property
    def first_column(self) -> int:
        """Column that the leftmost of the columns begins in."""
        return min(headed.cell.column for headed in self.columns)

    def field_columns(self) -> dict[str, HeadedColumn]:
        """Columns by their field; a field that two columns claim belongs to neither of them for certain."""
        fields = [headed.column.field for headed in self.columns]
        return {
            headed.column.field: headed
            for headed in self.columns
            if headed.column.field is not None and fields.count(headed.column.field) == 1
        }


def header_at(section: Section, piece: Slice, index: int) -> Header | None:
    """Header of a section that begins at a row, or None."""
    cells = [cell for cell in piece.table.rows[index] if cell.row == index]
    naming = [cell for cell in cells if section.header.fullmatch(normalise_label(cell.text))]
    if not naming:
        return None
    columns = _columns(section, cells)
    heads = [headed.cell for headed in columns]
    named = next((cell for cell in naming if cell not in heads), naming[0])
    is_row = len(heads) < 2 or any(is_figure(cell.text) for cell in cells if cell not in heads)
    if section.kind == "matrix" and named in heads and is_row:
        return None  # the label of a row: 执行数 beside its amount
    if section.kind == "pairs" and section.phase is None and not _has_figure_beside(cells, named):
        return None
    is_alone = not any(cell.text.strip() for cell in cells if cell is not named)
    columns, bottom = _with_line_below(section, piece, index, columns, is_alone)
    heads += [headed.cell for headed in columns]
    columns = _told_apart([headed for headed in columns if headed.column.field or headed.column.section_code])
    if section.columns and not columns:
        return None
    below = [cell for cell in piece.table.rows[bottom] if cell.row > index and cell.row == bottom]
    units = {unit_in(cell.text) for cell in (*cells, *below) if cell is named or cell not in heads} - {None}
    return Header(bottom, named, columns, len(piece.table.rows[bottom]), units.pop() if len(units) == 1 else None)


def _told_apart(columns: list[HeadedColumn]) -> list[HeadedColumn]:
    """The columns without amounts that two of them claim: which of them a figure belongs to is not certain."""
    meant = [
        (one.column.phase, one.column.fund, one.column.item, one.column.year_offset, one.year)
        if one.column.field == AMOUNT
        else id(one)
        for one in columns
    ]
    return [one for one, meaning in zip(columns, meant, strict=True) if meant.count(meaning) == 1]


def values_beside(cells: list[Cell], label: Cell) -> list[Cell]:
    """Figures and marks of absence in a row behind a label, up to the next label; more than one are a row of a table."""
    behind = itertools.dropwhile(lambda cell: cell is not label, cells)
    values = itertools.takewhile(lambda cell: is_figure(cell.text) or absence_of(cell.text) is not None, list(behind)[1:])
    return [cell for cell in values if absence_of(cell.text) != "blank"]


def _has_figure_beside(cells: list[Cell], label: Cell) -> bool:
    """Whether the figure of a label stands beside it, not below: its name says what phase the figure is of."""
    beside = values_beside(cells, label)
    return len(beside) == 1 and is_figure(beside[0].text)


def cell_under(table: Table, index: int, head: Cell) -> Cell | None:
    """The cell of a row under a header cell; None where several with content stand under it: one column is not all of them."""
    row = table.grid[index]
    under = {id(cell): cell for cell in row[head.column : head.column + head.column_span] if cell is not None}
    filled = [cell for cell in under.values() if absence_of(cell.text) != "blank"]
    return None if len(filled) > 1 else next(iter(filled), row[head.column])


def repeats(cell: Cell | None, head: Cell) -> bool:
    """Whether a header cell is printed again, as at the top of a page."""
    return cell is not None and normalise_label(cell.text) == normalise_label(head.text)


def overlaps(cell: Cell, head: Cell) -> bool:
    """Whether two cells share a column."""
    return cell.column < head.column + head.column_span and head.column < cell.column + cell.column_span


def _columns(section: Section, cells: list[Cell]) -> list[HeadedColumn]:
    found: list[HeadedColumn] = []
    left = ""
    for cell in cells:
        label = normalise_label(cell.text)
        before, left = left, label
        in_full = normalise_label(cell.text, keep_brackets=True)  # 预算数(A) may say more than 预算数
        for column in section.columns:
            if column.behind is not None and not column.behind.fullmatch(before):
                continue
            if match := column.match.fullmatch(in_full) or column.match.fullmatch(label):
                year = match.groupdict().get("year")
                found.append(HeadedColumn(cell, column, None if year is None else int(year), unit_in(cell.text)))
                break
    return found


def _with_line_below(
    section: Section, piece: Slice, index: int, columns: list[HeadedColumn], is_alone: bool
) -> tuple[list[HeadedColumn], int]:
    """Columns of a header of one line or two, and its last row.

    A label in the second line says more than the one above it, and takes from that what it does not say itself. Below a
    section's name that stands alone, the columns are all in the second line.
    """
    below = index + 1
    cells = [cell for cell in piece.table.rows[below] if cell.row == below] if below < piece.last else []
    finer = _columns(section, cells)
    heads = [headed.cell for headed in finer]
    is_data = any(is_figure(cell.text) for cell in cells if cell not in heads)
    if not finer or is_data or (not columns and not (is_alone and len(finer) > 1)):
        return columns, index
    if piece.table.origin == "inferred":
        columns = _above_covered(columns, piece.table.rows[index], piece.table.rows[below])
    coarse = [headed for headed in columns if not any(overlaps(cell, headed.cell) for cell in heads)]
    return sorted([*coarse, *(_completed(headed, columns) for headed in finer)], key=lambda found: found.cell.column), below


def _above_covered(columns: list[HeadedColumn], upper: list[Cell], lower: list[Cell]) -> list[HeadedColumn]:
    """Columns of a header's upper line where the lower one has another length, as a flattened text prints two lines.

    The empty cells at either end of the lower line are covered by as many cells of the upper one, so these stand where the
    empty ones do. Where the others stand is not known: they are left out.
    """
    if len(upper) == len(lower):
        return columns
    own_row = max(cell.row for cell in lower)
    blank = [not cell.text or cell.row < own_row for cell in lower]
    leading = next((count for count, is_blank in enumerate(blank) if not is_blank), 0)
    trailing = next((count for count, is_blank in enumerate(reversed(blank)) if not is_blank), 0)
    pairs = [*zip(upper[:leading], lower, strict=False), *zip(reversed(upper), lower[: -trailing - 1 : -1], strict=False)]
    places = {covering.column: covered.column for covering, covered in pairs} | {
        cell.column: cell.column for cell in upper if cell in lower
    }
    return [
        replace(headed, cell=replace(headed.cell, column=places[headed.cell.column]))
        for headed in columns
        if headed.cell.column in places
    ]


def _completed(finer: HeadedColumn, above: list[HeadedColumn]) -> HeadedColumn:
    over = [headed for headed in above if overlaps(headed.cell, finer.cell)]
    if len(over) != 1:
        return finer
    coarse, column = over[0], finer.column
    if column.field is None and column.section_code is None:
        column = replace(column, field=coarse.column.field, table=coarse.column.table)
    if column.field == AMOUNT:
        column = replace(
            column,
            phase=column.phase or coarse.column.phase,
            fund=column.fund or coarse.column.fund,
            item=column.item or coarse.column.item,
            year_offset=column.year_offset or coarse.column.year_offset,
        )
    return HeadedColumn(finer.cell, column, finer.year or coarse.year, finer.unit or coarse.unit)
