"""Rebuilds tables of forms that reached us as plain text.

Belongs here: finding the stretch of paragraphs that a form was flattened to (one cell a line, cells parted by spaces, cells
glued together), cutting it into pieces by the labels that the templates know, and laying the pieces out as a Table that the
engine reads as any other. Does not belong here: putting figures back into columns (`arithmetic`), reading cells (`engine`).

A row stands under the columns only where that is certain; any other row is laid out with another length than the header's, so
that the engine lists its figures as unmapped. Cells keep the line and the character where they stood.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from pipelines.catalogue import catalogue
from pipelines.catalogue.definitions import normalise_label
from pipelines.documents import Cell, Document, Locator, Paragraph, Table
from pipelines.forms import arithmetic
from pipelines.forms.absence import absence_of
from pipelines.forms.observations import MAX_LENGTH, is_figure
from pipelines.forms.templates import Column, Section, form_templates
from pipelines.forms.units import is_unit_line

Block = Paragraph | Table
LEAST_COLUMNS = 3  # header labels in a row that are no chance
LABEL_LENGTH = 40
DOUBT_LENGTH = 120  # of a row's text in a warning
TITLE_LENGTH = 60
TITLE_REACH = 3  # paragraphs above a form that may hold its title
MOST_POINTS = 100  # that one indicator can have
MOST_TOTAL = 120  # that all of them make with the points of the execution rate, if forms print them outside 100
LABEL_LINES = 4  # lines or words that a label may be wrapped over
_ATTACHMENT = re.compile(r"^附(?:件|表)\s*[一二三四五六七八九十\d]")
_CHAPTER = re.compile(r"^(?:[一二三四五六七八九十]{1,3}\s*[、.．]|[（(][一二三四五六七八九十]{1,3}[)）])")
_FILLER = re.compile(r"[….·。\s]+")  # rows left open for further indicators
_RUN = re.compile(r"[\d０-９.,，．%％]+")
_DASHES = re.compile(r"[-－—–]+")  # behind figures: cells without a value
_MESS = re.compile(r"(?:[≥≤≧≦＞＜><=＝═]\s*)?[\d０-９][\d０-９.,，．]*[%％]?")
_OPERATOR = re.compile(r"[≥≤≧≦＞＜><=＝═]{1,2}|定性|定量")
_NAMED_GROUP = re.compile(r"\(\?P<\w+>")
_ASCII_BRACKETS = str.maketrans("（）", "()")
NO_READING = "rows of a form without cell borders allow no certain reading; their figures are listed as unmapped"


def rebuild(document: Document) -> tuple[Document, list[str]]:
    """The Document with a Table in place of every flattened form, and a warning for each that has rows which stay uncertain.

    A Document without such a form is returned as it is.
    """
    labels = _labels(tuple(template.template_id for template in form_templates()))
    blocks: list[Block] = []
    warnings: list[str] = []
    run: list[Paragraph] = []
    changed = False
    for block in (*document.blocks, None):
        if isinstance(block, Paragraph):
            run.append(block)
            continue
        rebuilt = _rebuild_run(run, labels, warnings)
        changed |= rebuilt is not run
        blocks.extend(rebuilt)
        run = []
        if block is not None:
            blocks.append(block)
    return (replace(document, blocks=tuple(blocks)) if changed else document), warnings


# labels ---------------------------------------------------------------------------------------------------------------------


class _Labels:
    """What the labels of all templates say about a text; answers are kept, as the same few labels are asked for again."""

    def __init__(self) -> None:
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
        is_marked = _ATTACHMENT.match(text) or _CHAPTER.match(text)
        return bool(is_marked) or self.is_title(text) or any(label in text for label in kinds)

    def is_title(self, text: str) -> bool:
        """Whether a line is the title of a form of some template; the heading of a chapter is none."""
        return len(text) <= TITLE_LENGTH and not _CHAPTER.match(text) and any(title.search(text) for title in self.titles)


def _union(patterns: Sequence[re.Pattern[str]]) -> re.Pattern[str]:
    return re.compile("|".join(dict.fromkeys(f"(?:{_NAMED_GROUP.sub('(?:', pattern.pattern)})" for pattern in patterns)))


@cache
def _labels(template_ids: tuple[str, ...]) -> _Labels:
    """The labels of the templates in use; their ids are the key of the cache."""
    return _Labels()


# pieces ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Piece:
    """A cell or a part of one. `line` counts the paragraphs of the run; `is_glued`: nothing parts it from the piece before."""

    text: str
    line: int
    locator: Locator
    is_glued: bool = False
    is_doubtful: bool = False  # a numbering may have taken digits of the figure before it, or the other way round

    @property
    def is_value(self) -> bool:
        return is_figure(self.text) or absence_of(self.text) in ("none", "dash", "masked")

    def part(self, start: int, text: str) -> _Piece:
        """A part of the piece, from a character on."""
        if self.locator.box is not None:
            return replace(self, text=text)
        return replace(self, text=text, locator=replace(self.locator, column=(self.locator.column or 1) + start))


def _lex(paragraph: Paragraph, line: int, labels: _Labels, is_joined: bool) -> list[_Piece]:
    """The pieces of a line: the line itself where a line is a cell, else its words, and what is glued in them."""
    text = paragraph.text.strip()
    whole = _Piece(text, line, paragraph.locator)
    if not text:
        return []
    if not is_joined:
        named = re.match(r"([^:：\d]{2,16}[:：])\s*(?=\S)", text)
        if named and "head" in labels.of(named[1]):
            return [replace(whole, text=named[1]), whole.part(named.end(), text[named.end() :])]
        return [whole]
    offset = paragraph.text.index(text)
    pieces: list[_Piece] = []
    for word in re.finditer(r"\S+", text):
        pieces.extend(_cut(whole.part(offset + word.start(), word[0]), labels))
    return pieces


def _cut(word: _Piece, labels: _Labels) -> list[_Piece]:
    """A word cut at the labels and runs of figures that it consists of; whole where it is one, or free text."""
    text = word.text
    if labels.of(text) or word.is_value:
        return [word]
    found: list[_Piece] = []
    free = place = 0
    is_pure = True

    def take(start: int, end: int, is_doubtful: bool = False) -> None:
        found.append(replace(word.part(start, text[start:end]), is_glued=start > 0, is_doubtful=is_doubtful))

    while place < len(text):
        header = labels.header_run.match(text.translate(_ASCII_BRACKETS), place)
        if header:
            for start, end in _header_labels(text, place, header.end(), labels):
                if free < start:
                    is_pure = False
                    take(free, start)
                take(start, end)
                free = place = end
            continue
        end = _label_end(text, place, labels)
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


def _header_labels(text: str, first: int, last: int, labels: _Labels) -> list[tuple[int, int]]:
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

    return list(cut(first)) or [(first, _label_end(text, first, labels) or last)]


def _is_form_text(found: list[_Piece], labels: _Labels) -> bool:
    """Whether the known pieces of a word with free text in it show that cells were glued, not that a name contains them."""
    roles = [labels.of(piece.text) for piece in found]
    return "head" in roles[0] or sum(map(bool, roles)) >= LEAST_COLUMNS


def _label_end(text: str, start: int, labels: _Labels) -> int:
    """Where the longest label ends that begins at a place; 0 for none."""
    for end in range(min(len(text), start + LABEL_LENGTH), start + 1, -1):
        if labels.of(text[start:end]):
            return end
    return 0


def _upright(pieces: list[_Piece], labels: _Labels) -> list[_Piece]:
    """The pieces with labels whose letters stand below each other (年 度 总 体 目 标) joined again."""
    joined: list[_Piece] = []
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


# stretches ------------------------------------------------------------------------------------------------------------------


def _rebuild_run(run: list[Paragraph], labels: _Labels, warnings: list[str]) -> Sequence[Block]:
    """The paragraphs between two tables with their flattened forms as tables; the same list where there is none."""
    headers = _headers(run, labels)
    if not headers:
        return run
    blocks: list[Block] = []
    done = 0
    for number, (header, is_joined) in enumerate(headers):
        if header < done:
            continue
        first = _first_line(run, header, done, labels, is_joined)
        last = header + 1
        while last < len(run) and not labels.is_boundary(run[last].text.strip()):
            last += 1
        if number + 1 < len(headers) and headers[number + 1][0] < last and headers[number + 1][1] != is_joined:
            last = _first_line(run, headers[number + 1][0], header + 1, labels, not is_joined)
        last = _last_line(run, header, last, labels, is_joined)
        pieces = [
            piece
            for line in range(first, last)
            if not is_unit_line(run[line].text)
            for piece in _lex(run[line], line, labels, is_joined)
        ]
        titles = [paragraph.text for paragraph in run[max(0, first - TITLE_REACH) : first]]
        layout = _Layout(_upright(pieces, labels), labels, is_joined, any(map(labels.is_title, titles)))
        layout.read()
        units = [paragraph for paragraph in run[first:last] if is_unit_line(paragraph.text)]
        blocks += [*run[done:first], *units, layout.table()]
        if layout.doubts:
            warnings.append(f"{NO_READING}: {'; '.join(layout.doubts)}")
        done = last
    return [*blocks, *run[done:]]


def _headers(run: list[Paragraph], labels: _Labels) -> list[tuple[int, bool]]:
    """Lines where the columns of a form are named: the first of several lines, or (True) a line that names several."""
    found: list[tuple[int, bool]] = []
    in_a_row = 0
    for line, paragraph in enumerate(run):
        text = paragraph.text.strip()
        if len(text) <= LABEL_LENGTH and "column" in labels.of(text):
            in_a_row += 1
            if in_a_row == LEAST_COLUMNS:
                found.append((line - LEAST_COLUMNS + 1, False))
            continue
        in_a_row = 0
        # A line of labels holds no sentence; that spares the search in most of a report's text.
        may_name_several = len(text) >= 2 * LEAST_COLUMNS and not re.search("[。，]", text)
        if may_name_several and labels.header_run.search(text.translate(_ASCII_BRACKETS)):
            found.append((line, True))
    return found


def _first_line(run: list[Paragraph], header: int, least: int, labels: _Labels, is_joined: bool) -> int:
    """First line of the form whose columns are named at `header`: what it says of itself stands above them."""
    first = header
    for line in range(header - 1, least - 1, -1):
        text = run[line].text.strip()
        if len(text) > TITLE_LENGTH or text.endswith("。") or labels.is_boundary(text):
            break
        roles = labels.of(text)
        if is_joined:
            roles |= labels.of(re.split(r"[\s:：]", text, maxsplit=1)[0]) | labels.of(text[: _label_end(text, 0, labels)])
        if roles & {"head", "section", "anchor"}:
            first = line
    return first


def _last_line(run: list[Paragraph], header: int, last: int, labels: _Labels, is_joined: bool) -> int:
    """Line behind the last one that belongs to the form: what follows its last figure or label is text again."""
    for line in range(last - 1, header, -1):
        text = run[line].text.strip()
        words = text.split() if is_joined else [text]
        if is_joined and _label_end(text, 0, labels):
            return line + 1
        if not is_joined and "head" in labels.of(text) and line + 1 < last and len(run[line + 1].text) <= TITLE_LENGTH:
            return line + 2  # a grade, a name
        if any(labels.of(word) or is_figure(word) for word in words):
            follows = line + 1 < last and not is_joined and is_figure(text) and len(run[line + 1].text) <= 3 * TITLE_LENGTH
            return line + 2 if follows else line + 1  # the reason of the last indicator
    return header + 1


# layout ---------------------------------------------------------------------------------------------------------------------


@dataclass
class _Row:
    """A labelled row of a matrix or of pairs."""

    label: _Piece | None
    values: list[_Piece] = field(default_factory=list)


@dataclass
class _Record:
    """A row of a records section: pieces by place of their column."""

    cells: dict[int, _Piece]
    pieces: list[_Piece]
    is_certain: bool = True
    ends_block: bool = False


@dataclass
class _Layout:
    """Lays the pieces of one stretch out in rows; `cells` and `doubts` fill up section by section."""

    pieces: list[_Piece]
    labels: _Labels
    is_joined: bool
    is_titled: bool
    doubts: list[str] = field(default_factory=list)  # places and texts of rows that stay uncertain
    cells: list[Cell] = field(default_factory=list)
    height: int = 0
    has_amounts: bool = False
    is_glued: bool = False  # the columns are named without separators
    has_certain: bool = False  # a row of amounts or an indicator was read
    place: int = 0

    def table(self) -> Table:
        """The rows laid out so far."""
        return Table(tuple(self.cells), "inferred")

    def read(self) -> None:
        """Lay out every section in order, and what stands between sections as heads."""
        while self.place < len(self.pieces):
            header = self._header_at(self.place)
            if header is not None:
                section, count = header
                read = {"matrix": self._matrix, "records": self._records, "texts": self._texts}[section.kind]
                read(section, None, [], self._columns(section, count))
                continue
            roles = self.labels.of(self.pieces[self.place].text)
            if not ("section" in roles and self._named_section()):
                self._head(roles)

    # sections ---------------------------------------------------------------------------------------------------------------

    def _named_section(self) -> bool:
        """Lay out the section that the next piece names; False where none begins there."""
        named = self.pieces[self.place]
        label = normalise_label(named.text)
        fitting = [section for section in self.labels.sections if section.kind != "records" and section.header.fullmatch(label)]
        for gap in (1, 2):
            extra = self.pieces[self.place + 1 : self.place + gap]
            if any(piece.is_value for piece in extra):
                break
            header = self._header_at(self.place + gap, fitting)
            if header is not None:
                section, count = header
                self.place += gap
                read = self._matrix if section.kind == "matrix" else self._texts
                read(section, named, extra, self._columns(section, count))
                return True
        pairs = next((section for section in fitting if section.kind == "pairs"), None)
        if pairs is not None:
            self._pairs(pairs)
            return True
        text = next((section for section in fitting if section.kind == "texts" and section.section_code), None)
        if text is not None:
            self.place += 1
            self._texts(text, named, [], [])
            return True
        return False

    def _header_at(self, place: int, sections: Sequence[Section] | None = None) -> tuple[Section, int] | None:
        """The section whose columns are named from a piece on, and how many pieces name them; the one with the most."""
        if place >= len(self.pieces) or "column" not in self.labels.of(self.pieces[place].text):
            return None
        best: tuple[Section, int] | None = None
        for section in self.labels.tables if sections is None else sections:
            last = 0
            for count, piece in enumerate(self.pieces[place:]):
                roles = self.labels.of(piece.text)
                if "column" in roles and _column_of(section, piece.text):
                    last = count + 1
                elif piece.is_value or roles - {"column"} or count > last:
                    break  # one label that no template knows may stand between two that one knows
            behind = self.pieces[place + last : place + last + 1]
            if section.rows is not None and behind and behind[0].is_value:
                last -= 1  # the label of the first row happens to be that of a column elsewhere
            least = LEAST_COLUMNS if section.kind in ("matrix", "records") else 1
            known = sum(_column_of(section, piece.text) is not None for piece in self.pieces[place : place + last])
            if known >= least and (best is None or last > best[1]):
                best = section, last
        return best

    def _columns(self, section: Section, count: int) -> list[tuple[_Piece, Column | None]]:
        """The header's pieces with their columns, in the order of the rows: finer labels below a coarse one take its place."""
        found = [(piece, _column_of(section, piece.text)) for piece in self.pieces[self.place : self.place + count]]
        self.is_glued |= any(piece.is_glued for piece, _ in found)
        self.place += count
        fields = [column.field if column else None for _, column in found]
        for coarse, name in enumerate(fields):
            if section.kind != "records" or name is None or name not in fields[coarse + 1 :]:
                continue
            below = [place for place in range(coarse + 1, count) if self._is_second_line(found, place)]
            if below and below[-1] == count - 1 and name in [fields[place] for place in below]:
                return [*found[:coarse], *found[below[0] :], *found[coarse + 1 : below[0]]]
        return found

    @staticmethod
    def _is_second_line(found: list[tuple[_Piece, Column | None]], place: int) -> bool:
        """Whether a header label stands behind the one that closes the first line, the reason."""
        return any(column is not None and column.field == "deviation_reason" for _, column in found[:place])

    def _matrix(
        self, section: Section, named: _Piece | None, extra: list[_Piece], columns: list[tuple[_Piece, Column | None]]
    ) -> None:
        rows = self._rows(section)
        if named is None:  # without the label that names the section nothing tells what the amounts are
            self._loose([piece for piece, _ in columns])
            for row in rows:
                self._loose([*filter(None, [row.label]), *row.values])
            return
        self.has_amounts = True
        width = len(columns) + 2
        self._put([named, next(iter(extra), None), *(piece for piece, _ in columns)])
        roles = [_role(column) for _, column in columns]
        arithmetic_rows = [self._arithmetic_row(row, len(columns)) for row in rows]
        readings = arithmetic.solve(roles, arithmetic_rows)
        for row, stated, reading in zip(rows, arithmetic_rows, readings, strict=True):
            if row.label is not None and not row.values and self.is_glued and "row" not in self.labels.of(row.label.text):
                self._loose([row.label], 1)
                continue
            is_labelled = row.label is not None or section.rows is None
            if reading is None or not is_labelled or any(piece.is_doubtful for piece in row.values):
                self._uncertain([None, row.label, *row.values], width)
                continue
            self.has_certain |= bool(row.values)
            self._put([None, row.label, *_placed(reading, row.values, stated.is_run)])

    def _arithmetic_row(self, row: _Row, count: int) -> arithmetic.Row:
        texts = tuple(piece.text for piece in row.values)
        if count > 1 and len(row.values) == 2 and all(piece.is_glued for piece in row.values) and not is_figure(texts[1]):
            texts = texts[:1]  # cells without a value close the row, their number is lost
        is_run = bool(texts) and count > 1 and len(texts) != count and all(piece.is_glued for piece in row.values)
        is_run = is_run or (
            len(texts) == 1 and count > 1 and self.is_joined and arithmetic.value(texts[0]) is None and is_figure(texts[0])
        )
        part = "" if row.label is None else _part_of(row.label.text)
        return arithmetic.Row(texts, is_run, part)

    def _rows(self, section: Section) -> list[_Row]:
        """Rows up to the next section: a label, or several without figures, and the figures behind it."""
        rows: list[_Row] = []
        waiting: list[_Piece] = []  # texts without figures so far
        while self.place < len(self.pieces):
            piece = self.pieces[self.place]
            if piece.is_value:
                if waiting or not rows:
                    found = self._row_labels(waiting)
                    rows += [_Row(label) for label in found] or [_Row(None)]
                    waiting = []
                rows[-1].values.append(piece)
            elif self._ends_rows(section):
                break
            else:
                waiting.append(piece)
            self.place += 1
        return rows + [_Row(label) for label in self._row_labels(waiting)]

    def _ends_rows(self, section: Section) -> bool:
        piece = self.pieces[self.place]
        roles = self.labels.of(piece.text)
        if roles & {"level1", "level2"} and "row" not in roles:
            return True
        if self._header_at(self.place) is not None:
            return True
        if "section" in roles:
            label = normalise_label(piece.text)
            others = [other for other in self.labels.sections if other.kind != "records" and other.header.fullmatch(label)]
            is_next = any(self._header_at(self.place + gap, others) for gap in (1, 2))
            if is_next or any(other.kind in ("pairs", "texts") for other in others):
                return True
        return "head" in roles or ("anchor" in roles and "row" not in roles)

    def _row_labels(self, waiting: list[_Piece]) -> list[_Piece]:
        """The labels that texts in a row make up: a label may be wrapped over lines or parted by spaces."""
        found: list[_Piece] = []
        place = 0
        while place < len(waiting):
            for count in range(min(LABEL_LINES, len(waiting) - place), 0, -1):
                text = "".join(piece.text for piece in waiting[place : place + count])
                if count == 1 or "row" in self.labels.of(text):
                    found.append(replace(waiting[place], text=text))
                    place += count
                    break
        return found

    def _pairs(self, section: Section) -> None:
        heads: list[_Piece] = []
        while self.place < len(self.pieces) and section.header.fullmatch(normalise_label(self.pieces[self.place].text)):
            heads.append(self.pieces[self.place])
            self.place += 1
        self._put(list(heads))
        for row in self._rows(section):
            is_one = len(row.values) <= 1 and not any(piece.is_doubtful for piece in row.values)
            if (
                row.label is not None
                and is_one
                and all(arithmetic.value(p.text) is not None or not is_figure(p.text) for p in row.values)
            ):
                self._put([row.label, *row.values])
                continue
            if row.label is not None:
                self._put([row.label])
            self._uncertain([None, *row.values], 2)

    def _texts(
        self, section: Section, named: _Piece | None, extra: list[_Piece], columns: list[tuple[_Piece, Column | None]]
    ) -> None:
        """A text a column, or one beside the label; more pieces than that are wrapped somewhere and stay without a place."""
        body: list[_Piece] = []
        while self.place < len(self.pieces):
            piece = self.pieces[self.place]
            if self.labels.of(piece.text) - {"level1", "level2", "row"} or self._header_at(self.place):
                break
            body.append(piece)
            self.place += 1
        heads = [piece for piece, _ in columns]
        width = len(heads) if heads else 1
        if not heads:
            self._put([named, *body] if len(body) == width else [named])
        else:
            self._put([named, *heads])
            if len(body) == width:
                self._put([None, *body])
        if len(body) != width:
            self._loose(body, width + 1)

    def _head(self, roles: frozenset[str]) -> None:
        """A label and the text behind it up to the next label, or a piece that no section knows."""
        label = self.pieces[self.place]
        self.place += 1
        if "head" not in roles:
            self._loose([label])
            return
        values: list[_Piece] = []
        while self.place < len(self.pieces) and not self._is_label(self.pieces[self.place]):
            values.append(self.pieces[self.place])
            self.place += 1
        # What stands between two labels may hold a label that no template knows: it is the value where it is one piece, and
        # where nothing parts it from its label, only behind a colon.
        is_parted = values and (not values[0].is_glued or label.text.endswith((":", "：")))
        if len(values) == 1 and is_parted and not re.search("[:：]", values[0].text):
            self._put([label, values[0]])
            return
        self._put([label])
        self._loose(values)

    def _is_label(self, piece: _Piece) -> bool:
        return bool(self.labels.of(piece.text) - {"row", "total"}) or is_unit_line(piece.text)

    # records ----------------------------------------------------------------------------------------------------------------

    def _records(
        self, section: Section, named: _Piece | None, extra: list[_Piece], columns: list[tuple[_Piece, Column | None]]
    ) -> None:
        body: list[_Piece] = []
        total: _Piece | None = None
        while self.place < len(self.pieces):
            piece = self.pieces[self.place]
            if "total" in self.labels.of(piece.text):
                total = piece
                break
            if self._header_at(self.place) is not None:
                break
            is_anchor = "anchor" in self.labels.of(piece.text) and not self.labels.of(piece.text) & {"level1", "level2"}
            if is_anchor and body:
                break  # a row of another kind below the indicators
            if not is_anchor and not _FILLER.fullmatch(piece.text):
                body.append(piece)
            self.place += 1
        is_glued = any(piece.is_glued for piece, _ in columns)
        fields = [column.field if column else None for _, column in columns]
        self._put([piece for piece, _ in columns])
        # Indicators alone, without title and amounts, may be a score sheet of another form.
        is_unknown = is_glued or not (self.is_titled or self.has_amounts)
        records = [] if is_unknown else _records_of(body, fields, self.labels, self.is_joined, total is not None)
        if not records:
            records = [_Record({}, block, is_certain=False) for block in _blocks(body, self.labels)]
        levels = [place for place, name in enumerate(fields) if name is not None and name.startswith("level")]
        covering: dict[int, int] = {}  # place of a level's column -> index of the cell that covers it so far
        for record in records:
            self._record(record, len(columns), levels, covering)
        if total is not None:
            self.place += 1
            self.has_certain |= any(record.is_certain for record in records)
            self._total(total, records, fields)

    def _record(self, record: _Record, width: int, levels: list[int], covering: dict[int, int]) -> None:
        """One row; a level that is not printed again is covered by the cell above it, as merged cells are."""
        cells = record.cells
        rest = [cells.get(place) for place in range(width) if place not in levels]
        if not record.is_certain:
            cells, rest = self._uncertain_record(record, levels, width)
        anchor = next(iter(record.pieces), None)
        for order, place in enumerate(levels):
            piece = cells.get(place)
            if piece is None and place in covering:
                index = covering[place]
                self.cells[index] = replace(self.cells[index], row_span=self.height - self.cells[index].row + 1)
                continue
            self._cell(self.height, place, piece, anchor)
            covering[place] = len(self.cells) - 1
            if piece is not None:
                for finer in levels[order + 1 :]:
                    covering.pop(finer, None)
        free = (place for place in itertools.count() if place not in levels)
        for place, piece in zip(free, rest, strict=False):
            self._cell(self.height, place, piece, anchor)
        self.height += 1

    def _uncertain_record(
        self, record: _Record, levels: list[int], width: int
    ) -> tuple[dict[int, _Piece], list[_Piece | None]]:
        """The levels that an uncertain record begins with, and its other pieces in a row of another length than the header."""
        cells: dict[int, _Piece] = {}
        left = list(record.pieces)
        for place, name in zip(levels, ("level1", "level2"), strict=False):
            if left and name in self.labels.of(left[0].text):
                cells[place] = left.pop(0)
        rest: list[_Piece | None] = [part for piece in left for part in self._figures_of(piece)]
        self._warn(record.pieces)
        return cells, [None, *rest] if len(rest) + len(levels) == width else rest

    def _figures_of(self, piece: _Piece) -> list[_Piece]:
        """A piece, and the figures of one whose cells are glued together, so that none is lost."""
        if piece.is_value or not self.is_joined or not re.search(r"[\d０-９]", piece.text):
            return [piece]
        return [piece, *(piece.part(found.start(), found[0]) for found in _MESS.finditer(piece.text))]

    def _total(self, label: _Piece, records: list[_Record], fields: list[str | None]) -> None:
        """The row of totals; below a form of which nothing could be read it may be that of a form left blank."""
        values: list[_Piece] = []
        while self.place < len(self.pieces) and self.pieces[self.place].is_value and len(values) < len(fields):
            values.append(self.pieces[self.place])
            self.place += 1
        figures = [piece for piece in values if is_figure(piece.text)]
        if len(figures) == 1 and figures[0].is_glued and arithmetic.value(figures[0].text) is not None:
            figures = _glued_total(figures[0])
        numbers = [arithmetic.value(piece.text) or MOST_TOTAL + 1 for piece in figures]
        is_certain = len(numbers) in (1, 2) and max(numbers) <= MOST_TOTAL and numbers != [MOST_POINTS]
        if len(figures) == 1 and arithmetic.value(figures[0].text) == 100 and _are_full(records, fields):
            is_certain = True  # nothing was lost, so that weight and score are the same
        if self.has_certain and (is_certain or not figures):
            self._put([label, *figures])
            return
        self._loose([label])
        self._uncertain([None, *figures], 2)

    # rows -------------------------------------------------------------------------------------------------------------------

    def _cell(self, row: int, column: int, piece: _Piece | None, anchor: _Piece | None) -> None:
        source = piece or anchor
        self.cells.append(Cell(row, column, 1, 1, "" if piece is None else piece.text, source.locator if source else Locator()))

    def _put(self, row: Sequence[_Piece | None]) -> None:
        anchor = next(filter(None, row), None)
        if anchor is None:
            return
        for column, piece in enumerate(row):
            self._cell(self.height, column, piece, anchor)
        self.height += 1

    def _uncertain(self, row: list[_Piece | None], width: int) -> None:
        """A row whose figures belong to columns unknown: of another length than the header, figures of a run within reach."""
        cut: list[_Piece | None] = []
        for piece in row:
            cut.extend([piece] if piece is None or len(piece.text) <= MAX_LENGTH else _chunks(piece))
        if any(piece is not None and is_figure(piece.text) for piece in cut):
            self._warn(row)
        self._put([*cut, None] if len(cut) == width else cut)

    def _loose(self, pieces: Sequence[_Piece], column: int = 0) -> None:
        """Pieces outside every section, one a row."""
        for piece in pieces:
            parts = self._figures_of(piece) if self.is_glued else [piece]
            self._put([*[None] * column, parts[0]])
            for part in parts[1:]:
                self._put([*[None] * (column + 1), part])

    def _warn(self, pieces: Sequence[_Piece | None]) -> None:
        known = [piece for piece in pieces if piece is not None]
        if known:
            place = replace(known[0].locator, column=None)
            self.doubts.append(f"{place}: {' '.join(piece.text for piece in known)[:DOUBT_LENGTH]}")


