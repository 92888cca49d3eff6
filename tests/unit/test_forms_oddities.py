"""What real forms and sentences print beside the usual, and what would be a wrong figure without a word if it were not noticed.

Each case is a document that a person reads without trouble, and the reading that a hurried eye would make of it.
"""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from pipelines.forms.sentences import figures
from tests.support.reports import BASE, DEPARTMENT, EMPTY, PROJECT, TITLE, Frames, Rows, amounts, changed, frames, table

TOTAL = ("project_expenditure", "all", "executed", 2024)
WITHOUT_UNIT = changed(PROJECT, ("项目资金\n(万元)", "项目资金"), ("10.5", "105000"))


def project(rows: Rows, above: str = "项目支出绩效自评表\n") -> Frames:
    return frames(TITLE + above + table(rows))


def indicators(found: Frames) -> list[tuple[str, Decimal | None, Decimal | None]]:
    return found["fact_indicators"].select("indicator_name", "weight_points", "score_points").rows()


# units -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("above", "rows", "executed"),
    [
        ("项目支出绩效自评表\n填报单位：甲市乙局   2024年度   金额单位：元\n", WITHOUT_UNIT, "10.5"),
        ("项目支出绩效自评表\n（货币单位：人民币元）\n", WITHOUT_UNIT, "10.5"),
        ("项目支出绩效自评表（单位：元）\n", WITHOUT_UNIT, "10.5"),
        ("项目支出绩效自评表\n", changed(WITHOUT_UNIT, ("项目资金", "项目资金：元")), "10.5"),
        ("项目支出绩效自评表\n", changed(WITHOUT_UNIT, ("项目资金", "项目资金\n单位元")), "10.5"),
        ("项目支出绩效自评表\n", changed(WITHOUT_UNIT, ("项目资金", "项目资金【元】")), "10.5"),
        ("项目支出绩效自评表\n", changed(WITHOUT_UNIT, ("项目资金", "项目资金（千元）")), "10500"),
        ("项目支出绩效自评表\n单位：百万元\n", WITHOUT_UNIT, "10500000"),
    ],
)
def test_units_wherever_they_stand(above: str, rows: Rows, executed: str) -> None:
    assert amounts(project(rows, above), "project_evaluation")[TOTAL] == executed


def test_the_line_that_states_a_unit_names_the_department_without_year() -> None:
    found = project(WITHOUT_UNIT, "项目支出绩效自评表\n填报单位：甲市乙局   2024年度   金额单位：元\n")
    assert found["reports"]["department_name"].to_list() == ["甲市乙局"]
    assert found["forms"]["title_zh"].drop_nulls().to_list()[-1] == "项目支出绩效自评表"


def test_amounts_in_a_unit_that_nobody_can_convert_are_quarantined() -> None:
    found = project(changed(WITHOUT_UNIT, ("项目资金", "项目资金（万美元）")))
    assert found["fact_expenditures"].is_empty()
    assert set(found["quarantine"]["rule"]) == {"unknown_unit"}


def test_decimals_that_would_be_rounded_away_are_quarantined() -> None:
    found = project(changed(WITHOUT_UNIT, ("项目资金", "项目资金（百元）"), ("105000", "1050.12345")))
    assert found["quarantine"].select("rule", "raw_text").rows() == [("malformed_number", "1050.12345")]


# rows that are none ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [
        ["", "产出指标", "数量指标", "小计", EMPTY, EMPTY, "50", "50", EMPTY],
        ["", "产出指标", "数量指标", "得分", EMPTY, EMPTY, EMPTY, "50", EMPTY],
        ["", "产出指标", "数量指标", EMPTY, EMPTY, EMPTY, "50", "50", EMPTY],
        ["", "栏次", "1", "2", "3", "4", "5", "6", EMPTY],
    ],
)
def test_rows_that_name_no_indicator(row: list[str]) -> None:
    found = project([*PROJECT[:11], row, *PROJECT[11:]])
    assert [name for name, *_ in indicators(found)] == ["培训次数", "社会影响"]
    assert set(found["unmapped_labels"]["raw_text"]) == {text for text in row if text.isdigit()}


def test_a_sum_of_special_funds_is_no_fund() -> None:
    found = frames(TITLE + "基础数据表\n" + table([*BASE[:12], ["小计", "4", "5", "6"], *BASE[12:]]))
    funds = found["fact_expenditures"].filter(pl.col("item_code") == "special_fund")
    assert set(funds["project_name"]) == {"城乡环境整治"}
    assert found["unmapped_labels"]["raw_text"].to_list() == ["4", "5", "6"]


def test_a_list_of_projects_names_none_of_its_columns_as_the_project() -> None:
    rows = [
        ["项目名称", "年初预算数", "全年预算数", "全年执行数"],
        ["甲项目", "10", "11", "10.5"],
        ["合计", "10", "11", "10.5"],
    ]
    found = frames(TITLE + "项目支出绩效自评表\n" + table(rows))
    assert found["forms"]["project_name"].drop_nulls().to_list() == []


