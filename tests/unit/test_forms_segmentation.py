"""Where forms begin and end, which template and number each gets, and what is no form."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.golden import WRITERS, read_source
from tests.support.reports import BASE, DEPARTMENT, PROJECT, TITLE, Frames, changed, counts, frames, table

SECOND = changed(PROJECT, ("甲项目", "丙项目"))


def forms(found: Frames) -> list[tuple[str, int | None, str | None]]:
    """Kind, attachment number and project of every form besides the narrative."""
    rows = found["forms"].filter(found["forms"]["form_number"] > 0)
    return rows.select("form_kind", "attachment_number", "project_name").rows()


ALL_FOUR = [
    ("base_data", None, None),
    ("department_evaluation", None, None),
    ("project_evaluation", None, "甲项目"),
    ("project_evaluation", None, "丙项目"),
]
FIGURES = 33 + 20 + 23 + 23


def test_forms_that_follow_each_other_in_one_table_without_titles() -> None:
    found = frames(TITLE + table([*BASE, *DEPARTMENT, *PROJECT, *SECOND]))
    assert forms(found) == ALL_FOUR
    assert counts(found) == (FIGURES, FIGURES, 0, 0)


def test_titles_in_rows_of_the_table() -> None:
    titles = ["2024年度部门整体支出绩效评价基础数据表", "整体支出绩效自评表", "项目支出绩效自评表", "项目支出绩效自评表"]
    rows = [row for title, form in zip(titles, (BASE, DEPARTMENT, PROJECT, SECOND), strict=True) for row in ([title], *form)]
    found = frames(TITLE + table(rows))
    assert forms(found) == ALL_FOUR
    assert found["forms"]["title_zh"].to_list()[1:] == titles
    assert counts(found) == (FIGURES, FIGURES, 0, 0)


def test_title_rows_with_a_row_of_the_reporting_unit_below() -> None:
    reporting = ["填报单位：甲市乙局", "单位：万元"]
    found = frames(TITLE + table([["基础数据表"], reporting, *BASE, ["整体支出绩效自评表"], reporting, *DEPARTMENT]))
    assert forms(found) == ALL_FOUR[:2]


def test_a_grade_row_stays_with_its_form() -> None:
    found = frames(TITLE + table([*PROJECT, ["评级", "优"], *SECOND, ["评级", "良"]]))
    assert forms(found) == ALL_FOUR[2:]
    totals = found["fact_evaluations"].filter(fund_source_code="all")
    assert totals.select("project_name", "grade_reported").rows() == [("甲项目", "优"), ("丙项目", "良")]


def test_marks_before_and_after_their_tables() -> None:
    found = frames(
        f"{TITLE}基础数据表\n{table(BASE)}\n附件一\n\n附件二\n整体支出绩效自评表\n{table(DEPARTMENT)}附件三\n项目支出绩效自评表\n{table(PROJECT)}"
    )
    assert [number for _, number, _ in forms(found)] == [1, 2, 3]


def test_the_last_table_may_have_its_mark_below() -> None:
    assert forms(frames(f"{TITLE}基础数据表\n{table(BASE)}附件1\n")) == [("base_data", 1, None)]


@pytest.mark.parametrize("mark", ["附件{}：{}", "附件{} {}", "附表{}、{}", "附件{}. {}", "附件{}-1：{}"])
def test_mark_and_title_on_one_line(mark: str) -> None:
    found = frames(
        TITLE
        + mark.format(1, "部门整体支出绩效评价基础数据表\n")
        + table(BASE)
        + mark.format(2, "部门整体支出绩效自评表\n")
        + table(DEPARTMENT)
    )
    assert forms(found) == [("base_data", 1, None), ("department_evaluation", 2, None)]
    assert found["forms"]["title_zh"].to_list()[1:] == ["部门整体支出绩效评价基础数据表", "部门整体支出绩效自评表"]


@pytest.mark.parametrize(
    "listed",
    [
        "附件：1.2024年度部门整体支出绩效评价基础数据表\n2.2024年度部门整体支出绩效自评表\n3.2024年度项目支出绩效自评表\n",
        "附件：（1）部门整体支出绩效评价基础数据表\n（2）部门整体支出绩效自评表\n（3）项目支出绩效自评表\n",
        "附件1：部门整体支出绩效评价基础数据表\n附件2：部门整体支出绩效自评表\n附件3：项目支出绩效自评表\n",
        "附件\n部门整体支出绩效评价基础数据表\n部门整体支出绩效自评表\n项目支出绩效自评表\n",
    ],
)
def test_a_list_of_attachments_titles_no_table(listed: str) -> None:
    found = frames(TITLE + listed + table(BASE) + "说明\n" + table(DEPARTMENT))
    assert forms(found) == [("base_data", None, None), ("department_evaluation", None, None)]
    assert found["forms"]["title_zh"].to_list()[1:] == [None, None]
    assert counts(found)[2:] == (0, 0)


@pytest.mark.parametrize("between", ["\n\n", "\n（续表）\n\n", "\n— 7 —\n\n", "\n第 7 页 共 9 页\n\n", "\n7\n\n"])
@pytest.mark.parametrize("cut", [8, 10, 11])
def test_a_form_cut_by_a_page_break_is_one_form(between: str, cut: int) -> None:
    found = frames(
        f"{TITLE}项目支出绩效自评表\n{table(PROJECT[:cut])}{between}{table(PROJECT[cut:])}项目支出绩效自评表\n{table(SECOND)}"
    )
    assert forms(found) == ALL_FOUR[2:]
    assert counts(found) == (46, 46, 0, 0)


def test_a_header_row_printed_again_on_the_next_page_begins_nothing() -> None:
    found = frames(TITLE + table([*PROJECT[:11], PROJECT[9], *PROJECT[11:]]))
    assert forms(found) == ALL_FOUR[2:3]
    assert found["fact_indicators"]["indicator_name"].to_list() == ["培训次数", "社会影响"]


def test_funds_by_source_and_by_nature_below_each_other_are_one_section() -> None:
    rows = [
        *DEPARTMENT[:3],
        ["", "按收入性质分："],
        ["", "一般公共预算：", "105"],
        ["", "按支出性质分："],
        ["", "基本支出：", "60"],
        *DEPARTMENT[8:],
    ]
    found = frames(TITLE + table(rows))
    assert forms(found) == ALL_FOUR[1:2]
    unstated = found["fact_expenditures"].filter(phase_code="unstated")
    assert unstated["item_code"].to_list() == ["total", "basic_expenditure"]


@pytest.mark.parametrize("title", ["项目支出绩效目标申报表", "2024年部门整体支出绩效目标表", "绩效目标批复表"])
def test_a_form_of_targets_yields_nothing_that_happened(title: str) -> None:
    found = frames(TITLE + title + "\n" + table(PROJECT))
    report = found["reports"].row(0, named=True)
    assert (report["outcome"], report["reason"], report["document_kind"]) == ("rejected", "not_self_evaluation", "target")
    assert found["fact_indicators"].is_empty() and found["fact_expenditures"].is_empty()


def test_a_form_of_targets_beside_a_self_evaluation_is_left_out() -> None:
    found = frames(f"{TITLE}项目支出绩效目标申报表\n{table(SECOND)}项目支出绩效自评表\n{table(PROJECT)}")
    assert forms(found) == ALL_FOUR[2:3]


def test_a_table_that_is_no_form_is_named_in_a_warning() -> None:
    found = frames(f"{TITLE}人员名册\n{table([['姓名', '年龄'], ['甲', '35']])}基础数据表\n{table(BASE)}")
    assert forms(found) == ALL_FOUR[:1]
    assert found["reports"]["warnings"].to_list() == ["table 1 fits no template"]


def test_a_form_of_a_unit_that_may_be_the_department_stays_with_a_warning() -> None:
    second = table(changed(DEPARTMENT, ("甲市乙局", "甲局")))
    found = frames(f"{TITLE}整体支出绩效自评表\n{table(DEPARTMENT)}整体支出绩效自评表\n{second}")
    assert forms(found) == ALL_FOUR[1:2] * 2
    (warnings,) = found["reports"]["warnings"].to_list()
    assert "table 2 names 甲局, the report 甲市乙局: one report or two?" in warnings
    assert "the forms name several departments: 甲市乙局, 甲局" in warnings


def test_a_report_without_forms_is_rejected() -> None:
    report = frames(TITLE + "一、基本情况\n编制数23人。\n")["reports"].row(0, named=True)
    assert (report["outcome"], report["reason"]) == ("rejected", "no_forms")


def test_narrative_after_the_forms_is_read() -> None:
    found = frames(
        f"{TITLE}基础数据表\n{table(BASE)}一、基本情况\n编制数23人。\n二、一般公共预算支出情况\n（一）基本支出情况\n年初预算10万元。\n"
    )
    staff = found["fact_personnel"].filter(form_kind="narrative")
    assert staff["staffing_quota_count"].to_list() == [23]
    assert found["fact_expenditures"].filter(form_kind="narrative")["item_code"].to_list() == ["basic_expenditure"]


@pytest.mark.parametrize(("title_year", "expected"), [("2023", 2023), ("2025", 2025)])
def test_the_year_is_that_of_the_title_not_of_the_folder(title_year: str, expected: int) -> None:
    found = frames(TITLE.replace("2024", title_year) + "项目支出绩效自评表\n" + table(PROJECT), year=2024)
    assert found["reports"].select("fiscal_year", "stated_year", "folder_year").row(0) == (expected, expected, 2024)
    assert set(found["fact_expenditures"]["amount_year"]) == {expected}


def test_without_a_titles_year_the_headers_year_counts_then_the_folders() -> None:
    nameless = "甲市乙局\n部门整体支出绩效自评报告\n\n"
    assert frames(nameless + table(BASE), year=2019)["reports"]["fiscal_year"].to_list() == [2024]
    assert frames(nameless + table(PROJECT), year=2019)["reports"]["fiscal_year"].to_list() == [2019]
    assert frames(nameless + table(PROJECT), year=None)["reports"]["fiscal_year"].to_list() == [None]


# forms over pages, beside each other --------------------------------------------------------------------------------------


def page(html: str) -> bytes:
    """Bytes of a docx whose tables have the spans of an HTML source."""
    return WRITERS["docx"][1](read_source(html))


HEADER = "<tr><td>绩效指标<td>一级指标<td>二级指标<td>三级指标<td>年度指标值<td>实际完成值<td>分值<td>得分"
TOP = (
    "<tr><td>项目名称<td colspan=7>甲项目<tr><td>主管部门<td colspan=7>甲市乙局"
    "<tr><td rowspan=2>项目资金（万元）<td>资金来源<td>年初预算数<td>全年预算数<td>全年执行数<td>分值<td>执行率<td>得分"
    "<tr><td>年度资金总额<td>10<td>11<td>10.5<td>10<td>95.45%<td>9.55"
)
FIRST = "<tr><td rowspan={}>绩效指标<td>一级指标<td>二级指标<td>三级指标<td>年度指标值<td>实际完成值<td>分值<td>得分"
ROWS = (
    "<td>产出指标<td>数量指标<td>培训次数<td>≥3次<td>3次<td>30<td>30",
    "<td>产出指标<td>质量指标<td>合格率<td>100%<td>100%<td>20<td>20",
    "<td>效益指标<td>社会效益指标<td>服务人数<td>≥50人<td>52人<td>40<td>39",
)
TOTAL = "<tr><td colspan=6>总分<td>100<td>98.55"
WHOLE = [
    ("output", "培训次数", "≥3次", "3次", 30, 30),
    ("output", "合格率", "100%", "100%", 20, 20),
    ("benefit", "服务人数", "≥50人", "52人", 40, 39),
]


def indicators(found: Frames) -> list[tuple[object, ...]]:
    """Level, name, target, actual value, weight and score of every indicator."""
    columns = ("level1_code", "indicator_name", "target_raw", "actual_raw", "weight_points", "score_points")
    return found["fact_indicators"].select(columns).rows()


@pytest.mark.parametrize(
    "between",
    [
        "",
        "<p>— 2 —</p>",
        "<p>（续表）</p>",
        "<p>项目支出绩效自评表（续）</p>",
        "<p>续表：项目支出绩效自评表</p>",
        "<p>甲市乙局自评材料</p><p>第 2 页</p>",
        "<p>项目支出绩效自评表</p>",
    ],
)
@pytest.mark.parametrize("header", ["", HEADER], ids=["bare", "header printed again"])
def test_a_form_over_pages(between: str, header: str) -> None:
    pages = (
        f"<table>{TOP}{FIRST.format(2)}<tr>{ROWS[0]}</table>{between}"
        f"<table>{header}<tr><td rowspan=2>{ROWS[1]}<tr>{ROWS[2]}{TOTAL}</table>"
    )
    found = frames(page(f"<p>甲市乙局自评材料</p><p>项目支出绩效自评表</p>{pages}"))
    assert indicators(found) == WHOLE
    assert found["reports"].select("forms_count", "outcome").row(0) == (2, "parsed")
    assert found["fact_evaluations"].select("total_weight_points", "total_score_points").row(0) == (100, Decimal("98.55"))


def test_a_total_row_alone_on_the_next_page() -> None:
    body = "".join(f"<tr>{row}" for row in ROWS)
    found = frames(
        page(f"<p>项目支出绩效自评表</p><table>{TOP}{FIRST.format(4)}{body}</table><p>- 2 -</p><table>{TOTAL}</table>")
    )
    assert indicators(found) == WHOLE
    assert found["fact_evaluations"]["total_score_points"].to_list() == [Decimal("98.55")]


def test_a_page_without_the_merged_name_of_its_section_stands_under_the_same_columns() -> None:
    rest = f"<table><tr>{ROWS[1]}<tr>{ROWS[2]}<tr><td colspan=5>总分<td>100<td>98.55</table>"
    found = frames(page(f"<p>项目支出绩效自评表</p><table>{TOP}{FIRST.format(2)}<tr>{ROWS[0]}</table>{rest}"))
    assert indicators(found) == WHOLE
    assert counts(found)[2:] == (0, 0)


def test_rows_of_a_page_with_other_columns_are_under_no_column() -> None:
    rest = "<table><tr><td>合格率<td>100%<td>99%<td>20<td>19</table>"
    found = frames(page(f"<p>项目支出绩效自评表</p><table>{TOP}{FIRST.format(2)}<tr>{ROWS[0]}</table>{rest}"))
    assert indicators(found) == WHOLE[:1]
    assert counts(found)[3] == 4
    assert found["unmapped_labels"]["raw_text"].to_list() == ["100%", "99%", "20", "19"]


def test_a_merged_level_goes_on_behind_a_page_break() -> None:
    first = f"<table>{TOP}{FIRST.format(2)}<tr>{ROWS[0]}</table>"
    rest = f"<table><tr><td><td><td>质量指标<td>合格率<td>100%<td>100%<td>20<td>20<tr><td>{ROWS[2]}{TOTAL}</table>"
    found = frames(page(f"<p>项目支出绩效自评表</p>{first}{rest}"))
    assert indicators(found) == WHOLE
    assert found["fact_indicators"]["level2_code"].to_list() == ["quantity", "quality", "social_benefit"]


def test_two_forms_beside_each_other_in_one_table() -> None:
    def column(name: str, executed: str) -> list[str]:
        return [
            "<td colspan=5>项目支出绩效自评表",
            f"<td>项目名称<td colspan=4>{name}",
            "<td>项目资金（万元）<td>资金来源<td>年初预算数<td>全年预算数<td>全年执行数",
            f"<td><td>年度资金总额<td>10<td>10<td>{executed}",
            "<td>绩效指标<td>一级指标<td>三级指标<td>年度指标值<td>实际完成值",
            f"<td><td>产出指标<td>{name}次数<td>≥3次<td>4次",
        ]

    rows = "".join(f"<tr>{left}{right}" for left, right in zip(column("甲项目", "9"), column("丙项目", "8"), strict=True))
    found = frames(page(f"<table>{rows}</table>"))
    assert forms(found) == ALL_FOUR[2:]
    executed = found["fact_expenditures"].filter(phase_code="executed")
    assert executed.select("project_name", "amount_wanyuan").rows() == [("甲项目", 9), ("丙项目", 8)]
    assert found["fact_indicators"]["indicator_name"].to_list() == ["甲项目次数", "丙项目次数"]
    assert counts(found)[2:] == (0, 0)


def test_fifteen_forms_parted_by_title_rows_in_one_table() -> None:
    one = f"<tr><td colspan=8>项目支出绩效自评表{TOP}{FIRST.format(2)}<tr>{ROWS[0]}{TOTAL}"
    found = frames(page(f"<table>{''.join(one.replace('甲项目', f'项目{number}') for number in range(15))}</table>"))
    assert [name for _, _, name in forms(found)] == [f"项目{number}" for number in range(15)]
    assert found["reports"]["parts_count"].to_list() == [1]
    assert found["fact_indicators"].height == 15


def test_the_unit_that_fills_in_a_form_may_stand_on_a_line_above_it() -> None:
    found = frames(
        page(f"<p>项目支出绩效自评表</p><p>填报单位（盖章）：甲市丁局　　填报日期：2025年1月2日</p><table>{TOP}</table>")
    )
    assert found["reports"]["department_name"].to_list() == ["甲市丁局"]
    assert found["forms"]["stated_department_name"].to_list()[-1] == "甲市丁局"
