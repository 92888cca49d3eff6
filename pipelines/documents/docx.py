"""Reads Word documents (docx, docm, dotx) as Word and WPS write them, in one streaming pass over the XML.

Belongs here: WordprocessingML to paragraphs and table grids. Does not belong here: the zip (`package`), labels, forms.

Streaming keeps memory flat (a table of 100,000 rows is 1 GB as a tree) and stops at the first limit. Run properties (`w:rPr`),
two thirds of a typical file, are cut out before parsing unless they hide text or choose a symbol font. Reading order: body
blocks, each followed by the nested tables and text boxes that it holds, then headers, footers, footnotes and endnotes. Left out
because Word does not print it or prints it twice: deleted and moved-away text, field codes, hidden text, tables of contents.

Paragraphs are numbered in order of the XML, empty ones and those in cells included: `Locator.line`. A soft line break divides a
body paragraph into several Paragraphs of one number; in a cell it is a newline, as is the end of a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

from pipelines.documents.limits import Limits
from pipelines.documents.model import Block, Cell, Document, DocumentError, Locator, Paragraph, Table
from pipelines.documents.package import Attributes, Package, attribute, local_name, parse_xml

VERSION = "docx-1"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MAIN_TYPES = (
    "wordprocessingml.document.main+xml",
    "wordprocessingml.template.main+xml",
    "ms-word.document.macroEnabled.main+xml",
    "ms-word.template.macroEnabledTemplate.main+xml",
)
DEFAULT_MAIN = "word/document.xml"
NAMESPACES = re.compile(
    rb"""xmlns(?::([\w.-]+))?\s*=\s*["']http://(?:schemas\.openxmlformats\.org|purl\.oclc\.org/ooxml)/wordprocessingml(?:/2006)?/main["']"""
)
COMPATIBILITY = re.compile(rb"""xmlns:([\w.-]+)\s*=\s*["']http://schemas\.openxmlformats\.org/markup-compatibility/2006["']""")
# Run properties with one of these are kept: they hide text, choose a symbol font, or hold further run properties.
TELLING_RUN_PROPERTIES = (b"vanish", b"Wingdings", b'"Symbol"', b"rPrChange")
CONTENTS_STYLE = re.compile(r"(toc|目录)\s*\d", re.IGNORECASE)
HEADING_STYLE = re.compile(r"(?:heading|标题)\s*([1-9])", re.IGNORECASE)
MAX_NESTING = 64  # tables and text boxes inside each other
MAX_WARNINGS = 20  # of one kind; a hostile file could otherwise fill the output with them
OFF = ("0", "false", "off")
REPLACEMENT = "\ufffd"

# Symbol fonts hold pictures at the codes of letters: what Word shows for the codes met in forms.
SYMBOLS: dict[str, dict[int, str]] = {
    "Wingdings": {
        0x6C: "●", 0x6E: "■", 0x6F: "□", 0x71: "□", 0x72: "□", 0x75: "◆", 0x9F: "•", 0xA1: "○", 0xA7: "▪", 0xA8: "□",
        0xD8: "➢", 0xE8: "→", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
    } | {0x81 + i: chr(0x2460 + i) for i in range(10)},
    "Wingdings 2": {
        0x2A: "□", 0x30: "□", 0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0xA2: "■", 0xA3: "□",
    },
    "Symbol": {
        0xA3: "≤", 0xA5: "∞", 0xAE: "→", 0xB0: "°", 0xB1: "±", 0xB3: "≥", 0xB4: "×", 0xB7: "•", 0xB8: "÷", 0xB9: "≠", 0xBB: "≈",
        0xE5: "∑",
    },
}  # fmt: skip


