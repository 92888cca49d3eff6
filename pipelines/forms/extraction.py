"""Document in, everything it states out.

Belongs here: the order of the steps, and what the document says about itself (title, year, department).
"""

from __future__ import annotations

import re
from dataclasses import replace

from pipelines.documents import Document, Paragraph, Table
from pipelines.forms.accounts import AccountsReader, TitledTable, titled_tables
from pipelines.forms.classification import (
    BLANK_TEMPLATE,
    FINAL_ACCOUNTS,
    SELF_EVALUATION,
    is_left_blank,
    is_placeholder_name,
    is_without_actuals,
    kind_of_lines,
)
from pipelines.forms.dumps import straighten
from pipelines.forms.engine import read_form
from pipelines.forms.flattened import rebuild
from pipelines.forms.goals import quantities
from pipelines.forms.narrative import NarrativeReader
from pipelines.forms.observations import Extraction, FormRecord, Observation
from pipelines.forms.parts import parts
from pipelines.forms.prose import Project, performance_chapters, projects, read_project, title_of_accounts
from pipelines.forms.segmentation import Region, Segments, cut
from pipelines.forms.templates import ACCOUNTS, NARRATIVE, used_in

TITLE_LINES = 6
# Soft hyphens, zero-width characters, marks of writing direction: no reader sees them, but they part labels and numbers.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_TITLE_YEAR = re.compile(r"(20\d{2})\s*年(?!\s*\d{1,2}\s*月)度?")  # no date
_REPORT_TITLE = re.compile(
    r"^\s*(?:20\d{2}\s*年度?)?(?P<name>.*?)(?:20\d{2}\s*年度?)?(?:部门)?(?:整体支出|预算|项目支出)?(?:绩效)?(?:自评|评价)(?:工作)?报告\s*$",
    re.S,
)


def extract(document: Document, folder_year: int | None, place: str | None = None) -> list[Extraction]:
    """Read a Document with the templates: one Extraction for each report that it holds, at least one.

    `folder_year` is the year where neither title nor headers name one; `place` is the Chinese name of the province, None where
    it is not known: every template counts as in use there. What is no self-evaluation yields no forms; its document_kind says
    what it is.
    """
    with used_in(place, folder_year):
        rebuilt, doubts = rebuild(straighten(_visible(document)))
        segments = cut(rebuilt)
        segments.warnings += doubts
        tables = titled_tables(rebuilt)
        reports = parts(segments)
        return [_extract(part, folder_year, tables if len(reports) == 1 else []) for part in reports]


def _extract(segments: Segments, folder_year: int | None, tables: list[TitledTable]) -> Extraction:
    named_kind = kind_of_lines(segments.narrative)
    accounts = title_of_accounts(segments.narrative) if named_kind == FINAL_ACCOUNTS else None
    title = accounts.text if accounts else segments.title or _title(segments)
    stated_year = _first_year(title) or next(filter(None, (_first_year(region.title) for region in segments.regions)), None)
    fiscal_year = stated_year or _header_year(segments) or folder_year
    forms: list[FormRecord] = []
    observations: list[Observation] = []
    unmapped = []
    if is_without_actuals(named_kind):
        for region in segments.regions:
            region.document_kind = str(named_kind)
    readable = [region for region in segments.regions if region.document_kind == SELF_EVALUATION]
    told, narrative = _running_text(segments, named_kind, bool(readable))
    if narrative:
        form = FormRecord(0, "narrative", NARRATIVE, title, _first_year(title))
        reader = NarrativeReader(form, fiscal_year, is_excerpt=named_kind == FINAL_ACCOUNTS)
        reader.read(narrative)
        forms.append(form)
        observations += reader.observations
        unmapped += reader.unmapped
    number = 0
    for region in readable:
        form_reader = read_form(region, _form(number + 1, region), fiscal_year)
        form = form_reader.form
        if is_left_blank(form_reader.observations, form_reader.unmapped):
            region.document_kind = BLANK_TEMPLATE
            continue
        number += 1
        if region.stated_department_name is not None and not is_placeholder_name(region.stated_department_name):
            form.heads.setdefault("stated_department_name", region.stated_department_name)
        forms.append(form)
        goals = [seen for seen in form_reader.observations if str(seen.codes.get("section_code", "")).startswith("goal_")]
        observations += form_reader.observations + [quantity for goal in goals for quantity in quantities(goal)]
        unmapped += form_reader.unmapped
    for project in told:
        number += 1
        reader = read_project(project, number, fiscal_year)
        forms.append(reader.form)
        observations += reader.observations
        unmapped += reader.unmapped
    is_told = named_kind == FINAL_ACCOUNTS and any(map(is_stated, observations))
    kind = SELF_EVALUATION if number or is_told else _document_kind(segments, named_kind)
    if named_kind == FINAL_ACCOUNTS or kind == FINAL_ACCOUNTS:
        read = {piece.table_number for region in readable for piece in region.slices}
        accounts_form = FormRecord(number + 1, FINAL_ACCOUNTS, ACCOUNTS, title, stated_year)
        accounts_reader = AccountsReader(accounts_form, fiscal_year)
        accounts_reader.read_text(segments.narrative)
        accounts_reader.read_tables(table for table in tables if table.table_number not in read)
        if accounts_reader.observations:
            forms.append(accounts_form)
            observations += accounts_reader.observations
    segments.warnings += _unread(segments)
    named = list(
        dict.fromkeys(form.heads["stated_department_name"] for form in forms if "stated_department_name" in form.heads)
    )
    if len(named) > 1:
        segments.warnings.append(f"the forms name several departments: {', '.join(named)}")
    department = accounts.department_name if accounts else _department(forms, title)
    return Extraction(kind, title, stated_year, fiscal_year, department, forms, observations, unmapped, segments.warnings)


