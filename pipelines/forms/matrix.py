"""Reads amounts and rates where a header row crosses a label column, or a label stands beside its figure.

Belongs here: the section kinds `matrix` and `pairs`: which row, column and unit a figure has. Does not belong here:
indicators (records).

A label may say item, source of funds or phase, and so may a column; where the two contradict each other the figure is left.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.catalogue import catalogue
from pipelines.catalogue.definitions import normalise_label, on_one_line, without_numbering
from pipelines.documents import Cell
from pipelines.forms.absence import absence_of
from pipelines.forms.headers import AMOUNT, HeadedColumn, Header, cell_under, values_beside
from pipelines.forms.observations import is_figure
from pipelines.forms.reading import Codes, Reading
from pipelines.forms.segmentation import Slice
from pipelines.forms.templates import Rows, Section, sums
from pipelines.forms.units import unit_in

_CODE_COLUMNS = {"item": "item_code", "fund_source": "fund_source_code", "phase": "phase_code"}
_COUNTED_BY_ITEM = {"fact_expenditures", "fact_evaluations"}


@dataclass
class RowLabels:
    """Turns the labels of a section's rows into codes, from top to bottom: rows of free names follow the row that leads
    them."""

    section: Section
    _is_after_named: bool = False

    def codes(self, labels: list[str]) -> Codes | None:
        """Codes of a row by its labels from left to right, or None where no vocabulary covers the nearest one.

        Labels further left say what the nearest does not. Without a rule for rows every row is one unlabelled record.
        """
        rows = self.section.rows
        if rows is None:
            return {}
        if not labels:
            return None
        found = _coded(rows, labels[-1])
        if not found:
            is_sum = sums().fullmatch(normalise_label(labels[-1])) is not None
            if rows.named_rows is None or not self._is_after_named or is_sum:
                return None
            name = without_numbering(labels[-1])
            return {"item_code": rows.named_rows, "fund_source_code": "all", "project_name": name}
        for label in reversed(labels[:-1]):
            found = {**_coded(rows, label), **found}
        self._is_after_named = "item_code" in found and found["item_code"] == rows.named_rows
        bracketed = _bracketed(labels[-1]) if self._is_after_named else None
        name_given = None if bracketed in rows.name_hints else bracketed
        return {"item_code": rows.item, "fund_source_code": "all", "project_name": name_given, **found}


_Row = tuple[int, list[Cell], Codes | None, list[Cell | None]]  # row, labels, codes, cells of the columns


def read_matrix(reading: Reading, section: Section, header: Header, piece: Slice, last: int) -> None:
    """Take every cell of a known row in a known column, down to the row before `last`."""
    row_labels = RowLabels(section)
    rows = []
    for index in range(header.row + 1, last):
        row = piece.table.rows[index]
        if all(cell.row < index for cell in row):
            continue
        if piece.table.origin == "inferred" and len(row) != header.arity:
            _odd_row(reading, section, row, index)
            continue
        labels = _labels(row, header)
        codes = row_labels.codes([label.text for label in labels])
        cells = [cell_under(piece.table, index, headed.cell) for headed in header.columns]
        rows.append((index, labels, codes, cells))
    if len(rows) == 1 and section.rows is not None and _has_no_place_for_a_label(piece, header, rows[0]):
        index, labels, _, cells = rows[0]
        rows = [(index, labels, {"item_code": section.rows.item, "fund_source_code": "all", "project_name": None}, cells)]
    owners = _owners(section, rows)
    has_sources = any(headed.column.fund is not None for headed in header.columns)
    for index, labels, codes, cells in rows:
        if codes is None or any(cell is not None and _is_label(cell.text) for cell in cells):
            continue  # its figures are handed over as unmapped, as are those of a row that holds labels where figures belong
        label = labels[-1] if labels else None
        text_cells = _text_row(reading, section, label, cells)
        spans = Counter(map(id, cells))
        for headed, cell in zip(header.columns, cells, strict=True):
            # A figure that spans several columns belongs to none of them for certain: it stays unmapped.
            if cell is None or cell in text_cells or headed.column.field is None or spans[id(cell)] > 1:
                continue
            owner = owners[id(cell)]
            if owner is None and cell.row == index:
                continue
            own = _cell_codes(reading, section, codes, headed, has_sources=has_sources)
            label_unit = unit_in(label.text) if label else None
            if own is None or len({label_unit, headed.unit} - {None}) > 1:
                continue
            unit = headed.unit or label_unit or header.unit or reading.unit
            reading.observe(
                headed.column.table or section.table or "",
                f"row {index} column {headed.cell.column}",
                headed.column.field,
                cell,
                own,
                index=index,
                label=label.text if label else header.cell.text,
                column_label=headed.cell.text,
                unit=unit if headed.column.field.endswith("_wanyuan") else None,
                piece=piece,
                is_merged=owner != index,
            )


def read_pairs(reading: Reading, section: Section, header: Header, piece: Slice, last: int) -> None:
    """Take the figure beside every known label, from the header's own row down to the row before `last`.

    A label that names no phase has that of the nearest label above it in its column, as 其中：财政拨款 has below 执行数.
    """
    row_labels = RowLabels(section)
    phases: dict[int, str | int | None] = {}  # by the column of the label
    for index in range(header.row, last):
        row = [cell for cell in piece.table.rows[index] if cell.row == index]
        for label, value, printed in _pairs(row):
            text = label.text if printed is None else printed[0]
            codes = row_labels.codes([text])
            if codes is None or is_figure(text) or not text.strip():
                continue
            phase = codes.get("phase_code") or phases.get(label.column) or section.phase
            phases[label.column] = phase
            figure = value.text if printed is None else printed[1]
            if phase is None or (not is_figure(figure) and absence_of(figure) is None):
                continue
            reading.observe(
                section.table or "",
                f"row {index} column {value.column}",
                section.field or "",
                value,
                {"amount_year": reading.fiscal_year, **codes, "phase_code": phase},
                index=index,
                label=text,
                column_label=None,
                unit=unit_in(text) or header.unit or reading.unit,
                piece=piece,
                raw=figure,
            )


def _pairs(row: list[Cell]) -> Iterator[tuple[Cell, Cell, tuple[str, str] | None]]:
    """Labels of a row with the cells that hold their figures; where both stand in one cell (一般公共预算：105), their texts.

    A label with several figures beside it is none: in a row of a table, columns say more than the label.
    """
    for place, label in enumerate(row):
        if printed := _label_and_figure(label.text):
            yield label, label, printed
        elif place + 1 < len(row) and len(values_beside(row, label)) <= 1:
            yield label, _figure_beyond(row, row[place + 1]), None


def _label_and_figure(text: str) -> tuple[str, str] | None:
    label, _, figure = text.replace("：", ":").rpartition(":")
    return (label, figure.strip()) if label and is_figure(figure) else None


def _labels(row: list[Cell], header: Header) -> list[Cell]:
    first_column = header.first_column
    return [
        cell
        for cell in row
        if cell.column < first_column
        and cell is not header.cell
        and cell.row > header.row
        and cell.text.strip()
        and not is_figure(cell.text)
    ]


def _has_no_place_for_a_label(piece: Slice, header: Header, row: _Row) -> bool:
    """Whether the only row of a section has its figures right beside the section's name, which reaches down to it."""
    index, labels, _, _ = row
    is_beside = header.cell.column + header.cell.column_span == header.first_column
    return not labels and is_beside and piece.table.grid[index][header.cell.column] is header.cell


