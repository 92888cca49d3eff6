"""Reading cells: every section kind, what spans several rows or columns, what a form may vary and what it may not."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.catalogue.definitions import normalise_label, without_numbering
from tests.support.reports import BASE, DEPARTMENT, EMPTY, PROJECT, TITLE, Frames, Rows, amounts, changed, counts, frames, table
from tests.support.word import rebuild_as_docx

FORM = {"project": "项目支出绩效自评表\n", "department": "整体支出绩效自评表\n", "base": "基础数据表\n"}
PLAIN_AMOUNTS = {
    ("project_expenditure", fund, phase, 2024): amount
    for fund, row in (
        ("fiscal_appropriation", "8 9 8.5"),
        ("carry_over", "2 2 2"),
        ("other_funds", "0 0 0"),
        ("all", "10 11 10.5"),
    )
    for phase, amount in zip(("budget_initial", "budget_final", "executed"), row.split(), strict=True)
}


def project(rows: Rows) -> Frames:
    return frames(TITLE + FORM["project"] + table(rows))


def evaluation(found: Frames) -> list[tuple[object, ...]]:
    columns = ("fund_source_code", "execution_rate_reported_pct", "execution_weight_points", "execution_score_points")
    return found["fact_evaluations"].select(columns).rows()


WHOLE = [("all", Decimal("95.45"), Decimal(10), Decimal("9.55"))]


@pytest.mark.parametrize(
    ("printed", "label"),
    [
        ("其中：公车购置", "公车购置"),
        ("其 中: 当年财政拨款", "当年财政拨款"),
        ("1、业务工作经费", "业务工作经费"),
        ("（1）其它资金", "其他资金"),
        ("一、“三公”经费：", "三公经费"),
        ("年度资金总额\n（万元）", "年度资金总额"),
        ("[bookmark: _GoBack]分值", "分值"),
        ("全年预算数(A)", "全年预算数"),
        ("其中：1.当年财政拨款", "当年财政拨款"),
        ("水费、电费、差旅费", "水费、电费、差旅费"),
        ("２０２４年预算数", "２０２４年预算数"),
        ("（元）", "(元)"),
    ],
)
def test_labels_are_normalised(printed: str, label: str) -> None:
    assert normalise_label(printed) == label


def test_names_lose_their_numbering_only() -> None:
    assert [without_numbering(name) for name in ("（1）城乡整治（二期）", "3、5G基站", "其中：甲 专项")] == [
        "城乡整治（二期）",
        "5G基站",
        "甲专项",
    ]


# project and department forms ------------------------------------------------------------------------------------------------


def moved(rows: Rows, label: str, place: int) -> Rows:
    row = next(row for row in rows if label in row)
    rest = [other for other in rows if other is not row]
    return [*rest[:place], row, *rest[place:]]


@pytest.mark.parametrize(
    "vary",
    [
        lambda rows: rows,
        lambda rows: moved(rows, "年度资金总额", 3),
        lambda rows: moved(rows, "其他资金", 3),
        lambda rows: changed(
            rows, ("其中:当年财政拨款", "当年财政拨款"), ("其他资金", "其它资金："), ("年度资金总额", "合 计")
        ),
        lambda rows: changed(
            rows,
            ("年初预算数", "年初预算"),
            ("全年预算数", "全年预算数（A）"),
            ("全年执行数", "全年执行数（B）"),
            ("执行率", "执行率（B/A）"),
        ),
        lambda rows: changed(
            rows, ("全年预算数", "全年（调整）预算数"), ("全年执行数", "预算执行数"), ("分值", "权重"), ("得分", "自评得分")
        ),
        lambda rows: changed(rows, ("全年预算数", "调整后预算数"), ("分值", "[bookmark: _GoBack]分值"), ("得分", "自评分")),
        lambda rows: changed(rows, ("8.5", " 8.50 "), ("10.5", "１０．５"), ("95.45%", "95.45％")),
        lambda rows: changed(
            rows, ("8.5", "8\u200b.5"), ("全年执行数", "全年\ufeff执行数"), ("年度资金总额", "年度\u2028资金总额")
        ),
        lambda rows: [[cell.replace(EMPTY, "") for cell in row] for row in rows],
        lambda rows: [
            ["" if place == 0 and row[0].startswith("绩效") else cell for place, cell in enumerate(row)] for row in rows
        ],
    ],
)
@pytest.mark.parametrize("rendering", ["text", "word"])
def test_variations_that_mean_the_same(vary: Callable[[Rows], Rows], rendering: str) -> None:
    text = TITLE + FORM["project"] + table(vary(PROJECT))
    found = frames(text if rendering == "text" or "\u2028" in text else rebuild_as_docx(text))
    assert amounts(found, "project_evaluation") == PLAIN_AMOUNTS
    assert evaluation(found) == WHOLE
    assert found["fact_indicators"].select("indicator_name", "target_value", "weight_points", "score_points").rows() == [
        ("培训次数", Decimal(3), Decimal(50), Decimal(50)),
        ("社会影响", None, Decimal(40), Decimal(39)),
    ]
    assert counts(found) == (23, 23, 0, 0)


@pytest.mark.parametrize("total_first", [False, True])
@pytest.mark.parametrize("rendering", ["text", "word"])
def test_score_cells_merged_over_the_fund_rows_belong_to_the_total(total_first: bool, rendering: str) -> None:
    rows = [row[:5] + [EMPTY] * 3 if row[0] == "" and len(row) == 8 else row for row in PROJECT]
    rows = moved(rows, "年度资金总额", 3) if total_first else rows
    rows = [*rows[:3], [*rows[3][:5], "10", "95.45%", "9.55"], *([*row[:5], "", "", ""] for row in rows[4:7]), *rows[7:]]
    text = TITLE + FORM["project"] + table(rows)
    found = frames(text if rendering == "text" else rebuild_as_docx(text))
    assert amounts(found, "project_evaluation") == PLAIN_AMOUNTS
    assert evaluation(found) == WHOLE
    assert set(found["absent_values"].filter(table_name="fact_evaluations")["absence_code"]) == {"merged"}


def test_an_amount_merged_over_parts_belongs_to_none_of_them() -> None:
    rows = [[*row[:4], "", *row[5:]] if "上年结转金额" in row else row for row in PROJECT]
    found = project(rows)
    assert ("project_expenditure", "fiscal_appropriation", "executed", 2024) not in amounts(found, "project_evaluation")
    assert found["unmapped_labels"].select("label_zh", "raw_text").rows() == [("其中:当年财政拨款", "8.5")]


def test_rates_in_every_fund_row() -> None:
    found = project([[*row[:6], "95.45%", *row[7:]] if len(row) == 8 and row[0] == "" else row for row in PROJECT])
    assert (
        evaluation(found)
        == [(fund, Decimal("95.45"), None, None) for fund in ("fiscal_appropriation", "carry_over", "other_funds")] + WHOLE
    )


def test_figures_of_an_unknown_column_or_row_are_unmapped_and_the_others_read() -> None:
    found = project(changed(PROJECT, ("年初预算数", "某某数"), ("其他资金", "彩票公益金")))
    assert set(amounts(found, "project_evaluation")) == {
        key for key in PLAIN_AMOUNTS if key[2] != "budget_initial" and key[1] != "other_funds"
    }
    assert sorted(found["unmapped_labels"].select("label_zh", "raw_text").rows()) == sorted(
        [("其中:当年财政拨款", "8"), ("上年结转金额", "2"), ("年度资金总额", "10"), *[("彩票公益金", "0")] * 3]
    )
    assert counts(found) == (23, 17, 0, 6)


def test_a_row_of_another_length_is_not_aligned_by_guessing() -> None:
    found = project([row[:7] if "上年结转金额" in row else row for row in PROJECT])
    assert "carry_over" not in {fund for _, fund, _, _ in amounts(found, "project_evaluation")}
    assert found["unmapped_labels"]["raw_text"].to_list() == ["2", "2", "2"]


def test_units_of_header_and_line() -> None:
    in_yuan = project(changed(PROJECT, ("项目资金\n(万元)", "项目资金（元）"), ("10.5", "105,000.50")))
    key = ("project_expenditure", "all", "executed", 2024)
    assert amounts(in_yuan, "project_evaluation")[key] == "10.50005"
    lined = frames(
        f"{TITLE}{FORM['project']}单位：元\n{table(changed(PROJECT, ('项目资金' + chr(10) + '(万元)', '项目资金')))}"
    )
    assert amounts(lined, "project_evaluation")[key] == "0.00105"
    assert set(lined["fact_expenditures"]["unit_reported"]) == {"元"}


def test_department_form() -> None:
    found = frames(TITLE + FORM["department"] + table(DEPARTMENT))
    unstated = {
        (item, fund): amount
        for (item, fund, phase, _), amount in amounts(found, "department_evaluation").items()
        if phase == "unstated"
    }
    assert unstated == {
        ("total", "general_public_budget"): "100",
        ("total", "gov_fund_budget"): "5",
        ("total", "nontax_special_account"): "0",
        ("total", "other_funds"): "0",
        ("basic_expenditure", "all"): "60",
        ("project_expenditure", "all"): "45",
    }
    assert found["forms"]["stated_department_name"].to_list() == [None, "甲市乙局"]


def test_without_second_level_and_with_scoring_rule_and_bands() -> None:
    header = [
        "绩效指标",
        "一级指标",
        "三级指标",
        "年度指标值",
        "实际完成值",
        "评扣分标准",
        "分值",
        "得分",
        "偏差原因分析及改进措施",
    ]
    rows = [
        header,
        ["", "产出指标（50分）", "培训次数", "3次", "3次", "少一次扣5分", "50", "50", EMPTY],
        ["", "", EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY],
        ["", "", "无", "无", "已完成", EMPTY, "10", "10", EMPTY],
    ]
    found = frames(TITLE + FORM["department"] + table([*DEPARTMENT[:8], *rows, ["总分", "98.55"]]))
    columns = (
        "level1_code",
        "level1_band_points",
        "level2_label_zh",
        "indicator_name",
        "target_raw",
        "target_absence_code",
        "deduction_rule",
    )
    assert found["fact_indicators"].select(columns).rows() == [
        ("output", Decimal(50), None, "培训次数", "3次", None, "少一次扣5分"),
        ("output", Decimal(50), None, "无", "无", "none", None),
    ]
    totals = found["fact_evaluations"].filter(item_code="total")
    assert totals.select("total_weight_points", "total_score_points").rows() == [(None, Decimal("98.55"))]


@pytest.mark.parametrize(
    ("goal", "quantities"),
    [
        ("完成三轮培训", ["三轮"]),
        ("举办二十三次检查和两场会议", ["二十三次", "两场"]),
        ("发放12.5公里、1200人次", ["12.5公里", "1200人次"]),
        ("第三次会议，一次性补助，统一次序，“一户一策”", []),
        ("十个乡镇", ["十个"]),
        ("逐项落实、每个单位", []),
        ("三五个、一百五户", []),
        ("惠及1,200户", ["1,200户"]),
        ("3-5次、两至三场", []),
        ("培训，3次", ["3次"]),
    ],
)
def test_quantities_of_goal_texts(goal: str, quantities: list[str]) -> None:
    found = project(changed(PROJECT, ("完成三轮培训", goal)))["fact_goals"].filter(goal_side_code="expected")
    assert found["quantity_raw"].to_list() == quantities


def test_chinese_numerals_are_numbers() -> None:
    found = project(changed(PROJECT, ("完成三轮培训", "二十三次、一百零五个、十二项、两千三百户")))["fact_goals"].filter(
        goal_side_code="expected"
    )
    assert [int(value) for value in found["quantity_value"]] == [23, 105, 12, 2300]


@pytest.mark.parametrize("rendering", ["text", "word"])
def test_a_header_of_two_lines(rendering: str) -> None:
    header = [
        ["项目资金\n(万元)", "资金来源", "预算数", "预算数", "全年执行数", "分值", "执行率", "得分"],
        ["", "", "年初预算数", "全年预算数", "", "", "", ""],
    ]
    text = TITLE + FORM["project"] + table([*PROJECT[:2], *header, *PROJECT[3:]])
    found = frames(text if rendering == "text" else rebuild_as_docx(text))
    assert amounts(found, "project_evaluation") == PLAIN_AMOUNTS
    assert counts(found) == (23, 23, 0, 0)


@pytest.mark.parametrize(
    ("cells", "weight", "score"),
    [
        (["98.55"], None, "98.55"),
        (["100", "98.55"], "100", "98.55"),
        (["100", "98.55", EMPTY], "100", "98.55"),
        ([EMPTY] * 5 + ["100", "98.55", EMPTY], "100", "98.55"),
        ([EMPTY] * 5 + ["100", EMPTY, EMPTY], "100", None),
        ([EMPTY] * 5 + [EMPTY, "98.55", EMPTY], None, "98.55"),
    ],
)
def test_total_rows(cells: list[str], weight: str | None, score: str | None) -> None:
    totals = project([*PROJECT[:-1], ["总分", *cells]])["fact_evaluations"].filter(fund_source_code="all")
    assert totals.select("total_weight_points", "total_score_points").rows() == [
        (weight and Decimal(weight), score and Decimal(score))
    ]


# base data table
# ------------------------------------------------------------------------------------------------------------------


def base(rows: Rows) -> Frames:
    return frames(TITLE + FORM["base"] + table(rows))


def special(found: Frames) -> list[tuple[str | None, str]]:
    rows = found["fact_expenditures"].filter((pl.col("item_code") == "special_fund") & (pl.col("phase_code") == "budget"))
    return [(name, f"{amount.normalize():f}") for name, amount in rows.select("project_name", "amount_wanyuan").iter_rows()]


def test_special_funds_are_named_by_their_rows() -> None:
    more = [["（2）河道补水", "4", "5", "6"], ["公用经费：", "214.76", "112.05", "98.77"]]
    assert special(base([*BASE[:12], *more])) == [("城乡环境整治", "2"), ("河道补水", "5")]


def test_special_funds_are_named_by_brackets_or_not_at_all() -> None:
    rows = [
        *BASE[:10],
        ["3、本级专项资金（环境整治）", "1", "2", "3"],
        ["3、省级专项资金（一个专项一行）", "4", "5", "6"],
        *BASE[12:],
    ]
    assert special(base(rows)) == [("环境整治", "2"), (None, "5")]


def test_headers_that_say_last_year_and_this_year() -> None:
    years = (("2023年决算数", "上年决算数"), ("2024年预算数", "本年预算数"), ("2024年决算数", "本年决算数"))
    assert amounts(base(changed(BASE, *years)), "base_data") == amounts(base(BASE), "base_data")


@pytest.mark.parametrize(
    ("cells", "amount", "reason"),
    [
        (["0", "0", "-73.9"], "-73.9", None),
        ([EMPTY] * 3, None, None),
        (["追加工资性支出"], None, "追加工资性支出"),
        ([EMPTY, EMPTY, "追加工资性支出"], None, "追加工资性支出"),
    ],
)
def test_the_adjustment_row_holds_amounts_or_a_reason(cells: list[str], amount: str | None, reason: str | None) -> None:
    found = base([*BASE[:-1], ["部门基本支出预算调整", *cells]])
    assert amounts(found, "base_data").get(("basic_budget_adjustment", "all", "final_accounts", 2024)) == amount
    reasons = found["fact_narratives"].filter(section_code="budget_adjustment_reason")["text"].to_list()
    assert reasons == ([] if reason is None else [reason])
    assert found["quarantine"].is_empty()


def test_rows_in_another_order_and_missing_parts() -> None:
    rows = [*BASE[:3], *reversed(BASE[3:10]), BASE[12]]
    expected = {
        key: value for key, value in amounts(base(BASE), "base_data").items() if key[0] not in ("special_fund", "procurement")
    }
    assert amounts(base(rows), "base_data") == expected


# every figure once
# ------------------------------------------------------------------------------------------------------------------

LABELS = (
    "三公经费",
    "项目支出",
    "公用经费",
    "未知项目",
    "其中：公车购置",
    "政府采购金额",
    "部门基本支出预算调整",
    "3、本级专项资金",
    "（1）甲",
    "",
    EMPTY,
    "5",
)
CELLS = (
    "10",
    "0",
    "7,00.0,77",
    "10 20",
    "1**",
    "-5",
    "１２．５",
    "99%",
    "",
    EMPTY,
    "无",
    "—",
    "说明文字",
    "2024年",
    "10/20",
    "1000000000000",
    "9" * 30,
)
RANDOM_ROWS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(LABELS), *[st.sampled_from(CELLS)] * 3).map(list),
        st.lists(st.sampled_from(LABELS + CELLS), min_size=1, max_size=6),
        st.sampled_from([*PROJECT, *DEPARTMENT, *BASE]),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(rows=RANDOM_ROWS)
@example(  # the row of a department form cuts the table: no section starts in the rows between it and the project form's
    rows=[
        ["三公经费", "10", "10", "10"],
        ["", "按收入性质分：", "按支出性质分："],
        ["三公经费", "10", "10", "10"],
        ["项目资金\n(万元)", "资金来源", "年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分"],
        ["公用经费", "10", "10", "10"],
    ]
)
def test_every_figure_ends_in_exactly_one_place(rows: Rows) -> None:
    found = frames(TITLE + FORM["base"] + table([*BASE[:4], *rows]))
    report = found["reports"].row(0, named=True)
    assert report["outcome"] != "rejected"
    extracted, accepted, quarantined, unmapped = counts(found)
    assert extracted == accepted + quarantined + unmapped
    places = [
        *found["figure_cells"].filter("is_figure")["locator"],
        *found["quarantine"].filter(pl.col("figures_quarantined_count") > 0)["locator"],
        *found["unmapped_labels"]["locator"],
    ]
    assert len(places) == len(set(places)) == extracted
