"""A decision from the list in the quarantine to the marts, and to the day when the source has changed."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.nights import SAMPLES, jixiao, nightly, rows

MALFORMED = "7,00.0,77"
SAMPLE = next(path for path in (SAMPLES / "qinghe" / "2024").glob("*.txt") if MALFORMED in path.read_text(encoding="utf-8"))


class Story:
    """One report, its home, and what the commands said."""

    def __init__(self, folder: Path) -> None:
        """A raw folder with the one sample."""
        self.home, self.raw = folder / "home", folder / "raw"
        self.report = self.raw / "qinghe" / "2024" / "report.txt"
        self.report.parent.mkdir(parents=True)
        self.report.write_text(SAMPLE.read_text(encoding="utf-8"), encoding="utf-8")

    def plan(self) -> tuple[int, int]:
        """One night: reports read, reports extracted without reading."""
        code, told = nightly(self.raw, self.home)
        assert (code, told["errors"]) == (0, [])
        return told["counts"]["raw_reports"]["read"], told["counts"]["raw_reports"]["extract"]

    def json(self, *arguments: str) -> Any:
        """What a command tells as JSON."""
        done = jixiao(*arguments, "--json", home=self.home)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return Story(tmp_path_factory.mktemp("decisions"))


def test_a_decision_reaches_the_marts_and_goes_stale_with_its_source(story: Story) -> None:
    assert story.plan() == (1, 0)
    (held,) = story.json("quarantine", "list", "--state", "open", "--city", "qinghe", "--year", "2024")["rows"]
    assert (held["raw_text"], held["rule"], held["pending"]) == (MALFORMED, "malformed_number", None)
    shown = story.json("quarantine", "show", held["row_id"])
    assert shown["allowed"] == ["correct", "reject"]
    assert [f"【{MALFORMED}】" in line for line in shown["grid"]] == [False, True, False]

    why = ("--reason", "typing error", "--by", "Li")
    for wrong in (
        ("release", held["row_id"]),
        ("correct", "0" * 20, "--value", "1"),
        ("correct", held["row_id"], "--value", "x"),
    ):
        assert jixiao("quarantine", *wrong, *why, home=story.home).returncode == 2
    assert not (story.home / "corrections").exists()
    decided = story.json("quarantine", "correct", held["row_id"], "--value", "700.077", *why)
    assert story.json("quarantine", "list")["rows"][0]["pending"] == "correct"

    assert story.plan() == (0, 1)
    facts = "select row_id, raw_text, amount_wanyuan, correction_id from facts.fact_expenditures where is_corrected"
    ((row_id, raw_text, amount, correction_id),) = rows(story.home, facts)
    assert (raw_text, amount, correction_id) == (MALFORMED, Decimal("700.077"), decided["correction_id"])
    mart = f"select amount_wanyuan from marts.mart_expenditures where list_contains(figure_row_ids, '{row_id}')"
    assert rows(story.home, mart) == [(Decimal("700.077"),)]
    traced = story.json("trace", row_id)
    assert [entry["decision_reason"] for entry in traced["decisions"]] == ["typing error"]
    assert story.json("quarantine", "list", "--state", "corrected")["total"] == 1
    assert rows(story.home, "select correction_state_code from facts.corrections") == [("applied",)]
    assert rows(story.home, "select outcome from facts.reports") == [("parsed",)]

    story.report.write_text(story.report.read_text(encoding="utf-8").replace(MALFORMED, "700.77"), encoding="utf-8")
    assert story.plan() == (1, 0)
    (stale,) = story.json("quarantine", "list", "--stale")
    assert (stale["expected_text"], stale["found_text"]) == (MALFORMED, "700.77")
    assert rows(story.home, facts) == []

    wrong = story.home / "corrections" / "wrong.yml"
    wrong.write_text("corrections:\n- file: a\n", encoding="utf-8")
    register = (story.home / "archive" / "register.parquet").read_bytes()
    done = jixiao("nightly", "--raw", str(story.raw), home=story.home)
    assert done.returncode == 2
    assert "corrections/wrong.yml line 2: form, table, place" in done.stderr
    assert (story.home / "archive" / "register.parquet").read_bytes() == register
