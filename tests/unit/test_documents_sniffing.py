"""Formats are told by content; the name only warns or makes a rejection clearer."""

from __future__ import annotations

import pytest

from pipelines.documents import (
    READERS_VERSION,
    DocumentError,
    Locator,
    Paragraph,
    docx,
    model,
    redaction,
    registry,
    sniffing,
    text,
)
from pipelines.documents.limits import Limits
from tests.support.packages import document, package, paragraph, relationships, zipped

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
REPORT = "整体支出绩效自评报告\n\t基本支出\n\t536.42\n"
DOCX = package(paragraph("正文"))


def stream(name: str) -> bytes:
    return OLE + f"{name}\0".encode("utf-16-le")


def of_words(part: object) -> str:
    """Name of a case by its words alone: bytes may hold the time at which they were made."""
    return part if isinstance(part, str) else "data"


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (REPORT.encode(), "text"),
        (REPORT.encode("gb18030"), "text"),
        (REPORT.encode("utf-16"), "text"),
        (REPORT.encode("utf-8-sig"), "text"),
        (REPORT.replace("\n", "\x07\n").encode() * 9, "text"),
        ("<2024年度>绩效自评".encode(), "text"),
        (DOCX, "docx"),
        (DOCX[:-40], "docx"),
        (zipped({"xl/workbook.xml": "x"}), "xlsx"),
        (zipped({"xl/workbook.xml": "x"})[:-40], "xlsx"),
        (zipped({"ppt/presentation.xml": "x"}), "pptx"),
        (zipped({"OFD.xml": "x"}), "ofd"),
        (zipped({"mimetype": "x", "content.xml": "x"}), "odt"),
        (zipped({"报告.docx": DOCX}), "zip"),
        (stream("WordDocument"), "doc"),
        (stream("Workbook"), "xls"),
        (OLE, "ole"),
        (b"%PDF-1.7\n" + bytes(99), "pdf"),
        (b"{\\rtf1\\ansi}", "rtf"),
        (b"<!DOCTYPE html><html></html>", "html"),
        ("标题<br><table><tr><td>1</td></tr></table>".encode(), "html"),
        ("<html><p>报告</p></html>".encode("utf-16"), "html"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related", "mht"),
        (b"From: <Saved by Blink>\nSubject: x\n y\nMIME-Version: 1.0\nContent-Type: multipart/related;\n", "mht"),
        ("联系人: 甲\nmime-version: 1.0\n正文\n".encode(), "text"),
        ('项目,预算,决算\n甲,1,2\n"乙,丙",3,4\n'.encode("gb18030"), "csv"),
        ("项目\t预算\n甲\t1\n乙\t2\n".encode(), "csv"),
        ("基本支出1,234.5万元，\n项目支出6,789.0万元。\n合计".encode(), "text"),
        ("项目 | 预算 |\n甲 | 1 |\n合计 | 1 | ||\n".encode("gb18030"), "piped"),
        ("首页 | 公开 | 服务\n报告正文\n".encode(), "text"),
        (b'<?xml version="1.0"?><w:wordDocument/>', "xml"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "image"),
        (b"\xff\xd8\xff\xe0" + bytes(20), "image"),
        (b"Rar!\x1a\x07\x00", "rar"),
    ],
    ids=of_words,
)
def test_content_tells_the_format(data: bytes, key: str) -> None:
    assert sniffing.recognise(data, Limits()) == key


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \r\n\t\x00", "empty"),
        ("\ufeff　\n　".encode(), "empty"),
        ("　　".encode("gb18030"), "empty"),
        (bytes(4096), "empty"),
        (bytes(range(256)) * 4, "unknown_format"),
        (b"\x01\x02\x03\x04" * 50 + b"text", "unknown_format"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
    ],
    ids=of_words,
)
def test_content_without_a_format_is_rejected(data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError) as caught:
        sniffing.recognise(data, Limits())
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("file_name", "key", "outcome"),
    [
        ("报告.docx", "docx", ""),
        ("报告.DOCX", "docx", ""),
        ("download", "docx", ""),
        ("报告.txt", "text", ""),
        ("2024.12.31", "text", ""),
        ("报告.txt", "docx", "warning"),
        ("报告.doc", "docx", "warning"),
        ("报告.docx", "text", "warning"),
        ("报告.rar", "rar", "unsupported_format"),
        ("download", "rar", "unsupported_format"),
        ("报告.txt", "html", ""),
        ("报告.docx", "rar", "wrong_extension"),
        ("报告.docx", "zip", "wrong_extension"),
        ("报告.doc", "html", "warning"),
        ("报告.xls", "html", "warning"),
        ("报告.csv", "text", ""),
        ("报告.txt", "csv", ""),
        ("报告.txt", "rar", "wrong_extension"),
    ],
)
def test_the_name_is_compared_with_the_content(file_name: str, key: str, outcome: str) -> None:
    try:
        warnings = sniffing.check_name(file_name, key, registry.READERS)
    except DocumentError as error:
        assert error.reason == outcome
    else:
        assert [warning.partition(":")[0] for warning in warnings] == (["wrong_extension"] if outcome else [])
        assert outcome in ("", "warning")


