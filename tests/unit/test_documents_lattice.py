"""Ruled lines and characters become cells with spans, and their text reads as it was written."""

from __future__ import annotations

import pytest

from pipelines.documents.lattice import (
    Column,
    Glyph,
    Lattice,
    Line,
    Ruling,
    Scale,
    filled,
    find_lattices,
    joined,
    lines_of,
    share_out,
    stack,
)
from pipelines.documents.limits import Limits
from pipelines.documents.model import DocumentError

SCALE = Scale()
SIZE = 10.0


def glyphs(text: str, left: float, baseline: float, step: float = SIZE) -> list[Glyph]:
    """Characters side by side, spaces drawn as such."""
    return [Glyph(letter, left + i * step, left + (i + 1) * step, baseline, SIZE) for i, letter in enumerate(text)]


def ruled(xs: list[float], ys: list[float]) -> tuple[list[Ruling], list[Ruling]]:
    return [Ruling(y, xs[0], xs[-1]) for y in ys], [Ruling(x, ys[0], ys[-1]) for x in xs]


def lattices(horizontals: list[Ruling], verticals: list[Ruling]) -> list[Lattice]:
    return find_lattices(horizontals, verticals, SCALE, Limits())


def spans(lattice: Lattice) -> list[tuple[int, int, int, int]]:
    return [tuple(place[:4]) for place in lattice.places()]


def cell(lines: list[list[Glyph]], width: float, left: float = 0.0) -> str:
    found = [Line(tuple(line)) for line in lines]
    return joined(found, Column(left, left + width, 12.0, min(line.left for line in found)))


def test_lines_that_nearly_meet_make_one_grid() -> None:
    horizontals = [Ruling(0, 0, 50), Ruling(0.6, 51, 100), Ruling(30.4, 0, 101), Ruling(60, -1, 100)]
    verticals = [Ruling(0, 0, 61), Ruling(50, -1, 29), Ruling(50.5, 31, 60), Ruling(100, 0, 60)]
    (lattice,) = lattices(horizontals, verticals)
    assert spans(lattice) == [(0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)]


def test_places_without_a_line_between_them_are_one_cell() -> None:
    horizontals = [Ruling(0, 0, 150), Ruling(20, 50, 150), Ruling(40, 0, 150)]
    verticals = [Ruling(0, 0, 40), Ruling(50, 0, 40), Ruling(100, 20, 40), Ruling(150, 0, 40)]
    (lattice,) = lattices(horizontals, verticals)
    assert spans(lattice) == [(0, 0, 2, 1), (0, 1, 1, 2), (1, 1, 1, 1), (1, 2, 1, 1)]


def test_a_piece_that_is_no_rectangle_is_cut_into_rectangles() -> None:
    horizontals = [Ruling(0, 0, 100), Ruling(20, 50, 100), Ruling(40, 0, 100)]
    verticals = [Ruling(0, 0, 40), Ruling(50, 20, 40), Ruling(100, 0, 40)]
    (lattice,) = lattices(horizontals, verticals)
    assert spans(lattice) == [(0, 0, 1, 2), (1, 0, 1, 1), (1, 1, 1, 1)]


def test_open_sides_are_closed_where_the_lines_end() -> None:
    horizontals = [Ruling(y, 0, 150) for y in (0, 20, 40)]
    (lattice,) = lattices(horizontals, [Ruling(50, 0, 40), Ruling(100, 0, 40)])
    assert len(lattice.places()) == 6


def test_frames_underlines_and_dashes_are_no_tables() -> None:
    assert lattices(*ruled([0, 100], [0, 50])) == []
    assert lattices([Ruling(10, 0, 80), Ruling(30, 0, 80)], []) == []
    assert lattices([Ruling(y, 0, 3) for y in range(0, 100, 9)], [Ruling(x, 0, 3) for x in range(0, 100, 9)]) == []


def test_dashes_near_each_other_are_one_line() -> None:
    horizontals, verticals = ruled([0, 50, 100], [0, 20])
    dashed = [Ruling(y, x, x + 2) for y in (0, 20) for x in range(0, 100, 4)]
    assert len(horizontals) == 2
    assert [lattice.xs for lattice in lattices(dashed, verticals)] == [(0, 50, 100)]


def test_tables_that_do_not_touch_are_two() -> None:
    first, second = ruled([0, 50, 100], [0, 20, 40]), ruled([0, 30, 100], [60, 80, 99])
    found = lattices(first[0] + second[0], first[1] + second[1])
    assert [lattice.ys[0] for lattice in found] == [0, 60]


