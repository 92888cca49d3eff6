"""Reads rich text (RTF) as Word, WPS Office and LibreOffice write it, in one pass over its words.

Belongs here: groups, control words, code pages and row definitions, down to paragraphs, cell ends and row shapes. Does not
belong here: grids (`flow`).

Words that say nothing about text or tables are passed over, groups that hold none are skipped without being read. Left out
as in `docx`: deleted text, field codes, hidden text, tables of contents, list numbers. Text boxes follow the body; headers,
footers and notes are Paragraphs whose locator names their part.

Bytes of text are in the code page of their font's character set where it has one, else in that of the document. A code point
(`\\u`) is followed by a stand-in for older readers, which is skipped.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from pipelines.documents import docx
from pipelines.documents.flow import VERSION as FLOW_VERSION
from pipelines.documents.flow import Flow, RowShape, VerticalMerge, whole_characters
from pipelines.documents.limits import Limits
from pipelines.documents.model import Block, Document, DocumentError, Paragraph

VERSION = f"rtf-1+{FLOW_VERSION}"
MEDIA_TYPE = "application/rtf"
MAX_GROUPS = 500  # open at once
DEFAULT_ENCODING = "cp1252"
CODE_PAGES = {936: "gb18030", 54936: "gb18030", 65001: "utf-8", 1361: "johab"}
CHARACTER_SETS = {
    128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "cp950", 161: "cp1253", 162: "cp1254", 163: "cp1258",
    177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip
CHARACTERS = {
    "tab": "\t", "line": "\n", "page": "\n", "column": "\n", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
    "emdash": "—", "endash": "–", "bullet": "•", "emspace": "\u2003", "enspace": "\u2002", "qmspace": "\u2005",
}  # fmt: skip
SYMBOLS = {"~": "\u00a0", "_": "-", "\t": "\t", "{": "{", "}": "}", "\\": "\\"}
PARAGRAPH_SYMBOLS = "\r\n"
STORIES = {
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), "header"),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), "footer"),
    "footnote": "footnote",
}
WITHOUT_TEXT = frozenset((
    "colortbl", "info", "pict", "object", "nonshppict", "listtext", "pntext", "nonesttables", "shprslt", "xe", "tc",
    "filetbl", "listtable", "listoverridetable", "private", "template", "ftnsep", "ftnsepc", "ftncn", "aftnsep", "aftnsepc",
    "aftncn", "stextflow", "fontemb", "panose", "falt", "bkmkstart", "bkmkend", "annotation", "comment",
))  # fmt: skip
CHECK_BOX = 1  # kind of form field
UNDECIDED = 25  # result of a form field that was never touched
VERTICAL: dict[str, VerticalMerge] = {"clvmgf": "restart", "clvmrg": "continue"}
TOKEN = re.compile(  # over bytes decoded as Latin-1, so that one pattern serves for words and for bytes
    r"([{}])"  # 1
    r"|\\'([0-9a-fA-F]{2})"  # 2: a byte of text
    r"|\\([a-zA-Z]+)(-?[0-9]{1,10})? ?"  # 3, 4: a word and its number
    r"|([^{}\\\r\n]+)"  # 5: text
    r"|\\([^a-zA-Z])"  # 6: a symbol
    r"|[\r\n]+"
)
SKIPPED = re.compile(r"([{}])|\\bin(\d{1,10}) ?|\\[^a-zA-Z]|\\[a-zA-Z]+|[^{}\\]+")


def read(data: bytes, sha256: str, limits: Limits | None = None) -> Document:
    """Document of an RTF file; tables are `native`, with columns from their cells' edges.

    Raises DocumentError: corrupt where a group or binary data has no end, too_large, or empty where no text is left.
    """
    reader = _Reader(limits or Limits())
    reader.read(data.decode("latin-1"))
    blocks, warnings = reader.finish()
    if not any(isinstance(block, Paragraph) or any(cell.text.strip() for cell in block.cells) for block in blocks):
        raise DocumentError("empty", "the document holds no text")
    return Document(sha256, MEDIA_TYPE, "rtf", VERSION, reader.encoding, tuple(blocks), tuple(warnings))


@dataclass(slots=True)
class _Font:
    name: str = ""
    encoding: str | None = None  # None: that of the document
    is_symbol: bool = False


@dataclass(slots=True)
class _Style:
    name: str = ""
    level: int | None = None
    base: int | None = None


class _RowDefinition:
    """The row that `\\trowd` began: edges and flags of the cells named so far."""

    def __init__(self, left: int = 0) -> None:
        self.edges = [left]
        self.continues_left: list[bool] = []
        self.vertical: list[VerticalMerge] = []
        self.is_continuing = False
        self.next_vertical: VerticalMerge = None

    def end_cell(self, edge: int) -> None:
        self.edges.append(edge)
        self.continues_left.append(self.is_continuing and bool(self.continues_left))
        self.vertical.append(self.next_vertical)
        self.is_continuing, self.next_vertical = False, None

    def shape(self) -> RowShape | None:
        if len(self.edges) == 1:
            return None
        return RowShape(tuple(self.edges), tuple(self.continues_left), tuple(self.vertical))


class _Story:
    """A flow and its paragraph in progress."""

    def __init__(self, limits: Limits, kind: str | None = None) -> None:
        self.flow = Flow(limits)
        self.kind = kind
        self.parts: list[str] = []
        self.row = _RowDefinition()
        self.inner_row = _RowDefinition()

    def take_text(self) -> str:
        text = whole_characters("".join(self.parts))
        self.parts.clear()
        return text


# What text in a group is; what is none of these is dropped.
TEXT, FONT_NAME, STYLE_NAME, FORM_FIELD, DROPPED = "text", "font name", "style name", "form field", "dropped"


@dataclass(slots=True)
class _State:
    """What a group inherits from the one around it and changes for itself."""

    story: _Story
    place: str = TEXT
    fallback: int = 1  # characters that stand in for a code point
    font: int | None = None
    wide_font: int | None = None
    is_wide: bool = False
    is_hidden: bool = False
    is_deleted: bool = False
    is_in_table: bool = False
    is_inner_row: bool = False
    depth: int | None = None
    style: int = 0
    level: int | None = None
    has_own_level: bool = False


class _Reader:
    """Takes the words of a file one after the other; `finish` gives what it said."""

    def __init__(self, limits: Limits) -> None:
        self.encoding = DEFAULT_ENCODING
        self._limits = limits
        self._body = _Story(limits)
        self._stories: list[_Story] = []  # outside the body, in the order of their beginning
        self._state = _State(self._body)
        self._groups: list[_State] = []
        self._fonts: dict[int, _Font] = {}
        self._styles: dict[int, _Style] = {}
        self._default_font: int | None = None
        self._font_number = self._style_number = 0
        self._bytes = bytearray()
        self._to_skip = 0
        self._passes_next_group = False
        self._check_box: dict[str, int] = {}
        self._handlers = self._make_handlers()

    def finish(self) -> tuple[list[Block], list[str]]:
        """Blocks and warnings of the body, then of text boxes, headers, footers and notes."""
        self._end_story(self._body)
        blocks, warnings = self._body.flow.finish(), self._body.flow.warnings
        told: set[tuple[str | None, tuple[str, ...]]] = set()
        numbers: dict[str, int] = {}
        for kind in (None, "header", "footer", "footnote", "endnote"):
            for story in self._stories:
                if story.kind != kind:
                    continue
                found = story.flow.finish()
                if kind is not None:
                    paragraphs = docx.as_paragraphs(found)
                    key = (kind, tuple(paragraph.text for paragraph in paragraphs))
                    if not paragraphs or (key in told and not kind.endswith("note")):
                        continue
                    told.add(key)
                    numbers[kind] = numbers.get(kind, 0) + 1
                    part = f"{kind} {numbers[kind]}"
                    found = [replace(each, locator=replace(each.locator, part=part)) for each in paragraphs]
                blocks.extend(found)
                warnings.extend(story.flow.warnings)
        return blocks, warnings

    def read(self, text: str) -> None:
        """Take the whole file."""
        handlers, match_at = self._handlers, TOKEN.match
        place = 0
        is_marked = False  # by \*: a destination that may be passed over
        while place < len(text):
            match = match_at(text, place)
            if match is None:  # a backslash ends the file
                break
            place = match.end()
            brace, byte, word, number, plain, symbol = match.groups()
            if word is not None:
                handler = handlers.get(word)
                if handler is not None:
                    self._flush()
                    self._to_skip = 0
                    handler(int(number) if number else None)
                elif is_marked or word in WITHOUT_TEXT:
                    place = _after_group(text, place)
                elif word == "bin":
                    place = _after_binary(text, place, number or "0")
            elif byte is not None:
                self._take_bytes(chr(int(byte, 16)))
            elif plain is not None:
                self._take_bytes(plain)
            elif brace == "{":
                self._flush()
                self._to_skip = 0
                if self._passes_next_group:
                    self._passes_next_group = False
                    place = _after_group(text, place) + 1
                    continue
                if len(self._groups) >= MAX_GROUPS:
                    raise DocumentError("too_large", f"groups are nested more than {MAX_GROUPS} deep")
                self._groups.append(self._state)
                self._state = replace(self._state)
            elif brace == "}":
                self._end_group()
                if not self._groups:
                    return
            elif symbol == "*":
                is_marked = True
                continue
            elif symbol is not None:
                self._take_symbol(symbol)
            is_marked = False
        raise DocumentError("corrupt", f"the file ends inside {len(self._groups)} groups")

    # text

    def _take_bytes(self, characters: str) -> None:
        """Bytes of text, each as one character."""
        if self._to_skip:
            skipped = min(self._to_skip, len(characters))
            self._to_skip -= skipped
            characters = characters[skipped:]
        self._bytes += characters.encode("latin-1")

    def _flush(self) -> None:
        """Decode the bytes since the last word; the halves of a character never stand on two sides of one."""
        if not self._bytes:
            return
        font = self._font()
        content = bytes(self._bytes)
        self._bytes.clear()
        if font is not None and font.name in docx.SYMBOLS:
            self._add("".join(self._symbol(font.name, byte) for byte in content))
        else:
            encoding = (font.encoding if font is not None else None) or self.encoding
            self._add(content.decode(encoding, errors="replace"))

    def _font(self) -> _Font | None:
        state = self._state
        number = state.wide_font if state.is_wide and state.wide_font is not None else state.font
        return self._fonts.get(number if number is not None else self._default_font or 0)

    def _add(self, text: str) -> None:
        state = self._state
        match state.place:
            case "text" if state.is_hidden:
                if text.strip():
                    state.story.flow.warn("hidden_text", f"hidden text was left out: {text[:40]!r}")
            case "text" if not state.is_deleted:
                state.story.parts.append(text)
            case "font name":
                self._fonts.setdefault(self._font_number, _Font()).name += text.partition(";")[0]
            case "style name":
                self._styles.setdefault(self._style_number, _Style()).name += text.partition(";")[0]

    def _symbol(self, font: str, code: int) -> str:
        shown = docx.shown_symbol(font, code)
        if shown is None:
            message = f"character {code & 0xFF:02X} of font {font[:40]!r} is shown as {docx.REPLACEMENT}"
            self._state.story.flow.warn("unknown_symbol", message)
        return shown or docx.REPLACEMENT

    def _take_symbol(self, symbol: str) -> None:
        if symbol in PARAGRAPH_SYMBOLS:
            self._flush()
            self._end_paragraph()
        elif symbol in SYMBOLS:
            if self._to_skip:
                self._to_skip -= 1
                return
            self._flush()
            self._add(SYMBOLS[symbol])

    def _take_code_point(self, number: int | None) -> None:
        code = (number or 0) & 0xFFFF
        font = self._font()
        self._add(self._symbol(font.name if font is not None else "", code) if 0xF000 <= code <= 0xF0FF else chr(code))
        self._to_skip = self._state.fallback

    # groups

    def _end_group(self) -> None:
        self._flush()
        self._to_skip = 0
        ended, self._state = self._state, self._groups.pop()
        if ended.story is not self._state.story:
            self._end_story(ended.story)
        if ended.place == FORM_FIELD and self._state.place != FORM_FIELD:
            self._end_form_field()
        if ended.place == STYLE_NAME:
            self._style_number = 0

    def _end_story(self, story: _Story) -> None:
        text = story.take_text()
        if text.strip():
            story.flow.paragraph(text)

    def _begin_story(self, kind: str | None) -> None:
        if self._state.place == TEXT or kind is None:
            self._state = _State(_Story(self._limits, kind), fallback=self._state.fallback, font=self._state.font)
            self._stories.append(self._state.story)

    def _end_form_field(self) -> None:
        """Show a box that is ticked or not, as the form field last read says."""
        chosen, self._check_box = self._check_box, {}
        if chosen.get("fftype") == CHECK_BOX:
            result = chosen.get("ffres", UNDECIDED)
            is_ticked = chosen.get("ffdefres", 0) if result == UNDECIDED else result
            self._state.story.parts.append("☑" if is_ticked else "☐")

    # paragraphs and rows

    def _end_paragraph(self, depth: int | None = None, ends_cell: bool = False) -> None:
        state = self._state
        if state.place != TEXT:
            return
        if depth is None:
            depth = self._depth()
        level = state.level if state.has_own_level else self._style_level(state.style)
        style = self._styles.get(state.style)
        is_contents = style is not None and docx.CONTENTS_STYLE.match(style.name.strip()) is not None
        text = state.story.take_text()
        state.story.flow.paragraph(text, depth, level=level, is_left_out=is_contents, ends_cell=ends_cell)

    def _depth(self) -> int:
        return max(self._state.depth or 0, int(self._state.is_in_table))

    def _end_cell(self, smallest_depth: int) -> None:
        depth = smallest_depth if smallest_depth == 1 else max(self._depth(), smallest_depth)
        self._end_paragraph(depth, ends_cell=True)

    def _end_row(self, is_inner: bool) -> None:
        story = self._state.story
        depth = max(self._depth(), 2) if is_inner else 1
        text = story.take_text()
        if text.strip():
            story.flow.paragraph(text, depth)
        story.flow.end_row(depth, (story.inner_row if is_inner else story.row).shape())

    def _row(self) -> _RowDefinition:
        return self._state.story.inner_row if self._state.is_inner_row else self._state.story.row

    def _begin_row(self) -> None:
        if self._state.is_inner_row:
            self._state.story.inner_row = _RowDefinition()
        else:
            self._state.story.row = _RowDefinition()

    def _style_level(self, number: int) -> int | None:
        passed: set[int] = set()
        at: int | None = number
        while at is not None and at not in passed and (style := self._styles.get(at)) is not None:
            passed.add(at)
            if style.level is None and (heading := docx.HEADING_STYLE.fullmatch(style.name.strip())) is not None:
                style.level = int(heading[1])
            if style.level is not None:
                return style.level
            at = style.base
        return None

    # words

    def _make_handlers(self) -> dict[str, Callable[[int | None], None]]:
        def change(name: str, value: object) -> Callable[[int | None], None]:
            return lambda number: setattr(self._state, name, value)

        def switch(name: str) -> Callable[[int | None], None]:
            return lambda number: setattr(self._state, name, number != 0)

        def add(text: str) -> Callable[[int | None], None]:
            return lambda number: self._add(text)

        def remember(name: str) -> Callable[[int | None], None]:
            def keep(number: int | None) -> None:
                self._check_box[name] = number or 0

            return keep

        def begin(kind: str | None) -> Callable[[int | None], None]:
            return lambda number: self._begin_story(kind)

        def merge(word: str) -> Callable[[int | None], None]:
            return lambda number: setattr(self._row(), "next_vertical", VERTICAL[word])

        return {
            "par": lambda number: self._end_paragraph(),
            "sect": lambda number: self._end_paragraph(),
            "cell": lambda number: self._end_cell(1),
            "nestcell": lambda number: self._end_cell(2),
            "row": lambda number: self._end_row(is_inner=False),
            "nestrow": lambda number: self._end_row(is_inner=True),
            "trowd": lambda number: self._begin_row(),
            "trleft": self._set_left,
            "cellx": lambda number: self._row().end_cell(number or 0),
            "clmgf": lambda number: setattr(self._row(), "is_continuing", False),
            "clmrg": lambda number: setattr(self._row(), "is_continuing", True),
            **{word: merge(word) for word in VERTICAL},
            "pard": lambda number: self._reset_paragraph(),
            "plain": lambda number: self._reset_characters(),
            "intbl": change("is_in_table", True),
            "itap": lambda number: setattr(self._state, "depth", number),
            "s": self._set_style,
            "sbasedon": self._set_base,
            "outlinelevel": self._set_level,
            "f": self._set_font,
            "af": self._set_associated_font,
            "dbch": change("is_wide", True),
            "loch": change("is_wide", False),
            "hich": change("is_wide", False),
            "fcharset": self._set_character_set,
            "cpg": lambda number: setattr(self._current_font(), "encoding", _encoding(number)),
            "ansicpg": self._set_encoding,
            "deff": lambda number: setattr(self, "_default_font", number),
            "u": self._take_code_point,
            "uc": lambda number: setattr(self._state, "fallback", max(number or 0, 0)),
            "v": switch("is_hidden"),
            "deleted": switch("is_deleted"),
            "fonttbl": change("place", FONT_NAME),
            "stylesheet": change("place", STYLE_NAME),
            "shpinst": change("place", DROPPED),
            "shptxt": begin(None),
            "nesttableprops": change("is_inner_row", True),
            "upr": lambda number: setattr(self, "_passes_next_group", True),
            "ud": lambda number: None,  # the half of \upr that is read
            "ftnalt": lambda number: setattr(self._state.story, "kind", "endnote"),
            "fldinst": change("place", DROPPED),
            "formfield": change("place", FORM_FIELD),
            **{word: remember(word) for word in ("fftype", "ffres", "ffdefres")},
            **{word: add(text) for word, text in CHARACTERS.items()},
            **{word: begin(kind) for word, kind in STORIES.items()},
        }

    def _reset_paragraph(self) -> None:
        state = self._state
        state.is_in_table, state.depth, state.style, state.level, state.has_own_level = False, None, 0, None, False

    def _reset_characters(self) -> None:
        state = self._state
        state.font = state.wide_font = None
        state.is_wide = state.is_hidden = state.is_deleted = False

    def _set_left(self, number: int | None) -> None:
        self._row().edges[0] = number or 0

    def _set_style(self, number: int | None) -> None:
        if self._state.place == STYLE_NAME:
            self._style_number = number or 0
        self._state.style = number or 0

    def _set_base(self, number: int | None) -> None:
        if self._state.place == STYLE_NAME:
            self._styles.setdefault(self._style_number, _Style()).base = number

    def _set_level(self, number: int | None) -> None:
        level = number + 1 if number is not None and 0 <= number < 9 else None
        if self._state.place == STYLE_NAME:
            self._styles.setdefault(self._style_number, _Style()).level = level
        else:
            self._state.level, self._state.has_own_level = level, True

    def _current_font(self) -> _Font:
        return self._fonts.setdefault(self._font_number, _Font())

    def _set_font(self, number: int | None) -> None:
        if self._state.place == FONT_NAME:
            self._font_number = number or 0
        elif self._state.is_wide:
            self._state.wide_font = number
        else:
            self._state.font = number

    def _set_associated_font(self, number: int | None) -> None:
        if self._state.is_wide:
            self._state.wide_font = number

    def _set_character_set(self, number: int | None) -> None:
        if self._state.place == FONT_NAME:
            self._current_font().encoding = CHARACTER_SETS.get(number or 0)

    def _set_encoding(self, number: int | None) -> None:
        self.encoding = _encoding(number) or DEFAULT_ENCODING


def _encoding(code_page: int | None) -> str | None:
    """Codec of a Windows code page, None where Python has none."""
    name = CODE_PAGES.get(code_page or 0, f"cp{code_page}")
    try:
        codecs.lookup(name)
    except LookupError:
        return None
    return name


def _after_group(text: str, place: int) -> int:
    """Place of the brace that ends the group open at `place`. Raises DocumentError('corrupt') where there is none."""
    depth = 1
    while (match := SKIPPED.search(text, place)) is not None:
        place = match.end()
        if match[2] is not None:
            place = _after_binary(text, place, match[2])
        elif match[1] == "{":
            depth += 1
        elif match[1] == "}":
            depth -= 1
            if depth == 0:
                return match.start()
    raise DocumentError("corrupt", "the file ends inside a group")


def _after_binary(text: str, place: int, count: str) -> int:
    """Place after so many bytes of binary data. Raises DocumentError('corrupt') where there are fewer."""
    end = place + int(count)
    if not place <= end <= len(text):
        raise DocumentError("corrupt", f"binary data of {count} bytes does not end in the file")
    return end
