"""Pictures of pages become grids whose cells know how sure they are; without the extra `scan` they say what is missing."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipelines.documents import DocumentError, Table, scan
from pipelines.documents.limits import Limits
from pipelines.documents.record import unpack
from pipelines.documents.sandbox import Request, read_all
from tests.support.pages import raw_pdf

needs_extra = pytest.mark.skipif(find_spec("rapidocr") is None or find_spec("cv2") is None, reason="needs the extra scan")
ROWS = [["Item", "Budget", "Paid"], ["Staff", "536.42", "1,189.79"], ["Office", "12.50", "0.87"]]


def form(degrees: float) -> bytes:
    """A PNG of a ruled table at 200 dpi, lying askew."""
    import cv2
    import pypdfium2

    lines = b"".join(b"100 %d m 400 %d l S " % (y, y) for y in (700, 670, 640, 610))
    lines += b"".join(b"%d 610 m %d 700 l S " % (x, x) for x in (100, 200, 300, 400))
    words = b"".join(
        b"BT /F 12 Tf %d %d Td (%s) Tj ET " % (110 + 100 * column, 680 - 30 * row, text.encode())
        for row, texts in enumerate(ROWS)
        for column, text in enumerate(texts)
    )
    with pypdfium2.PdfDocument(raw_pdf(lines + words)) as pdf:
        picture = pdf[0].render(scale=200 / 72, grayscale=True).to_numpy()
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    _, packed = cv2.imencode(".png", cv2.warpAffine(picture, turn, (width, height), borderValue=255))
    return bytes(packed.tobytes())


@needs_extra
@pytest.mark.parametrize("degrees", [0.0, 2.0])
def test_a_picture_of_a_form_is_read_in_a_child_of_its_own(degrees: float, tmp_path: Path) -> None:
    path = tmp_path / "form"
    path.write_bytes(form(degrees))
    (reading,) = read_all([Request(path, "0" * 64, "form.png")], Limits(child_cpu_seconds=20))
    document, _ = unpack(reading.record)
    assert not isinstance(document, DocumentError), document
    (table,) = [block for block in document.blocks if isinstance(block, Table)]
    assert [[cell.text for cell in row] for row in table.rows] == ROWS
    assert all(0.9 < cell.confidence <= 1.0 and cell.locator.page == 1 and cell.locator.box for cell in table.cells)
    assert (document.media_type, document.reader, table.origin) == ("image/png", "scan", "lattice")


def blank(side: int) -> bytes:
    """A PNG of that many black dots a side, which packs a million to one."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    dots = zlib.compress(bytes((side // 8 + 1) * side))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", dots) + chunk(b"IEND", b"")


@needs_extra
@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"\x89PNG\r\n\x1a\n" + bytes(99), "corrupt"), (blank(40_000), "too_large"), (blank(800), "empty")],
    ids=["broken", "of giant size", "blank"],
)
def test_pictures_that_give_no_document_have_their_reason(data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError) as error:
        scan.read(data, "0" * 64, Limits().for_recognition())
    assert error.value.reason == reason


@needs_extra
def test_recognition_waits_for_a_child_that_may_take_longer() -> None:
    with pytest.raises(DocumentError, match=scan.NEEDED):
        scan.read(b"\x89PNG\r\n\x1a\n", "0" * 64, Limits())


def test_without_the_extra_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "find_spec", lambda name: None)
    with pytest.raises(DocumentError, match=r"unsupported_format.*pip install jixiao\[scan\]"):
        scan.read(b"\x89PNG\r\n\x1a\n", "0" * 64, Limits())


def test_recognition_may_take_longer_and_nothing_else_changes() -> None:
    limits = Limits(child_cpu_seconds=5, ocr_cpu_seconds=50)
    allowed = limits.for_recognition()
    assert (allowed.child_cpu_seconds, allowed.child_wall_seconds, allowed.may_recognise) == (50, 100, True)
    kept = {"child_cpu_seconds": 5, "child_wall_seconds": limits.child_wall_seconds, "may_recognise": False}
    assert replace(allowed, **kept) == limits
