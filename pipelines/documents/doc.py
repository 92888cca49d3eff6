"""Reads Word 97-2003 documents, and the .wps files of WPS Office, which are the same ([MS-DOC]).

Belongs here: the structures of the WordDocument and table streams, down to paragraphs, cell ends and row shapes. Does not
belong here: grids (`flow`), the OLE container (olefile), Word 6 and 95, which `libreoffice` converts where it is installed.

Text stands in pieces, compressed (one byte a character) or UTF-16, whose order a piece table gives; properties of paragraphs
and characters are found by the place of their bytes in the file, so that quick-saved files read like others. Left out as in
`docx`: deleted text, field codes, hidden text, tables of contents, comments. Text boxes follow the body; headers, footers,
footnotes and endnotes are Paragraphs whose locator names their part.

Which of the two horizontal merge flags marks the first cell is told in opposite ways by Microsoft's two descriptions of the
format. Either way the first cell of a merged group bears the mark of all first cells, so the flags are read relative to it.
"""

from __future__ import annotations

import io
import re
import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from pipelines.documents import docx
from pipelines.documents.flow import VERSION as FLOW_VERSION
from pipelines.documents.flow import Flow, RowShape, VerticalMerge, whole_characters
from pipelines.documents.limits import Limits
from pipelines.documents.model import Block, Document, DocumentError, Paragraph

VERSION = f"doc-1+{FLOW_VERSION}"
MEDIA_TYPE = "application/msword"

# FibBase
WORD_97, WORD_6 = 0xA5EC, 0xA5DC
FLAGS = 0x0A
IS_ENCRYPTED, USES_TABLE_1, IS_WIDE = 0x0100, 0x0200, 0x1000
COUNTS = 0x4C  # characters of each story: body, footnotes, headers, macros, comments, endnotes, text boxes, those in headers
STORIES = ("body", "footnote", "header", "macro", "comment", "endnote", "text box")
PLACES = 0x9A  # pairs of place and length in the table stream, by number:
STYLES, HEADERS, CHARACTER_PAGES, PARAGRAPH_PAGES, FONTS, PIECES = 1, 11, 12, 13, 15, 33

PAGE = 512
MAX_PIECES = 100_000
MAX_OVERLAP = 4  # times that all pieces may be longer than the stream which they lie in
MARKS = re.compile("[\r\x07\x0c]")
KEPT_MARKS = "\r\x07\x0c"
FIELD_MARKS = re.compile("[\x13\x14\x15]")
CHECK_BOX = "FORMCHECKBOX"
BLANKED = "\x00"
# Pictures, drawings, numbers of notes, optional hyphens and the like show nothing that is text.
SHOWN: dict[int, str | None] = dict.fromkeys(range(0x20)) | {0x09: "\t", 0x0B: "\n", 0x0E: "\n", 0x1E: "-"}
CONTENTS_STYLES = range(19, 28)  # built-in styles "toc 1" to "toc 9"
HEADING_STYLES = range(1, 10)
HEADER_KINDS = ("header", "header", "footer", "footer", "header", "footer")  # even, odd, even, odd, first, first
SEPARATORS = 6  # stories before the headers of the first section

# Property modifiers ("sprm")
IN_TABLE, ROW_END, DEPTH, INNER_CELL_END, INNER_ROW_END = 0x2416, 0x2417, 0x6649, 0x244B, 0x244C
OUTLINE_LEVEL, HUGE, HUGE_97 = 0x2640, 0x6646, 0x6645
TABLE_SHAPE, TABLE_VERTICAL_MERGE, TABLE_MERGE, TABLE_SPLIT, TAB_STOPS = 0xD608, 0xD62B, 0x5624, 0x5625, 0xC615
DELETED, HIDDEN, SYMBOL, FONT = 0x0800, 0x083C, 0x6A09, 0x4A4F
RESHAPING = (0x7621, 0x5622, 0x7623)  # insert, delete, resize columns: only in the middle of a quick save
OPERAND_SIZES = (1, 1, 2, 4, 2, 2, 0, 3)  # by the three upper bits; 0: the operand's first byte says it
SHORT_FORMS = {0x18: IN_TABLE, 0x19: ROW_END, 0x41: DELETED, 0x5C: HIDDEN}  # in a piece's own modifier
ON = (1, 0x81)
BROKEN = (struct.error, IndexError, ValueError, OverflowError, TypeError, KeyError, AttributeError, RecursionError, OSError)

