"""Reads the cells of one form with its template.

Belongs here: applying sections (matrix, records, pairs, texts) to the dense grid. Does not belong here: file formats, numbers.

Every figure-bearing cell that no section takes is handed over as unmapped, so that no figure is lost.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field, replace
from functools import cache

from pipelines.catalogue import catalogue
from pipelines.catalogue.definitions import normalise_label, on_one_line, without_numbering
from pipelines.documents import Cell, Locator
from pipelines.forms.absence import absence_of
from pipelines.forms.observations import FormRecord, Observation, Unmapped, is_figure
from pipelines.forms.segmentation import Region, Slice
from pipelines.forms.templates import Column, Section

_UNIT = re.compile(r"[（(]\s*(?:单位\s*[:：]\s*)?(万元|亿元|元)\s*[)）]")
_BAND = re.compile(r"[（(]\s*(\d+(?:\.\d+)?)\s*分?\s*[)）]")
_YEAR = re.compile(r"(20\d{2})")


def unit_in(text: str) -> str | None:
    """Money unit in brackets, as in 全年预算数（万元）, or None."""
    found = _UNIT.search(text)
    return found[1] if found else None


@dataclass
class FormReader:
    """Reads one region; `observations` and `unmapped` fill up section by section."""

    region: Region
    form: FormRecord
    fiscal_year: int | None
    observations: list[Observation] = field(default_factory=list)
    unmapped: list[Unmapped] = field(default_factory=list)
    _labels: set[tuple[int, int, int]] = field(default_factory=set)
    _figures: set[tuple[int, int, int]] = field(default_factory=set)
    _head_rows: set[tuple[int, int]] = field(default_factory=set)
    _indicators: int = 0
    _unit: str = "万元"
    _after_named: bool = False

    def read(self) -> None:
        """Read every section of the region, then hand over the figures that none of them took."""
        self._unit = self.region.unit or unit_in(self.region.title or "") or self.region.template.unit
        self._read_heads()
        carried: tuple[Section, _Header] | None = None
        for piece in self.region.slices:
            for section, header, last in self._sections(piece, carried):
                read = {"matrix": self._matrix, "records": self._records, "pairs": self._pairs, "texts": self._texts}
                read[section.kind](section, header, piece, last)
                carried = (section, header)
        self._hand_over_rest()

    # sections -------------------------------------------------------------------------------------------------------------

    def _sections(self, piece: Slice, carried: tuple[Section, _Header] | None) -> list[tuple[Section, _Header, int]]:
        """Sections of a slice with their header rows, and the row before which each ends."""
        starts: list[tuple[int, Section, _Header]] = []
        for index in range(piece.first, piece.last):
            header = None if starts and starts[-1][0] == index else self._header_at(piece, index, starts)
            if header is not None:
                starts.append((index, *header))
        if carried is not None and (not starts or starts[0][0] > piece.first):
            section, header_before = carried
            starts.insert(0, (piece.first - 1, section, replace(header_before, row=piece.first - 1)))
        ends = [*(start for start, _, _ in starts), piece.last][1:]  # none where no section starts and none is carried
        return [(section, header, end) for (_, section, header), end in zip(starts, ends, strict=True)]

    def _header_at(
        self, piece: Slice, index: int, starts: list[tuple[int, Section, _Header]]
    ) -> tuple[Section, _Header] | None:
        row = [cell for cell in piece.table.rows[index] if cell.row == index]
        labels = [(cell, normalise_label(cell.text)) for cell in row]
        for section in self.region.template.sections:
            named = next((cell for cell, label in labels if section.header.fullmatch(label)), None)
            if named is None or any(section.id == earlier.id for _, earlier, _ in starts):
                continue
            columns = _columns(
                section, [(cell, label) for cell, label in labels if cell is not named or section.kind == "records"]
            )
            if section.columns and not columns:
                continue
            columns, bottom = _with_line_below(section, piece, index, columns)
            self._labels.update(_key(piece, cell) for cell in (named, *(cell for cell, _ in columns)))
            return section, _Header(bottom, named, columns, len(piece.table.rows[index]))
        return None

    def _matrix(self, section: Section, header: _Header, piece: Slice, last: int) -> None:
        table = piece.table
        header_unit = unit_in(header.cell.text)
        first_column = min(cell.column for cell, _ in header.columns)
        rows: list[_CodedRow] = []
        for index in range(header.row + 1, last):
            row = table.rows[index]
            if all(cell.row < index for cell in row):
                continue
            labels = [
                cell
                for cell in row
                if cell.column < first_column
                and cell is not header.cell
                and not _is_header(cell, header)
                and cell.text.strip()
                and not is_figure(cell.text)
            ]
            label = labels[-1] if labels else None
            if table.origin == "inferred" and len(row) != header.arity:
                self._odd_row(section, piece, index)
                continue
            codes = self._row_codes(section, label.text if label else None)
            rows.append((index, label, codes, [table.grid[index][head.column] for head, _ in header.columns]))
        owners = _owners(section, rows)
        for index, label, codes, cells in rows:
            if codes is None:
                continue  # its figures are handed over as unmapped
            text_cells = self._text_row(section, label, cells)
            for (head, column), cell in zip(header.columns, cells, strict=True):
                # A figure that spans several columns belongs to none of them for certain: it stays unmapped.
                if cell is None or cell in text_cells or column.field is None or cells.count(cell) > 1:
                    continue
                owner = owners[id(cell)]
                if owner is None and cell.row == index:
                    continue
                unit = (unit_in(head.text) or header_unit or self._unit) if column.field.endswith("_wanyuan") else None
                own = dict(codes)
                if column.phase is not None:
                    own |= {"phase_code": column.phase, "amount_year": self._year(head.text, column)}
                self._observe(
                    column.table or section.table,
                    f"row {index} column {head.column}",
                    column.field,
                    cell,
                    own,
                    index=index,
                    label=label.text if label else header.cell.text,
                    column_label=head.text,
                    unit=unit,
                    piece=piece,
                    is_merged=owner != index,
                )

    def _odd_row(self, section: Section, piece: Slice, index: int) -> None:
        """A row of another length inside a matrix of a flattened table: a label whose one value spans all columns."""
        row = [cell for cell in piece.table.rows[index] if cell.row == index]
        if len(row) == 2:
            self._text_row(section, row[0], [row[1]])

    def _text_row(self, section: Section, label: Cell | None, cells: list[Cell | None]) -> list[Cell]:
        """Text that stands where amounts are expected in rows that may hold an explanation; returns the cells taken as text."""
        if section.rows is None or label is None:
            return []
        item = catalogue().code_of_label("item", label.text)
        section_code = section.rows.text_rows.get(item or "")
        if section_code is None:
            return []
        texts = [
            cell
            for cell in dict.fromkeys(cells)
            if cell is not None and absence_of(cell.text) is None and not is_figure(cell.text)
        ]
        for cell in texts:
            self._text(section_code, cell, label.text)
        return texts

    def _records(self, section: Section, header: _Header, piece: Slice, last: int) -> None:
        table = piece.table
        by_field = {column.field: head for head, column in header.columns}
        name_head = by_field["indicator_name"]
        for index in range(header.row + 1, last):
            row = table.rows[index]
            starting = [cell for cell in row if cell.row == index]
            total = next(
                (cell for cell in starting if section.totals and section.totals.match.fullmatch(normalise_label(cell.text))),
                None,
            )
            if total is not None:
                self._totals(section, header, piece, index, total)
                continue
            cells = {name: table.grid[index][head.column] for name, head in by_field.items()}
            name = cells["indicator_name"]
            is_head = (piece.table_number, index) in self._head_rows or _repeats(name, name_head)
            # A row of another length is not aligned with the header: its figures stay unmapped, not under a wrong column.
            is_misaligned = table.origin == "inferred" and len(row) != header.arity
            if is_head or is_misaligned or name is None or name.row < index:
                continue
            own = [
                cell
                for field_name, cell in cells.items()
                if cell and cell.row == index and not str(field_name).startswith("level")
            ]
            if all(absence_of(cell.text) == "blank" for cell in own):
                continue  # an indicator row left empty
            self._indicators += 1
            for field_name, cell in cells.items():
                if cell is None or field_name is None:
                    continue
                is_level = field_name.startswith("level")
                if field_name == "level1_label_zh" and (band := _BAND.search(cell.text)):
                    self._observe(
                        section.table,
                        f"indicator {self._indicators}",
                        "level1_band_points",
                        cell,
                        {},
                        raw=band[1],
                        index=index,
                        label=name.text,
                        column_label=by_field[field_name].text,
                        piece=piece,
                    )
                self._observe(
                    section.table,
                    f"indicator {self._indicators}",
                    field_name,
                    cell,
                    {"indicator_number": self._indicators},
                    index=index,
                    label=name.text,
                    column_label=by_field[field_name].text,
                    piece=piece,
                    is_merged=not is_level and cell.row < index,
                )

    def _totals(self, section: Section, header: _Header, piece: Slice, index: int, label: Cell) -> None:
        """The 总分 row: one figure is the score, two are weight and score; a single figure under 分值 alone is the weight."""
        assert section.totals is not None
        figures = [c for c in piece.table.rows[index] if c.row == index and c.column > label.column and is_figure(c.text)]
        by_field = {column.field: head for head, column in header.columns}
        names = ["total_score_points"] if len(figures) == 1 else ["total_weight_points", "total_score_points"]
        is_aligned = piece.table.origin != "inferred" or len(piece.table.rows[index]) == header.arity
        if len(figures) == 1 and is_aligned and "score_points" in by_field and "weight_points" in by_field:
            weight, score = by_field["weight_points"], by_field["score_points"]
            if _overlaps(figures[0], weight) and not _overlaps(figures[0], score):
                names = ["total_weight_points"]
        for name, cell in zip(names, figures, strict=False):
            codes: dict[str, str | int | None] = {"item_code": section.totals.item, "fund_source_code": "all"}
            self._observe(
                section.totals.table, "total", name, cell, codes, index=index, label=label.text, column_label=None, piece=piece
            )

    def _pairs(self, section: Section, header: _Header, piece: Slice, last: int) -> None:
        for index in range(header.row, last):
            row = [cell for cell in piece.table.rows[index] if cell.row == index]
            for label, neighbour in itertools.pairwise(row):
                value = _figure_beyond(row, neighbour)
                codes = self._row_codes(section, label.text)
                if codes is None or is_figure(label.text) or not label.text.strip():
                    continue
                if not is_figure(value.text) and absence_of(value.text) is None:
                    continue
                own = {**codes, "phase_code": section.phase, "amount_year": self.fiscal_year}
                unit = unit_in(label.text) or unit_in(header.cell.text) or self._unit
                self._observe(
                    section.table,
                    f"row {index} column {value.column}",
                    section.field or "",
                    value,
                    own,
                    index=index,
                    label=label.text,
                    column_label=None,
                    unit=unit,
                    piece=piece,
                )

    def _texts(self, section: Section, header: _Header, piece: Slice, last: int) -> None:
        if section.section_code is not None:
            for beside in piece.table.rows[header.row]:
                if beside.row == header.row and beside is not header.cell and absence_of(beside.text) is None:
                    self._text(section.section_code, beside, header.cell.text)
            return
        for index in range(header.row + 1, last):
            for head, column in header.columns:
                cell = piece.table.grid[index][head.column]
                if cell is not None and cell.row == index and cell is not header.cell and absence_of(cell.text) is None:
                    self._text(column.section_code or "other", cell, head.text)

    def _read_heads(self) -> None:
        """Labels with a neighbour that describe the form: department, project, supervising department, grade."""
        for piece in self.region.slices:
            for index in range(piece.first, piece.last):
                row = [cell for cell in piece.table.rows[index] if cell.row == index]
                for label, value in itertools.pairwise(row):
                    self._head(piece, index, label, value)

    def _head(self, piece: Slice, index: int, label: Cell, value: Cell) -> None:
        text = normalise_label(label.text)
        for head in self.region.template.heads:
            if not head.match.fullmatch(text) or absence_of(value.text) is not None:
                continue
            self._head_rows.add((piece.table_number, index))
            if head.table is not None:
                codes: dict[str, str | int | None] = {"item_code": head.item, "fund_source_code": "all"}
                self._observe(
                    head.table, "total", head.field, value, codes, index=index, label=label.text, column_label=None, piece=piece
                )
            elif head.field == "project_name":
                self._labels.add(_key(piece, value))
                self.form.project_name = self.form.project_name or on_one_line(value.text)
            else:
                self._labels.add(_key(piece, value))
                self.form.heads.setdefault(head.field, on_one_line(value.text))
            return

    # one cell ---------------------------------------------------------------------------------------------------------------

    def _row_codes(self, section: Section, label: str | None) -> dict[str, str | int | None] | None:
        """Codes of a row label, or None where no vocabulary of the section covers it; no rows rule means one unlabelled
        record."""
        rows = section.rows
        if rows is None:
            return {}
        if label is None:
            return None
        for vocabulary in rows.vocabularies:
            code = catalogue().code_of_label(vocabulary, label)
            if code is not None:
                self._after_named = code == rows.named_rows if vocabulary == "item" else False
                item, fund = (code, "all") if vocabulary == "item" else (rows.item, code)
                name = _bracketed(label) if self._after_named else None
                return {"item_code": item, "fund_source_code": fund, "project_name": None if name in rows.name_hints else name}
        if rows.named_rows is not None and self._after_named:
            return {"item_code": rows.named_rows, "fund_source_code": "all", "project_name": without_numbering(label)}
        return None

    def _year(self, header: str, column: Column) -> int | None:
        found = column.match.fullmatch(normalise_label(header))
        printed = found.groupdict().get("year") if found else None
        if printed is not None:
            return int(printed)
        return None if self.fiscal_year is None else self.fiscal_year + column.year_offset

    def _text(self, section_code: str, cell: Cell, label: str) -> None:
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

    def _observe(
        self,
        table: str | None,
        record: str,
        field_name: str,
        cell: Cell,
        codes: dict[str, str | int | None],
        *,
        index: int,
        label: str,
        column_label: str | None,
        piece: Slice,
        unit: str | None = None,
        raw: str | None = None,
        is_merged: bool = False,
    ) -> None:
        text = cell.text if raw is None else raw
        absence = "merged" if is_merged else absence_of(text)
        bears_figure = is_figure(cell.text) or (field_name in _numeric_fields() and bool(re.search(r"\d", cell.text)))
        counts = absence is None and raw is None and bears_figure and _key(piece, cell) not in self._figures
        if counts:
            self._figures.add(_key(piece, cell))
        self.observations.append(
            Observation(
                form_number=self.form.form_number,
                table_name=table or "",
                record=_record(table or "", f"table {piece.table_number} {record}", codes),
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

    def _hand_over_rest(self) -> None:
        self.form.figures = len(self._figures)
        for piece in self.region.slices:
            for cell in piece.anchors():
                key = _key(piece, cell)
                if not is_figure(cell.text) or key in self._labels or key in self._figures:
                    continue
                self.form.figures += 1
                row = piece.table.rows[cell.row]
                labels = [other.text for other in row if other.text.strip() and not is_figure(other.text)]
                left = [other.text for other in row if other.column < cell.column and other.text in labels]
                label = (left[-1:] or labels[:1] or [""])[0]
                self.unmapped.append(Unmapped(self.form.form_number, on_one_line(label), None, cell.text, cell.locator))


@dataclass(frozen=True)
class _Header:
    """A section's header row: the cell that names the section, and the columns under their header cells."""

    row: int
    cell: Cell
    columns: list[tuple[Cell, Column]]
    arity: int


