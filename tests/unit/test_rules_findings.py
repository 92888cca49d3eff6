"""Every finding of a report full of contradictions, with its values: the list was made by hand from the report."""

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.warehouse.models import build_in_memory
from tests.support.figures import facts_of, read_figures

DBT_PROJECT = Path(__file__).parents[2] / "dbt_project"
DEPARTMENT, PROJECT, NARRATIVE, TABLE = "department_evaluation", "project_evaluation", "narrative", "base_data"
FINDINGS = [
    # rates and scores that the amounts do not give
    ("F08.rate", NARRATIVE, "basic_expenditure", "99.90", "99.88", "fail", "high"),
    ("F08.rate", PROJECT, "project_expenditure", "99.00", "99.94", "fail", "high"),
    ("F09.score", PROJECT, "project_expenditure", "9.90", "9.99", "fail", "high"),
    ("F11.recomputed", PROJECT, "total_score_points", "99.90", "99.99", "fail", "high"),
    # the same amount told differently
    ("F15.basic_expenditure", DEPARTMENT, "basic_expenditure/executed", "533.83", "536.42", "fail", "critical"),
    ("F15.project_expenditure", DEPARTMENT, "project_expenditure/executed", "313.33", "310.75", "fail", "critical"),
    ("F16.department", DEPARTMENT, "project_expenditure/executed", "313.33", "310.75", "fail", "critical"),
    ("F16.base_data", TABLE, "project_expenditure/budget", "0", "287", "fail", "critical"),
    ("F16.base_data", TABLE, "project_expenditure/final_accounts", "0", "310.75", "fail", "critical"),
    ("F04.split", DEPARTMENT, "total", "847.98", "847.16", "fail", "high"),
    # indicators and goals
    ("F20.target", DEPARTMENT, "年巡察轮次", "2", "3", "fail", "critical"),
    ("F20.target", DEPARTMENT, "问题线索移交率和立行立改处置率", "80", "100", "fail", "high"),
    ("F20.actual", DEPARTMENT, "问题线索移交率和立行立改处置率", "90", "100", "fail", "high"),
    ("F21.target", DEPARTMENT, "年巡察轮次", "2", "3", "fail", "high"),
    ("F21.exceeded", DEPARTMENT, "巡察（轮）", "3", "3", "fail", "medium"),
    ("F21.exceeded", PROJECT, "年巡察轮次", "3", "3", "fail", "medium"),
    # an empty adjustment row
    ("F22.reason", TABLE, "basic_expenditure", None, "-73.90", "fail", "high"),
    ("F22.reason", TABLE, "project_expenditure", None, "23.94", "fail", "high"),
    ("F22.reason", TABLE, "total", None, "-49.95", "fail", "high"),
    # one cent
    ("F02.narrative", DEPARTMENT, "total/budget_initial", "897.93", "897.94", "round", "low"),
    ("F02.narrative", DEPARTMENT, "total/executed", "847.16", "847.17", "round", "low"),
    # two readings
    ("F18.quota_cut", TABLE, "control_rate_reported_pct", "100", "104.55", "deferred", "medium"),
    # warning signs
    ("F30.script", NARRATIVE, "8", "8", None, "flag", "low"),
    ("R01.nameless", DEPARTMENT, "cost", "10", "10", "flag", "medium"),
    ("R02.untargeted", DEPARTMENT, "score_points", "50", "90", "flag", "medium"),
    ("R02.untargeted", PROJECT, "score_points", "40", "90", "flag", "medium"),
    ("R03.satisfaction", DEPARTMENT, "被巡察单位与群众满意度", "10", "10", "flag", "medium"),
    ("R03.satisfaction", PROJECT, "被巡单位与群众满意度", "10", "10", "flag", "medium"),
    ("R04.admitted", DEPARTMENT, "total_score_points", "99.99", None, "flag", "low"),
    ("R04.admitted", PROJECT, "total_score_points", "99.90", None, "flag", "low"),
    ("R05.all_full", DEPARTMENT, "score_points", "8", "90", "flag", "low"),
    ("R05.all_full", PROJECT, "score_points", "7", "90", "flag", "low"),
    ("R08.overspent", None, "office_cost", "14.62", "10.28", "flag", "medium"),
    ("R08.overspent", None, "utilities_travel", "2.04", "1", "flag", "medium"),
]
# What was checked and is right, by check and number of comparisons.
AGREEMENTS = {
    "F01.parts": 1, "F02.form": 1, "F02.narrative": 1, "F03.sources": 1, "F05.sources": 3, "F06.three_public": 3,
    "F06.vehicles": 3, "F08.rate": 2, "F09.score": 1, "F10.weights": 2,
    "F10.printed": 1, "F11.printed": 2, "F11.bounds": 17, "F16.narrative": 3,
    "F17.public_funds": 1, "F18.quota": 1, "F18.rate": 1, "F19.header_year": 3, "F20.actual": 1, "F21.achieved": 2,
    "F30.sequence": 9, "F30.attachments": 3,
}  # fmt: skip


@cache
def _built() -> duckdb.DuckDBPyConnection:
    return build_in_memory(facts_of(read_figures("contradictory")), DBT_PROJECT)


def _rows(sql: str) -> list[tuple[Any, ...]]:
    return _built().execute(sql).fetchall()


def test_findings_are_exactly_those_made_by_hand() -> None:
    found = _rows(
        "select check_id, form_kind, subject, stated_value, computed_value, outcome, severity from marts.mart_findings"
    )
    expected = [
        (*names, *(None if value is None else Decimal(value) for value in values), *rest)
        for *names, stated, computed, outcome, severity in FINDINGS
        for values, rest in [((stated, computed), (outcome, severity))]
    ]
    assert sorted(map(repr, found)) == sorted(map(repr, _six_places(expected)))


