"""Where forms begin and end, which template and number each gets, and what is no form."""

from __future__ import annotations

import pytest

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
