"""The command that lists and answers the questions, and how a terminal shows rows."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.console import Voice


def test_questions_are_listed_without_a_warehouse(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["questions", "--lang", "en", "--home", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("\t") == ["number", "question", "asked_by", "mart"]
    assert lines[1].startswith("1\tWho spends how much, by phase?\t")
    assert len(lines) == 21
    assert main(["questions", "--json", "--home", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out)[4]["mart"] == "mart_three_public_per_head"


@pytest.mark.parametrize("number", ["21", "5"])
def test_no_such_question_and_nothing_published(number: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["questions", number, "--lang", "en", "--home", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert ("there is no question 21" in captured.err) == (number == "21")
    assert "jixiao nightly" in captured.err or number == "21"


def test_numbers_stand_right_and_chinese_names_are_two_wide(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    Voice("zh").table(["名称", "金额"], [("档案馆", Decimal("9.5")), ("图书馆事务中心", Decimal("123.45")), ("局", None)])
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    assert rows[0] == "│ 档案馆         │    9.5 │"
    assert rows[1] == "│ 图书馆事务中心 │ 123.45 │"
    assert rows[2] == "│ 局             │        │"
