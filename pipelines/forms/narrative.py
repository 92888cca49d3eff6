"""Reads the text of a report: its sections and the figures of its sentences.

Belongs here: headings, and the grammar of budget sentences as told by templates/HN-NARRATIVE.yml. Does not belong here: tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from pipelines.catalogue import catalogue
from pipelines.catalogue.definitions import normalise_label
from pipelines.documents import Locator, Paragraph
from pipelines.forms.observations import FormRecord, Observation, Unmapped
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
    """Reads the narrative as form 0."""

    form: FormRecord
    fiscal_year: int | None
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
                if section.code in ("staff", "basic_information", "organisation"):
                    self._staff(paragraph)
            if section.code in grammar["none_sections"]:
                self._none(section, funds[section.code])

    def _section(self, section: NarrativeSection, number: int) -> None:
        text = "\n".join(paragraph.text.strip() for paragraph in section.paragraphs)
        codes: dict[str, str | int | None] = {"section_code": section.code}
        codes |= {"section_number": "/".join(section.path) or None, "heading": section.heading}
        self.observations.append(
            Observation(0, "fact_narratives", f"section {number}", "text", text, section.heading, None, section.locator, codes)
        )

    def _sentences(self, paragraph: Paragraph, section: NarrativeSection, fund: str) -> None:
        usual = section.code if section.code in ("basic_expenditure", "project_expenditure") else None
        item, whole = usual, None  # `whole` is what the parts of the sentence belong to
        phase: str | None = None
        is_fresh = False  # a phase was named since the last figure
        year = year_of_clause = self.fiscal_year
        compared = False
        outside = item, whole, compared  # as it was before the brackets
        for token in _tokens(paragraph.text):
            if token.kind == "item":
                item = None if token.value == whole else token.value
            elif token.kind == "part":
                item, whole = None, item
            elif token.kind == "open":
                outside = item, whole, compared
            elif token.kind == "close":
                item, whole, compared = outside
            elif token.kind == "other":
                item, phase = None, phase if is_fresh else None
            elif token.kind == "phase":
                phase, is_fresh = token.value, True
            elif token.kind == "year":
                year = year if compared else int(token.value)
            elif token.kind == "comparison":
                compared, year = True, year_of_clause
            elif token.kind == "clause":
                compared, year_of_clause = False, year
            elif token.kind == "sentence":
                compared, year, year_of_clause = False, self.fiscal_year, self.fiscal_year
                item, whole = (item, whole) if token.value in "；;" else (usual, None)
                outside = item, whole, compared
            else:
                is_fresh = False
                self.form.figures += 1
                self._figure(token, paragraph, None if compared else item, fund, phase, year)

    def _figure(
        self, token: _Token, paragraph: Paragraph, item: str | None, fund: str, phase: str | None, year: int | None
    ) -> None:
        locator = replace(paragraph.locator, column=token.start + 1)
        if item is None:
            context = paragraph.text[max(0, token.start - 20) : token.start].strip()
            self.unmapped.append(Unmapped(0, context, None, token.value, locator))
            return
        codes: dict[str, str | int | None] = {"item_code": item, "fund_source_code": fund}
        label = catalogue().name("item", item)
        if token.kind == "amount":
            codes |= {"phase_code": phase or "unstated", "amount_year": year}
            record = f"line {paragraph.locator.line} {token.start}"
            self._observe("fact_expenditures", record, "amount_wanyuan", token.value, label, locator, codes, token.unit)
        else:
            record = f"{item} {fund}"
            self._observe("fact_evaluations", record, "execution_rate_reported_pct", token.value, label, locator, codes)

    def _staff(self, paragraph: Paragraph) -> None:
        spans: list[tuple[int, int]] = []
        compact, places = _compact(paragraph.text)
        for pattern, field_name in _staff_patterns():
            for match in pattern.finditer(compact):
                if any(start < match.end() and match.start() < end for start, end in spans):
                    continue
                spans.append(match.span())
                self.form.figures += 1
                locator = replace(paragraph.locator, column=places[match.start("n")] + 1)
                self._observe("fact_personnel", "form", field_name, match["n"], match[0], locator, {})

    def _none(self, section: NarrativeSection, fund: str) -> None:
        text = "".join(paragraph.text for paragraph in section.paragraphs)
        none = re.search(narrative_template()["none"], text)
        if none is None or any(token.kind == "amount" for token in _tokens(text)):
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
        codes: dict[str, str | int | None], unit: str | None = None,
    ) -> None:  # fmt: skip
        self.observations.append(
            Observation(0, table, record, field_name, raw, label, None, locator, codes, None, unit, is_figure=True)
        )


@dataclass(frozen=True, slots=True)
class _Token:
    """A word of a budget sentence: `value` is its code, or its figure as printed; `start` counts characters from 0."""

    kind: str
    value: str
    start: int
    unit: str | None = None


# A figure with everything that stands in it, so that a malformed one is seen whole: signs, masks, thousands, ranges,
# approximations.
_RUN = r"(?<![\d.*×])(?<!\d )(?:[-−](?=\d))?[\d*×](?:[\d.,*×]|，(?=\d{3}(?!\d))| (?=\d))*+(?:[-~～—至][\d.,*×]++)?"
# Spelt in ASCII one character for one, so that places stay; the full-width comma parts clauses.
_ASCII = str.maketrans("０１２３４５６７８９．％－＊", "0123456789.%-*")


@cache
def _token_pattern() -> tuple[re.Pattern[str], dict[str, str]]:
    """One pattern for everything that matters in a budget sentence, and the code that each matched word stands for."""
    grammar = narrative_template()
    vocabulary = catalogue().codes["item"]
    labels = {label: code for code in grammar["items"] for label in vocabulary[code].labels}
    items = "|".join(re.escape(label) for label in sorted(labels, key=len, reverse=True))
    phases = "|".join(f"(?P<phase_{number}>{entry['match']})" for number, entry in enumerate(grammar["phases"]))
    pattern = (
        rf"{grammar['rate']}(?P<rate>{_RUN}(?:%|(?![\d年月个分万亿元])))"
        rf"|(?P<amount>{_RUN}[余多]?(?P<unit>亿元|万元|元))"
        r"|(?P<year>20\d{2})年(?!\d{1,2}月|成立|设立|组建|以来)"  # a date is no budget year
        rf"|{phases}|(?P<item>{items})|(?P<comparison>{grammar['comparisons']})|(?P<part>{grammar['parts']})|(?P<other>{grammar['others']})"
        r"|(?P<sentence>[。；;])|(?P<clause>[，,])|(?P<open>[（(])|(?P<close>[)）])"
    )
    return re.compile(pattern), {normalise_label(label): code for label, code in labels.items()}


@cache
def _staff_patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(entry["match"]), entry["field"]) for entry in narrative_template()["staff"])


def _tokens(text: str) -> Iterator[_Token]:
    """Every word that matters, in order; white space counts only between digits."""
    pattern, items = _token_pattern()
    phases = narrative_template()["phases"]
    compact, places = _compact(text)
    for match in pattern.finditer(compact):
        kind = "rate" if match["rate"] else "amount" if match["amount"] else match.lastgroup or ""
        start, end = match.span(kind)
        value = text[places[start] : places[end - 1] + 1]
        if kind.startswith("phase_"):
            kind, value = "phase", phases[int(kind.removeprefix("phase_"))]["phase"]
        elif kind == "item":
            value = items[normalise_label(value)]
        elif kind == "year":
            value = match["year"]
        yield _Token(kind, value, places[start], match["unit"])


def _compact(text: str) -> tuple[str, list[int]]:
    """The text without white space, except one where it parts digits, digits in ASCII; and the place of each character in
    the text."""
    kept = list(text)
    for run in re.finditer(r"\s+", text):
        parts_digits = text[max(0, run.start() - 1) : run.start()].isdigit() and text[run.end() : run.end() + 1].isdigit()
        kept[run.start() : run.end()] = [" " * parts_digits, *[""] * (len(run[0]) - 1)]
    places = [place for place, character in enumerate(kept) if character]
    return "".join(kept).translate(_ASCII), places
