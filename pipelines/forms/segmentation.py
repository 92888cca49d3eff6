"""Cuts a Document into its narrative and its forms.

Belongs here: where a form begins and ends, which template fits it, which attachment number it was given.
Does not belong here: reading its cells.

A form begins at a title row, at a row that a template names as its start, or at a table that fits a template by its anchors. A table
that brings only sections which the form before it does not have yet continues that form.
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
_ATTACHMENT = re.compile(r"^附(?:件|表)\s*([一二三四五六七八九十\d]{1,3})\s*[:：]?\s*$")
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
    segments.narrative.extend(lead.narrative)
    for number, piece in enumerate(_split(table, table_number)):
        title = _title_row(piece) or (lead.title if number == 0 else None)
        found = _classify(piece, title)
        if found is None and not title and previous is not None and previous.slices[-1].table_number == table_number - 1 and not above:
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


def _sort_lead(above: list[Paragraph], previous: Region | None) -> _Lead:
    """Sort the paragraphs above a table: attachment marks, title, unit line; the rest is narrative.

    Two marks in a row mean that the first one stands below the table before (附件一 printed after its table).
    """
    lead = _Lead([])
    near = above[-TITLE_REACH:]
    marks = [paragraph for paragraph in above if _ATTACHMENT.match(paragraph.text)]
    if len(marks) > 1 and previous is not None and previous.attachment_number is None:
        previous.attachment_number = _number(marks[0].text)
    if marks:
        lead.attachment_number = _number(marks[-1].text)
    for paragraph in above:
        unit = _UNIT_LINE.match(paragraph.text)
        if paragraph in marks:
            continue
        if unit:
            lead.unit = unit[1]
        elif paragraph in near and _is_title(paragraph.text):
            lead.title = paragraph.text
        else:
            lead.narrative.append(paragraph)
    return lead


def _after_last_table(segments: Segments, above: list[Paragraph]) -> None:
    previous = segments.regions[-1] if segments.regions else None
    for paragraph in above:
        if not _ATTACHMENT.match(paragraph.text):
            segments.narrative.append(paragraph)
        elif previous is not None and previous.attachment_number is None:
            previous.attachment_number = _number(paragraph.text)


def _number(mark: str) -> int | None:
    found = _ATTACHMENT.match(mark)
    assert found is not None, mark
    digits = found[1]
    return int(digits) if digits.isdigit() else _CHINESE_DIGITS.get(digits)


def _is_title(text: str) -> bool:
    """Whether a line is the title of a form; an entry of a list of attachments (附件：1.…, 2.…) is none."""
    if re.match(r"^\s*(?:附件|\d+\s*[.、．])", text) or len(text) > 60:
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
    """Slices of a table at title rows and at the start rows that templates name."""
    starts = [0]
    for index, row in enumerate(table.rows):
        if index == 0:
            continue
        texts = [cell.text for cell in row if cell.text.strip() and cell.row == index]
        is_title = len(texts) == 1 and _is_title(texts[0])
        follows_title = index - starts[-1] <= 2 and _title_row(Slice(table, table_number, starts[-1], index)) is not None
        is_start = bool(texts) and any(
            template.starts is not None and template.starts.fullmatch(normalise_label(texts[0])) for template in form_templates()
        )
        if is_title or (is_start and not follows_title):
            starts.append(index)
    return [
        Slice(table, table_number, first, last)
        for first, last in zip(starts, [*starts[1:], len(table.rows)], strict=True)
    ]


def _labels(piece: Slice) -> set[str]:
    return {normalise_label(cell.text) for cell in piece.anchors() if len(cell.text) <= 40}


def _classify(piece: Slice, title: str | None) -> Template | None:
    """The template with the most anchors in the slice, a fitting title counting as two; None below two anchors."""
    labels = _labels(piece)

    def fit(template: Template) -> int:
        return len(template.anchors & labels) + (2 if title and template.title.search(title) else 0)

    best = max(form_templates(), key=fit)
    return best if fit(best) >= REQUIRED_ANCHORS else None


def _continues(previous: Region, template: Template, piece: Slice) -> bool:
    if previous.template is not template:
        return False
    labels = _labels(piece)
    if template.starts is not None and any(template.starts.fullmatch(label) for label in labels):
        return False

    def present(labels: set[str]) -> set[str]:
        return {section.id for section in template.sections if any(section.header.fullmatch(label) for label in labels)}

    seen = set[str]().union(*(present(_labels(piece)) for piece in previous.slices))
    return seen.isdisjoint(present(labels))