def _part_of(label: str) -> str:
    """Whether a row is the whole of its block, a part of it (a source of funds; basic or project expenditure), or neither."""
    for vocabulary, whole in (("fund_source", "all"), ("item", "total")):
        code = catalogue().code_of_label(vocabulary, label)
        if code is not None:
            parent = catalogue().codes[vocabulary][code].parent
            return "whole" if code == whole else "part" if parent == whole else ""
    return ""


def _column_of(section: Section, text: str) -> Column | None:
    label = normalise_label(text)
    return next((column for column in section.columns if column.match.fullmatch(label)), None)


_ROLES = {
    "execution_weight_points": arithmetic.WEIGHT,
    "execution_rate_reported_pct": arithmetic.RATE,
    "execution_score_points": arithmetic.SCORE,
    "control_rate_reported_pct": arithmetic.RATE,
    "area_control_rate_reported_pct": arithmetic.RATE,
    "investment_control_rate_reported_pct": arithmetic.RATE,
}
_PHASES = {"budget_final": arithmetic.BUDGET, "executed": arithmetic.EXECUTED}


def _role(column: Column | None) -> str:
    if column is None or column.field is None:
        return arithmetic.OTHER
    if column.phase is not None:
        return _PHASES.get(column.phase, arithmetic.AMOUNT)
    return _ROLES.get(column.field, arithmetic.OTHER)