def _six_places(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [
        tuple(value.quantize(Decimal("0.000001")) if isinstance(value, Decimal) else value for value in row) for row in rows
    ]


def test_difference_is_stated_minus_computed() -> None:
    assert _rows(
        "select count(*) from marts.mart_findings where difference is distinct from stated_value - computed_value"
    ) == [(0,)]


def test_what_is_right_was_compared_and_agrees() -> None:
    found = dict(_rows("select check_id, count(*) from marts.mart_rule_outcomes where outcome = 'ok' group by check_id"))
    assert {check_id: found.get(check_id) for check_id in AGREEMENTS} == AGREEMENTS


@pytest.mark.parametrize(
    ("where", "zh", "en"),
    [
        (
            "check_id = 'F04.split'",
            "按收入性质相加为847.98万元，按支出性质相加为847.16万元，相差0.82万元。前者与同表全年预算数相符，后者与全年执行数相符。",
            "The split by source adds up to 847.98, the split by nature to 847.16 (difference 0.82, 10 000 yuan). "
            "The first matches final (adjusted) budget on the same form, the second executed amount.",
        ),
        (
            "check_id = 'F22.reason' and subject = 'basic_expenditure'",
            "基本支出预算全年比年初变动-73.90万元（-12.10%），基础数据表“部门基本支出预算调整”却未填写。",
            "The budget of basic expenditure changed by -73.90 (10 000 yuan, -12.10 %) during the year, but the adjustment row "
            "of the base data table is empty.",
        ),
        (
            "check_id = 'F18.quota_cut'",
            "控制率写为100.00%；文字报告说核减了编制，若表中编制数为核减前的数，控制率应为104.55%。（待人工判断：报告可作两种理解）",
            "The control rate is stated as 100.00 %; the narrative says that the quota was cut. If the quota in the table is "
            "the one before the cut, the rate is 104.55 %. (For a person to decide: the report allows two readings.)",
        ),
    ],
)
def test_messages_are_sentences_for_a_clerk(where: str, zh: str, en: str) -> None:
    assert _rows(f"select message_zh, message_en from marts.mart_findings where {where}") == [(zh, en)]


def test_every_message_has_its_placeholders_filled() -> None:
    assert (
        _rows(
            "select check_id from marts.mart_findings where message_zh is null or message_en is null "
            "or regexp_matches(message_zh || message_en, '[{}]')"
        )
        == []
    )


def test_rows_behind_both_sides_are_named() -> None:
    rows = _rows(
        "select left_row_ids, right_row_ids from marts.mart_findings where check_id = 'F02.narrative' and stated_value = 847.16"
    )
    assert rows == [
        (
            ["report/department_evaluation-2/total/all/executed/2024"],
            [
                "report/narrative-0/basic_expenditure/general_public_budget/executed/2024",
                "report/narrative-0/project_expenditure/general_public_budget/executed/2024",
            ],
        )
    ]


def test_marts_hold_reported_and_calculated_side_by_side() -> None:
    execution = _rows(
        "select execution_rate_reported_pct, execution_rate_calculated_pct, execution_rate_difference_pp, outcome "
        "from marts.mart_execution where form_kind = 'narrative' and item_code = 'basic_expenditure'"
    )
    assert execution == [(Decimal("99.900000"), Decimal("99.884600"), Decimal("0.015400"), "fail")]
    three_public = _rows(
        "select prior_final_wanyuan, budget_wanyuan, final_wanyuan, final_to_budget_pct, year_on_year_pct, final_row_id "
        "from marts.mart_three_public where item_code = 'three_public'"
    )
    amounts = (Decimal("37.110000"), Decimal("14.000000"), Decimal("10.110000"), Decimal("72.214300"), Decimal("-72.756700"))
    assert three_public == [(*amounts, "report/base_data-1/three_public/all/final_accounts/2024")]
    staffing = _rows(
        "select staffing_quota_count, in_post_count, control_rate_calculated_pct, control_rate_after_cut_pct, outcome "
        "from marts.mart_staffing"
    )
    assert staffing == [(23, 23, Decimal("100.000000"), Decimal("104.550000"), "deferred")]


def test_preferred_execution_rows_are_one_per_item() -> None:
    preferred = _rows(
        "select item_code, form_kind, budget_final_wanyuan, executed_wanyuan "
        "from marts.mart_execution where is_preferred order by all"
    )
    assert preferred == [
        ("basic_expenditure", NARRATIVE, Decimal("537.040000"), Decimal("536.420000")),
        ("project_expenditure", NARRATIVE, Decimal("310.940000"), Decimal("310.750000")),
        ("total", DEPARTMENT, Decimal("847.980000"), Decimal("847.160000")),
    ]


def test_overview_counts_the_findings() -> None:
    overview = _rows(
        "select total_executed_wanyuan, project_executed_wanyuan, department_score_points, points_without_target, "
        "fails_count, rounds_count, flags_count, deferred_count, report_ids from marts.mart_department_overview"
    )
    figures = (Decimal("847.160000"), Decimal("310.750000"), Decimal("99.990000"), Decimal("90.000000"))
    assert overview == [(*figures, 19, 2, 12, 1, ["report"])]


def test_indicator_quality_tells_names_targets_and_measures_apart() -> None:
    assert _rows(
        "select has_content_name, is_blank_target, target_type, is_measured, points_without_target "
        "from marts.mart_indicator_quality where form_kind = 'department_evaluation' and level1_code = 'cost'"
    ) == [(False, True, "missing", False, Decimal("10.000000"))]