Modifiers = tuple[tuple[int, bytes], ...]


def read(data: bytes, sha256: str, limits: Limits | None = None) -> Document:
    """Document of a Word 97-2003 file; tables are `native`, with columns from their cells' edges.

    Raises DocumentError: corrupt, encrypted, too_large, empty where no text is left; for Word 6 and 95 those of `libreoffice`.
    """
    limits = limits or Limits()
    streams = _open(data)
    kind = int.from_bytes(streams.main[:2], "little")
    if kind == WORD_6:
        return _read_with_office(streams.main, data, sha256, limits)
    if kind != WORD_97:
        raise DocumentError("corrupt", f"the WordDocument stream begins with {kind:#06x}")
    if int.from_bytes(streams.main[FLAGS : FLAGS + 2], "little") & IS_ENCRYPTED:
        raise DocumentError("encrypted", "a Word document that is protected by a password")
    try:
        blocks, warnings, pictures = _Word(streams, limits).stories()
    except BROKEN as error:
        raise DocumentError("corrupt", f"a structure of the Word file is broken: {error}"[:300]) from error
    if not any(isinstance(block, Paragraph) or any(cell.text.strip() for cell in block.cells) for block in blocks):
        raise DocumentError("empty", f"the document holds no text (pictures: {pictures})")
    return Document(sha256, MEDIA_TYPE, "doc", VERSION, None, tuple(blocks), tuple(warnings))


def _read_with_office(main: bytes, data: bytes, sha256: str, limits: Limits) -> Document:
    """Document of a Word 6 or 95 file, whose text stands in one run of bytes, by LibreOffice."""
    from pipelines.documents import libreoffice

    start, end = int.from_bytes(main[0x18:0x1C], "little"), int.from_bytes(main[0x1C:0x20], "little")
    is_wide = int.from_bytes(main[FLAGS : FLAGS + 2], "little") & IS_WIDE != 0
    return libreoffice.read(data, sha256, "doc", limits, has_tables=not is_wide and b"\x07" in main[start:end])


@dataclass(frozen=True)
class _Streams:
    main: bytes
    table: bytes
    data: bytes


def _open(data: bytes) -> _Streams:
    """The streams of the OLE container; which of two table streams counts is said in the main one."""
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:

            def stream(name: str) -> bytes:
                return bytes(container.openstream(name).read()) if container.exists(name) else b""

            main = stream("WordDocument")
            flags = int.from_bytes(main[FLAGS : FLAGS + 2], "little")
            names = ("1Table", "0Table") if flags & USES_TABLE_1 else ("0Table", "1Table")
            return _Streams(main, stream(names[0]) or stream(names[1]), stream("Data"))
    except BROKEN as error:
        raise DocumentError("corrupt", f"the OLE container is broken: {error}"[:300]) from error


@dataclass(frozen=True, slots=True)
class _Piece:
    start: int  # number of its first character
    end: int
    place: int  # of its first byte in the main stream
    size: int  # bytes of a character
    modifiers: Modifiers


@dataclass(frozen=True, slots=True)
class _Properties:
    """What a paragraph's properties say of its place; `depth` is 0 outside tables."""

    depth: int = 0
    ends_row: bool = False
    ends_inner_cell: bool = False
    level: int | None = None
    is_contents: bool = False
    shape: RowShape | None = None
    is_reshaped: bool = False


