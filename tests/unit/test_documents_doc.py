"""The Word 97 reader on small documents made byte by byte, one feature each."""

from __future__ import annotations

import struct

import pytest

from pipelines.documents import Document, DocumentError, Locator, Paragraph, Table, doc
from pipelines.documents.limits import Limits
from tests.support.word97 import (
    DELETED,
    DEPTH,
    FONT,
    FONTS,
    HEADERS,
    HIDDEN,
    IN_TABLE,
    INNER_CELL,
    INNER_ROW,
    MERGE,
    OUTLINE,
    ROW_END,
    SPLIT,
    STYLES,
    SYMBOL,
    VERTICAL_MERGE,
    P,
    cell,
    container,
    fonts,
    row_end,
    shape,
    sprm,
    styles,
    word97,
)

FIRST_MERGED, MERGED, BELOW, RESTART = 1, 2, 0x20, 0x60


def read(*body: P, **more: object) -> Document:
    return doc.read(word97(body, **more), "0" * 64)  # type: ignore[arg-type]


def texts(found: Document) -> list[str]:
    return [block.text for block in found.blocks if isinstance(block, Paragraph)]


def tables(found: Document) -> list[Table]:
    return [block for block in found.blocks if isinstance(block, Table)]


def spans(found: Table) -> list[tuple[str, int, int, int, int]]:
    return [(c.text, c.row, c.column, c.row_span, c.column_span) for c in found.cells]


def test_paragraphs_and_tables_come_in_order_with_places() -> None:
    found = read(P("前\r"), P("\r"), cell("甲"), cell("1"), row_end([0, 100, 200]), P("后\r"))
    first, middle, last = found.blocks
    assert first == Paragraph("前", None, Locator(line=1))
    assert isinstance(middle, Table)
    assert middle.origin == "native"
    assert [(c.text, c.locator) for c in middle.cells] == [
        ("甲", Locator(table=1, row=1, column=1, line=3)),
        ("1", Locator(table=1, row=1, column=2, line=4)),
    ]
    assert last == Paragraph("后", None, Locator(line=5))
    assert (found.reader, found.reader_version, found.warnings) == ("doc", doc.VERSION, ())


def test_edges_give_spans_and_nearly_equal_edges_are_one() -> None:
    found = read(
        *(cell("标题"), row_end([-108, 900])),
        *(cell("甲"), cell("乙"), cell("丙"), row_end([-108, 200, 500, 903])),
        *(cell("丁"), cell("戊"), row_end([-106, 505, 900])),
        *(cell("右"), row_end([503, 900])),
    )
    (table,) = tables(found)
    assert spans(table) == [
        ("标题", 0, 0, 1, 3),
        *(("甲", 1, 0, 1, 1), ("乙", 1, 1, 1, 1), ("丙", 1, 2, 1, 1)),
        *(("丁", 2, 0, 1, 2), ("戊", 2, 2, 1, 1)),
        ("右", 3, 2, 1, 1),
    ]


def test_cells_narrower_than_the_tolerance_stay_apart() -> None:
    (table,) = tables(read(cell("甲"), cell("乙"), cell("丙"), row_end([0, 10, 10, 500]), cell("丁"), row_end([0, 500])))
    assert spans(table) == [("甲", 0, 0, 1, 1), ("乙", 0, 1, 1, 1), ("丙", 0, 2, 1, 1), ("丁", 1, 0, 1, 3)]


def test_vertical_merges_by_flag() -> None:
    found = read(
        *(cell("产出"), cell("1"), row_end([0, 100, 200], [RESTART, 0])),
        *(cell(""), cell("2"), row_end([0, 100, 200], [BELOW, 0])),
        *(cell("藏"), cell("3"), row_end([0, 100, 200], [BELOW, 0])),
        *(cell("效益"), cell("4"), row_end([0, 100, 200], [RESTART])),
        *(cell("独"), cell("5"), row_end([0, 150, 200], [BELOW])),
    )
    (table,) = tables(found)
    assert [each for each in spans(table) if each[2] == 0] == [("产出", 0, 0, 3, 1), ("效益", 3, 0, 1, 1), ("独", 4, 0, 1, 2)]
    assert [warning.partition(":")[0] for warning in found.warnings] == ["covered_text"]


@pytest.mark.parametrize(("first", "merged"), [(FIRST_MERGED, MERGED), (MERGED, FIRST_MERGED)])
def test_horizontal_merges_in_either_reading_of_the_flags(first: int, merged: int) -> None:
    flags = [first, merged, first, merged, merged, 0]
    (table,) = tables(read(*map(cell, ["甲", "", "乙", "", "", "丙"]), row_end([0, 100, 200, 300, 400, 500, 600], flags)))
    assert spans(table) == [("甲", 0, 0, 1, 2), ("乙", 0, 2, 1, 3), ("丙", 0, 5, 1, 1)]