def _placed(reading: arithmetic.Reading, values: list[_Piece], is_run: bool) -> list[_Piece | None]:
    """The pieces of a reading under their columns; numbers cut from a run get the places where they stood."""
    placed: list[_Piece | None] = []
    left = list(values)
    offset = 0
    for text in reading:
        if text is None:
            placed.append(None)
        elif is_run and offset < len(values[0].text):
            placed.append(values[0].part(offset, text))
            offset += len(text)
        else:
            placed.append(left.pop(1 if is_run else 0))
    return placed


def _chunks(piece: _Piece) -> list[_Piece]:
    """A long run of digits in parts that still count as figures."""
    return [piece.part(start, piece.text[start : start + MAX_LENGTH]) for start in range(0, len(piece.text), MAX_LENGTH)]


def _glued_total(piece: _Piece) -> list[_Piece]:
    """Weight and score of a total row without separators: the weights of a form make 100, and no score is above that."""
    cut = [
        parts for parts in arithmetic.splits(piece.text, 2) if parts[0] == "100" and (arithmetic.value(parts[1]) or 0) <= 100
    ]
    number = arithmetic.value(piece.text)
    if len(cut) == 1 and number is not None and number > 100:
        return [piece.part(0, cut[0][0]), piece.part(len(cut[0][0]), cut[0][1])]
    return [piece]


