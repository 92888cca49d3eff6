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
        ("实际支出10.5万元，增加2万元。", ["2万元"]),
        ("实际支出10.5万元，较上年8.5万元增加2万元。", ["8.5万元"]),
        ("实际支出10.5万元，比2022年增加2万元。", ["2万元"]),
        ("实际支出10.5万元，同比增加2万元，主要是人员经费增加1.5万元。", ["1.5万元"]),
        ("实际支出10.5万元，上年结转1万元。", ["1万元"]),
        ("实际支出10.5万元，主要用于：办公设备购置10万元，会议费1万元。", ["10万元", "1万元"]),
        ("实际支出10.5万元，其中：培训班支出3万元，展览支出2万元。", ["3万元", "2万元"]),
        ("实际支出10.5万元。其中：甲基本支出3万元；乙基本支出2万元。", ["3万元", "2万元"]),
        ("实际支出10.5万元，收入11万元。", ["11万元"]),
        ("实际支出10.5万元，其中工资福利支出8万元。", ["8万元"]),
        ("实际支出10.5万元，占支出总额的60%。", ["60%"]),
        ("实际支出10.5万元，为群众挽回损失100万元。", ["100万元"]),
        ("实际支出10.5万元，人员经费和公用经费共10.5万元。", ["10.5万元"]),
        ("实际支出10.5万元，人员经费、公用经费分别为8万元、2万元、0.5万元。", ["8万元", "2万元", "0.5万元"]),
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


@pytest.mark.parametrize(
    ("headings", "is_read"),
    [
        ("一、部门基本情况\n（二）机构设置及人员情况\n", True),
        ("一、部门基本情况\n（二）下属单位\n", False),
        ("七、存在的问题\n（二）队伍建设\n", False),
    ],
)
def test_staff_below_a_heading_of_its_own(headings: str, is_read: bool) -> None:
    found = told(f"{headings}核定编制23名。")["fact_personnel"]
    assert found["staffing_quota_count"].to_list() == ([23] if is_read else [])


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


def amounts(sentence: str, heading: str = "一、基本情况\n") -> list[tuple[str, str, str]]:
    return [(item, phase, amount) for item, phase, _, amount in basics(sentence, heading)]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (
            "2024年“三公”经费年初预算14万元，实际支出10.11万元。其中：因公出国（境）费0万元，公务用车购置及运行维护费9.92万元"
            "（其中：购置费0万元，运行维护费9.92万元），公务接待费0.19万元。",
            [
                ("three_public", INITIAL, "14"), ("three_public", EXECUTED, "10.11"), ("abroad", EXECUTED, "0"),
                ("vehicles", EXECUTED, "9.92"), ("vehicle_purchase", EXECUTED, "0"), ("vehicle_operation", EXECUTED, "9.92"),
                ("reception", EXECUTED, "0.19"),
            ],
        ),
        (
            "基本支出实际支出10.5万元，政府采购支出总额4万元，其中：货物支出1万元、工程支出0万元、服务支出3万元。"
            "授予中小企业合同金额2万元，占政府采购支出总额的50%。",
            [
                ("basic_expenditure", EXECUTED, "10.5"), ("procurement", UNSTATED, "4"), ("procurement_goods", UNSTATED, "1"),
                ("procurement_works", UNSTATED, "0"), ("procurement_services", UNSTATED, "3"),
            ],
        ),
        ("机关运行经费支出98.77万元。", [("org_operating_cost", UNSTATED, "98.77")]),
        (
            "政府采购预算101.98万元，实际采购41.28万元。",
            [("procurement", "budget", "101.98"), ("procurement", EXECUTED, "41.28")],
        ),
        (
            "实际支出中，人员经费、公用经费分别为437.65万元、98.77万元。",
            [("personnel_funds", EXECUTED, "437.65"), ("public_funds", EXECUTED, "98.77")],
        ),
        (
            "基本支出年初预算数、全年预算数、执行数分别为10万元、11万元和10.5万元。",
            [("basic_expenditure", INITIAL, "10"), ("basic_expenditure", FINAL, "11"), ("basic_expenditure", EXECUTED, "10.5")],
        ),
        (
            "项目支出年初预算5万，全年预算调整为80000元，实际支出0.0007亿元，年末结转结余1万元。",
            [
                ("project_expenditure", INITIAL, "5"), ("project_expenditure", FINAL, "8"),
                ("project_expenditure", EXECUTED, "7"), ("project_expenditure", "balance", "1"),
            ],
        ),
        (
            "2024年全年总支出510万元，其中：基本支出300万元（人员经费250万元，公用经费50万元），项目支出210万元。",
            [
                ("total", EXECUTED, "510"), ("basic_expenditure", EXECUTED, "300"), ("personnel_funds", EXECUTED, "250"),
                ("public_funds", EXECUTED, "50"), ("project_expenditure", EXECUTED, "210"),
            ],
        ),
        ("部门整体支出年初预算897.93万元，实际支出847.16万元。", [("total", INITIAL, "897.93"), ("total", EXECUTED, "847.16")]),
    ],
)  # fmt: skip
def test_parts_totals_and_items(sentence: str, expected: list[tuple[str, str, str]]) -> None:
    assert amounts(sentence) == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "整体支出预算数12万元，其中基本支出8万元，项目支出4万元；决算数为11万元。",
        "整体支出预算数12万元，其中基本支出8万元，项目支出4万元，决算数为11万元。",
    ],
)
def test_an_amount_behind_parts_is_of_none_of_them(sentence: str) -> None:
    assert amounts(sentence) == [
        ("total", "budget", "12"),
        ("basic_expenditure", "budget", "8"),
        ("project_expenditure", "budget", "4"),
    ]
    assert unmapped(sentence, "一、基本情况\n") == ["11万元"]


