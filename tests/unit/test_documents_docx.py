"""The docx reader on small documents, one feature of Word or WPS each."""

from __future__ import annotations

import pytest

from pipelines.documents import Document, DocumentError, Locator, Paragraph, Table, docx
from pipelines.documents.limits import Limits
from tests.support.packages import (
    STRICT,
    cell,
    content_types,
    document,
    package,
    paragraph,
    relationships,
    row,
    table,
    text,
    zipped,
)

RESTART, CONTINUE = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"


def read(body: str, **parts: tuple[str, str]) -> Document:
    return docx.read(package(body, {f"{name}.xml": part for name, part in parts.items()}), "0" * 64)


def texts(found: Document) -> list[str]:
    return [block.text for block in found.blocks if isinstance(block, Paragraph)]


def tables(found: Document) -> list[Table]:
    return [block for block in found.blocks if isinstance(block, Table)]


def grid(found: Table) -> list[list[str | None]]:
    return [[None if place is None else place.text for place in places] for places in found.grid]


def only_grid(body: str) -> list[list[str | None]]:
    (found,) = tables(read(body))
    return grid(found)


def test_paragraphs_and_tables_come_in_order_with_places() -> None:
    found = read(paragraph("前") + "<w:p/>" + table(row(cell("甲"), cell("1")), row(cell("乙"), cell("2"))) + paragraph("后"))
    first, middle, last = found.blocks
    assert first == Paragraph("前", None, Locator(line=1))
    assert isinstance(middle, Table)
    assert middle.origin == "native"
    assert [(c.text, c.locator) for c in middle.cells] == [
        ("甲", Locator(table=1, row=1, column=1, line=3)),
        ("1", Locator(table=1, row=1, column=2, line=4)),
        ("乙", Locator(table=1, row=2, column=1, line=5)),
        ("2", Locator(table=1, row=2, column=2, line=6)),
    ]
    assert last == Paragraph("后", None, Locator(line=7))
    assert (found.reader, found.reader_version, found.warnings) == ("docx", docx.VERSION, ())


def test_a_horizontal_span_covers_its_columns() -> None:
    assert only_grid(table(row(cell("总", '<w:gridSpan w:val="2"/>'), cell("3")), row(cell("1"), cell("2"), cell("3")))) == [
        ["总", "总", "3"],
        ["1", "2", "3"],
    ]


def test_a_vertical_merge_makes_the_cell_above_taller() -> None:
    body = table(
        row(cell("产出", RESTART), cell("数量")), row(cell("", CONTINUE), cell("质量")), row(cell("效益"), cell("经济"))
    )
    (found,) = tables(read(body))
    assert found.cells[0].row_span == 2
    assert grid(found) == [["产出", "数量"], ["产出", "质量"], ["效益", "经济"]]


def test_a_block_merged_both_ways_is_one_cell() -> None:
    wide = '<w:gridSpan w:val="2"/>'
    body = table(row(cell("块", wide + RESTART), cell("1")), row(cell("", wide + CONTINUE), cell("2")))
    (found,) = tables(read(body))
    assert (found.cells[0].row_span, found.cells[0].column_span, len(found.cells)) == (2, 2, 3)


def test_a_merge_ends_where_a_row_has_an_ordinary_cell() -> None:
    body = table(row(cell("甲", RESTART)), row(cell("乙")), row(cell("丙", CONTINUE)))
    assert only_grid(body) == [["甲"], ["乙"], ["丙"]]


def test_continuation_without_a_start_stands_for_itself() -> None:
    assert only_grid(table(row(cell("甲", CONTINUE), cell("1")), row(cell("", CONTINUE), cell("2")))) == [
        ["甲", "1"],
        ["甲", "2"],
    ]


def test_continuation_under_a_wider_cell_does_not_overlap() -> None:
    body = table(
        row(cell("宽", '<w:gridSpan w:val="2"/>' + RESTART), cell("1")), row(cell("窄", CONTINUE), cell("2"), cell("3"))
    )
    assert only_grid(body) == [["宽", "宽", "1"], ["窄", "2", "3"]]


def test_text_under_a_merge_is_warned_about() -> None:
    found = read(table(row(cell("甲", RESTART)), row(cell("310.75", CONTINUE))))
    assert grid(tables(found)[0]) == [["甲"], ["甲"]]
    assert [warning.partition(":")[0] for warning in found.warnings] == ["covered_text"]
    assert "310.75" in found.warnings[0]
    assert "row 2 column 1" in found.warnings[0]


