"""The twenty questions, answered on the real report: each answer was worked out by hand from the printed figures."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.facts.files import read_files
from pipelines.settings import Settings
from pipelines.warehouse.models import build_in_memory
from pipelines.warehouse.questions import read_questions
from pipelines.warehouse.reading import rows_of
from tests.support.shared import REAL_REPORT, needs_real_report

pytestmark = needs_real_report

QUESTIONS = {question.number: question for question in read_questions(Settings.load().project)}
D = Decimal

# Question, what picks a row of its answer, and the hand-computed values of that row.
ANSWERS: list[tuple[int, dict[str, Any], dict[str, Any]]] = [
    (1, {"item_name": "支出合计"}, {"budget_initial": D("897.93"), "budget_final": D("847.98"), "executed": D("847.16")}),
    (1, {"item_name": "项目支出"}, {"budget_initial": D("287"), "executed": D("310.75"), "has_open_fail": True}),
    # 536.42 / 537.04 = 99.8846 %
    (2, {"item_name": "基本支出"}, {"printed_pct": D("99.90"), "calculated_pct": D("99.88"), "outcome": "fail"}),
    (2, {"item_name": "支出合计"}, {"printed_pct": D("99.90"), "calculated_pct": D("99.90"), "outcome": "ok"}),
    (2, {"item_name": "项目支出"}, {"printed_pct": D("99.94"), "calculated_pct": D("99.94"), "outcome": "ok"}),
    # -73.90 / 610.94, +23.94 / 287, -49.95 / 897.93; the adjustment row is blank
    (3, {"item_name": "基本支出"}, {"change_wanyuan": D("-73.90"), "change_pct": D("-12.10"), "is_explained": False}),
    (3, {"item_name": "项目支出"}, {"change_wanyuan": D("23.94"), "change_pct": D("8.34"), "is_explained": False}),
    (3, {"item_name": "支出合计"}, {"change_wanyuan": D("-49.95"), "change_pct": D("-5.56"), "is_explained": False}),
    # 10.11 / 14; (10.11 - 37.11) / 37.11
    (4, {}, {"prior_final": D("37.11"), "budget": D("14"), "final": D("10.11"), "final_to_budget_pct": D("72.21")}),
    (4, {}, {"year_on_year_pct": D("-72.76"), "comparability_code": "comparable", "has_open_fail": False}),
    # 10.11 / 23; the purchase of 24.98 leaves 12.13 of last year's 37.11
    (5, {}, {"heads": 23, "per_head": D("0.44"), "change_pct": D("-72.76"), "without_purchase_change_pct": D("-16.65")}),
    # 23 / 23; 23 / 22 if the cut of one post is not yet in the quota
    (6, {}, {"quota": 23, "in_post": 23, "calculated_pct": D("100"), "after_cut_pct": D("104.55"), "outcome": "deferred"}),
    # 437.65 / 23, 98.77 / 23
    (7, {}, {"personnel_per_head": D("19.03"), "public_per_head": D("4.29"), "has_open_fail": False}),
    (8, {"form": "整体支出绩效自评表"}, {"scores_count": 1, "mean": D("99.99"), "share_from_99_pct": D("100")}),
    (8, {"form": "项目支出绩效自评表"}, {"scores_count": 1, "mean": D("99.90"), "contradicted": 1}),
    # five of eight targets of ten points each are 无; four scored ones on the project form
    (9, {"form": "整体支出绩效自评表"}, {"without_target": 5, "weight_points": D("90"), "points_without_target": D("50")}),
    (9, {"form": "巡察专项业务经费"}, {"without_target": 6, "weight_points": D("90"), "points_without_target": D("40")}),
    (11, {"form": "整体", "indicator_name": "年巡察轮次"}, {"target": D("2"), "actual": D("3"), "other_form": D("3")}),
    (11, {"form": "整体", "indicator_name": "问题线索移交率和立行立改处置率"}, {"target": D("80"), "other_form": D("100")}),
    (13, {}, {"rounds": 2, "read_pct": D("100"), "ranked": 1}),
    (14, {}, {"project_name": "巡察专项业务经费", "budget_initial": D("287"), "executed": D("310.75"), "score": D("99.90")}),
    (14, {}, {"rate_pct": D("99.94"), "has_open_fail": True}),
    # 101.98 - 41.28 = 60.70; no initial budget of procurement is stated
    (15, {"item": "政府采购金额"}, {"budget": D("101.98"), "executed": D("41.28"), "unspent": D("60.70"), "moved_out": None}),
    (15, {"item": "基本支出"}, {"unspent": D("0.62"), "moved_out": D("73.90")}),
    # (98.77 - 214.76) / 214.76; (0.19 - 0.13) / 0.13
    (16, {"measure": "公用经费"}, {"prior_stated": D("214.76"), "this_year": D("98.77"), "change_pct": D("-54.01")}),
    (16, {"measure": "公务接待费"}, {"change_pct": D("46.15"), "comparability": "comparable"}),
    # budgets of exactly 14, 12 and 2
    (18, {"item_name": "公务用车运行维护费"}, {"last_budget": D("12"), "round_budget": True, "exactly_full": False}),
    (18, {"item_name": "公务接待费"}, {"last_budget": D("2"), "rate_pct": D("9.5"), "round_budget": True}),
    (19, {}, {"disclosure": "disclosed", "format": "txt", "narrative": True, "base_data": True, "projects": 1}),
    (20, {"section_name": "存在的问题及原因分析"}, {"repeated_pct": None, "shared_pct": D("0")}),
]  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("raw") / "zhuzhou" / "2024"
    folder.mkdir(parents=True)
    path = Path(shutil.copyfile(REAL_REPORT, folder / REAL_REPORT.name))
    settings = Settings.load()
    with build_in_memory(read_files([path], settings), settings.project / "dbt_project") as connection:
        yield connection


@pytest.mark.parametrize(("number", "which", "expected"), ANSWERS, ids=lambda part: str(part) if isinstance(part, int) else "")
def test_answer(warehouse: duckdb.DuckDBPyConnection, number: int, which: dict[str, Any], expected: dict[str, Any]) -> None:
    rows = rows_of(warehouse, QUESTIONS[number].sql)
    (row,) = (row for row in rows if which.items() <= row.items())
    assert {name: row[name] for name in expected} == expected


def test_scores_follow_target_and_actual_wherever_both_are_numbers(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Question 10: four indicators have numbers on both sides, and none of them has too many or too few points."""
    found = rows_of(
        warehouse,
        "select indicator_name, achievement_pct, score_gap_points from marts.mart_indicator_scores "
        "where achievement_pct is not null order by form_kind, indicator_number",
    )
    assert [(row["achievement_pct"], row["score_gap_points"]) for row in found] == [
        (D("150"), 0), (D("112.5"), 0), (D("100"), 0), (D("100"), 0),
    ]  # fmt: skip
    assert rows_of(warehouse, QUESTIONS[10].sql) == []