@pytest.mark.parametrize(
    "sentence",
    [
        "工程支出3万元，服务支出2万元，购置费1万元。",
        "支出总额105万元。",
        "三公经费总额未定，总支出10万元。",
        "整体支出绩效良好，节约10万元。",
        "基本支出中工资福利支出5万元。",
        "基本支出人均5万元。",
        "公务接待费从严控制，举办培训2期，支出3万元。",
        "基本支出中工资福利支出5万元，实际支出4万元。",
        "项目支出绩效目标为增收100万元。",
        "公务接待费控制在年初预算以内，节约3万元。",
        "主要原因是人员经费5万元未支出。",
        "涉及资金100万元。",
    ],
)
def test_figures_without_a_certain_subject_stay_unmapped(sentence: str) -> None:
    assert amounts(sentence) == []


def test_ten_thousands_that_are_no_money_are_no_figures() -> None:
    assert amounts("惠及群众5万，发展会员2万。") == []
    assert unmapped("惠及群众5万，发展会员2万。") == []


def changes(sentence: str) -> list[tuple[str, str, int, str, str | None, str | None]]:
    found = told(BASIC + sentence)["fact_changes"].select(
        "item_code", "phase_code", "amount_year", "change_basis_code", "change_wanyuan", "change_pct"
    )
    return [
        (*codes, *(None if value is None else f"{value.normalize():f}" for value in values))
        for *codes, values in ((*row[:4], row[4:]) for row in found.iter_rows())
    ]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("实际支出10.5万元，同比增加2万元，增长23%。", ("basic_expenditure", EXECUTED, 2024, "prior_year", "2", "23")),
        ("实际支出10.5万元，较上年减少2万元，下降16%。", ("basic_expenditure", EXECUTED, 2024, "prior_year", "-2", "-16")),
        ("实际支出10.5万元，比2023年的8.5万元多2万元。", ("basic_expenditure", EXECUTED, 2024, "prior_year", "2", None)),
        ("实际支出10.5万元，与上年相比，减少了20000元。", ("basic_expenditure", EXECUTED, 2024, "prior_year", "-2", None)),
        ("实际支出10.5万元，同比下降16.5％。", ("basic_expenditure", EXECUTED, 2024, "prior_year", None, "-16.5")),
        ("全年预算数11万元，较年初预算增加1万元，增长10%。", ("basic_expenditure", FINAL, 2024, "budget_initial", "1", "10")),
        ("实际支出10.5万元，比全年预算数减少0.5万元。", ("basic_expenditure", EXECUTED, 2024, "budget_final", "-0.5", None)),
        ("实际支出10.5万元，较预算减少0.5万元。", ("basic_expenditure", EXECUTED, 2024, "budget", "-0.5", None)),
        ("年初预算数10万元，年中追加预算1万元。", ("basic_expenditure", FINAL, 2024, "supplements", "1", None)),
        ("年初预算数10万元，调减2万元。", ("basic_expenditure", FINAL, 2024, "cuts", "-2", None)),
        ("“三公”经费较上年减少27万元。", ("three_public", UNSTATED, 2024, "prior_year", "-27", None)),
        ("公用经费同比减少0万元。", ("public_funds", UNSTATED, 2024, "prior_year", "0", None)),
    ],
)
def test_changes(sentence: str, expected: tuple[str, str, int, str, str | None, str | None]) -> None:
    assert changes(sentence) == [expected]


