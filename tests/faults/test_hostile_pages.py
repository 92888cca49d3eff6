"""Hostile and broken web pages, workbooks and records end within their limits, each with its reason."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.documents import DocumentError, registry
from pipelines.documents.limits import Limits
from tests.support.flattened import EMPTY
from tests.support.hostile import Outcome, examples, read_cases
from tests.support.web import rebuild_as_html, rebuild_as_mht
from tests.support.workbooks import MAIN, rebuild_as_sheets, sheet, write_csv, write_xls, write_xlsx

MEGABYTE = 1 << 20
TEXT = f"自评报告\n\t标题\n\n\t项目\n\t预算\n\t执行率\n\n\t甲\n\t536.42\n\t99.90%\n\n\t\n\t{EMPTY}\n\t1\n\n"


def page_xml(rows: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def with_page(rows: str) -> bytes:
    return write_xlsx([sheet(["x"])], {"xl/worksheets/sheet1.xml": page_xml(rows)})


def styled(count: int) -> bytes:
    """A sheet of so many cells that have borders and no value, with two figures below them."""
    row = "<row>" + '<c s="0"/>' * 100 + "</row>"
    return with_page(row * (count // 100) + '<row><c t="str"><v>合计</v></c><c><v>1</v></c></row>')


def bomb() -> bytes:
    """150 MB of white space as a sheet, in a file of 150 KB."""
    return with_page(" " * 150 * MEGABYTE)


def billion_laughs() -> bytes:
    entities = '<!ENTITY a0 "lol">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    xml = f"<!DOCTYPE sst [{entities}]><sst><si><t>&a9;</t></si></sst>"
    return write_xlsx([sheet(["x"])], {"xl/sharedStrings.xml": xml})


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
XLS = write_xls(rebuild_as_sheets(TEXT))
XLSX = write_xlsx(rebuild_as_sheets(TEXT))

# Name of the case -> name of the file, its bytes, the reason; a reason of None means that the file is read.
CASES: dict[str, tuple[str, Callable[[], bytes], str | None]] = {
    "page": ("a.html", lambda: rebuild_as_html(TEXT), None),
    "deep elements": ("a.html", lambda: b"<html>" + b"<div>" * 100_000 + b"x", "too_large"),
    "deep closed elements": ("a.html", lambda: b"<html>" + b"<b>" * 100_000 + b"x" + b"</b>" * 100_000, "too_large"),
    "deep tables": ("a.html", lambda: b"<html>" + b"<table><tr><td>" * 100_000, "too_large"),
    "deep lists without ends": ("a.html", lambda: b"<html>" + b"<p><li>x" * 100_000, None),
    "huge row spans": ("a.html", lambda: b"<table>" + b"<tr><td rowspan=999999999>1<td>2" * 600, "too_large"),
    "huge column spans": ("a.html", lambda: b"<table>" + b"<tr><td colspan=999999999>1<td>2" * 20_000, "too_large"),
    "million cells": ("a.html", lambda: b"<table>" + (b"<tr>" + b"<td>1" * 100) * 10_000, "too_large"),
    "million tags": ("a.html", lambda: b"<html>" + b"<br>" * 2_000_001, "too_large"),
    "entities": ("a.html", lambda: b'<!DOCTYPE html [<!ENTITY a "aaa">]><p>&a;&#x110000;&#0;&nbsp;&bogus;x</p>', None),
    "attributes": ("a.html", lambda: b"<html><p " + b"".join(b"a%d=1 " % n for n in range(20_000)) + b">x", None),
    "archive": ("a.mht", lambda: rebuild_as_mht(TEXT), None),
    "archive in an archive": (
        "a.mht",
        lambda: b"MIME-Version: 1.0\n" + b"Content-Type: multipart/mixed; boundary=a\n\n--a\n" * 100_000,
        "too_large",
    ),
    "workbook": ("a.xlsx", lambda: XLSX, None),
    "truncated workbook": ("a.xlsx", lambda: XLSX[: len(XLSX) // 2], "corrupt"),
    "million empty styled cells": ("a.xlsx", lambda: styled(1_000_000), None),
    "million cells of a workbook": (
        "a.xlsx",
        lambda: with_page(("<row>" + "<c><v>1</v></c>" * 100 + "</row>") * 11_000),
        "too_large",
    ),
    "bomb": ("a.xlsx", bomb, "too_large"),
    "entity bomb": ("a.xlsx", billion_laughs, "unsafe_content"),
    "password": ("a.xlsx", lambda: OLE + bytes(504) + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
    "password of an old workbook": (
        "a.xls",
        lambda: write_xls([sheet(["x"])], b"\x2f\x00\x06\x00\x01\x00\x01\x00\x01\x00"),
        "encrypted",
    ),
    "old workbook": ("a.et", lambda: XLS, None),
    "truncated old workbook": ("a.xls", lambda: XLS[: len(XLS) // 2] + "Workbook\0".encode("utf-16-le"), "corrupt"),
    "binary workbook": ("a.xlsb", lambda: binary_workbook(), "unsupported_format"),
    "records": ("a.csv", lambda: write_csv(rebuild_as_sheets(TEXT, is_one_sheet=True)[0]), None),
    "million records": ("a.csv", lambda: b"1,2\n" * 1_000_000, "too_large"),
    "endless quote": ("a.csv", lambda: b'1,2\n1,2\n1,2\n"' + b"x,\n" * 100_000, "corrupt"),
    "dump": ("a.txt", lambda: "项目 | 预算 |\n".encode() * 3, None),
    "endless dump": ("a.txt", lambda: b"1 | 2 |\n" * 30_000, "too_large"),
}


def binary_workbook() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(
            "_rels/.rels", '<Relationships><Relationship Type="x/officeDocument" Target="xl/workbook.bin"/></Relationships>'
        )
        archive.writestr("xl/workbook.bin", b"\x83\x01\x00")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """Reason and detail of every case, all read in one go by the same children."""
    return read_cases(tmp_path_factory.mktemp("hostile"), CASES, workers=1)


@pytest.mark.parametrize("name", CASES)
def test_each_file_gets_its_reason(name: str, outcomes: dict[str, Outcome]) -> None:
    reason, detail = outcomes[name]
    assert reason == CASES[name][2], detail


GOOD = {
    "a.html": rebuild_as_html(TEXT, "gb2312"),
    "a.mht": rebuild_as_mht(TEXT),
    "a.xlsx": XLSX,
    "a.xls": XLS,
    "a.csv": write_csv(rebuild_as_sheets(TEXT, is_one_sheet=True)[0]),
    "a.txt": "项目 | 预算 |\n甲 | 1 |\n合计 | 1 | ||\n".encode(),
}
PREFIXES = (b"", b"<html><table><tr><td>", b"MIME-Version: 1.0\nContent-Type: text/html\n\n", b"a,b\nc,d\n", b"a | b |\n" * 3)


@settings(deadline=None, max_examples=examples(200))
@given(st.sampled_from(sorted(GOOD)), st.data())
def test_damage_anywhere_gives_a_document_or_a_reason(name: str, data: st.DataObject) -> None:
    damaged = bytearray(GOOD[name])
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    content = bytes(damaged[: data.draw(st.integers(len(damaged) // 2, len(damaged)))])
    assert_read_or_refused(content, name)


@settings(deadline=None, max_examples=examples(200))
@given(st.sampled_from(PREFIXES), st.binary(max_size=400), st.sampled_from(("a.html", "a.csv", "a.mht", "a")))
def test_any_bytes_give_a_document_or_a_reason(prefix: bytes, content: bytes, name: str) -> None:
    assert_read_or_refused(prefix + content, name)


TAGS = "table tr td th tbody tfoot caption p br pre h1 div li del b template svg select frameset ruby rt"
markup = st.builds(
    "<{}{}{}>{}".format,
    st.sampled_from(("", "/")),
    st.sampled_from(TAGS.split(" ")),
    st.sampled_from(("", " rowspan=0", " colspan=3", " hidden")),
    st.sampled_from(("", "甲", " ")),
)


@settings(deadline=None, max_examples=examples(200))
@given(st.lists(markup, max_size=60).map("".join))
def test_any_markup_gives_a_document_or_a_reason(content: str) -> None:
    assert_read_or_refused(f"<html>{content}".encode(), "a.html")


def assert_read_or_refused(content: bytes, name: str) -> None:
    try:
        document = registry.read(content, "0" * 64, name, Limits())
    except DocumentError:
        return
    assert document.blocks
    for block in document.blocks:
        if not hasattr(block, "text"):
            covered = sum(cell.row_span * cell.column_span for cell in block.cells)
            assert covered == sum(place is not None for row in block.grid for place in row)