def _are_full(records: list[_Record], fields: list[str | None]) -> bool:
    """Whether every record is certain and has its full score."""
    if not records or "weight_points" not in fields or "score_points" not in fields:
        return False
    weight, score = fields.index("weight_points"), fields.index("score_points")
    return all(
        record.is_certain and arithmetic.value(record.cells[weight].text) == arithmetic.value(record.cells[score].text)
        for record in records
    )


# indicators -----------------------------------------------------------------------------------------------------------------

_POINTS = frozenset({"weight_points", "score_points", "review_score_points", "score_coefficient"})
_OPTIONAL = frozenset({"deviation_reason", "level1_label_zh", "level2_label_zh", None})
_VALUES = ("target_raw", "target_adjusted_raw", "actual_raw")


def _blocks(body: list[_Piece], labels: _Labels) -> list[list[_Piece]]:
    """Pieces cut where a level begins: before a level's label that no other level's label precedes."""
    blocks: list[list[_Piece]] = []
    was_level = False
    for piece in body:
        is_level = bool(labels.of(piece.text) & {"level1", "level2"})
        if not blocks or (is_level and not was_level):
            blocks.append([])
        blocks[-1].append(piece)
        was_level = is_level
    return blocks


def _records_of(
    body: list[_Piece], fields: list[str | None], labels: _Labels, is_joined: bool, is_closed: bool
) -> list[_Record]:
    """Records of a stream of cells: a block that can be cut into records in one way gives them, else one that is uncertain."""
    if "indicator_name" not in fields:
        return []
    records: list[_Record] = []
    for block in _blocks(body, labels):
        parses = _parses(block, fields, labels, is_joined)
        if len(parses) != 1 and is_joined:
            lines = [[piece for piece in block if piece.line == line] for line in dict.fromkeys(piece.line for piece in block)]
            by_line = [_parses(line, fields, labels, is_joined) for line in lines]
            for line, found in zip(lines, by_line, strict=True):
                records += found[0] if len(found) == 1 else [_Record({}, line, is_certain=False)]
            continue
        records += parses[0] if len(parses) == 1 else [_Record({}, block, is_certain=False)]
    _doubt_levels(records, fields, labels)
    if records:
        records[-1].ends_block = records[-1].ends_block and is_closed
    _doubt_reasons(records, fields)
    return records


