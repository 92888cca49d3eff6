"""Hostile and broken archives end within their limits, each member with its reason, and cost themselves alone."""

from __future__ import annotations

import random
import tracemalloc
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipelines import documents
from pipelines.archive import plan, read_register
from pipelines.archive.containers import Packed, Unpacked
from pipelines.documents import DocumentError, zips
from pipelines.documents.limits import Limits
from pipelines.documents.spool import Spool
from pipelines.settings import Settings
from tests.support.archives import ENCRYPTED, PIPE, SYMLINK, Entry, archive, zip_of
from tests.support.hostile import examples
from tests.support.packages import package, paragraph

MEGABYTE = 1 << 20
GOOD = Entry("好.txt", "整体支出绩效自评报告".encode())
NOTHING = "(no archive)"  # what stays a file of its own, for its reader to reject
WHOLE = "(the archive)"

Reasons = dict[str, str | None]


def zeros(megabytes: int) -> bytes:
    return bytes(megabytes * MEGABYTE)


def nested(depth: int, innermost: bytes, name: str = "z.zip") -> bytes:
    data = innermost
    for _ in range(depth):
        data = archive(Entry(name, data), GOOD) if depth < 10 else archive(Entry(name, data))
    return data


def lying_size() -> bytes:
    """The directory says one byte, the member inflates to five million."""
    data = bytearray(archive(GOOD, Entry("bomb.txt", zeros(5))))
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = (1).to_bytes(4, "little")
    return bytes(data)


def overlapping() -> bytes:
    """Many entries of the directory that share the bytes of one member."""
    one = archive(Entry("a.txt", zeros(1)))
    start = one.index(b"PK\x01\x02")
    end = one.rindex(b"PK\x05\x06")
    entries = 30
    directory = one[start:end] * entries
    record = bytearray(one[end:])
    record[8:10] = record[10:12] = entries.to_bytes(2, "little")
    record[12:16] = len(directory).to_bytes(4, "little")
    return one[:start] + directory + bytes(record)


def flipped(data: bytes, mark: bytes, offset: int) -> bytes:
    place = data.index(mark) + offset
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


