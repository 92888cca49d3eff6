"""Cuts a Document into its narrative and its forms.

Belongs here: where a form begins and ends, which template fits it, which attachment number it was given.
Does not belong here: reading its cells.

A form begins at a title row, at a section that the form before it has had or cannot have, or at a table that fits a
template by its
anchors. A table that brings only sections which the form before it does not have yet continues that form, and so does a table
that begins in the middle of a section behind nothing but running lines of a page. Two forms beside each other in one table are
cut apart where no cell stands across.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace

from pipelines.catalogue.definitions import normalise_label
from pipelines.documents import Cell, Document, Paragraph, Table
from pipelines.forms.classification import SELF_EVALUATION, kind_of_form, kind_of_title
from pipelines.forms.generic import off_template_for
from pipelines.forms.labels import is_head, names_section, sections_begun
from pipelines.forms.templates import Template, form_templates
from pipelines.forms.units import is_unit_line, unit_line

REQUIRED_ANCHORS = 2
TITLE_REACH = 3  # paragraphs above a table that may hold its title
_ATTACHMENT = re.compile(
    r"^附(?:件|表)\s*(?P<number>[一二三四五六七八九十]{1,3}|\d{1,2})(?:[-－—]\d{1,2})?\s*[:：、.．]?\s*(?P<title>.*)$"
)
_RUNNING_LINE = re.compile(
    r"^[-－—–\s]*(?:第?\s*\d{1,3}\s*页?(?:\s*[,，/]?\s*共\s*\d{1,3}\s*页)?|[（(]?续[上前]?表?[)）]?)[-－—–\s]*$"
)
_CONTINUED = re.compile(r"[（(]\s*续\s*[上前]?\s*[表页]?\s*[一二三四五六七八九十\d]*\s*[)）]|^\s*续\s*[上前]?\s*表")
_STATED = re.compile(
    r"^[（(]?(?:填报(?:单位|部门)|预算(?:部门|单位)|部门名称|单位名称|部门[(（]单位[)）]|编报单位|申报单位)(?:名称)?(?:[(（][盖公签]?章[)）])?[:：]"
    r"(?P<name>.+?)(?:[(（][盖公签]?章[)）].*|(?:填报|编报)?(?:日期|时间|人)[:：].*|20\d{2}年度?.*|(?:金额|货币|计价)?单位[:：].*)?$"
)
_OWN_TITLE = re.compile(r"自评[表单](?:[（(][^（()）]{0,16}[)）])?\s*$")  # also of forms that no template knows
MAX_RUNNING_LINE = 40
MAX_TITLE = 60
_CHINESE_DIGITS = {digit: number for number, digit in enumerate("一二三四五六七八九十", start=1)}


@dataclass(frozen=True)
class Slice:
    """Rows `first` (inclusive) to `last` (exclusive) of one table of the Document; `table_number` counts from 1."""

    table: Table
    table_number: int
    first: int
    last: int

    def anchors(self) -> list[Cell]:
        """The cells that begin inside the slice, in reading order."""
        return [cell for cell in self.table.cells if self.first <= cell.row < self.last]


@dataclass
class Region:
    """One form: its template and the rows that belong to it."""

    template: Template
    slices: list[Slice]
    title: str | None = None
    attachment_number: int | None = None
    unit: str | None = None
    document_kind: str = SELF_EVALUATION
    stated_department_name: str | None = None  # of the line 填报单位：… above or on top of the form
    paragraphs_before: int = 0  # of the narrative

    def labels(self) -> list[str]:
        """Texts of the cells."""
        return [cell.text for piece in self.slices for cell in piece.anchors()]


@dataclass
class Segments:
    """A Document cut up: paragraphs of the narrative, forms in reading order, tables that fit no template."""

    narrative: list[Paragraph] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    title: str | None = None  # of the report, where the file holds several


def cut(document: Document) -> Segments:
    """Cut a Document into narrative paragraphs and form regions, each with its kind."""
    segments = Segments()
    repeated = _repeated(document)
    above: list[Paragraph] = []  # paragraphs since the last table
    table_number = 0
    for block in document.blocks:
        if isinstance(block, Paragraph):
            above.append(block)
            continue
        table_number += 1
        _take_table(segments, block, table_number, above, repeated)
        above = []
    _after_last_table(segments, above)
    for region in segments.regions:
        region.document_kind = kind_of_form(region.title, region.labels())
    return segments


def _repeated(document: Document) -> frozenset[str]:
    """Short lines that stand in the document more than once, numbers aside: what a page prints above or below a table."""
    texts = (_masked(block.text) for block in document.blocks if isinstance(block, Paragraph))
    counts = Counter(text for text in texts if len(text) <= MAX_RUNNING_LINE and not text.endswith("。"))
    return frozenset(text for text, count in counts.items() if count > 1)


def _masked(text: str) -> str:
    return re.sub(r"\d+", "0", re.sub(r"\s+", "", text))


def _other_kind(text: str) -> str | None:
    """Kind of a title that names anything but a self-evaluation."""
    kind = kind_of_title(text)
    return None if kind == SELF_EVALUATION else kind


def _take_table(segments: Segments, table: Table, table_number: int, above: list[Paragraph], repeated: frozenset[str]) -> None:
    previous = segments.regions[-1] if segments.regions else None
    lead = _sort_lead(above, previous)
    pieces = [piece for part in _apart(table) for piece in _split(part, table_number)]
    first = _classify(pieces[0], _title_row(pieces[0]) or lead.title, previous)
    if lead.title and _other_kind(lead.title) is None and (first is None or not first.title.search(lead.title)):
        lead = _Lead([*lead.narrative, *lead.named], unit=lead.unit)  # the last entry of a list of attachments
    segments.narrative.extend(lead.narrative)
    is_next = (
        previous is not None
        and previous.slices[-1].table_number == table_number - 1
        and lead.attachment_number is None
        and all(_masked(paragraph.text) in repeated for paragraph in lead.narrative)
    )
    for number, piece in enumerate(pieces):
        title = _title_row(piece) or (lead.title if number == 0 else None)
        is_behind = is_next or number > 0
        if previous is not None and is_behind and title and title == previous.title and _is_inside(previous, piece):
            title = None  # printed again on the next page
        if (
            previous is not None
            and is_behind
            and not title
            and _begun(previous.template, piece)
            and _is_inside(previous, piece)
        ):
            previous.slices.extend(_joined(previous, piece))
            continue
        found = _classify(piece, title, previous)
        if found is None and not title and previous is not None and is_behind:
            previous.slices.extend(_joined(previous, piece))  # a table cut by a page break
            continue
        if found is None:
            segments.warnings.append(f"table {table_number} fits no template")
            segments.narrative.extend(lead.named if number == 0 else ())
            continue
        if previous is not None and not title and _continues(previous, found, piece, is_behind):
            previous.slices.extend(_joined(previous, piece))
            continue
        attachment = lead.attachment_number if number == 0 else None
        previous = Region(
            found,
            [piece],
            title,
            attachment,
            lead.unit if number == 0 else None,
            stated_department_name=_stated_in(piece) or (_stated(above[-TITLE_REACH:]) if number == 0 else None),
            paragraphs_before=len(segments.narrative),
        )
        segments.regions.append(previous)


def _stated(paragraphs: list[Paragraph]) -> str | None:
    """Department of a line 填报单位：… among the paragraphs above a form."""
    return next(filter(None, (_stated_name(paragraph.text) for paragraph in reversed(paragraphs))), None)


def _stated_in(piece: Slice) -> str | None:
    """Department of a cell 填报单位：… in the first rows of a form."""
    cells = [cell for cell in piece.anchors() if cell.row < piece.first + 3]
    return next(filter(None, (_stated_name(cell.text) for cell in cells)), None)


def _stated_name(text: str) -> str | None:
    found = _STATED.match(re.sub(r"\s+", "", text))
    return found["name"] if found else None


@dataclass
class _Lead:
    narrative: list[Paragraph]
    title: str | None = None
    attachment_number: int | None = None
    unit: str | None = None
    named: list[Paragraph] = field(default_factory=list)  # the paragraphs that title and number were read from


def _sort_lead(above: list[Paragraph], previous: Region | None) -> _Lead:
    """Sort the paragraphs above a table: attachment marks, title (on a line of its own or behind the mark), unit line,
    running lines
    of the page; the rest is narrative.

    Two bare marks in a row mean that the first one stands below the table before (附件一 printed after its table).
    """
    lead = _Lead([])
    near = above[-TITLE_REACH:]
    marks = {id(paragraph): mark for paragraph in above if (mark := _ATTACHMENT.match(paragraph.text)) and _is_mark(mark)}
    bare = [mark for mark in marks.values() if not mark["title"]]
    if len(bare) > 1 and previous is not None and previous.attachment_number is None:
        previous.attachment_number = _number(bare[0])
    if marks:
        lead.attachment_number = _number(list(marks.values())[-1])
    for paragraph in above:
        is_near = any(paragraph is one for one in near)
        mark = marks.get(id(paragraph))
        title = mark["title"] if mark else paragraph.text
        if title and is_near and _is_title(title):
            lead.title = title
            lead.named.append(paragraph)
            continue
        unit = unit_line(paragraph.text) if len(paragraph.text) <= MAX_TITLE else None
        lead.unit = unit or lead.unit
        if is_unit_line(paragraph.text):
            continue
        if mark is None and not _RUNNING_LINE.match(paragraph.text) and not _is_continued(paragraph.text):
            lead.narrative.append(paragraph)
    return lead


def _is_mark(found: re.Match[str]) -> bool:
    """Whether an attachment's number stands alone or before a title; 附件1所示 in a sentence is no mark."""
    return not found["title"] or _is_title(found["title"])


