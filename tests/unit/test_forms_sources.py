"""Sources of funds as columns, columns told by their left neighbour, and rows that are no pair of label and figure."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.reports import PROJECT, TITLE, Frames, Rows, amounts, counts, frames, table

HEADS = [["项目名称", "果园改造"], ["项目单位", "甲市乙局中心"]]
ITEM = "project_expenditure"
TARGETS = PROJECT[9:12]


def read(title: str, rows: Rows) -> Frames:
    return frames(f"{TITLE}{title}\n" + table([*HEADS, *rows]))


@pytest.mark.parametrize("title", ["财政预算支出项目绩效目标自评表", "果园改造项目资金自评单"])
def test_executed_beside_sources_has_its_own_phase(title: str) -> None:
    """Under its template, and by the labels alone."""
    found = read(
        title,
        [["项目资金（万元）", "来源", "中央", "本级", "合计", "执行数"], ["", "预算数", "60", "30", "90", "88.5"], *TARGETS],
    )
    assert amounts(found, "project_evaluation") == {
        (ITEM, "central_funds", "budget", 2024): "60",
        (ITEM, "own_level_funds", "budget", 2024): "30",
        (ITEM, "all", "budget", 2024): "90",
        (ITEM, "all", "executed", 2024): "88.5",
    }


def test_a_row_of_several_figures_is_no_pair() -> None:
    found = read(
        "果园改造项目资金自评单", [["去向", "甲镇", "乙镇"], ["预算数", "60", "30"], ["执行数", "59", "28.5"], *TARGETS]
    )
    assert amounts(found, "project_evaluation") == {}
    assert counts(found)[3] >= 4


def test_a_form_that_may_be_of_a_department_or_a_project_gives_no_amounts() -> None:
    rows = [["钱", "中央", "省级", "合计"], ["年初预算数", "6", "3", "9"], ["实际支出", "6", "2", "8"]]
    told, untold = (frames(f"{TITLE}2024年{name}自评单\n" + table(rows)) for name in ("项目", "某某"))
    assert len(amounts(told, "project_evaluation")) == 6
    assert untold["fact_expenditures"].is_empty()


def test_columns_of_one_label_are_told_by_what_stands_left_of_them() -> None:
    rows = [
        ["一级指标", "分值", "二级指标", "分值", "三级指标", "分值", "评价标准", "得分"],
        ["项目决策", "15", "决策过程", "9", "决策依据", "5", "有文件依据", "4"],
        ["项目管理", "25", "组织实施", "12", "管理制度", "8", "健全并执行", "6"],
        ["总分", "100", "95"],
    ]
    found = frames(TITLE.replace("2024", "2018") + "项目支出绩效评价评分表\n" + table(rows), year=2018)
    columns = ("level1_code", "level1_band_points", "indicator_name", "weight_points", "score_points")
    assert found["fact_indicators"].select(columns).rows() == [
        ("decision", Decimal(15), "决策依据", Decimal(5), Decimal(4)),
        ("management", Decimal(25), "管理制度", Decimal(8), Decimal(6)),
    ]
    assert counts(found)[3] == 2  # the points of the second level
