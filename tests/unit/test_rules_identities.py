"""One figure changed in a report that keeps every identity: the rules about that figure answer, and no other."""

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.catalogue.schemas import polars_schema
from pipelines.warehouse.models import build_in_memory
from tests.support.figures import facts_of, read_figures

DBT_PROJECT = Path(__file__).parents[2] / "dbt_project"
NARRATIVE, TABLE, FORM, PROJECT = range(4)
Change = tuple[tuple[Any, ...], Any]
Finding = tuple[str, str, str | None, str | None]
FINDING = "check_id, outcome, stated_value, computed_value"
# Every form of the clean report takes full marks in every indicator, which is a flag of its own: R05, tested with its model.
FOUND = "outcome not in ('ok', 'not_applicable') and check_id <> 'R05.all_full'"


@cache
def _clean() -> Any:
    return read_figures("clean")


def _changed(*changes: Change) -> Any:
    """The clean report with values put at paths below `forms` (or at `report`)."""
    content = deepcopy(_clean())
    for path, value in changes:
        *parents, last = path
        target = content if path[0] == "report" else content["forms"]
        for step in parents:
            target = target[step]
        if isinstance(target, dict) or last < len(target):
            target[last] = value
        else:
            target.append(value)
    return content


def _plain(row: Any) -> Finding:
    check_id, outcome, *values = row
    stated, computed = (None if value is None else f"{value.normalize():f}" for value in values)
    return check_id, outcome, stated, computed


def _outcomes(frames: dict[str, pl.DataFrame], where: str) -> list[Finding]:
    with build_in_memory(frames, DBT_PROJECT) as connection:
        rows = connection.execute(f"select {FINDING} from marts.mart_rule_outcomes where {where} order by all").fetchall()
    return [_plain(row) for row in rows]


def _findings(content: Any) -> list[Finding]:
    return _outcomes(facts_of(content), FOUND)


def test_a_report_that_keeps_every_identity_has_no_finding() -> None:
    assert _findings(_clean()) == []