def test_supplements_of_different_size_are_rows_of_their_own() -> None:
    found = changes("年初预算数10万元，年中追加预算1万元。追加经费2万元。再次追加预算1万元。")
    assert found == [("basic_expenditure", FINAL, 2024, "supplements", size, None) for size in ("1", "2")]


@pytest.mark.parametrize(
    "sentence",
    [
        "实际支出10.5万元，增长23%。",
        "实际支出10.5万元，比2022年增加2万元。",
        "实际支出10.5万元，同比持平。",
        "实际支出10.5万元，同比增加2个百分点。",
        "实际支出10.5万元，同比人均增加2万元。",
        "游客同比增长23%，带动收入增加2万元。",
        "实际支出10.5万元，主要是公务接待费减少1万元。",
        "人员经费和公用经费同比增加2万元。",
        "其中工资福利支出8万元，同比增加2万元。",
        "财政拨款支出合计105万元，同比增加2万元。",
    ],
)
def test_what_is_no_change_of_an_item(sentence: str) -> None:
    assert changes(sentence) == []


def test_a_change_told_in_two_ways_is_quarantined() -> None:
    sentence = "实际支出10.5万元，同比增加2万元。全年基本支出实际支出10.5万元，同比减少2万元。"
    assert changes(sentence) == []
    assert quarantined(sentence) == [("conflicting_duplicate", "2万元"), ("conflicting_duplicate", "2万元")]


@pytest.mark.parametrize(
    ("text", "rate", "basis"),
    [
        ("完成年初预算的99%", "99", INITIAL),
        ("完成调整后预算的98.5％", "98.5", FINAL),
        ("完成预算的97.2%", "97.2", "budget"),
        ("占年初预算数的96%", "96", INITIAL),
        ("执行率为95%", "95", None),
    ],
)
def test_rates_with_their_basis(text: str, rate: str, basis: str | None) -> None:
    found = told(f"{BASIC}基本支出实际支出11万元，{text}。")["fact_evaluations"]
    assert found.select("execution_rate_reported_pct", "execution_rate_basis_code").rows() == [(Decimal(rate), basis)]


@pytest.mark.parametrize(
    "text", ["2023年执行率95%", "较上年执行率95%", "人员经费和公用经费执行率95%", "主要是公务接待费执行率95%"]
)
def test_rates_of_something_else(text: str) -> None:
    assert told(f"{BASIC}基本支出实际支出11万元，{text}。")["fact_evaluations"].is_empty()


def counts(text: str) -> dict[str, int]:
    found = told(f"一、基本情况\n{text}")["fact_counts"]
    assert set(found["count_year"]) <= {2024}
    return dict(found.select("count_code", "count_value").iter_rows())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("公务接待12批次、98人次。", {"reception_batches": 12, "reception_persons": 98}),
        ("公务接待费0.19万元，全年共接待12批次98人次。", {"reception_batches": 12, "reception_persons": 98}),
        ("2024年国内公务接待 12 个批次，接待人数 1,098 人。", {"reception_batches": 12, "reception_persons": 1098}),
        (
            "公务接待费0.19万元，其中：国内公务接待3批次20人次，外事接待0批次、0人次。",
            {"reception_batches": 3, "reception_persons": 20, "foreign_reception_batches": 0, "foreign_reception_persons": 0},
        ),
        ("公务用车保有量3辆，购置0辆。", {"vehicles_owned": 3, "vehicles_purchased": 0}),
        ("更新购置公务用车1辆，年末公务用车保有量为4辆。", {"vehicles_purchased": 1, "vehicles_owned": 4}),
        ("因公出国（境）团组0个，0人次。", {"abroad_groups": 0, "abroad_persons": 0}),
        ("出国（境）团组数0个，出国（境）人数0人。", {"abroad_groups": 0, "abroad_persons": 0}),
        ("公务用车购置0辆、保有量3辆，接待8批。", {"vehicles_purchased": 0, "vehicles_owned": 3}),
        (
            "安排因公出国(境)费0万元，全年使用财政拨款安排出国（境）团组2个、参加5人次。",
            {"abroad_groups": 2, "abroad_persons": 5},
        ),
        (
            "共对12个项目开展绩效自评，其中评为优的10个、良2个。",
            {"evaluated_projects": 12, "excellent_projects": 10, "good_projects": 2},
        ),
        ("纳入自评的项目共9个。", {"evaluated_projects": 9}),
        ("对一般公共预算项目支出全面开展绩效自评，共涉及项目5个，涉及资金86.4万元。", {"evaluated_projects": 5}),
    ],
)
def test_counts(text: str, expected: dict[str, int]) -> None:
    assert counts(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "接待来访群众12批次、98人次。",
        "上年公务接待12批次。",
        "公务接待较上年减少2批次。",
        "公务接待近12批次。",
        "公务接待12余批次。",
        "公务接待1*批次。",
        "购置环卫车3辆。",
        "开展培训12批次98人次。",
        "对12个乡镇开展自评。",
        "新建项目9个。",
        "评为优秀个人10个。",
    ],
)
def test_what_is_no_count(text: str) -> None:
    assert counts(text) == {}