def test_merges_by_modifiers_after_the_shape() -> None:
    edges = [0, 100, 200, 300]
    found = read(
        *map(cell, ["甲", "", "乙"]),
        row_end(edges, extra=sprm(MERGE, bytes([0, 2])) + sprm(VERTICAL_MERGE, bytes([2, 2, 3]))),
        *map(cell, ["丙", "丁", ""]),
        row_end(edges, [FIRST_MERGED, MERGED], extra=sprm(SPLIT, bytes([0, 2])) + sprm(VERTICAL_MERGE, bytes([2, 2, 1]))),
    )
    (table,) = tables(found)
    assert spans(table) == [("甲", 0, 0, 1, 2), ("乙", 0, 2, 2, 1), ("丙", 1, 0, 1, 1), ("丁", 1, 1, 1, 1)]


def test_a_row_without_a_shape_takes_the_one_above_and_is_told_otherwise() -> None:
    bare = P("\x07", sprm(IN_TABLE, 1) + sprm(ROW_END, 1))
    found = read(cell("甲"), cell("乙"), row_end([0, 300, 400]), cell("丙"), cell("丁"), bare, cell("戊"), bare)
    (table,) = tables(found)
    assert [(text, column) for text, _, column, _, _ in spans(table)] == [("甲", 0), ("乙", 1), ("丙", 0), ("丁", 1), ("戊", 0)]
    assert [warning.partition(":")[0] for warning in found.warnings] == ["row_shape"]


def test_a_cell_keeps_its_paragraphs_and_line_breaks() -> None:
    inside = sprm(IN_TABLE, 1)
    (table,) = tables(read(P("一\r", inside), P("二\x0b三\r", inside), cell("四\t五"), row_end([0, 100])))
    assert table.cells[0].text == "一\n二\n三\n四\t五"


def test_nested_tables_follow_the_one_around_them() -> None:
    inner = sprm(IN_TABLE, 1) + sprm(DEPTH, struct.pack("<i", 2))
    found = read(
        P("外\r", sprm(IN_TABLE, 1)),
        P("内甲\r", inner + sprm(INNER_CELL, 1)),
        P("内乙\r", inner + sprm(INNER_CELL, 1)),
        P("\r", inner + sprm(INNER_ROW, 1) + shape([0, 50, 100])),
        cell(""),
        row_end([0, 200]),
        P("后\r"),
    )
    outer, nested, last = found.blocks
    assert isinstance(outer, Table) and isinstance(nested, Table)
    assert [c.text for c in outer.cells] == ["外"]
    assert spans(nested) == [("内甲", 0, 0, 1, 1), ("内乙", 0, 1, 1, 1)]
    assert (outer.cells[0].locator.table, nested.cells[0].locator.table) == (1, 2)
    assert isinstance(last, Paragraph)


def test_compressed_and_wide_pieces_and_text_stored_backwards() -> None:
    found = read(
        P("Budget 99.90 €\r", is_compressed=True),
        P("执行率\r"), P("\U00020000字\r"), cell("536.42", is_compressed=True), row_end([0, 100]), P("完\r"),
        is_shuffled=True,
    )  # fmt: skip
    assert texts(found) == ["Budget 99.90 €", "执行率", "\U00020000字", "完"]
    assert [c.text for c in tables(found)[0].cells] == ["536.42"]


def test_properties_of_wide_rows_lie_in_the_data_stream() -> None:
    edges = list(range(0, 4100, 100))
    (table,) = tables(read(*(cell(str(n)) for n in range(40)), row_end(edges, [0] * 39 + [RESTART], is_huge=True)))
    assert [(c.text, c.column) for c in table.cells] == [(str(n), n) for n in range(40)]


def test_a_quick_saved_piece_carries_its_own_properties() -> None:
    in_table = 0x18 << 1 | 1 << 8
    found = read(
        P("甲\x07", own=1 << 1 | 1), P("\x07", sprm(IN_TABLE, 1), own=0 << 1 | 1), P("弃\r", own=0x41 << 1 | 1 << 8),
        P("乙\x07", own=in_table), row_end([0, 100]), P("后\r"),
        records=[sprm(ROW_END, 1) + shape([0, 100]), sprm(IN_TABLE, 1)],
    )  # fmt: skip
    assert [[c.text for c in table.cells] for table in tables(found)] == [["甲"], ["乙"]]
    assert texts(found) == ["后"]


def test_field_codes_are_left_out_and_results_kept() -> None:
    found = read(
        P("\x15\x14前见\x13 HYPERLINK \x13 QUOTE 内 \x15 \x14附件\x15。\r"),
        P("\x13 PAGE \x15页\r"),
        P("开\x13 没有结束\r"),
        P("后\r"),
    )
    assert texts(found) == ["前见附件。", "页", "开 没有结束", "后"]


def test_boxes_to_tick_are_told() -> None:
    found = read(P("\x13 FORMCHECKBOX \x14\x15是\x13 FORMCHECKBOX \x15否\r"))
    assert texts(found) == ["是否"]
    assert found.warnings == ("check_box: 2 form fields are boxes to tick; whether they are ticked was not read",)