def test_old_horizontal_merge_extends_the_cell_to_the_left() -> None:
    body = table(row(cell("甲", '<w:hMerge w:val="restart"/>'), cell("", "<w:hMerge/>"), cell("2")))
    (found,) = tables(read(body))
    assert [(c.text, c.column, c.column_span) for c in found.cells] == [("甲", 0, 2), ("2", 2, 1)]


def test_skipped_grid_columns_stay_empty() -> None:
    body = table(
        row(cell("1"), cell("2"), cell("3")), row(cell("乙"), properties='<w:gridBefore w:val="1"/><w:gridAfter w:val="1"/>')
    )
    assert only_grid(body) == [["1", "2", "3"], [None, "乙", None]]


def test_a_row_with_fewer_cells_than_the_grid_ends_early() -> None:
    assert only_grid(table(row(cell("1"), cell("2"), cell("3")), row(cell("乙")))) == [["1", "2", "3"], ["乙", None, None]]


def test_a_nested_table_follows_the_outer_one() -> None:
    inner = table(row(cell("里", ""), f"<w:tc>{paragraph('深')}{table(row(cell('底')))}<w:p/></w:tc>"))
    found = read(table(row(f"<w:tc>{paragraph('外')}{inner}<w:p/></w:tc>", cell("旁"))) + table(row(cell("下一个"))))
    assert [grid(block) for block in tables(found)] == [[["外", "旁"]], [["里", "深"]], [["底"]], [["下一个"]]]
    assert [block.cells[0].locator.table for block in tables(found)] == [1, 2, 3, 4]


def test_containers_are_looked_into() -> None:
    control = "<w:sdt><w:sdtContent>{}</w:sdtContent></w:sdt>"
    body = (
        f"<w:sdt><w:sdtPr><w:rPr/><w:alias/></w:sdtPr><w:sdtContent><w:p>{text('控')}</w:p></w:sdtContent></w:sdt>"
        f"<w:p><w:smartTag>{text('1')}</w:smartTag><w:ins>{text('2')}</w:ins><w:hyperlink>{text('3')}</w:hyperlink>"
        f"<w:fldSimple w:instr='X'>{text('4')}</w:fldSimple><w:moveTo>{text('5')}</w:moveTo></w:p>"
        + table(control.format(row(control.format(cell("格")))))
    )
    found = read(body)
    assert texts(found) == ["控", "12345"]
    assert grid(tables(found)[0]) == [["格"]]


def test_what_is_not_printed_is_left_out() -> None:
    body = (
        f"<w:p><w:del><w:r><w:delText>删</w:delText></w:r></w:del><w:moveFrom>{text('移')}</w:moveFrom>"
        f"<w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>隐</w:t></w:r>"
        f"<w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t>显</w:t></w:r>{text('留')}</w:p>"
        + table(row(cell("旧"), properties="<w:del/>"), row(cell("新")))
    )
    found = read(body)
    assert texts(found) == ["显留"]
    assert grid(tables(found)[0]) == [["新"]]
    assert [warning.partition(":")[0] for warning in found.warnings] == ["hidden_text"]


def test_tracked_changes_of_properties_do_not_count() -> None:
    change = '<w:tcPrChange><w:tcPr><w:gridSpan w:val="9"/></w:tcPr></w:tcPrChange>'
    formatted = "<w:r><w:rPr><w:b/><w:rPrChange><w:rPr><w:i/></w:rPr></w:rPrChange></w:rPr><w:t>后</w:t></w:r>"
    found = read(table(row(cell("1", change), cell("2"))) + f"<w:p>{formatted}</w:p>")
    assert grid(tables(found)[0]) == [["1", "2"]]
    assert texts(found) == ["后"]


def test_run_properties_are_cut_without_losing_text() -> None:
    run = '<w:r><w:rPr><w:rFonts w:ascii="宋体"/></w:rPr><w:t>{}</w:t></w:r>'
    mark = "<w:pPr><w:rPr><w:sz/></w:rPr></w:pPr>"
    assert texts(read(f"<w:p>{mark}{run.format('53')}{run.format('6.42')}<w:r><w:rPr/></w:r></w:p>")) == ["536.42"]


def test_tabs_and_breaks() -> None:
    body = (
        f"<w:p><w:pPr><w:tabs><w:tab w:val='left'/></w:tabs></w:pPr>{text('甲')}<w:r><w:tab/></w:r>{text('乙')}</w:p>"
        f"<w:p>{text('上')}<w:r><w:br/></w:r>{text('下')}</w:p>"
        + table(
            row(
                f"<w:tc><w:p>{text('批复')}<w:r><w:br/></w:r>{text('规模')}</w:p>{paragraph('（㎡）')}<w:p/></w:tc>", cell("　")
            )
        )
    )
    found = read(body)
    assert texts(found) == ["甲\t乙", "上", "下"]
    assert [block.locator.line for block in found.blocks if isinstance(block, Paragraph)] == [1, 2, 2]
    assert grid(tables(found)[0]) == [["批复\n规模\n（㎡）", "　"]]