def evaluations(text: str, title: str = TITLE) -> list[tuple[str, str | None, str | None, str | None]]:
    found = frames(f"{title}一、基本情况\n{text}\n\n附件1\n基础数据表\n{table(BASE)}")["fact_evaluations"]
    columns = ("total_score_points", "mean_score_reported_points")
    return [
        (
            row["item_code"],
            *(None if row[name] is None else f"{row[name].normalize():f}" for name in columns),
            row["grade_reported"],
        )
        for row in found.filter(form_kind="narrative").iter_rows(named=True)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("自评得分98.5分，评级为“优”。", ("total", "98.5", None, "优")),
        ("部门整体支出绩效自评得分为98.5分，等次为良好。", ("total", "98.5", None, "良好")),
        ("自评总分：98.5，评价结果：优。", ("total", "98.5", None, "优")),
        ("共对12个项目开展自评，平均分97.3分。", ("project_expenditure", None, "97.3", None)),
        ("项目自评平均得分为97.3分。", ("project_expenditure", None, "97.3", None)),
    ],
)
def test_scores(text: str, expected: tuple[str, str | None, str | None, str | None]) -> None:
    assert evaluations(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "甲项目自评得分97分。",
        "上年自评得分96分。",
        "2023年自评得分96分。",
        "群众评分98分。",
        "数量指标自评得分20分。",
        "年度考核评定为优。",
        "满意度平均分97分。",
        "食品质量评价结果为优。",
        "自评得分均在90分以上。",
        "等级为优良率较高。",
    ],
)
def test_scores_of_something_else(text: str) -> None:
    assert evaluations(text) == []


def test_a_score_without_a_subject_is_listed() -> None:
    title = TITLE.replace("部门整体支出绩效自评报告", "绩效自评报告")
    assert evaluations("自评得分98.5分，评级为优。", title) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "核定编制23名，其中行政编制15名、事业编制8名；实有在职人员22人，离退休26人，编外人员5人，临聘人员3人。",
            {"staffing_quota_count": 23, "in_post_count": 22, "retirees_count": 26},
        ),
        ("实有人数48人，其中在职22人、离退休26人。", {"total_staff_count": 48, "in_post_count": 22, "retirees_count": 26}),
        ("2023年末在职人数21人，2024年末在职人数22人。", {"in_post_count": 22}),
        ("在职人员22人，比上年减少1人。", {"in_post_count": 22}),
        ("行政编制15名、事业编制8名，编外5人，增加编制2名。", {}),
        ("较上年在职人员21人有所增加。", {}),
    ],
)
def test_staff_and_what_is_none(text: str, expected: dict[str, int]) -> None:
    found = told(f"一、基本情况\n{text}")["fact_personnel"]
    rows = [
        {name: value for name, value in row.items() if name.endswith("_count") and value is not None}
        for row in found.to_dicts()
    ]
    assert rows == ([expected] if expected else [])


@pytest.mark.parametrize(
    "text",
    [
        "共计" * 4000 + "10万元。",
        "基本支出" + "合计支出数额" * 3000 + "10万元",
        "占" * 5000 + "10%",
        "公务接待" + "共计" * 5000 + "批次",
        "1," * 5000 + "万元",
        "年初预算" * 3000,
        "（" * 5000 + "基本支出10万元" + "）" * 5000,
        "人员经费、" * 3000 + "分别为" + "1万元、" * 3000,
        "项目自评" * 3000 + "得分",
        " 1" * 5000 + "元",
    ],
)
def test_long_texts_are_read_to_the_end(text: str) -> None:
    found = told(f"{BASIC}{text}")
    assert found["forms"]["figures_extracted_count"].sum() >= 0