def _after_last_table(segments: Segments, above: list[Paragraph]) -> None:
    previous = segments.regions[-1] if segments.regions else None
    for paragraph in above:
        mark = _ATTACHMENT.match(paragraph.text)
        if mark is None or mark["title"]:
            segments.narrative.append(paragraph)
        elif previous is not None and previous.attachment_number is None:
            previous.attachment_number = _number(mark)


def _number(mark: re.Match[str]) -> int | None:
    digits = mark["number"]
    return int(digits) if digits.isdigit() else _CHINESE_DIGITS.get(digits)


def _is_title(text: str) -> bool:
    """Whether a line is the title of a form; an entry of a list of attachments (附件：1.…, 2.…) is none, nor is 续表."""
    if re.match(r"^\s*(?:附件|[（(]?\d+\s*[.、．)）])", text) or len(text) > MAX_TITLE or _CONTINUED.search(text):
        return False
    return _names_form(text)


def _names_form(text: str) -> bool:
    return (
        _OWN_TITLE.search(text) is not None
        or any(template.title.search(text) for template in form_templates())
        or _other_kind(text) is not None
    )


def _is_continued(text: str) -> bool:
    """Whether a line repeats the title of a form on the next page: 项目支出绩效自评表（续）."""
    return _CONTINUED.search(text) is not None and len(text) <= MAX_RUNNING_LINE and (_names_form(text) or len(text) < 12)