def test_one_figure_in_a_total_below_no_certain_column_is_weight_or_score() -> None:
    header = ["绩效指标", "一级指标", "分值", "三级指标", "年度指标值", "实际完成值", "分值"]
    rows = [*PROJECT[:9], header, ["", "产出指标", "50", "培训次数", "≥3次", "3次", "50"], ["总分", *[EMPTY] * 5, "100"]]
    found = project(rows)
    assert found["fact_evaluations"]["total_score_points"].drop_nulls().to_list() == []


# columns and cells -----------------------------------------------------------------------------------------------------------


def test_columns_of_two_years() -> None:
    years = ("上年预算数", "上年执行数", "本年预算数", "2024年执行数")
    rows = [["项目资金\n(万元)", "资金来源", *years], ["", "年度资金总额", "9", "8", "10", "9.5"]]
    found = amounts(project([*PROJECT[:2], *rows, *PROJECT[7:]]), "project_evaluation")
    assert {(phase, year): amount for (_, _, phase, year), amount in found.items()} == {
        ("budget", 2023): "9",
        ("executed", 2023): "8",
        ("budget", 2024): "10",
        ("executed", 2024): "9.5",
    }


def test_headers_that_name_the_year_before_the_phase() -> None:
    phases = ("年初预算数", "全年预算数", "全年执行数")
    named = changed(PROJECT, *((phase, f"2024年{phase.removeprefix('年')}") for phase in phases))
    assert amounts(project(named), "project_evaluation") == amounts(project(PROJECT), "project_evaluation")


def test_label_and_figure_in_one_cell() -> None:
    rows = changed(DEPARTMENT, ("一般公共预算：", "一般公共预算：100"), ("其中:基本支出：", "其中:基本支出：60万元"))
    rows = [[text for text in row if text not in ("100", "60") or "年度资金总额：" in row] for row in rows]
    found = frames(TITLE + "整体支出绩效自评表\n" + table(rows))
    read = amounts(found, "department_evaluation")
    assert read["total", "general_public_budget", "unstated", 2024] == "100"
    assert read["basic_expenditure", "all", "unstated", 2024] == "60"


def test_numbered_lines_are_indicators_of_their_own() -> None:
    row = ["", "产出指标", "数量指标", "1.次数\n2.人数", "1.≥3次\n2.≥50人", "1.3次\n2.55人", "20\n30", "20\n29", EMPTY]
    found = indicators(project([*PROJECT[:10], row, *PROJECT[11:]]))
    assert found[:2] == [("次数", Decimal(20), Decimal(20)), ("人数", Decimal(30), Decimal(29))]


# sentences -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("公务接待费预算8万元，支出7.5万元。", {"budget": "8万元", "executed": "7.5万元"}),
        ("项目支出预算400万元，已支出380万元。", {"budget": "400万元", "executed": "380万元"}),
        ("年初预算基本支出800万元；调整后基本支出850万元。", {"budget_initial": "800万元", "budget_final": "850万元"}),
        ("公务接待费预算8万元，2024年支出7.5万元。", {"budget": "8万元", "executed": "7.5万元"}),
        ("2024年我局及下属单位项目支出400万元。", {"unstated": "400万元"}),
        ("2024年安澜市市场局项目支出400万元。", {"unstated": "400万元"}),
    ],
)
def test_phases_that_are_told_in_passing(sentence: str, expected: dict[str, str]) -> None:
    assert {figure.phase: figure.raw for figure in figures(sentence, 2024)} == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "“三公”经费控制在预算15万元以内。",
        "项目支出预算完成率达到95%以上。",
        "截至2024年6月底，项目支出200万元。",
        "2024年1-6月公用经费支出70万元。",
        "上半年公用经费支出70万元。",
        "近三年三公经费支出共计30万元。",
        "2022-2024年项目支出累计1200万元。",
        "2022年至2024年项目支出累计1200万元。",
        "“十四五”期间项目支出5000万元。",
        "人均公用经费3万元。",
        "每月公用经费12.5万元。",
        "公务接待费超预算0.5万元。",
        "违规列支公用经费2万元，已整改。",
        "从项目支出中列支人员经费20万元。",
        "将基本支出30万元调整到项目支出。",
        "扣减项目支出20万元。",
        "计划投入项目支出500万元。",
        "下属二级单位甲中心基本支出120万元。",
        "局机关基本支出730万元。",
        "信息化项目支出100万元。",
        "公务接待费年初预算由5万元，调整预算2万元。",
    ],
)
def test_figures_that_are_no_amount_of_the_department_and_year(sentence: str) -> None:
    found = figures(sentence, 2024)
    assert found
    assert {figure.kind for figure in found} == {"unmapped"}


def test_parts_of_an_amount_are_not_the_amount() -> None:
    read = figures("项目支出400万元中，信息化项目支出100万元，业务费项目支出300万元。", 2024)
    assert [(figure.kind, figure.raw) for figure in read] == [
        ("amount", "400万元"),
        ("unmapped", "100万元"),
        ("unmapped", "300万元"),
    ]


def test_what_follows_parts_without_a_named_whole_is_not_of_the_last_part() -> None:
    read = figures("全年预算为1280万元，其中：基本支出850万元、项目支出430万元；全年支出1250万元。", 2024)
    assert [(figure.kind, figure.item) for figure in read] == [
        ("unmapped", None),
        ("amount", "basic_expenditure"),
        ("amount", "project_expenditure"),
        ("unmapped", None),
    ]