def read(data: bytes, sha256: str, limits: Limits | None = None) -> Document:
    """Document of a docx; tables are `native`, headers and notes are Paragraphs whose locator names their part.

    Raises DocumentError: corrupt, encrypted, too_large, unsafe_content, or empty where no text is left.
    """
    limits = limits or Limits()
    package = Package(data, limits)
    main = _main_part(package)
    relationships = package.relationships(main)
    content = package.read(main)
    styles = Styles()
    if b"pStyle" in content:
        parts = [target for kind, target in relationships if kind == "styles" and target in package]
        styles = _read_styles([package.read(part) for part in parts])
    body = _Story(limits, styles)
    body.parse(content)
    if body.root != "document":
        raise DocumentError("corrupt", f"the main part is a {body.root}, not a document")
    blocks = body.blocks
    if not any(isinstance(block, Paragraph) or any(cell.text.strip() for cell in block.cells) for block in blocks):
        raise DocumentError("empty", f"the document holds no text (pictures: {body.pictures})")
    warnings = list(body.warnings)
    for kind in ("header", "footer", "footnotes", "endnotes"):
        targets = [target for found, target in relationships if found == kind and target in package]
        for number, target in enumerate(dict.fromkeys(targets), start=1):
            story = _Story(limits, styles, part=kind.removesuffix("s") if kind.endswith("notes") else f"{kind} {number}")
            story.parse(package.read(target))
            blocks.extend(as_paragraphs(story.blocks))
            warnings.extend(story.warnings)
    return Document(sha256, MEDIA_TYPE, "docx", VERSION, None, tuple(blocks), tuple(warnings))


def shown_symbol(font: str, code: int) -> str | None:
    """What a font shows for a code, None where that is unknown; the private copy of a symbol font's codes starts at U+F000."""
    is_private = 0xF000 <= code <= 0xF0FF
    if not is_private and (code > 0xFF or code <= 0x20 or font not in SYMBOLS):
        return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else REPLACEMENT
    known = SYMBOLS.get(font, {}).get(code & 0xFF)
    if known is None and font == "Symbol" and code & 0xFF < 0x7F:
        return chr(code & 0xFF)  # its digits and most of its punctuation stand at their usual codes
    return known


def _main_part(package: Package) -> str:
    """Name of the main part: by the package's relationship, else by content type, else by its usual name."""
    candidates = [target for kind, target in package.relationships() if kind == "officeDocument"]
    candidates.extend(name for name, content_type in package.content_types() if content_type.endswith(MAIN_TYPES))
    for name in (*candidates, DEFAULT_MAIN):
        if name in package:
            return name
    raise DocumentError("corrupt", "the package names no main document part")


def as_paragraphs(blocks: list[Block]) -> list[Paragraph]:
    """Tables outside the body (letterheads) as one Paragraph per row, so that no parser takes them for forms."""
    found: list[Paragraph] = []
    for block in blocks:
        if isinstance(block, Paragraph):
            found.append(block)
            continue
        for row in block.rows:
            text = "\t".join(cell.text for cell in row)
            if text.strip():
                found.append(Paragraph(text.strip(), None, row[0].locator))
    return found


@dataclass
class Styles:
    """What paragraph styles say: heading level by style id, and the ids of the styles of tables of contents."""

    levels: dict[str, int | None] = field(default_factory=dict)
    contents: set[str] = field(default_factory=set)


def _read_styles(parts: list[bytes]) -> Styles:
    """Heading levels from `w:outlineLvl`, else from the built-in names, else from the style that a style is based on."""
    names: dict[str, str] = {}
    bases: dict[str, str] = {}
    own: dict[str, int | None] = {}
    current = ""

    def start(element: str, attributes: Attributes) -> None:
        nonlocal current
        match local_name(element):
            case "style":
                current = attribute(attributes, "styleId") or ""
            case "name":
                names[current] = attribute(attributes, "val") or ""
            case "basedOn":
                bases[current] = attribute(attributes, "val") or ""
            case "outlineLvl":
                own[current] = _level(attribute(attributes, "val"))

    for part in parts:
        parse_xml(_without_run_properties(part, _prefixes(part)), start)
    levels = own | {
        style: int(found[1]) for style, name in names.items() if style not in own and (found := HEADING_STYLE.fullmatch(name))
    }
    for style in names:
        line = [style]
        while line[-1] not in levels and line[-1] in bases:
            base = bases.pop(line[-1])  # no style is passed twice, also where bases run in a circle
            line.append(base)
        level = levels.get(line[-1])
        levels |= dict.fromkeys(line, level)
    return Styles(levels, {style for style, name in names.items() if CONTENTS_STYLE.match(name)})


def _level(value: str | None) -> int | None:
    """Heading level from 1 of an outline level counted from 0; 9 means body text."""
    return int(value) + 1 if value is not None and len(value) == 1 and value in "012345678" else None


