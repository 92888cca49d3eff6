"""Sentences of the narrative: amounts under the right item, phase and year; what only compares or parts is listed, not read."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from tests.support.reports import BASE, TITLE, Frames, frames, table

BASIC = "二、一般公共预算支出情况\n（一）基本支出情况\n"
INITIAL, FINAL, EXECUTED, UNSTATED = "budget_initial", "budget_final", "executed", "unstated"


def told(text: str) -> Frames:
    """Frames of a report whose narrative holds the text, its forms left out."""
    found = frames(f"{TITLE}{text}\n\n附件1\n基础数据表\n{table(BASE)}")
    return {
        name: frame.filter(form_kind="narrative") if "form_kind" in frame.columns else frame for name, frame in found.items()
    }


def basics(sentence: str, heading: str = BASIC) -> list[tuple[str, str, int, str]]:
    found = told(heading + sentence)["fact_expenditures"].select("item_code", "phase_code", "amount_year", "amount_wanyuan")
    return [(item, phase, year, f"{amount.normalize():f}") for item, phase, year, amount in found.iter_rows()]


def unmapped(sentence: str, heading: str = BASIC) -> list[str]:
    return told(heading + sentence)["unmapped_labels"]["raw_text"].to_list()


def quarantined(sentence: str) -> list[tuple[str, str]]:
    return told(BASIC + sentence)["quarantine"].select("rule", "raw_text").rows()


THREE = [("basic_expenditure", phase, 2024, amount) for phase, amount in ((INITIAL, "10"), (FINAL, "11"), (EXECUTED, "10.5"))]


@pytest.mark.parametrize(
    "sentence",
    [
        "2024年年初预算基本支出10万元，全年预算基本支出11万元，实际基本支出10.5万元。",
        "2024年，基本支出年初预算数为10万元，全年预算数为11万元，实际支出10.5万元。",
        "全年基本支出年初预算10万元，调整后预算11万元，全年执行10.5万元。",
        "基本支出年初部门预算安排10万元，全年（调整）预算数11万元，支出决算10.5万元。",
        "基本支出年初预算数１０万元，全年预算数１１．０万元，决算数10．5万元。",
        "基本支出 年初 预算数 10 万元，全年 预算数 11 万 元，实际支出 10.5 万元。",
        "基本支出年初预算数0.001亿元，全年预算数110000元，实际支出105,000元。",
        "基本支出年初预算数10万元；全年预算数11万元；实际支出10.5万元。",
        "基本支出年初预算数10万元，年中调整1万元，全年预算数11万元，实际支出10.5万元。",
        "基本支出年初预算数10万元，全年预算数11万元（其中：上年结转1万元，当年财政拨款10万元），实际支出10.5万元。",
        "基本支出年初预算数10万元，较2023年增加2万元，全年预算数11万元，实际支出10.5万元。",
        "我局自2017年成立、2019年3月扩编以来，基本支出年初预算数10万元，全年预算数11万元，实际支出10.5万元。",
    ],
)
def test_wordings_of_the_three_phases(sentence: str) -> None:
    assert basics(sentence) == THREE


def test_items_named_after_the_sentence_keep_its_phase() -> None:
    sentence = "基本支出年初预算12万元，实际支出10.5万元，执行率87.5%。其中：人员经费8万元，公用经费2.5万元。"
    assert basics(sentence)[2:] == [("personnel_funds", EXECUTED, 2024, "8"), ("public_funds", EXECUTED, 2024, "2.5")]


def test_an_aggregate_of_another_kind_ends_phase_and_item() -> None:
    sentence = "年初预算数100万元，全年预算110万元，支出总额105万元。其中基本支出60万元，项目支出45万元。收入合计7万元。"
    heading = "一、基本情况\n"
    assert basics(sentence, heading) == [
        ("basic_expenditure", UNSTATED, 2024, "60"),
        ("project_expenditure", UNSTATED, 2024, "45"),
    ]
    assert unmapped(sentence, heading) == ["100万元", "110万元", "105万元", "7万元"]


@pytest.mark.parametrize(
    ("sentence", "listed"),
    [
        ("实际支出10.5万元，同比增加2万元。", ["2万元"]),
        ("实际支出10.5万元，较上年8.5万元增加2万元，增长23%。", ["8.5万元", "2万元"]),
        ("实际支出10.5万元，比2023年的8.5万元多2万元。", ["8.5万元", "2万元"]),
        ("实际支出10.5万元，年末结转结余1万元。", ["1万元"]),
        ("实际支出10.5万元，主要用于：办公设备购置10万元，会议费1万元。", ["10万元", "1万元"]),
        ("实际支出10.5万元，其中：培训班支出3万元，展览支出2万元。", ["3万元", "2万元"]),
        ("实际支出10.5万元。其中：甲基本支出3万元；乙基本支出2万元。", ["3万元", "2万元"]),
        ("实际支出10.5万元，政府采购4万元。", ["4万元"]),
    ],
)
def test_comparisons_and_parts_are_listed_as_unmapped(sentence: str, listed: list[str]) -> None:
    assert basics(sentence) == [("basic_expenditure", EXECUTED, 2024, "10.5")]
    assert unmapped(sentence) == listed


@pytest.mark.parametrize(
    ("figure", "rule"),
    [
        ("7,00.0,77万元", "malformed_number"),
        ("１２３４．５.6万元", "malformed_number"),
        ("10余万元", "malformed_number"),
        ("10-20万元", "malformed_number"),
        ("1**.5万元", "masked_number"),
        ("×××万元", "masked_number"),
        ("6 10.94 万元", "several_numbers"),
    ],
)
def test_figures_that_allow_no_certain_reading_are_quarantined_whole(figure: str, rule: str) -> None:
    assert basics(f"基本支出实际支出{figure}。") == []
    assert quarantined(f"基本支出实际支出{figure}。") == [(rule, figure)]


def test_one_figure_told_twice_is_one_fact_with_two_places() -> None:
    found = told(BASIC + "基本支出实际支出10.5万元。全年基本支出实际支出10.50万元。")
    assert found["fact_expenditures"].height == 1
    cells = found["figure_cells"].filter(pl.col("row_id").is_in(found["fact_expenditures"]["row_id"].implode()))
    assert cells["raw_text"].to_list() == ["10.5万元", "10.50万元"]


def test_one_figure_told_in_two_ways_is_quarantined_both_times() -> None:
    sentence = "基本支出实际支出10.5万元，基本支出实际支出9万元。"
    assert basics(sentence) == []
    assert quarantined(sentence) == [("conflicting_duplicate", "10.5万元"), ("conflicting_duplicate", "9万元")]


def test_years_named_in_the_sentence() -> None:
    sentence = "2023年基本支出决算数8.5万元，2024年基本支出决算数10.5万元。基本支出年初预算12万元。"
    assert [(phase, year) for _, phase, year, _ in basics(sentence)] == [(EXECUTED, 2023), (EXECUTED, 2024), (INITIAL, 2024)]


@pytest.mark.parametrize(
    ("text", "rate"),
    [("执行率99.90%", "99.9"), ("执行率为 99．9％", "99.9"), ("预算执行率达到100%", "100"), ("执行率：99.9", "99.9")],
)
def test_rates(text: str, rate: str) -> None:
    found = told(f"{BASIC}基本支出全年预算数11万元，{text}。")["fact_evaluations"]
    assert found.select("item_code", "execution_rate_reported_pct").rows() == [("basic_expenditure", Decimal(rate))]


def test_places_count_the_characters_of_the_printed_line() -> None:
    found = told(BASIC + "　　基本支出 年初预算数 10 万元。")["fact_expenditures"]
    assert found.select("line_number", "column_number", "raw_text").rows() == [(6, 12, "10 万元")]


@pytest.mark.parametrize(
    "text",
    [
        "三、政府性基金预算支出情况\n本单位无政府性基金预算支出。",
        "三、政府性基金预算支出情况\n无",
        "三、政府性基金预算支出情况：无",
        "三、政府性基金预算支出情况。本单位没有安排政府性基金。",
        "3、政府性基金预算支出情况\n不涉及。",
    ],
)
def test_statements_of_none_are_absences_not_zeros(text: str) -> None:
    found = told(text)
    assert found["fact_expenditures"].is_empty()
    assert found["absent_values"].select("fund_source_code", "absence_code").rows() == [("gov_fund_budget", "none")]


@pytest.mark.parametrize("text", ["资金用于无障碍改造。", "政府性基金预算支出0万元。", "政府性基金预算支出20万元，无结余。"])
def test_what_is_no_statement_of_none(text: str) -> None:
    assert told(f"三、政府性基金预算支出情况\n{text}")["absent_values"].is_empty()


@pytest.mark.parametrize(
    ("text", "field", "count"),
    [
        ("本单位现共有编制人数23人。", "staffing_quota_count", 23),
        ("截至2024年末，核定编制23名。", "staffing_quota_count", 23),
        ("编制２３名，", "staffing_quota_count", 23),
        ("编制 23 名，其中行政编制15名、事业编制8名。", "staffing_quota_count", 23),
        ("编办核定，核减1个编制。", "quota_cut_count", 1),
        ("实际在职人员22名。", "in_post_count", 22),
        ("2024年末在职人数22人。", "in_post_count", 22),
        ("年末在职22人。", "in_post_count", 22),
        ("另有离退休人员7人。", "retirees_count", 7),
        ("年末实有人数29人。", "total_staff_count", 29),
        ("年末实有29人。", "total_staff_count", 29),
    ],
)
def test_staff(text: str, field: str, count: int) -> None:
    found = told(f"一、基本情况\n{text}")
    row = found["fact_personnel"].row(0, named=True)
    assert {name: value for name, value in row.items() if name.endswith("_count") and value is not None} == {field: count}


def sections(text: str) -> list[tuple[str, str | None, str | None, str | None]]:
    columns = ("section_code", "section_number", "heading", "text")
    return told(text)["fact_narratives"].filter(pl.col("section_code") != "preface").select(columns).rows()


def test_sections_nest_and_carry_text_on_the_line_of_the_heading() -> None:
    assert sections(
        "一、基本情况\n1.主要职能\n（1）办会；\n（2）办文。\n2.机构情况：设两科。\n"
        "七、存在的问题。人手不足。\n8、 下一步改进措施\n培训。"
    ) == [
        ("basic_information", "一", "基本情况", None),
        ("functions", "一/1", "主要职能", "（1）办会；\n（2）办文。"),
        ("organisation", "一/2", "机构情况", "设两科。"),
        ("problems", "七", "存在的问题", "人手不足。"),
        ("improvement", "8", "下一步改进措施", "培训。"),
    ]


def test_headings_in_digits() -> None:
    found = told(
        "1、基本情况\n略\n2、一般公共预算支出情况\n（1）基本支出情况\n全年预算10万元。\n（2）项目支出情况\n全年预算20万元。"
    )
    assert found["fact_expenditures"].select("item_code", "fund_source_code").rows() == [
        ("basic_expenditure", "general_public_budget"),
        ("project_expenditure", "general_public_budget"),
    ]


def test_entries_of_a_list_are_no_headings() -> None:
    assert [code for code, *_ in sections("七、存在的问题\n1.预算不准，执行慢；\n2、人手不足，经费紧。\n（1）其他。")] == [
        "problems"
    ]


def test_attachments_are_a_section_of_their_own() -> None:
    found = sections("九、绩效自评结果拟应用和公开情况\n公开。\n附件：1.基础数据表\n2.自评表")
    assert [(code, text) for code, _, _, text in found] == [
        ("result_use", "公开。"),
        ("attachments", "附件：1.基础数据表\n2.自评表"),
    ]
