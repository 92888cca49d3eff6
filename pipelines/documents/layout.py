"""Pages of glyphs and ruled lines to the blocks of a Document.

Belongs here: reading order, tables that go on over page breaks, lines joined to paragraphs, running headers and footers. Does
not belong here: where glyphs and lines come from (`pdf`, `scan`), the grid itself (`lattice`).

A grid that begins a page, fits below the grid that ends the page before and has nothing between them continues it. Header rows
that it repeats are left out. The upper left cells of a continuation that are empty belong to the merged cells above the break.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise, takewhile

from pipelines.documents import columns as inference
from pipelines.documents import lattice as grids
from pipelines.documents.columns import InferredTable, PageLine, find_tables
from pipelines.documents.lattice import (
    Column,
    Glyph,
    Lattice,
    Line,
    Place,
    Ruling,
    Scale,
    Spot,
    filled,
    find_lattices,
    joined,
    lines_of,
    link,
    share_out,
    stack,
)
from pipelines.documents.limits import Limits
from pipelines.documents.model import Block, Cell, Locator, Paragraph, Table

VERSION = f"layout-2+{grids.VERSION}+{inference.VERSION}"
NARROWEST = 0.8  # a text block ends no farther left than this share of the page's width
PARAGRAPH_GAP = 2.2  # distance of baselines, in characters, that parts paragraphs
PAGE_NUMBER = re.compile(r"[-—–·\s]*(?:第\s*)?\d{1,4}(?:\s*页)?(?:\s*[,，/／]?\s*共?\s*\d{1,4}\s*页?)?[-—–·\s]*")
COLUMN_GAP = 2.0  # white space, in characters, that parts columns of a table without lines
COLUMN_ROWS = 3  # lines with such gaps, one below the other, that look like a table without lines
MAX_WARNINGS = 20
HANGING = 1.6  # characters by which text may miss or pass the margins, both sides together


@dataclass
class Page:
    """One page as people see it; `number` counts from 1, lengths are in the unit of `scale`."""

    number: int
    width: float
    height: float
    glyphs: list[Glyph]
    horizontals: list[Ruling]
    verticals: list[Ruling]
    scale: Scale = field(default_factory=Scale)


@dataclass(frozen=True)
class _Strip:
    """The part of a table that stands on one page, from y `top` of the table on; it was moved `down` and `aside` from there."""

    page: int
    top: float
    down: float
    aside: float


@dataclass(frozen=True)
class _Grid:
    """A table on one page or several; its y coordinates are those of its first page, continued downwards."""

    lattice: Lattice
    spots: list[Spot]
    strips: tuple[_Strip, ...]
    scale: Scale


@dataclass(frozen=True)
class _PageLine:
    """A line of text outside tables."""

    page: Page
    line: Line


@dataclass(frozen=True)
class _Unruled:
    """A table without ruled lines; its lines are those of `lines` from its first to its last."""

    table: InferredTable
    lines: Sequence[_PageLine]


_Item = _PageLine | _Grid | _Unruled
_Box = tuple[int, int, int, int]


def blocks_of(pages: Sequence[Page], limits: Limits) -> tuple[list[Block], list[str]]:
    """Blocks in reading order and warnings. Raises DocumentError('too_large') for a table past the limits."""
    warnings: list[str] = []
    items: list[_Item] = []
    running = _running_lines(pages)
    for page in pages:
        on_page = _items(page, limits, running, warnings)
        if items and on_page:
            above, below = items[-1], on_page[0]
            if isinstance(above, _Grid) and isinstance(below, _Grid) and _continues(above, below):
                items[-1] = _continued(above, below, warnings)
                on_page = on_page[1:]
        items += on_page
    items = _with_unruled(items)
    for page in pages:
        _warn_of_columns([item.line for item in items if isinstance(item, _PageLine) and item.page is page], page, warnings)
    blocks = _blocks(items, limits)
    blocks += [Paragraph(text, None, place) for text, place in running.items() if not PAGE_NUMBER.fullmatch(text)]
    return blocks, _shortened(warnings)


def _shortened(warnings: list[str]) -> list[str]:
    """At most MAX_WARNINGS of one kind."""
    counts: Counter[str] = Counter()
    kept: list[str] = []
    for warning in warnings:
        kind = warning.partition(":")[0]
        counts[kind] += 1
        if counts[kind] <= MAX_WARNINGS:
            kept.append(warning)
    return kept + [f"{kind}: {count - MAX_WARNINGS} more" for kind, count in counts.items() if count > MAX_WARNINGS]


# one page -------------------------------------------------------------------------------------------------------------------


def _items(page: Page, limits: Limits, running: Container[str], warnings: list[str]) -> list[_Item]:
    """Lines and grids of a page from top to bottom, running headers and footers left out."""
    lattices = find_lattices(page.horizontals, page.verticals, page.scale, limits)
    inside, outside = share_out(page.glyphs, lattices)
    lines = [line for line in lines_of(outside) if not (_is_at_edge(line, page) and line.text in running)]
    placed: list[tuple[float, float, _Item]] = [(line.top, line.left, _PageLine(page, line)) for line in lines]
    for lattice, spots in zip(lattices, inside, strict=True):
        if spots:  # lines without any text are a drawing
            grid = _Grid(lattice, spots, (_Strip(page.number, lattice.ys[0], 0.0, 0.0),), page.scale)
            placed.append((lattice.ys[0], lattice.xs[0], grid))
    return [item for _, _, item in sorted(placed, key=lambda entry: entry[:2])]


def _running_lines(pages: Sequence[Page]) -> dict[str, Locator]:
    """Running headers and footers and where each stands first: page numbers, and what most pages repeat at an edge."""
    seen: dict[str, list[Locator]] = {}
    for page in pages:
        low, high = page.scale.edge, page.height - page.scale.edge
        for line in lines_of(glyph for glyph in page.glyphs if not low < glyph.baseline < high):
            if _is_at_edge(line, page):
                part = "header" if line.bottom < page.height / 2 else "footer"
                seen.setdefault(line.text, []).append(Locator(page=page.number, part=part, box=_box([line])))
    return {
        text: places[0]
        for text, places in seen.items()
        if PAGE_NUMBER.fullmatch(text) or (len(places) > 1 and 2 * len(places) > len(pages))
    }


def _is_at_edge(line: Line, page: Page) -> bool:
    return line.bottom < page.scale.edge or line.top > page.height - page.scale.edge


def _warn_of_columns(lines: list[Line], page: Page, warnings: list[str]) -> None:
    """Say so where lines look like a table without ruled lines: they are kept as text, since its columns would be a guess."""
    in_a_row = 0
    for line in lines:
        has_gap = any(after.left - before.right > COLUMN_GAP * line.size for before, after in pairwise(line.glyphs))
        in_a_row = in_a_row + 1 if has_gap else 0
        if in_a_row == COLUMN_ROWS:
            warnings.append(f"unruled_table: page {page.number} seems to hold a table without lines, which is read as text")
            return


# tables without lines ------------------------------------------------------------------------------------------------------


def _with_unruled(items: list[_Item]) -> list[_Item]:
    """The items with the lines of each table without ruled lines as that table."""
    found: list[_Item] = []
    for is_text, run in groupby(items, lambda item: isinstance(item, _PageLine)):
        if not is_text:
            found.extend(run)
            continue
        lines = [item for item in run if isinstance(item, _PageLine)]
        start = 0
        for table in find_tables([PageLine(item.page.number, item.line) for item in lines]):
            found += [*lines[start : table.first], _Unruled(table, lines[table.first : table.last])]
            start = table.last
        found += lines[start:]
    return found


# tables over page breaks ------------------------------------------------------------------------------------------------------


def _continues(above: _Grid, below: _Grid) -> bool:
    """Whether a grid that begins a page goes on with the one that ended the page before: same outline, most columns."""
    if above.strips[-1].page != below.strips[0].page - 1:
        return False
    aside, tolerance = above.lattice.xs[0] - below.lattice.xs[0], above.scale.tolerance
    high, low = above.lattice, below.lattice.moved(aside)
    if abs(aside) > above.scale.drift or abs(high.xs[-1] - low.xs[-1]) > tolerance:
        return False
    fewer, more = sorted((high.xs[1:-1], low.xs[1:-1]), key=len)
    shared = sum(any(abs(x - other) <= tolerance for other in more) for x in fewer)
    return 2 * shared >= len(fewer)


def _continued(above: _Grid, below: _Grid, warnings: list[str]) -> _Grid:
    """One grid of both."""
    page = below.strips[0].page
    repeated = _repeated_rows(above, below)
    aside = above.lattice.xs[0] - below.lattice.xs[0]
    low = below.lattice.without_rows(repeated).moved(aside)
    if repeated:
        warnings.append(f"repeated_header: {repeated} rows at the top of page {page} repeat the table's first rows; left out")
    seam, top = len(above.lattice.ys) - 1, above.lattice.ys[-1]
    down = top - low.ys[0]
    stacked = stack(above.lattice, low, above.scale)
    moved = [Spot(x + aside, y + down, glyph.moved(aside, down)) for x, y, glyph in below.spots if y >= low.ys[0]]
    spots = [*above.spots, *moved]
    if stacked.ys[seam] == top:  # the break is ruled somewhere
        stacked = stacked.opened(seam, _columns_to_open(stacked, spots, seam, above.scale))
    return _Grid(stacked, spots, (*above.strips, _Strip(page, top, down, aside)), above.scale)


def _repeated_rows(above: _Grid, below: _Grid) -> int:
    """How many rows the lower grid begins with that are the first rows of the upper one; never all of its rows."""
    first, again = _row_texts(above), _row_texts(below)
    tolerance = above.scale.tolerance
    same = 0
    for row, other in zip(first, again[:-1], strict=False):
        is_same = [text for _, text in row] == [text for _, text in other] and all(
            abs(left - place) <= tolerance for (left, _), (place, _) in zip(row, other, strict=True)
        )
        if not is_same:
            break
        same += 1
    # Rows parted by no edge all the way through are one header.
    while same and not all(below.lattice.level[same]):
        same -= 1
    return same if any(text.strip() for row in again[:same] for _, text in row) else 0


def _row_texts(grid: _Grid) -> list[list[tuple[float, str]]]:
    """For each row the cells that begin in it: left border and text."""
    rows: list[list[tuple[float, str]]] = [[] for _ in grid.lattice.ys[1:]]
    for place, glyphs in filled(grid.lattice, grid.spots):
        rows[place.row].append((place.left, "".join(line.text for line in lines_of(glyphs))))
    return rows


def _columns_to_open(lattice: Lattice, spots: list[Spot], seam: int, scale: Scale) -> int:
    """How many columns from the left go on over a page break, although lines are drawn there.

    All of them where the row below finishes lines that were full in the row above. Else those at the left whose cells are
    empty: a cell merged over several rows is drawn again, empty, on the next page.
    """
    cells = [(place, glyphs) for place, glyphs in filled(lattice, spots) if place.row <= seam <= place.row + place.row_span]
    above = {(place.column, place.column_span): glyphs for place, glyphs in cells if place.row + place.row_span == seam}
    below = sorted(
        ((place, glyphs) for place, glyphs in cells if place.row + place.row_span > seam), key=lambda cell: cell[0].column
    )
    if not any(glyphs for place, glyphs in below if place.row == seam):
        return 0
    if all(
        _finishes(above.get((place.column, place.column_span), []), glyphs, place, scale) for place, glyphs in below if glyphs
    ):
        return len(lattice.xs) - 1
    return sum(place.column_span for place, _ in takewhile(lambda cell: cell[0].row < seam or not cell[1], below))


def _finishes(above: list[Glyph], below: list[Glyph], place: Place, scale: Scale) -> bool:
    """Whether the text of a cell above was full to its last line, so that the text below goes on with it."""
    upper, lower = lines_of(above), lines_of(below)
    return bool(upper and lower) and link(upper[-1], lower[0], _cell_column(place, [*upper, *lower], scale)) != "\n"


def _cell_column(place: Place, lines: Sequence[Line], scale: Scale) -> Column:
    """What the lines of a cell are set in."""
    return Column(place.left, place.right, scale.padding, min((line.left for line in lines), default=place.left))


# blocks -----------------------------------------------------------------------------------------------------------------------


def _blocks(items: list[_Item], limits: Limits) -> list[Block]:
    """Paragraphs of lines that belong together, and tables."""
    columns = _text_columns(items)
    blocks: list[Block] = []
    open_lines: list[_PageLine] = []
    tables = 0
    for item in items:
        if isinstance(item, _PageLine):
            if open_lines and not _goes_on(open_lines[-1], item, columns):
                blocks.append(_paragraph(open_lines, columns))
                open_lines = []
            open_lines.append(item)
            continue
        if open_lines:
            blocks.append(_paragraph(open_lines, columns))
            open_lines = []
        tables += 1
        blocks.append(_table(item, tables, limits) if isinstance(item, _Grid) else _unruled(item, tables, limits))
    if open_lines:
        blocks.append(_paragraph(open_lines, columns))
    return blocks


_Format = tuple[int, int]


def _format(page: Page) -> _Format:
    return round(page.width), round(page.height)


def _text_columns(items: list[_Item]) -> dict[_Format, Column]:
    """What the text of each page format is set in: from the outermost left to the outermost right that any line reaches."""
    columns: dict[_Format, Column] = {}
    for item in items:
        if isinstance(item, _PageLine):
            page, line = item.page, item.line
            known = columns.get(_format(page), Column(page.width, page.width * NARROWEST, 0.0, 0.0))
            left, right = min(known.left, line.left), max(known.right, line.right)
            columns[_format(page)] = Column(left, right, HANGING * line.size, left)
    return columns


def _goes_on(above: _PageLine, below: _PageLine, columns: dict[_Format, Column]) -> bool:
    """Whether a line was full, so that the next one belongs to the same paragraph."""
    before, line = above.line, below.line
    if _format(above.page) != _format(below.page) or abs(before.size - line.size) > 0.15 * line.size:
        return False
    if above.page is below.page and line.glyphs[0].baseline - before.glyphs[0].baseline > PARAGRAPH_GAP * line.size:
        return False
    return link(before, line, columns[_format(above.page)]) != "\n"


def _paragraph(lines: list[_PageLine], columns: dict[_Format, Column]) -> Paragraph:
    first = lines[0].page
    text = joined([entry.line for entry in lines], columns[_format(first)])
    box = _box([entry.line for entry in lines if entry.page is first])
    return Paragraph(text, None, Locator(page=first.number, box=box))


def _table(grid: _Grid, number: int, limits: Limits) -> Table:
    limits.check_table(len(grid.lattice.ys) - 1, (len(grid.lattice.ys) - 1) * (len(grid.lattice.xs) - 1))
    cells: list[Cell] = []
    for place, glyphs in filled(grid.lattice, grid.spots):
        lines = lines_of(glyphs)
        text = joined(lines, _cell_column(place, lines, grid.scale))
        confidence = min((line.confidence for line in lines), default=1.0)
        locator = _locator(grid, place, number)
        cells.append(Cell(place.row, place.column, place.row_span, place.column_span, text, locator, confidence))
    return Table(tuple(cells), "lattice", min((cell.confidence for cell in cells), default=1.0))


def _unruled(item: _Unruled, number: int, limits: Limits) -> Table:
    """The table of an inferred grid; an empty cell has no box."""
    last = item.table.cells[-1]
    limits.check_table(last.row + 1, (last.row + 1) * (last.column + last.column_span))
    cells: list[Cell] = []
    for cell in item.table.cells:
        lines = [entry.line for entry in cell.lines]
        size = item.lines[0].line.size
        # Padding of half a character: what is this near to the end of the column would not have fitted.
        edge = min((line.left for line in lines), default=cell.left)
        text = joined(lines, Column(cell.left, cell.right, 0.5 * size, edge))
        place = Locator(
            page=cell.lines[0].page if cell.lines else None,
            table=number,
            row=cell.row + 1,
            column=cell.column + 1,
            box=_box(lines) if lines else None,
        )
        cells.append(Cell(cell.row, cell.column, cell.row_span, cell.column_span, text, place))
    return Table(tuple(cells), "inferred", inference.CONFIDENCE)


def _locator(grid: _Grid, place: Place, number: int) -> Locator:
    """Where a cell begins; its box ends where that page's part of the table does."""
    following = [strip.top for strip in grid.strips if strip.top > place.top + grid.scale.tolerance / 2]
    strip = grid.strips[-len(following) - 1]
    bottom = min([place.bottom, *following])
    left, right = round(place.left - strip.aside), round(place.right - strip.aside)
    box = (left, round(place.top - strip.down), right, round(bottom - strip.down))
    return Locator(page=strip.page, table=number, row=place.row + 1, column=place.column + 1, box=box)


def _box(lines: Sequence[Line]) -> _Box:
    return (
        round(min(line.left for line in lines)),
        round(min(line.top for line in lines)),
        round(max(line.right for line in lines)),
        round(max(line.bottom for line in lines)),
    )
