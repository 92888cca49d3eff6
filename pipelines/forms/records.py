"""Reads indicators: one record a row, or several in the lines of one row, and the rows that sum them up.

Belongs here: the section kinds `records` and `totals`. Does not belong here: amounts (matrix).

A cell merged over the rows of several indicators belongs to the first of them; the others say with which one they share a
weight or score. Lines of one cell are told apart only where every cell of the row has as many of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pipelines.catalogue.definitions import normalise_label
from pipelines.documents import Cell
from pipelines.forms.absence import absence_of
from pipelines.forms.headers import HeadedColumn, Header, cell_under, overlaps, repeats
from pipelines.forms.observations import is_figure
from pipelines.forms.reading import Codes, Reading, key_of
from pipelines.forms.segmentation import Slice
from pipelines.forms.templates import Section, Totals, grades, sums

NAME = "indicator_name"
SHARED = frozenset({"weight_points", "score_points", "review_score_points"})
_TOTALS = {
    "weight_points": "total_weight_points",
    "score_points": "total_score_points",
    "review_score_points": "total_review_score_points",
}
_BAND = re.compile(r"[（(]\s*(?:权重|分值)?[:：]?\s*(\d+(?:\.\d+)?)\s*分?\s*[)）]|(\d+(?:\.\d+)?)\s*分\s*$")
_MARK = r"指标\s*(?:\d{1,2}|[一二三四五六七八九十]{1,3})\s*[:：]"
_BEFORE_MARK = re.compile(rf"(?={_MARK})")
_LEADING_MARK = re.compile(rf"^\s*{_MARK}\s*")
_NUMBERED = re.compile(r"^\s*(\d{1,2})\s*(?:[、)）]|[.．](?!\d))")
_FILLER = re.compile(r"[.…。·\s]+|指标\s*\d*")


def read_records(reading: Reading, section: Section, header: Header, piece: Slice, last: int) -> None:
    """Take every indicator and total below the header, down to the row before `last`."""
    columns = header.field_columns()
    if NAME not in columns:
        return
    block = _Block(reading, section, piece, columns)
    for index in range(header.row + 1, last):
        row = piece.table.rows[index]
        starting = [cell for cell in row if cell.row == index]
        if section.totals is not None:
            if any(section.totals.parts and section.totals.parts.fullmatch(normalise_label(cell.text)) for cell in starting):
                continue
            total = _total_label(section.totals, starting)
            if total is not None:
                _read_total(reading, section.totals, header, piece, index, total)
                continue
        # A row of another length is not aligned with the header: its figures stay unmapped, not under a wrong column.
        is_misaligned = piece.table.origin == "inferred" and len(row) != header.arity
        if (piece.table_number, index) in reading.head_rows or is_misaligned:
            continue
        block.row(index)


def read_totals(reading: Reading, section: Section, header: Header, piece: Slice, last: int) -> None:
    """Take the total row that is a section of its own."""
    if section.totals is not None:
        _read_total(reading, section.totals, header, piece, header.row, header.cell)


@dataclass
class _Block:
    """The indicators below one header."""

    reading: Reading
    section: Section
    piece: Slice
    columns: dict[str, HeadedColumn]
    _first_of: dict[tuple[int, int, int], int] = field(default_factory=dict)  # cell → the indicator that has it
    _levels: dict[str, Cell] = field(default_factory=dict)  # level cells of the indicator above

    def row(self, index: int) -> None:
        """Take the indicators of one row."""
        cells = {name: cell_under(self.piece.table, index, headed.cell) for name, headed in self.columns.items()}
        name = cells[NAME]
        if name is None or name.row < index or repeats(name, self.columns[NAME].cell) or not _is_name(name.text):
            return
        if cells.get("level1_label_zh") is name:
            return  # one cell over all levels is the label of no indicator
        if any(cell is name for field_name, cell in cells.items() if field_name != NAME and not field_name.startswith("level")):
            return  # nor is one that reaches over values: a note between the indicators and their total
        own = [cell for field_name, cell in cells.items() if cell and cell.row == index and not field_name.startswith("level")]
        if all(_is_empty(cell.text) for cell in own):
            return  # an indicator row left empty
        names = _names(name.text)
        kept = [place for place, text in enumerate(names) if not (_is_filler(text) and name.text.strip())]
        if not kept:
            return  # figures beside 指标2： are nobody's
        cells |= self._level_above(cells)
        self._levels = {field_name: cell for field_name, cell in cells.items() if cell and field_name.startswith("level")}
        numbers = [self.reading.indicators + count for count in range(1, len(kept) + 1)]
        self.reading.indicators = numbers[-1]
        for field_name, cell in cells.items():
            if cell is not None:
                self._field(field_name, cell, index, name, dict(zip(kept, numbers, strict=True)), len(names))
        for place, number in zip(kept, numbers, strict=True):
            text = None if names[place] == name.text else names[place]
            self._observe(NAME, name, index, name, number, raw=text)

    def _level_above(self, cells: dict[str, Cell | None]) -> dict[str, Cell | None]:
        """The second level of the indicator above, where a flattened text leaves it out below the same first level.

        A cell without any character is one that another covers; a really empty one holds a space of its own.
        """
        level1, level2 = cells.get("level1_label_zh"), cells.get("level2_label_zh")
        is_left_out = self.piece.table.origin == "inferred" and level2 is not None and level2.text == ""
        if is_left_out and level1 is not None and level1 is self._levels.get("level1_label_zh"):
            return {"level2_label_zh": self._levels.get("level2_label_zh", level2)}
        return {}

    def _field(self, field_name: str, cell: Cell, index: int, name: Cell, numbers: dict[int, int], count: int) -> None:
        """Take one cell for the indicators of its row: `numbers` by their places among the `count` names in the row."""
        if field_name == NAME:
            return
        if field_name.startswith("level"):
            band = _BAND.search(cell.text) if field_name == "level1_label_zh" else None
            for number in numbers.values():
                if band is not None:
                    self._observe("level1_band_points", cell, index, name, number, raw=band[1] or band[2], label=field_name)
                self._observe(field_name, cell, index, name, number)
            return
        if cell.row < index and field_name not in SHARED:
            for number in numbers.values():
                self._observe(field_name, cell, index, name, number, is_merged=True)
            return
        said = _by_mark(cell.text)
        if said and len(said) < count and said.keys() <= _by_mark(name.text).keys() & numbers.keys():
            for place, number in numbers.items():
                self._observe(field_name, cell, index, name, number, raw=said.get(place, ""))
            return
        lines = [cell.text] if len(numbers) == count == 1 else _lines(cell.text)
        if len(lines) in (len(numbers), count) and count > 1 and not _is_empty(cell.text):
            places = list(range(count)) if len(lines) == count else list(numbers)
            for place, line in zip(places, lines, strict=True):
                if place in numbers:
                    self._observe(field_name, cell, index, name, numbers[place], raw=line)
                elif re.search(r"\d", line):
                    self.reading.refuse(self.piece, cell, name.text, self.columns[field_name].cell.text)
            return
        is_one_text = not re.search(r"\d", cell.text)
        if len(numbers) == 1 == count or is_one_text or (field_name in SHARED and len(cell.text.split()) == 1):
            self._one_cell(field_name, cell, index, name, list(numbers.values()))
            return
        self.reading.refuse(self.piece, cell, name.text, self.columns[field_name].cell.text)

    def _one_cell(self, field_name: str, cell: Cell, index: int, name: Cell, numbers: list[int]) -> None:
        """Take one value for the first indicator that it covers; the others share it."""
        owner = self._first_of.setdefault(key_of(self.piece, cell), numbers[0])
        for number in numbers:
            shares = owner if number != owner and field_name in SHARED and is_figure(cell.text) else None
            self._observe(field_name, cell, index, name, number, is_merged=number != owner, shares_with=shares)

    def _observe(
        self,
        field_name: str,
        cell: Cell,
        index: int,
        name: Cell,
        number: int,
        *,
        raw: str | None = None,
        label: str | None = None,
        is_merged: bool = False,
        shares_with: int | None = None,
    ) -> None:
        is_band = field_name == "level1_band_points"
        codes: Codes = {"indicator_number": number, "shares_score_with": shares_with}
        self.reading.observe(
            self.section.table or "",
            f"indicator {number}",
            field_name,
            cell,
            {} if is_band else codes,
            index=index,
            label=name.text,
            column_label=self.columns[label or field_name].cell.text,
            piece=self.piece,
            raw=raw,
            is_counted=label is None,  # a band inside a level's label uses no figure up
            is_merged=is_merged,
        )


def _total_label(totals: Totals, starting: list[Cell]) -> Cell | None:
    return next((cell for cell in starting if totals.match.fullmatch(normalise_label(cell.text))), None)


def _read_total(reading: Reading, totals: Totals, header: Header, piece: Slice, index: int, label: Cell) -> None:
    """Take the figures and the grade behind a total's label."""
    behind = [cell for cell in piece.table.rows[index] if cell.row == index and cell.column > label.column]
    figures = [cell for cell in behind if is_figure(cell.text)]
    is_aligned = piece.table.origin != "inferred" or len(piece.table.rows[index]) == header.arity
    columns = {name: headed for name, headed in header.field_columns().items() if name in _TOTALS}
    names = (_by_column(figures, columns) if is_aligned else None) or _by_count(len(figures), columns)
    found = list(zip(names, figures, strict=False))
    marks = [cell for cell in behind if grades().fullmatch(normalise_label(cell.text))]
    if len(marks) == 1:
        found.append(("grade_reported", marks[0]))
    for name, cell in found:
        reading.observe(
            totals.table,
            "total",
            name,
            cell,
            {"item_code": totals.item, "fund_source_code": "all"},
            index=index,
            label=label.text,
            column_label=None,
            piece=piece,
        )


