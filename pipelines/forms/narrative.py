"""Reads the text of a report: its sections and the figures of its sentences.

Belongs here: headings, and the grammar of budget sentences as told by templates/HN-NARRATIVE.yml. Does not belong here: tables.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from pipelines.catalogue import catalogue
from pipelines.documents import Locator, Paragraph
from pipelines.forms.observations import FormRecord, Observation, Unmapped
from pipelines.forms.sentences import Figure, Statement, figures, has_amount, scores, statements
from pipelines.forms.templates import narrative_template

_HEADINGS = (
    re.compile(r"^(?P<number>[一二三四五六七八九十]{1,3})\s*[、.．]\s*(?P<rest>.*)$", re.S),
    re.compile(r"^(?P<number>[（(][一二三四五六七八九十]{1,3}[)）])\s*、?(?P<rest>.*)$", re.S),
    re.compile(r"^(?P<number>\d{1,2}(?=\s*[.．、])|[（(]\d{1,2}[)）])\s*[.．、]?\s*(?P<rest>.*)$", re.S),
)
_BRACKETED_DIGITS = re.compile(r"^[（(]\d")
_CHAPTER_IN_DIGITS = re.compile(r"^\d{1,2}、")
_ATTACHMENTS = re.compile(r"^附件\s*[:：]")
HEADING_LENGTH = 30


@dataclass
class NarrativeSection:
    """One heading with its own text; `path` holds the numbering from the chapter down."""

    code: str
    path: tuple[str, ...]
    heading: str | None
    locator: Locator
    paragraphs: list[Paragraph] = field(default_factory=list)


def sections(paragraphs: list[Paragraph]) -> list[NarrativeSection]:
    """Cut the narrative at its headings: 一、 then （一） then 1.; a heading may carry text on the same line."""
    found: list[NarrativeSection] = []
    path: list[tuple[int, str]] = []
    for paragraph in paragraphs:
        if _ATTACHMENTS.match(paragraph.text):
            found.append(NarrativeSection("attachments", (), "附件", paragraph.locator, [paragraph]))
            path = []
            continue
        in_attachments = bool(found) and found[-1].code == "attachments"
        split = _heading(paragraph, in_attachments)
        if split is None:
            if not found:
                found.append(NarrativeSection("preface", (), None, paragraph.locator))
            found[-1].paragraphs.append(paragraph)
            continue
        level, number, heading, rest = split
        path = [*(outer for outer in path if outer[0] < level), (level, number)]
        code = catalogue().code_of_label("section", heading) or "other"
        section = NarrativeSection(code, tuple(printed for _, printed in path), heading, paragraph.locator)
        if rest:
            offset = paragraph.text.index(rest)
            section.paragraphs.append(replace(paragraph, text=" " * offset + rest))  # keeps the character offsets
        found.append(section)
    return found


def heading_level(paragraph: Paragraph) -> tuple[int, str] | None:
    """Level (0 for chapters) and text of a heading; None for plain text."""
    found = _heading(paragraph, in_attachments=False)
    return None if found is None else (found[0], found[2])


def _heading(paragraph: Paragraph, in_attachments: bool) -> tuple[int, str, str, str] | None:
    """Level (0 for chapters), printed number, heading and the text behind it on the same line; None for plain text."""
    text = paragraph.text.strip()
    for level, pattern in enumerate(_HEADINGS):
        match = pattern.match(text)
        if match is None or (in_attachments and level > 0):
            continue
        heading, *behind = re.split(r"[。：:]", match["rest"], maxsplit=1)
        if len(heading) > HEADING_LENGTH or not heading:
            return None
        rest = behind[0] if behind else ""
        is_known = catalogue().code_of_label("section", heading) is not None
        if level == 2 and (re.search(r"[；;，,]", heading) or (_BRACKETED_DIGITS.match(text) and not is_known)):
            return None  # an entry of a list, not a heading
        is_chapter = _CHAPTER_IN_DIGITS.match(text) and catalogue().code_of_label("section", heading) in _CHAPTERS
        return (0 if is_chapter else level), match["number"], heading.strip(), rest.strip()
    return None


_CHAPTERS = frozenset({
    "basic_information", "general_public_budget", "gov_fund_budget", "soc_budget", "social_insurance_budget", "performance",
    "problems", "improvement", "result_use",
})  # fmt: skip


@dataclass
class NarrativeReader:
    """Reads the narrative as form 0, or one paragraph after the other as another form. The numbering of an excerpt is not that
    of a report and is left out."""

    form: FormRecord
    fiscal_year: int | None
    is_excerpt: bool = False
    observations: list[Observation] = field(default_factory=list)
    unmapped: list[Unmapped] = field(default_factory=list)

    def read(self, paragraphs: list[Paragraph]) -> None:
        """Read sections, amounts, rates, staff and statements of 无."""
        grammar = narrative_template()
        funds: dict[str, str] = grammar["funds_by_section"]
        chapter_fund = "all"
        for number, section in enumerate(sections(paragraphs), start=1):
            if len(section.path) == 1 or section.code in funds:
                chapter_fund = funds.get(section.code, "all")
            self._section(section, number)
            for paragraph in section.paragraphs:
                self._sentences(paragraph, section, chapter_fund)
                self._statements(paragraph, section)
                self._scored(paragraph, self._item_of_scores(section))
            if section.code in grammar["none_sections"]:
                self._none(section, funds[section.code])

    def _item_of_scores(self, section: NarrativeSection) -> str | None:
        """The department as a whole where the title or the heading says so; a score there needs no other subject."""
        subjects = [entry for entry in narrative_template()["subjects"] if entry["item"] == "total"]
        named = f"{self.form.title_zh or ''} {section.heading or ''}"
        return "total" if any(re.search(entry["match"], named) for entry in subjects) else None

    def _section(self, section: NarrativeSection, number: int) -> None:
        text = "\n".join(paragraph.text.strip() for paragraph in section.paragraphs)
        codes: dict[str, str | int | None] = {"section_code": section.code}
        number_printed = None if self.is_excerpt else "/".join(section.path) or None
        codes |= {"section_number": number_printed, "heading": section.heading}
        self.observations.append(
            Observation(0, "fact_narratives", f"section {number}", "text", text, section.heading, None, section.locator, codes)
        )

    def _sentences(self, paragraph: Paragraph, section: NarrativeSection, fund: str) -> None:
        usual = narrative_template()["item_by_section"].get(section.code)
        for figure in figures(paragraph.text, self.fiscal_year, usual):
            self.form.figures += 1
            self._told(figure, paragraph, fund)

    def read_paragraph(self, paragraph: Paragraph, item: str) -> None:
        """Read figures and scores of a paragraph that is about one item."""
        for figure in figures(paragraph.text, self.fiscal_year, item):
            self.form.figures += 1
            self._told(figure, paragraph, "all")
        self._scored(paragraph, item)

    def _told(self, figure: Figure, paragraph: Paragraph, fund: str) -> None:
        """Take one figure of a sentence: as a fact, or as unmapped with the words before it."""
        locator = replace(paragraph.locator, column=figure.start + 1)
        if figure.kind == "unmapped" or figure.item is None:
            context = paragraph.text[max(0, figure.start - 20) : figure.start].strip()
            self.unmapped.append(Unmapped(self.form.form_number, context, None, figure.raw, locator))
            return
        codes: dict[str, str | int | None] = {"item_code": figure.item, "fund_source_code": fund}
        label = catalogue().name("item", figure.item)
        place = f"line {paragraph.locator.line} {figure.start}"
        if figure.kind == "rate":
            codes["execution_rate_basis_code"] = figure.basis
            record = f"{figure.item} {fund}"
            self._observe("fact_evaluations", record, "execution_rate_reported_pct", figure.raw, label, locator, codes)
            return
        codes |= {"phase_code": figure.phase, "amount_year": figure.year}
        if figure.kind == "amount":
            self._observe("fact_expenditures", place, "amount_wanyuan", figure.raw, label, locator, codes, figure.unit)
            return
        codes |= {"change_basis_code": figure.basis, "change_sign": figure.sign}
        name = "change_pct" if figure.unit is None else "change_wanyuan"
        label = f"{label} {catalogue().name('change_basis', str(figure.basis))}"
        self._observe("fact_changes", place, name, figure.raw, label, locator, codes, figure.unit)

    def _statements(self, paragraph: Paragraph, section: NarrativeSection) -> None:
        if section.code in narrative_template()["staff_sections"]:
            for stated in statements(paragraph.text, "staff", self.fiscal_year):
                if stated.year == self.fiscal_year:
                    self._state("fact_personnel", "form", stated.name, stated, paragraph, {})
        for stated in statements(paragraph.text, "counts", self.fiscal_year):
            codes: dict[str, str | int | None] = {"count_code": stated.name, "count_year": stated.year}
            self._state("fact_counts", stated.name, "count_value", stated, paragraph, codes)

    def _scored(self, paragraph: Paragraph, usual: str | None = None) -> None:
        """Take the scores and grades of a paragraph; `usual` is the item of sentences that name no subject."""
        for stated in scores(paragraph.text, self.fiscal_year, usual):
            is_grade = stated.name == "grade_reported"
            if stated.item is not None:
                codes: dict[str, str | int | None] = {"item_code": stated.item, "fund_source_code": "all"}
                self._state("fact_evaluations", f"{stated.item} all", stated.name, stated, paragraph, codes, not is_grade)
            elif not is_grade:
                self.form.figures += 1
                locator = replace(paragraph.locator, column=stated.start + 1)
                self.unmapped.append(Unmapped(self.form.form_number, stated.label, None, stated.raw, locator))

    def _state(
        self, table: str, record: str, field_name: str, stated: Statement, paragraph: Paragraph,
        codes: dict[str, str | int | None], is_figure: bool = True,
    ) -> None:  # fmt: skip
        self.form.figures += is_figure
        locator = replace(paragraph.locator, column=stated.start + 1)
        self._observe(table, record, field_name, stated.raw, stated.label, locator, codes, is_figure=is_figure)

    def _none(self, section: NarrativeSection, fund: str) -> None:
        text = "".join(paragraph.text for paragraph in section.paragraphs)
        none = re.search(narrative_template()["none"], text)
        if none is None or has_amount(text):
            return
        codes: dict[str, str | int | None] = {"item_code": "total", "fund_source_code": fund, "phase_code": "executed"}
        codes["amount_year"] = self.fiscal_year
        locator = section.paragraphs[0].locator
        self.observations.append(
            Observation(
                0, "fact_expenditures", f"none {fund}", "amount_wanyuan", none[0], section.heading, None, locator, codes, "none"
            )
        )

    def _observe(
        self, table: str, record: str, field_name: str, raw: str, label: str, locator: Locator,
        codes: dict[str, str | int | None], unit: str | None = None, is_figure: bool = True,
    ) -> None:  # fmt: skip
        number = self.form.form_number
        self.observations.append(
            Observation(number, table, record, field_name, raw, label, None, locator, codes, None, unit, is_figure=is_figure)
        )