def _prefixes(data: bytes) -> list[str]:
    """Prefixes of the WordprocessingML namespace, transitional or strict; `w` where none is declared."""
    declared = {prefix.decode() for prefix in NAMESPACES.findall(data)}
    return [f"{prefix}:" if prefix else "" for prefix in sorted(declared)] or ["w:"]


def _without_run_properties(data: bytes, prefixes: list[str]) -> bytes:
    """The XML without the run properties that say nothing about its text."""
    if b"<!" in data:
        return data  # inside a comment or character data the pattern would not be markup
    for prefix in prefixes:
        opening, closing = f"<{prefix}rPr>".encode(), f"</{prefix}rPr>".encode()
        kept: list[bytes] = []
        done = 0
        while (start := data.find(opening, done)) >= 0 and (end := data.find(closing, start)) >= 0:
            end += len(closing)
            properties = data[start:end]
            is_telling = any(mark in properties for mark in TELLING_RUN_PROPERTIES)
            kept.append(data[done : end if is_telling else start])
            done = end
        data = b"".join([*kept, data[done:]])
    return data


@dataclass(slots=True)
class _OpenParagraph:
    parts: list[str]
    number: int
    level: int | None = None
    is_contents: bool = False
    is_hidden: bool = False  # the current run
    font: str | None = None  # symbol font of the current run


@dataclass(slots=True)
class _OpenCell:
    span: int = 1
    horizontal_merge: str | None = None
    vertical_merge: str | None = None
    texts: list[str] = field(default_factory=list)
    line: int | None = None

    @property
    def text(self) -> str:
        return "\n".join(self.texts).strip("\n")


@dataclass(slots=True)
class _PlacedCell:
    row: int
    column: int
    row_span: int
    column_span: int
    text: str
    line: int | None


@dataclass(slots=True)
class _OpenTable:
    number: int
    slot: int | None  # place among the pending blocks where a nested table goes
    cells: list[_PlacedCell] = field(default_factory=list)
    anchors: dict[int, _PlacedCell] = field(default_factory=dict)  # column -> cell that a merge from above would continue
    rows: int = 0
    width: int = 0
    cell_count: int = 0
    row: list[_OpenCell] = field(default_factory=list)
    grid_before: int = 0
    is_deleted_row: bool = False


