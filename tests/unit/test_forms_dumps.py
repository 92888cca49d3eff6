"""Rows of dumps whose covered cells are missing are put under their header where that is certain."""

from __future__ import annotations

import pytest

from pipelines.documents import Document, Table, piped
from pipelines.forms.dumps import straighten

AMOUNTS = "项目资金（万元） |资金来源 |年初预算数 |全年执行数 |执行率 |得分 |"
INDICATORS = "绩效指标 |一级指标 |二级指标 |三级指标 |年度指标值 |实际完成值 |分值 |得分 |偏差原因分析 |"


def straightened(*lines: str) -> list[list[str | None]]:
    """Texts of the dense grid of a dump of these lines."""
    document = straighten(piped.read("\n".join(lines).encode(), "0" * 64))
    (table,) = document.blocks
    assert isinstance(table, Table)
    return [[cell.text if cell else None for cell in row] for row in table.grid]


def test_covered_levels_and_names_reach_down() -> None:
    grid = straightened(
        INDICATORS,
        "产出指标 |数量指标 |修复页数 |≥1200页 |1236页 |20 |20 | |",
        "借阅人次 |300人次 |287人次 |10 |9.5 |馆舍停电 |",
        "效益指标 |社会效益指标 |读者投诉 |≤2件 |0件 |10 |10 | |",
    )
    assert grid[1] == ["绩效指标", "产出指标", "数量指标", "修复页数", "≥1200页", "1236页", "20", "20", ""]
    assert grid[2] == ["绩效指标", "产出指标", "数量指标", "借阅人次", "300人次", "287人次", "10", "9.5", "馆舍停电"]
    assert grid[3][:4] == ["绩效指标", "效益指标", "社会效益指标", "读者投诉"]


def test_amounts_stand_under_their_heads() -> None:
    grid = straightened(AMOUNTS, "年度资金总额 |62.4 |60.53 |97.00% |9.7 |", "其中：财政拨款 |62.4 |60.53 |97.00% |")
    assert grid[1] == ["项目资金（万元）", "年度资金总额", "62.4", "60.53", "97.00%", "9.7"]
    assert grid[2] == ["项目资金（万元）", "其中：财政拨款", "62.4", "60.53", "97.00%", ""]


@pytest.mark.parametrize(
    "row",
    [
        "年度资金总额 |62.4 |97.00% |9.7 |",  # initial budget or executed?
        "别的资金 |62.4 |60.53 |97.00% |9.7 |",  # a label that nobody knows
    ],
)
def test_amounts_that_fit_several_ways_stay_short(row: str) -> None:
    grid = straightened(AMOUNTS, row, "其他资金 |1 |1 |100% |9.7 |")
    assert [text for text in grid[1] if text is not None] == [cell.strip() for cell in row.split("|")[:-1]]


def test_a_weight_or_score_that_a_merge_covers_is_not_guessed() -> None:
    grid = straightened(
        INDICATORS,
        "产出指标 |数量指标 |修复页数 |≥1200页 |1236页 |20 |20 | |",
        "质量指标 |修复合格率 |≥99% |99.2% |10 |",
        "效益指标 |社会效益指标 |读者投诉 |≤2件 |0件 |10 |10 | |",
    )
    assert grid[2][:5] == ["质量指标", "修复合格率", "≥99%", "99.2%", "10"]


def test_a_level_that_may_be_of_two_is_left_out() -> None:
    grid = straightened(
        INDICATORS,
        "效益指标 |社会效益指标 |读者投诉 |≤2件 |0件 |10 |10 | |",
        "满意度指标 |读者满意度 |≥90% |95% |10 |10 | |",
        "产出指标 |数量指标 |修复页数 |≥1200页 |1236页 |20 |20 | |",
    )
    assert grid[2] == ["", "", "", "读者满意度", "≥90%", "95%", "10", "10", ""]


def test_cells_keep_their_places_in_the_text() -> None:
    (table,) = straighten(piped.read(f"{AMOUNTS}\n总额 |1 |2 |3% |4 |\n合计 |1 |2 |3% |4 |".encode(), "0" * 64)).blocks
    assert isinstance(table, Table)
    (amount,) = [cell for cell in table.cells if cell.text == "2" and cell.row == 1]
    assert (amount.column, amount.locator.line, amount.locator.column) == (3, 2, 3)


def test_other_documents_stay_as_they_are() -> None:
    document = piped.read(f"{AMOUNTS}\n总额 |1 |2 |3% |4 |\n合计 |1 |2 |3% |4 |".encode(), "0" * 64)
    other = Document(document.sha256, document.media_type, "text", "1", None, document.blocks)
    assert straighten(other) is other
