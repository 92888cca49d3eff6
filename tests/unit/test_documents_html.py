"""Web pages, web archives and their text dumps: what a browser shows, with the spans that it gives."""

from __future__ import annotations

import pytest

from pipelines.documents import Document, DocumentError, Locator, Paragraph, Table, html, mht, piped
from pipelines.documents.limits import Limits

SHA256 = "0" * 64


def read(body: str) -> Document:
    return html.read(f"<html><body>{body}</body></html>".encode(), SHA256)


def texts(found: Document) -> list[str]:
    return [block.text for block in found.blocks if isinstance(block, Paragraph)]


def grids(found: Document) -> list[list[list[str | None]]]:
    tables = [block for block in found.blocks if isinstance(block, Table)]
    return [[[None if cell is None else cell.text for cell in row] for row in table.grid] for table in tables]


def test_blocks_come_in_order_with_levels_and_places() -> None:
    found = read("<h2>一、基本情况</h2><p>正文<br>第二行</p><table><tr><td>甲<td>1</table><ul><li>其一<li>其二</ul>尾")
    first, second, third, table, *rest = found.blocks
    assert first == Paragraph("一、基本情况", 2, Locator(line=1))
    assert (second, third) == (Paragraph("正文", None, Locator(line=2)), Paragraph("第二行", None, Locator(line=2)))
    assert isinstance(table, Table)
    assert [(cell.text, cell.locator) for cell in table.cells] == [
        ("甲", Locator(table=1, row=1, column=1)),
        ("1", Locator(table=1, row=1, column=2)),
    ]
    assert rest == [Paragraph(text, None, Locator(line=line)) for line, text in enumerate(("其一", "其二", "尾"), start=3)]


def test_spans_cover_their_places_and_end_with_their_group() -> None:
    body = (
        "<table><thead><tr><th colspan=2>指标</th><th rowspan=9>分值</th></tr></thead>"
        "<tbody><tr><td rowspan=0>产出</td><td>数量</td><td>10</td></tr><tr><td>质量</td><td>20</td></tr></tbody></table>"
    )
    assert grids(read(body)) == [[["指标", "指标", "分值"], ["产出", "数量", "10"], ["产出", "质量", "20"]]]


def test_a_span_that_would_lie_over_a_cell_from_above_ends_before_it() -> None:
    body = "<table><tr><td>a<td>b<td rowspan=2>c<tr><td colspan=3>d</table>"
    assert grids(read(body)) == [[["a", "b", "c"], ["d", "d", "c"]]]


def test_a_foot_is_read_last_wherever_it_stands() -> None:
    body = "<table><tfoot><tr><td>合计<td>3</tfoot><tbody><tr><td>甲<td>3</tbody></table>"
    assert grids(read(body)) == [[["甲", "3"], ["合计", "3"]]]


def test_a_table_that_lays_out_others_is_no_grid() -> None:
    inner = "<table><tr><td>甲</td><td>1</td></tr><tr><td>乙</td><td>2</td></tr></table>"
    found = read(f"<table><tr><td>栏目</td><td><h1>报告</h1>{inner}<p>完</p></td></tr></table>")
    assert texts(found) == ["栏目", "报告", "完"]
    assert grids(found) == [[["甲", "1"], ["乙", "2"]]]


def test_one_column_lays_out_and_so_does_a_table_that_says_so() -> None:
    found = read("<table><tr><td><p>一</p><p>二</p><tr><td>三</table><table role=presentation><tr><td>四<td>五</table>")
    assert texts(found) == list("一二三四五")


def test_a_data_table_in_a_cell_becomes_a_table_after_the_outer_one() -> None:
    inner = "<table><tr><td>1</td><td>2</td></tr></table>"
    found = read(f"<table><tr><td>很长的外层文字</td><td>内{inner}层</td></tr></table>")
    assert grids(found) == [[["很长的外层文字", "内\n层"]], [["1", "2"]]]
    assert [block.cells[0].locator.table for block in found.blocks if isinstance(block, Table)] == [1, 2]


def test_what_a_browser_hides_is_left_out_with_a_warning() -> None:
    found = read(
        "<script>var x</script><style>p{}</style><p>见</p><p style='DISPLAY : none'>藏</p><p hidden>藏</p><del>删</del>"
        "<span style='mso-hide:all'>藏</span><noscript>无</noscript><ruby>绩<rp>(</rp><rt>jì</rt></ruby>"
    )
    assert texts(found) == ["见", "绩"]
    assert found.warnings == ("hidden_text: 3 hidden elements with text were left out",)