def _title_row(piece: Slice) -> str | None:
    """Title in the first rows of a slice: a row whose only text is one title cell."""
    for index in range(piece.first, min(piece.first + 2, piece.last)):
        texts = [cell.text for cell in piece.table.rows[index] if cell.text.strip()]
        if len(texts) == 1 and _is_title(texts[0]):
            return texts[0]
    return None


def _split(table: Table, table_number: int) -> list[Slice]:
    """Slices of a table: a form begins at a title row, or at a section that the form before it has had or cannot have.

    The rows of heads (department, project) just above such a section belong to the new form. A header row that is printed again
    inside its section begins nothing.
    """
    starts = [0]
    running = _Running()
    in_force = {template.template_id for template in form_templates()}
    for index, row in enumerate(table.rows):
        texts = [cell.text for cell in row if cell.row == index and cell.text.strip()]
        labels = set(map(normalise_label, texts))
        if len(texts) == 1 and _is_title(texts[0]):
            starts.append(index)
            running = _Running()
        elif sections := {name: ids for name, ids in sections_begun(labels).items() if name in in_force}:
            if not running.goes_on(sections):
                starts.append(index if running.heads_from is None else running.heads_from)
                running = _Running()
                running.goes_on(sections)
            running.heads_from = None
        elif any(map(is_head, labels)):
            running.heads_from = index if running.heads_from is None else running.heads_from
        elif texts:
            running.heads_from = None
    starts = sorted(set(starts))
    return [Slice(table, table_number, first, last) for first, last in zip(starts, [*starts[1:], len(table.rows)], strict=True)]


