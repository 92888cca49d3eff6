"""The RTF reader on small files, one feature of Word, WPS Office or LibreOffice each."""

from __future__ import annotations

import pytest

from pipelines.documents import Document, DocumentError, Locator, Paragraph, Table, rtf
from pipelines.documents.limits import Limits

FONTS = (
    r"{\fonttbl{\f0\fcharset0 Times New Roman;}{\f1\fcharset134 \'cb\'ce\'cc\'e5;}{\f2\fcharset2 Wingdings;}"
    r"{\f3\fcharset0\cpg1251 Arial{\*\falt Sans};}{\f4\fcharset2 Symbol;}}"
)


def read(body: str, head: str = r"\ansi\ansicpg936\deff0" + FONTS, limits: Limits | None = None) -> Document:
    return rtf.read(rf"{{\rtf1{head}{{}}{body}}}".encode("latin-1"), "0" * 64, limits)


def texts(found: Document) -> list[str]:
    return [block.text for block in found.blocks if isinstance(block, Paragraph)]


def tables(found: Document) -> list[Table]:
    return [block for block in found.blocks if isinstance(block, Table)]


def spans(found: Table) -> list[tuple[str, int, int, int, int]]:
    return [(c.text, c.row, c.column, c.row_span, c.column_span) for c in found.cells]


def row(*cells: str, shape: str) -> str:
    return rf"\trowd {shape}\pard\intbl " + "".join(rf"{text}\cell " for text in cells) + "\\row\n"


def test_paragraphs_and_tables_come_in_order_with_places() -> None:
    found = read(r"a\par\par " + row("b", "1", shape=r"\cellx100\cellx200") + r"\pard c\line d\par")
    first, middle, *last = found.blocks
    assert first == Paragraph("a", None, Locator(line=1))
    assert isinstance(middle, Table)
    assert [(c.text, c.locator) for c in middle.cells] == [
        ("b", Locator(table=1, row=1, column=1, line=3)),
        ("1", Locator(table=1, row=1, column=2, line=4)),
    ]
    assert last == [Paragraph("c", None, Locator(line=5)), Paragraph("d", None, Locator(line=5))]
    assert (found.reader, found.reader_version, found.encoding, found.warnings) == ("rtf", rtf.VERSION, "gb18030", ())


def test_spans_and_merges() -> None:
    found = read(
        row("t", shape=r"\trleft-108\cellx900")
        + row("a", "b", "c", shape=r"\trleft-108\clvmgf\cellx200\clmgf\cellx500\clmrg\cellx900")
        + row("", "d", "e", shape=r"\trleft-108\clvmrg\cellx203\cellx500\cellx900")
        + row("f", "g", shape=r"\trleft-108\cellx500\cellx900")
    )
    assert spans(tables(found)[0]) == [
        ("t", 0, 0, 1, 3),
        *(("a", 1, 0, 2, 1), ("b", 1, 1, 1, 2)),
        *(("d", 2, 1, 1, 1), ("e", 2, 2, 1, 1)),
        *(("f", 3, 0, 1, 2), ("g", 3, 2, 1, 1)),
    ]
    assert [warning.partition(":")[0] for warning in found.warnings] == ["covered_text"]


def test_a_shape_may_come_again_after_the_cells_and_holds_for_the_next_row() -> None:
    found = read(
        r"\trowd\cellx100\cellx300\pard\intbl a\cell b\cell{\trowd\cellx100\cellx300\row}\intbl c\cell d\cell\row\pard "
    )
    assert spans(tables(found)[0]) == [("a", 0, 0, 1, 1), ("b", 0, 1, 1, 1), ("c", 1, 0, 1, 1), ("d", 1, 1, 1, 1)]


def test_a_cell_keeps_its_paragraphs() -> None:
    found = read(row(r"a\par b\tab c\line d", shape=r"\cellx100"))
    assert [c.text for c in tables(found)[0].cells] == ["a\nb\tc\nd"]


def test_nested_tables_follow_the_one_around_them() -> None:
    nested = (
        r"\pard\intbl\itap2 x\nestcell{\nonesttables\par}y\nestcell{\nonesttables\par}"
        r"{\*\nesttableprops\trowd\cellx50\cellx100\nestrow}{\nonesttables\par}"
    )
    found = read(rf"\trowd\cellx200\cellx400\pard\intbl o\par {nested}\pard\intbl p\cell q\cell\row\pard end\par")
    outer, inner = tables(found)
    assert [c.text for c in outer.cells] == ["o\np", "q"]
    assert [(c.text, c.locator.table) for c in inner.cells] == [("x", 2), ("y", 2)]
    assert texts(found) == ["end"]


def test_bytes_are_in_the_code_page_of_the_font_or_of_the_document() -> None:
    found = read(
        r"\'d4\'a4\'cb\'e3 \f1\'d6\'a7\'b3\'f6\par\plain\f3\'cf\'f0\par\plain\dbch\af1\loch\f0 A\hich\f0 B\dbch\f1\'81@\par"
    )
    assert texts(found) == ["预算 支出", "Пр", "AB丂"]
    assert texts(read(r"\'d4\'a4\f1\'cb\'e3\par", head=r"\ansi\ansicpg1252" + FONTS)) == ["Ô¤算"]
    assert texts(read("\\'e9\\par", head=r"\ansi\ansicpg99999")) == ["é"]


