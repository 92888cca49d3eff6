"""Finds, in running text, the chapters on performance and the paragraphs that evaluate one project each.

Belongs here: final accounts with a chapter on performance, and paragraphs such as 某项目绩效自评情况：全年预算数120万元 told by
templates/PROSE.yml. Does not belong here: figures and scores of a sentence (sentences), other chapters of final accounts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from pipelines.documents import Paragraph
from pipelines.forms.narrative import NarrativeReader, heading_level
from pipelines.forms.observations import FormRecord, Observation
from pipelines.forms.sentences import compact
from pipelines.forms.templates import prose_template

ITEM = "project_expenditure"
TITLE_LINES = 6
MAX_LINE = 60
_YEAR = re.compile(r"(20\d{2})年")


@dataclass
class Project:
    """What a text says of one project: its name as printed and its paragraphs."""

    name: str
    paragraphs: list[Paragraph] = field(default_factory=list)


@dataclass(frozen=True)
class AccountsTitle:
    """Title of final accounts on one line, with the department and the year that it names."""

    text: str
    department_name: str
    year: int | None


def title_of_accounts(paragraphs: Iterable[Paragraph]) -> AccountsTitle | None:
    """The title in the first lines of final accounts, or None."""
    text = ""
    for paragraph in [one for one in paragraphs if one.text.strip()][:TITLE_LINES]:
        line = compact(paragraph.text)[0]
        if len(text + line) > MAX_LINE or re.search(r"[。；;：:]|^[一二三四五六七八九十]{1,3}、", line):
            return None
        text += line
        year = _YEAR.search(text)
        found = re.search(prose_template()["title"], re.sub(r"20\d{2}年度?", "", text))
        if found:
            return AccountsTitle(text, found["name"], int(year[1]) if year else None)
    return None


def performance_chapters(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """The chapters on performance with their headings; a chapter ends at the next heading of its level or a higher one."""
    found: list[Paragraph] = []
    level: int | None = None
    for paragraph in paragraphs:
        told = heading_of(paragraph)
        if told is not None and (level is None or told[0] <= level):
            level = told[0] if re.search(prose_template()["chapters"], told[1]) else None
        if level is not None:
            found.append(paragraph)
    return found


def heading_of(paragraph: Paragraph) -> tuple[int, str] | None:
    """Level and text of a heading; parts (第二部分) stand above chapters."""
    text = compact(paragraph.text)[0]
    if len(text) <= MAX_LINE and re.match(prose_template()["parts"], text):
        return -1, text
    return heading_level(paragraph)


def projects(paragraphs: Sequence[Paragraph]) -> tuple[list[Project], list[Paragraph]]:
    """Projects with their paragraphs, and the paragraphs of no project.

    A project's paragraphs go on to the next project or heading.
    """
    found: list[Project] = []
    others: list[Paragraph] = []
    running: Project | None = None
    for paragraph in paragraphs:
        name = _name(paragraph)
        if name is not None:
            running = Project(name)
            found.append(running)
        elif heading_of(paragraph) is not None:
            running = None
        (others if running is None else running.paragraphs).append(paragraph)
    return found, others


def _name(paragraph: Paragraph) -> str | None:
    """Name of the project that a paragraph is about; None where it begins otherwise."""
    text = compact(paragraph.text)[0]
    for pattern, needs in _openings():
        opening = pattern.match(text)
        if opening is None or re.search(needs, text[opening.end() :]) is None:
            continue
        return None if re.search(prose_template()["no_names"], opening["name"]) else opening["name"]
    return None


@cache
def _openings() -> tuple[tuple[re.Pattern[str], str], ...]:
    grammar = prose_template()
    return tuple((re.compile(grammar["numbering"] + entry["match"]), entry["needs"]) for entry in grammar["projects"])


def read_project(project: Project, form_number: int, fiscal_year: int | None) -> NarrativeReader:
    """Read one project as a form of its own: amounts, rate, score and grade, and its text."""
    grammar = prose_template()
    form = FormRecord(form_number, grammar["form_kind"], grammar["template_id"], project_name=project.name)
    reader = NarrativeReader(form, fiscal_year)
    opening = project.paragraphs[0]
    text = "\n".join(paragraph.text.strip() for paragraph in project.paragraphs)
    codes: dict[str, str | int | None] = {"section_code": "project_performance", "heading": project.name}
    reader.observations.append(
        Observation(form_number, "fact_narratives", "section 1", "text", text, project.name, None, opening.locator, codes)
    )
    for paragraph in project.paragraphs:
        behind = _without_name(paragraph, project.name) if paragraph is opening else paragraph
        reader.read_paragraph(behind, ITEM)
    return reader


def _without_name(paragraph: Paragraph, name: str) -> Paragraph:
    """The paragraph with its project's name blanked, so that words in the name (公务用车购置项目) are no items; places stay."""
    plain, places = compact(paragraph.text)
    first = plain.find(name)
    last = places[first + len(name) - 1] + 1
    return replace(paragraph, text=" " * last + paragraph.text[last:])
