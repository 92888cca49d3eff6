"""Pages made from runs are committed as they come out, and every question can be asked."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from data.pages.__main__ import main, rendered
from data.pages.charts import Mark, bars, points
from data.pages.runs import PROJECT, samples
from pipelines.catalogue import catalogue
from pipelines.warehouse.questions import Question, read_questions
from pipelines.warehouse.reading import columns_and_rows

QUESTIONS = read_questions(PROJECT)


@cache
def _pages() -> dict[Path, str]:
    return rendered()


def test_pages_are_committed_as_they_come_out() -> None:
    differing = [path for path, text in _pages().items() if (PROJECT / path).read_text(encoding="utf-8") != text]
    assert differing == [], "run `python -m data.pages render`"
    assert main(["check"]) == 0
    assert main(["reder"]) == 2


def test_there_is_a_question_for_each_of_twenty() -> None:
    assert [question.number for question in QUESTIONS] == list(range(1, 21))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_every_question_names_its_mart_is_ordered_and_answered_by_the_samples(question: Question) -> None:
    assert f"marts.{question.mart}" in question.sql
    assert re.search(r"\border by\b[\s\S]+\blimit \d+$", question.sql)
    columns, rows = columns_and_rows(samples(), question.sql)
    assert rows
    assert len(set(columns)) == len(columns)
    assert not {"city_code", "department_id", "report_id", "item_code"} & set(columns), "names instead of codes"


def test_a_question_without_its_head_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "docs" / "questions"
    folder.mkdir(parents=True)
    (folder / "01_nothing.sql").write_text("-- zh: 什么？\nselect 1\n", encoding="utf-8")
    with pytest.raises(ValueError, match="01_nothing"):
        read_questions(tmp_path)


def test_every_rule_has_a_page_with_an_example() -> None:
    pages = {path.stem: text for path, text in _pages().items() if path.parent.name == "rules"}
    assert set(pages) == set(catalogue().rules)
    for rule in catalogue().rules.values():
        text = pages[rule.rule_id]
        assert "Example: " in text or "Example of the unit test: " in text, rule.rule_id
        assert all(f"## {check.check_id}" in text for check in rule.checks)
        assert all(check.message_zh in text and check.message_en in text for check in rule.checks)


def test_a_contradicted_value_is_hollow_and_ticks_are_round() -> None:
    rows = [("甲局 & 乙局", [Mark(0.6833), Mark(0.2, 1, is_contradicted=True)])]
    drawn = bars("题", ["一", "二"], rows, "万元")
    assert drawn.count('fill="#ffffff" stroke=') == 1
    assert "甲局 &amp; 乙局" in drawn
    assert re.findall(r'middle" font-weight="normal">([\d.]+)<', drawn) == ["0", "0.2", "0.4", "0.6", "0.8"]
    dots = points("题", ["一"], rows[:1], "分", (98.5, 100))
    assert re.findall(r'middle" font-weight="normal">([\d.]+)<', dots) == ["98.5", "99", "99.5", "100"]