@dataclass
class _Running:
    """The form that rows belong to: sections by the templates that still fit it, the last of them, and the first of the
    head rows below."""

    seen: dict[str, set[str]] = field(default_factory=lambda: {template.template_id: set() for template in form_templates()})
    latest: dict[str, set[str]] = field(default_factory=dict)
    heads_from: int | None = None

    def goes_on(self, sections: dict[str, set[str]]) -> bool:
        """Take the sections that begin at a row; False where no template that fits so far has them next."""
        fitting = {
            name: self.seen[name] | sections[name]
            for name in self.seen.keys() & sections.keys()
            if self.seen[name].isdisjoint(sections[name]) or sections[name] == self.latest.get(name)
        }
        if fitting:
            self.seen, self.latest = fitting, {name: sections[name] for name in fitting}
        return bool(fitting)


def _labels(piece: Slice) -> set[str]:
    return {normalise_label(cell.text) for cell in piece.anchors() if len(cell.text) <= 40}


def _classify(piece: Slice, title: str | None, previous: Region | None) -> Template | None:
    """The template with the most anchors in the slice, a fitting title counting as two; one that goes by labels alone where
    none has two, or where it has few of its own and does not go on with the form before; else None.

    Where two templates fit alike, it is that of the form before, else one that is in use in the province and year.
    """
    labels = _labels(piece)

    def fit(template: Template) -> int:
        return len(template.anchors & labels) + (2 if title and template.title.search(title) else 0)

    best = max(form_templates(), key=lambda template: (fit(template), previous is not None and template is previous.template))
    is_certain = fit(best) >= REQUIRED_ANCHORS
    is_titled = title is not None and best.title.search(title) is not None
    goes_on = previous is not None and best is previous.template
    if is_certain and (2 * len(best.anchors & labels) >= len(best.anchors) or is_titled or goes_on):
        return best
    return off_template_for(labels, title) or (best if is_certain else None)


def _continues(previous: Region, template: Template, piece: Slice, is_behind: bool) -> bool:
    """Whether a slice goes on with a form: it brings other sections, or right behind it the last one with its header again."""
    if previous.template is not template:
        return False
    seen = [ids for earlier in previous.slices for ids in _begun(template, earlier)]
    begun = _begun(template, piece)
    if is_behind and seen and begun and begun[0] == seen[-1]:
        begun = begun[1:]
    return set[str]().union(*seen).isdisjoint(set[str]().union(*begun))


def _begun(template: Template, piece: Slice) -> list[set[str]]:
    """Ids of the sections that begin in a slice, row by row."""
    return [ids for _, ids in _beginnings(template, piece)]


def _beginnings(template: Template, piece: Slice) -> list[tuple[int, set[str]]]:
    found = []
    for index in range(piece.first, piece.last):
        labels = {normalise_label(cell.text) for cell in piece.table.rows[index] if cell.row == index and cell.text.strip()}
        if ids := sections_begun(labels).get(template.template_id):
            found.append((index, ids))
    return found


def _is_inside(previous: Region, piece: Slice) -> bool:
    """Whether a slice behind a form may begin inside it: no heads of its own, no sections but those it has next or had last."""
    return not any(map(is_head, _labels(piece))) and _continues(previous, previous.template, piece, is_behind=True)


def _joined(previous: Region, piece: Slice) -> list[Slice]:
    """A slice that goes on with a form, as slices that stand under the columns and in the levels of the form before."""
    return [_with_levels(previous, part) for part in _aligned(previous, piece)]


