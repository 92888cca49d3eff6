"""Lays the pieces of a flattened form out as the rows of a Table.

Belongs here: sections, headers and rows; a row stands under the columns only where that is certain. Does not belong here:
cutting lines into pieces (flattened_pieces), the records of indicators (flattened_indicators), putting figures back into
columns (`arithmetic`).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pipelines.catalogue import catalogue
from pipelines.catalogue.definitions import normalise_label
from pipelines.documents import Cell, Locator, Table
from pipelines.forms import arithmetic
from pipelines.forms.flattened_indicators import MOST_POINTS, Record, are_full, blocks, records_of
from pipelines.forms.flattened_pieces import LEAST_COLUMNS, Labels, Piece
from pipelines.forms.observations import MAX_LENGTH, is_figure
from pipelines.forms.templates import Column, Section
from pipelines.forms.units import is_unit_line

DOUBT_LENGTH = 120  # of a row's text in a warning
MOST_TOTAL = 120  # that all of them make with the points of the execution rate, if forms print them outside 100
LABEL_LINES = 4  # lines or words that a label may be wrapped over
FILLER = re.compile(r"[….·。\s]+")  # rows left open for further indicators
_MESS = re.compile(r"(?:[≥≤≧≦＞＜><=＝═]\s*)?[\d０-９][\d０-９.,，．]*[%％]?")


@dataclass
class _Row:
    """A labelled row of a matrix or of pairs."""

    label: Piece | None
    values: list[Piece] = field(default_factory=list)


@dataclass
class Layout:
    """Lays the pieces of one stretch out in rows; `cells` and `doubts` fill up section by section."""

    pieces: list[Piece]
    labels: Labels
    is_joined: bool
    is_titled: bool
    doubts: list[str] = field(default_factory=list)  # places and texts of rows that stay uncertain
    cells: list[Cell] = field(default_factory=list)
    height: int = 0
    has_amounts: bool = False
    is_glued: bool = False  # the columns are named without separators
    has_certain: bool = False  # a row of amounts or an indicator was read
    place: int = 0

    def table(self) -> Table:
        """The rows laid out so far."""
        return Table(tuple(self.cells), "inferred")

    def read(self) -> None:
        """Lay out every section in order, and what stands between sections as heads."""
        while self.place < len(self.pieces):
            header = self._header_at(self.place)
            if header is not None:
                section, count = header
                read = {"matrix": self._matrix, "records": self._records, "texts": self._texts}[section.kind]
                read(section, None, [], self._columns(section, count))
                continue
            roles = self.labels.of(self.pieces[self.place].text)
            if not ("section" in roles and self._named_section()):
                self._head(roles)

    # sections ---------------------------------------------------------------------------------------------------------------

    def _named_section(self) -> bool:
        """Lay out the section that the next piece names; False where none begins there."""
        named = self.pieces[self.place]
        label = normalise_label(named.text)
        fitting = [section for section in self.labels.sections if section.kind != "records" and section.header.fullmatch(label)]
        for gap in (1, 2):
            extra = self.pieces[self.place + 1 : self.place + gap]
            if any(piece.is_value for piece in extra):
                break
            header = self._header_at(self.place + gap, fitting)
            if header is not None:
                section, count = header
                self.place += gap
                read = self._matrix if section.kind == "matrix" else self._texts
                read(section, named, extra, self._columns(section, count))
                return True
        pairs = next((section for section in fitting if section.kind == "pairs"), None)
        if pairs is not None:
            self._pairs(pairs)
            return True
        text = next((section for section in fitting if section.kind == "texts" and section.section_code), None)
        if text is not None:
            self.place += 1
            self._texts(text, named, [], [])
            return True
        return False

    def _header_at(self, place: int, sections: Sequence[Section] | None = None) -> tuple[Section, int] | None:
        """The section whose columns are named from a piece on, and how many pieces name them; the one with the most."""
        if place >= len(self.pieces) or "column" not in self.labels.of(self.pieces[place].text):
            return None
        best: tuple[Section, int] | None = None
        for section in self.labels.tables if sections is None else sections:
            last = 0
            for count, piece in enumerate(self.pieces[place:]):
                roles = self.labels.of(piece.text)
                if "column" in roles and _column_of(section, piece.text):
                    last = count + 1
                elif piece.is_value or roles - {"column"} or count > last:
                    break  # one label that no template knows may stand between two that one knows
            behind = self.pieces[place + last : place + last + 1]
            if section.rows is not None and behind and behind[0].is_value:
                last -= 1  # the label of the first row happens to be that of a column elsewhere
            least = LEAST_COLUMNS if section.kind in ("matrix", "records") else 1
            known = sum(_column_of(section, piece.text) is not None for piece in self.pieces[place : place + last])
            if known >= least and (best is None or last > best[1]):
                best = section, last
        return best

    def _columns(self, section: Section, count: int) -> list[tuple[Piece, Column | None]]:
        """The header's pieces with their columns, in the order of the rows: finer labels below a coarse one take its place."""
        found = [(piece, _column_of(section, piece.text)) for piece in self.pieces[self.place : self.place + count]]
        self.is_glued |= any(piece.is_glued for piece, _ in found)
        self.place += count
        fields = [column.field if column else None for _, column in found]
        for coarse, name in enumerate(fields):
            if section.kind != "records" or name is None or name not in fields[coarse + 1 :]:
                continue
            below = [place for place in range(coarse + 1, count) if self._is_second_line(found, place)]
            if below and below[-1] == count - 1 and name in [fields[place] for place in below]:
                return [*found[:coarse], *found[below[0] :], *found[coarse + 1 : below[0]]]
        return found

    @staticmethod
    def _is_second_line(found: list[tuple[Piece, Column | None]], place: int) -> bool:
        """Whether a header label stands behind the one that closes the first line, the reason."""
        return any(column is not None and column.field == "deviation_reason" for _, column in found[:place])

    def _matrix(
        self, section: Section, named: Piece | None, extra: list[Piece], columns: list[tuple[Piece, Column | None]]
    ) -> None:
        rows = self._rows(section)
        if named is None:  # without the label that names the section nothing tells what the amounts are
            self._loose([piece for piece, _ in columns])
            for row in rows:
                self._loose([*filter(None, [row.label]), *row.values])
            return
        self.has_amounts = True
        width = len(columns) + 2
        self._put([named, next(iter(extra), None), *(piece for piece, _ in columns)])
        roles = [_role(column) for _, column in columns]
        arithmetic_rows = [self._arithmetic_row(row, len(columns)) for row in rows]
        readings = arithmetic.solve(roles, arithmetic_rows)
        for row, stated, reading in zip(rows, arithmetic_rows, readings, strict=True):
            if row.label is not None and not row.values and self.is_glued and "row" not in self.labels.of(row.label.text):
                self._loose([row.label], 1)
                continue
            is_labelled = row.label is not None or section.rows is None
            if reading is None or not is_labelled or any(piece.is_doubtful for piece in row.values):
                self._uncertain([None, row.label, *row.values], width)
                continue
            self.has_certain |= bool(row.values)
            self._put([None, row.label, *_placed(reading, row.values, stated.is_run)])

    def _arithmetic_row(self, row: _Row, count: int) -> arithmetic.Row:
        texts = tuple(piece.text for piece in row.values)
        if count > 1 and len(row.values) == 2 and all(piece.is_glued for piece in row.values) and not is_figure(texts[1]):
            texts = texts[:1]  # cells without a value close the row, their number is lost
        is_run = bool(texts) and count > 1 and len(texts) != count and all(piece.is_glued for piece in row.values)
        is_run = is_run or (
            len(texts) == 1 and count > 1 and self.is_joined and arithmetic.value(texts[0]) is None and is_figure(texts[0])
        )
        part = "" if row.label is None else _part_of(row.label.text)
        return arithmetic.Row(texts, is_run, part)

    def _rows(self, section: Section) -> list[_Row]:
        """Rows up to the next section: a label, or several without figures, and the figures behind it."""
        rows: list[_Row] = []
        waiting: list[Piece] = []  # texts without figures so far
        while self.place < len(self.pieces):
            piece = self.pieces[self.place]
            if piece.is_value:
                if waiting or not rows:
                    found = self._row_labels(waiting)
                    rows += [_Row(label) for label in found] or [_Row(None)]
                    waiting = []
                rows[-1].values.append(piece)
            elif self._ends_rows(section):
                break
            else:
                waiting.append(piece)
            self.place += 1
        return rows + [_Row(label) for label in self._row_labels(waiting)]

    def _ends_rows(self, section: Section) -> bool:
        piece = self.pieces[self.place]
        roles = self.labels.of(piece.text)
        if roles & {"level1", "level2"} and "row" not in roles:
            return True
        if self._header_at(self.place) is not None:
            return True
        if "section" in roles:
            label = normalise_label(piece.text)
            others = [other for other in self.labels.sections if other.kind != "records" and other.header.fullmatch(label)]
            is_next = any(self._header_at(self.place + gap, others) for gap in (1, 2))
            if is_next or any(other.kind in ("pairs", "texts") for other in others):
                return True
        return "head" in roles or ("anchor" in roles and "row" not in roles)

    def _row_labels(self, waiting: list[Piece]) -> list[Piece]:
        """The labels that texts in a row make up: a label may be wrapped over lines or parted by spaces."""
        found: list[Piece] = []
        place = 0
        while place < len(waiting):
            for count in range(min(LABEL_LINES, len(waiting) - place), 0, -1):
                text = "".join(piece.text for piece in waiting[place : place + count])
                if count == 1 or "row" in self.labels.of(text):
                    found.append(replace(waiting[place], text=text))
                    place += count
                    break
        return found

    def _pairs(self, section: Section) -> None:
        heads: list[Piece] = []
        while self.place < len(self.pieces) and section.header.fullmatch(normalise_label(self.pieces[self.place].text)):
            heads.append(self.pieces[self.place])
            self.place += 1
        self._put(list(heads))
        for row in self._rows(section):
            is_one = len(row.values) <= 1 and not any(piece.is_doubtful for piece in row.values)
            if (
                row.label is not None
                and is_one
                and all(arithmetic.value(p.text) is not None or not is_figure(p.text) for p in row.values)
            ):
                self._put([row.label, *row.values])
                continue
            if row.label is not None:
                self._put([row.label])
            self._uncertain([None, *row.values], 2)

    def _texts(
        self, section: Section, named: Piece | None, extra: list[Piece], columns: list[tuple[Piece, Column | None]]
    ) -> None:
        """A text a column, or one beside the label; more pieces than that are wrapped somewhere and stay without a place."""
        body: list[Piece] = []
        while self.place < len(self.pieces):
            piece = self.pieces[self.place]
            if self.labels.of(piece.text) - {"level1", "level2", "row"} or self._header_at(self.place):
                break
            body.append(piece)
            self.place += 1
        heads = [piece for piece, _ in columns]
        width = len(heads) if heads else 1
        if not heads:
            self._put([named, *body] if len(body) == width else [named])
        else:
            self._put([named, *heads])
            if len(body) == width:
                self._put([None, *body])
        if len(body) != width:
            self._loose(body, width + 1)

    def _head(self, roles: frozenset[str]) -> None:
        """A label and the text behind it up to the next label, or a piece that no section knows."""
        label = self.pieces[self.place]
        self.place += 1
        if "head" not in roles:
            self._loose([label])
            return
        values: list[Piece] = []
        while self.place < len(self.pieces) and not self._is_label(self.pieces[self.place]):
            values.append(self.pieces[self.place])
            self.place += 1
        # What stands between two labels may hold a label that no template knows: it is the value where it is one piece, and
        # where nothing parts it from its label, only behind a colon.
        is_parted = values and (not values[0].is_glued or label.text.endswith((":", "：")))
        if len(values) == 1 and is_parted and not re.search("[:：]", values[0].text):
            self._put([label, values[0]])
            return
        self._put([label])
        self._loose(values)

    def _is_label(self, piece: Piece) -> bool:
        return bool(self.labels.of(piece.text) - {"row", "total"}) or is_unit_line(piece.text)

    # records ----------------------------------------------------------------------------------------------------------------

    def _records(
        self, section: Section, named: Piece | None, extra: list[Piece], columns: list[tuple[Piece, Column | None]]
    ) -> None:
        body: list[Piece] = []
        total: Piece | None = None
        while self.place < len(self.pieces):
            piece = self.pieces[self.place]
            if "total" in self.labels.of(piece.text):
                total = piece
                break
            if self._header_at(self.place) is not None:
                break
            is_anchor = "anchor" in self.labels.of(piece.text) and not self.labels.of(piece.text) & {"level1", "level2"}
            if is_anchor and body:
                break  # a row of another kind below the indicators
            if not is_anchor and not FILLER.fullmatch(piece.text):
                body.append(piece)
            self.place += 1
        is_glued = any(piece.is_glued for piece, _ in columns)
        fields = [column.field if column else None for _, column in columns]
        self._put([piece for piece, _ in columns])
        # Indicators alone, without title and amounts, may be a score sheet of another form.
        is_unknown = is_glued or not (self.is_titled or self.has_amounts)
        records = [] if is_unknown else records_of(body, fields, self.labels, self.is_joined, total is not None)
        if not records:
            records = [Record({}, block, is_certain=False) for block in blocks(body, self.labels)]
        levels = [place for place, name in enumerate(fields) if name is not None and name.startswith("level")]
        covering: dict[int, int] = {}  # place of a level's column -> index of the cell that covers it so far
        for record in records:
            self._record(record, len(columns), levels, covering)
        if total is not None:
            self.place += 1
            self.has_certain |= any(record.is_certain for record in records)
            self._total(total, records, fields)

    def _record(self, record: Record, width: int, levels: list[int], covering: dict[int, int]) -> None:
        """One row; a level that is not printed again is covered by the cell above it, as merged cells are."""
        cells = record.cells
        rest = [cells.get(place) for place in range(width) if place not in levels]
        if not record.is_certain:
            cells, rest = self._uncertain_record(record, levels, width)
        anchor = next(iter(record.pieces), None)
        for order, place in enumerate(levels):
            piece = cells.get(place)
            if piece is None and place in covering:
                index = covering[place]
                self.cells[index] = replace(self.cells[index], row_span=self.height - self.cells[index].row + 1)
                continue
            self._cell(self.height, place, piece, anchor)
            covering[place] = len(self.cells) - 1
            if piece is not None:
                for finer in levels[order + 1 :]:
                    covering.pop(finer, None)
        free = (place for place in itertools.count() if place not in levels)
        for place, piece in zip(free, rest, strict=False):
            self._cell(self.height, place, piece, anchor)
        self.height += 1

    def _uncertain_record(self, record: Record, levels: list[int], width: int) -> tuple[dict[int, Piece], list[Piece | None]]:
        """The levels that an uncertain record begins with, and its other pieces in a row of another length than the header."""
        cells: dict[int, Piece] = {}
        left = list(record.pieces)
        for place, name in zip(levels, ("level1", "level2"), strict=False):
            if left and name in self.labels.of(left[0].text):
                cells[place] = left.pop(0)
        rest: list[Piece | None] = [part for piece in left for part in self._figures_of(piece)]
        self._warn(record.pieces)
        return cells, [None, *rest] if len(rest) + len(levels) == width else rest

    def _figures_of(self, piece: Piece) -> list[Piece]:
        """A piece, and the figures of one whose cells are glued together, so that none is lost."""
        if piece.is_value or not self.is_joined or not re.search(r"[\d０-９]", piece.text):
            return [piece]
        return [piece, *(piece.part(found.start(), found[0]) for found in _MESS.finditer(piece.text))]

    def _total(self, label: Piece, records: list[Record], fields: list[str | None]) -> None:
        """The row of totals; below a form of which nothing could be read it may be that of a form left blank."""
        values: list[Piece] = []
        while self.place < len(self.pieces) and self.pieces[self.place].is_value and len(values) < len(fields):
            values.append(self.pieces[self.place])
            self.place += 1
        figures = [piece for piece in values if is_figure(piece.text)]
        if len(figures) == 1 and figures[0].is_glued and arithmetic.value(figures[0].text) is not None:
            figures = _glued_total(figures[0])
        numbers = [arithmetic.value(piece.text) or MOST_TOTAL + 1 for piece in figures]
        is_certain = len(numbers) in (1, 2) and max(numbers) <= MOST_TOTAL and numbers != [MOST_POINTS]
        if len(figures) == 1 and arithmetic.value(figures[0].text) == 100 and are_full(records, fields):
            is_certain = True  # nothing was lost, so that weight and score are the same
        if self.has_certain and (is_certain or not figures):
            self._put([label, *figures])
            return
        self._loose([label])
        self._uncertain([None, *figures], 2)

    # rows -------------------------------------------------------------------------------------------------------------------

    def _cell(self, row: int, column: int, piece: Piece | None, anchor: Piece | None) -> None:
        source = piece or anchor
        self.cells.append(Cell(row, column, 1, 1, "" if piece is None else piece.text, source.locator if source else Locator()))

    def _put(self, row: Sequence[Piece | None]) -> None:
        anchor = next(filter(None, row), None)
        if anchor is None:
            return
        for column, piece in enumerate(row):
            self._cell(self.height, column, piece, anchor)
        self.height += 1

    def _uncertain(self, row: list[Piece | None], width: int) -> None:
        """A row whose figures belong to columns unknown: of another length than the header, figures of a run within reach."""
        cut: list[Piece | None] = []
        for piece in row:
            cut.extend([piece] if piece is None or len(piece.text) <= MAX_LENGTH else _chunks(piece))
        if any(piece is not None and is_figure(piece.text) for piece in cut):
            self._warn(row)
        self._put([*cut, None] if len(cut) == width else cut)

    def _loose(self, pieces: Sequence[Piece], column: int = 0) -> None:
        """Pieces outside every section, one a row."""
        for piece in pieces:
            parts = self._figures_of(piece) if self.is_glued else [piece]
            self._put([*[None] * column, parts[0]])
            for part in parts[1:]:
                self._put([*[None] * (column + 1), part])

    def _warn(self, pieces: Sequence[Piece | None]) -> None:
        known = [piece for piece in pieces if piece is not None]
        if known:
            place = replace(known[0].locator, column=None)
            self.doubts.append(f"{place}: {' '.join(piece.text for piece in known)[:DOUBT_LENGTH]}")


