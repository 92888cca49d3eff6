"""The benchmark of readers counts what is right, and only that; ours has every figure."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.readers.peers import answer, pipe_tables
from benchmarks.readers.sample import figures, write_files
from benchmarks.readers.scoring import Figure, Grid, count_right, value

KNOWN = [Figure("三公经费", "预算数", "8"), Figure("三公经费", "决算数", "8"), Figure("公用经费", "决算数", "1,040.50")]
HEAD = ["项目", "预算数\n（万元）", "决算数"]


@pytest.mark.parametrize(
    ("rows", "right"),
    [
        ([HEAD, ["三公经费：", "8", "8"], ["公用 经费", "9", "1040.5"]], 3),
        ([HEAD, ["三公经费", "8"], ["公用经费", "1,040.50", ""]], 1),  # a cell is missing, and one is shifted
        ([HEAD, ["三公经费", "", ""], ["公用经费", "8", "8"]], 0),  # a row too low
        ([HEAD, ["三公经费", "8", "8"], ["项目", "决算数", "预算数"], ["公用经费", "", "1,040.50"]], 2),  # below a later header
        ([["三公经费", "8", "8"], ["公用经费", "", "1,040.50"]], 0),  # no header at all
        ([HEAD, ["三公经费", "8", "8"], ["三公经费", "8", "8"]], 2),  # a figure counts once
        ([["项目", "决算数", "决算数"], ["三公经费", "8", "8"], ["三公经费", "8", ""]], 1),  # places of one spanned cell
    ],
)
def test_figures_count_in_their_row_and_column(rows: Grid, right: int) -> None:
    assert count_right(KNOWN, [rows]) == right


@pytest.mark.parametrize(
    ("one", "other"), [("20.00", "20"), ("99.3%", "0.9930000000000001"), ("1,538", "1538.0"), ("≥ 98%", "≥98%")]
)
def test_a_number_is_the_same_in_every_spelling(one: str, other: str) -> None:
    assert value(one) == value(other)
    assert value("9.93") != value("99.3") != value("99.3%")


def test_pipe_tables_are_parted_by_other_lines() -> None:
    assert list(pipe_tables("| a | b\\|c |\n| --- | --- |\n|| 1 |\n\ntext\n| x |\n")) == [[["a", "b\\|c"], ["", "1"]], [["x"]]]


def test_ours_has_every_figure_in_every_format(tmp_path: Path) -> None:
    known = figures()
    assert len(known) > 100
    files = {name: str(path) for name, path in write_files(tmp_path).items()}
    found = answer({"tool": "jixiao", "files": files, "runs": 1, "seconds": 1})["results"]
    assert {name: count_right(known, result["grids"]) for name, result in found.items()} == dict.fromkeys(files, len(known))
