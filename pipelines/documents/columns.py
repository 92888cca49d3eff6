"""Grids of tables without ruled lines, inferred from where their text stands.

Belongs here: which lines of text are a table, its rows, its columns, and whether all that is certain enough. Does not belong
here: drawn lines (`lattice`), paragraphs (`layout`), the meaning of any label.

Text parted by white space makes pieces. Lines nearer to each other than the rows are belong to one row. Neighbouring rows none
of whose cells bridges the white space between two columns of the others make a band; its columns are what their cells cover.
Where a figure could stand under another column's header, or a line could belong to another row, there is no table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from pipelines.documents.lattice import Line

VERSION = "columns-1"
CONFIDENCE = 0.9  # of an inferred grid
PIECE_GAP = 0.7  # white space, in characters, that parts pieces of a line
GUTTER = 0.4  # white space, in characters, that parts columns
REACH = 3.0  # baselines farther apart, in characters, are of different tables
WRAPPED = 1.7  # baselines of one cell's lines are no farther apart, in characters
SAME_PITCH = 1.1  # by which the distance of lines inside a row may vary
ROW_PITCH = 1.2  # by which rows are at least farther apart than lines inside a row
OVERLAID = 0.9  # baselines nearer than this, in characters, are of cells that are not aligned at the top
SAME_SIZE = 0.15
MOST_LABELS = 10  # rows of nothing but a label, one below the other
SAME_LINE = 0.4  # baselines nearer than this, in characters, are one
ALIGNED = 0.4  # characters by which the figures of a column may stand out of line
LEAST_COLUMNS = 3  # of the rows that show that a table has columns
FIGURE = re.compile(r"[≥≤><=≧≦±＋+-]?[\d,.*×]*\d[\d,.*×]*\s*[^\W\d_年]{0,2}[%％‰²]?(?:/[^\W\d_]{1,2})?")


class PageLine(NamedTuple):
    """A line of text and the number of its page."""

    page: int
    line: Line


@dataclass
class InferredCell:
    """A cell of an inferred grid, counted from 0; it has no lines where it is empty."""

    row: int
    column: int
    row_span: int
    column_span: int
    lines: list[PageLine]
    left: float
    right: float  # of the text of its column


@dataclass(frozen=True)
class InferredTable:
    """The table that the lines from `first` up to (excluding) `last` are."""

    first: int
    last: int
    cells: tuple[InferredCell, ...]


@dataclass
class _Piece:
    """What stands in one row between two stretches of white space, on one line or several."""

    left: float
    right: float
    lines: list[PageLine]

    @property
    def text(self) -> str:
        return "".join(entry.line.text for entry in self.lines)

    @property
    def is_figure(self) -> bool:
        return FIGURE.fullmatch(self.text) is not None


@dataclass
class _Row:
    first: int
    last: int
    size: float
    pieces: list[_Piece]

    @property
    def page(self) -> int:
        return self.pieces[0].lines[0].page

    @property
    def has_figures(self) -> bool:
        return any(piece.is_figure for piece in self.pieces)


@dataclass
class _Band:
    """Rows on the same columns; `spans` are what the cells of each column cover together."""

    size: float
    rows: dict[int, _Row] = field(default_factory=dict)
    spans: list[tuple[float, float]] = field(default_factory=list)
    figures: list[_Piece] = field(default_factory=list)

    def with_row(self, row: _Row) -> list[tuple[float, float]] | None:
        """The columns if the row were one more of the band, or None where it bridges two or needs one twice."""
        spans = _united([*self.spans, *((piece.left, piece.right) for piece in row.pieces)], self.size)
        is_finer = any(sum(_overlap(span, piece) for piece in row.pieces) > 1 for span in spans)
        is_wider = any(sum(left <= span[0] and span[1] <= right for span in self.spans) > 1 for left, right in spans)
        if is_finer or is_wider:
            return None
        figures = [*self.figures, *(piece for piece in row.pieces if piece.is_figure)]
        is_straight = all(self._are_aligned([piece for piece in figures if _overlap(span, piece)]) for span in spans)
        return spans if is_straight else None

    def add(self, number: int, row: _Row, spans: list[tuple[float, float]]) -> None:
        """Take a row; of the figures of each column, those that reach farthest are kept to compare others with."""
        self.rows[number], self.spans = row, spans
        figures = [*self.figures, *(piece for piece in row.pieces if piece.is_figure)]
        self.figures = []
        for span in spans:
            own = [piece for piece in figures if _overlap(span, piece)]
            if own:
                ways = (lambda piece: piece.left, lambda piece: piece.right, lambda piece: piece.left + piece.right)
                kept = [choose(own, key=way) for way in ways for choose in (min, max)]
                self.figures += {id(piece): piece for piece in kept}.values()

    def _are_aligned(self, pieces: list[_Piece]) -> bool:
        """Whether pieces are set to the left, to the right or to the middle of one column; what a merge spans is not."""
        ways = [
            [piece.left for piece in pieces],
            [piece.right for piece in pieces],
            [(piece.left + piece.right) / 2 for piece in pieces],
        ]
        return not pieces or any(max(way) - min(way) <= ALIGNED * self.size for way in ways)

    def cells(self, row: _Row) -> list[_Piece | None]:
        return [next((piece for piece in row.pieces if _overlap(span, piece)), None) for span in self.spans]


class _Uncertain(Exception):
    """These lines are no table for certain."""


def find_tables(lines: Sequence[PageLine]) -> list[InferredTable]:
    """Tables among lines in reading order."""
    pieces = [_pieces(entry) for entry in lines]
    found: list[InferredTable] = []
    for first, last in _runs(lines, pieces):
        try:
            rows = _rows(lines, pieces, first, last)
        except _Uncertain:
            continue
        for part in _parts(rows):
            try:
                found.append(_table(part))
            except _Uncertain:
                continue
    return found


# lines and rows -----------------------------------------------------------------------------------------------------------


def _pieces(entry: PageLine) -> list[_Piece]:
    """Pieces of one line; spaces that were drawn are text."""
    glyphs = entry.line.glyphs
    starts = [0]
    starts += [n for n, (a, b) in enumerate(pairwise(glyphs), start=1) if b.left - a.right > PIECE_GAP * entry.line.size]
    found: list[_Piece] = []
    for start, end in pairwise([*starts, len(glyphs)]):
        kept = list(glyphs[start:end])
        while kept and not kept[-1].text.strip():
            kept.pop()
        while kept and not kept[0].text.strip():
            kept.pop(0)
        if kept:
            line = Line(tuple(kept))
            found.append(_Piece(line.left, line.right, [PageLine(entry.page, line)]))
    return found


def _runs(lines: Sequence[PageLine], pieces: list[list[_Piece]]) -> Iterator[tuple[int, int]]:
    """Stretches of neighbouring lines of one size that hold lines of several pieces."""
    start = 0
    for number in range(1, len(lines) + 1):
        if number < len(lines) and _are_near(lines[number - 1], lines[number]):
            continue
        if sum(len(pieces[n]) > 1 for n in range(start, number)) > 1:
            yield start, number
        start = number


def _are_near(above: PageLine, below: PageLine) -> bool:
    size = above.line.size
    if abs(size - below.line.size) > SAME_SIZE * size or min(above.line.confidence, below.line.confidence) < 1:
        return False
    return above.page != below.page or _distance(above, below) <= REACH * size


def _distance(above: PageLine, below: PageLine) -> float:
    return below.line.glyphs[0].baseline - above.line.glyphs[0].baseline


def _rows(lines: Sequence[PageLine], pieces: list[list[_Piece]], first: int, last: int) -> list[_Row]:
    """Rows of a stretch of lines: those whose distance is that of the lines inside a cell are one.

    Raises _Uncertain where rows are no farther apart than lines and any line could be a part of the row above.
    """
    size = lines[first].line.size
    distances = {
        number: _distance(lines[number - 1], lines[number])
        for number in range(first + 1, last)
        if lines[number - 1].page == lines[number].page
    }
    beside = [gap for number, gap in distances.items() if max(len(pieces[number - 1]), len(pieces[number])) > 1]
    pitch = min(beside, default=0.0)
    if pitch < OVERLAID * size:
        raise _Uncertain
    is_uniform = not any(gap > ROW_PITCH * pitch for gap in beside)
    if pitch > WRAPPED * size:
        pitch = 0.0  # too far apart for lines of one cell
    elif is_uniform and len({len(pieces[number]) for number in range(first, last)}) > 1:
        raise _Uncertain
    elif is_uniform:
        pitch = 0.0
    starts = [first]
    for number in range(first + 1, last):
        gap = distances.get(number)
        if gap is None or gap > ROW_PITCH * pitch:
            starts.append(number)
        elif gap > SAME_PITCH * pitch:
            raise _Uncertain
    return [_row(pieces, start, end, size) for start, end in pairwise([*starts, last])]


def _row(pieces: list[list[_Piece]], first: int, last: int, size: float) -> _Row:
    """One row of the lines; pieces one below the other are one cell."""
    spans = _united([(piece.left, piece.right) for number in range(first, last) for piece in pieces[number]], size)
    cells = [_Piece(*span, []) for span in spans]
    for number in range(first, last):
        for cell in cells:
            cell.lines += [
                entry for piece in pieces[number] if _overlap((cell.left, cell.right), piece) for entry in piece.lines
            ]
    baseline = max(entry.line.glyphs[0].baseline for piece in pieces[first] for entry in piece.lines)
    for cell in cells:
        _check_lines(cell, baseline + SAME_LINE * size)
    return _Row(first, last, size, cells)


def _check_lines(cell: _Piece, lowest: float) -> None:
    """Raise _Uncertain where a figure stands below the first line of its row: it could be of a row of its own."""
    texts = [entry.line.text for entry in cell.lines]
    # A figure that goes on in the next line breaks after its point or comma.
    below = [after for before, after in pairwise(texts) if before[-1] not in ".,"]
    if cell.lines[0].line.glyphs[0].baseline > lowest:
        below.append(texts[0])
    if any(FIGURE.fullmatch(text) for text in below):
        raise _Uncertain


def _united(spans: list[tuple[float, float]], size: float) -> list[tuple[float, float]]:
    """Stretches that the spans cover together, parted by at least a gutter."""
    found: list[tuple[float, float]] = []
    for left, right in sorted(spans):
        if found and left < found[-1][1] + GUTTER * size:
            found[-1] = (found[-1][0], max(found[-1][1], right))
        else:
            found.append((left, right))
    return found


def _overlap(span: tuple[float, float], piece: _Piece) -> bool:
    return span[0] < piece.right and piece.left < span[1]


def _parts(rows: list[_Row]) -> Iterator[list[_Row]]:
    """Tables of a stretch of rows: a row of one piece stands between two of them, unless it is a label among labels."""
    part: list[_Row] = []
    for number, row in enumerate(rows):
        if len(row.pieces) > 1 or (part and _is_label(row, part, rows[number + 1 : number + MOST_LABELS])):
            part.append(row)
        elif part:
            yield part
            part = []
    if part:
        yield part


def _is_label(row: _Row, above: list[_Row], below: list[_Row]) -> bool:
    """Whether the one piece of a row stands in the first column of the nearest rows of several pieces above and below."""
    piece = row.pieces[0]
    before = next(other for other in reversed(above) if len(other.pieces) > 1)
    after = next((other for other in below if len(other.pieces) > 1), None)
    return after is not None and all(
        _overlap((other.pieces[0].left, other.pieces[0].right), piece) and piece.right < other.pieces[1].left
        for other in (before, after)
    )


# columns ------------------------------------------------------------------------------------------------------------------


def _table(rows: list[_Row]) -> InferredTable:
    """The grid of the rows. Raises _Uncertain."""
    bands = _bands(rows)
    if not any(_is_headed(band) for band in bands):
        raise _Uncertain
    edges = _edges(bands)
    width = len(set(edges.values())) + 1
    cells: list[InferredCell] = []
    for number, band in enumerate(bands):
        _check(band, bands[:number])
        borders = [0, *(edges[gutter] for gutter in _gutters(band)), width]
        _fill(cells, band, borders)
    return InferredTable(rows[0].first, rows[-1].last, tuple(cells))


def _fill(cells: list[InferredCell], band: _Band, borders: list[int]) -> None:
    """Add the cells of a band whose columns begin and end at these edges of the whole grid."""
    above: dict[int, InferredCell] = {}
    labels = _label_columns(band)
    for number, row in band.rows.items():
        pieces = band.cells(row)
        continued = _continued(pieces, labels) if above else 0
        for cell in _covered(above, continued):
            cell.row_span = number - cell.row + 1
        starts = [column for column in range(len(pieces)) if column >= continued or column not in above]
        if _is_pair(band, row):
            starts = [column for column in starts if pieces[column] is not None]
        for column, end in pairwise([*starts, len(pieces)]):
            piece = pieces[column]
            left, right = band.spans[column]
            lines = piece.lines if piece else []
            cell = InferredCell(number, borders[column], 1, borders[end] - borders[column], lines, left, right)
            cells.append(cell)
            above[column] = cell


def _covered(above: dict[int, InferredCell], continued: int) -> list[InferredCell]:
    return [cell for column, cell in above.items() if column < continued]


def _is_pair(band: _Band, row: _Row) -> bool:
    """Whether a row is a label and its text, with nothing between and behind them: both take the empty columns."""
    return len(band.spans) >= LEAST_COLUMNS and len(row.pieces) == 2 and not row.has_figures and band.cells(row)[0] is not None


def _bands(rows: list[_Row]) -> list[_Band]:
    """Rows in bands: a row that fits the band before is added to it, unless it is a header of more columns."""
    bands: list[_Band] = []
    for number, row in enumerate(rows):
        is_finer = bool(bands) and not row.has_figures and len(row.pieces) > len(bands[-1].spans)
        spans = bands[-1].with_row(row) if bands and not is_finer else None
        if bands and spans is not None:
            bands[-1].add(number, row, spans)
        else:
            bands.append(_Band(row.size))
            bands[-1].add(number, row, [(piece.left, piece.right) for piece in row.pieces])
    return bands


def _figure_columns(band: _Band) -> set[int]:
    return {
        column
        for row in band.rows.values()
        for column, piece in enumerate(band.cells(row))
        if piece is not None and piece.is_figure
    }


def _header(band: _Band) -> list[_Piece | None] | None:
    """The row of the most cells above the first row with figures."""
    heads: list[list[_Piece | None]] = []
    for row in band.rows.values():
        if row.has_figures:
            break
        heads.append(band.cells(row))
    return max(heads, key=lambda cells: sum(cell is not None for cell in cells), default=None)


def _is_headed(band: _Band) -> bool:
    """Whether a band shows that it has columns: a header, rows with figures below, and all figures below a label."""
    header, figures = _header(band), _figure_columns(band)
    return (
        header is not None
        and len(band.spans) >= LEAST_COLUMNS
        and bool(figures)
        and all(header[n] is not None for n in figures)
    )


def _check(band: _Band, earlier: list[_Band]) -> None:
    """Raise _Uncertain where a figure could be read as one of another column, or a row could be the rest of the row above."""
    for before, row in pairwise(band.rows.values()):
        if before.page != row.page and not row.has_figures:
            raise _Uncertain
    if _is_headed(band):
        _check_labels(band)
        return
    if not _figure_columns(band):
        return
    if any(len(band.spans) == len(other.spans) for other in earlier if _is_headed(other)):
        raise _Uncertain  # its rows would pass for rows below a header that they do not stand under
    if any(_is_headed(other) for other in earlier[-1:]) and all(len(row.pieces) == 2 for row in band.rows.values()):
        raise _Uncertain  # a total: of which column?
    for row in band.rows.values():
        kinds = [piece.is_figure for piece in row.pieces]
        if kinds[0] or (kinds != [False, True, True] and any(both == (True, True) for both in pairwise(kinds))):
            raise _Uncertain


def _check_labels(band: _Band) -> None:
    """Raise _Uncertain where the first row lacks a label that others have: labels may stand amid the rows they span."""
    rows = [band.cells(row) for row in band.rows.values()]
    start = rows.index(header) + 1 if (header := _header(band)) else 0
    if start >= len(rows):
        return
    for column in range(_continued(rows[start], _label_columns(band))):
        if any(row[column] is not None and row[column + 1] is not None for row in rows[start + 1 :]):
            raise _Uncertain


def _first_figure_column(band: _Band) -> int:
    return min(_figure_columns(band), default=len(band.spans))


def _label_columns(band: _Band) -> int:
    """How many columns stand left of all figures, if the band has columns for certain."""
    return _first_figure_column(band) if _is_headed(band) else 0


def _continued(pieces: list[_Piece | None], labels: int) -> int:
    """How many leading cells of a row continue those above: the empty ones left of a label that is left of all figures."""
    empty = next((column for column, piece in enumerate(pieces) if piece is not None), 0)
    return empty if empty < labels else 0


def _gutters(band: _Band) -> list[tuple[float, float]]:
    return [(before[1], after[0]) for before, after in pairwise(band.spans)]


def _edges(bands: list[_Band]) -> dict[tuple[float, float], int]:
    """The edge of the whole grid, counted from 1, that each gutter of a band holds: the fewest edges that all of them need."""
    found: dict[tuple[float, float], int] = {}
    at, count = float("-inf"), 0
    for gutter in sorted({gutter for band in bands for gutter in _gutters(band)}, key=lambda gutter: gutter[1]):
        if gutter[0] > at:
            at, count = gutter[1], count + 1
        found[gutter] = count
    return found
