"""Ruled lines and positioned characters to grids of cells with spans.

Belongs here: which lines make one grid, which places of it are one cell, and the text of a cell. Does not belong here: where
lines and characters come from (`pdf`, `scan`), pages and paragraphs (`layout`).

Coordinates are those of the page as people see it: x to the right, y downwards, in any unit; `Scale` says how long things are.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import NamedTuple

from pipelines.documents.limits import Limits

VERSION = "lattice-1"
COVERAGE = 0.6  # share of a place's side that must be ruled to part it from its neighbour
CLOSING = re.compile(r"[，。、；：？！）》〉】〕」』”’％%,.;:?!)\]}…—·～]")  # never begins a line
OPENING = re.compile(r"[（《〈【〔「『“‘(\[{]")  # never ends a line
LATIN = re.compile(r"[!-~≥≤≧≦±％‰＞＜～]")  # lines break between these only at spaces
FIGURE = re.compile(r"[0-9.,%+\-]")
CENTRED = 0.6  # characters by which the white space left and right of a centred line may differ
INDENT = (1.4, 2.6)  # of a paragraph's first line, in characters


class Glyph(NamedTuple):
    """A character where it stands; `size` is its height. Glyphs are handed over in the order in which they were drawn."""

    text: str
    left: float
    right: float
    baseline: float
    size: float
    confidence: float = 1.0

    @property
    def middle(self) -> float:
        """Height at which the character counts as inside a cell."""
        return self.baseline - 0.3 * self.size

    def moved(self, right: float, down: float) -> Glyph:
        """The character at another place."""
        return self._replace(left=self.left + right, right=self.right + right, baseline=self.baseline + down)


class Ruling(NamedTuple):
    """A straight line: horizontal ones lie `at` a y and run over x, vertical ones `at` an x and run over y."""

    at: float
    start: float
    end: float


@dataclass(frozen=True)
class Scale:
    """Lengths in the unit of the page; the defaults are those of points."""

    tolerance: float = 3.0  # lines nearer than this are one
    shortest: float = 4.5  # anything shorter is no ruling
    padding: float = 12.0  # between text and borders of a cell, left and right together
    drift: float = 3.0  # what stands at one place of two pages may be so far apart
    edge: float = 56.0  # what is this near to the upper or lower edge of a page may be a running header or footer

    @classmethod
    def of_scan(cls, units_per_point: float) -> Scale:
        """Scale of a scanned page that has so many units a point; sheets are fed in by hand, so that pages drift."""
        lengths = {entry.name: units_per_point * getattr(cls, entry.name) for entry in fields(cls)}
        return replace(cls(**lengths), drift=20.0 * units_per_point)


class Place(NamedTuple):
    """A cell of a grid, counted from 0, and its box."""

    row: int
    column: int
    row_span: int
    column_span: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Lattice:
    """A grid of places with walls between them.

    `xs` and `ys` are the edges of its columns and rows. `upright[r][i]` tells whether edge `xs[i]` is ruled along row r,
    `level[i][c]` whether edge `ys[i]` is ruled along column c.
    """

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    upright: tuple[tuple[bool, ...], ...]
    level: tuple[tuple[bool, ...], ...]

    def places(self) -> list[Place]:
        """Cells in reading order: neighbours without a wall between them are one, cut into rectangles where they form none."""
        height, width = len(self.ys) - 1, len(self.xs) - 1
        taken = [[False] * width for _ in range(height)]
        found: list[Place] = []
        for row in range(height):
            for column in range(width):
                if taken[row][column]:
                    continue
                right = column + 1
                while right < width and not taken[row][right] and not self.upright[row][right]:
                    right += 1
                bottom = row + 1
                while bottom < height and self._continues(taken, bottom, column, right):
                    bottom += 1
                for covered in range(row, bottom):
                    taken[covered][column:right] = [True] * (right - column)
                box = (self.xs[column], self.ys[row], self.xs[right], self.ys[bottom])
                found.append(Place(row, column, bottom - row, right - column, *box))
        return found

    def _continues(self, taken: list[list[bool]], row: int, left: int, right: int) -> bool:
        """Whether the places of a row between two columns are one piece that is open to the row above."""
        return not (any(taken[row][left:right]) or any(self.level[row][left:right]) or any(self.upright[row][left + 1 : right]))

    def without_rows(self, count: int) -> Lattice:
        """The grid without its first rows."""
        return replace(self, ys=self.ys[count:], upright=self.upright[count:], level=self.level[count:])

    def without_edge(self, edge: int) -> Lattice:
        """The grid with the rows above and below an edge as one, if the edge is ruled nowhere."""
        if any(self.level[edge]):
            return self
        row = tuple(above or below for above, below in zip(self.upright[edge - 1], self.upright[edge], strict=True))
        return Lattice(
            self.xs,
            (*self.ys[:edge], *self.ys[edge + 1 :]),
            (*self.upright[: edge - 1], row, *self.upright[edge + 1 :]),
            (*self.level[:edge], *self.level[edge + 1 :]),
        )

    def moved(self, by: float) -> Lattice:
        """The grid moved to the right."""
        return replace(self, xs=tuple(x + by for x in self.xs))

    def opened(self, edge: int, columns: int) -> Lattice:
        """The grid with the first columns open across one of the edges between rows."""
        level = list(self.level)
        level[edge] = (*([False] * columns), *level[edge][columns:])
        return replace(self, level=tuple(level)).without_edge(edge)


def find_lattices(horizontals: Iterable[Ruling], verticals: Iterable[Ruling], scale: Scale, limits: Limits) -> list[Lattice]:
    """Grids of at least two cells, from top to bottom. Raises DocumentError('too_large') for one past the limits of a table."""
    level, upright = _snapped(horizontals, scale), _snapped(verticals, scale)
    found = [_lattice(*group, scale, limits) for group in _connected(level, upright, scale)]
    lattices = [lattice for lattice in found if lattice is not None]
    return sorted(lattices, key=lambda lattice: (lattice.ys[0], lattice.xs[0]))


def _snapped(rulings: Iterable[Ruling], scale: Scale) -> list[Ruling]:
    """Lines on common coordinates, pieces of one line joined; short ones are left out."""
    snapped: list[Ruling] = []
    for group in _clustered(sorted(rulings), scale.tolerance):
        at = sum(ruling.at for ruling in group) / len(group)
        start, end = None, 0.0
        for ruling in sorted(group, key=lambda ruling: ruling.start):
            if start is not None and ruling.start <= end + scale.tolerance:
                end = max(end, ruling.end)
                continue
            if start is not None:
                snapped.append(Ruling(at, start, end))
            start, end = ruling.start, ruling.end
        if start is not None:
            snapped.append(Ruling(at, start, end))
    return [ruling for ruling in snapped if ruling.end - ruling.start >= scale.shortest]


def _clustered(rulings: list[Ruling], tolerance: float) -> Iterable[list[Ruling]]:
    """Groups of sorted lines none of which lies farther than the tolerance from the first."""
    group: list[Ruling] = []
    for ruling in rulings:
        if group and ruling.at - group[0].at > tolerance:
            yield group
            group = []
        group.append(ruling)
    if group:
        yield group


def _connected(level: list[Ruling], upright: list[Ruling], scale: Scale) -> list[tuple[list[Ruling], list[Ruling]]]:
    """Horizontal and vertical lines of each group of lines that touch."""
    heads = list(range(len(level) + len(upright)))

    def head(node: int) -> int:
        while heads[node] != node:
            heads[node] = heads[heads[node]]
            node = heads[node]
        return node

    heights = [ruling.at for ruling in level]
    for number, line in enumerate(upright, start=len(level)):
        first = bisect_right(heights, line.start - scale.tolerance)
        last = bisect_right(heights, line.end + scale.tolerance)
        for other in range(first, last):
            if level[other].start - scale.tolerance <= line.at <= level[other].end + scale.tolerance:
                heads[head(number)] = head(other)
    groups: dict[int, tuple[list[Ruling], list[Ruling]]] = {}
    for number, ruling in enumerate([*level, *upright]):
        groups.setdefault(head(number), ([], []))[number >= len(level)].append(ruling)
    return list(groups.values())


def _lattice(level: list[Ruling], upright: list[Ruling], scale: Scale, limits: Limits) -> Lattice | None:
    if len(level) < 2 or not upright:
        return None
    xs = _edges([line.at for line in upright], [(line.start, line.end) for line in level], scale)
    ys = _edges([line.at for line in level], [(line.start, line.end) for line in upright], scale)
    if len(xs) < 2 or len(ys) < 2:
        return None
    limits.check_table(len(ys), len(xs) * len(ys))
    walls = _walls(upright, xs, ys, scale)
    floors = _walls(level, ys, xs, scale)
    kept_xs = [i for i in range(len(xs)) if i in (0, len(xs) - 1) or any(walls[i])]
    kept_ys = [i for i in range(len(ys)) if i in (0, len(ys) - 1) or any(floors[i])]
    if (len(kept_xs) - 1) * (len(kept_ys) - 1) < 2:
        return None  # a frame around text is no table
    rows, columns = kept_ys[:-1], kept_xs[:-1]
    return Lattice(
        tuple(xs[i] for i in kept_xs),
        tuple(ys[i] for i in kept_ys),
        tuple(tuple(walls[i][row] for i in kept_xs) for row in rows),
        tuple(tuple(floors[i][column] for column in columns) for i in kept_ys),
    )


def _edges(ats: list[float], spans: list[tuple[float, float]], scale: Scale) -> list[float]:
    """Coordinates of the lines, and those where at least two of the crossing lines end beyond the outermost (open sides)."""
    edges = sorted(set(ats))
    starts = sorted(start for start, _ in spans)[:2]
    ends = sorted(end for _, end in spans)[-2:]
    if starts[-1] < edges[0] - 2 * scale.shortest and starts[-1] - starts[0] <= scale.tolerance:
        edges.insert(0, starts[-1])
    if ends[0] > edges[-1] + 2 * scale.shortest and ends[-1] - ends[0] <= scale.tolerance:
        edges.append(ends[0])
    return edges


def _walls(lines: list[Ruling], ats: list[float], crossing: list[float], scale: Scale) -> list[list[bool]]:
    """For each edge and each band between two crossing edges: is the edge ruled along the band?"""
    spans: dict[float, list[Ruling]] = {}
    for line in lines:
        spans.setdefault(line.at, []).append(line)
    walls: list[list[bool]] = []
    for at in ats:
        own = spans.get(at, [])
        walls.append(
            [
                any(min(line.end, end) - max(line.start, start) >= COVERAGE * (end - start) for line in own)
                for start, end in pairwise(crossing)
            ]
        )
    return walls


def stack(upper: Lattice, lower: Lattice, scale: Scale) -> Lattice:
    """One grid of two that stand on following pages: the lower one moved right below the upper one.

    Where either lacks its border at the break, the cells there are one.
    """
    edges = [group[0].at for group in _clustered(sorted(Ruling(x, 0, 0) for x in (*upper.xs, *lower.xs)), scale.tolerance)]
    high, low = _resampled(upper, edges, scale), _resampled(lower, edges, scale)
    shift = upper.ys[-1] - lower.ys[0]
    seam = tuple(above and below for above, below in zip(high.level[-1], low.level[0], strict=True))
    return Lattice(
        tuple(edges),
        (*upper.ys, *(y + shift for y in lower.ys[1:])),
        (*high.upright, *low.upright),
        (*high.level[:-1], seam, *low.level[1:]),
    ).without_edge(len(upper.ys) - 1)


def _resampled(lattice: Lattice, edges: list[float], scale: Scale) -> Lattice:
    """The same walls on a finer set of column edges."""
    own = [next((i for i, x in enumerate(lattice.xs) if abs(x - edge) <= scale.tolerance), None) for edge in edges]
    middles = [(left + right) / 2 for left, right in pairwise(edges)]
    columns = [min(max(bisect_right(lattice.xs, middle) - 1, 0), len(lattice.xs) - 2) for middle in middles]
    return Lattice(
        tuple(edges),
        lattice.ys,
        tuple(tuple(i is not None and row[i] for i in own) for row in lattice.upright),
        tuple(tuple(row[column] for column in columns) for row in lattice.level),
    )


class Spot(NamedTuple):
    """A glyph and the point that decides which place it belongs to."""

    x: float
    y: float
    glyph: Glyph


def share_out(glyphs: Sequence[Glyph], lattices: Sequence[Lattice]) -> tuple[list[list[Spot]], list[Glyph]]:
    """Spots of each grid, and the glyphs outside all grids.

    A grid inside another one comes first. A figure is never parted: all of its characters go where its middle is, also where it
    is too wide for its cell.
    """
    inside: list[list[Spot]] = [[] for _ in lattices]
    outside: list[Glyph] = []
    by_size = sorted(range(len(lattices)), key=lambda i: _area(lattices[i]))
    for token in _tokens(glyphs):
        x = (token[0].left + token[-1].right) / 2
        y = token[0].middle
        for number in by_size:
            lattice = lattices[number]
            if lattice.xs[0] <= x < lattice.xs[-1] and lattice.ys[0] <= y < lattice.ys[-1]:
                inside[number].extend(Spot(x, y, glyph) for glyph in token)
                break
        else:
            outside.extend(token)
    return inside, outside


def filled(lattice: Lattice, spots: Iterable[Spot]) -> list[tuple[Place, list[Glyph]]]:
    """Cells in reading order with their glyphs."""
    places = lattice.places()
    owner = [[0] * (len(lattice.xs) - 1) for _ in lattice.ys[1:]]
    for number, place in enumerate(places):
        for row in range(place.row, place.row + place.row_span):
            owner[row][place.column : place.column + place.column_span] = [number] * place.column_span
    glyphs: list[list[Glyph]] = [[] for _ in places]
    for x, y, glyph in spots:
        row = min(max(bisect_right(lattice.ys, y) - 1, 0), len(owner) - 1)
        column = min(max(bisect_right(lattice.xs, x) - 1, 0), len(lattice.xs) - 2)
        glyphs[owner[row][column]].append(glyph)
    return list(zip(places, glyphs, strict=True))


def _area(lattice: Lattice) -> float:
    return (lattice.xs[-1] - lattice.xs[0]) * (lattice.ys[-1] - lattice.ys[0])


def _tokens(glyphs: Sequence[Glyph]) -> Iterable[list[Glyph]]:
    """Characters one by one, but those of a figure together."""
    token: list[Glyph] = []
    for glyph in glyphs:
        is_next = (
            bool(token)
            and FIGURE.match(glyph.text) is not None
            and FIGURE.match(token[-1].text) is not None
            and abs(glyph.baseline - token[-1].baseline) < 0.2 * glyph.size
            and abs(glyph.left - token[-1].right) < 0.2 * glyph.size
        )
        if token and not is_next:
            yield token
            token = []
        token.append(glyph)
    if token:
        yield token


@dataclass(frozen=True)
class Line:
    """Characters on one baseline from left to right, white space at both ends left out."""

    glyphs: tuple[Glyph, ...]

    @property
    def left(self) -> float:
        """Where its first character begins."""
        return self.glyphs[0].left

    @property
    def right(self) -> float:
        """Where its last character ends."""
        return self.glyphs[-1].right

    @property
    def top(self) -> float:
        """Upper edge of its tallest character."""
        return min(glyph.baseline - 0.85 * glyph.size for glyph in self.glyphs)

    @property
    def bottom(self) -> float:
        """Lower edge of its lowest character."""
        return max(glyph.baseline + 0.15 * glyph.size for glyph in self.glyphs)

    @property
    def size(self) -> float:
        """Height of a typical character."""
        return sorted(glyph.size for glyph in self.glyphs)[len(self.glyphs) // 2]

    @property
    def confidence(self) -> float:
        """That of its least certain character."""
        return min(glyph.confidence for glyph in self.glyphs)

    @property
    def text(self) -> str:
        """Its characters; a gap between two words or figures is a space, a gap between other characters is nothing."""
        parts = [self.glyphs[0].text]
        for before, glyph in pairwise(self.glyphs):
            has_gap = glyph.left - before.right > 0.25 * glyph.size
            if has_gap and LATIN.match(glyph.text) and LATIN.match(before.text):
                parts.append(" ")
            parts.append(glyph.text)
        return "".join(parts)


def lines_of(glyphs: Iterable[Glyph]) -> list[Line]:
    """Lines from top to bottom; a character drawn twice on the same spot (as bold type is imitated) counts once."""
    lines: list[list[Glyph]] = []
    for glyph in sorted(glyphs, key=lambda glyph: glyph.baseline):
        if lines and glyph.baseline - lines[-1][-1].baseline <= 0.4 * min(glyph.size, lines[-1][-1].size):
            lines[-1].append(glyph)
        else:
            lines.append([glyph])
    found: list[Line] = []
    for line in lines:
        line.sort(key=lambda glyph: glyph.left)
        kept: list[Glyph] = []
        for glyph in line:
            reach = 0.3 * (glyph.right - glyph.left)
            if not any(glyph.text == other.text and abs(glyph.left - other.left) < reach for other in kept[-2:]):
                kept.append(glyph)
        while kept and not kept[-1].text.strip():
            kept.pop()
        while kept and not kept[0].text.strip():
            kept.pop(0)
        if kept:
            found.append(Line(tuple(kept)))
    return found


@dataclass(frozen=True)
class Column:
    """What lines are set in: its borders, white space at both of them together, and where lines begin that are not indented."""

    left: float
    right: float
    padding: float
    edge: float


def joined(lines: Sequence[Line], column: Column) -> str:
    """Text of lines: one that was full goes on in the next one, any other ends in a newline."""
    if not lines:
        return ""
    parts = [lines[0].text]
    for line, following in pairwise(lines):
        parts += [link(line, following, column), following.text]
    return "".join(parts)


def link(line: Line, following: Line, column: Column) -> str:
    """What stands between two lines: nothing or a space where the first was full, else a newline."""
    width = column.right - column.left - column.padding
    gap_left, gap_right = line.left - column.left, column.right - line.right
    is_centred = abs(gap_left - gap_right) <= CENTRED * line.size
    room = gap_right - column.padding / 2 if gap_left < gap_right and not is_centred else gap_left + gap_right - column.padding
    if _unit_width(following, width) <= room - 0.15 * line.size or _is_indented(following, column):
        return "\n"
    before, after = _latin(reversed(line.glyphs)), _latin(following.glyphs)
    if not before or not after:
        return ""
    # A word or figure that fits into a line is never broken: there was a space.
    whole = sum(glyph.right - glyph.left for glyph in (*before, *after))
    return " " if whole <= width else ""


def _latin(glyphs: Iterable[Glyph]) -> list[Glyph]:
    """The Latin characters that come first."""
    found: list[Glyph] = []
    for glyph in glyphs:
        if not LATIN.match(glyph.text):
            break
        found.append(glyph)
    return found


def _unit_width(line: Line, width: float) -> float:
    """Width of what a line begins with and what could not be parted from it, had it stood at the end of the line before."""
    end = 0
    while end < len(line.glyphs) - 1 and OPENING.match(line.glyphs[end].text):
        end += 1
    word = _latin(line.glyphs[end:])
    end += max(len(word), 1)
    while end < len(line.glyphs) and CLOSING.match(line.glyphs[end].text):
        end += 1
    wanted = line.glyphs[end - 1].right - line.left
    return wanted if wanted <= width else line.glyphs[0].right - line.left


def _is_indented(line: Line, column: Column) -> bool:
    """Whether a line begins a paragraph: indented by about two characters, and not centred."""
    least, most = INDENT
    is_centred = abs((line.left - column.left) - (column.right - line.right)) <= CENTRED * line.size
    return not is_centred and least <= (line.left - column.edge) / line.size <= most
