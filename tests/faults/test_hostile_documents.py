"""Hostile and broken files end within their limits, each with its reason, and cost themselves alone."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.catalogue import catalogue
from pipelines.documents import Cell, Document, DocumentError, Locator, Paragraph, Table
from pipelines.documents.limits import Limits
from pipelines.documents.record import pack_document, unpack
from tests.support.hostile import Outcome, examples, read_cases
from tests.support.nights import CLEAN
from tests.support.packages import cell, content_types, document, package, paragraph, relationships, row, table, zipped
from tests.support.pages import Press, raw_pdf
from tests.support.word import Paragraph as Printed

PDF = Press().print([Printed("整体支出绩效自评报告")])
GOOD = package(paragraph("整体支出绩效自评报告") + table(row(cell("基本支出"), cell("536.42"))))
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MEGABYTE = 1 << 20


def noise(size: int) -> bytes:
    return random.Random(7).randbytes(size)


def zip_bomb() -> bytes:
    """300 MB of zeros as the main part, in a file of 300 KB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", content_types())
        with archive.open("word/document.xml", "w", force_zip64=True) as part:
            for _ in range(300):
                part.write(bytes(MEGABYTE))
    return buffer.getvalue()


def many_large_parts() -> bytes:
    """Parts that are each below the limit of a part and together above the limit of the package."""
    buffer = io.BytesIO()
    names = [f"header{number}.xml" for number in range(3)]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", document(paragraph("正文")))
        archive.writestr("word/_rels/document.xml.rels", relationships(*(("header", name) for name in names)))
        for name in names:
            archive.writestr(f"word/{name}", "<w:hdr>" + " " * (80 * MEGABYTE) + "</w:hdr>")
    return buffer.getvalue()


def lying_sizes() -> bytes:
    """A directory that declares one byte for a part of 300 MB."""
    data = bytearray(zip_bomb())
    start = data.rindex(b"PK\x01\x02")
    data[start + 24 : start + 28] = (1).to_bytes(4, "little")
    return bytes(data)


def with_doctype(declaration: str, words: str) -> bytes:
    xml = f"<!DOCTYPE w:document [{declaration}]>" + document(paragraph(words))
    return zipped({"[Content_Types].xml": content_types(), "word/document.xml": xml})


def entity_bomb() -> bytes:
    entities = '<!ENTITY a0 "lol">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return with_doctype(entities, "&a9;")


def with_password() -> bytes:
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    data = bytearray(zipped(parts))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(mark)
        while place >= 0:
            data[place + offset] |= 1
            place = data.find(mark, place + 4)
    return bytes(data)


def nested_tables(depth: int) -> str:
    return "<w:tbl><w:tr><w:tc>" * depth + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * depth


WIDE = '<w:gridSpan w:val="2000000000"/>'