# Name of the case -> bytes and what becomes of each member; limits are those of `settings` below.
CASES: dict[str, tuple[Callable[[], bytes], Reasons]] = {
    "zips nested beyond the depth": (
        lambda: nested(3, archive(Entry("deep.txt"))),
        {
            "z.zip/z.zip/z.zip": "too_large",
            "z.zip/z.zip/好.txt": None,
            "z.zip/好.txt": None,
            "好.txt": None,
        },
    ),
    "a zip that holds itself over and over": (lambda: nested(40, zip_of({})), {WHOLE: "too_large"}),
    "bomb": (lambda: archive(Entry("bomb.txt", zeros(50)), GOOD), {"bomb.txt": "too_large", "好.txt": None}),
    "bomb with a lying size": (lying_size, {"bomb.txt": "corrupt", "好.txt": None}),
    "bomb in a zip": (
        lambda: archive(Entry("z.zip", archive(Entry("bomb.txt", zeros(50)), GOOD)), GOOD),
        {"z.zip/bomb.txt": "too_large", "z.zip/好.txt": None, "好.txt": None},
    ),
    "parts that are too large together": (
        lambda: archive(*(Entry(f"{number}.txt", zeros(8)) for number in range(4)), GOOD),
        {"0.txt": None, "1.txt": None, "2.txt": "too_large", "3.txt": "too_large", "好.txt": None},
    ),
    "entries that share their bytes": (
        overlapping,
        {"a.txt": None} | {f"a({n}).txt": None if n <= 20 else "too_large" for n in range(2, 31)},
    ),
    "100,000 entries": (
        lambda: archive(*(Entry(str(number), b"") for number in range(100_000)), compression=zipfile.ZIP_STORED),
        {NOTHING: "too_large"},
    ),
    "too many entries in zips together": (
        lambda: archive(*(Entry(f"{n}.zip", archive(*(Entry(str(m)) for m in range(900)))) for n in range(3))),
        {f"{n}.zip/{m}": None for n in range(2) for m in range(900)} | {"2.zip": "too_large"},
    ),
    "stored zips whose entries are not those of the archive": (
        lambda: archive(*(Entry(f"{n}.docx", package(paragraph("正文"))) for n in range(700)), compression=zipfile.ZIP_STORED),
        {f"{n}.docx": None for n in range(700)},
    ),
    "names that lead outside": (
        lambda: archive(
            Entry("../../outside.txt"),
            Entry("a/../../outside.txt"),
            Entry("/tmp/outside.txt"),
            Entry("\\outside.txt"),
            Entry("..\\outside.txt"),
            Entry("C:\\outside.txt"),
            Entry("C:outside.txt"),
            GOOD,
        ),
        {
            "__/__/outside.txt": "unsafe_content",
            "a/__/__/outside.txt": "unsafe_content",
            "tmp/outside.txt": "unsafe_content",
            "outside.txt": "unsafe_content",
            "__/outside.txt": "unsafe_content",
            "C_/outside.txt": "unsafe_content",
            "C_outside.txt": "unsafe_content",
            "好.txt": None,
        },
    ),
    "links and pipes": (
        lambda: archive(Entry("link.txt", b"/etc/passwd", attributes=SYMLINK), Entry("pipe", attributes=PIPE), GOOD),
        {"link.txt": "unsafe_content", "pipe": "unsafe_content", "好.txt": None},
    ),
    "nothing but a link": (lambda: archive(Entry("a", b"/", attributes=SYMLINK)), {WHOLE: "unsafe_content"}),
    "a password": (lambda: archive(Entry("a.txt", flags=ENCRYPTED), GOOD), {"a.txt": "encrypted", "好.txt": None}),
    "a password for everything": (
        lambda: archive(Entry("a", flags=ENCRYPTED), Entry("b", flags=ENCRYPTED)),
        {WHOLE: "encrypted"},
    ),
    "one name many times": (
        lambda: archive(*(Entry("a.b", b"") for _ in range(1999)), GOOD),
        {"a.b": None, "好.txt": None} | {f"a({n}).b": None for n in range(2, 2000)},
    ),
    "control characters in names": (
        lambda: archive(Entry(b"a\0b.txt"), Entry("a\nb.txt"), Entry("\x1b[31m.txt"), Entry(b"\x7f"), GOOD),
        {
            "a\ufffdb.txt": "unsafe_content",
            "a\ufffdb(2).txt": "unsafe_content",
            "\ufffd[31m.txt": "unsafe_content",
            "\ufffd": "unsafe_content",
            "好.txt": None,
        },
    ),
    "an endless name": (
        lambda: archive(Entry("a" * 60_000), Entry("b/" * 30_000 + "c"), GOOD),
        {"a" * 500: "too_large", ("b/" * 30_000 + "c")[-500:].lstrip("/"): "too_large", "好.txt": None},
    ),
    "no name": (lambda: archive(Entry(""), Entry("."), GOOD), {"_": None, "_(2)": None, "好.txt": None}),
    "a flipped byte": (
        lambda: flipped(archive(Entry("a.txt", random.Random(7).randbytes(999)), GOOD), b"a.txt", 300),
        {"a.txt": "corrupt", "好.txt": None},
    ),
    "truncated": (lambda: archive(GOOD, GOOD)[:-5], {NOTHING: "corrupt"}),
    "noise": (lambda: b"PK\x03\x04" + random.Random(7).randbytes(65536), {NOTHING: "corrupt"}),
    "nothing": (lambda: zip_of({}), {WHOLE: "empty"}),
    "an empty zip in a zip": (lambda: archive(Entry("z.zip", zip_of({})), GOOD), {"z.zip": "empty", "好.txt": None}),
    "a broken zip in a zip": (lambda: archive(Entry("z.zip", archive(GOOD)[:-5]), GOOD), {"z.zip": None, "好.txt": None}),
    "a rar in a zip": (lambda: archive(Entry("z.rar", b"Rar!\x1a\x07\x01\x00" + bytes(99))), {"z.rar": None}),
}


@cache
def built(name: str) -> bytes:
    return CASES[name][0]()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("hostile_containers")
    (folder / "raw").mkdir()
    limits = {"limit_part_bytes": 10 * MEGABYTE, "limit_inflated_bytes": 20 * MEGABYTE, "limit_child_cpu_seconds": 20}
    return Settings.load(raw=folder / "raw", home=folder / "home", workers=2, **limits)


@pytest.fixture(scope="module")
def outcomes(settings: Settings) -> dict[str, Reasons]:
    """Reasons of every case by member, all unpacked in one go by the same children."""
    files = []
    for number, name in enumerate(CASES):
        path = settings.raw / str(number)
        path.write_bytes(built(name))
        files.append(Packed(path, name, f"{number}.zip"))
    paths = {file.sha256: file.path for file in files}
    found = {}
    for unpacked in documents.unpack(settings, files, settings.home / "unpacking"):
        found[unpacked.sha256] = reasons(unpacked, paths[unpacked.sha256], settings)
    assert list((settings.home / "unpacking").iterdir()) == []
    return found


