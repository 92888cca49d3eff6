"""What the reading of one form has found so far: observations, and which of its cells are taken.

Belongs here: turning a cell into an observation, and handing over the figures that nothing took. Does not belong here: what
a cell means (matrix, records, heads).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

from pipelines.catalogue import catalogue
from pipelines.catalogue.definitions import on_one_line
from pipelines.documents import Cell, Locator
from pipelines.forms.absence import absence_of
from pipelines.forms.observations import FormRecord, Observation, Unmapped, is_figure
from pipelines.forms.segmentation import Region, Slice

Codes = dict[str, str | int | None]


@dataclass
class Reading:
    """Fills up while the sections of one region are read; every figure-bearing cell ends in exactly one place."""

    region: Region
    form: FormRecord
    fiscal_year: int | None
    unit: str = "万元"
    observations: list[Observation] = field(default_factory=list)
    unmapped: list[Unmapped] = field(default_factory=list)
    head_rows: set[tuple[int, int]] = field(default_factory=set)
    indicators: int = 0
    _labels: set[tuple[int, int, int]] = field(default_factory=set)
    _figures: set[tuple[int, int, int]] = field(default_factory=set)

    def take_label(self, piece: Slice, cell: Cell) -> None:
        """Note that a cell is a label, so that digits in it are no figure."""
        self._labels.add(key_of(piece, cell))

    def text(self, section_code: str, cell: Cell, label: str) -> None:
        """Take a cell as the text of a section."""
        self.observations.append(
            Observation(
                self.form.form_number,
                "fact_narratives",
                f"{section_code}@{cell.locator}",
                "text",
                cell.text,
                on_one_line(label),
                None,
                cell.locator,
                {"section_code": section_code},
            )
        )

    def observe(
        self,
        table: str,
        record: str,
        field_name: str,
        cell: Cell,
        codes: Codes,
        *,
        index: int,
        label: str,
        column_label: str | None,
        piece: Slice,
        unit: str | None = None,
        raw: str | None = None,
        is_counted: bool = True,
        is_merged: bool = False,
    ) -> None:
        """Take a cell as the value of one field of a fact row.

        `record` names the fact row within its table, `raw` the part of the cell's text that is meant; with `is_counted` false
        the cell's figure is not used up. `is_merged` marks a place that a cell of a row above covers.
        """
        text = cell.text if raw is None else raw
        absence = "merged" if is_merged else absence_of(text)
        bears_figure = is_figure(cell.text) or (field_name in _numeric_fields() and bool(re.search(r"\d", text)))
        counts = is_counted and absence is None and bears_figure and key_of(piece, cell) not in self._figures
        if counts:
            self._figures.add(key_of(piece, cell))
        self.observations.append(
            Observation(
                form_number=self.form.form_number,
                table_name=table,
                record=_record(table, f"table {piece.table_number} {record}", codes),
                field_name=field_name,
                raw_text="" if absence in ("merged", "blank") else text.strip(),
                source_label_zh=on_one_line(label),
                column_label_zh=None if column_label is None else on_one_line(column_label),
                locator=_place(cell, piece, index) if is_merged else cell.locator,
                codes=codes,
                absence_code=absence,
                unit=unit,
                is_figure=counts,
                confidence=cell.confidence,
            )
        )

    def refuse(self, piece: Slice, cell: Cell, label: str, column_label: str) -> None:
        """Hand over a cell whose figures cannot be told apart."""
        key = key_of(piece, cell)
        if key in self._figures:
            return
        self._figures.add(key)
        names = on_one_line(label), on_one_line(column_label)
        self.unmapped.append(Unmapped(self.form.form_number, *names, cell.text, cell.locator))

    def hand_over_rest(self) -> None:
        """Hand over the figures that no section took, and count all of them."""
        for piece in self.region.slices:
            for cell in piece.anchors():
                key = key_of(piece, cell)
                if not is_figure(cell.text) or key in self._labels or key in self._figures:
                    continue
                self._figures.add(key)
                row = piece.table.rows[cell.row]
                labels = [other.text for other in row if other.text.strip() and not is_figure(other.text)]
                left = [other.text for other in row if other.column < cell.column and other.text in labels]
                label = (left[-1:] or labels[:1] or [""])[0]
                head = _head_above(piece, cell)
                self.unmapped.append(Unmapped(self.form.form_number, on_one_line(label), head, cell.text, cell.locator))
        self.form.figures = len(self._figures)


def key_of(piece: Slice, cell: Cell) -> tuple[int, int, int]:
    """A cell's identity in its document."""
    return piece.table_number, cell.row, cell.column


def _head_above(piece: Slice, cell: Cell) -> str | None:
    """Label that stands nearest above a cell in its column."""
    for index in range(cell.row - 1, piece.first - 1, -1):
        above = piece.table.grid[index][cell.column]
        if above is not None and above.text.strip() and not is_figure(above.text) and absence_of(above.text) is None:
            return on_one_line(above.text)
    return None


@cache
def _numeric_fields() -> frozenset[str]:
    return frozenset(name for name, known in catalogue().fields.items() if known.type.startswith(("DECIMAL", "INTEGER")))


def _record(table: str, place: str, codes: Codes) -> str:
    """Which fact row a value belongs to: wide tables have one row a form (and item and source), the others one a place."""
    if table in {"fact_personnel", "fact_buildings"}:
        return "form"
    return f"{codes['item_code']} {codes['fund_source_code']}" if table == "fact_evaluations" else place


def _place(cell: Cell, piece: Slice, index: int) -> Locator:
    return Locator(table=piece.table_number, row=index + 1, column=cell.column + 1)