class _Story:
    """Handlers for one part (body, header, notes): XML events in, `blocks` and `warnings` out.

    `frames` holds what takes the next paragraph: an open cell, or None for a text box; empty means the part itself.
    """

    def __init__(self, limits: Limits, styles: Styles, part: str | None = None) -> None:
        self.blocks: list[Block] = []
        self.warnings: list[str] = []
        self.root = ""
        self.pictures = 0
        self._limits = limits
        self._styles = styles
        self._part = part
        self._paragraph_count = 0
        self._table_count = 0
        self._paragraphs: list[_OpenParagraph] = []
        self._frames: list[_OpenCell | None] = []
        self._tables: list[_OpenTable] = []
        self._pending: list[Block | None] = []  # nested tables and text boxes, until the block that holds them is complete
        self._branches: list[bool] = []  # for each open mc:AlternateContent: is one branch taken?
        self._is_checked = False
        self._is_in_row_properties = False
        self._skipped_depth = 0
        self._warning_counts: dict[str, int] = {}

    def parse(self, data: bytes) -> None:
        """Read the part's XML to its end."""
        prefixes = _prefixes(data)
        compatibility = {prefix.decode() for prefix in COMPATIBILITY.findall(data)} or {"mc"}
        starts: dict[str, Callable[[Attributes], None]] = {}
        ends: dict[str, Callable[[], None]] = {}
        for prefix in prefixes:
            starts |= {prefix + name: handler for name, handler in self._start_handlers().items()}
            ends |= {prefix + name: handler for name, handler in self._end_handlers().items()}
        for name in compatibility:
            starts |= {
                f"{name}:AlternateContent": lambda attributes: self._branches.append(False),
                f"{name}:Choice": self._start_branch,
                f"{name}:Fallback": self._start_branch,
            }
            ends[f"{name}:AlternateContent"] = self._end_alternatives
        starts["m:t"], ends["m:t"] = self._start_text, self._end_text  # formulas

        def start(name: str, attributes: Attributes) -> None:
            if (handler := starts.get(name)) is not None:
                handler(attributes)

        def end(name: str) -> None:
            if (handler := ends.get(name)) is not None:
                handler()

        def first(name: str, attributes: Attributes) -> None:
            self.root = local_name(name)
            self._parser.StartElementHandler = start
            start(name, attributes)

        def configure(parser: expat.XMLParserType) -> None:
            self._parser = parser
            parser.EndElementHandler = end

        self._start, self._end = start, end
        parse_xml(_without_run_properties(data, prefixes), first, configure)
        for kind, count in self._warning_counts.items():
            if count > MAX_WARNINGS:
                self.warnings.append(f"{kind}: {count - MAX_WARNINGS} more")

    def _start_handlers(self) -> dict[str, Callable[[Attributes], None]]:
        skipped = "moveFrom tabs sdtPr sectPr tblGrid rt rPrChange pPrChange tblPrChange tblPrExChange trPrChange tcPrChange"
        return dict.fromkeys(skipped.split(), self._skip) | {
            "p": self._start_paragraph,
            "r": self._start_run,
            "t": self._start_text,
            "tab": lambda attributes: self._add("\t"),
            "ptab": lambda attributes: self._add("\t"),
            "br": lambda attributes: self._add("\n"),
            "cr": lambda attributes: self._add("\n"),
            "noBreakHyphen": lambda attributes: self._add("-"),
            "sym": self._start_symbol,
            "checkBox": self._start_check_box,
            "default": self._set_checked,
            "checked": self._set_checked,
            "pStyle": self._set_style,
            "outlineLvl": self._set_level,
            "vanish": self._set_hidden,
            "rFonts": self._set_font,
            "tbl": self._start_table,
            "trPr": self._start_row_properties,
            "gridBefore": self._set_grid_before,
            "tc": self._start_cell,
            "gridSpan": self._set_span,
            "vMerge": self._set_vertical_merge,
            "hMerge": self._set_horizontal_merge,
            "txbxContent": self._start_text_box,
            "drawing": self._count_picture,
            "pict": self._count_picture,
            "object": lambda attributes: self._warn("embedded_object", "an embedded object was not read"),
            "altChunk": lambda attributes: self._warn("embedded_object", "an embedded document was not read"),
            "footnote": self._start_note,
            "endnote": self._start_note,
            "del": self._start_deleted,
        }

    def _end_handlers(self) -> dict[str, Callable[[], None]]:
        return {
            "p": self._end_paragraph,
            "t": self._end_text,
            "tbl": self._end_table,
            "tr": self._end_row,
            "trPr": self._end_row_properties,
            "tc": self._end_cell,
            "checkBox": lambda: self._add("☑" if self._is_checked else "☐"),
            "txbxContent": self._end_text_box,
        }

    # skipping

    def _skip(self, attributes: Attributes) -> None:
        """Pass over the element that just began and all that it holds."""
        self._skipped_depth = 1
        self._parser.StartElementHandler = self._start_skipped
        self._parser.EndElementHandler = self._end_skipped

    def _start_skipped(self, name: str, attributes: Attributes) -> None:
        self._skipped_depth += 1

    def _end_skipped(self, name: str) -> None:
        self._skipped_depth -= 1
        if self._skipped_depth == 0:
            self._parser.StartElementHandler = self._start
            self._parser.EndElementHandler = self._end

    def _start_deleted(self, attributes: Attributes) -> None:
        # w:del around runs is deleted text; among row properties it says that the row is deleted.
        if self._is_in_row_properties and self._tables:
            self._tables[-1].is_deleted_row = True
        self._skip(attributes)

    def _start_branch(self, attributes: Attributes) -> None:
        if self._branches and self._branches[-1]:
            self._skip(attributes)
        elif self._branches:
            self._branches[-1] = True

    def _end_alternatives(self) -> None:
        self._branches.pop()

    # paragraphs and runs

    def _start_paragraph(self, attributes: Attributes) -> None:
        self._paragraph_count += 1
        self._paragraphs.append(_OpenParagraph([], self._paragraph_count))

    def _end_paragraph(self) -> None:
        paragraph = self._paragraphs.pop()
        text = "".join(paragraph.parts)
        frame = self._frames[-1] if self._frames else None
        if frame is not None:
            frame.texts.append(text)
            if frame.line is None:
                frame.line = paragraph.number
            return
        if not paragraph.is_contents:
            locator = Locator(line=paragraph.number, part=self._part)
            lines = [Paragraph(line.strip(), paragraph.level, locator) for line in text.split("\n") if line.strip()]
            (self._pending if self._is_inside() else self.blocks).extend(lines)
        self._flush()

    def _start_run(self, attributes: Attributes) -> None:
        if self._paragraphs:
            self._paragraphs[-1].is_hidden = False
            self._paragraphs[-1].font = None

    def _start_text(self, attributes: Attributes) -> None:
        if not self._paragraphs:
            return
        paragraph = self._paragraphs[-1]
        if paragraph.is_hidden:
            self._warn("hidden_text", f"hidden text in paragraph {paragraph.number} was left out")
        elif paragraph.font is None:
            self._parser.CharacterDataHandler = paragraph.parts.append
        else:
            self._parser.CharacterDataHandler = self._add_in_symbol_font

    def _end_text(self) -> None:
        self._parser.CharacterDataHandler = None

    def _add(self, text: str) -> None:
        if self._paragraphs and not self._paragraphs[-1].is_hidden:
            self._paragraphs[-1].parts.append(text)

    def _add_in_symbol_font(self, text: str) -> None:
        font = self._paragraphs[-1].font or ""
        self._add("".join(self._symbol(font, ord(character)) for character in text))

    def _start_symbol(self, attributes: Attributes) -> None:
        try:
            code = int(attribute(attributes, "char") or "", 16)
        except ValueError:
            return
        self._add(self._symbol(attribute(attributes, "font") or "", code))

    def _symbol(self, font: str, code: int) -> str:
        shown = shown_symbol(font, code)
        if shown is None:
            self._warn("unknown_symbol", f"character {code & 0xFF:02X} of font {font[:40]!r} is shown as {REPLACEMENT}")
        return shown or REPLACEMENT

    def _start_check_box(self, attributes: Attributes) -> None:
        self._is_checked = False

    def _set_checked(self, attributes: Attributes) -> None:
        self._is_checked = attribute(attributes, "val") not in OFF

    def _set_style(self, attributes: Attributes) -> None:
        style = attribute(attributes, "val") or ""
        if self._paragraphs:
            self._paragraphs[-1].level = self._styles.levels.get(style)
            self._paragraphs[-1].is_contents = style in self._styles.contents

    def _set_level(self, attributes: Attributes) -> None:
        if self._paragraphs:
            self._paragraphs[-1].level = _level(attribute(attributes, "val"))

    def _set_hidden(self, attributes: Attributes) -> None:
        if self._paragraphs:
            self._paragraphs[-1].is_hidden = attribute(attributes, "val") not in OFF

    def _set_font(self, attributes: Attributes) -> None:
        font = attribute(attributes, "ascii")
        if self._paragraphs and font in SYMBOLS:
            self._paragraphs[-1].font = font

    # tables

    def _start_table(self, attributes: Attributes) -> None:
        self._check_nesting()
        slot = None
        if self._is_inside():
            slot = len(self._pending)
            self._pending.append(None)
        self._table_count += 1
        self._tables.append(_OpenTable(self._table_count, slot))

    def _start_row_properties(self, attributes: Attributes) -> None:
        self._is_in_row_properties = True

    def _end_row_properties(self) -> None:
        self._is_in_row_properties = False

    def _set_grid_before(self, attributes: Attributes) -> None:
        if self._tables:
            self._tables[-1].grid_before = self._span(attributes, smallest=0)

    def _start_cell(self, attributes: Attributes) -> None:
        if not self._tables:
            raise DocumentError("corrupt", "a table cell stands outside any table")
        self._check_nesting()
        self._frames.append(_OpenCell())

    def _set_span(self, attributes: Attributes) -> None:
        if (cell := self._open_cell()) is not None:
            cell.span = self._span(attributes, smallest=1)

    def _set_vertical_merge(self, attributes: Attributes) -> None:
        if (cell := self._open_cell()) is not None:
            cell.vertical_merge = attribute(attributes, "val") or "continue"

    def _set_horizontal_merge(self, attributes: Attributes) -> None:
        if (cell := self._open_cell()) is not None:
            cell.horizontal_merge = attribute(attributes, "val") or "continue"

    def _end_cell(self) -> None:
        cell = self._frames.pop()
        table = self._tables[-1]
        if cell is not None:
            table.row.append(cell)
        table.cell_count += 1
        self._limits.check_table(table.rows, table.cell_count)

    def _end_row(self) -> None:
        if not self._tables:
            return
        table = self._tables[-1]
        if not table.is_deleted_row:
            self._place_row(table)
        table.row, table.grid_before, table.is_deleted_row = [], 0, False

    def _place_row(self, table: _OpenTable) -> None:
        """Give the row's cells their columns; a cell merged with the one above makes that one taller instead."""
        column = table.grid_before
        anchors: dict[int, _PlacedCell] = {}
        for cell in self._merge_horizontally(table):
            anchor = table.anchors.get(column) if cell.vertical_merge == "continue" else None
            if anchor is not None and anchor.column_span == cell.span:
                anchor.row_span += 1
                self._warn_covered(table, column, cell.text)
            else:
                # A continuation without a cell above that it fits under (WPS writes such) stands for itself.
                anchor = _PlacedCell(table.rows, column, 1, cell.span, cell.text, cell.line)
                table.cells.append(anchor)
            if cell.vertical_merge is not None:
                anchors[column] = anchor
            column += cell.span
        table.anchors = anchors
        table.rows += 1
        table.width = max(table.width, column)
        self._limits.check_table(table.rows, table.rows * table.width)

    def _merge_horizontally(self, table: _OpenTable) -> list[_OpenCell]:
        """The row's cells after the old `w:hMerge`, by which a cell continues the one to its left."""
        merged: list[_OpenCell] = []
        for cell in table.row:
            if cell.horizontal_merge == "continue" and merged:
                merged[-1].span += cell.span
                self._warn_covered(table, table.grid_before + sum(left.span for left in merged), cell.text)
            else:
                merged.append(cell)
        return merged

    def _warn_covered(self, table: _OpenTable, column: int, text: str) -> None:
        if text.strip():
            place = Locator(table=table.number, row=table.rows + 1, column=column + 1, part=self._part)
            self._warn("covered_text", f"{place} holds text under a merged cell, which Word does not show: {text[:40]!r}")

    def _end_table(self) -> None:
        table = self._tables.pop()
        if table.cells:
            cells = tuple(
                Cell(
                    cell.row,
                    cell.column,
                    cell.row_span,
                    cell.column_span,
                    cell.text,
                    Locator(table=table.number, row=cell.row + 1, column=cell.column + 1, line=cell.line, part=self._part),
                )
                for cell in table.cells
            )
            if table.slot is None:
                self.blocks.append(Table(cells, "native"))
            else:
                self._pending[table.slot] = Table(cells, "native")
        self._flush()

    def _span(self, attributes: Attributes, smallest: int) -> int:
        value = attribute(attributes, "val") or ""
        if not (value.isascii() and value.isdigit()):
            return smallest
        most = self._limits.column_span
        if len(value) > 9 or int(value) > most:
            self._warn("clamped_span", f"a cell spans {value[:20]} columns; read as {most}")
            return most
        return max(int(value), smallest)

    # places

    def _start_text_box(self, attributes: Attributes) -> None:
        self._check_nesting()
        self._frames.append(None)

    def _end_text_box(self) -> None:
        self._frames.pop()

    def _start_note(self, attributes: Attributes) -> None:
        if attribute(attributes, "type") in ("separator", "continuationSeparator", "continuationNotice"):
            self._skip(attributes)
        elif self._part is not None:
            self._part = f"{self._part.partition(' ')[0]} {attribute(attributes, 'id') or '?'}"

    def _count_picture(self, attributes: Attributes) -> None:
        self.pictures += 1

    def _open_cell(self) -> _OpenCell | None:
        return self._frames[-1] if self._frames else None

    def _is_inside(self) -> bool:
        """Whether what is read now belongs to a block that is not complete."""
        return bool(self._frames or self._tables)

    def _check_nesting(self) -> None:
        if len(self._frames) + len(self._tables) > MAX_NESTING:
            raise DocumentError("too_large", f"tables and text boxes are nested more than {MAX_NESTING} deep")

    def _flush(self) -> None:
        """Append what the block that just ended held inside itself."""
        if self._pending and not self._is_inside():
            self.blocks.extend(block for block in self._pending if block is not None)
            self._pending.clear()

    def _warn(self, kind: str, message: str) -> None:
        count = self._warning_counts[kind] = self._warning_counts.get(kind, 0) + 1
        if count <= MAX_WARNINGS:
            self.warnings.append(f"{kind}: {message}")
