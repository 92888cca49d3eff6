"""The verdict of the suites: which rows go on, which go to quarantine, and when there is no verdict."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.catalogue.schemas import empty_frame
from pipelines.quality import SuiteError, fact_tables, validate
from pipelines.quality.validation import SUITES
from tests.support.facts import fact_frame


@pytest.fixture
def suites(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SUITES, tmp_path / "expectations"))


def change_suite(suites: Path, table: str, entry: dict[str, Any]) -> None:
    path = suites / f"{table}.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["expectations"].append({"id": "00000000-0000-0000-0000-000000000001", "meta": {}, "severity": "critical", **entry})
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize("table", fact_tables())
def test_good_rows_are_accepted_unchanged(table: str) -> None:
    frame = fact_frame(table, {}, {})
    validation = validate(table, frame)
    assert validation.success
    assert validation.failed == 0
    assert validation.evaluated > 10
    assert validation.accepted.equals(frame)
    assert validation.quarantined.is_empty()


BAD_ROWS: list[tuple[str, dict[str, Any], str | None, str]] = [
    ("fact_expenditures", {"amount_wanyuan": None}, "amount_wanyuan", "not_be_null(amount_wanyuan): amount_wanyuan = null"),
    ("fact_expenditures", {"item_code": "lunch"}, "item_code", "item_code = lunch"),
    (
        "fact_expenditures",
        {"unit_reported": "美元"},
        "unit_reported",
        "value_set=元|百元|千元|万元|百万元|千万元|亿元): unit_reported = 美元",
    ),
    ("fact_expenditures", {"amount_wanyuan": Decimal("100000000.01")}, "amount_wanyuan", "amount_wanyuan = 100000000.010000"),
    ("fact_expenditures", {"amount_year": 2018}, "amount_year_offset", "amount_year = 2018, fiscal_year = 2024"),
    ("fact_expenditures", {"row_id": "not-a-row-id"}, "row_id", "row_id = not-a-row-id"),
    ("fact_expenditures", {"locator": None}, "locator", "locator = null"),
    ("fact_indicators", {"level1_code": "magic"}, "level1_code", "level1_code = magic"),
    (
        "fact_indicators",
        {"weight_points": Decimal(-1)},
        "weight_points",
        "min_value=0, max_value=200): weight_points = -1.000000",
    ),
    ("fact_indicators", {"indicator_name": ""}, "indicator_name", "expect_column_value_lengths_to_be_between"),
    ("fact_evaluations", {"execution_rate_reported_pct": Decimal(1001)}, "execution_rate_reported_pct", "= 1001.000000"),
    ("fact_personnel", {"in_post_count": 100001}, "in_post_count", "in_post_count = 100001"),
    ("fact_narratives", {"section_code": None}, "section_code", "section_code = null"),
    ("fact_goals", {"quantity_value": Decimal(-3)}, "quantity_value", "quantity_value = -3.000000"),
]


@pytest.mark.parametrize(("table", "change", "field", "told"), BAD_ROWS)
def test_a_bad_row_alone_is_split_off_with_its_reason(table: str, change: dict[str, Any], field: str | None, told: str) -> None:
    frame = fact_frame(table, {}, change, {})
    validation = validate(table, frame)
    assert not validation.success
    assert validation.accepted.equals(frame[[0, 2]])
    assert validation.quarantined["field_name"].to_list() == [field]
    assert told in validation.quarantined["reason"][0]


def test_two_rows_of_one_key_are_both_split_off_even_without_project_name() -> None:
    form = {"form_id": "0123456789abcdef-07", "project_name": None}
    validation = validate("fact_expenditures", fact_frame("fact_expenditures", form, {}, form))
    assert validation.accepted["row_id"].to_list() == [f"{2:020x}"]
    assert validation.quarantined["field_name"].to_list() == [None, None]
    assert "expect_compound_columns_to_be_unique" in validation.quarantined["reason"][0]


def test_a_row_that_fails_twice_names_both_reasons() -> None:
    validation = validate("fact_personnel", fact_frame("fact_personnel", {"in_post_count": -1, "retirees_count": -2}))
    assert validation.failed == 2
    assert "in_post_count = -1" in validation.quarantined["reason"][0]
    assert "retirees_count = -2" in validation.quarantined["reason"][0]


def test_null_where_null_is_allowed_is_no_failure() -> None:
    assert validate("fact_indicators", fact_frame("fact_indicators", {"weight_points": None, "level2_code": None})).success


def test_missing_suite_raises(suites: Path) -> None:
    (suites / "fact_goals.json").unlink()
    with pytest.raises(SuiteError, match=r"fact_goals\.json: the suite cannot be read"):
        validate("fact_goals", fact_frame("fact_goals", {}), suites=suites)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"name": "fact_goals", "expectations": []}', '{"name": "other", "expectations": [1]}']
)
def test_broken_suite_raises_even_for_an_empty_frame(suites: Path, text: str) -> None:
    (suites / "fact_goals.json").write_text(text, encoding="utf-8")
    with pytest.raises(SuiteError, match=r"fact_goals\.json"):
        validate("fact_goals", empty_frame("fact_goals"), suites=suites)


def test_unknown_expectation_raises(suites: Path) -> None:
    change_suite(suites, "fact_goals", {"type": "expect_column_values_to_be_lucky", "kwargs": {"column": "quantity_value"}})
    with pytest.raises(SuiteError, match="fact_goals: the engine does not understand expect_column_values_to_be_lucky"):
        validate("fact_goals", fact_frame("fact_goals", {}), suites=suites)


def test_crashed_expectation_raises(suites: Path) -> None:
    change_suite(suites, "fact_goals", {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "nowhere"}})
    with pytest.raises(SuiteError, match=r"fact_goals: an expectation crashed: .*nowhere"):
        validate("fact_goals", fact_frame("fact_goals", {}), suites=suites)


def test_crash_within_a_metric_raises(suites: Path) -> None:
    change_suite(
        suites, "fact_goals", {"type": "expect_column_values_to_be_between", "kwargs": {"column": "locator", "min_value": 1}}
    )
    with pytest.raises(SuiteError, match="fact_goals: an expectation crashed"):
        validate("fact_goals", fact_frame("fact_goals", {}), suites=suites)


def test_expectation_on_the_whole_table_raises_where_it_fails(suites: Path) -> None:
    change_suite(suites, "fact_goals", {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 2}})
    with pytest.raises(SuiteError, match="failed for the table as a whole"):
        validate("fact_goals", fact_frame("fact_goals", {}), suites=suites)


@pytest.mark.parametrize("frame", [fact_frame("fact_goals", {}), empty_frame("fact_goals")], ids=["rows", "empty"])
def test_other_columns_raise(frame: pl.DataFrame) -> None:
    with pytest.raises(SuiteError):
        validate("fact_goals", frame.drop("quantity_object"))


def test_expectation_with_a_misspelt_argument_raises(suites: Path) -> None:
    path = suites / "fact_goals.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"column": "locator"', '"pillar": "locator"'), encoding="utf-8")
    with pytest.raises(SuiteError, match=r"(?s)fact_goals: the suite could not be evaluated.*pillar"):
        validate("fact_goals", fact_frame("fact_goals", {}), suites=suites)