def _part_of(label: str) -> str:
    """Whether a row is the whole of its block, a part of it (a source of funds; basic or project expenditure), or neither."""
    for vocabulary, whole in (("fund_source", "all"), ("item", "total")):
        code = catalogue().code_of_label(vocabulary, label)
        if code is not None:
            parent = catalogue().codes[vocabulary][code].parent
            return "whole" if code == whole else "part" if parent == whole else ""
    return ""


def _column_of(section: Section, text: str) -> Column | None:
    label = normalise_label(text)
    return next((column for column in section.columns if column.match.fullmatch(label)), None)


_ROLES = {
    "execution_weight_points": arithmetic.WEIGHT,
    "execution_rate_reported_pct": arithmetic.RATE,
    "execution_score_points": arithmetic.SCORE,
    "control_rate_reported_pct": arithmetic.RATE,
    "area_control_rate_reported_pct": arithmetic.RATE,
    "investment_control_rate_reported_pct": arithmetic.RATE,
}
_PHASES = {"budget_final": arithmetic.BUDGET, "executed": arithmetic.EXECUTED}


def _role(column: Column | None) -> str:
    if column is None or column.field is None:
        return arithmetic.OTHER
    if column.phase is not None:
        return _PHASES.get(column.phase, arithmetic.AMOUNT)
    return _ROLES.get(column.field, arithmetic.OTHER)


