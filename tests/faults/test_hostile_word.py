"""Hostile and broken Word 97 and RTF files end within their limits, each with its reason."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.documents import Document, DocumentError, doc, libreoffice, registry, rtf
from pipelines.documents.limits import Limits
from tests.support.hostile import Outcome, examples, read_cases
from tests.support.rtf import rebuild_as_rtf
from tests.support.word97 import (
    CHARACTER_PAGES,
    DEPTH,
    END,
    FAT,
    MAGIC,
    PARAGRAPH_PAGES,
    PIECES,
    SECTOR,
    STYLES,
    P,
    cell,
    row_end,
    sprm,
    styles,
    word97,
)

MEGABYTE = 1 << 20
FIXTURES = Path(__file__).parents[1] / "fixtures"
REASONS = {"corrupt", "encrypted", "empty", "too_large", "wrong_extension", "unknown_format", "unsupported_format"}


@cache
def fixture() -> bytes:
    return (FIXTURES / "anlan_archive_2023.doc").read_bytes()


def noise(size: int) -> bytes:
    return random.Random(7).randbytes(size)


def with_password() -> bytes:
    """The flag that says so, set in the file information block."""
    data = bytearray(fixture())
    place = data.index(b"\xec\xa5")
    data[place + 0x0B] |= 1
    return bytes(data)


def with_chain(link: Callable[[int], int]) -> bytes:
    """The sector table with every link of a chain replaced."""
    data = bytearray(fixture())
    table = (int.from_bytes(data[76:80], "little") + 1) * SECTOR
    for number in range(SECTOR // 4):
        (old,) = struct.unpack_from("<I", data, table + 4 * number)
        if old < len(data) // SECTOR:
            struct.pack_into("<I", data, table + 4 * number, link(number))
    return bytes(data)


def cyclic_directory() -> bytes:
    """A directory whose entries are each other's neighbours and children."""
    data = bytearray(fixture())
    start = (int.from_bytes(data[48:52], "little") + 1) * SECTOR
    for number in range(4):
        struct.pack_into("<III", data, start + 128 * number + 68, 1, 2, 0)
    return bytes(data)


def endless_master_table() -> bytes:
    """A master sector table that is its own continuation."""
    data = bytearray(fixture())
    struct.pack_into("<II", data, 68, 0, 0xFFFF)
    return bytes(data)


def many_pieces() -> bytes:
    """A million pieces of one character each, all of the same place in the file."""
    count = 1_000_000
    index = struct.pack(f"<{count + 1}I", *range(count + 1)) + struct.pack("<HIH", 0, 1024, 0) * count
    return word97([P("甲\r")], structures={PIECES: b"\x02" + struct.pack("<I", len(index)) + index})


def overlapping_pieces() -> bytes:
    """Pieces that are each nearly the whole file."""
    count, length = 20_000, 1000
    ends = [number * length for number in range(count + 1)]
    index = struct.pack(f"<{count + 1}I", *ends) + struct.pack("<HIH", 0, 1024, 0) * count
    return word97([P("甲" * 5000 + "\r")], structures={PIECES: b"\x02" + struct.pack("<I", len(index)) + index})


def repeated_pages() -> bytes:
    """An index that names one page of properties a million times."""
    count = 1_000_000
    index = struct.pack(f"<{count + 1}I", *range(count + 1)) + struct.pack(f"<{count}I", *[3] * count)
    return word97([P("甲\r")], structures={CHARACTER_PAGES: index, PARAGRAPH_PAGES: index})


def circle_of_styles() -> bytes:
    entries = [(f"s{number}", 0xFFE, (number + 1) % 4000, b"") for number in range(4000)]
    return word97([P("甲\r", style=3)], structures={STYLES: styles(*entries)})


def wide_rows() -> bytes:
    """Rows that share no edge, so that their grid has as many columns as they have cells."""
    rows = [[*range(-30_000 + 31 * number, 30_000, 1000)] for number in range(60)]
    return word97([part for edges in rows for part in (*[cell("1")] * (len(edges) - 1), row_end(edges))])


