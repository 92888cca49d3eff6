"""What forms of other provinces have that those of Hunan do not: each feature in the smallest grid that shows it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pipelines import forms
from pipelines.documents import Cell, Document, Locator, Paragraph, Table
from pipelines.forms.heads import code_and_name, labelled, ticked
from pipelines.forms.observations import Extraction, Observation
from pipelines.forms.templates import form_templates, leaving_out, used_in
from pipelines.forms.units import unit_in
from tests.support.reports import Frames, Rows, counts, frames, table

UP, LEFT = "^", "<"  # the place is covered by the cell above, or by the one to the left
SC_HEAD = [
    ["项目名称", "510100-巡查经费", LEFT, LEFT, LEFT, LEFT, LEFT, LEFT],
    ["实施单位", "乙局", LEFT, LEFT, "主管部门", "丙局", LEFT, LEFT],
]
INDICATORS = ["一级指标", "二级指标", "三级指标", "指标值", "完成值", "分值", "得分", "原因"]


def grid(rows: Rows) -> Table:
    """A native table of rows of equal length; UP and LEFT mark the places that merged cells cover."""
    places: dict[tuple[int, int], tuple[int, int]] = {}
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            anchor = {UP: (row - 1, column), LEFT: (row, column - 1)}.get(text)
            places[row, column] = (row, column) if anchor is None else places[anchor]
    cells = []
    for anchor in dict.fromkeys(places.values()):
        own = [place for place, owner in places.items() if owner == anchor]
        spans = max(row for row, _ in own) - anchor[0] + 1, max(column for _, column in own) - anchor[1] + 1
        text = rows[anchor[0]][anchor[1]]
        cells.append(Cell(*anchor, *spans, text, Locator(table=1, row=anchor[0] + 1, column=anchor[1] + 1)))
    return Table(tuple(cells), "native")


def read(title: str, rows: Rows, province: str | None = None, year: int = 2022) -> Extraction:
    blocks = (Paragraph(title), grid(rows))
    (found,) = forms.extract(Document("0" * 64, "text/html", "test", "1", None, blocks), year, province)
    return found


def values(found: Extraction, *fields: str) -> list[tuple[str | None, ...]]:
    """Raw texts of fields by fact row, in order; None where the row has no such value."""
    rows: dict[str, dict[str, str | None]] = {}
    for seen in found.observations:
        if seen.table_name == "fact_indicators":
            rows.setdefault(seen.record, {})[seen.field_name] = seen.raw_text if seen.absence_code is None else None
    return [tuple(row.get(name) for name in fields) for row in rows.values()]


def money(found: Extraction) -> dict[tuple[Any, ...], tuple[str, str | None]]:
    """Raw amounts and their units by source of funds, phase and year."""
    return {
        (seen.codes["fund_source_code"], seen.codes["phase_code"], seen.codes["amount_year"]): (seen.raw_text, seen.unit)
        for seen in found.observations
        if seen.table_name == "fact_expenditures" and seen.absence_code is None
    }


def evaluation(found: Extraction) -> dict[str, str]:
    return {
        seen.field_name: seen.raw_text
        for seen in found.observations
        if seen.table_name == "fact_evaluations" and seen.absence_code is None
    }


def shared(found: Extraction, field: str) -> list[Any]:
    seen = [one for one in found.observations if one.field_name == field]
    return [one.codes.get("shares_score_with") for one in seen]


# amounts ------------------------------------------------------------------------------------------------------------------


def amounts_of(*rows: list[str], title: str = "2022年度项目支出绩效自评表") -> Extraction:
    wide = [[*row, *[LEFT] * (8 - len(row))] for row in rows]
    return read(title, [*SC_HEAD, *wide, INDICATORS, ["产出指标", "数量指标", "巡查次数", "12次", "13次", "90", "90", ""]])


@pytest.mark.parametrize(
    ("heads", "phases"),
    [
        (["年初预算数", "全年预算数(A)", "全年执行数(B)"], ["budget_initial", "budget_final", "executed"]),
        (["年初预算", "调整后预算数", "预算执行数"], ["budget_initial", "budget_final", "executed"]),
        (["年初预算数", "预算数（A）", "执行数（B）"], ["budget_initial", "budget_final", "executed"]),
        (["年初预算数", "预算数", "执行数"], ["budget_initial", "budget", "executed"]),
    ],
)
def test_heads_of_amounts(heads: list[str], phases: list[str]) -> None:
    found = amounts_of(
        ["项目资金（元）", "资金来源", *heads, "分值", "执行率(B/A)", "得分(10分*执行率)"],
        [UP, "总额", "1", "2", "3", "10", "98%", "9.8"],
    )
    assert money(found) == {("all", phase, 2022): (raw, "元") for phase, raw in zip(phases, "123", strict=True)}
    assert evaluation(found) == {
        "execution_weight_points": "10",
        "execution_rate_reported_pct": "98%",
        "execution_score_points": "9.8",
    }


def test_sources_are_kept_apart_and_the_total_may_come_first() -> None:
    found = amounts_of(
        ["项目资金（万元）", "资金来源", "年初预算", "调整后预算数", "预算执行数", "权重", "执行率", "得分"],
        [UP, "总额", "10", "10", "9", "10", "90%", "9"],
        [UP, "其中：财政资金", "4", "4", "4", UP, UP, UP],
        [UP, "财政专户管理资金", "3", "3", "2", UP, UP, UP],
        [UP, "单位资金", "2", "2", "2", UP, UP, UP],
        [UP, "其它资金", "1", "1", "1", UP, UP, UP],
    )
    executed = {fund: raw for (fund, phase, _), (raw, _) in money(found).items() if phase == "executed"}
    assert executed == {
        "all": "9",
        "fiscal_appropriation": "4",
        "nontax_special_account": "2",
        "unit_funds": "2",
        "other_funds": "1",
    }
    assert evaluation(found)["execution_score_points"] == "9"
    assert found.unmapped == []


def test_units_differ_by_column_and_by_row() -> None:
    head = ["项目资金", "资金来源", "年初预算数（元）", "全年预算数（万元）", "全年执行数", "分值", "执行率", "得分"]
    found = amounts_of(["单位：亿元"], head, [UP, "年度资金总额", "1", "2", "3", "", "", ""])
    assert [unit for _, unit in money(found).values()] == ["元", "万元", "亿元"]
    found = amounts_of(["单位：亿元"], head, [UP, "年度资金总额（元）", "1", "2", "3", "", "", ""])
    assert money(found) == {("all", "budget_initial", 2022): ("1", "元"), ("all", "executed", 2022): ("3", "元")}
    assert [one.raw_text for one in found.unmapped] == ["2"]


def test_two_columns_that_say_the_same_are_told_apart_by_nothing() -> None:
    head = ["项目资金", "资金来源", "全年预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分"]
    found = amounts_of(head, [UP, "年度资金总额", "5", "5", "4", "10", "80%", "8"])
    assert set(money(found)) == {("all", "executed", 2022)}
    assert [(one.raw_text, one.column_label_zh) for one in found.unmapped] == [("5", "全年预算数")] * 2


def test_sources_as_columns_and_phases_as_rows() -> None:
    rows = [
        ["项目资金（万元）", "合计", "中央", "省", "市", "县"],
        ["计划安排", "10", "4", "3", "2", "1"],
        ["实际到位", "9", "4", "3", "2", "0"],
        ["实际支出", "8", "4", "2", "2", "0"],
        ["结余", "1", "0", "1", "0", "0"],
    ]
    found = read("项目支出自评", [["项目名称", "甲", LEFT, LEFT, LEFT, LEFT], *rows])
    phases, funds = (
        ["budget_initial", "received", "executed", "balance"],
        ["all", "central_funds", "provincial_funds", "municipal_funds", "county_funds"],
    )
    expected = {
        (fund, phase, 2022): (raw, "万元")
        for phase, row in zip(phases, rows[1:], strict=True)
        for fund, raw in zip(funds, row[1:], strict=True)
    }
    assert money(found) == expected


def test_a_line_of_phases_above_sources() -> None:
    rows = [
        ["项目名称", "甲", LEFT, LEFT, LEFT, LEFT, LEFT, LEFT],
        ["主管部门", "乙", LEFT, LEFT, LEFT, LEFT, LEFT, LEFT],
        ["项目资金（万元）", "资金来源", "全年预算数", LEFT, LEFT, "全年执行数", LEFT, LEFT],
        [UP, UP, "合计", "中央", "省级", "合计", "中央", "省级"],
        [UP, "金额", "9", "5", "4", "5", "3", "2"],
        INDICATORS,
        ["产出指标", "数量指标", "巡查", "1次", "1次", "90", "86", ""],
    ]
    found = read("项目支出绩效自评表", rows)
    assert {key: raw for key, (raw, _) in money(found).items()}.items() <= {
        (fund, phase, 2022): raw
        for phase, raws in (("budget_final", "954"), ("executed", "532"))
        for fund, raw in zip(("all", "central_funds", "provincial_funds"), raws, strict=True)
    }.items()
    assert len(money(found)) + len(found.unmapped) == 6


def test_one_head_over_several_figures_says_which_of_them_to_nobody() -> None:
    head = ["项目资金", "资金来源", "全年预算数", LEFT, "全年执行数", "分值", "执行率", "得分"]
    found = amounts_of(head, [UP, "年度资金总额", "5", "4", "8", "10", "88.9%", "8.9"])
    assert money(found) == {("all", "executed", 2022): ("8", "万元")}
    assert sorted(one.raw_text for one in found.unmapped) == ["4", "5"]


def test_a_row_of_labels_and_figures_is_no_row_of_the_columns_above_it() -> None:
    head = ["项目资金", "资金来源", "年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分"]
    found = amounts_of(
        head, [UP, "年度资金总额", "5", "5", "4", "10", "80%", "8"], [UP, "财政拨款", "3", "其他资金", "2", "", "", ""]
    )
    assert {fund for fund, _, _ in money(found)} == {"all"}
    assert sorted(one.raw_text for one in found.unmapped) == ["2", "3"]


# indicators ---------------------------------------------------------------------------------------------------------------


def indicators_of(*rows: list[str], head: list[str] | None = None) -> Extraction:
    header = head or INDICATORS
    money_rows = [
        ["项目资金", "资金来源", "年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分"],
        [UP, "年度资金总额", "1", "1", "1", "10", "100%", "10"],
    ]
    blank = len(header) - 8
    above = [[*row, *[LEFT] * blank] for row in [*SC_HEAD, *money_rows]]
    return read("2022年度项目支出绩效自评表", [*above, header, *rows])


def test_merged_weights_belong_to_the_first_row_and_the_others_share_them() -> None:
    found = indicators_of(
        ["产出指标（50分）", "数量指标", "指标1：巡查次数", "12次", "13次", "30", "28", ""],
        [UP, UP, "指标2：培训次数", "2次", "2次", UP, UP, ""],
        [UP, UP, "指标3：", "", "", UP, UP, ""],
        [UP, "质量指标", "……", "", "", "", "", ""],
        [UP, UP, "合格率", "95%", "96%", "20", "20", ""],
    )
    assert values(found, "level1_band_points", "indicator_name", "weight_points", "score_points") == [
        ("50", "巡查次数", "30", "28"),
        ("50", "培训次数", None, None),
        ("50", "合格率", "20", "20"),
    ]
    assert shared(found, "weight_points") == [None, 1, None]
    assert found.unmapped == []


def test_several_indicators_in_one_cell() -> None:
    found = indicators_of(
        ["产出指标", "数量指标", "指标1：巡查\n指标2：培训\n指标3：", "12次\n2次", "13次\n3次", "20\n10", "19", ""],
    )
    assert values(found, "indicator_name", "target_raw", "actual_raw", "weight_points", "score_points") == [
        ("巡查", "12次", "13次", "20", "19"),
        ("培训", "2次", "3次", "10", None),
    ]
    assert shared(found, "score_points") == [None, 1]


def test_lines_that_do_not_agree_are_left_unmapped() -> None:
    found = indicators_of(
        ["产出指标", "数量指标", "指标1：巡查\n指标2：培训", "12次\n2次\n1次", "13次", "20\n10", "19\n10", ""]
    )
    assert values(found, "indicator_name", "target_raw", "actual_raw", "weight_points", "score_points") == [
        ("巡查", None, None, "20", "19"),
        ("培训", None, None, "10", "10"),
    ]
    assert sorted(one.raw_text for one in found.unmapped) == ["12次\n2次\n1次", "13次"]


def test_the_weight_may_stand_before_the_target() -> None:
    head = ["一级指标", "二级指标", "三级指标", "分值", "年度指标值", "全年实际值", "得分", "未完成原因"]
    found = indicators_of(["产出指标", "数量指标", "里程", "30", "≥5公里", "4.8公里", "28.8", "受灾"], head=head)
    assert values(found, "weight_points", "target_raw", "actual_raw", "score_points") == [("30", "≥5公里", "4.8公里", "28.8")]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (
            ["总分", *[LEFT] * 4, "100", "96", "优"],
            {"total_weight_points": "100", "total_score_points": "96", "grade_reported": "优"},
        ),
        (["合计", *[LEFT] * 4, "100", "", ""], {"total_weight_points": "100"}),
        (["", "总计", *[LEFT] * 4, "96", ""], {"total_score_points": "96"}),
        (["总分", *[LEFT] * 4, "100", "96", "优良"], {"total_weight_points": "100", "total_score_points": "96"}),
    ],
)
def test_totals_with_a_grade(cells: list[str], expected: dict[str, str]) -> None:
    found = evaluation(indicators_of(["产出指标", "数量指标", "巡查", "1次", "1次", "90", "86", ""], cells))
    assert {name: raw for name, raw in found.items() if not name.startswith("execution")} == expected


def test_second_scorers() -> None:
    head = ["一级指标", "二级指标", "三级指标", "指标值", "完成值", "分值", "自评分", "复核分"]
    found = indicators_of(
        ["产出指标", "数量指标", "巡查", "1次", "1次", "90", "90", "88"], ["合计", *[LEFT] * 4, "90", "90", "88"], head=head
    )
    assert values(found, "score_points", "review_score_points") == [("90", "88")]
    assert evaluation(found)["total_review_score_points"] == "88"


def test_one_cell_over_all_levels_names_no_indicator() -> None:
    found = indicators_of(
        ["小计", LEFT, LEFT, "", "", "50", "49", ""], ["产出指标", "数量指标", "巡查", "1次", "1次", "90", "86", ""]
    )
    assert values(found, "indicator_name") == [("巡查",)]
    assert sorted(one.raw_text for one in found.unmapped) == ["49", "50"]


OWN_COLUMNS = [
    "指标名称",
    "计量单位",
    "指标性质",
    "年初指标值",
    "调整指标值",
    "全年完成值",
    "得分系数",
    "权重",
    "得分",
    "是否核心指标",
]


def test_operators_units_adjusted_targets_coefficients_and_core_marks_in_columns_of_their_own() -> None:
    rows = [
        ["项目名称", "甲", *["　"] * 8],
        ["项目资金", "资金来源", "年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分", "　", "　"],
        ["", "年度资金总额", "1", "1", "1", "10", "100%", "10", "　", "　"],
        OWN_COLUMNS,
        ["巡查次数", "次", "≥", "12", "10", "11", "1", "50", "50", "是"],
        ["完工率", "%", "＝", "100", "　", "98", "98%", "40", "39.2", "否"],
        ["群众反映", "/", "定性", "良好", "　", "良好", "1", "0", "0", "　"],
    ]
    facts: Frames = frames("项目支出绩效自评表\n\n" + table(rows))
    columns = (
        "target_operator",
        "target_value",
        "target_unit",
        "actual_unit",
        "target_adjusted_value",
        "score_coefficient",
        "is_core_indicator",
    )
    assert facts["fact_indicators"].select(columns).rows() == [
        ("ge", Decimal(12), "次", None, Decimal(10), Decimal(1), True),
        ("eq", Decimal(100), "%", None, None, Decimal("0.98"), False),
        ("qualitative", None, None, None, None, Decimal(1), None),
    ]
    extracted, accepted, quarantined, unmapped = counts(facts)
    assert (extracted, quarantined, unmapped) == (accepted, 0, 0)


# a row without a label -----------------------------------------------------------------------------------------------------

NO_SCORES = [
    ["绩效指标", "一级指标", "二级指标", "三级指标", "指标值", "全年实际完成值"],
    [UP, "产出指标", "数量指标", "巡查次数", "12次", "12次"],
]


def test_the_only_row_beside_the_name_of_its_section_is_the_whole() -> None:
    rows = [
        ["单位名称", "甲局", LEFT, LEFT, LEFT, LEFT],
        ["年度预算情况（万元）", "年初预算资金总额", LEFT, "实际投入资金额", "产生差异的原因", LEFT],
        [UP, "316.8", LEFT, "342.05", "追加", LEFT],
        *NO_SCORES,
    ]
    assert money(read("整体支出绩效自评表", rows, "湖南省")) == {
        ("all", "budget_initial", 2022): ("316.8", "万元"),
        ("all", "executed", 2022): ("342.05", "万元"),
    }


def test_sources_of_funds_in_a_row_without_a_label() -> None:
    rows = [
        ["项目名称", "甲项目", LEFT, LEFT, LEFT, LEFT, LEFT],
        ["资金来源（万元）", "中央", "省、地", "本级", "其他", "合计", "执行数"],
        [UP, "0", "86", "640", "　", "726", "711.3"],
        ["一级指标", "二级指标", "三级指标", "分值", "目标值", "自评分", "复核分"],
        ["管理（13分）", "资金管理", "资金到位率", "13", "100%", "13", "12"],
    ]
    found = money(read("财政预算支出项目绩效目标自评表", rows, "湖北省"))
    assert {key: amount for key, (amount, _) in found.items() if amount.strip()} == {
        ("central_funds", "budget", 2022): "0",
        ("province_prefecture_funds", "budget", 2022): "86",
        ("own_level_funds", "budget", 2022): "640",
        ("all", "budget", 2022): "726",
        ("all", "executed", 2022): "711.3",
    }


@pytest.mark.parametrize(
    "below",
    [
        [["　", "316.8", LEFT, "342.05", "追加", LEFT]],  # its label is missing
        [[UP, "316.8", LEFT, "342.05", "追加", LEFT], [UP, "12", LEFT, "12", "　", LEFT]],  # one of several
    ],
)
def test_other_rows_without_a_label_are_not_read(below: Rows) -> None:
    rows = [
        ["单位名称", "甲局", LEFT, LEFT, LEFT, LEFT],
        ["年度预算情况（万元）", "年初预算资金总额", LEFT, "实际投入资金额", "产生差异的原因", LEFT],
        *below,
        *NO_SCORES,
    ]
    found = read("整体支出绩效自评表", rows, "湖南省")
    assert money(found) == {}
    assert "316.8" in [one.raw_text for one in found.unmapped]


# heads --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1.部门预算项目□ 2.省级专项☑", "省级专项"),
        ("1、部门预算项目 ☑  2、省级专项 □", "部门预算项目"),
        ("□经常性 ■一次性", "一次性"),
        ("☑ 新增 ☑ 延续 ☐ 其他", "新增、延续"),
        ("新增（√） 延续（ ）", "新增"),
        ("新增√ 延续", "新增"),
        ("□新增 □延续", None),
        ("常年性项目", "常年性项目"),
    ],
)
def test_ticked_boxes(text: str, said: str | None) -> None:
    assert ticked(text) == said


@pytest.mark.parametrize(
    ("text", "code", "name"),
    [
        ("510100231123-巡查经费", "510100231123", "巡查经费"),
        ("219001-培训 经费", "219001", "培训经费"),
        ("[A20231]巡查经费", "A20231", "巡查经费"),
        ("2023年巡查经费", None, "2023年巡查经费"),
        ("5G-基站", None, "5G-基站"),
    ],
)
def test_codes_in_names(text: str, code: str | None, name: str) -> None:
    assert code_and_name(text) == (code, name)


def test_labels_and_values_in_one_cell() -> None:
    assert labelled("填报单位：甲市乙局") == [("填报单位", "甲市乙局")]
    assert labelled("填报单位：甲市乙局    单位：万元") == [("填报单位", "甲市乙局"), ("单位", "万元")]
    assert labelled("附注 一：见后，二：无") == []


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("全年预算数（万元）", "万元"),
        ("（金额单位：元）", "元"),
        ("填报单位：甲局  单位：亿元", "亿元"),
        ("（元）（万元）", None),
        ("元旦（节）", None),
    ],
)
def test_units(text: str, unit: str | None) -> None:
    assert unit_in(text) == unit


# which template -----------------------------------------------------------------------------------------------------------


def test_templates_in_use_come_first_and_some_may_be_left_out() -> None:
    with used_in("四川省", 2022):
        first = form_templates()[0]
        assert first.valid.holds("四川省", 2022)
        assert not first.valid.holds("湖南省", 2022)
    with leaving_out("HN-PROJ"):
        assert "HN-PROJ" not in {template.template_id for template in form_templates()}
    assert "HN-PROJ" in {template.template_id for template in form_templates()}
    with pytest.raises(ValueError, match="NO-SUCH"), leaving_out("NO-SUCH"):
        pass


def hunan() -> Rows:
    return [
        ["项目支出名称", "甲", *[LEFT] * 6],
        ["主管部门", "乙局", LEFT, LEFT, "实施单位", "丙", LEFT, LEFT],
        ["项目资金（万元）", "资金来源", "年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分"],
        [UP, "年度资金总额", "10", "11", "10.5", "10", "95.45%", "9.55"],
        INDICATORS,
        ["产出指标", "数量指标", "巡查", "1次", "1次", "90", "86", ""],
    ]


@pytest.mark.parametrize(
    ("province", "year", "left_out", "is_off"),
    [
        ("湖南省", 2022, [], False),
        (None, 2022, [], False),
        ("湖南省", 2012, [], True),
        ("西藏自治区", 2022, [], True),
        ("湖南省", 2022, ["HN-PROJ"], True),
    ],
)
def test_forms_off_template_still_give_their_amounts(
    province: str | None, year: int, left_out: list[str], is_off: bool
) -> None:
    with leaving_out(*left_out):
        found = read("项目支出绩效自评表", hunan(), province, year)
    assert [form.is_off_template for form in found.forms if form.form_number > 0] == [is_off]
    assert {key[1]: raw for key, (raw, _) in money(found).items()} == {
        "budget_initial": "10",
        "budget_final": "11",
        "executed": "10.5",
    }


def test_a_table_of_no_family_is_read_by_its_labels_and_what_is_unknown_stays_unmapped() -> None:
    rows = [
        ["专项名称", "某某", LEFT, LEFT],
        ["款项（元）", "预算数", "执行数", "某某数"],
        ["财政拨款", "10", "9", "1"],
        ["彩票公益金", "5", "4", "1"],
    ]
    found = read("情况表", rows)
    (form,) = [form for form in found.forms if form.form_number > 0]
    assert form.is_off_template and form.template_id.startswith("OFF-")
    assert money(found) == {
        ("fiscal_appropriation", "budget", 2022): ("10", "元"),
        ("fiscal_appropriation", "executed", 2022): ("9", "元"),
    }
    assert sorted(one.raw_text for one in found.unmapped) == ["1", "1", "4", "5"]
    assert form.figures == 6


def test_a_list_of_payments_is_no_form() -> None:
    found = read("清单", [["凭证号", "日期", "金额"], ["12号", "3月9日", "86.4"]])
    assert [form for form in found.forms if form.form_number > 0] == []


def test_every_observation_of_a_form_names_its_place() -> None:
    seen: list[Observation] = indicators_of(["产出指标", "数量指标", "巡查", "1次", "1次", "90", "86", ""]).observations
    assert all(one.locator.table == 1 and one.locator.row is not None for one in seen if one.form_number > 0)
