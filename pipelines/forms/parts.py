"""Divides what a file holds into its reports: one for each department and year.

Belongs here: where another report begins, told by the titles of narratives and by the departments and years that forms name.
Does not belong here: where a form begins (segmentation), and the ids of departments (facts).

A report begins at the title of another department or year, and at a form that names another department than the forms before
it. What names nothing belongs to the report that it stands in. Where it is not certain that two names are two departments, they
stay in one report, which warns.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

from pipelines.catalogue.definitions import normalise_label
from pipelines.documents import Paragraph
from pipelines.forms.absence import absence_of
from pipelines.forms.classification import is_placeholder_name
from pipelines.forms.labels import head_named
from pipelines.forms.segmentation import Region, Segments

MAX_TITLE_LINE = 60
LINES_OF_A_TITLE = 4
_YEAR = re.compile(r"(20\d{2})年?度?")
_REPORT = re.compile(
    r"^(?:[一二三四五六七八九十]{1,3}、)?(?P<name>.*?)"
    r"(?:部门|单位)?(?:整体支出|整体|预算支出|预算|项目支出|财政支出)*(?:预算)?(?:绩效)?(?:自评价?|自我评价|评价)(?:工作)?(?:情况)?(?:的?报告|总结)$"
)
_FORM_TITLE = re.compile(r"^(?P<name>.+?)(?:部门|单位)?(?:预算)?(?:整体|项目)(?:支出)?(?:预算)?(?:绩效).*表$")
# A name of a place and what a department ends with: anything else before the words of a form's title may be a project.
_DEPARTMENT = re.compile(
    r"^.{1,12}?[省市州县区旗镇乡].{1,24}?(?:局|委|委员会|办|办公室|院|厅|馆|联合会|总工会|法院|检察院|街道|人民政府)$"
)
_ENDING = re.compile(
    r"(?:局|委|办|院|厅|馆|会|联|协|站|所|队|处|园|部|校|学|厂|社|台|室|中心|公司|集团|法院|街道|政府|[镇乡区县])(?:[（(].{1,8}[)）])?$"
)
_FIRST_CHAPTER = re.compile(r"^\s*[（(]?一[)）]?\s*[、.．]")
_UNIT_ENDING = re.compile(r"(?:队|中心|站|所|院|馆|校|园|处|厂|公司|局|会|室|台|社)$")
_SAME_UNIT = re.compile(r"^(?:机关|本级|[（(](?:机关|本级|本部)[)）])$")


@dataclass
class _Part:
    """A report that is being gathered: how it is named, by what (title, form or superior), and what it holds."""

    name: str | None = None
    basis: str | None = None
    year: int | None = None
    title: str | None = None
    paragraphs: list[Paragraph] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    after_last_form: int = 0  # paragraphs that stand before the last form or in front of it
    order: int | None = None  # place of the first thing in it besides titles


@dataclass(frozen=True)
class _Title:
    """A title of a report: the paragraphs `first` to `last` (exclusive), its text, department and year."""

    first: int
    last: int
    text: str
    name: str | None
    year: int | None


def parts(segments: Segments) -> list[Segments]:
    """The reports of a file in the order of their contents, at least one. A file of one report stays as it is."""
    gathered = _gather(segments)
    whole = [part for part in gathered if part.order is not None]
    if len(whole) < 2:
        segments.warnings += [warning for part in whole for warning in part.warnings]
        return [segments]
    whole.sort(key=lambda part: part.order or 0)
    found = [Segments(part.paragraphs, part.regions, part.warnings, part.title) for part in whole]
    found[0].warnings[:0] = segments.warnings
    return found


def _gather(segments: Segments) -> list[_Part]:
    titles = {title.first: title for title in report_titles(segments.narrative)}
    regions = list(segments.regions)
    gathered: list[_Part] = []
    running: _Part | None = None
    preface: list[Paragraph] = []
    moment = number = 0
    while number < len(segments.narrative) or regions:
        moment += 1
        if regions and regions[0].paragraphs_before <= number:
            region = regions.pop(0)
            running = _for_region(region, running, gathered)
            running.regions.append(region)
            running.after_last_form = len(running.paragraphs)
            running.order = running.order or moment
            continue
        title = titles.get(number)
        last = number + 1 if title is None else title.last
        if title is not None:
            running = _for_title(title, running, gathered)
        paragraphs = segments.narrative[number:last]
        number = last
        if running is None:
            preface += paragraphs
            continue
        running.paragraphs += paragraphs
        if title is None and any(paragraph.text.strip() for paragraph in paragraphs):
            running.order = running.order or moment
    if gathered:
        first = min(gathered, key=lambda part: part.order or moment + 1)
        first.paragraphs[:0] = preface
    return gathered


def report_titles(narrative: list[Paragraph]) -> list[_Title]:
    """Titles of reports in a narrative: a line that ends in 自评报告 and the like, with the lines above that belong to it."""
    found: list[_Title] = []
    for last, paragraph in enumerate(narrative):
        text = _plain(paragraph.text)
        if len(text) > MAX_TITLE_LINE or not _REPORT.match(text):
            continue
        above = found[-1].last if found else 0
        first, name, year = last, *_named(text)
        for number in range(last - 1, max(above, last - LINES_OF_A_TITLE) - 1, -1):
            line = _plain(narrative[number].text)
            if (name and year) or re.search(r"[。；;，,：:]|^附[件表]|^[（(]?[一二三四五六七八九十\d]+[、.．)）]", line):
                break
            if not line:
                continue
            if len(line) > MAX_TITLE_LINE // 2:
                break
            text, first = line + text, number
            name, year = _named(text)
        found.append(_Title(first, last + 1, text, name, year))
    return found


def _named(title: str) -> tuple[str | None, int | None]:
    """Department and year that the title of a report names."""
    year = _YEAR.search(title)
    found = _REPORT.match(_YEAR.sub("", title))
    name = found["name"].strip("《》“”") if found else ""
    is_name = len(name) >= 3 and _ENDING.search(name) is not None and not is_placeholder_name(name)
    return name if is_name else None, int(year[1]) if year else None


def _for_title(title: _Title, running: _Part | None, gathered: list[_Part]) -> _Part:
    same = _gathered(title.name, title.year, gathered, running)
    if same is not None:
        part = same
    elif running is not None and _goes_on(running, title):
        part = running
    else:
        part = _Part()
        gathered.append(part)
    if part.name is None or part.basis != "title":
        part.name, part.basis = title.name or part.name, "title" if title.name else part.basis
    part.year = part.year or title.year
    part.title = part.title or title.text
    return part


def _goes_on(running: _Part, title: _Title) -> bool:
    """Whether a title is one more of the running report, which has no form yet or which it names nothing new of."""
    is_other_year = title.year is not None and running.year is not None and title.year != running.year
    if is_other_year:
        return False
    if title.name is None or running.name is None:
        return title.name is None or not running.regions
    return not running.regions and running.order is None and _may_be_same(running.name, title.name)


def _gathered(name: str | None, year: int | None, gathered: list[_Part], running: _Part | None) -> _Part | None:
    """The report of a department and year among those gathered, the running one first."""
    if name is None:
        return None
    order = sorted(gathered, key=lambda part: part is not running)
    return next(
        (
            part
            for part in order
            if part.name is not None and _is_same(part.name, name) and (None in (year, part.year) or year == part.year)
        ),
        None,
    )


def _for_region(region: Region, running: _Part | None, gathered: list[_Part]) -> _Part:
    name, basis = _stated(region)
    found = _YEAR.search(_plain(region.title or ""))
    year = int(found[1]) if found else None
    if running is None:
        running = _Part(name, basis, year)
        gathered.append(running)
        return running
    if _is_of_another_year(region, year, running):
        return _switch(running, gathered, name or running.name, basis or running.basis, year)
    if name is None or (basis == "superior" and running.basis in ("title", "form")):
        part = running
    elif running.name is None or (running.basis == "superior" and basis == "form" and _may_be_same(running.name, name)):
        running.name, running.basis, part = name, basis, running
    elif _is_same(running.name, name):
        part = running
    elif (known := _gathered(name, year, gathered, running)) is not None:
        part = known
    elif _may_be_same(running.name, name) or _is_misread(region, running.name, name) or not running.regions:
        running.warnings.append(
            f"table {region.slices[0].table_number} names {name}, the report {running.name}: one report or two?"
        )
        part = running
    else:
        return _switch(running, gathered, name, basis, year)
    part.year = part.year or year
    return part


def _is_of_another_year(region: Region, year: int | None, running: _Part) -> bool:
    """Whether a form with a year in its title cannot belong to the running report, rather than being titled wrongly in it."""
    if year is None or running.year is None or year == running.year or not running.regions:
        return False
    kind = region.template.form_kind
    is_second = kind != "project_evaluation" and any(one.template.form_kind == kind for one in running.regions)
    return is_second or running.title is None


def _switch(running: _Part, gathered: list[_Part], name: str | None, basis: str | None, year: int | None) -> _Part:
    """The report of a form that is not of the running one. A narrative that began anew behind the forms before it, with a title
    that names nobody or with a first chapter, goes with the form."""
    part = _gathered(name, year, gathered, None)
    if part is None:
        part = _Part(name, basis, year)
        gathered.append(part)
    behind = running.paragraphs[running.after_last_form :]
    texts = [_plain(paragraph.text) for paragraph in behind]
    anew = next((number for number, text in enumerate(texts) if _FIRST_CHAPTER.match(text) or _REPORT.match(text)), None)
    if anew is not None:
        del running.paragraphs[running.after_last_form + anew :]
        part.paragraphs += behind[anew:]
        part.title = part.title or (texts[anew] if _REPORT.match(texts[anew]) else None)
    return part


def _stated(region: Region) -> tuple[str | None, str | None]:
    """Department that a form names, and where: in a label of its own or its title (`form`), or as 主管部门 (`superior`)."""
    heads: dict[str, str] = {}
    for piece in region.slices:
        for index in range(piece.first, piece.last):
            row = [cell for cell in piece.table.rows[index] if cell.row == index]
            for label, value in itertools.pairwise(row):
                head = head_named(region.template.template_id, normalise_label(label.text))
                if head is not None and absence_of(value.text) is None:
                    heads.setdefault(head.field, _plain(value.text))
    titled = _FORM_TITLE.match(_YEAR.sub("", _plain(region.title or "")))
    by_title = titled["name"] if titled and _DEPARTMENT.match(titled["name"]) else None
    for name, basis in (
        (heads.get("stated_department_name"), "form"),
        (region.stated_department_name, "form"),
        (by_title, "form"),
        (heads.get("supervising_department_name"), "superior"),
    ):
        if name and not is_placeholder_name(name):
            return name, basis
    return None, None


def _is_same(one: str, other: str) -> bool:
    """Whether two names are spellings of one department for certain: equal but for 中共, 机关, （本级） and the like, or one
    with the name of its place before it."""
    left, right = sorted((_core(one), _core(other)), key=len)
    if left == right or (right.endswith(left) and len(left) >= 3):
        return True
    return right.startswith(left) and _SAME_UNIT.match(right[len(left) :]) is not None


def _may_be_same(one: str, other: str) -> bool:
    """Whether one name may be short for the other: its characters in order, as 市委巡察办; not a unit below it."""
    left, right = sorted((_core(one), _core(other)), key=len)
    if right.startswith(left) and _UNIT_ENDING.search(right[len(left) :]):
        return False
    characters = iter(right)
    return all(character in characters for character in left)


def _is_misread(region: Region, one: str, other: str) -> bool:
    """Whether two names of a form recognised in a picture are one but for a character that was taken for another."""
    left, right = _core(one), _core(other)
    is_recognised = any(cell.confidence < 1 for piece in region.slices for cell in piece.table.cells)
    return is_recognised and len(left) == len(right) >= 5 and sum(map(str.__ne__, left, right)) == 1


def _core(name: str) -> str:
    plain = re.sub(r"^(?:中共|中国共产党)|[（(](?:机关|本级|本部|盖章|公章)[)）]$", "", _plain(name))
    return re.sub(r"(?:机关|本级)$", "", plain)


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", text)