def _placed(reading: arithmetic.Reading, values: list[Piece], is_run: bool) -> list[Piece | None]:
    """The pieces of a reading under their columns; numbers cut from a run get the places where they stood."""
    placed: list[Piece | None] = []
    left = list(values)
    offset = 0
    for text in reading:
        if text is None:
            placed.append(None)
        elif is_run and offset < len(values[0].text):
            placed.append(values[0].part(offset, text))
            offset += len(text)
        else:
            placed.append(left.pop(1 if is_run else 0))
    return placed


def _chunks(piece: Piece) -> list[Piece]:
    """A long run of digits in parts that still count as figures."""
    return [piece.part(start, piece.text[start : start + MAX_LENGTH]) for start in range(0, len(piece.text), MAX_LENGTH)]


def _glued_total(piece: Piece) -> list[Piece]:
    """Weight and score of a total row without separators: the weights of a form make 100, and no score is above that."""
    cut = [
        parts for parts in arithmetic.splits(piece.text, 2) if parts[0] == "100" and (arithmetic.value(parts[1]) or 0) <= 100
    ]
    number = arithmetic.value(piece.text)
    if len(cut) == 1 and number is not None and number > 100:
        return [piece.part(0, cut[0][0]), piece.part(len(cut[0][0]), cut[0][1])]
    return [piece]