def _with_levels(previous: Region, piece: Slice) -> Slice:
    """The slice with the names of levels that began before it: a merged cell that goes on behind a page is printed blank."""
    before = previous.slices[-1]
    headers = _beginnings(previous.template, before)
    begun = _beginnings(previous.template, piece)
    first = begun[0][0] + 1 if headers and begun and begun[0] == (piece.first, headers[-1][1]) else piece.first
    last = next((index for index, _ in begun if index >= first), piece.last)
    section = next((one for one in previous.template.sections if headers and one.id in headers[-1][1]), None)
    bottom = before.last - 1
    closing = [normalise_label(cell.text) for cell in before.table.rows[bottom]]
    if section is None or section.kind != "records" or bottom == headers[-1][0]:
        return piece
    if section.totals is not None and any(map(section.totals.match.fullmatch, closing)):
        return piece
    names: dict[int, Cell] = {}  # by column, the level that the row above the slice belongs to
    for head in before.table.rows[headers[-1][0]]:
        matched = next((one for one in section.columns if one.match.fullmatch(normalise_label(head.text))), None)
        above = before.table.grid[bottom][head.column]
        if matched is not None and str(matched.field).startswith("level") and above is not None and above.text.strip():
            names[head.column] = above
    kept: dict[Cell, Cell] = {}
    for index in range(first, last):
        for column in sorted(names):
            cell = piece.table.grid[index][column] if column < _width(piece.table) else None
            if cell is None or cell.text.strip():
                names = {other: name for other, name in names.items() if other < column}
                break
            kept[cell] = replace(cell, text=names[column].text, locator=names[column].locator)
    if not kept:
        return piece
    return replace(piece, table=replace(piece.table, cells=tuple(kept.get(cell, cell) for cell in piece.table.cells)))


def _aligned(previous: Region, piece: Slice) -> list[Slice]:
    """A slice that goes on with a form, its rows above the first header under the columns of the form before.

    Tables of two pages may differ in their columns. Rows of as many cells as the rows before stand under them in order, so do
    rows that lack only what stands left of the header's first known column (the merged name of the section); the columns of any
    other row are not certain.
    """
    before = previous.slices[-1]
    beginnings = _beginnings(previous.template, piece)
    last = beginnings[0][0] if beginnings else piece.last
    headers = _beginnings(previous.template, before)
    if last == piece.first or not headers or _width(before.table) == _width(piece.table):
        return [piece]
    header = before.table.rows[headers[-1][0]]
    section = next(one for one in previous.template.sections if one.id in headers[-1][1])
    known = [
        number
        for number, cell in enumerate(header)
        if any(column.match.fullmatch(normalise_label(cell.text)) for column in section.columns)
    ]
    lacking = known[0] if known else 0
    cells: dict[int, Cell] = {}
    for index in range(piece.first, last):
        row = piece.table.rows[index]
        offset = len(header) - len(row)
        for number, cell in enumerate(row):
            if offset in (0, lacking) and known:
                head = header[number + offset]
                cells.setdefault(id(cell), replace(cell, column=head.column, column_span=head.column_span))
            else:
                cells.setdefault(id(cell), cell)
        if offset == lacking and lacking and known:
            for number, head in enumerate(header[:lacking]):
                name = Cell(index, head.column, 1, head.column_span, "", row[0].locator)
                cells[-1 - number - lacking * index] = name
    rows = sorted(cells.values(), key=lambda cell: (cell.row, cell.column))
    aligned = replace(piece, table=replace(piece.table, cells=tuple(rows), origin="inferred"), last=last)
    return [aligned, *([replace(piece, first=last)] if last < piece.last else [])]


def _width(table: Table) -> int:
    return max((cell.column + cell.column_span for cell in table.cells), default=0)


def _apart(table: Table) -> list[Table]:
    """The forms that stand beside each other in a table: cut where a row names a section twice and no cell stands across."""
    for row in table.rows:
        labels = [normalise_label(cell.text) for cell in row if cell.text.strip()]
        if any(labels.count(label) == 2 and names_section(label) for label in labels):
            break
    else:
        return [table]
    for column in range(1, _width(table)):
        if any(cell.column < column < cell.column + cell.column_span for cell in table.cells):
            continue
        left = replace(table, cells=tuple(cell for cell in table.cells if cell.column < column))
        right = replace(
            table, cells=tuple(replace(cell, column=cell.column - column) for cell in table.cells if cell.column >= column)
        )
        if _same_headers(left, right):
            return [left, right]
    return [table]


def _same_headers(left: Table, right: Table) -> bool:
    """Whether two tables have the same section headers, and with them the same number of columns."""

    def headers(table: Table) -> list[str]:
        return sorted(label for cell in table.cells if names_section(label := normalise_label(cell.text)))

    return headers(left) == headers(right) != []