# What is changed, and the findings that it makes: check_id, outcome, stated and computed value.
CASES: dict[str, tuple[list[Change], list[Finding]]] = {
    "F01: personnel funds off by a cent on one form is no rounding": (
        [((NARRATIVE, "amounts", "personnel_funds general_public_budget", 2), 480.26)],
        [("F01.parts", "fail", "602.5", "602.51")],
    ),
    "F02: three added figures may differ by 0.03 between form and narrative": (
        [((FORM, "amounts", "total", 0), 1000.03)],
        [("F02.narrative", "round", "1000.03", "1000")],
    ),
    "F02: and not by 0.04": ([((FORM, "amounts", "total", 0), 1000.04)], [("F02.narrative", "fail", "1000.04", "1000")]),
    "F03 and F04: a split that matches no phase is held against the nearest": (
        [((FORM, "amounts", "total general_public_budget", 3), 901)],
        [("F03.sources", "fail", "1005.5", "1006"), ("F04.split", "fail", "1006", "1005.5")],
    ),
    "F04: two phases in one block; each sum matches a phase": (
        [((FORM, "amounts", "total general_public_budget", 3), 905)],
        [("F04.split", "fail", "1010", "1005.5")],
    ),
    "F05: sources of a project": (
        [((PROJECT, "amounts", "project_expenditure carry_over", 1), 11)],
        [("F05.sources", "fail", "405", "406")],
    ),
    "F06: last year's column is checked too": (
        [((TABLE, "amounts", "reception", 0), 4.6)],
        [("F06.three_public", "fail", "12.5", "12.6")],
    ),
    "F06: vehicles": ([((TABLE, "amounts", "vehicle_purchase", 1), 1)], [("F06.vehicles", "fail", "8", "9")]),
    "F06: a blank part of a sum that holds without it is no finding": (
        [((TABLE, "amounts", "vehicle_purchase", 1), "blank")],
        [],
    ),
    "F06: a blank part may explain an unequal sum": (
        [((TABLE, "amounts", "vehicle_purchase", 1), "blank"), ((TABLE, "amounts", "vehicle_operation", 1), 7)],
        [("F06.vehicles", "deferred", "8", "7")],
    ),
    "F07: a part exceeds its parent": (
        [((TABLE, "amounts", "office_cost", 1), 126)],
        [("F07.office_cost", "fail", "126", "125"), ("F07.public_funds_parts", "fail", "191", "125")],
    ),
    "F07: parts together exceed their parent": (
        [((TABLE, "amounts", "operating_work", 2), 321)],
        [("F07.project_parts", "fail", "404", "403")],
    ),
    "F08: two printed places": (
        [((FORM, "evaluations", 0, "execution_rate_reported_pct"), "99.56")],
        [("F08.rate", "fail", "99.56", "99.55")],
    ),
    "F08: printed whole, half a point is allowed": ([((FORM, "evaluations", 0, "execution_rate_reported_pct"), "100")], []),
    "F08: a rate of one fund source is held against that source": (
        [((NARRATIVE, "evaluations", 2, "execution_rate_reported_pct"), "98")],
        [("F08.rate", "fail", "98", "100")],
    ),
    "F09: and what the total would be": (
        [
            ((FORM, "evaluations", 0, "execution_score_points"), "9.97"),
            ((FORM, "evaluations", 0, "total_score_points"), "99.97"),
        ],
        [("F09.score", "fail", "9.97", "9.96"), ("F11.recomputed", "fail", "99.97", "99.96")],
    ),
    "F10: weights": (
        [
            ((PROJECT, "indicators", 2, 4), 25),
            ((PROJECT, "indicators", 2, 5), 25),
            ((PROJECT, "evaluations", 0, "total_score_points"), "94.95"),
        ],
        [("F10.weights", "fail", "95", "100")],
    ),
    "F10: printed total weight": (
        [((PROJECT, "evaluations", 0, "total_weight_points"), 110)],
        [("F10.printed", "fail", "110", "100")],
    ),
    "F11: printed scores do not add up": (
        [((PROJECT, "evaluations", 0, "total_score_points"), "99.85")],
        [("F11.printed", "fail", "99.85", "99.95")],
    ),
    "F11: a blank score may explain the difference": (
        [((PROJECT, "indicators", 2, 5), None), ((PROJECT, "evaluations", 0, "total_score_points"), "99.95")],
        [("F11.printed", "deferred", "99.95", "69.95")],
    ),
    "F11: more points than the weight": (
        [((FORM, "indicators", 3, 5), 31), ((FORM, "evaluations", 0, "total_score_points"), "100.96")],
        [("F11.bounds", "fail", "31", "30")],
    ),
    "F12: an upper bound was missed and full points taken": (
        [((PROJECT, "indicators", 2, 3), "4万元")],
        [("F12.ratio", "fail", "30", "26"), ("R17.unexplained_miss", "flag", "4", "3.5")],
    ),
    "F12: fewer points than the ratio gives is a flag": (
        [((PROJECT, "indicators", 2, 5), 24), ((PROJECT, "evaluations", 0, "total_score_points"), "93.95")],
        [("F12.ratio", "flag", "24", "30")],
    ),
    "F12: more than half above the target": (
        [
            ((PROJECT, "indicators", 0, 3), "19场"),
            ((FORM, "indicators", 0, 3), "19场"),
            ((FORM, "goals", 1, 1), 19),
            ((PROJECT, "goals", 0, 1), 19),
        ],
        [("F12.overachieved", "flag", "19", "12"), ("F12.overachieved", "flag", "19", "12")],
    ),
    "F13: points in the first-level label": (
        [((FORM, "indicators", 0, 6), 40), ((FORM, "indicators", 1, 6), 40), ((FORM, "indicators", 2, 6), 40)],
        [("F13.band", "fail", "40", "50")],
    ),
    "F14: grade": ([((FORM, "evaluations", 0, "grade_reported"), "良")], [("F14.grade", "fail", "99.96", "90")]),
    "F15: a split that adds up and yet differs from the narrative": (
        [((FORM, "amounts", "basic_expenditure", 3), 603.5), ((FORM, "amounts", "project_expenditure", 3), 402)],
        [
            ("F15.basic_expenditure", "fail", "603.5", "602.5"),
            ("F15.project_expenditure", "fail", "402", "403"),
            ("F16.department", "fail", "402", "403"),
        ],
    ),
    "F16: one cent between table and form is rounding": (
        [((TABLE, "amounts", "project_expenditure", 2), 403.01)],
        [("F16.base_data", "round", "403.01", "403")],
    ),
    "F17: public funds": (
        [
            ((NARRATIVE, "amounts", "public_funds general_public_budget", 2), 122.2),
            ((NARRATIVE, "amounts", "personnel_funds general_public_budget", 2), 480.3),
        ],
        [("F17.public_funds", "fail", "122.2", "122.25")],
    ),
    "F18: head counts allow no difference": (
        [((NARRATIVE, "personnel", "staffing_quota_count"), 41)],
        [("F18.quota", "fail", "41", "40")],
    ),
    "F18: control rate": ([((TABLE, "personnel", "control_rate_reported_pct"), "95.5")], [("F18.rate", "fail", "95.5", "95")]),
    "F18: a cut in the quota leaves two readings": (
        [((NARRATIVE, "personnel", "quota_cut_count"), 2)],
        [("F18.quota_cut", "deferred", "95", "100")],
    ),
    "F19: title of a form": ([((FORM, "stated_year"), 2023)], [("F19.form_year", "fail", "2023", "2024")]),
    "F19: last year's column": (
        [((TABLE, "years"), {2022: ["final_accounts"], 2024: ["budget", "final_accounts"]})],
        [("F19.header_year", "fail", "2022", "2023")],
    ),
    "F19: folder": ([(("report", "folder_year"), 2023)], [("F19.folder_year", "flag", "2024", "2023")]),
    "F20: same name": ([((PROJECT, "indicators", 0, 2), "≥10场")], [("F20.target", "fail", "12", "10")]),
    "F20: names that differ slightly": ([((PROJECT, "indicators", 1, 3), "98%")], [("F20.actual", "fail", "97", "98")]),
    "F20: another head noun is another indicator": (
        [
            ((PROJECT, "indicators", 0, 1), "培训人次"),
            ((PROJECT, "indicators", 0, 2), "≥600人次"),
            ((PROJECT, "indicators", 0, 3), "650人次"),
        ],
        [],
    ),
    "F21: quantity of the expected goal": ([((FORM, "goals", 0, 1), 15)], [("F21.target", "fail", "12", "15")]),
    "F21: quantity of the achieved goal": ([((PROJECT, "goals", 0, 1), 11)], [("F21.achieved", "fail", "12", "11")]),
    "F21: exactly met is not exceeded": (
        [((FORM, "sections", 1, 2), "完成12场培训，超额完成目标。")],
        [("F21.exceeded", "fail", "12", "12")],
    ),
    "F21: an indicator above its target bears the claim out": (
        [((PROJECT, "sections", 0, 2), "完成12场培训，超额完成目标。")],
        [],
    ),
    "F22: empty adjustment row": (
        [((TABLE, "sections"), []), ((TABLE, "amounts", "basic_budget_adjustment"), ["blank", "blank", "blank"])],
        [("F22.reason", "fail", None, "5"), ("F22.reason", "fail", None, "5"), ("F22.reason", "fail", None, "10")],
    ),
    "F22: a form without the row cannot be held to it": ([((TABLE, "sections"), [])], []),
    "F30: a chapter is missing": ([((NARRATIVE, "sections", 3, 1), "五")], [("F30.sequence", "fail", "5", "4")]),
    "F30: another script": ([((NARRATIVE, "sections", 3, 1), "4")], [("F30.script", "flag", "4", None)]),
    "F30: an announced form is missing": (
        [
            (
                (NARRATIVE, "sections", 4, 2),
                "附件：1.基础数据表 2.整体支出绩效自评表 3.项目支出绩效自评表（一） 4.项目支出绩效自评表（二）",
            )
        ],
        [("F30.attachments", "fail", "2", "1")],
    ),
    "R01: points without content": ([((FORM, "indicators", 3, 1), "无")], [("R01.nameless", "flag", "30", "30")]),
    "R02: no target": ([((FORM, "indicators", 3, 2), "无")], [("R02.untargeted", "flag", "30", "90")]),
    "R03: satisfaction that nobody measured": (
        [((PROJECT, "indicators", 3, 3), "群众满意")],
        [("R03.satisfaction", "flag", "10", "10")],
    ),
    "R04: admitted and nearly full marks": (
        [((NARRATIVE, "sections", 3, 2), "部分指标不够具体。"), ((PROJECT, "evaluations", 0, "total_score_points"), None)],
        [("R04.admitted", "flag", "99.96", None)],
    ),
}