def _by_column(figures: list[Cell], columns: dict[str, HeadedColumn]) -> list[str] | None:
    """What each figure is by the one column that it stands in, or None where that is not so for each of them."""
    names: list[str] = []
    for figure in figures:
        under = [name for name, headed in columns.items() if overlaps(figure, headed.cell)]
        if len(under) != 1:
            return None
        names.append(_TOTALS[under[0]])
    return names if len(set(names)) == len(names) else None


def _by_count(count: int, columns: dict[str, HeadedColumn]) -> list[str]:
    """One figure is the score, two are weight and score, three the second scorer's too; with him, two may be either.

    One figure below no column that is known for certain to hold weights or scores may be either.
    """
    has_review = "review_score_points" in columns
    if count == 1:
        return ["total_score_points"] if columns else []
    if count == 2 and not has_review:
        return ["total_weight_points", "total_score_points"]
    return list(_TOTALS.values()) if count == 3 and has_review else []


def _is_name(text: str) -> bool:
    """Whether a text may name an indicator: a blank, the number of a column (栏次 1 2 3) and 小计 do not."""
    return absence_of(text) != "blank" and not is_figure(text) and sums().fullmatch(normalise_label(text)) is None


def _names(text: str) -> list[str]:
    """Names in one cell, without the marks 指标1：; one unless every line is marked or numbered in order."""
    return _marked(text) or _numbered(text) or [_LEADING_MARK.sub("", text)]