def _coded(rows: Rows, label: str) -> Codes:
    """What a label says, by the first vocabulary that covers it; empty where none does."""
    for vocabulary in rows.vocabularies:
        code = catalogue().code_of_label(vocabulary, label)
        if code is not None:
            return {_CODE_COLUMNS[vocabulary]: code}
    return {}


def _cell_codes(reading: Reading, section: Section, codes: Codes, headed: HeadedColumn, *, has_sources: bool) -> Codes | None:
    """Codes of a cell by its row and its column, or None where the two contradict each other or no phase is named.

    `has_sources` says that columns of the section are sources of funds.
    """
    column, own = headed.column, dict(codes)
    table = column.table or section.table
    if table not in _COUNTED_BY_ITEM:
        return own
    row_phase = own.pop("phase_code", None)
    item, fund = own.get("item_code"), own.get("fund_source_code", "all")
    whole_item = section.rows.item if section.rows else None
    if column.item is not None and item not in (None, whole_item, column.item):
        return None
    if column.fund not in (None, "all") and fund not in ("all", column.fund):
        return None
    own["item_code"] = column.item or item or section.item or "total"
    own["fund_source_code"] = fund if column.fund in (None, "all") else column.fund
    if column.field != AMOUNT:
        return own
    if column.phase is not None and column.fund is None and has_sources:
        row_phase = None  # the row's phase is that of the sources; 执行数 beside them speaks for itself
    phases = {column.phase, row_phase} - {None} or {section.phase} - {None}
    if len(phases) != 1:
        return None
    year = reading.fiscal_year if headed.year is None else headed.year
    is_shifted = headed.year is None and year is not None
    return {**own, "phase_code": phases.pop(), "amount_year": (year or 0) + column.year_offset if is_shifted else year}


