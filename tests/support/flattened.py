"""Flattened-text reports as paragraphs and tables, and the Word merges that their empty cells stand for.

Belongs here: the grammar, and a grid for each table. Does not belong here: any import of the pipelines; this reading is the
tests' second opinion on theirs.

Grammar: a line that starts with a TAB is a cell, a line without one right after a cell continues it, a blank line ends the row.
An empty cell is covered by the cell above it; a cell that holds only U+3000 is really empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

EMPTY = "\u3000"
COVERED = ""
CLOSING_LABELS = ("总分", "合计", "评级", "等级", "评价等级")
WIDEST = 63  # Word allows no wider table

Rows = list[list[str]]
Merge = Literal["restart", "continue"]


@dataclass(frozen=True)
class Placed:
    """A cell in its table's grid: first grid column (from 0), columns that it spans, and its part in a vertical merge."""

    text: str
    start: int
    span: int
    merge: Merge | None = None


def parse(text: str) -> list[str | Rows]:
    """Paragraphs (as str) and ragged tables (as rows of cell texts) in reading order; only a paragraph parts two tables."""
    blocks: list[str | Rows] = []
    rows: Rows = []
    for block in _paragraphs_and_rows(text):
        if isinstance(block, str):
            rows = []
            blocks.append(block)
            continue
        if not rows:
            blocks.append(rows)
        rows.append(block)
    return blocks


def _paragraphs_and_rows(text: str) -> Iterator[str | list[str]]:
    row: list[str] = []
    for line in text.splitlines():
        if line.startswith("\t"):
            row.append(line[1:])
        elif not line.strip(" "):
            if row:
                yield row
            row = []
        elif row:
            row[-1] += f"\n{line}"
        else:
            yield line
    if row:
        yield row


def lay_out(rows: Rows) -> list[list[Placed]]:
    """The table on the narrowest grid on which every covered cell stands exactly below the cell that covers it.

    Raises ValueError where there is none.
    """
    narrowest = max(map(len, rows))
    for width in range(narrowest, WIDEST + 1):
        grid = _on_grid(rows, width)
        if grid is not None:
            return grid
    raise ValueError("a covered cell has no cell above it")


def gridded(text: str) -> list[str | list[list[Placed]]]:
    """Paragraphs and grids of a flattened-text report in reading order."""
    return [block if isinstance(block, str) else lay_out(block) for block in parse(text)]


def flatten(blocks: Iterable[str | list[list[Placed]]]) -> str:
    """Paragraphs and grids as flattened text: every cell of a row, be it empty or covered, stands on a line of its own."""
    return "\n".join(
        block + "\n" if isinstance(block, str) else "".join("".join(map(_flat, row)) + "\n" for row in block)
        for block in blocks
    )


def _flat(cell: Placed) -> str:
    return f"\t{COVERED if cell.merge == 'continue' else cell.text or EMPTY}\n"


def _on_grid(rows: Rows, width: int) -> list[list[Placed]] | None:
    grid: list[list[Placed]] = []
    points: tuple[int, int] | None = None
    for row in rows:
        spans = _closing_spans(row, width, points) or _spans(len(row), width)
        placed = _placed(row, spans)
        if not _merge_upwards(grid, placed):
            return None
        grid.append(placed)
        points = _point_columns(placed) or points
    return grid


def _placed(row: list[str], spans: list[int]) -> list[Placed]:
    starts = [sum(spans[:column]) for column in range(len(spans))]
    return [Placed(*cell) for cell in zip(row, starts, spans, strict=True)]


def _spans(count: int, width: int) -> list[int]:
    """Columns of each cell of a row: the first label keeps one, so that what stands left of a block stays in line.

    A row that is nearly full widens its second label; any other row shares the columns evenly.
    """
    if count == 1:
        return [width]
    others, spare = count - 1, width - count
    if spare < others:
        return [1, 1 + spare, *[1] * (others - 1)]
    each, rest = divmod(width - 1, others)
    return [1, *(each + (place < rest) for place in range(others))]


def _point_columns(row: list[Placed]) -> tuple[int, int] | None:
    """Grid columns of weight and score, where the row is a header that names both."""
    starts = {cell.text.rpartition("]")[2].strip(): cell.start for cell in row}
    score = starts.get("得分", starts.get("自评得分"))
    return None if score is None or "分值" not in starts else (starts["分值"], score)


def _closing_spans(row: list[str], width: int, points: tuple[int, int] | None) -> list[int] | None:
    """Spans of a total or grade row: its figures stand below the header's weight and score."""
    if points is None or row[0] not in CLOSING_LABELS or len(row) not in (2, 3):
        return None
    weight, score = points
    return [score, width - score] if len(row) == 2 else [weight, score - weight, width - score]


def _merge_upwards(grid: list[list[Placed]], row: list[Placed]) -> bool:
    """Mark the covered cells of `row` and the cells above them as merged; False where a covered cell has no equal above it."""
    for place, cell in enumerate(row):
        if cell.text != COVERED:
            continue
        above = grid[-1] if grid else []
        covering = next((i for i, other in enumerate(above) if (other.start, other.span) == (cell.start, cell.span)), None)
        if covering is None:
            return False
        if above[covering].merge is None:
            above[covering] = replace(above[covering], merge="restart")
        row[place] = replace(cell, merge="continue")
    return True
