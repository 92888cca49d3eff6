"""Reads web pages: what a browser shows, as paragraphs and table grids.

Belongs here: the bytes' encoding, HTML elements to blocks, spans. Does not belong here: web archives (`mht`), labels, forms.

A table that only lays out the page is no grid: its cells are read as parts of the page. A table is taken for layout if no row
has content in more than one cell, if its role says so, or if it has tables inside that hold most of its text or stand beside
headings or a long text. A data table inside a cell of another becomes a Table of its own after the outer one. Paragraphs are
numbered in reading order: `Locator.line`. Left out because a browser does not show it: hidden elements, scripts, deleted text,
pronunciation aids.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.documents.limits import Limits
from pipelines.documents.model import Block, Cell, Document, DocumentError, Locator, Paragraph, Table

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

VERSION = "html-1"
MEDIA_TYPE = "text/html"
MAX_NESTING = 64  # tables inside each other
MAX_DEPTH = 4096  # open elements; the parser's time grows with their square
MAX_TAGS = 2_000_000  # each costs some hundred bytes of memory
HEAD = 4096  # bytes in which a page declares its encoding
MOST_LINES = 20  # in a cell of a table with tables inside, if that table is data


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Pages declare the smallest of three sets and use the largest; what is declared as Latin is anything.
ENCODINGS = {
    **dict.fromkeys(("gb2312", "gb_2312-80", "gbk", "x-gbk", "cp936", "ms936", "gb18030", "chinese", "hz-gb-2312"), "gb18030"),
    **dict.fromkeys(("utf-8", "utf8", "unicode-1-1-utf-8"), "utf-8"),
    **dict.fromkeys(("big5", "big5-hkscs", "cn-big5", "x-x-big5"), "big5hkscs"),
}
_CHARSET = re.compile(rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]*)")
# Elements without an end, or whose end the parser knows without its tag.
_UNNESTED = _names(
    "area base br col embed hr img input link meta param source track wbr p li dd dt tr td th thead tbody tfoot colgroup "
    "option html body head"
)
_SKIPPED = _names(
    "head title style script noscript template object iframe svg math select textarea button audio video canvas del rp rt "
    "map datalist dialog noframes noembed xml"
)
_BLOCKS = _names(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form frameset "
    "h1 h2 h3 h4 h5 h6 header hr html legend li main menu nav ol p pre section summary ul caption"
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_GROUPS = frozenset(("thead", "tbody", "tfoot"))
_HIDDEN_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all)", re.IGNORECASE)
_HAN = "\u2e80-\u2fdf\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef"
# A line break in the source between two Han characters shows nothing, anywhere else it shows a space (CSS Text 3, 4.1.3).
_BREAK_IN_HAN = re.compile(rf"(?<=[{_HAN}])[ \t\f]*[\r\n][ \t\r\n\f]*(?=[{_HAN}])")
_SPACE = re.compile(r"[ \t\r\n\f]+")


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    level: int | None = None


@dataclass(frozen=True, slots=True)
class _Grid:
    cells: tuple[tuple[int, int, int, int, str], ...]  # row, column, row span, column span, text


_Item = _Line | _Grid


@dataclass(slots=True)
class _Flow:
    """What is read one below the other: the page, or one cell. `text` is the line that is open."""

    items: list[_Item] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    row_span: int = 1
    column_span: int = 1


@dataclass(slots=True)
class _OpenTable:
    role: str
    rows: list[list[_Flow]] = field(default_factory=list)  # of the group that is open
    groups: list[tuple[bool, list[list[_Flow]]]] = field(default_factory=list)  # whether it is the foot, and its rows
    caption: list[_Item] = field(default_factory=list)
    cell_count: int = 0
    row_count: int = 0


def read(data: bytes, sha256: str, limits: Limits | None = None) -> Document:
    """Document of a web page; tables are `native`.

    Raises DocumentError: too_large for a table or nesting past the limits, or empty where the page shows no text.
    """
    text, encoding, warnings = decode(data)
    blocks, further = read_pages([text], limits or Limits())
    return Document(sha256, MEDIA_TYPE, "html", VERSION, encoding, tuple(blocks), tuple(warnings + further))


def decode(data: bytes, declared: str | None = None) -> tuple[str, str, list[str]]:
    """Text, encoding and warnings: a byte order mark, then UTF-8, the declared encoding (gb2312 means GB 18030), GB 18030.

    UTF-8 goes first since no other text of some length passes for it, while pages declare it wrongly in both directions. A page
    that fits none of them is read in the one that loses the least, with a warning.
    """
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace"), encoding, []
    found = _CHARSET.search(data[:HEAD])
    names = [declared or "", found[1].decode("ascii", "replace") if found else ""]
    known = [ENCODINGS[name.lower()] for name in names if name.lower() in ENCODINGS]
    candidates = list(dict.fromkeys(["utf-8", *known, "gb18030"]))
    for encoding in candidates:
        try:
            return data.decode(encoding), encoding, []
        except UnicodeDecodeError:
            continue
    texts = {encoding: data.decode(encoding, errors="replace") for encoding in candidates}
    encoding = min(texts, key=lambda candidate: texts[candidate].count("\ufffd"))
    lost = texts[encoding].count("\ufffd")
    return texts[encoding], encoding, [f"broken_text: {lost} places are no text in {encoding} and show as \ufffd"]


def read_pages(pages: Iterable[str], limits: Limits) -> tuple[list[Block], list[str]]:
    """Blocks of pages one after the other, and warnings.

    Raises DocumentError: too_large, or empty where no page shows a text.
    """
    items: list[_Item] = []
    warnings: list[str] = []
    for page in pages:
        reader = _PageReader(limits)
        items += reader.read(page)
        warnings += reader.warnings
    blocks = list(_blocks(items))
    if not blocks:
        raise DocumentError("empty", "the page shows no text")
    return blocks, warnings


def _blocks(items: Iterable[_Item]) -> Iterator[Block]:
    paragraphs = tables = 0
    for item in items:
        if isinstance(item, _Grid):
            tables += 1
            yield Table(
                tuple(
                    Cell(row, column, height, width, text, Locator(table=tables, row=row + 1, column=column + 1))
                    for row, column, height, width, text in item.cells
                ),
                "native",
            )
            continue
        paragraphs += 1
        for line in item.text.split("\n"):
            if line.strip():
                yield Paragraph(line.strip(), item.level, Locator(line=paragraphs))


def _check_page(page: str) -> None:
    """Refuse what the parser would need hours or gigabytes for. Depth is a rough count, too high where ends are left out."""
    tags = page.count("<")
    if tags > MAX_TAGS:
        raise DocumentError("too_large", f"the page has more than {MAX_TAGS:,} tags")
    if tags <= MAX_DEPTH:
        return
    depth = 0
    for found in _TAG.finditer(page):
        if found[2].lower() not in _UNNESTED:
            depth = max(depth - 1, 0) if found[1] else depth + 1
            if depth > MAX_DEPTH:
                raise DocumentError("too_large", f"elements are nested more than {MAX_DEPTH:,} deep")


class _PageReader:
    """Walks the page's tree in order; `flows` holds what takes the next text: the page, then the open cells."""

    def __init__(self, limits: Limits) -> None:
        self.warnings: list[str] = []
        self._limits = limits
        self._flows = [_Flow()]
        self._tables: list[_OpenTable] = []
        self._levels: list[int | None] = [None]
        self._preformatted = 0
        self._hidden = 0
        self._clamped = 0

    def read(self, page: str) -> list[_Item]:
        """Lines and grids of the page in reading order."""
        from selectolax.lexbor import LexborHTMLParser

        _check_page(page)
        root = LexborHTMLParser(page).root
        if root is not None:
            self._walk(root)
        self._end_line()
        if self._hidden:
            self.warnings.append(f"hidden_text: {self._hidden} hidden elements with text were left out")
        if self._clamped:
            self.warnings.append(f"clamped_span: {self._clamped} cells span more columns than {self._limits.column_span}")
        return self._flows[0].items

    def _walk(self, root: LexborNode) -> None:
        """Depth first without recursion: pages may be nested deeper than Python's stack."""
        node: LexborNode | None = root
        while node is not None:
            following = node.first_child if self._start(node) else None
            while following is None and node is not None:
                self._end(node)
                following = None if node.mem_id == root.mem_id else node.next
                node = None if node.mem_id == root.mem_id else (node.parent if following is None else node)
            node = following

    def _start(self, node: LexborNode) -> bool:
        """Take a node as it begins; whether to go on into it."""
        if node.is_text_node:
            self._add(node.text_content or "")
            return False
        if not node.is_element_node:
            return bool(node.is_document_node)
        tag = node.tag or ""
        if tag in _SKIPPED:
            return False
        attributes = node.attributes
        if "hidden" in attributes or _HIDDEN_STYLE.search(attributes.get("style") or ""):
            self._hidden += bool(node.text(deep=True).strip())
            return False
        if tag == "br":
            self._flows[-1].text.append("\n")
        elif tag == "table":
            self._start_table((attributes.get("role") or "").lower())
        elif tag == "tr" and self._tables:
            self._start_row()
        elif tag in ("td", "th") and self._tables:
            self._start_cell(attributes)
        elif tag in _BLOCKS:
            self._end_line()
            self._levels.append(_HEADINGS.get(tag, self._levels[-1]))
            self._preformatted += tag == "pre"
        return True

    def _end(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if not node.is_element_node or tag in _SKIPPED:
            return
        attributes = node.attributes
        if "hidden" in attributes or _HIDDEN_STYLE.search(attributes.get("style") or ""):
            return
        if tag == "table":
            self._end_table()
        elif tag in ("td", "th") and self._tables:
            self._end_line()
            cell = self._flows.pop()
            self._levels.pop()
            self._tables[-1].rows[-1].append(cell)
        elif tag in _GROUPS and self._tables:
            self._end_group(is_foot=tag == "tfoot")
        elif tag in _BLOCKS:
            self._end_line()
            self._levels.pop()
            self._preformatted -= tag == "pre"

    # text

    def _add(self, text: str) -> None:
        flow = self._flows[-1]
        if self._preformatted:
            flow.text.append(text.replace("\r\n", "\n").replace("\r", "\n"))
        elif text:
            # A mark for white space: what it shows is known when its neighbours are.
            flow.text.append(text.replace("\n", "\v").replace("\r", "\v"))

    def _end_line(self) -> None:
        """Close the open line; breaks in it stay newlines, other white space shows as one space."""
        flow = self._flows[-1]
        if not flow.text:
            return
        text = "".join(flow.text)
        flow.text = []
        if "\v" in text:
            text = _BREAK_IN_HAN.sub("", text.replace("\n", "\x1e").replace("\v", "\n"))
            text = text.replace("\n", " ").replace("\x1e", "\n")
        lines = [_SPACE.sub(" ", line).replace("\xa0", " ").strip(" ") for line in text.split("\n")]
        if any(lines):
            flow.items.append(_Line("\n".join(lines), self._levels[-1]))

    # tables

    def _start_table(self, role: str) -> None:
        if len(self._tables) >= MAX_NESTING:
            raise DocumentError("too_large", f"tables are nested more than {MAX_NESTING} deep")
        self._end_line()
        self._tables.append(_OpenTable(role))

    def _start_row(self) -> None:
        table = self._tables[-1]
        table.rows.append([])
        table.row_count += 1
        self._limits.check_table(table.row_count, table.cell_count)

    def _start_cell(self, attributes: dict[str, str | None]) -> None:
        table = self._tables[-1]
        if not table.rows:
            self._start_row()
        table.cell_count += 1
        self._limits.check_table(table.row_count, table.cell_count)
        columns = max(_number(attributes.get("colspan"), 1), 1)
        self._clamped += columns > self._limits.column_span
        cell = _Flow(row_span=_number(attributes.get("rowspan"), 1), column_span=min(columns, self._limits.column_span))
        self._flows.append(cell)
        self._levels.append(None)

    def _end_group(self, is_foot: bool) -> None:
        table = self._tables[-1]
        if table.rows:
            table.groups.append((is_foot, table.rows))
            table.rows = []

    def _end_table(self) -> None:
        self._end_group(is_foot=False)
        table = self._tables.pop()
        # A foot is shown last wherever it stands.
        groups = [rows for _, rows in sorted(table.groups, key=lambda group: group[0])]
        items = self._flows[-1].items
        if _is_layout(table.role, groups):
            for rows in groups:
                for row in rows:
                    for cell in row:
                        items.extend(cell.items)
            return
        items.append(_grid(groups, self._limits))
        for rows in groups:
            for row in rows:
                for cell in row:
                    items.extend(item for item in cell.items if isinstance(item, _Grid))


def _is_layout(role: str, groups: list[list[list[_Flow]]]) -> bool:
    """Whether a table only lays out what is in its cells."""
    rows = [row for group in groups for row in group]
    if role in ("presentation", "none") or all(sum(bool(cell.items) for cell in row) < 2 for row in rows):
        return True
    own = inside = longest = 0
    has_heading = False
    for row in rows:
        for cell in row:
            lines = [item.text for item in cell.items if isinstance(item, _Line)]
            longest = max(longest, len(lines))
            has_heading |= any(isinstance(item, _Line) and item.level is not None for item in cell.items)
            own += sum(map(len, lines))
            inside += sum(len(text) for item in cell.items if isinstance(item, _Grid) for *_, text in item.cells)
    return inside > own or (inside > 0 and (has_heading or longest > MOST_LINES))


def _grid(groups: list[list[list[_Flow]]], limits: Limits) -> _Grid:
    """Cells in the places that HTML gives them: each in the first free column; a span ends with its group of rows."""
    cells: list[tuple[int, int, int, int, str]] = []
    top = width = 0
    for rows in groups:
        taken: dict[int, int] = {}  # column -> row from which it is free again
        for index, row in enumerate(rows):
            column = 0
            for cell in row:
                while taken.get(column, 0) > index:
                    column += 1
                span = 1
                while span < cell.column_span and taken.get(column + span, 0) <= index:
                    span += 1  # a cell that would lie over one from above ends before it
                left = len(rows) - index
                height = left if cell.row_span == 0 else min(cell.row_span, left)
                taken.update(dict.fromkeys(range(column, column + span), index + height))
                text = "\n".join(item.text for item in cell.items if isinstance(item, _Line))
                cells.append((top + index, column, height, span, text))
                column += span
                width = max(width, column)
                limits.check_table(top + index + 1, (top + index + 1) * width)
        top += len(rows)
    return _Grid(tuple(cells))


def _number(text: str | None, otherwise: int) -> int:
    digits = re.match(r"\s*(\d{1,9})", text or "")
    return int(digits[1]) if digits else otherwise