def test_special_characters() -> None:
    assert texts(read(P("图\x01\x08注\x02\x05非\x1e断\x1f字\r"), P("上\x0c下\r"))) == ["图注非-断字", "上", "下"]


def test_deleted_and_hidden_text_is_left_out_and_deleted_rows_too() -> None:
    gone = sprm(DELETED, 1)
    found = read(
        P("保留删去隐藏\r", runs=[(2, 4, gone), (4, 6, sprm(HIDDEN, 1)), (0, 2, sprm(HIDDEN, 0))]),
        *(cell("甲"), row_end([0, 100])),
        *(cell("乙", runs=[(0, 2, gone)]), row_end([0, 100], runs=[(0, 1, gone)])),
        *(cell("丙丁", runs=[(0, 1, gone)]), row_end([0, 100])),
    )
    assert texts(found) == ["保留"]
    assert [c.text for c in tables(found)[0].cells] == ["甲", "丁"]
    assert [warning.partition(":")[0] for warning in found.warnings] == ["hidden_text"]


def test_symbols_show_what_their_font_shows() -> None:
    found = read(
        P("达标(\r", runs=[(2, 3, sprm(SYMBOL, struct.pack("<HH", 1, 0xF0FE)))]),
        P("\uf0a8否\r", runs=[(0, 1, sprm(FONT, struct.pack("<H", 1)))]),
        P("(\r", runs=[(0, 1, sprm(SYMBOL, struct.pack("<HH", 1, 0xF021)))]),
        structures={FONTS: fonts("宋体", "Wingdings")},
    )
    assert texts(found) == ["达标☑", "□否", "\ufffd"]
    assert [warning.partition(":")[0] for warning in found.warnings] == ["unknown_symbol"]


def test_heading_levels_by_style_by_its_base_and_by_the_paragraph() -> None:
    sheet = styles(
        ("Normal", 0, 0xFFF, b""),
        ("heading 1", 1, 0, b""),
        ("章", 0xFFE, 1, b""),
        ("节", 0xFFE, 0, sprm(OUTLINE, 2)),
        ("toc 1", 19, 0, b""),
        ("圈一", 0xFFE, 6, b""),
        ("圈二", 0xFFE, 5, b""),
    )
    styled = [P(f"{text}\r", style=style) for style, text in enumerate(["正", "一", "二", "三", "目录", "五"])]
    found = read(*styled, P("四\r", sprm(OUTLINE, 1)), structures={STYLES: sheet})
    levels = [(block.text, block.level) for block in found.blocks if isinstance(block, Paragraph)]
    assert levels == [("正", None), ("一", 1), ("二", 1), ("三", 3), ("五", None), ("四", 2)]


def test_other_stories_are_paragraphs_that_name_their_part() -> None:
    header = [cell("单位"), cell("公章"), row_end([0, 50, 100]), P("页脚\r"), P("页脚\r")]
    places = [0] * 7 + [7, 7, 10, 13, 13, 13]
    found = read(
        P("正文\r"),
        others={
            "footnote": [P("\x02注一\r"), P("\x02注二\r"), P("续\r")],
            "header": header,
            "comment": [P("批注\r")],
            "endnote": [P("\x02尾注\r")],
            "text box": [P("文本框\r")],
        },
        structures={HEADERS: struct.pack(f"<{len(places)}I", *places)},
    )
    assert [(block.text, block.locator.part) for block in found.blocks if isinstance(block, Paragraph)] == [
        ("正文", None), ("文本框", None), ("单位\t公章", "header 1"), ("页脚", "footer 1"),
        ("注一", "footnote 1"), ("注二", "footnote 2"), ("续", "footnote 2"), ("尾注", "endnote 1"),
    ]  # fmt: skip
    assert len(found.blocks) == 8


def test_a_table_without_end_is_kept_with_a_warning() -> None:
    found = read(cell("甲"), row_end([0, 100]), cell("乙"), P("后\r"))
    assert [c.text for c in tables(found)[0].cells] == ["甲", "乙"]
    assert "unfinished_row" in [warning.partition(":")[0] for warning in found.warnings]


def rejection(data: bytes, limits: Limits | None = None) -> DocumentError:
    with pytest.raises(DocumentError) as error:
        doc.read(data, "0" * 64, limits)
    return error.value


def test_rejections() -> None:
    assert rejection(word97([P("正文\r")], flags=0x0100)).reason == "encrypted"
    assert rejection(word97([P(" \r")])).reason == "empty"
    assert rejection(word97([P("正文\r")], kind=0x1234)).reason == "corrupt"
    assert rejection(container({"Other": b"1"})).reason == "corrupt"
    assert rejection(word97([P("正\r")])[:600]).reason == "corrupt"
    rows = [part for _ in range(4) for part in (cell("甲"), row_end([0, 100]))]
    assert rejection(word97(rows), Limits(table_rows=3)).reason == "too_large"
    deep = P("深\r", sprm(DEPTH, struct.pack("<i", 2**31 - 1)))
    assert rejection(word97([deep])).reason == "too_large"