class _Pages:
    """Formatted pages of the main stream: which property record holds for the bytes at a place."""

    def __init__(self, main: bytes, index: bytes) -> None:
        count = max(len(index) - 4, 0) // 8
        if count * PAGE > len(main) + PAGE:
            raise ValueError("there are more property pages than the stream has room for")
        self._main = main
        self._starts = struct.unpack_from(f"<{count}I", index) if count else ()
        self._numbers = struct.unpack_from(f"<{count}I", index, 4 * (count + 1)) if count else ()
        self._page = cache(self._read)

    def _read(self, number: int) -> tuple[tuple[int, ...], bytes]:
        page = self._main[number * PAGE : (number + 1) * PAGE]
        if len(page) < PAGE:
            raise ValueError("a property page lies outside the stream")
        return struct.unpack_from(f"<{page[-1] + 1}I", page), page

    def find(self, place: int) -> tuple[bytes, int, int] | None:
        """Page, number of the run on it and count of its runs, for the byte at `place`."""
        at = bisect_right(self._starts, place) - 1
        if at < 0:
            return None
        ends, page = self._page(self._numbers[at] & 0x3FFFFF)
        run = bisect_right(ends, place) - 1
        return (page, run, page[-1]) if 0 <= run < page[-1] else None

    def runs(self) -> Iterator[tuple[int, int, bytes, int, int]]:
        """Start, end, page, number and count of every run, in order."""
        for number in dict.fromkeys(self._numbers):
            ends, page = self._page(number & 0x3FFFFF)
            for run in range(page[-1]):
                yield ends[run], ends[run + 1], page, run, page[-1]