@pytest.mark.parametrize(
    ("run", "shown"),
    [
        ('<w:sym w:font="Wingdings 2" w:char="F052"/>', "☑"),
        ('<w:sym w:font="Wingdings 2" w:char="00A3"/>', "□"),
        ('<w:sym w:font="Wingdings" w:char="F0FE"/>', "☑"),
        ('<w:sym w:font="Symbol" w:char="F0B3"/><w:t>90%</w:t>', "≥90%"),
        ('<w:sym w:font="宋体" w:char="2264"/>', "≤"),
        ('<w:rPr><w:rFonts w:ascii="Wingdings 2" w:hAnsi="Wingdings 2"/></w:rPr><w:t>R是</w:t>', "☑是"),
        ('<w:rPr><w:rFonts w:ascii="Symbol"/></w:rPr><w:t>\uf0a390</w:t>', "≤90"),
        ("<w:fldChar><w:ffData><w:checkBox><w:default w:val='0'/><w:checked/></w:checkBox></w:ffData></w:fldChar>", "☑"),
        ("<w:fldChar><w:ffData><w:checkBox><w:default w:val='0'/></w:checkBox></w:ffData></w:fldChar>", "☐"),
        ("<w:t>3</w:t><w:noBreakHyphen/><w:t>5次</w:t>", "3-5次"),
    ],
)
def test_symbols(run: str, shown: str) -> None:
    found = read(f"<w:p><w:r>{run}</w:r></w:p>")
    assert texts(found) == [shown]
    assert found.warnings == ()


def test_an_unknown_symbol_is_marked_and_never_a_letter_or_digit() -> None:
    found = read('<w:p><w:r><w:rPr><w:rFonts w:ascii="Wingdings"/></w:rPr><w:t>5</w:t></w:r></w:p>')
    assert texts(found) == ["\ufffd"]
    assert found.warnings[0].startswith("unknown_symbol:")


def test_text_boxes_come_after_their_block_from_one_branch_only() -> None:
    box = f"<w:txbxContent>{paragraph('框')}{table(row(cell('框表')))}</w:txbxContent>"
    alternate = (
        f"<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing>{box}</w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    found = read(f"<w:p>{alternate}{text('段')}</w:p>" + table(row(f"<w:tc><w:p>{alternate}{text('格')}</w:p></w:tc>")))
    shown = [block.text if isinstance(block, Paragraph) else grid(block) for block in found.blocks]
    assert shown == ["段", "框", [["框表"]], [["格"]], "框", [["框表"]]]


def test_a_fallback_without_a_choice_is_read() -> None:
    body = f"<w:p><mc:AlternateContent><mc:Fallback>{text('退')}</mc:Fallback></mc:AlternateContent></w:p>"
    assert texts(read(body)) == ["退"]


def test_headers_and_notes_are_paragraphs_with_their_part() -> None:
    namespace = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    found = read(
        paragraph("正文") + table(row(cell("1"))),
        header1=("header", f"<w:hdr {namespace}>{table(row(cell('株洲'), cell('财政局')))}</w:hdr>"),
        footer1=("footer", f"<w:ftr {namespace}>{paragraph('第1页')}</w:ftr>"),
        footnotes=(
            "footnotes",
            f"<w:footnotes {namespace}><w:footnote w:type='separator' w:id='-1'>{paragraph('线')}</w:footnote>"
            f"<w:footnote w:id='2'>{paragraph('注')}</w:footnote></w:footnotes>",
        ),
    )
    assert [(block.text, block.locator.part) for block in found.blocks if isinstance(block, Paragraph)] == [
        ("正文", None),
        ("株洲\t财政局", "header 1"),
        ("第1页", "footer 1"),
        ("注", "footnote 2"),
    ]
    assert len(tables(found)) == 1


def test_heading_levels_from_styles_and_paragraphs() -> None:
    namespace = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    styles = (
        f"<w:styles {namespace}>"
        '<w:style w:styleId="2"><w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>'
        '<w:style w:styleId="own"><w:name w:val="章"/><w:basedOn w:val="2"/></w:style>'
        '<w:style w:styleId="named"><w:name w:val="标题 3"/></w:style>'
        '<w:style w:styleId="a"><w:name w:val="a"/><w:basedOn w:val="b"/></w:style>'
        '<w:style w:styleId="b"><w:name w:val="b"/><w:basedOn w:val="a"/></w:style>'
        '<w:style w:styleId="11"><w:name w:val="toc 1"/></w:style></w:styles>'
    )
    kinds = {"2": 1, "own": 1, "named": 3, "a": None, "unknown": None}
    body = "".join(paragraph(style, f'<w:pStyle w:val="{style}"/>') for style in kinds)
    body += paragraph("direct", '<w:pStyle w:val="2"/><w:outlineLvl w:val="1"/>') + paragraph(
        "body", '<w:outlineLvl w:val="9"/>'
    )
    found = read(paragraph("目录项\t1", '<w:pStyle w:val="11"/>') + body, styles=("styles", styles))
    levels = {block.text: block.level for block in found.blocks if isinstance(block, Paragraph)}
    assert levels == kinds | {"direct": 2, "body": None}


def test_embedded_objects_are_warned_about() -> None:
    found = read(paragraph("一") + "<w:p><w:r><w:object/></w:r></w:p><w:altChunk/>")
    assert [warning.partition(":")[0] for warning in found.warnings] == ["embedded_object", "embedded_object"]


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(
            {"_rels\\.rels": relationships(("officeDocument", "word\\document.xml")), "word\\document.xml": ""},
            id="backslashes",
        ),
        pytest.param(
            {"/_rels/.rels": relationships(("officeDocument", "/word/document.xml")), "/word/document.xml": ""}, id="absolute"
        ),
        pytest.param({"_rels/.rels": relationships(("officeDocument", "wps/main.xml")), "wps/main.xml": ""}, id="own name"),
        pytest.param({"[Content_Types].xml": content_types("/odd/part.xml"), "odd/part.xml": ""}, id="content type only"),
        pytest.param({"WORD/Document.xml": ""}, id="usual name only"),
    ],
)
def test_the_main_part_is_found(parts: dict[str, str]) -> None:
    data = zipped({name: xml or document(paragraph("正文")) for name, xml in parts.items()})
    assert texts(docx.read(data, "")) == ["正文"]