def reasons(unpacked: Unpacked, path: Path, settings: Settings) -> Reasons:
    if unpacked.reason is not None:
        return {WHOLE: unpacked.reason}
    if unpacked.members is not None:
        for member in unpacked.members:
            assert (member.path is None) == (member.reason is not None)
            assert member.path is None or member.path.is_file()
        return {member.name: member.reason for member in unpacked.members}
    with pytest.raises(DocumentError) as rejected:
        documents.read_file(path, settings)
    return {NOTHING: rejected.value.reason}


@pytest.mark.parametrize("name", CASES)
def test_each_member_gets_its_reason(name: str, outcomes: dict[str, Reasons]) -> None:
    assert outcomes[name] == CASES[name][1]


def test_nothing_is_written_outside_the_home(settings: Settings, outcomes: dict[str, Reasons]) -> None:
    assert set(outcomes) == set(CASES)
    for folder in (settings.raw, settings.home, settings.home.parent, Path.cwd(), Path("/tmp"), Path("/")):
        assert not list(folder.glob("*outside.txt"))


def test_a_night_takes_hostile_archives_and_the_rest(settings: Settings, tmp_path: Path) -> None:
    raw, home = tmp_path / "raw", tmp_path / "home"
    (raw / "zhuzhou" / "2024").mkdir(parents=True)
    for number, name in enumerate(CASES):
        (raw / "zhuzhou" / "2024" / f"{number}.zip").write_bytes(built(name))
    night = Settings.load(raw=raw, home=home, workers=2, limit_inflated_bytes=20 * MEGABYTE, limit_part_bytes=10 * MEGABYTE)
    counts = plan(night, home / "runs" / "1", "readers-1", "templates-1", unpack=documents.unpack)
    refused = sum(
        reason is not None for _, reasons in CASES.values() for name, reason in reasons.items() if name not in (WHOLE, NOTHING)
    )
    known = read_register(home)
    assert counts["files"] == len(CASES)
    assert (
        known.filter(~known["is_container"] & known["rejected_reason"].is_not_null() & known["container"].is_not_null()).height
        == refused
    )
    assert known["file_name"].is_unique().all()
    assert {path.name for path in tmp_path.iterdir()} == {"raw", "home"}
    assert {path.name for path in (home / "archive").iterdir()} == {"objects", "register.parquet", "containers.parquet"}


def test_memory_of_the_parent_does_not_move(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(archive(*(Entry(f"{number}.txt", zeros(60)) for number in range(2))))
    generous = Settings.load(raw=tmp_path, home=tmp_path)
    tracemalloc.start()
    (unpacked,) = documents.unpack(generous, [Packed(path, "0", "a.zip")], tmp_path / "parts")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert unpacked.members is not None
    assert [member.reason for member in unpacked.members] == [None, None]
    assert peak < 8 * MEGABYTE


def test_a_reading_process_cannot_send_more_than_allowed(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "parts", allowed_bytes=10, allowed_parts=2)
    assert not spool.begin(11)
    assert not spool.begin(-1)
    assert spool.begin(6)
    buffer = bytearray(b"abcdefgh")
    assert not spool.begin(5)
    assert spool.take(buffer)
    assert buffer == b"gh"
    assert spool.begin(0)
    assert spool.take(buffer)
    assert not spool.begin(0)
    assert [(path.name, path.read_bytes()) for path in sorted((tmp_path / "parts").iterdir())] == [("0", b"abcdef"), ("1", b"")]


SOUND = archive(GOOD, Entry("附件/甲.txt".encode("gbk"), b"1" * 99), Entry("z.zip", archive(GOOD, Entry("b.txt"))))


@hypothesis_settings(deadline=None, max_examples=examples(300))
@given(st.data())
def test_damage_anywhere_gives_members_or_a_reason(data: st.DataObject) -> None:
    damaged = bytearray(SOUND)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(SOUND) - 1))] = data.draw(st.integers(0, 255))
    sent: list[bytes] = []
    try:
        members = zips.unpack(bytes(damaged), "a.zip", Limits(), sent.append)
    except DocumentError as error:
        assert error.reason in {"empty", "corrupt", "encrypted", "too_large", "unsafe_content"}
    else:
        assert members is None or sum(member.reason is None for member in members) == len(sent)
        assert members is None or len({member.name for member in members}) == len(members)