class _Word:
    """One document: its streams and what its structures say."""

    def __init__(self, streams: _Streams, limits: Limits) -> None:
        self._main, self._table, self._data = streams.main, streams.table, streams.data
        self._limits = limits
        self._modifiers = cache(modifiers)
        self._properties_of = cache(self._parse_properties)
        self._shape_of = cache(row_shape)
        self._levels, self._contents = _styles(self._structure(STYLES))
        self._pieces = self._read_pieces(self._structure(PIECES))
        self._starts = [piece.start for piece in self._pieces]
        self._paragraph_pages = _Pages(self._main, self._structure(PARAGRAPH_PAGES))
        self._character_pages = _Pages(self._main, self._structure(CHARACTER_PAGES))
        self._unknown: list[tuple[str, str]] = []
        self._deleted: list[tuple[int, int]] = []
        self._text = self._edited("".join(map(self._decode, self._pieces)))

    def stories(self) -> tuple[list[Block], list[str], int]:
        """Blocks, warnings, and how many pictures the body holds."""
        counts = struct.unpack_from(f"<{len(STORIES)}i", self._main, COUNTS)
        if min(counts) < 0 or counts[0] > len(self._text):
            raise DocumentError("corrupt", f"the text has {len(self._text)} of {sum(counts)} characters")
        ends = [sum(counts[: place + 1]) for place in range(len(counts))]
        spans = dict(zip(STORIES, zip([0, *ends], ends, strict=False), strict=True))
        body = Flow(self._limits)
        for kind, message in self._unknown:
            body.warn(kind, message)
        start, end = spans["body"]
        pictures = self._text.count("\x01", start, end) + self._text.count("\x08", start, end)
        self._tell(body, start, end)
        self._tell(body, *spans["text box"])
        blocks, warnings = body.finish(), body.warnings
        flows = [*self._headers(*spans["header"]), *self._notes("footnote", *spans["footnote"])]
        for flow in [*flows, *self._notes("endnote", *spans["endnote"])]:
            blocks.extend(docx.as_paragraphs(flow.finish()))
            warnings.extend(flow.warnings)
        return blocks, warnings, pictures

    def _headers(self, start: int, end: int) -> Iterator[Flow]:
        """Each different header and footer once, sections in order."""
        index = self._structure(HEADERS)
        places = struct.unpack_from(f"<{len(index) // 4}I", index)
        told: set[tuple[str, str]] = set()
        numbers = {"header": 0, "footer": 0}
        for number, (first, last) in enumerate(pairwise(places[SEPARATORS:])):
            kind = HEADER_KINDS[number % len(HEADER_KINDS)]
            text = self._text[start + first : min(start + last, end)]
            if text.strip("\r") and (kind, text) not in told:
                told.add((kind, text))
                numbers[kind] += 1
                flow = Flow(self._limits, f"{kind} {numbers[kind]}")
                self._tell(flow, start + first, min(start + last, end))
                yield flow

    def _notes(self, kind: str, start: int, end: int) -> Iterator[Flow]:
        """Each note; its number's mark begins it."""
        marks = [match.start() for match in re.finditer("\x02", self._text[start:end])]
        places = [start, *(start + mark for mark in marks if mark), end]
        for number, (first, last) in enumerate(pairwise(places), start=1):
            flow = Flow(self._limits, f"{kind} {number}")
            self._tell(flow, first, last)
            yield flow

    def _tell(self, flow: Flow, start: int, end: int) -> None:
        """Give a flow the paragraphs, cell ends and row ends between two characters."""
        begin = start
        for match in MARKS.finditer(self._text, start, end):
            place, mark = match.start(), match[0]
            properties = self._properties_at(place)
            depth = properties.depth or (1 if mark == "\x07" else 0)
            text = whole_characters(self._text[begin:place].translate(SHOWN))
            begin = place + 1
            if properties.ends_row and depth:
                if properties.is_reshaped:
                    flow.warn("row_shape", "a table was changed in a quick save; its columns may be wrong")
                flow.end_row(depth, properties.shape, is_deleted=self._is_deleted(place))
                continue
            ends_cell = mark == "\x07" or (properties.ends_inner_cell and depth > 1)
            flow.paragraph(text, depth, level=properties.level, is_left_out=properties.is_contents, ends_cell=ends_cell)
        rest = whole_characters(self._text[begin:end].translate(SHOWN))
        if rest:
            flow.paragraph(rest)

    # text

    def _structure(self, number: int) -> bytes:
        place, length = struct.unpack_from("<II", self._main, PLACES + 8 * number)
        if place + length > len(self._table):
            raise ValueError(f"structure {number} lies outside the table stream")
        return self._table[place : place + length]

    def _read_pieces(self, structure: bytes) -> list[_Piece]:
        records: list[Modifiers] = []
        at = 0
        while structure[at] == 1:
            size = int.from_bytes(structure[at + 1 : at + 3], "little")
            records.append(self._modifiers(structure[at + 3 : at + 3 + size]))
            at += 3 + size
        if structure[at] != 2:
            raise ValueError("the piece table is missing")
        index = structure[at + 5 : at + 5 + int.from_bytes(structure[at + 1 : at + 5], "little")]
        count = (len(index) - 4) // 12
        if count > MAX_PIECES:
            raise DocumentError("too_large", f"the text is in {count:,} pieces, more than {MAX_PIECES:,}")
        places = struct.unpack_from(f"<{count + 1}I", index)
        pieces: list[_Piece] = []
        total = 0
        for number in range(count):
            position, own = struct.unpack_from("<IH", index, 4 * (count + 1) + 8 * number + 2)
            is_compressed = position & 0x40000000 != 0
            position &= 0x3FFFFFFF
            size, place = (1, position // 2) if is_compressed else (2, position)
            start, end = places[number], places[number + 1]
            total += (end - start) * size
            if end < start or start != (pieces[-1].end if pieces else 0) or place + (end - start) * size > len(self._main):
                raise ValueError("a piece of text lies outside the file")
            if total > MAX_OVERLAP * len(self._main):
                raise ValueError("pieces of text overlap")
            pieces.append(_Piece(start, end, place, size, _own_modifiers(own, records)))
        return pieces

    def _decode(self, piece: _Piece) -> str:
        """The piece's text, one character for each that the file counts; halves of surrogate pairs stay apart."""
        content = self._main[piece.place : piece.place + (piece.end - piece.start) * piece.size]
        if piece.size == 1:
            return _from_windows(content)
        text = content.decode("utf-16-le", errors="surrogatepass")
        if len(text) == piece.end - piece.start:
            return text
        return "".join(map(chr, struct.unpack(f"<{len(content) // 2}H", content)))

    def _edited(self, text: str) -> str:
        """The text with everything blanked out that Word does not show, and with symbols as what they show."""
        fonts = _symbol_fonts(self._structure(FONTS))
        blanked = list(field_codes(text))
        boxes = sum(CHECK_BOX in text[start:end] for start, end in blanked)
        if boxes:
            self._unknown.append(("check_box", f"{boxes} form fields are boxes to tick; whether they are ticked was not read"))
        symbols: list[tuple[int, int, Modifiers]] = []
        runs = [(piece.start, piece.end, piece.modifiers) for piece in self._pieces if piece.modifiers]
        for start, end, found in [*self._telling_runs(fonts), *runs]:
            for operation, operand in found:
                if operation in (DELETED, HIDDEN) and operand[0] in ON:
                    blanked.append((start, end))
                    if operation == DELETED:
                        self._deleted.append((start, end))
                    elif text[start:end].strip("".join(map(chr, range(0x21)))):
                        self._unknown.append(("hidden_text", f"hidden text at character {start + 1} was left out"))
                elif operation == SYMBOL or (operation == FONT and int.from_bytes(operand, "little") in fonts):
                    symbols.append((start, end, ((operation, operand),)))
        if not blanked and not symbols:
            return text
        characters = list(text)
        for start, end, ((operation, operand),) in symbols:
            font = fonts.get(int.from_bytes(operand[:2], "little"), "")
            for place in range(start, min(end, len(characters))):
                if operation == SYMBOL and characters[place] == "(":
                    characters[place] = self._symbol(font, int.from_bytes(operand[2:4], "little"))
                elif operation == FONT and ord(characters[place]) > 0x20:
                    characters[place] = self._symbol(font, ord(characters[place]))
        done = 0
        for start, end in sorted(blanked):
            for place in range(max(start, done), min(end, len(characters))):
                if characters[place] not in KEPT_MARKS:
                    characters[place] = BLANKED
            done = max(done, end)
        self._deleted.sort()
        return "".join(characters)

    def _symbol(self, font: str, code: int) -> str:
        shown = docx.shown_symbol(font, code)
        if shown is None:
            message = f"character {code & 0xFF:02X} of font {font!r} is shown as {docx.REPLACEMENT}"
            self._unknown.append(("unknown_symbol", message))
        return shown or docx.REPLACEMENT

    def _is_deleted(self, place: int) -> bool:
        at = bisect_right(self._deleted, (place, len(self._text) + 1)) - 1
        return at >= 0 and self._deleted[at][1] > place

    def _telling_runs(self, fonts: dict[int, str]) -> Iterator[tuple[int, int, Modifiers]]:
        """Runs of characters whose properties delete, hide or exchange them: first character, last, the properties."""
        telling = {DELETED, HIDDEN, SYMBOL} | ({FONT} if fonts else set())
        by_place = sorted(self._pieces, key=lambda piece: piece.place)
        places = [piece.place for piece in by_place]
        longest = max((piece.end - piece.start) * piece.size for piece in by_place) if by_place else 0
        for start, end, page, run, count in self._character_pages.runs():
            offset = page[4 * (count + 1) + run] * 2
            if not offset:
                continue
            record = page[offset + 1 : offset + 1 + page[offset]]
            found = tuple(entry for entry in self._modifiers(record) if entry[0] in telling)
            if not found:
                continue
            for piece in by_place[bisect_right(places, start - longest) : bisect_right(places, end - 1)]:
                first = max(start, piece.place) - piece.place
                last = min(end, piece.place + (piece.end - piece.start) * piece.size) - piece.place
                if first < last:
                    yield piece.start + first // piece.size, piece.start + -(-last // piece.size), found

    # paragraphs

    def _properties_at(self, place: int) -> _Properties:
        """Properties of the paragraph that the mark at a character ends."""
        piece = self._pieces[bisect_right(self._starts, place) - 1]
        found = self._paragraph_pages.find(piece.place + (place - piece.start) * piece.size)
        if found is None:
            return self._properties_of(0, b"", piece.modifiers)
        page, run, count = found
        offset = page[4 * (count + 1) + 13 * run] * 2
        if not offset:
            return self._properties_of(0, b"", piece.modifiers)
        size = 2 * page[offset] - 1
        if size < 0:
            offset += 1
            size = 2 * page[offset]
        record = page[offset + 1 : offset + 1 + size]
        return self._properties_of(int.from_bytes(record[:2], "little"), record[2:], piece.modifiers)

    def _parse_properties(self, style: int, record: bytes, own: Modifiers) -> _Properties:
        found = self._modifiers(record)
        for operation, operand in found:
            if operation in (HUGE, HUGE_97):  # the properties are too long for the page and lie in the data stream
                place = int.from_bytes(operand, "little")
                size = int.from_bytes(self._data[place : place + 2], "little")
                found = self._modifiers(self._data[place + 2 : place + 2 + size])
                break
        values = dict(found + own)
        is_in_table = values.get(IN_TABLE, b"\0")[0] == 1
        depth = int.from_bytes(values[DEPTH], "little", signed=True) if DEPTH in values else int(is_in_table)
        ends_row = values.get(ROW_END, b"\0")[0] == 1 or values.get(INNER_ROW_END, b"\0")[0] == 1
        level = self._levels.get(style)
        if OUTLINE_LEVEL in values:
            level = values[OUTLINE_LEVEL][0] + 1 if values[OUTLINE_LEVEL][0] < 9 else None
        return _Properties(
            depth=max(depth, 0),
            ends_row=ends_row,
            ends_inner_cell=values.get(INNER_CELL_END, b"\0")[0] == 1,
            level=level,
            is_contents=style in self._contents,
            shape=self._shape_of(found + own) if ends_row else None,
            is_reshaped=any(operation in RESHAPING for operation in values),
        )


def modifiers(content: bytes) -> Modifiers:
    """Property modifiers with their operands; what is cut off at the end is left out."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at + 2 < len(content):
        operation = content[at] | content[at + 1] << 8
        at += 2
        size = OPERAND_SIZES[operation >> 13]
        if operation == TABLE_SHAPE:
            size = int.from_bytes(content[at : at + 2], "little") - 1
            at += 2
        elif operation == TAB_STOPS and content[at] == 0xFF:
            added = at + 2 + 4 * content[at + 1]
            size = added + 1 + 3 * content[added] - at if added < len(content) else len(content)
        elif size == 0:
            size = content[at]
            at += 1
        if size < 0 or at + size > len(content):
            break
        found.append((operation, content[at : at + size]))
        at += size
    return tuple(found)


def row_shape(found: Modifiers) -> RowShape | None:
    """Shape of a row from the modifiers of its end; None where they give no edges."""
    shape = None
    for operation, operand in found:
        if operation == TABLE_SHAPE and operand:
            shape = _defined_shape(operand)
        elif shape is None:
            continue
        elif operation == TABLE_VERTICAL_MERGE and len(operand) >= 2:
            vertical = list(shape.vertical)
            if operand[0] < len(vertical):
                vertical[operand[0]] = (None, "continue", None, "restart")[operand[1] & 3]
            shape = replace(shape, vertical=tuple(vertical))
        elif operation in (TABLE_MERGE, TABLE_SPLIT):
            first, last = operand[0], operand[1]
            merged = list(shape.continues_left)
            for place in range(first, min(last, len(merged))):
                merged[place] = operation == TABLE_MERGE and place > first
            shape = replace(shape, continues_left=tuple(merged))
    return shape


def _defined_shape(operand: bytes) -> RowShape:
    count = operand[0]
    edges = struct.unpack_from(f"<{count + 1}h", operand, 1)
    horizontal: list[int] = []
    vertical: list[VerticalMerge] = []
    for place in range(3 + 2 * count, 3 + 22 * count, 20):
        flags = int.from_bytes(operand[place : place + 2], "little")  # descriptors left out at the end are zeros
        horizontal.append(flags & 3)
        vertical.append((None, "continue", None, "restart")[flags >> 5 & 3])
    return RowShape(edges, _continuations(horizontal), tuple(vertical))


def _continuations(flags: list[int]) -> tuple[bool, ...]:
    """Whether each cell is part of the one to its left; the first flag of a group is the one that begins groups."""
    found: list[bool] = []
    opening = 0
    for flag in flags:
        if not flag or not opening:
            opening = flag
            found.append(False)
        else:
            found.append(flag != opening)
    return tuple(found)


def _own_modifiers(own: int, records: list[Modifiers]) -> Modifiers:
    """Modifiers that a piece of a quick-saved file carries itself."""
    if own & 1:
        return records[own >> 1]
    operation = SHORT_FORMS.get(own >> 1 & 0x7F)
    return () if operation is None else ((operation, bytes([own >> 8])),)


def field_codes(text: str) -> Iterator[tuple[int, int]]:
    """Where fields say how they are made; a field without an end is left as it is."""
    open_fields: list[list[int]] = []
    for match in FIELD_MARKS.finditer(text):
        if match[0] == "\x13":
            open_fields.append([match.start()])
        elif open_fields and match[0] == "\x14":
            open_fields[-1].append(match.start())
        elif open_fields:
            field = open_fields.pop()
            yield field[0], field[1] if len(field) > 1 else match.start()


def _from_windows(content: bytes) -> str:
    """Text of one byte a character; Windows leaves five of them without meaning."""
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        return "".join(bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in content)


def _styles(sheet: bytes) -> tuple[dict[int, int], set[int]]:
    """Heading level by style number, from outline levels or for the built-in headings, and the styles of tables of contents."""
    levels: dict[int, int] = {}
    contents: set[int] = set()
    if len(sheet) < 6:
        return levels, contents
    header, count, base = struct.unpack_from("<HHH", sheet)
    at = 2 + header
    bases: dict[int, int] = {}
    for number in range(count):
        if at + 2 > len(sheet):
            break
        size = int.from_bytes(sheet[at : at + 2], "little")
        style = sheet[at + 2 : at + 2 + size]
        at += 2 + size + size % 2
        if len(style) < base + 2 or base < 4 or style[2] & 0x0F != 1:  # 1: a paragraph style
            continue
        identity, below = struct.unpack_from("<HH", style)
        bases[number] = below >> 4
        if identity & 0x0FFF in HEADING_STYLES:
            levels[number] = identity & 0x0FFF
        elif identity & 0x0FFF in CONTENTS_STYLES:
            contents.add(number)
        name_end = base + 2 + 2 * int.from_bytes(style[base : base + 2], "little") + 2
        length = int.from_bytes(style[name_end : name_end + 2], "little")
        for operation, operand in modifiers(style[name_end + 4 : name_end + 2 + length]):
            if operation == OUTLINE_LEVEL and operand[0] < 9:
                levels[number] = operand[0] + 1
    for number in list(bases):
        line = [number]
        while line[-1] not in levels and line[-1] in bases:
            line.append(bases.pop(line[-1]))  # no style is passed twice, also where bases run in a circle
        if line[-1] in levels:
            levels |= dict.fromkeys(line, levels[line[-1]])
    return levels, contents


def _symbol_fonts(table: bytes) -> dict[int, str]:
    """Names of the fonts that hold pictures at the codes of letters, by number."""
    found: dict[int, str] = {}
    if len(table) < 4:
        return found
    at = 4
    for number in range(int.from_bytes(table[:2], "little")):
        if at >= len(table):
            break
        font = table[at + 1 : at + 1 + table[at]]
        name = font[39:].decode("utf-16-le", errors="replace").partition("\0")[0]
        if name in docx.SYMBOLS:
            found[number] = name
        at += 1 + len(font)
    return found
