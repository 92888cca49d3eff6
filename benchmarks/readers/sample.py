"""One report, known figure by figure, in every format that a writer exists for.

Belongs here: the files, and what must be found in them. The figures come from the content that the sample generator laid out,
not from any reading of the files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.readers.scoring import Figure
from data.build_samples import samples
from data.sampling.inputs import Tree
from data.sampling.layout import BASE_ROWS, FUNDS, SOURCES
from tests.fixtures.make_word97 import FOLDER
from tests.fixtures.make_word97 import SOURCES as FIXTURE_SOURCES
from tests.support.pages import Press
from tests.support.rtf import rebuild_as_rtf
from tests.support.web import rebuild_as_html, rebuild_as_mht
from tests.support.word import rebuild_as_docx
from tests.support.workbooks import rebuild_as_sheets, write_xls, write_xlsx

FIXTURE = "anlan_archive_2023"  # the sample that is also kept as a Word 97 file, as LibreOffice saved it
BUILDING = ("批复规模", "实际规模", "规模控制率", "预算投资", "实际投资", "投资概算控制率")
EXECUTION = {
    "initial": "年初预算数",
    "final": "全年预算数",
    "executed": "全年执行数",
    "weight": "分值",
    "rate": "执行率",
    "score": "得分",
}
INDICATOR = {"target": "年度指标值", "actual": "实际完成值", "weight": "分值", "score": "得分"}


def _sample() -> tuple[str, Tree]:
    return next((sample.text, sample.content) for sample in samples() if sample.path == FIXTURE_SOURCES[FIXTURE])


def write_files(folder: Path) -> dict[str, Path]:
    """The report in each format below `folder`, by format."""
    text, _ = _sample()
    contents = {
        "docx": rebuild_as_docx(text),
        "doc": (FOLDER / f"{FIXTURE}.doc").read_bytes(),
        "rtf": rebuild_as_rtf(text),
        "html": rebuild_as_html(text),
        "mht": rebuild_as_mht(text),
        "xlsx": write_xlsx(rebuild_as_sheets(text)),
        "xls": write_xls(rebuild_as_sheets(text)),
        "pdf": Press().print_text(text),
    }
    paths = {name: folder / f"report.{name}" for name in contents}
    for name, path in paths.items():
        path.write_bytes(contents[name])
    return paths


def figures() -> list[Figure]:
    """Every figure of the report's tables with its labels; cells that are empty or hold no digit are none."""
    _, content = _sample()
    found = [*_base(content["base"]), *_department(content["department"])]
    for form in content["projects"]:
        found += _project(form)
    return [figure for figure in found if re.search(r"\d", figure.text)]


def _base(base: Tree) -> Iterator[Figure]:
    staff = base["staff"]
    columns = {"quota": "编制数", "in_post": f"{staff['year']}年实际在职人数", "rate": "控制率"}
    for name, column in columns.items():
        yield Figure("财政供养人员情况", column, staff[name])
    prior, budget, final = base["years"]
    years = (f"{prior}年决算数", f"{budget}年预算数", f"{final}年决算数")
    rows = [(label, base["rows"][code]) for code, label in BASE_ROWS if code in base["rows"]]
    rows += [(name, values) for name, *values in base["special"]]
    for label, values in rows:
        for column, text in zip(years, values, strict=True):
            yield Figure(label, column, text)
    for column, text in zip(BUILDING, base["building"], strict=True):
        yield Figure("楼堂馆所控制情况", column, text)


def _department(form: Tree) -> Iterator[Figure]:
    yield from _execution(form)
    for label, text in zip(SOURCES, form["sources"], strict=True):
        yield Figure(label, "按收入性质分", text)
    for label, text in zip(("其中:基本支出：", "项目支出："), form["nature"], strict=True):
        yield Figure(label, "按支出性质分", text)
    yield from _indicators(form)


def _project(form: Tree) -> Iterator[Figure]:
    yield from _execution(form)
    for source, label in FUNDS:
        for column, text in zip(list(EXECUTION.values())[:3], form["funds"][source], strict=True):
            yield Figure(label, column, text)
    yield from _indicators(form)


def _execution(form: Tree) -> Iterator[Figure]:
    for name, column in EXECUTION.items():
        yield Figure("年度资金总额", column, form["execution"][name])


def _indicators(form: Tree) -> Iterator[Figure]:
    for indicator in form["indicators"]:
        for name, column in INDICATOR.items():
            yield Figure(indicator["name"], column, indicator[name])
    yield Figure("总分", "得分", form["total"]["score"])  # this report prints no total of the weights