def is_stated(seen: Observation) -> bool:
    """Whether an observation is a figure of money, evaluation or counting; a report without forms is one where it has some."""
    return seen.is_figure and seen.table_name in ("fact_expenditures", "fact_evaluations", "fact_changes", "fact_counts")


def _running_text(segments: Segments, named_kind: str | None, has_forms: bool) -> tuple[list[Project], list[Paragraph]]:
    """Projects that paragraphs evaluate where no form does, and the text read as narrative.

    Of final accounts that are the chapters on performance alone; of what tells no actual figures it is nothing.
    """
    if is_without_actuals(named_kind):
        return [], []
    if named_kind == FINAL_ACCOUNTS:
        return projects(performance_chapters(segments.narrative))
    return ([], segments.narrative) if has_forms else projects(segments.narrative)


def _visible(document: Document) -> Document:
    def visible(block: Paragraph | Table) -> Paragraph | Table:
        if isinstance(block, Paragraph):
            return replace(block, text=_INVISIBLE.sub("", block.text)) if _INVISIBLE.search(block.text) else block
        if not any(_INVISIBLE.search(cell.text) for cell in block.cells):
            return block
        return replace(block, cells=tuple(replace(cell, text=_INVISIBLE.sub("", cell.text)) for cell in block.cells))

    return replace(document, blocks=tuple(map(visible, document.blocks)))


def _form(number: int, region: Region) -> FormRecord:
    template = region.template
    return FormRecord(
        form_number=number,
        form_kind=template.form_kind,
        template_id=template.template_id,
        title_zh=None if region.title is None else re.sub(r"\s+", "", region.title),
        stated_year=_first_year(region.title),
        attachment_number=region.attachment_number,
        table_number=region.slices[0].table_number,
    )


def _document_kind(segments: Segments, named: str | None) -> str:
    """Kind of a document without a form that tells what happened: by its first lines, else by its first form."""
    if is_without_actuals(named) or not segments.regions:
        return named or "other"
    return segments.regions[0].document_kind


def _unread(segments: Segments) -> list[str]:
    """Which forms were left unread because they are no self-evaluation."""
    found = []
    for region in segments.regions:
        if region.document_kind != SELF_EVALUATION:
            title = "without a title" if region.title is None else re.sub(r"\s+", "", region.title)
            found.append(f"table {region.slices[0].table_number} ({title}) is of kind {region.document_kind}: not read")
    return found


def _title(segments: Segments) -> str | None:
    """The report's title: the first lines up to the one that says 报告 (or 自评表), on one line."""
    lines: list[str] = []
    for paragraph in segments.narrative[:TITLE_LINES]:
        if not paragraph.text.strip():
            continue
        text = re.sub(r"\s+", "", paragraph.text)
        if len(text) > 60 or text.endswith(("。", "；")):
            break
        lines.append(text)
        if re.search(r"报告$|自评表$", text):
            return "".join(lines)
    return lines[0] if lines and _TITLE_YEAR.search(lines[0]) else None


def _first_year(text: str | None) -> int | None:
    found = _TITLE_YEAR.search(text or "")
    return int(found[1]) if found else None


def _header_year(segments: Segments) -> int | None:
    """The latest year that column headers name."""
    years = [
        int(year)
        for region in segments.regions
        for piece in region.slices
        for cell in piece.anchors()
        if len(cell.text) < 20
        for year in re.findall(r"^(20\d{2})年", cell.text.strip())
    ]
    return max(years, default=None)


def _department(forms: list[FormRecord], title: str | None) -> str | None:
    """Department as its own form names it, else as the title does, else as the project forms do."""
    named = _REPORT_TITLE.match(title or "")
    return (
        _head(forms, "stated_department_name")
        or (named["name"].strip() if named else None)
        or _head(forms, "supervising_department_name")
        or _head(forms, "implementing_unit_name")
    )


def _head(forms: list[FormRecord], name: str) -> str | None:
    """What the first form that has the head says there."""
    return next((form.heads[name] for form in forms if name in form.heads), None)
