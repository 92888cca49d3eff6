"""Paragraphs, cell ends and row ends, one after the other, to blocks: how Word 97 files and RTF write their tables.

Belongs here: which paragraphs make a cell, which cells a row, which rows a table, and a grid from cell edges. Does not belong
here: bytes of either format.

Both formats know no grid: a row ends with the distances of its cells' edges from the margin. All edges of a table's rows that
lie within `NEAR` make one grid line, so a cell spans as many columns as grid lines that it crosses. Paragraphs are numbered in
reading order, those in cells included: `Locator.line`. Texts and places are those that `docx` gives for the same document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from pipelines.documents.limits import Limits
from pipelines.documents.model import Block, Cell, DocumentError, Locator, Paragraph, Table

VERSION = "flow-1"
NEAR = 30  # twentieths of a point, half a millimetre: Word and WPS round the same edge differently from row to row
FALLBACK_WIDTH = 1000  # of cells whose edges the file does not give
MAX_NESTING = 64
MAX_WARNINGS = 20  # of one kind

HALVES = re.compile("[\ud800-\udfff]")

VerticalMerge = Literal["restart", "continue"] | None


@dataclass(frozen=True)
class RowShape:
    """Edges of a row's cells, one more than cells, in twentieths of a point; how each cell merges.

    `continues_left` and `vertical` have an entry for each cell: whether it is part of the cell to its left, and its part in a
    vertical merge.
    """

    edges: tuple[int, ...]
    continues_left: tuple[bool, ...]
    vertical: tuple[VerticalMerge, ...]

    def fitted(self, count: int) -> RowShape:
        """The shape for so many cells, with edges that rise from each to the next."""
        edges = list(self.edges[: count + 1]) or [0]
        for place in range(1, len(edges)):
            edges[place] = max(edges[place], edges[place - 1] + 1)
        missing = count + 1 - len(edges)
        edges.extend([edges[-1] + FALLBACK_WIDTH * (place + 1) for place in range(missing)])
        alone, unmerged = (False,) * missing, (None,) * missing
        return RowShape(tuple(edges), (self.continues_left + alone)[:count], (self.vertical + unmerged)[:count])


UNSHAPED = RowShape((0,), (), ())


@dataclass(slots=True)
class _OpenCell:
    texts: list[str] = field(default_factory=list)
    line: int | None = None

    @property
    def text(self) -> str:
        return "\n".join(self.texts).strip("\n")


@dataclass(slots=True)
class _OpenTable:
    number: int
    rows: list[tuple[list[_OpenCell], RowShape]] = field(default_factory=list)
    row: list[_OpenCell] = field(default_factory=list)
    cell: _OpenCell | None = None
    cell_count: int = 0
    inner: list[Block] = field(default_factory=list)  # tables nested in this one, which follow it


class Flow:
    """Takes a story's paragraphs and row ends in reading order; `finish` gives its blocks.

    `part` names a story outside the body. Every table depth counts from 1, 0 is outside tables.
    """

    def __init__(self, limits: Limits, part: str | None = None) -> None:
        """Start an empty story."""
        self.part = part
        self.warnings: list[str] = []
        self._blocks: list[Block] = []
        self._limits = limits
        self._paragraph_count = 0
        self._table_count = 0
        self._tables: list[_OpenTable] = []
        self._warning_counts: dict[str, int] = {}

    def paragraph(
        self, text: str, depth: int = 0, *, level: int | None = None, is_left_out: bool = False, ends_cell: bool = False
    ) -> None:
        """Take a paragraph; a newline in it is a soft line break. Raises DocumentError('too_large')."""
        self._settle(depth)
        self._paragraph_count += 1
        if depth == 0:
            if not is_left_out and text:
                locator = Locator(line=self._paragraph_count, part=self.part)
                self._blocks.extend(Paragraph(line.strip(), level, locator) for line in text.split("\n") if line.strip())
            return
        table = self._tables[-1]
        if table.cell is None:
            table.cell = _OpenCell(line=self._paragraph_count)
        table.cell.texts.append(text)
        if ends_cell:
            self._end_cell(table)

    def end_row(self, depth: int, shape: RowShape | None, *, is_deleted: bool = False) -> None:
        """End the row at a depth; without a shape it takes the one of the row above if that has as many cells."""
        self._settle(depth)
        table = self._tables[-1]
        if table.cell is not None:
            self._end_cell(table)
        cells, table.row = table.row, []
        if not cells or is_deleted:
            return
        if shape is None:
            above = table.rows[-1][1] if table.rows else UNSHAPED
            is_like_above = len(above.edges) == len(cells) + 1
            shape = replace(above, vertical=(None,) * len(cells)) if is_like_above else UNSHAPED
        if len(shape.edges) != len(cells) + 1:
            self.warn("row_shape", f"{self._place(table)} has {len(cells)} cells and the edges of {len(shape.edges) - 1}")
        table.rows.append((cells, shape.fitted(len(cells))))
        self._limits.check_table(len(table.rows), table.cell_count)

    def finish(self) -> list[Block]:
        """All blocks, once the story has ended."""
        self._settle(0)
        for kind, count in self._warning_counts.items():
            if count > MAX_WARNINGS:
                self.warnings.append(f"{kind}: {count - MAX_WARNINGS} more")
        return self._blocks

    def warn(self, kind: str, message: str) -> None:
        """Keep a warning, the first ones of each kind in words."""
        count = self._warning_counts[kind] = self._warning_counts.get(kind, 0) + 1
        if count <= MAX_WARNINGS:
            self.warnings.append(f"{kind}: {message}")

    def _settle(self, depth: int) -> None:
        """Open or close tables until `depth` of them are open."""
        if depth > MAX_NESTING:
            raise DocumentError("too_large", f"tables are nested more than {MAX_NESTING} deep")
        while len(self._tables) > depth:
            self._close()
        while len(self._tables) < depth:
            self._table_count += 1
            self._tables.append(_OpenTable(self._table_count))

    def _end_cell(self, table: _OpenTable) -> None:
        assert table.cell is not None
        table.row.append(table.cell)
        table.cell = None
        table.cell_count += 1
        self._limits.check_table(len(table.rows), table.cell_count)

    def _close(self) -> None:
        table = self._tables[-1]
        if table.row or table.cell is not None:
            self.warn("unfinished_row", f"{self._place(table)} has no end")
            self.end_row(len(self._tables), None)
        self._tables.pop()
        cells = self._cells(table)
        found: list[Block] = [Table(cells, "native"), *table.inner] if cells else table.inner
        (self._tables[-1].inner if self._tables else self._blocks).extend(found)

    def _cells(self, table: _OpenTable) -> tuple[Cell, ...]:
        """The table's anchor cells; a cell merged with the one above or to its left makes that one larger instead."""
        columns = grid_columns({shape.edges for _, shape in table.rows})
        width = max((columns[shape.edges][-1] for _, shape in table.rows), default=0)
        self._limits.check_table(len(table.rows), len(table.rows) * width)
        placed: list[Cell] = []
        anchors: dict[int, int] = {}  # column -> index of the cell that a merge from above would continue
        for row, (cells, shape) in enumerate(table.rows):
            above, anchors = anchors, {}
            starts = columns[shape.edges]
            place = 0
            while place < len(cells):
                first, column = place, starts[place]
                place += 1
                while place < len(cells) and shape.continues_left[place]:
                    self._warn_covered(table, row, starts[place], cells[place].text)
                    place += 1
                cell, span = cells[first], self._span(starts[place] - column)
                anchor = above.get(column) if shape.vertical[first] == "continue" else None
                if anchor is not None and placed[anchor].column_span == span:
                    placed[anchor] = replace(placed[anchor], row_span=placed[anchor].row_span + 1)
                    self._warn_covered(table, row, column, cell.text)
                else:
                    anchor = len(placed)
                    locator = Locator(table=table.number, row=row + 1, column=column + 1, line=cell.line, part=self.part)
                    placed.append(Cell(row, column, 1, span, cell.text, locator))
                if shape.vertical[first] is not None:
                    anchors[column] = anchor
        return tuple(placed)

    def _span(self, span: int) -> int:
        if span > self._limits.column_span:
            self.warn("clamped_span", f"a cell spans {span} columns; read as {self._limits.column_span}")
        return min(span, self._limits.column_span)

    def _warn_covered(self, table: _OpenTable, row: int, column: int, text: str) -> None:
        if text.strip():
            place = Locator(table=table.number, row=row + 1, column=column + 1, part=self.part)
            self.warn("covered_text", f"{place} holds text under a merged cell, which Word does not show: {text[:40]!r}")

    def _place(self, table: _OpenTable) -> Locator:
        return Locator(table=table.number, row=len(table.rows) + 1, part=self.part)


def whole_characters(text: str) -> str:
    """The text with halves of characters beyond U+FFFF, which both formats write one by one, put together."""
    if not HALVES.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def grid_columns(rows: Iterable[tuple[int, ...]]) -> dict[tuple[int, ...], tuple[int, ...]]:
    """For each row's edges (rising) the grid lines that they are, counted from 0.

    An edge joins the grid line to its left that began within `NEAR` of it, unless that line holds another edge of its own row.
    """
    edges = sorted((edge, row) for row in set(rows) for edge in row)
    found: dict[tuple[int, ...], list[int]] = {}
    line = -1
    start = 0
    on_line: set[tuple[int, ...]] = set()
    for edge, row in edges:
        if line < 0 or edge - start > NEAR or row in on_line:
            line, start = line + 1, edge
            on_line.clear()
        on_line.add(row)
        found.setdefault(row, []).append(line)
    return {row: tuple(lines) for row, lines in found.items()}