def test_code_points_and_what_stands_in_for_them() -> None:
    found = read(
        r"\uc1\u39044?\u31639\'3f!{\uc2\u-10179\'a1\'a1\u-8704 ab}\u33073\~c\par\uc0\u25903\u20986 x\par{\uc3\u37329 ab}d\par"
    )
    assert texts(found) == ["预算!\U0001f600脱c", "支出x", "金d"]


def test_symbols_show_what_their_font_shows() -> None:
    found = read(r"{\f2\'fe}a{\f2\u-3928 ?}b{\f4\'b3}c{\f2 !}\par\ldblquote\emdash\rdblquote\~x\_y\-z\{\}\\\bullet\par")
    assert texts(found) == ["☑a□b≥c\ufffd", "“—”\u00a0x-yz{}\\•"]
    assert [warning.partition(":")[0] for warning in found.warnings] == ["unknown_symbol"]


def test_check_boxes() -> None:
    box = r"{\field{\*\fldinst{ FORMCHECKBOX }{\*\formfield{\fftype1\ffres%d\ffdefres%d}}}{\fldrslt }}"
    field = r"{\field{\*\fldinst{ FORMTEXT }{\*\formfield{\fftype0\ffres1}}}{\fldrslt ok}}"
    assert texts(read(box % (1, 0) + "a" + box % (25, 1) + "b" + box % (0, 1) + "c" + field + r"\par")) == ["☑a☑b☐cok"]


def test_what_word_does_not_print_is_left_out() -> None:
    found = read(
        r"{\info{\title no}}{\*\generator no;}{\colortbl;\red1;}{\field{\*\fldinst HYPERLINK no}{\fldrslt yes}}"
        r"{\deleted no}{\v no}{\v0 too}{\listtext 1.}{\pict\bin5 }}{{}abc}{\*\unknown{no}no}{\object no}\par"
        r"{\upr{no}{\*\ud{up}}}{\nonesttables no}\chpgn\par"
    )
    assert texts(found) == ["yestoo", "up"]
    assert [warning.partition(":")[0] for warning in found.warnings] == ["hidden_text"]


def test_heading_levels_by_style_by_its_base_and_by_the_paragraph() -> None:
    head = (
        r"\ansi\ansicpg936{\stylesheet{\fs20 Normal;}{\s1\sbasedon0 heading 1;}{\s2\sbasedon1 own;}"
        r"{\s3\outlinelevel2 \'bd\'da;}{\s4 \'b1\'ea\'cc\'e2 2;}{\s5 toc 1;}{\*\cs6 heading 9;}"
        r"{\s7\sbasedon8 a;}{\s8\sbasedon7 b;}}"
    )
    body = "".join(rf"\pard\s{n} {n}\par" for n in (1, 2, 3, 4, 5, 7)) + r"\pard\outlinelevel0 x\par\pard y\par"
    found = read(body, head)
    levels = [(block.text, block.level) for block in found.blocks if isinstance(block, Paragraph)]
    assert levels == [("1", 1), ("2", 1), ("3", 3), ("4", 2), ("7", None), ("x", 1), ("y", None)]


def test_other_stories_are_paragraphs_that_name_their_part() -> None:
    found = read(
        r"{\header h\par}{\footer f\par}a{\footnote{n}}b"
        r"{\shp{\*\shpinst{\sp{\sn no}{\sv 1}}{\shptxt box\par}}{\shprslt no}}\par"
        r"\sect{\header h\par}{\headerf{\trowd\cellx9\cellx99\intbl l\cell r\cell\row}}c{\footnote\ftnalt e}\par"
    )
    assert [(block.text, block.locator.part) for block in found.blocks if isinstance(block, Paragraph)] == [
        ("ab", None), ("c", None), ("box", None), ("h", "header 1"), ("l\tr", "header 2"), ("f", "footer 1"),
        ("n", "footnote 1"), ("e", "endnote 1"),
    ]  # fmt: skip
    assert not tables(found)


def test_text_after_the_document_and_before_the_first_paragraph_mark() -> None:
    assert texts(read("a")) == ["a"]
    assert rtf.read(b"{\\rtf1 a\\\nb}\0\0 c}", "0" * 64).blocks[1] == Paragraph("b", None, Locator(line=2))


def rejection(data: bytes, limits: Limits | None = None) -> DocumentError:
    with pytest.raises(DocumentError) as error:
        rtf.read(data, "0" * 64, limits)
    return error.value


def test_rejections() -> None:
    assert rejection(b"{\\rtf1 a\\par").reason == "corrupt"
    assert rejection(b"{\\rtf1 a\\par{\\pict 00").reason == "corrupt"
    assert rejection(b"{\\rtf1 a\\bin999 xyz}").reason == "corrupt"
    assert rejection(b"{\\rtf1 a\\bin-5 xyz}").reason == "corrupt"
    assert rejection(b"{\\rtf1 a{\\pict\\bin999 xyz}}").reason == "corrupt"
    assert rejection(b"{\\rtf1 a\\").reason == "corrupt"
    assert rejection(b"{\\rtf1 {\\pict 00} \\par}").reason == "empty"
    assert rejection(b"{\\rtf1" + b"{" * 600 + b"a" + b"}" * 601).reason == "too_large"
    assert rejection(b"{\\rtf1 \\intbl\\itap99 a\\par}").reason == "too_large"
    assert rejection(b"{\\rtf1 " + rb"\trowd\cellx9\intbl a\cell\row" * 4 + b"}", Limits(table_rows=3)).reason == "too_large"
