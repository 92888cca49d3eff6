"""Nights over a file that holds several reports: each is told apart, and follows its file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.nights import jixiao, nightly, rows
from tests.support.reports import DEPARTMENT, changed, table

DEPARTMENTS = ("安澜市航标管护局", "安澜市湿地巡护队", "安澜市古树保护中心")
FILE = "anlan/2024/汇编.txt"
FACTS = (
    "fact_expenditures",
    "fact_indicators",
    "fact_evaluations",
    "fact_narratives",
    "absent_values",
    "figure_cells",
    "quarantine",
    "unmapped_labels",
    "forms",
)


def compiled(*reports: tuple[str, str]) -> str:
    """Reports of departments, each with the amount that its department form states as executed."""
    texts = []
    for name, executed in reports:
        form = table(changed(DEPARTMENT, ("甲市乙局", name), ("105", executed)))
        texts.append(f"{name}\n2024年度部门整体支出绩效自评报告\n一、单位基本情况\n{name}职责。\n整体支出绩效自评表\n{form}")
    return "".join(texts)


@dataclass
class Story:
    """Two nights and one without news: three reports in a file, then one of them changed and one gone."""

    raw: Path
    home: Path
    nights: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    reports: list[list[tuple[Any, ...]]] = field(default_factory=list)

    def sleep(self, *options: str) -> None:
        """One night, and every row of `reports` after it."""
        self.nights.append(nightly(self.raw, self.home, *options))
        columns = "part_number, parts_count, department_name, is_current, report_id, superseded_by, fiscal_year"
        self.reports.append(rows(self.home, f"select {columns} from facts.reports order by is_current desc, part_number"))


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("parts")
    told = Story(folder / "raw", folder / "home")
    path = told.raw / FILE
    path.parent.mkdir(parents=True)
    path.write_text(compiled(*zip(DEPARTMENTS, ("104", "103", "102"), strict=True)), encoding="utf-8")
    told.sleep()
    told.sleep()
    path.write_text(compiled((DEPARTMENTS[0], "104"), (DEPARTMENTS[2], "99")), encoding="utf-8")
    told.sleep("--accept-losses")  # one of three departments goes
    yield told


def executed(home: Path) -> dict[str, str]:
    """Amount that the department form of every department states as executed."""
    query = """
        select reports.department_name, amount_wanyuan::varchar
        from facts.fact_expenditures
        join facts.reports using (report_id)
        where item_code = 'total' and fund_source_code = 'all' and phase_code = 'executed'
    """
    return {name: amount.rstrip("0").rstrip(".") for name, amount in rows(home, query)}


def test_every_report_of_the_file_is_a_row_of_its_own(story: Story) -> None:
    assert story.nights[0][0] == 0
    assert [row[:4] for row in story.reports[0]] == [
        (number, 3, name, True) for number, name in enumerate(DEPARTMENTS, start=1)
    ]
    assert {row[5:] for row in story.reports[0]} == {(None, 2024)}


def test_a_night_without_news_does_nothing(story: Story) -> None:
    code, told = story.nights[1]
    assert (code, told["published"]) == (0, False)
    assert told["counts"]["raw_reports"]["unchanged"] == 1
    assert story.reports[1] == story.reports[0]


def test_former_reports_are_superseded_by_the_file_as_it_is_now(story: Story) -> None:
    current = [row for row in story.reports[2] if row[3]]
    former = [row for row in story.reports[2] if not row[3]]
    assert [row[:3] for row in current] == [(1, 2, DEPARTMENTS[0]), (2, 2, DEPARTMENTS[2])]
    assert [row[4] for row in former] == [row[4] for row in story.reports[0]]
    assert {row[5] for row in former} == {current[0][4]}
    assert executed(story.home) == {DEPARTMENTS[0]: "104", DEPARTMENTS[2]: "99"}


def test_nothing_of_the_former_reports_is_left_behind(story: Story) -> None:
    current = {row[4] for row in story.reports[2] if row[3]}
    for name in FACTS:
        assert {row[0] for row in rows(story.home, f"select distinct report_id from facts.{name}")} <= current, name
    assert {row[0] for row in rows(story.home, "select distinct report_id from marts.mart_findings")} <= current


def test_check_tells_each_report_of_a_file(story: Story) -> None:
    done = jixiao("check", str(story.raw / FILE), "--lang", "zh", home=story.home)
    heads = [line for line in done.stdout.splitlines() if "2024 年度" in line]
    assert [next(name for name in DEPARTMENTS if name in line) for line in heads] == [DEPARTMENTS[0], DEPARTMENTS[2]]
    assert all(f"第 {number} 份，共 2 份" in line for number, line in enumerate(heads, start=1))
    entries = json.loads(jixiao("check", str(story.raw / FILE), "--json", home=story.home).stdout)
    assert {entry["department_name"] for entry in entries} == {DEPARTMENTS[0], DEPARTMENTS[2]}