def _owners(section: Section, rows: list[_Row]) -> dict[int, int | None]:
    """The row that each cell (by id) belongs to. A figure over rows of several labels belongs to the row of the whole,
    which may come first or last; where there is none, it belongs to none of them for certain."""
    covered: dict[int, list[_Row]] = {}
    figures: set[int] = set()
    for row in rows:
        for cell in filter(None, row[3]):
            covered.setdefault(id(cell), []).append(row)
            figures |= {id(cell)} if is_figure(cell.text) else set()
    owners: dict[int, int | None] = {}
    for key, over in covered.items():
        whole = [index for index, _, codes, _ in over if codes and section.rows and _is_whole(codes, section.rows.item)]
        is_one = key not in figures or all(row[2] == over[0][2] for row in over)
        owners[key] = over[0][0] if is_one else next(iter(whole), None)
    return owners


def _is_whole(codes: Codes, item: str) -> bool:
    return (codes["item_code"], codes["fund_source_code"]) == (item, "all")


def _odd_row(reading: Reading, section: Section, row: list[Cell], index: int) -> None:
    """A row of another length inside a matrix of a flattened table: a label whose one value spans all columns."""
    starting = [cell for cell in row if cell.row == index]
    if len(starting) == 2:
        _text_row(reading, section, starting[0], [starting[1]])


def _is_label(text: str) -> bool:
    if is_figure(text):
        return False
    return any(catalogue().code_of_label(vocabulary, text) is not None for vocabulary in ("item", "fund_source"))


def _text_row(reading: Reading, section: Section, label: Cell | None, cells: list[Cell | None]) -> list[Cell]:
    """Text that stands where amounts are expected in rows that may hold an explanation; returns the cells taken as text."""
    if section.rows is None or label is None:
        return []
    item = catalogue().code_of_label("item", label.text)
    section_code = section.rows.text_rows.get(item or "")
    if section_code is None:
        return []
    texts = [
        cell for cell in dict.fromkeys(cells) if cell is not None and absence_of(cell.text) is None and not is_figure(cell.text)
    ]
    for cell in texts:
        reading.text(section_code, cell, label.text)
    return texts


def _figure_beyond(row: list[Cell], neighbour: Cell) -> Cell:
    """The neighbour of a label; behind empty cells, the figure beyond them: separated records leave empty what merges span."""
    filled = next((cell for cell in row if cell.column >= neighbour.column and absence_of(cell.text) != "blank"), neighbour)
    return filled if is_figure(filled.text) else neighbour


def _bracketed(label: str) -> str | None:
    """What stands in the brackets that end a label, e.g. the fund's name in 本级专项资金（城乡环境整治）."""
    found = re.search(r"[（(]([^（）()]+)[)）]\s*[：:]?\s*$", label)
    return on_one_line(found[1]) if found else None