@cache
def _findings_of_cases() -> dict[str, list[Finding]]:
    """Findings by case: every case is a report of one warehouse, built once."""
    reports = [facts_of(_changed(*changes), name) for name, (changes, _) in CASES.items()]
    frames = {
        table: pl.concat([report[table] for report in reports if table in report]) for table in sorted(set().union(*reports))
    }
    with build_in_memory(frames, DBT_PROJECT) as connection:
        rows = connection.execute(
            f"select report_id, {FINDING} from marts.mart_rule_outcomes where {FOUND} order by all"
        ).fetchall()
    return {name: [_plain(finding) for report_id, *finding in rows if report_id == name] for name in CASES}


@pytest.mark.parametrize("name", CASES)
def test_one_change_is_found_by_the_rules_about_it(name: str) -> None:
    assert _findings_of_cases()[name] == CASES[name][1]


def test_a_rate_over_no_budget_is_left_to_a_person() -> None:
    amounts = (PROJECT, "amounts")
    content = _changed(
        *(((*amounts, item, 1), 0) for item in _clean()["forms"][PROJECT]["amounts"]),
        *(((*amounts, item, 2), 0) for item in _clean()["forms"][PROJECT]["amounts"]),
    )
    outcomes = _outcomes(facts_of(content), "check_id in ('F08.rate', 'F09.score') and form_kind = 'project_evaluation'")
    stated = [(check_id, outcome, computed) for check_id, outcome, _, computed in outcomes]
    assert stated == [("F08.rate", "deferred", None), ("F09.score", "deferred", None)]