def test_twelve_hard_contradictions_and_two_of_rounding(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Question 12: the twelve that a person found are nineteen comparisons, seventeen of them critical or high."""
    found = rows_of(
        warehouse, "select fails_count, hard_fails_count, rounds_count, deferred_count from marts.mart_report_quality"
    )
    assert found == [{"fails_count": 19, "hard_fails_count": 17, "rounds_count": 2, "deferred_count": 1}]
    top = rows_of(warehouse, QUESTIONS[12].sql)[0]
    assert (top["check_id"], top["stated"], top["computed"]) == ("F16.base_data", D("0"), D("310.75"))


def test_one_department_has_no_peers(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Question 17: with n = 1 there is neither a percentile nor a z-score, and the query leaves such groups out."""
    found = rows_of(warehouse, "select distinct peers_count, percentile_pct, robust_z_score from marts.mart_peers")
    assert found == [{"peers_count": 1, "percentile_pct": None, "robust_z_score": None}]
    assert rows_of(warehouse, QUESTIONS[17].sql) == []


def test_overspent_office_costs(warehouse: duckdb.DuckDBPyConnection) -> None:
    """14.62 of 10.28 is 142.22 %, 2.04 of 1 is 204 %."""
    found = rows_of(
        warehouse,
        "select item_code, round(execution_rate_calculated_pct, 2) as rate_pct from marts.mart_roundness "
        "where execution_rate_calculated_pct > 100 order by item_code",
    )
    assert [tuple(row.values()) for row in found] == [("office_cost", D("142.22")), ("utilities_travel", D("204"))]


def test_every_question_is_answered_or_says_why_not() -> None:
    assert {number for number, _, _ in ANSWERS} | {10, 12, 17} == set(QUESTIONS)
