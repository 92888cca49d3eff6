"""Cuts a Document into its narrative and its forms.

Belongs here: where a form begins and ends, which template fits it, which attachment number it was given.
Does not belong here: reading its cells.

A form begins at a title row, at a section that the form before it has had or cannot have, or at a table that fits a
template by its
anchors. A table that brings only sections which the form before it does not have yet continues that form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pipelines.catalogue import catalogue
from pipelines.catalogue.definitions import normalise_label
from pipelines.documents import Cell, Document, Paragraph, Table
from pipelines.forms.templates import Template, form_templates

REQUIRED_ANCHORS = 2
TITLE_REACH = 3  # paragraphs above a table that may hold its title
_ATTACHMENT = re.compile(
    r"^附(?:件|表)\s*(?P<number>[一二三四五六七八九十]{1,3}|\d{1,2})(?:[-－—]\d{1,2})?\s*[:：、.．]?\s*(?P<title>.*)$"
)
_RUNNING_LINE = re.compile(
    r"^[-－—–\s]*(?:第?\s*\d{1,3}\s*页?(?:\s*[,，/]?\s*共\s*\d{1,3}\s*页)?|[（(]?续[上前]?表?[)）]?)[-－—–\s]*$"
)
_UNIT_LINE = re.compile(r"^[（(]?\s*(?:金额)?单位\s*[:：]\s*(万元|亿元|元)\s*[)）]?$")
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
    document_kind: str = "self_evaluation"


@dataclass
class Segments:
    """A Document cut up: paragraphs of the narrative, forms in reading order, tables that fit no template."""

    narrative: list[Paragraph] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def document_kind_of(title: str) -> str | None:
    """Code of a document kind that a title names (target, approval, final accounts), or None."""
    for code in catalogue().codes["document_kind"].values():
        if any(label in title for label in code.labels):
            return code.code
    return None


def cut(document: Document) -> Segments:
    """Cut a Document into narrative paragraphs and form regions."""
    segments = Segments()
    above: list[Paragraph] = []  # paragraphs since the last table
    table_number = 0
    for block in document.blocks:
        if isinstance(block, Paragraph):
            above.append(block)
            continue
        table_number += 1
        _take_table(segments, block, table_number, above)
        above = []
    _after_last_table(segments, above)
    return segments


def _take_table(segments: Segments, table: Table, table_number: int, above: list[Paragraph]) -> None:
    previous = segments.regions[-1] if segments.regions else None
    lead = _sort_lead(above, previous)
    pieces = _split(table, table_number)
    first = _classify(pieces[0], _title_row(pieces[0]) or lead.title, previous)
    if lead.title and document_kind_of(lead.title) is None and (first is None or not first.title.search(lead.title)):
        lead = _Lead([*lead.narrative, *lead.named], unit=lead.unit)  # the last entry of a list of attachments
    segments.narrative.extend(lead.narrative)
    is_next = (
        previous is not None and previous.slices[-1].table_number == table_number - 1 and lead == _Lead([], unit=lead.unit)
    )
    for number, piece in enumerate(pieces):
        title = _title_row(piece) or (lead.title if number == 0 else None)
        found = _classify(piece, title, previous)
        if found is None and not title and previous is not None and (is_next or number > 0):
            previous.slices.append(piece)  # a table cut by a page break
            continue
        if found is None:
            segments.warnings.append(f"table {table_number} fits no template")
            continue
        if previous is not None and not title and _continues(previous, found, piece):
            previous.slices.append(piece)
            continue
        kind = document_kind_of(title or "") or "self_evaluation"
        attachment = lead.attachment_number if number == 0 else None
        previous = Region(found, [piece], title, attachment, lead.unit if number == 0 else None, kind)
        segments.regions.append(previous)


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
        unit = _UNIT_LINE.match(paragraph.text)
        mark = marks.get(id(paragraph))
        title = mark["title"] if mark else paragraph.text
        if unit:
            lead.unit = unit[1]
        elif title and any(paragraph is one for one in near) and _is_title(title):
            lead.title = title
            lead.named.append(paragraph)
        elif mark is None and not _RUNNING_LINE.match(paragraph.text):
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
    """Whether a line is the title of a form; an entry of a list of attachments (附件：1.…, 2.…) is none."""
    if re.match(r"^\s*(?:附件|[（(]?\d+\s*[.、．)）])", text) or len(text) > 60:
        return False
    return any(template.title.search(text) for template in form_templates()) or document_kind_of(text) is not None


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
    for index, row in enumerate(table.rows):
        texts = [cell.text for cell in row if cell.row == index and cell.text.strip()]
        labels = set(map(normalise_label, texts))
        if len(texts) == 1 and _is_title(texts[0]):
            starts.append(index)
            running = _Running()
        elif begun := {template.template_id: ids for template in form_templates() if (ids := _sections_at(template, labels))}:
            if not running.goes_on(begun):
                starts.append(index if running.heads_from is None else running.heads_from)
                running = _Running()
                running.goes_on(begun)
            running.heads_from = None
        elif any(_is_head(label) for label in labels):
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

    def goes_on(self, begun: dict[str, set[str]]) -> bool:
        """Take the sections that begin at a row; False where no template that fits so far has them next."""
        fitting = {
            name: self.seen[name] | begun[name]
            for name in self.seen.keys() & begun.keys()
            if self.seen[name].isdisjoint(begun[name]) or begun[name] == self.latest.get(name)
        }
        if fitting:
            self.seen, self.latest = fitting, {name: begun[name] for name in fitting}
        return bool(fitting)


def _is_head(label: str) -> bool:
    return any(head.table is None and head.match.fullmatch(label) for template in form_templates() for head in template.heads)


def _sections_at(template: Template, labels: set[str]) -> set[str]:
    """Ids of the sections whose header row has these labels."""
    return {
        section.id
        for section in template.sections
        if any(section.header.fullmatch(label) for label in labels)
        and (not section.columns or any(column.match.fullmatch(label) for column in section.columns for label in labels))
    }


def _labels(piece: Slice) -> set[str]:
    return {normalise_label(cell.text) for cell in piece.anchors() if len(cell.text) <= 40}


def _classify(piece: Slice, title: str | None, previous: Region | None) -> Template | None:
    """The template with the most anchors in the slice, a fitting title counting as two; None below two anchors.

    Where two templates fit alike, it is that of the form before.
    """
    labels = _labels(piece)

    def fit(template: Template) -> int:
        return len(template.anchors & labels) + (2 if title and template.title.search(title) else 0)

    best = max(form_templates(), key=lambda template: (fit(template), previous is not None and template is previous.template))
    return best if fit(best) >= REQUIRED_ANCHORS else None


def _continues(previous: Region, template: Template, piece: Slice) -> bool:
    if previous.template is not template:
        return False
    seen = set[str]().union(*(_sections_at(template, _labels(earlier)) for earlier in previous.slices))
    return seen.isdisjoint(_sections_at(template, _labels(piece)))