_CodedRow = tuple[
    int, Cell | None, dict[str, str | int | None] | None, list[Cell | None]
]  # row, label, codes, cells of the columns


def _owners(section: Section, rows: list[_CodedRow]) -> dict[int, int | None]:
    """The row that each cell (by id) belongs to. A figure over rows of several labels belongs to the row of the whole,
    which may come
    first or last; where there is none, it belongs to none of them for certain."""
    covered: dict[int, list[_CodedRow]] = {}
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


def _is_whole(codes: dict[str, str | int | None], item: str) -> bool:
    return (codes["item_code"], codes["fund_source_code"]) == (item, "all")


@cache
def _numeric_fields() -> frozenset[str]:
    return frozenset(name for name, field in catalogue().fields.items() if field.type.startswith(("DECIMAL", "INTEGER")))


def _key(piece: Slice, cell: Cell) -> tuple[int, int, int]:
    return piece.table_number, cell.row, cell.column


def _columns(section: Section, labels: list[tuple[Cell, str]]) -> list[tuple[Cell, Column]]:
    found: list[tuple[Cell, Column]] = []
    for cell, label in labels:
        column = next((column for column in section.columns if column.match.fullmatch(label)), None)
        if column is not None:
            found.append((cell, column))
    return found


def _with_line_below(
    section: Section, piece: Slice, index: int, columns: list[tuple[Cell, Column]]
) -> tuple[list[tuple[Cell, Column]], int]:
    """Columns of a header of one line or two, and its last row: a label in the second line says more than the one above it."""
    below = index + 1
    cells = [cell for cell in piece.table.rows[below] if cell.row == below] if below < piece.last else []
    finer = _columns(section, [(cell, normalise_label(cell.text)) for cell in cells])
    if not finer:
        return columns, index
    coarse = [(head, column) for head, column in columns if not any(_overlaps(cell, head) for cell, _ in finer)]
    return sorted(coarse + finer, key=lambda found: found[0].column), below