def _parses(block: list[_Piece], fields: list[str | None], labels: _Labels, is_joined: bool) -> list[list[_Record]]:
    """Up to two ways to cut a block into records."""
    found: list[list[_Record]] = []

    def cut(place: int, records: list[_Record]) -> None:
        if len(found) > 1:
            return
        if place == len(block):
            if records:
                found.append([*records[:-1], replace(records[-1], ends_block=True)])
            return
        for cells, end in _record_at(block, place, fields, labels):
            if _is_sound(cells, fields, is_joined):
                cut(end, [*records, _Record(cells, block[place:end])])

    cut(0, [])
    return found


def _record_at(
    block: list[_Piece], start: int, fields: list[str | None], labels: _Labels
) -> Iterator[tuple[dict[int, _Piece], int]]:
    """Every record that may begin at a piece: cells by column, and the piece behind them."""

    def fill(column: int, place: int, cells: dict[int, _Piece]) -> Iterator[tuple[dict[int, _Piece], int]]:
        if column == len(fields):
            yield cells, place
            return
        name = fields[column]
        if place < len(block) and _may_stand(block[place].text, name, labels):
            yield from fill(column + 1, place + 1, {**cells, column: block[place]})
        is_qualitative = name == "target_unit" and any(piece.text == "定性" for piece in cells.values())
        if name in _OPTIONAL or is_qualitative:
            yield from fill(column + 1, place, cells)

    return fill(0, start, {})