def test_a_table_past_the_limits_is_too_large() -> None:
    horizontals, verticals = ruled([float(x) for x in range(0, 6000, 5)], [float(y) for y in range(0, 6000, 5)])
    with pytest.raises(DocumentError, match="too_large"):
        lattices(horizontals, verticals)


def test_a_figure_wider_than_its_cell_is_not_parted() -> None:
    (lattice,) = lattices(*ruled([0, 50, 100], [0, 20]))
    inside, outside = share_out([*glyphs("123456.78", 2, 15, step=6), *glyphs("乙", 80, 15), *glyphs("外", 200, 15)], [lattice])
    texts = ["".join(glyph.text for glyph in found) for _, found in filled(lattice, inside[0])]
    assert texts == ["123456.78", "乙"]
    assert [glyph.text for glyph in outside] == ["外"]


def test_a_table_in_a_cell_keeps_its_own_text() -> None:
    outer, inner = ruled([0, 100, 300], [0, 100]), ruled([120, 200, 280], [20, 80])
    found = lattices(outer[0] + inner[0], outer[1] + inner[1])
    inside, _ = share_out([*glyphs("外", 10, 50), *glyphs("内", 130, 50)], found)
    assert ["".join(spot.glyph.text for spot in spots) for spots in inside] == ["外", "内"]


def test_a_line_that_was_full_goes_on_without_a_break() -> None:
    assert cell([glyphs("服务对象", 6, 10), glyphs("满意度", 6, 24)], 52) == "服务对象满意度"


def test_a_line_that_ended_early_ends_its_paragraph() -> None:
    assert cell([glyphs("一是", 6, 10), glyphs("二是", 6, 24)], 82) == "一是\n二是"


def test_punctuation_that_may_not_begin_a_line_takes_a_character_along() -> None:
    assert cell([glyphs("执行率", 6, 10), glyphs("高。", 6, 24)], 55) == "执行率高。"


def test_centred_lines_are_measured_between_both_borders() -> None:
    assert cell([glyphs("项目资金", 26, 10), glyphs("万元", 36, 24)], 92) == "项目资金\n万元"
    assert cell([glyphs("项目支出绩效的", 11, 10), glyphs("自评", 36, 24)], 92) == "项目支出绩效的自评"


def test_an_indented_line_begins_a_paragraph() -> None:
    assert (
        cell([glyphs("一是细化目标。", 26, 10), glyphs("二是加强", 26, 24), glyphs("管理", 6, 38)], 112)
        == "一是细化目标。\n二是加强\n管理"
    )
    assert cell([glyphs("完成全部年度目标任务", 6, 10), glyphs("二是加强", 26, 24)], 112) == "完成全部年度目标任务\n二是加强"


def test_a_figure_too_wide_for_a_line_is_one_and_two_figures_are_two() -> None:
    assert cell([glyphs("1234567", 6, 10, 5), glyphs("89", 6, 24, 5)], 50) == "123456789"
    assert cell([glyphs("12", 6, 10, 5), glyphs("34567", 6, 24, 5)], 48) == "12 34567"


def test_gaps_part_figures_but_not_spread_characters() -> None:
    (line,) = lines_of([*glyphs("12", 0, 10, 5), *glyphs("34", 30, 10, 5)])
    assert line.text == "12 34"
    (line,) = lines_of([*glyphs("合", 0, 10), *glyphs("计", 40, 10)])
    assert line.text == "合计"


def test_characters_drawn_twice_count_once() -> None:
    (line,) = lines_of([*glyphs("合计11", 0, 10), *glyphs("合计11", 0.4, 10.1)])
    assert line.text == "合计11"


def test_stacked_grids_are_one_cell_where_a_border_is_missing() -> None:
    (upper,) = lattices(*ruled([0, 50, 100], [700, 720, 740]))
    horizontals, verticals = ruled([0, 50, 100], [70, 90, 110])
    (ruled_below,) = lattices(horizontals, verticals)
    (open_below,) = lattices(horizontals[1:], verticals)
    assert len(stack(upper, ruled_below, SCALE).places()) == 8
    assert spans(stack(upper, open_below, SCALE)) == [
        (0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1), (2, 0, 1, 1), (2, 1, 1, 1),
    ]  # fmt: skip


def test_stacked_grids_share_the_columns_of_both() -> None:
    (upper,) = lattices(*ruled([0, 50, 100], [0, 20]))
    (lower,) = lattices(*ruled([0, 30, 100.5], [0, 20]))
    found = stack(upper, lower, SCALE)
    assert [round(x) for x in found.xs] == [0, 30, 50, 100]
    assert spans(found) == [(0, 0, 1, 2), (0, 2, 1, 1), (1, 0, 1, 1), (1, 1, 1, 2)]