# Name of the case -> name of the file, its bytes, the reason; a reason of None means that the file is read.
CASES: dict[str, tuple[str, Callable[[], bytes], str | None]] = {
    "good": ("a.docx", lambda: GOOD, None),
    "empty": ("a.docx", lambda: b"", "empty"),
    "white space": ("a.txt", lambda: " \r\n\u3000\t".encode(), "empty"),
    "zeros": ("a.docx", lambda: bytes(4096), "empty"),
    "noise": ("a.docx", lambda: noise(65536), "unknown_format"),
    "noise named text": ("a.txt", lambda: noise(65536), "unknown_format"),
    "noise in a zip's clothes": ("a.docx", lambda: b"PK\x03\x04" + noise(65536), "corrupt"),
    "truncated": ("a.docx", lambda: GOOD[: len(GOOD) // 2], "corrupt"),
    "truncated by one byte": ("a.docx", lambda: GOOD[:-1], "corrupt"),
    "flipped byte": ("a.docx", lambda: flipped(GOOD), "corrupt"),
    "truncated XML": ("a.docx", lambda: zipped({"word/document.xml": document(paragraph("正"))[:-20]}), "corrupt"),
    "no main part": ("a.docx", lambda: zipped({"[Content_Types].xml": content_types(), "word/x.xml": "<x/>"}), "corrupt"),
    "zip bomb": ("a.docx", zip_bomb, "too_large"),
    "zip bomb with lying sizes": ("a.docx", lying_sizes, "corrupt"),
    "many large parts": ("a.docx", many_large_parts, "too_large"),
    "too many entries": ("a.docx", lambda: zipped({f"word/{n}": "" for n in range(2001)}), "too_large"),
    "entity bomb": ("a.docx", entity_bomb, "unsafe_content"),
    "external entity": ("a.docx", lambda: with_doctype('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;"), "unsafe_content"),
    "external document type": (
        "a.docx",
        lambda: zipped({"word/document.xml": '<!DOCTYPE x SYSTEM "http://example.test/x.dtd">' + document("")}),
        "unsafe_content",
    ),
    "deep elements": ("a.docx", lambda: package("<w:ins>" * 100_000 + "</w:ins>" * 100_000 + paragraph("正文")), None),
    "deep tables": ("a.docx", lambda: package(nested_tables(100_000)), "too_large"),
    "deep styles": (
        "a.docx",
        lambda: package(paragraph("正文", '<w:pStyle w:val="s0"/>'), {"styles.xml": ("styles", chain(9_000))}),
        None,
    ),
    "huge span": ("a.docx", lambda: package(table(row(cell("1", WIDE)))), None),
    "huge spans in many rows": ("a.docx", lambda: package(table(*[row(cell("1", WIDE) * 20)] * 1000)), "too_large"),
    "table of 100,000 rows": ("a.docx", lambda: package(table(*[row(cell("1"))] * 100_000)), "too_large"),
    "text of 100,000 rows": ("a.txt", lambda: b"\t1\t2\n\n" * 100_000, "too_large"),
    "password": ("a.docx", lambda: OLE + bytes(504) + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
    "zip password": ("a.docx", with_password, "encrypted"),
    "PDF named docx": ("a.docx", lambda: PDF, None),
    "truncated PDF": ("a.pdf", lambda: PDF[: len(PDF) // 2], "corrupt"),
    "noise named PDF": ("a.pdf", lambda: b"%PDF-1.7\n" + noise(99999), "corrupt"),
    "noise in a PDF's clothes": ("a.pdf", lambda: b"%PDF-1.7\n" + noise(9999) + b"\nstartxref\n0\n%%EOF", "corrupt"),
    "PDF password": ("a.pdf", lambda: Press(password="secret").print([Printed("正文")]), "encrypted"),
    "PDF of 601 pages": ("a.pdf", lambda: Press(height=180.0).print([Printed("正文", 1)] * 1201), "too_large"),
    "PDF that claims two million pages": ("a.pdf", lambda: page_tree(b"/Kids[3 0 R]/Count 2000000"), None),
    "PDF whose page tree is a loop": ("a.pdf", lambda: page_tree(b"/Kids[2 0 R 2 0 R]/Count 2"), "corrupt"),
    "PDF of a million lines": ("a.pdf", lambda: raw_pdf(tiny_lines(b"S")), "too_large"),
    "PDF of one path of a million lines": ("a.pdf", lambda: raw_pdf(tiny_lines(b"") + b"S"), "too_large"),
    "PDF of a million characters": ("a.pdf", lambda: raw_pdf(b"BT /F 9 Tf %s ET" % (b"(1234567890)Tj " * 10**5)), "too_large"),
    "web page named docx": ("a.docx", lambda: "<html><body>报告</body></html>".encode(), None),
    "web page named text": ("a.txt", lambda: "<html><body>报告</body></html>".encode(), None),
    "workbook without sheets": ("a.xlsx", lambda: zipped({"xl/workbook.xml": "<x/>"}), "empty"),
    "docx named text": ("a.txt", lambda: GOOD, None),
    "text named docx": ("a.docx", "整体支出绩效自评报告".encode, None),
    "paths that lead outside": ("a.docx", lambda: outside_paths(), None),
}


def tiny_lines(end: bytes) -> bytes:
    return b"".join(b"%d %d m %d %d l %s\n" % (n % 500, n % 800, n % 500 + 3, n % 800, end) for n in range(1_000_000))


def page_tree(entries: bytes) -> bytes:
    """A PDF of one page whose page tree says something else."""
    return raw_pdf(b"BT /F 9 Tf 99 99 Td (Report) Tj ET", tree=entries)


def flipped(data: bytes) -> bytes:
    """The data with a byte of the main part's content changed, so that its checksum does not hold."""
    place = data.index(b"word/document.xml") + len("word/document.xml") + 40
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


def chain(length: int) -> str:
    """Styles of which each is based on the next."""
    links = "".join(
        f'<w:style w:styleId="s{n}"><w:name w:val="s{n}"/><w:basedOn w:val="s{n + 1}"/></w:style>' for n in range(length)
    )
    return f"<w:styles>{links}</w:styles>"


def outside_paths() -> bytes:
    return zipped(
        {
            "../../../../tmp/outside.xml": "x",
            "株洲".encode("gbk").decode("cp437"): "x",
            "_rels/.rels": relationships(("officeDocument", "../../word/document.xml")),
            "word/document.xml": document(paragraph("正文")),
        }
    )


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """Reason and detail of every case, all read in one go by the same children."""
    return read_cases(tmp_path_factory.mktemp("hostile"), CASES)


@pytest.mark.parametrize("name", CASES)
def test_each_file_gets_its_reason(name: str, outcomes: dict[str, Outcome]) -> None:
    reason, detail = outcomes[name]
    assert reason == CASES[name][2], detail


def test_nothing_was_written_outside(outcomes: dict[str, Outcome]) -> None:
    assert outcomes["paths that lead outside"][0] is None
    assert not Path("/tmp/outside.xml").exists()


numbers = st.none() | st.integers(1, 10**6)
# Lone surrogates are no text; no reader gives them.
words = st.text(st.characters(exclude_categories=["Cs"]))
locators = st.builds(Locator, numbers, numbers, numbers, numbers, numbers, st.none() | words)
spans = st.integers(1, 64)
cells = st.builds(Cell, st.integers(0, 99), st.integers(0, 99), spans, spans, words, locators)
origins = st.sampled_from(["native", "lattice", "inferred"])
tables = st.builds(Table, st.lists(cells, max_size=5).map(tuple), origins, st.floats(0, 1))
paragraphs = st.builds(Paragraph, words, st.none() | st.integers(1, 9), locators)
documents = st.builds(
    Document,
    words,
    words,
    words,
    words,
    st.none() | words,
    st.lists(paragraphs | tables, max_size=5).map(tuple),
    st.lists(words, max_size=3).map(tuple),
)


@settings(deadline=None)
@given(documents, st.floats(0, 1000))
def test_a_document_comes_back_from_its_record_as_it_was(found: Document, seconds: float) -> None:
    assert unpack(pack_document(found.to_json(), seconds)) == (found, round(seconds, 6))


@settings(deadline=None, max_examples=examples(150))
@given(st.data())
def test_damage_anywhere_gives_a_document_or_a_reason(data: st.DataObject) -> None:
    damaged = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(GOOD) - 1))] = data.draw(st.integers(0, 255))
    from pipelines.documents import registry

    try:
        assert registry.read(bytes(damaged), "0" * 64, "a.docx", Limits()).blocks
    except DocumentError as error:
        assert error.reason in {
            "corrupt",
            "encrypted",
            "empty",
            "wrong_extension",
            "unknown_format",
            "too_large",
            "unsafe_content",
        }


def damaged(data: bytes, seed: int) -> bytes:
    """The bytes with a few runs overwritten, cut out or doubled, the same for a seed every time."""
    chance = random.Random(seed)
    changed = bytearray(data)
    for _ in range(chance.randint(1, 12)):
        start = chance.randrange(len(changed))
        length = chance.randint(1, 40)
        run = bytes(changed[start : start + length])
        changed[start : start + length] = chance.choice((chance.randbytes(length), b"", run * 2))
    return bytes(changed)


def test_damaged_pages_end_with_a_document_or_a_reason(tmp_path: Path) -> None:
    # PDFium is native code: it runs in the confined children only, never in this process.
    pages = Press().print_text(CLEAN.read_text(encoding="utf-8"))
    cases = {str(seed): ("a.pdf", lambda seed=seed: damaged(pages, seed), None) for seed in range(examples(40))}
    outcomes = read_cases(tmp_path, cases)
    known = set(catalogue().codes["reason"]) | {None}
    assert len(outcomes) == len(cases)
    assert {reason for reason, _ in outcomes.values()} <= known