def _is_header(cell: Cell, header: _Header) -> bool:
    return cell.row <= header.row


def _repeats(cell: Cell | None, head: Cell) -> bool:
    """Whether a header cell is printed again, as at the top of a page."""
    return cell is not None and normalise_label(cell.text) == normalise_label(head.text)


def _figure_beyond(row: list[Cell], neighbour: Cell) -> Cell:
    """The neighbour of a label; behind empty cells, the figure beyond them: separated records leave empty what merges span."""
    filled = next((cell for cell in row if cell.column >= neighbour.column and absence_of(cell.text) != "blank"), neighbour)
    return filled if is_figure(filled.text) else neighbour


def _overlaps(cell: Cell, head: Cell) -> bool:
    return cell.column < head.column + head.column_span and head.column < cell.column + cell.column_span


def _record(table: str, place: str, codes: dict[str, str | int | None]) -> str:
    """Which fact row a value belongs to: wide tables have one row a form (and item and source), the others one a place."""
    if table in {"fact_personnel", "fact_buildings"}:
        return "form"
    return f"{codes['item_code']} {codes['fund_source_code']}" if table == "fact_evaluations" else place


def _place(cell: Cell, piece: Slice, index: int) -> Locator:
    return Locator(table=piece.table_number, row=index + 1, column=cell.column + 1)


def _bracketed(label: str) -> str | None:
    """What stands in the brackets that end a label, e.g. the fund's name in 本级专项资金（城乡环境整治）."""
    found = re.search(r"[（(]([^（）()]+)[)）]\s*[：:]?\s*$", label)
    return on_one_line(found[1]) if found else None
