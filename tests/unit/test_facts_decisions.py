"""Decisions on figures: what facts, quarantine and counts become, and what becomes of a decision when the source changes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.facts.decisions import FILE, SCHEMA
from pipelines.quality import check_table
from pipelines.quality.corrections import versions
from pipelines.quality.lifecycle import corrections, why_not_releasable
from pipelines.settings import Settings
from tests.support.facts import REPORT_ID, fact_frame, figure_cells, write_run
from tests.support.reports import BASE, TITLE, Frames, amounts, changed, counts, frames, table

MALFORMED = f"{TITLE}基础数据表\n{table(changed(BASE, ('101.98', '7,00.0,77')))}"
TWICE = f"{TITLE}基础数据表\n{table([*BASE, ['三公经费', '37.11', '15', '10.11']])}"
BUDGET = ("three_public", "all", "budget", 2024)


def decide(found: Frames, raw_text: str, code: str, value: str | None = None) -> pl.DataFrame:
    """One decision on the figure of a report that shows a text."""
    cells = pl.concat([found["quarantine"], found["figure_cells"]], how="diagonal").filter(raw_text=raw_text)
    cell = cells.row(0, named=True)
    row = {
        "correction_id": f"{code}-{raw_text}",
        "file_name": "anlan/2024/1",
        "form_kind": "base_data",
        **{name: cell[name] for name in ("table_name", "field_name", "locator")},
        "expected_text": raw_text,
        "decision_code": code,
        "value": None if value is None else Decimal(value),
        "decision_reason": "checked",
        "decided_by": "Li",
        "decided_on": date(2026, 3, 2),
        "decided_in": "corrections/a.yml",
    }
    return pl.DataFrame([row], schema=SCHEMA, orient="row")


def states(found: Frames) -> list[tuple[str, str, int]]:
    rows = found["quarantine"].select("raw_text", "state", "figures_quarantined_count").rows()
    return [(str(text), str(state), int(count)) for text, state, count in rows]


def test_a_corrected_figure_is_a_fact_with_its_mark_and_keeps_its_text() -> None:
    before = frames(MALFORMED)
    decisions = decide(before, "7,00.0,77", "correct", "700.077")
    found = frames(MALFORMED, decisions=decisions)
    (row,) = found["fact_expenditures"].filter("is_corrected").to_dicts()
    assert (row["amount_wanyuan"], row["raw_text"], row["unit_reported"]) == (Decimal("700.077"), "7,00.0,77", "万元")
    assert row["correction_id"] == "correct-7,00.0,77"
    (cell,) = found["figure_cells"].filter(pl.col("correction_id").is_not_null()).to_dicts()
    assert (cell["row_id"], cell["raw_text"], cell["corrected_value"]) == (row["row_id"], "7,00.0,77", Decimal("700.077"))
    assert states(found) == [("7,00.0,77", "corrected", 0)]
    assert found["quarantine"]["row_id"].to_list() == before["quarantine"]["row_id"].to_list()
    assert (counts(before), counts(found)) == ((33, 32, 1, 0), (33, 33, 0, 0))
    assert found["reports"]["outcome"].to_list() == ["parsed"]


def test_a_rejected_figure_stays_out_and_leaves_nothing_open() -> None:
    found = frames(MALFORMED, decisions=decide(frames(MALFORMED), "7,00.0,77", "reject"))
    assert states(found) == [("7,00.0,77", "rejected", 1)]
    assert counts(found) == (33, 32, 1, 0)
    assert found["reports"].select("outcome", "figures_rejected_count").rows() == [("parsed", 1)]


def test_a_loaded_figure_can_be_corrected_and_rejected() -> None:
    before = frames(TWICE.replace("15", "14"))
    text = TWICE.replace("15", "14")
    corrected = frames(text, decisions=decide(before, "101.98", "correct", "1"))
    assert amounts(corrected, "base_data")["procurement", "all", "budget", 2024] == "1"
    assert corrected["quarantine"].is_empty()
    rejected = frames(text, decisions=decide(before, "101.98", "reject"))
    assert ("procurement", "all", "budget", 2024) not in amounts(rejected, "base_data")
    assert rejected["quarantine"].select("rule", "state").rows() == [("rejected", "rejected")]
    assert sum(counts(rejected)[1:]) == counts(rejected)[0] == counts(before)[0]


@pytest.mark.parametrize(
    ("text", "code", "value", "amount", "expected"),
    [
        ("15", "release", None, "15", [("14", "open", 1), ("15", "released", 0)]),
        ("15", "reject", None, "14", [("15", "rejected", 1)]),
        ("15", "correct", "14", "14", []),
        ("15", "correct", "16", "16", [("14", "open", 1), ("15", "corrected", 0)]),
    ],
)
def test_of_two_numbers_for_one_figure_the_one_decided_on_counts(
    text: str, code: str, value: str | None, amount: str, expected: list[tuple[str, str, int]]
) -> None:
    found = frames(TWICE, decisions=decide(frames(TWICE), text, code, value))
    assert amounts(found, "base_data")[BUDGET] == amount
    assert sorted(states(found)) == expected
    assert sum(counts(found)[1:]) == counts(found)[0] == 36
    assert found["fact_expenditures"]["row_id"].n_unique() == found["fact_expenditures"].height


def test_a_release_gives_no_value_where_none_could_be_read() -> None:
    before = frames(MALFORMED)
    found = frames(MALFORMED, decisions=decide(before, "7,00.0,77", "release"))
    assert states(found) == [("7,00.0,77", "open", 1)]
    assert counts(found) == counts(before)


def test_other_reports_other_places_and_other_texts_are_left_alone() -> None:
    decisions = decide(frames(MALFORMED), "7,00.0,77", "correct", "700.077")
    for other in (
        decisions.with_columns(file_name=pl.lit("anlan/2024/2")),
        decisions.with_columns(locator=pl.lit("table 1 row 1 column 1")),
        decisions.with_columns(expected_text=pl.lit("7,00.0,78")),
        decisions.with_columns(form_kind=pl.lit("narrative")),
    ):
        assert states(frames(MALFORMED, decisions=other)) == [("7,00.0,77", "open", 1)]


def state_of(decisions: pl.DataFrame, found: Frames, made_by: str | None) -> tuple[str, str | None]:
    reports = found["reports"].with_columns(decisions_version=pl.lit(made_by, pl.String))
    (row,) = corrections(decisions, {**found, "reports": reports}).to_dicts()
    return row["correction_state_code"], row["found_text"]


def test_a_decision_is_pending_applied_stale_or_unused() -> None:
    before = frames(MALFORMED)
    decisions = decide(before, "7,00.0,77", "correct", "700.077")
    version = versions(decisions)["anlan/2024/1"]
    assert state_of(decisions, before, None) == ("pending", "7,00.0,77")
    assert state_of(decisions, frames(MALFORMED, decisions=decisions), version) == ("applied", "7,00.0,77")
    mended = frames(MALFORMED.replace("7,00.0,77", "700.77"), decisions=decisions)
    assert state_of(decisions, mended, version) == ("stale", "700.77")
    elsewhere = decisions.with_columns(file_name=pl.lit("anlan/2024/9"))
    assert state_of(elsewhere, before, None) == ("unused", None)
    needless = decide(frames(MALFORMED), "37.11", "release")
    assert state_of(needless, frames(MALFORMED, decisions=needless), versions(needless)["anlan/2024/1"]) == ("unused", "37.11")


@pytest.mark.parametrize(
    ("rule", "reason", "allowed"),
    [
        ("failed_expectation", "expect_column_values_to_be_between(in_post_count, min_value=0): in_post_count = -1", True),
        ("failed_expectation", "expect_column_values_to_be_unique(row_id): row_id = x", False),
        ("failed_expectation", "expect_column_values_to_be_between(table_number, min_value=1): table_number = 0", False),
        ("malformed_number", "-", False),
        ("conflicting_duplicate", "-", True),
    ],
)
def test_only_believable_rows_can_be_released(rule: str, reason: str, allowed: bool) -> None:
    assert (why_not_releasable(rule, reason) is None) is allowed


@pytest.mark.parametrize(("code", "state", "figures", "rows"), [("release", "released", 0, 2), ("reject", "rejected", 2, 1)])
def test_a_row_that_failed_an_expectation_follows_the_decision(
    tmp_path: Path, code: str, state: str, figures: int, rows: int
) -> None:
    settings = Settings.load(home=tmp_path)
    frame = fact_frame("fact_personnel", {}, {"in_post_count": -1, "raw_text": "20 | -1"})
    cells = [figure_cells("fact_personnel", frame, name) for name in ("staffing_quota_count", "in_post_count")]
    own = pl.lit("table 1 row 2 column 9")
    cells[1] = cells[1].with_columns(raw_text=pl.lit("-1"), locator=own)
    run = write_run(tmp_path / "runs" / "night", {"fact_personnel": frame, "figure_cells": pl.concat(cells)})
    report = {"report_id": REPORT_ID, "file_name": "anlan/2024/1", "sha256": "0" * 64}
    pl.DataFrame([report]).write_parquet(run / "facts" / "reports.parquet")
    decision = {
        "correction_id": "c",
        "file_name": "anlan/2024/1",
        "form_kind": "base_data",
        "table_name": "fact_personnel",
        "field_name": "in_post_count",
        "locator": "table 1 row 2 column 9",
        "expected_text": "-1",
        "decision_code": code,
    }
    pl.DataFrame([decision], schema=SCHEMA, orient="row").write_parquet(run / FILE)
    for _ in range(2):  # an interrupted check may run again
        check_table(settings, run, "fact_personnel")
        after = {path.stem: pl.read_parquet(path) for path in (run / "facts").glob("*.parquet")}
        (held,) = after["quarantine"].to_dicts()
        assert (held["state"], held["figures_quarantined_count"], held["correction_id"]) == (state, figures, "c")
        assert (held["locator"], held["raw_text"]) == ("table 1 row 2 column 9", "-1")
        assert after["fact_personnel"].height == rows
        assert after["fact_personnel"]["correction_id"].drop_nulls().to_list() == ["c"] * (rows - 1)
        assert after["figure_cells"].height == 2 * rows