def test_white_space_shows_as_in_a_browser() -> None:
    found = read(
        "<p>绩效\n  自评 A\nB&nbsp;&#20803;&amp;</p><pre>一\n 二</pre>"
        "<table><tr><td>&nbsp;<td>\u3000<td> <p>a</p>\n<p>b</p></table>"
    )
    assert texts(found) == ["绩效自评 A B 元&", "一", "二"]
    assert grids(found) == [[["", "\u3000", "a\nb"]]]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("<meta charset=gb2312><p>镕</p>".encode("gb18030"), "gb18030"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=GBK"><p>镕</p>'.encode("gb18030"), "gb18030"),
        ("<meta charset=iso-8859-1><p>镕</p>".encode("gb18030"), "gb18030"),
        ("<meta charset=gb2312><p>镕</p>".encode(), "utf-8"),
        ("<meta charset=utf-8><p>镕</p>".encode("gb18030"), "gb18030"),
        ("<meta charset=idna><p>镕</p>".encode(), "utf-8"),
        ("<p>镕</p>".encode("utf-16"), "utf-16"),
        ("<p>镕</p>".encode("utf-8-sig"), "utf-8-sig"),
        ("<meta charset=big5><p>預算</p>".encode("big5"), "big5hkscs"),
    ],
)
def test_the_encoding_is_marked_declared_or_tried(data: bytes, encoding: str) -> None:
    found = html.read(data, SHA256)
    assert found.encoding == encoding
    assert texts(found) == ["預算" if encoding == "big5hkscs" else "镕"]


def test_broken_bytes_are_replaced_and_warned_of() -> None:
    found = html.read("<meta charset=utf-8><p>预算执行".encode() + b"\xff\xff</p>", SHA256)
    assert texts(found) == ["预算执行\ufffd\ufffd"]
    assert found.warnings[0].startswith("broken_text: 2 places")


def test_a_page_without_text_is_empty() -> None:
    with pytest.raises(DocumentError, match=r"^empty"):
        read("<img src=x><table><tr><td></table>")


def test_wide_spans_are_clamped() -> None:
    found = read("<table><tr><td colspan=1000>甲<td>1</table>")
    assert found.warnings == ("clamped_span: 1 cells span more columns than 64",)
    assert [cell.column for block in found.blocks if isinstance(block, Table) for cell in block.cells] == [0, 64]


def archive(*parts: tuple[str, str, bytes]) -> bytes:
    body = b"".join(
        f"--x\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {transfer}\r\n\r\n".encode() + content + b"\r\n"
        for kind, transfer, content in parts
    )
    return b'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="x"\r\n\r\n' + body + b"--x--\r\n"


def test_the_page_of_an_archive_is_read_in_its_charset() -> None:
    data = archive(("image/png", "base64", b"iVBORw0KGgo="), ("text/html; charset=gb2312", "base64", b"PHA+1KTL4zwvcD4="))
    found = mht.read(data, SHA256)
    assert (texts(found), found.encoding, found.reader) == (["预算"], "gb18030", "mht")


def test_pages_behind_a_frame_are_read_in_order() -> None:
    frame = ("text/html", "7bit", b"<frameset><frame src=a></frameset>")
    data = archive(frame, ("text/html", "quoted-printable", b"<p>=E4=B8=80</p>"), ("text/html", "8bit", "<p>二</p>".encode()))
    assert texts(mht.read(data, SHA256)) == ["一", "二"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (archive(("text/plain", "7bit", b"x")), "corrupt"),
        (archive(("text/html", "7bit", b"<p></p>")), "empty"),
        (b"MIME-Version: 1.0\n" + b"Content-Type: multipart/mixed; boundary=a\n\n--a\n" * 500, "too_large"),
        (b"MIME-Version: 1.0\nContent-Type: text/html; charset=nonsense\n\n<p></p>", "empty"),
    ],
)
def test_an_archive_without_a_page_has_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError) as caught:
        mht.read(data, SHA256)
    assert caught.value.reason == reason


def test_rows_of_a_dump_are_lines_with_bars() -> None:
    data = (
        "标题\n项目名称 | 经费 | |||\n一级指标 | 分值 | 得分 |\n|---|---|---|\n产出 | | 10 |\n 合计 | 100 | ||\n完\n".encode()
    )
    found = piped.read(data, SHA256)
    assert texts(found) == ["标题", "完"]
    (table,) = [block for block in found.blocks if isinstance(block, Table)]
    assert table.origin == "inferred"
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["项目名称", "经费"],
        ["一级指标", "分值", "得分"],
        ["产出", "", "10"],
        ["合计", "100"],
    ]
    assert table.cells[-1].locator == Locator(table=1, row=4, column=2, line=6)


def test_tables_of_pages_and_dumps_are_limited() -> None:
    limits = Limits(table_cells=4)
    with pytest.raises(DocumentError, match="too_large"):
        html.read(b"<table><tr><td>1<td>2<td>3<tr><td>4<td>5", SHA256, limits)
    with pytest.raises(DocumentError, match="too_large"):
        piped.read(b"1|2|3|\n4|5|6|", SHA256, limits)