@pytest.mark.parametrize(
    "xml",
    [
        pytest.param(document(paragraph("正文") + table(row(cell("1"))), STRICT), id="strict"),
        pytest.param(
            f"<w:document><w:body>{paragraph('正文')}{table(row(cell('1')))}</w:body></w:document>", id="no namespace"
        ),
        pytest.param(
            document(paragraph("正文") + table(row(cell("1")))).replace("xmlns:w=", "xmlns:ns0=").replace("w:", "ns0:"),
            id="other prefix",
        ),
        pytest.param(
            document(paragraph("正文") + table(row(cell("1")))).replace("xmlns:w=", "xmlns=").replace("w:", ""), id="no prefix"
        ),
        pytest.param(
            '<?xml version="1.0" encoding="UTF-16"?>' + document(paragraph("正文") + table(row(cell("1")))), id="utf-16"
        ),
    ],
)
def test_namespaces_as_writers_differ(xml: str) -> None:
    data = xml.encode("utf-16" if "UTF-16" in xml else "utf-8")
    found = docx.read(zipped({"word/document.xml": data}), "")
    assert texts(found) == ["正文"]
    assert grid(tables(found)[0]) == [["1"]]


@pytest.mark.parametrize("span", ["0", "-3", "many", ""])
def test_a_senseless_span_is_one_column(span: str) -> None:
    assert only_grid(table(row(cell("1", f'<w:gridSpan w:val="{span}"/>'), cell("2")))) == [["1", "2"]]


def test_a_huge_span_is_clamped_and_warned_about() -> None:
    found = read(table(row(cell("1", '<w:gridSpan w:val="2000000000"/>'), cell("2"))))
    assert tables(found)[0].cells[0].column_span == Limits().column_span
    assert found.warnings[0].startswith("clamped_span:")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (table(row(cell("1")) * 4), "too_large"),
        (table(row(cell("1") * 7)), "too_large"),
        (table(row(cell("1", '<w:gridSpan w:val="4"/>')), row(cell("2"))), "too_large"),
        ("<w:tc/>", "corrupt"),
        ("<w:p>", "corrupt"),
        ("<w:p/>", "empty"),
        (table(row(cell(" "))), "empty"),
    ],
)
def test_rejections(body: str, reason: str) -> None:
    with pytest.raises(DocumentError) as caught:
        docx.read(package(body), "", Limits(table_rows=3, table_cells=6))
    assert caught.value.reason == reason


def test_a_part_that_is_no_document_is_corrupt() -> None:
    with pytest.raises(DocumentError, match="corrupt: the main part is a workbook"):
        docx.read(zipped({"word/document.xml": "<workbook/>"}), "")
