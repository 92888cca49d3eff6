"""The grammar of flattened text: cells, rows, tables, merges, real blanks, encodings."""

from __future__ import annotations

import codecs

import pytest

from pipelines.documents import Cell, DocumentError, Paragraph, Table
from pipelines.documents.limits import Limits
from pipelines.documents.text import read
from tests.support.reports import EMPTY, table


def blocks(content: str | bytes) -> list[str | list[list[str]]]:
    """Paragraph texts, and tables as rows of the texts that begin in them."""
    data = content.encode() if isinstance(content, str) else content
    return [
        block.text
        if isinstance(block, Paragraph)
        else [[cell.text for cell in row if cell.row == place] for place, row in enumerate(block.rows)]
        for block in read(data, "0" * 64).blocks
    ]


def only_table(content: str) -> Table:
    (found,) = read(content.encode(), "0" * 64).blocks
    assert isinstance(found, Table)
    return found


def cell(content: str, row: int, column: int) -> Cell:
    found = only_table(content).grid[row][column]
    assert found is not None
    return found


def test_cells_rows_and_paragraphs() -> None:
    assert blocks("标题\n\n\t甲\n\t乙\n\n\t丙\n\t丁\n\n后文\n") == ["标题", [["甲", "乙"], ["丙", "丁"]], "后文"]


def test_a_line_without_tab_continues_the_cell() -> None:
    assert blocks("\t批复规模 \n（㎡）\n\t实际规模\n（㎡）\n") == [[["批复规模 \n（㎡）", "实际规模\n（㎡）"]]]


def test_only_a_paragraph_parts_two_tables() -> None:
    assert blocks("\t甲\n\n\n\n\t乙\n\n附件\n\n\t丙\n") == [[["甲"], ["乙"]], "附件", [["丙"]]]


def test_further_tabs_part_cells_of_the_same_row() -> None:
    assert blocks("\t甲\t乙\t丙\n\n\t丁\t戊\t\n\n\tⅠ\tⅡ\n\tⅢ\n") == [[["甲", "乙", "丙"], ["丁", "戊", ""], ["Ⅰ", "Ⅱ", "Ⅲ"]]]


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\r\n"])
def test_a_table_may_end_the_file(end: str) -> None:
    assert blocks(f"前文\n\t甲\n\t10{end}") == ["前文", [["甲", "10"]]]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends(line_end: str) -> None:
    assert blocks("标题\n\t甲\n乙\n\t10\n\n\t丙\n\t20\n".replace("\n", line_end)) == ["标题", [["甲\n乙", "10"], ["丙", "20"]]]


def test_page_breaks_stand_for_nothing() -> None:
    assert blocks("\t甲\n\t10\n\f\n\t乙\n\t20\n\n\f\f附件\n\f\t丙\n") == [[["甲", "10"], ["乙", "20"]], "附件", [["丙"]]]


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("gb18030", b""),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
    ],
)
def test_encodings(encoding: str, mark: bytes) -> None:
    assert blocks(mark + "绩效自评\n\t基本支出\n\t１０㎡\n".encode(encoding)) == ["绩效自评", [["基本支出", "１０㎡"]]]


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(DocumentError) as error:
        read(b"\xff\xfe\x00", "0" * 64)
    assert error.value.reason == "unknown_format"


def test_an_empty_cell_continues_the_one_above() -> None:
    content = table([["绩效指标", "产出", "10"], ["", "", "20"], ["", "效益", EMPTY]])
    assert [(cell(content, row, 0).text, cell(content, row, 1).text) for row in range(3)] == [
        ("绩效指标", "产出"),
        ("绩效指标", "产出"),
        ("绩效指标", "效益"),
    ]
    assert (cell(content, 2, 0).row, cell(content, 2, 0).row_span) == (0, 3)
    assert (cell(content, 1, 1).row, cell(content, 1, 1).row_span) == (0, 2)


def test_an_ideographic_space_is_a_cell_of_its_own() -> None:
    content = table([["甲", "10"], ["乙", EMPTY], ["丙", ""]])
    assert (cell(content, 1, 1).text, cell(content, 1, 1).row) == (EMPTY, 1)
    assert (cell(content, 1, 1).row_span, cell(content, 2, 1).row) == (2, 1)


def test_without_ideographic_spaces_only_leading_empty_cells_are_merged() -> None:
    content = table([["甲", "乙", "10", "20"], ["", "丙", "", "30"]])
    assert cell(content, 1, 0).row == 0
    assert (cell(content, 1, 2).text, cell(content, 1, 2).row) == ("", 1)


def test_a_row_of_nothing_but_empty_cells_continues_the_row_above() -> None:
    content = table([["甲", "乙", "10"], ["", "", ""], ["丙", "丁", "20"]])
    assert {cell(content, 1, column).row for column in range(3)} == {0}


def test_only_the_leading_column_continues_over_rows_of_another_length() -> None:
    content = table([["甲", "乙", "10"], ["", ""], ["", "丙", EMPTY]])
    assert cell(content, 1, 0).row == 0
    assert cell(content, 1, 1).row == 1
    assert cell(content, 2, 0).row == 0


def test_an_empty_cell_in_the_first_row_covers_nothing() -> None:
    assert (cell(table([["", "甲"], ["乙", EMPTY]]), 0, 0).text, cell(table([["", "甲"]]), 0, 0).row_span) == ("", 1)


def test_locators_count_from_one() -> None:
    document = read("标题\n\n\t甲\n\t10\n\n中\n\t乙\n".encode(), "0" * 64)
    places = [
        str(block.locator) if isinstance(block, Paragraph) else [str(one.locator) for one in block.cells]
        for block in document.blocks
    ]
    assert places == [
        "line 1",
        ["table 1 row 1 column 1, line 3", "table 1 row 1 column 2, line 4"],
        "line 6",
        ["table 2 row 1 column 1, line 7"],
    ]


def test_a_table_past_the_limits_is_refused() -> None:
    with pytest.raises(DocumentError) as error:
        read(table([["甲"]] * 4).encode(), "0" * 64, Limits(table_rows=3))
    assert error.value.reason == "too_large"


def test_the_same_bytes_give_the_same_document() -> None:
    content = table([["甲", "10"], ["", EMPTY]]).encode()
    assert read(content, "0" * 64) == read(content, "0" * 64)
