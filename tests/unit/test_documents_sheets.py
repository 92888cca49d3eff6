"""Workbooks and separated records: what a sheet shows, and which of its rows are text and which are tables."""

from __future__ import annotations

import pytest

from pipelines.documents import Document, DocumentError, Locator, Paragraph, Table, delimited, xls, xlsx
from pipelines.documents.limits import Limits
from pipelines.documents.number_format import BUILT_IN, show
from tests.support.workbooks import MAIN, Number, Sheet, sheet, write_csv, write_xls, write_xlsx

SHA256 = "0" * 64
FORM = sheet(
    ["整体支出绩效自评表"],
    ["项目", "预算数", "执行率"],
    ["基本支出", Number("536.41999999999996", "0.00"), Number("0.999", "0.00%")],
    ["其中", None, Number("1", "0%")],
    merges=[(0, 0, 0, 2), (2, 0, 3, 0)],
)


def tables(found: Document) -> list[Table]:
    return [block for block in found.blocks if isinstance(block, Table)]


def texts(found: Document) -> list[str]:
    return [block.text for block in found.blocks if isinstance(block, Paragraph)]


def grid(table: Table) -> list[list[str | None]]:
    return [[None if cell is None else cell.text for cell in row] for row in table.grid]


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (0.89470000000000005, "0.00%", "89.47%"),
        (0.999, "General", "0.999"),
        (0.1 + 0.2, "General", "0.3"),
        (12.0, "General", "12"),
        (1e15, "General", "1000000000000000"),
        (536.42, "0.00_ ", "536.42"),
        (2.0, "0.0#", "2.0"),
        (7.0, "000", "007"),
        (-1234.5, "#,##0.00", "-1234.50"),
        (-3.25, "0.00;[Red]0.00", "-3.25"),
        (-3.25, "0.00_);(0.00)", "-3.25"),
        (0.0, BUILT_IN[43], "0"),
        (1234.0, BUILT_IN[44], "1234.00"),
        (5.0, ";;;", "5"),
        (12.0, '0.00"万元"', "12.00万元"),
        (12345678.0, "0!.0000", "1234.5678"),
        (12000.0, "0.00,", "12.00"),
        (1234.5, "0.00E+00", "1234.5"),
        (45657.0, BUILT_IN[31], "2024年12月31日"),
        (45657.75, "yyyy/m/d h:mm", "2024/12/31 18:00"),
        (0.75, "h:mm AM/PM", "6:00 PM"),
        (1.5, "[h]:mm:ss", "36:00:00"),
        (59.0, "yyyy-mm-dd", "1900-02-28"),
        (61.0, "yyyy-mm-dd", "1900-03-01"),
        (-1.0, "yyyy-mm-dd", "-1"),
    ],
)
def test_a_number_is_shown_as_its_format_says(value: float, code: str, shown: str) -> None:
    assert show(value, code) == (shown, None)


@pytest.mark.parametrize(
    ("value", "code", "shown", "note"),
    [
        (310.7523, "0.00", "310.75", "rounded"),
        (1.005, "0.00", "1.01", "rounded"),
        (3.0, "[>100]0;0.0", "3", "unfollowed"),
        (3.0, "0-0", "3", "unfollowed"),
        (3.0, "0" * 300, "3", "unfollowed"),
    ],
)
def test_a_number_that_is_shown_otherwise_than_stored_is_noted(value: float, code: str, shown: str, note: str) -> None:
    assert show(value, code) == (shown, note)


def test_dates_may_count_from_1904() -> None:
    assert show(44195.0, "yyyy-mm-dd", counts_from_1904=True) == ("2024-12-31", None)


@pytest.mark.parametrize("form", ["xlsx", "xls"])
def test_a_sheet_is_a_title_and_a_table_with_places(form: str) -> None:
    found = xlsx.read(write_xlsx([FORM]), SHA256) if form == "xlsx" else xls.read(write_xls([FORM]), SHA256)
    title, table = found.blocks
    assert title == Paragraph("整体支出绩效自评表", None, Locator(line=1, sheet="Sheet1", cell="A1"))
    assert isinstance(table, Table)
    assert grid(table) == [["项目", "预算数", "执行率"], ["基本支出", "536.42", "99.90%"], ["基本支出", "", "100%"]]
    assert table.cells[5].locator == Locator(table=1, row=2, column=3, sheet="Sheet1", cell="C3")
    assert found.warnings == ("covered_text: 1 cells hold text under a merged cell, which is not shown: A4",)
    assert (found.reader, table.origin) == (form, "native")


def test_text_between_empty_rows_parts_tables_and_a_title_on_its_table_does_not() -> None:
    rows = [["甲", "1"], [""], ["乙", "2"], [""], ["附件二"], [""], ["标题"], ["丙", "3"], [""], ["注：略"]]
    found = xlsx.read(write_xlsx([sheet(*rows)]), SHA256)
    assert texts(found) == ["附件二", "注：略"]
    assert [grid(table) for table in tables(found)] == [[["甲", "1"], ["", ""], ["乙", "2"]], [["标题", ""], ["丙", "3"]]]


def test_an_empty_row_with_borders_parts_nothing() -> None:
    rows = [["甲", "1"], [None, None], ["乙"], [None, None], ["丙", "3"]]
    found = xlsx.read(write_xlsx([sheet(*rows)]), SHA256)
    assert texts(found) == []
    assert [len(table.rows) for table in tables(found)] == [5]