def _may_stand(text: str, name: str | None, labels: _Labels) -> bool:
    """Whether a text may be the cell of a column."""
    if name == "level1_label_zh" or name == "level2_label_zh":
        return name[: len("level1")] in labels.of(text)
    if name in _POINTS:
        number = arithmetic.value(text)
        return number is not None and number <= MOST_POINTS and not text.endswith(("%", "％"))
    if name in _VALUES or name is None:
        return True
    if name == "target_operator":
        return _OPERATOR.fullmatch(text) is not None
    return not is_figure(text)


def _is_sound(cells: dict[int, _Piece], fields: list[str | None], is_joined: bool) -> bool:
    """Whether the cells of a record agree with each other: no score above its weight, target and actual of one kind."""
    texts = {name: cells[place].text for place, name in enumerate(fields) if name is not None and place in cells}
    weight, score = (arithmetic.value(texts.get(name)) for name in ("weight_points", "score_points"))
    if weight is not None and score is not None and score > weight:
        return False
    values = [is_figure(texts[name]) for name in _VALUES if name in texts]
    if weight is None and score is None:
        return all(values)
    return not is_joined or len(set(values)) <= 1 or "target_operator" in texts


def _doubt_levels(records: list[_Record], fields: list[str | None], labels: _Labels) -> None:
    """Mark records uncertain where the form has two levels and only a first one is printed: it may stand in the second column,
    or the second one may be a label that no vocabulary knows. So are the records below it, up to one with both."""
    if "level1_label_zh" not in fields or "level2_label_zh" not in fields:
        return
    is_doubtful = False
    for record in records:
        roles = [labels.of(piece.text) for piece in record.pieces[:2]]
        if roles and "level1" in roles[0]:
            is_doubtful = len(roles) < 2 or "level2" not in roles[1]
            is_doubtful &= "level2" not in roles[0] or fields.index("level2_label_zh") not in record.cells
        if is_doubtful:
            record.is_certain = False


def _doubt_reasons(records: list[_Record], fields: list[str | None]) -> None:
    """Mark records uncertain where a text between two may be the reason of the one or begin the wrapped name of the next.

    It is the reason where it ends a sentence or says 无, where every record has one, and where exactly those that lost points
    have one.
    """
    if "deviation_reason" not in fields:
        return
    reason = fields.index("deviation_reason")
    certain = [record for record in records if record.is_certain]
    with_reason = [record for record in certain if reason in record.cells]
    lost = [record for record in certain if _lost_points(record, fields)]
    if len(with_reason) == len(certain) or [id(record) for record in with_reason] == [id(record) for record in lost]:
        return
    for place, record in enumerate(records):
        if not record.is_certain or reason not in record.cells or record.ends_block:
            continue
        text = record.cells[reason].text
        if absence_of(text) is None and not text.endswith(("。", "；", ";")):
            record.is_certain = False
            if place + 1 < len(records):
                records[place + 1].is_certain = False


def _lost_points(record: _Record, fields: list[str | None]) -> bool:
    if "weight_points" not in fields or "score_points" not in fields:
        return False
    weight, score = (arithmetic.value(record.cells[fields.index(name)].text) for name in ("weight_points", "score_points"))
    return weight is not None and score is not None and score < weight