# Name of the case -> name of the file, its bytes, the reason; a reason of None means that the file is read.
CASES: dict[str, tuple[str, Callable[[], bytes], str | None]] = {
    "good": ("a.doc", fixture, None),
    "good WPS": ("a.wps", fixture, None),
    "doc named docx": ("a.docx", fixture, None),
    "truncated": ("a.doc", lambda: fixture()[: len(fixture()) // 2], "corrupt"),
    "truncated in its header": ("a.doc", lambda: fixture()[:600], "corrupt"),
    "noise after the mark of OLE": ("a.doc", lambda: MAGIC + noise(65536), "wrong_extension"),
    "noise with the name of the stream": (
        "a.doc",
        lambda: MAGIC + noise(65536) + "WordDocument\0".encode("utf-16-le") + noise(999),
        "corrupt",
    ),
    "password": ("a.doc", with_password, "encrypted"),
    "sectors in a circle": ("a.doc", lambda: with_chain(lambda number: number), "corrupt"),
    "sectors in one long circle": ("a.doc", lambda: with_chain(lambda number: (number * 7 + 3) % 80), "corrupt"),
    "sectors that are tables": ("a.doc", lambda: with_chain(lambda number: FAT), "corrupt"),
    "sectors that end at once": ("a.doc", lambda: with_chain(lambda number: END), "corrupt"),
    "directory in a circle": ("a.doc", cyclic_directory, "corrupt"),
    "master table without end": ("a.doc", endless_master_table, "corrupt"),
    "a million pieces": ("a.doc", many_pieces, "too_large"),
    "overlapping pieces": ("a.doc", overlapping_pieces, "corrupt"),
    "pages named a million times": ("a.doc", repeated_pages, "corrupt"),
    "styles in a circle": ("a.doc", circle_of_styles, None),
    "deep tables": ("a.doc", lambda: word97([P("深\r", sprm(DEPTH, struct.pack("<i", 100_000)))]), "too_large"),
    "table of 3,000 rows": ("a.doc", lambda: word97([cell("1"), row_end([0, 100])] * 3000), "too_large"),
    "rows without a common edge": ("a.doc", wide_rows, "too_large"),
    "good RTF": ("a.rtf", lambda: rebuild_as_rtf("一、概况\n\n\t甲\n\t1\n"), None),
    "RTF named doc": ("a.doc", lambda: rebuild_as_rtf("一、概况\n"), None),
    "RTF truncated": ("a.rtf", lambda: rebuild_as_rtf("一、概况\n")[:-1], "corrupt"),
    "RTF nested 100,000 deep": ("a.rtf", lambda: b"{\\rtf1 " + b"{" * 100_000 + b"a" + b"}" * 100_001, "too_large"),
    "RTF nested 100,000 deep where no text is": (
        "a.rtf",
        lambda: b"{\\rtf1 {\\*\\x " + b"{" * 100_000 + b"}" * 100_001 + b"a}",
        None,
    ),
    "RTF with more binary data than it has": ("a.rtf", lambda: b"{\\rtf1 a\\bin2000000000 " + noise(999) + b"}", "corrupt"),
    "RTF with binary data in a picture": ("a.rtf", lambda: b"{\\rtf1 a{\\pict\\bin9 {{{{{{{{{}}", None),
    "RTF with a huge number": ("a.rtf", lambda: b"{\\rtf1 a\\bin" + b"9" * 5000 + b" }", "corrupt"),
    "RTF with 100,000 rows": ("a.rtf", lambda: b"{\\rtf1" + b"\\trowd\\cellx9\\intbl\\cell\\row" * 100_000 + b"}", "too_large"),
    "RTF with a million empty cells": (
        "a.rtf",
        lambda: b"{\\rtf1\\trowd\\cellx9\\intbl" + b"\\cell" * 1_000_000 + b"\\row}",
        "too_large",
    ),
    "RTF with a million edges": ("a.rtf", lambda: b"{\\rtf1\\trowd" + b"\\cellx9" * 1_000_000 + b"\\intbl a\\cell\\row}", None),
    "RTF with deep tables": ("a.rtf", lambda: b"{\\rtf1\\intbl\\itap2000000000 a\\par}", "too_large"),
    "RTF with styles in a circle": (
        "a.rtf",
        lambda: (
            b"{\\rtf1{\\stylesheet" + b"".join(b"{\\s%d\\sbasedon%d x;}" % (n, n + 1) for n in range(9000)) + b"}\\s1 a\\par}"
        ),
        None,
    ),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """Reason and detail of every case, all read in one go by the same children."""
    return read_cases(tmp_path_factory.mktemp("hostile"), CASES, table_rows=2000, table_cells=100_000)


@pytest.mark.parametrize("name", CASES)
def test_each_file_gets_its_reason(name: str, outcomes: dict[str, Outcome]) -> None:
    reason, detail = outcomes[name]
    assert reason == CASES[name][2], detail


@pytest.fixture(autouse=True, scope="module")
def no_office() -> Iterator[None]:
    """Leave LibreOffice out, to which damage may send a file, and which takes its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(libreoffice, "is_present", lambda: False)
        yield


def document_or_reason(reader: Callable[[bytes, str, Limits], Document], data: bytes) -> None:
    try:
        found = reader(data, "0" * 64, Limits(table_rows=2000))
    except DocumentError as error:
        assert error.reason in REASONS
    else:
        assert found.blocks
        assert len(found.to_json().encode()) < 16 * MEGABYTE


@st.composite
def damage(draw: st.DrawFn, data: bytes) -> bytes:
    damaged = bytearray(data)
    for _ in range(draw(st.integers(1, 8))):
        place = draw(st.integers(0, len(damaged) - 4))
        value = draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]) | st.integers(0, 255))
        damaged[place : place + draw(st.sampled_from([1, 1, 2, 4]))] = bytes([value])
    return bytes(damaged)


@st.composite
def overwritten(draw: st.DrawFn, data: bytes, places: list[int]) -> bytes:
    """The same length, so that what stands behind stays where it is; mostly where structures are."""
    damaged = bytearray(data)
    for _ in range(draw(st.integers(1, 6))):
        size = draw(st.sampled_from([1, 2, 4]))
        place = draw(st.sampled_from(places) | st.integers(0, len(damaged) - 4))
        value = draw(st.sampled_from([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]) | st.integers(0, 2**32 - 1))
        damaged[place : place + size] = (value & (1 << 8 * size) - 1).to_bytes(size, "little")
    return bytes(damaged)


SMALL = word97(
    [
        P("一、概况\r"),
        P("内\r", sprm(DEPTH, struct.pack("<i", 1))),
        cell("甲"),
        cell("1"),
        row_end([0, 100, 200], [0x60, 0]),
        P("后\r"),
    ],
    others={"footnote": [P("\x02注\r")]},
    structures={STYLES: styles(("Normal", 0, 0xFFF, b""), ("heading 1", 1, 0, b""))},
)
SMALL_RTF = rebuild_as_rtf("一、概况\n\n\t甲\n\t1\n\n\t\n\t2\n\n后\n")


@settings(deadline=None, max_examples=examples(300))
@given(overwritten(SMALL, [*range(0, 512, 4), *range(1536, 1536 + 400, 2)]))
def test_a_word_file_overwritten_anywhere_gives_a_document_or_a_reason(data: bytes) -> None:
    document_or_reason(doc.read, data)


@settings(deadline=None, max_examples=examples(60))
@given(st.data())
def test_a_report_damaged_anywhere_gives_a_document_or_a_reason(data: st.DataObject) -> None:
    document_or_reason(lambda content, key, limits: registry.read(content, key, "a.doc", limits), data.draw(damage(fixture())))


NAMES = (
    "par sect cell nestcell row nestrow trowd trleft cellx clmgf clmrg clvmgf clvmrg pard plain intbl itap s "
    "sbasedon outlinelevel f af dbch loch hich fcharset cpg ansicpg deff u uc v deleted fonttbl stylesheet shpinst "
    "shptxt nesttableprops upr ud footnote ftnalt header footer fldinst formfield fftype ffres ffdefres tab line "
    "bullet pict info bin other"
)
WORDS = st.sampled_from([f"\\{name}" for name in NAMES.split(" ")])
RTF_PIECES = (
    st.sampled_from(["{", "}", "{\\*", "a", " ", "\\'d4", "\\'d4\\'a4", "\n", "\\\n"])
    | WORDS
    | st.builds("{}{} ".format, WORDS, st.integers(-3, 300) | st.integers(-(2**40), 2**40))
)


@settings(deadline=None, max_examples=examples(200))
@given(damage(SMALL_RTF))
def test_rtf_damaged_anywhere_gives_a_document_or_a_reason(data: bytes) -> None:
    document_or_reason(rtf.read, data)


@settings(deadline=None, max_examples=examples(300))
@given(st.lists(RTF_PIECES, max_size=60))
def test_rtf_of_words_in_any_order_gives_a_document_or_a_reason(pieces: list[str]) -> None:
    document_or_reason(rtf.read, ("{\\rtf1 " + "".join(pieces) + "}" * 9).encode())