def test_a_name_says_that_few_separators_are_meant_as_such() -> None:
    data = "绩效自评报告\n正文\n项目,预算\n甲,1\n".encode()
    assert [sniffing.recognise(data, Limits(), name) for name in ("a.csv", "a.txt", "")] == ["csv", "text", "text"]


def test_a_word_package_without_the_usual_folder_is_recognised_by_its_types() -> None:
    types = zipped({"[Content_Types].xml": '<Types><Override PartName="/a.xml" ContentType="x.wordprocessingml.y"/></Types>'})
    assert sniffing.recognise(types, Limits()) == "docx"


def test_reading_through_the_registry_keeps_the_name_warning_and_redacts() -> None:
    data = package(paragraph("联系人：张三 联系电话：13800000000") + paragraph("实际支出536.42万元"))
    found = registry.read(data, "0" * 64, "报告.txt", Limits())
    assert found.blocks == (
        Paragraph("联系人：［已隐去］ 联系电话：［已隐去］", None, Locator(line=1)),
        Paragraph("实际支出536.42万元", None, Locator(line=2)),
    )
    assert found.warnings[0].startswith("wrong_extension:")
    assert found.media_type.endswith("wordprocessingml.document")


@pytest.mark.parametrize(("file_bytes", "reason"), [(3, "too_large"), (1 << 20, "")])
def test_file_size_is_limited(file_bytes: int, reason: str) -> None:
    try:
        registry.read(REPORT.encode(), "", "a.txt", Limits(file_bytes=file_bytes))
    except DocumentError as error:
        assert error.reason == reason
    else:
        assert not reason


def test_tables_of_every_reader_are_limited() -> None:
    with pytest.raises(DocumentError, match="too_large: a table has more than 4 cells"):
        registry.read(b"\t1\n\t2\n\t3\n\n\t4\n\t5\n", "", "a.txt", Limits(table_cells=4))


def test_external_relationships_are_no_parts() -> None:
    rels = relationships(("officeDocument", "http://example.test/x.xml")).replace(" Target=", ' TargetMode="External" Target=')
    found = registry.read(
        zipped({"_rels/.rels": rels, "word/document.xml": document(paragraph("正文"))}), "", "a.docx", Limits()
    )
    assert found.blocks == (Paragraph("正文", None, Locator(line=1)),)


def test_versions_name_everything_that_shapes_a_document_once() -> None:
    parts = READERS_VERSION.split("+")
    assert registry.readers_version() == READERS_VERSION
    assert len(set(parts)) == len(parts)
    assert {docx.VERSION, text.VERSION, "html-1", "sheets-1", sniffing.VERSION, redaction.VERSION, model.VERSION} <= set(parts)
    assert len(READERS_VERSION) < 256  # it names a folder
