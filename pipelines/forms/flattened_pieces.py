"""Cuts the lines of a flattened form into pieces: cells, or parts of cells that were glued together.

Belongs here: what the labels of the templates say about a text, and where one label or figure ends and the next begins. Does
not belong here: which lines are a form (flattened), how pieces make rows (flattened_layout).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from pipelines.catalogue import catalogue
from pipelines.catalogue.definitions import normalise_label
from pipelines.documents import Locator, Paragraph
from pipelines.forms.absence import absence_of
from pipelines.forms.observations import is_figure
from pipelines.forms.templates import form_templates

LEAST_COLUMNS = 3  # header labels in a row that are no chance
LABEL_LENGTH = 40
TITLE_LENGTH = 60
_ATTACHMENT = re.compile(r"^附(?:件|表)\s*[一二三四五六七八九十\d]")
CHAPTER = re.compile(r"^(?:[一二三四五六七八九十]{1,3}\s*[、.．]|[（(][一二三四五六七八九十]{1,3}[)）])")
_RUN = re.compile(r"[\d０-９.,，．%％]+")
_DASHES = re.compile(r"[-－—–]+")  # behind figures: cells without a value
_NAMED_GROUP = re.compile(r"\(\?P<\w+>")
ASCII_BRACKETS = str.maketrans("（）", "()")


class Labels:
    """What the labels of all templates say about a text; answers are kept, as the same few labels are asked for again."""

    def __init__(self) -> None:
        """Gather the labels of the templates in force."""
        templates = form_templates()
        self.sections = [section for template in templates for section in template.sections]
        self.titles = [template.title for template in templates]
        self.tables = [section for section in self.sections if section.kind in ("matrix", "records")]
        self._columns = _union([column.match for section in self.sections for column in section.columns])
        self._headers = _union([section.header for section in self.sections if section.kind != "records"])
        self._heads = _union([head.match for template in templates for head in template.heads])
        self._totals = _union([section.totals.match for section in self.sections if section.totals is not None])
        self._anchors = frozenset().union(*(template.anchors for template in templates))
        vocabularies = {name for section in self.sections if section.rows for name in section.rows.vocabularies}
        self._vocabularies = tuple(sorted(vocabularies))
        self._known: dict[str, frozenset[str]] = {}
        table_columns = [column.match.pattern for section in self.tables for column in section.columns]
        patterns = dict.fromkeys(_NAMED_GROUP.sub("(?:", pattern).replace(".*", "") for pattern in table_columns)
        first = "".join(sorted(set(re.findall(r"[\u4e00-\u9fff]", "".join(patterns)))))
        label = rf"(?=[{first}\d])(?:{'|'.join(patterns)})(?:\([^()]{{1,8}}\))?[:：]?\s*"
        self.header_run = re.compile(rf"(?:{label}){{{LEAST_COLUMNS},}}")

    def of(self, text: str) -> frozenset[str]:
        """What a text is: column, section, head, total, row, level1, level2, anchor; empty where no template knows it."""
        if not text or len(text) > LABEL_LENGTH:
            return frozenset()
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = frozenset(self._roles(text))
        return known

    def _roles(self, text: str) -> Iterator[str]:
        label = normalise_label(text)
        for role, pattern in (
            ("column", self._columns),
            ("section", self._headers),
            ("head", self._heads),
            ("total", self._totals),
        ):
            if pattern.fullmatch(label):
                yield role
        if label in self._anchors:
            yield "anchor"
        if any(catalogue().code_of_label(vocabulary, text) for vocabulary in self._vocabularies):
            yield "row"
        for level in ("level1", "level2"):
            if catalogue().code_of_label(level, text):
                yield level

    def is_boundary(self, text: str) -> bool:
        """Whether a line ends a form: the title of another, an attachment's mark, a chapter."""
        if len(text) > TITLE_LENGTH or self.of(text):
            return False
        kinds = (label for code in catalogue().codes["document_kind"].values() for label in code.labels)
        is_marked = _ATTACHMENT.match(text) or CHAPTER.match(text)
        return bool(is_marked) or self.is_title(text) or any(label in text for label in kinds)

    def is_title(self, text: str) -> bool:
        """Whether a line is the title of a form of some template; the heading of a chapter is none."""
        return len(text) <= TITLE_LENGTH and not CHAPTER.match(text) and any(title.search(text) for title in self.titles)


def _union(patterns: Sequence[re.Pattern[str]]) -> re.Pattern[str]:
    return re.compile("|".join(dict.fromkeys(f"(?:{_NAMED_GROUP.sub('(?:', pattern.pattern)})" for pattern in patterns)))


@cache
def labels_in_force(template_ids: tuple[str, ...]) -> Labels:
    """The labels of the templates in use; their ids are the key of the cache."""
    return Labels()


@dataclass(frozen=True, slots=True)
class Piece:
    """A cell or a part of one. `line` counts the paragraphs of the run; `is_glued`: nothing parts it from the piece before."""

    text: str
    line: int
    locator: Locator
    is_glued: bool = False
    is_doubtful: bool = False  # a numbering may have taken digits of the figure before it, or the other way round

    @property
    def is_value(self) -> bool:
        """Whether the piece stands where a figure may: a figure, or a mark that there is none."""
        return is_figure(self.text) or absence_of(self.text) in ("none", "dash", "masked")

    def part(self, start: int, text: str) -> Piece:
        """A part of the piece, from a character on."""
        if self.locator.box is not None:
            return replace(self, text=text)
        return replace(self, text=text, locator=replace(self.locator, column=(self.locator.column or 1) + start))