def _by_mark(text: str) -> dict[int, str]:
    """Texts behind the marks 指标1：, 指标2： of a cell by their places from 0; none unless all of the text is marked."""
    parts = _parts(text)
    marks = [_LEADING_MARK.match(part) for part in parts]
    numbers = [re.search(r"\d+", mark[0]) if mark else None for mark in marks]
    found = {int(n[0]) - 1: _LEADING_MARK.sub("", part).strip() for n, part in zip(numbers, parts, strict=True) if n}
    return found if len(found) == len(parts) else {}


def _lines(text: str) -> list[str]:
    """Values in the lines of a cell, without marks 指标1： and numbers."""
    return _marked(text) or _numbered(text) or [line.strip() for line in text.splitlines() if line.strip()]


def _parts(text: str) -> list[str]:
    """A text cut before its marks."""
    return [part for part in _BEFORE_MARK.split(text) if part.strip()] if "指标" in text else [text]


def _marked(text: str) -> list[str]:
    """What stands behind each of several marks 指标1：; empty where not all of the text is marked."""
    parts = _parts(text)
    is_marked = len(parts) > 1 and all(map(_LEADING_MARK.match, parts))
    return [_LEADING_MARK.sub("", part).strip() for part in parts] if is_marked else []


def _numbered(text: str) -> list[str]:
    """What stands behind the numbers of several lines; empty where they are not numbered one by one from 1."""
    lines = [line for line in text.splitlines() if line.strip()]
    numbers = [int(found[1]) if (found := _NUMBERED.match(line)) else None for line in lines]
    is_numbered = len(lines) > 1 and numbers == list(range(1, len(lines) + 1))
    return [_NUMBERED.sub("", line).strip() for line in lines] if is_numbered else []


def _is_filler(text: str) -> bool:
    """Whether a form's own lead stands where a name belongs: 指标2：, ……"""
    rest = _LEADING_MARK.sub("", text).strip()
    return not rest or _FILLER.fullmatch(rest) is not None


def _is_empty(text: str) -> bool:
    return absence_of(text) == "blank" or _is_filler(text)