def test_a_part_in_quarantine_defers_the_sum() -> None:
    content = _changed(((TABLE, "amounts", "reception", 1), None))
    frames = facts_of(content)
    place = {"item_code": "reception", "fund_source_code": "all", "phase_code": "budget", "amount_year": 2024}
    row: dict[str, Any] = dict.fromkeys(polars_schema("quarantine"))
    row |= {
        "row_id": "q",
        "report_id": "report",
        "form_id": "report-01",
        "form_kind": "base_data",
        "table_name": "fact_expenditures",
        "state": "open",
    }
    row["record"] = str(place).replace("'", '"')
    frames["quarantine"] = pl.DataFrame([row], schema=polars_schema("quarantine"))
    assert _outcomes(frames, "check_id = 'F06.three_public' and outcome <> 'ok'") == [
        ("F06.three_public", "deferred", "12", "8")
    ]


def test_without_project_forms_the_narrative_stands_in() -> None:
    content = _changed(((TABLE, "amounts", "project_expenditure", 2), 402))
    del content["forms"][PROJECT]
    found = [finding for finding in _findings(content) if finding[0].startswith("F16")]
    assert found == [("F16.base_data_narrative", "fail", "402", "403")]


def test_the_sum_over_projects_may_be_the_department_figure() -> None:
    content = _changed(((FORM, "indicators", 0, 2), "≥24场"), ((FORM, "indicators", 0, 3), "24场"))
    content["forms"].append(deepcopy(content["forms"][PROJECT]))
    outcomes = _outcomes(facts_of(content), "check_id like 'F20.%' and subject = '培训场次'")
    assert [(check_id, outcome) for check_id, outcome, *_ in outcomes] == [("F20.actual", "ok")] * 2 + [
        ("F20.target", "ok")
    ] * 2


def test_a_check_that_sees_nothing_is_not_applicable_and_says_why() -> None:
    content = {"report": _clean()["report"], "forms": [{"form_kind": "narrative"}]}
    with build_in_memory(facts_of(content), DBT_PROJECT) as connection:
        outcomes = connection.execute("select distinct outcome, reason from marts.mart_rule_outcomes").fetchall()
        checks = connection.execute("select count(*) from catalogue.checks").fetchone()
        seen = connection.execute("select count(*) from marts.mart_rule_outcomes where outcome = 'not_applicable'").fetchone()
        folder_year = 1
        assert checks is not None and seen is not None
        assert seen[0] == checks[0] - folder_year
    assert sorted(outcomes, key=str) == [("not_applicable", "no_figures"), ("ok", None)]


def test_two_reports_are_never_compared_with_each_other() -> None:
    first, second = facts_of(_clean(), "first"), facts_of(_changed(((FORM, "amounts", "total", 2), 2000)), "second")
    both = {name: pl.concat([first[name], second[name]]) for name in first}
    with build_in_memory(both, DBT_PROJECT) as connection:
        found = connection.execute(f"select distinct report_id from marts.mart_rule_outcomes where {FOUND}").fetchall()
    assert found == [("second",)]


def test_superseded_and_rejected_revisions_are_left_out() -> None:
    frames = facts_of(_changed(((FORM, "amounts", "total", 2), 2000)))
    frames["reports"] = frames["reports"].with_columns(is_current=pl.lit(False))
    assert _outcomes(frames, "true") == []


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(KeyError, match="fact_expenditure"):
        build_in_memory({"fact_expenditure": pl.DataFrame()}, DBT_PROJECT)