def pieces_of(paragraph: Paragraph, line: int, labels: Labels, is_joined: bool) -> list[Piece]:
    """The pieces of a line: the line itself where a line is a cell, else its words, and what is glued in them."""
    text = paragraph.text.strip()
    whole = Piece(text, line, paragraph.locator)
    if not text:
        return []
    if not is_joined:
        named = re.match(r"([^:：\d]{2,16}[:：])\s*(?=\S)", text)
        if named and "head" in labels.of(named[1]):
            return [replace(whole, text=named[1]), whole.part(named.end(), text[named.end() :])]
        return [whole]
    offset = paragraph.text.index(text)
    pieces: list[Piece] = []
    for word in re.finditer(r"\S+", text):
        pieces.extend(_cut(whole.part(offset + word.start(), word[0]), labels))
    return pieces


def _cut(word: Piece, labels: Labels) -> list[Piece]:
    """A word cut at the labels and runs of figures that it consists of; whole where it is one, or free text."""
    text = word.text
    if labels.of(text) or word.is_value:
        return [word]
    found: list[Piece] = []
    free = place = 0
    is_pure = True

    def take(start: int, end: int, is_doubtful: bool = False) -> None:
        found.append(replace(word.part(start, text[start:end]), is_glued=start > 0, is_doubtful=is_doubtful))

    while place < len(text):
        header = labels.header_run.match(text.translate(ASCII_BRACKETS), place)
        if header:
            for start, end in _header_labels(text, place, header.end(), labels):
                if free < start:
                    is_pure = False
                    take(free, start)
                take(start, end)
                free = place = end
            continue
        end = label_end(text, place, labels)
        run = None if end else _RUN.match(text, place) or (_DASHES.match(text, place) if found and found[-1].is_value else None)
        if not end and (run is None or (free < place and not found)):
            place += 1
            continue
        if free < place:
            is_pure = False
            take(free, place)
        if run:
            end = run.end()
        # 1、 or 、 after a figure: whose digit the 1 is, nobody can tell.
        behind_figure = place > 0 and re.match(r"[\d.、．]", text[place]) is not None and run is None
        if behind_figure and found and found[-1].is_value:
            found[-1] = replace(found[-1], is_doubtful=True)
        take(place, end)
        free = place = end
    if free < len(text):
        is_pure = False
        take(free, len(text))
    if is_pure and not any(piece.is_value for piece in found):
        # 资金管理 is a name, though 资金 and 管理 are labels; header labels and labels with colons are parted.
        is_pure = len(found) >= LEAST_COLUMNS or all(piece.text.endswith((":", "：")) for piece in found)
    begins_known = bool(found) and bool(labels.of(found[0].text))
    return found if is_pure or (begins_known and len(found) > 1 and _is_form_text(found, labels)) else [word]


def _header_labels(text: str, first: int, last: int, labels: Labels) -> list[tuple[int, int]]:
    """The column labels that a run of them consists of: the most that are no two alike (执行率得分 is 执行率 and 得分), of
    equals the longer first ones; at least one."""

    @cache
    def cut(start: int) -> tuple[tuple[int, int], ...]:
        best: tuple[tuple[int, int], ...] = ()
        for end in range(min(len(text), start + LABEL_LENGTH), start + 1, -1):
            label = text[start:end]
            if "column" not in labels.of(label) or re.search(r"\D\d|[≥≤]", label):
                continue  # 偏差原因… may be followed by anything, but not by figures
            found = ((start, end), *(cut(end) if end < last else ()))
            names = [normalise_label(text[one:other]) for one, other in found]
            reaches = (found[-1][1], len(found))
            if len(set(names)) == len(names) and (not best or reaches > (best[-1][1], len(best))):
                best = found
        return best

    return list(cut(first)) or [(first, label_end(text, first, labels) or last)]


def _is_form_text(found: list[Piece], labels: Labels) -> bool:
    """Whether the known pieces of a word with free text in it show that cells were glued, not that a name contains them."""
    roles = [labels.of(piece.text) for piece in found]
    return "head" in roles[0] or sum(map(bool, roles)) >= LEAST_COLUMNS


def label_end(text: str, start: int, labels: Labels) -> int:
    """Where the longest label ends that begins at a place; 0 for none."""
    for end in range(min(len(text), start + LABEL_LENGTH), start + 1, -1):
        if labels.of(text[start:end]):
            return end
    return 0


def upright(pieces: list[Piece], labels: Labels) -> list[Piece]:
    """The pieces with labels whose letters stand below each other (年 度 总 体 目 标) joined again."""
    joined: list[Piece] = []
    place = 0
    while place < len(pieces):
        end = place
        while end < len(pieces) and re.fullmatch(r"[\u4e00-\u9fff]{1,2}", pieces[end].text):
            end += 1
        while end - place > 1 and not labels.of("".join(piece.text for piece in pieces[place:end])):
            end -= 1
        if end - place > 1:
            joined.append(replace(pieces[place], text="".join(piece.text for piece in pieces[place:end])))
            place = end
        else:
            joined.append(pieces[place])
            place += 1
    return joined
