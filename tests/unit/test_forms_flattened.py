"""Forms without cell borders: each kind of flattened text, what is certain in it, and what must stay unread."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.documents import Document, Paragraph, Table, text
from pipelines.forms import extract
from pipelines.forms.arithmetic import AMOUNT, BUDGET, EXECUTED, RATE, SCORE, WEIGHT, Row, solve, splits
from pipelines.forms.flattened import rebuild
from pipelines.forms.observations import is_figure

FUNDS = [AMOUNT, BUDGET, EXECUTED, WEIGHT, RATE, SCORE]
HEADER = ["项目资金（万元）", "年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分"]
INDICATORS = ["一级指标", "二级指标", "三级指标", "年度指标值", "实际完成值", "分值", "得分", "偏差原因分析及改进措施"]
PROJECT = [
    ["项目名称", "甲项目"],
    ["主管部门", "甲市乙局"],
    HEADER,
    ["年度资金总额", "10", "11", "10.5", "10", "95.45%", "9.55"],
    ["其中：当年财政拨款", "8", "9", "8.5"],
    ["上年结转资金", "2", "2", "2"],
    ["其他资金", "0", "0", "0"],
    INDICATORS,
    ["产出指标", "数量指标", "培训次数", "≥3次", "3次", "50", "50"],
    ["培训人数", "≥90人", "88人", "20", "19", "两人请假。"],
    ["满意度指标", "服务对象满意度指标", "学员满意度", "≥90%", "95%", "20", "20"],
    ["总分", "100", "98.55"],
]
DEPARTMENT = [
    ["预算部门名称：", "甲市乙局"],
    ["年度预算申请（万元）", *HEADER[1:]],
    ["年度资金总额：", "100", "110", "105", "10", "95.45%", "9.55"],
    ["按收入性质分：", "按支出性质分："],
    ["一般公共预算：", "100", "其中：基本支出：", "60"],
    ["政府性基金拨款：", "5", "项目支出：", "45"],
]
BASE = [
    ["财政供养人员情况", "编制数", "2024年实际在职人数", "控制率"],
    ["23", "22", "95.65%"],
    ["经费控制情况(万元)", "2023年决算数", "2024年预算数", "2024年决算数"],
    ["三公经费", "37.11", "14", "10.11"],
    ["1、公务用车购置和维护经费", "36.98", "12", "9.92"],
    ["公用经费：", "214.76", "98.77"],
    ["政府采购金额", "67.71", "101.98", "41.28"],
]
PROJECT_AMOUNTS = {
    (fund, phase): amount
    for fund, amounts in (
        ("all", "10 11 10.5"),
        ("fiscal_appropriation", "8 9 8.5"),
        ("carry_over", "2 2 2"),
        ("other_funds", "0 0 0"),
    )
    for phase, amount in zip(("budget_initial", "budget_final", "executed"), amounts.split(), strict=True)
}
Rows = list[list[str]]


def cells(title: str, rows: Rows) -> str:
    return "\n".join([title, *(cell for row in rows for cell in row)])


def spaced(title: str, rows: Rows) -> str:
    return "\n".join([title, *(" ".join(row) for row in rows)])


def glued(title: str, rows: Rows) -> str:
    return "\n".join([title, *("".join(row) for row in rows)])


def document(content: str) -> Document:
    return text.read(content.encode(), "0" * 64)


def amounts(content: str) -> dict[tuple[object, ...], str]:
    (found,) = extract(document(content), 2024)
    return {
        (seen.codes["fund_source_code"], seen.codes["phase_code"]): seen.raw_text
        for seen in found.observations
        if seen.table_name == "fact_expenditures" and seen.absence_code is None
    }


def values(content: str, table: str) -> list[tuple[str, str]]:
    (found,) = extract(document(content), 2024)
    return [(seen.field_name, seen.raw_text) for seen in found.observations if seen.table_name == table and seen.raw_text]


def unmapped(content: str) -> list[str]:
    (found,) = extract(document(content), 2024)
    return [figure.raw_text for figure in found.unmapped]


# kinds ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flatten", [cells, spaced, glued])
def test_project_form_gives_its_amounts_however_it_was_flattened(flatten: object) -> None:
    assert callable(flatten)
    assert amounts(flatten("2024年度项目支出绩效自评表", PROJECT)) == PROJECT_AMOUNTS


@pytest.mark.parametrize("flatten", [cells, spaced])
def test_indicators_inherit_levels_and_keep_reasons(flatten: object) -> None:
    assert callable(flatten)
    found = values(flatten("2024年度项目支出绩效自评表", PROJECT), "fact_indicators")
    assert [raw for name, raw in found if name == "level1_label_zh"] == ["产出指标", "产出指标", "满意度指标"]
    assert [raw for name, raw in found if name == "indicator_name"] == ["培训次数", "培训人数", "学员满意度"]
    assert [raw for name, raw in found if name == "deviation_reason"] == ["两人请假。"]
    assert [raw for name, raw in found if name == "score_points"] == ["50", "19", "20"]


def test_glued_indicators_stay_unread_and_counted() -> None:
    content = glued("2024年度项目支出绩效自评表", PROJECT)
    assert values(content, "fact_indicators") == []
    assert {"≥3", "5050", "≥90", "2019", "90%95%2020"} <= set(unmapped(content))


@pytest.mark.parametrize("flatten", [cells, spaced, glued])
def test_department_form_gives_total_and_pairs(flatten: object) -> None:
    assert callable(flatten)
    found = amounts(flatten("2024年度部门整体支出绩效自评表", DEPARTMENT))
    assert found[("all", "executed")] == "105"
    assert found[("general_public_budget", "unstated")] == "100"
    assert found[("gov_fund_budget", "unstated")] == "5"


@pytest.mark.parametrize("flatten", [cells, spaced])
def test_base_data_table_keeps_complete_rows_and_lists_the_others(flatten: object) -> None:
    assert callable(flatten)
    content = flatten("基础数据表", BASE)
    assert values(content, "fact_personnel") == [
        ("staffing_quota_count", "23"),
        ("in_post_count", "22"),
        ("control_rate_reported_pct", "95.65%"),
    ]
    assert len(values(content, "fact_expenditures")) == 9
    assert unmapped(content) == ["214.76", "98.77"]  # one of three columns is empty, and nothing tells which


def test_central_form_of_a_department_adds_up_basic_and_project_expenditure() -> None:
    rows = [
        ["部门名称", "甲市乙局"],
        ["预算执行情况（万元）", *HEADER[1:]],
        ["年度资金总额", "10", "11", "10.5", "10", "95.45%", "9.55"],
        ["基本支出", "9", "8.5"],
        ["项目支出", "10", "2", "2"],
        ["一级指标", "三级指标", "年度指标值", "实际完成值", "分值", "得分"],
    ]
    (found,) = extract(document(cells("2024年度部门整体支出绩效自评表", rows)), 2024)
    placed = {
        (seen.codes["item_code"], seen.codes["phase_code"]): seen.raw_text
        for seen in found.observations
        if seen.table_name == "fact_expenditures" and seen.absence_code is None
    }
    assert placed[("basic_expenditure", "budget_final")] == "9"
    assert ("basic_expenditure", "budget_initial") not in placed


# what stays unread ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "instead"),
    [
        (4, ["其中：当年财政拨款", "8", "9"]),  # one figure gone, and no column adds up
        (4, ["其中：当年财政拨款", "8", "9", "8.6"]),  # the parts contradict the total
        (6, ["其他资金", "0", "0"]),  # zeros fit any two columns
    ],
)
def test_rows_that_fit_several_columns_or_none_are_unmapped(row: int, instead: list[str]) -> None:
    content = spaced("项目支出绩效自评表", [*PROJECT[:row], instead, *PROJECT[row + 1 :]])
    codes = {4: "fiscal_appropriation", 6: "other_funds"}
    assert not any(fund == codes[row] for fund, _ in amounts(content))
    assert set(instead[1:]) <= set(unmapped(content))


@pytest.mark.parametrize(
    "record",
    [
        ["培训人数", "≥90人", "20", "19"],  # no actual value: 20 may be it
        ["培训", "人数", "≥90人", "88人", "20", "19"],  # a name over two lines, or a reason and a name
        ["培训人数", "≥90人", "88人", "19", "20"],  # a score above the weight
        ["培训人数", "≥90人", "88人", "2019", "19"],  # two figures in one
    ],
)
def test_indicators_with_a_cell_too_few_or_too_many_are_unmapped(record: list[str]) -> None:
    content = cells("项目支出绩效自评表", [*PROJECT[:9], record, *PROJECT[10:]])
    names = [raw for name, raw in values(content, "fact_indicators") if name == "indicator_name"]
    assert "培训人数" not in names
    assert "人数" not in names
    assert "学员满意度" in names
    assert {cell for cell in record if is_figure(cell)} <= set(unmapped(content))


def test_a_row_left_unread_is_told_with_its_place_and_text() -> None:
    content = spaced("项目支出绩效自评表", [*PROJECT[:6], ["其他资金", "0", "0"], *PROJECT[7:]])
    (found,) = extract(document(content), 2024)
    assert any("line 8: 其他资金 0 0" in warning for warning in found.warnings)


def test_a_form_left_blank_gives_no_total() -> None:
    rows = [HEADER, ["年度资金总额", "10", "11"], INDICATORS, ["产出指标", "数量指标", "培训次数", "≥3次", "50"]]
    assert values(cells("项目支出绩效自评表", [*rows, ["总分", "100", "0"]]), "fact_evaluations") == []


def test_text_without_a_form_is_left_as_it_is() -> None:
    plain = document("一、基本情况\n2024年全年预算数100万元，全年执行数99万元，执行率99%，自评得分98分。\n分值\n得分\n")
    assert rebuild(plain) == (plain, [])


def test_figures_of_a_flattened_form_are_no_figures_of_the_narrative() -> None:
    content = (
        "一、一般公共预算支出情况\n基本支出决算数60万元。\n附件1\n" + spaced("项目支出绩效自评表", PROJECT) + "\n二、其他说明\n"
    )
    rebuilt, _ = rebuild(document(content))
    tables = [block for block in rebuilt.blocks if isinstance(block, Table)]
    paragraphs = [block.text for block in rebuilt.blocks if isinstance(block, Paragraph)]
    assert len(tables) == 1
    assert paragraphs == ["一、一般公共预算支出情况", "基本支出决算数60万元。", "附件1", "项目支出绩效自评表", "二、其他说明"]


def test_cells_keep_line_and_character() -> None:
    rebuilt, _ = rebuild(document(glued("项目支出绩效自评表", PROJECT)))
    lines = ["项目支出绩效自评表", *("".join(row) for row in PROJECT)]
    found = [cell for block in rebuilt.blocks if isinstance(block, Table) for cell in block.cells if cell.text == "10.5"]
    assert [(cell.locator.line, cell.locator.column) for cell in found] == [(5, lines[4].index("10.5") + 1)]


@pytest.mark.parametrize(
    "lines",
    [
        "年\n度\n总\n体\n目\n标\n预期目标\n实际完成情况",
        "年度\n总体\n目标\n预期目标\n实际完成情况",
    ],
)
def test_upright_labels_are_joined(lines: str) -> None:
    goals = f"{lines}\n完成三轮培训。\n完成3轮培训。"
    content = cells("项目支出绩效自评表", PROJECT[:7]) + f"\n{goals}\n" + "\n".join(cell for row in PROJECT[7:] for cell in row)
    assert ("text", "完成3轮培训。") in values(content, "fact_narratives")


# arithmetic -----------------------------------------------------------------------------------------------------------------


def test_a_run_is_cut_where_rate_and_score_agree() -> None:
    roles = [BUDGET, EXECUTED, WEIGHT, RATE, SCORE]
    assert solve(roles, [Row(("303010100.00%10",), True, "whole")]) == [("30", "30", "10", "100.00%", "10")]


def test_splits_have_no_leading_zeros() -> None:
    assert list(splits("1010", 2)) == [("10", "10"), ("101", "0")]
    assert list(splits("000", 3)) == [("0", "0", "0")]
    assert list(splits("1,200.5", 2)) == []
    assert list(splits("1,200.51", 2)) == [("1,200.5", "1")]


def test_a_rate_of_zero_proves_nothing() -> None:
    # 240 | 260 | blank | 10 | 0.00% | 0 would also be 240 | 26 | 0 | 10 | 0.00% | 0
    rows = [Row(("240260100.00%0",), True, "whole"), Row(("2002200.00%",), True, "part"), Row(("404000.00%",), True, "part")]
    assert solve(FUNDS, rows)[0] is None


money = st.decimals(min_value=Decimal("0.1"), max_value=Decimal(99999), places=2).map(
    lambda number: number.quantize(Decimal("0.01")).normalize()
)


def printed(number: Decimal) -> str:
    return f"{number:f}"


def rounded(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.01"), ROUND_HALF_UP)


@settings(max_examples=150, deadline=None)
@given(
    initial=money,
    final=money,
    part=st.decimals(min_value=Decimal("0.05"), max_value=1, places=3),
    weight=st.sampled_from([5, 10, 20]),
)
@example(initial=Decimal(30), final=Decimal(30), part=Decimal(1), weight=10)
@example(initial=Decimal(11), final=Decimal(11), part=Decimal(1), weight=10)
def test_a_split_is_the_drawn_one_or_none(initial: Decimal, final: Decimal, part: Decimal, weight: int) -> None:
    executed = rounded(final * part).normalize()
    if not executed:
        return
    rate = rounded(executed / final * 100)
    score = rounded(Decimal(weight) * min(rate, Decimal(100)) / 100).normalize()
    drawn = (printed(initial), printed(final), printed(executed), str(weight), f"{rate}%", printed(score))
    assert solve(FUNDS, [Row(("".join(drawn),), True, "whole")]) in ([drawn], [None])


@pytest.mark.parametrize(
    "row",
    [
        ["111", "", "88", "10", "100.00", "10.00"],  # 8 and 8 would be 100 %
        ["", "1294.7", "1294.7", "10", "100%", "10.00"],  # so would 1, 294.71 and 294.7
        ["250", "", "124.03", "10", "49.61", "4.96"],  # the rate is that of the initial budget
        ["389", "107", "107.00", "10", "0.00%", "0.00"],  # 107.0, weight 0 and 100.00% would fit
        ["120", "582.22", "582.22", "10", "99.00", "10"],  # rate and amounts contradict each other
    ],
)
def test_runs_with_an_empty_cell_or_a_contradiction_are_not_cut_otherwise(row: list[str]) -> None:
    assert solve(FUNDS, [Row(("".join(row),), True, "whole")]) == [None]


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(st.tuples(money, money, money), min_size=1, max_size=3), blank=st.integers(0, 3))
def test_parts_are_placed_as_drawn_or_not_at_all(rows: list[tuple[Decimal, Decimal, Decimal]], blank: int) -> None:
    total = tuple(sum(column, Decimal(0)) for column in zip(*rows, strict=True))
    whole = (*map(printed, total), "10", "-", "-")
    drawn = [
        tuple(None if column == blank and number == 0 else printed(amount) for column, amount in enumerate(row))
        for number, row in enumerate(rows)
    ]
    if blank < 3:
        total = tuple(amount - (rows[0][blank] if column == blank else 0) for column, amount in enumerate(total))
        whole = (*map(printed, total), "10", "-", "-")
    stated = [
        Row(whole, False, "whole"),
        *(Row(tuple(text for text in row if text is not None), False, "part") for row in drawn),
    ]
    found = solve(FUNDS, stated)
    assert found[0] == whole
    for reading, row in zip(found[1:], drawn, strict=True):
        assert reading in ((*row, None, None, None), None)