@pytest.mark.parametrize("form", ["xlsx", "xls"])
def test_hidden_and_empty_sheets(form: str) -> None:
    hidden = sheet(["甲", "1"], name="藏")
    hidden.state = "hidden"
    sheets = [sheet([None]), hidden, sheet(["乙", "2"], name="见")]
    found = xlsx.read(write_xlsx(sheets), SHA256) if form == "xlsx" else xls.read(write_xls(sheets), SHA256)
    assert [table.cells[0].locator.sheet for table in tables(found)] == ["藏", "见"]
    assert found.warnings == ("hidden_sheet: sheet 藏 is hidden",)


def page(rows: str, before: str = "", after: str = "") -> bytes:
    xml = f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'
    return write_xlsx([sheet(["x"])], {"xl/worksheets/sheet1.xml": xml})


def test_cells_of_every_type() -> None:
    rows = (
        '<row r="2" hidden="1"><c r="B2" t="inlineStr"><is><r><t>预</t></r><r><t>算</t></r><rPh><t>yu</t></rPh></is></c>'
        '<c t="str"><f>A1</f><v>决_x000D__x000A_算</v></c><c r="D2" t="b"><v>1</v></c><c r="E2" t="e"><v>#DIV/0!</v></c>'
        '<c r="F2"><f>1/3</f></c><c r="G2"><v>3</v></c></row>'
    )
    found = xlsx.read(page(rows, '<cols><col min="3" max="3" hidden="1"/></cols>'), SHA256)
    assert grid(tables(found)[0]) == [["预算", "决\n算", "TRUE", "#DIV/0!", "", "3"]]
    assert found.warnings == (
        "hidden_columns: sheet Sheet1, 1 times, first column 3",
        "hidden_rows: sheet Sheet1, 1 times, first row 2",
        "formula_without_value: sheet Sheet1, 1 times, first F2",
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (page('<row><c r="A0"><v>1</v></c></row>'), "corrupt"),
        (page('<row><c r="XFE1"><v>1</v></c></row>'), "corrupt"),
        (page('<row><c t="s"><v>99</v></c></row>'), "corrupt"),
        (page("<row><c><v>nan</v></c></row>"), "corrupt"),
        (page("<row><c><v>1,0</v></c></row>"), "corrupt"),
        (page("<row><c><v>  </v></c></row>".replace("  ", "")), "empty"),
        (page('<row><c r="A1"><v>1</v></c><c><v>2</v></c><c r="XFC1048576"><v>1</v></c><c><v>2</v></c></row>'), "too_large"),
        (write_xlsx([FORM], {"xl/workbook.xml": "<!DOCTYPE x [<!ENTITY a 'b'>]><workbook/>"}), "unsafe_content"),
        (write_xlsx([FORM], {"xl/sharedStrings.xml": "<sst><si>"}), "corrupt"),
    ],
)
def test_a_broken_workbook_has_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError) as caught:
        xlsx.read(data, SHA256)
    assert caught.value.reason == reason


def test_merges_that_overlap_or_reach_far_are_cut() -> None:
    merges = '<mergeCells><mergeCell ref="A1:XFD1"/><mergeCell ref="A1:B2"/><mergeCell ref="C1048576:C1"/></mergeCells>'
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="D1"><v>4</v></c></row><row r="2"><c r="B2"><v>2</v></c><c><v>3</v></c></row>'
    found = xlsx.read(page(rows, after=merges), SHA256)
    assert texts(found) == ["1"]
    assert grid(tables(found)[0]) == [["2", "3"]]
    assert found.warnings == ("covered_text: 1 cells hold text under a merged cell, which is not shown: D1",)


@pytest.mark.parametrize(
    ("record", "reason"),
    [(b"\x2f\x00\x06\x00\x01\x00\x01\x00\x01\x00", "encrypted"), (b"\x31\x00\xff\xff", "corrupt")],
)
def test_a_protected_and_a_broken_old_workbook(record: bytes, reason: str) -> None:
    with pytest.raises(DocumentError) as caught:
        xls.read(write_xls([FORM], record), SHA256)
    assert caught.value.reason == reason


@pytest.mark.parametrize(("separator", "encoding"), [(",", "gb18030"), ("\t", "utf-16"), (";", "utf-8-sig")])
def test_records_are_rows_of_one_sheet(separator: str, encoding: str) -> None:
    rows = sheet(["说明"], ["指标", "名称", "值"], ["产出", "甲,；\n乙", Number("0.5", "0%")], ["", "丙", ""], ["总", "", "3"])
    found = delimited.read(write_csv(rows, separator, encoding), SHA256)
    assert texts(found) == ["说明"]
    (table,) = tables(found)
    assert grid(table) == [["指标", "名称", "值"], ["产出", "甲,；\n乙", "50%"], ["产出", "丙", ""], ["总", "", "3"]]
    assert table.cells[2].locator == Locator(table=1, row=1, column=3, line=2)
    assert (found.reader, table.origin) == ("csv", "native")


def test_records_are_limited() -> None:
    with pytest.raises(DocumentError, match="too_large"):
        delimited.read(b"1,2,3\n4,5,6\n", SHA256, Limits(table_cells=4))
    with pytest.raises(DocumentError, match="corrupt"):
        delimited.read(b'a,"' + b"x" * 200_000 + b'"\nb,c\nd,e', SHA256)
    with pytest.raises(DocumentError, match="empty"):
        delimited.read(b",,\n,,\n,,", SHA256)


def test_a_workbook_has_room_for_a_few_full_tables() -> None:
    small = Limits(table_cells=10)
    with pytest.raises(DocumentError, match="too_large"):
        xlsx.read(write_xlsx([Sheet("a", {(row, 0): str(row) for row in range(60)})]), SHA256, small)
    with pytest.raises(DocumentError, match="too_large"):
        xls.read(write_xls([sheet(*[["a", "b"]] * 5, name=str(number)) for number in range(6)]), SHA256, small)
