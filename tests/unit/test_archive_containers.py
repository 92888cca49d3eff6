"""Archives among the raw files: each member is a revision of its own, with all that holds for plain files."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines import documents, facts, warehouse
from pipelines.archive import object_path, plan, read_register, register
from pipelines.archive.containers import Packed, Unpacked, contents_path
from pipelines.facts.files import read_files
from pipelines.settings import Settings
from tests.support.archives import ENCRYPTED, Entry, archive, unpack_here, zip_of
from tests.support.frames import READERS, TEMPLATES, merge_night, put
from tests.support.packages import package, paragraph

ZIP = "zhuzhou/2024/绩效自评.zip"


class Opener:
    """Unpacks in this process and remembers what it was asked to open."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    def __call__(self, settings: Settings, files: Iterable[Packed], folder: Path) -> Iterator[Unpacked]:
        asked = list(files)
        self.opened += [file.file_name for file in asked]
        return unpack_here(settings, asked, folder)


@pytest.fixture
def opener() -> Opener:
    return Opener()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An own home; the files of a test count as written long ago."""
    monkeypatch.setattr(register, "RACY_NS", -1)
    (tmp_path / "raw").mkdir()
    return Settings.load(raw=tmp_path / "raw", home=tmp_path / "home", workers=2)


def put_bytes(settings: Settings, file_name: str, data: bytes) -> Path:
    path = settings.raw / file_name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def planned(settings: Settings, opener: Opener, readers: str = READERS) -> dict[str, dict[str, Any]]:
    """The plan's rows: of present revisions by file name, of the others by file name and `(gone)`."""
    run = settings.home / "runs" / "1"
    plan(settings, run, readers, TEMPLATES, unpack=opener)
    present = set(read_register(settings.home).filter("is_present").select("file_name", "sha256").iter_rows())
    rows = pl.read_parquet(run / "plan.parquet").to_dicts()
    return {row["file_name"] + ("" if (row["file_name"], row["sha256"]) in present else " (gone)"): row for row in rows}


def work(rows: dict[str, dict[str, Any]]) -> dict[str, str]:
    """What is to be done with each file: its work, or why it is rejected."""
    return {name.removeprefix("zhuzhou/2024/"): row["rejected_reason"] or row["work"] for name, row in rows.items()}


def test_each_member_is_a_revision_and_the_archive_is_none(settings: Settings, opener: Opener) -> None:
    put_bytes(
        settings,
        ZIP,
        zip_of({"附件/甲局.txt": "1", "乙局.txt": "2", "附件/": "", "__MACOSX/._乙局.txt": "3", "~$甲.docx": "4"}),
    )
    rows = planned(settings, opener)
    assert work(rows) == {"绩效自评.zip/附件/甲局.txt": "read", "绩效自评.zip/乙局.txt": "read"}
    row = rows[f"{ZIP}/附件/甲局.txt"]
    sha256 = hashlib.sha256(b"1").hexdigest()
    assert (row["sha256"], row["byte_count"], row["city_slug"], row["folder_year"]) == (sha256, 1, "zhuzhou", 2024)
    assert row["report_id"] == hashlib.sha256(f"{ZIP}/附件/甲局.txt\n{sha256}".encode()).hexdigest()[:16]
    assert object_path(settings.home, sha256).read_bytes() == b"1"
    known = read_register(settings.home)
    assert known.filter(file_name=ZIP)["is_container"].to_list() == [True]
    assert known.filter(container=ZIP).height == 2
    assert not (settings.home / "archive" / "unpacking").exists()


def test_an_unchanged_archive_is_opened_once(settings: Settings, opener: Opener) -> None:
    path = put_bytes(settings, ZIP, zip_of({"a.txt": "1"}))
    first = planned(settings, opener)
    assert planned(settings, opener) == first
    assert opener.opened == [ZIP]
    path.rename(path.with_name("别名.zip"))
    assert work(planned(settings, opener)) == {"绩效自评.zip/a.txt (gone)": "none", "别名.zip/a.txt": "read"}
    assert opener.opened == [ZIP]
    planned(settings, opener, readers="readers-2")
    assert opener.opened == [ZIP, "zhuzhou/2024/别名.zip"]


def test_a_lost_member_is_taken_from_its_archive_again(settings: Settings, opener: Opener) -> None:
    put_bytes(settings, ZIP, zip_of({"a.txt": "1"}))
    planned(settings, opener)
    kept = object_path(settings.home, hashlib.sha256(b"1").hexdigest())
    kept.unlink()
    planned(settings, opener)
    assert kept.read_bytes() == b"1"


def test_a_changed_archive_supersedes_what_changed_in_it(settings: Settings, opener: Opener) -> None:
    put_bytes(settings, ZIP, zip_of({"a.txt": "1", "b.txt": "2", "c.txt": "3"}))
    before = planned(settings, opener)
    put_bytes(settings, ZIP, zip_of({"a.txt": "1", "b.txt": "22", "d.txt": "3"}))
    after = planned(settings, opener)
    assert after[f"{ZIP}/a.txt"] == before[f"{ZIP}/a.txt"]
    old, new = after[f"{ZIP}/b.txt (gone)"], after[f"{ZIP}/b.txt"]
    assert (old["is_current"], old["superseded_by"], new["is_current"]) == (False, new["report_id"], True)
    gone, moved = after[f"{ZIP}/c.txt (gone)"], after[f"{ZIP}/d.txt"]
    assert (gone["is_current"], gone["superseded_by"], moved["is_current"]) == (False, moved["report_id"], True)


def test_members_go_with_their_archive(settings: Settings, opener: Opener) -> None:
    path = put_bytes(settings, ZIP, zip_of({"a.txt": "1"}))
    put(settings, "zhuzhou/2024/b.txt", "2")
    planned(settings, opener)
    path.unlink()
    rows = planned(settings, opener)
    assert work(rows) == {"绩效自评.zip/a.txt (gone)": "none", "b.txt": "read"}
    assert rows[f"{ZIP}/a.txt (gone)"]["superseded_by"] is None


def test_a_member_and_a_plain_file_with_the_same_bytes_are_duplicates(settings: Settings, opener: Opener) -> None:
    put_bytes(settings, ZIP, zip_of({"a.txt": "1"}))
    put_bytes(settings, "zhuzhou/2024/二.zip", zip_of({"b.txt": "1", "c.txt": "2"}))
    put(settings, "zhuzhou/2024/a.txt", "1")
    rows = planned(settings, opener)
    assert work(rows) == {
        "a.txt": "read",
        "二.zip/b.txt": "duplicate_content",
        "二.zip/c.txt": "read",
        "绩效自评.zip/a.txt": "duplicate_content",
    }
    assert rows[f"{ZIP}/a.txt"]["superseded_by"] == rows["zhuzhou/2024/a.txt"]["report_id"]


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        (Entry("附件/甲局自评报告.txt".encode("gbk")), "附件/甲局自评报告.txt"),
        (Entry("附件/镕基.txt".encode("gb18030")), "附件/镕基.txt"),
        (Entry("附件\\乙局.txt".encode("gbk")), "附件/乙局.txt"),
        (Entry("誠\\x.txt".encode("gbk")), "誠/x.txt"),  # its second byte in GBK is a backslash
        (Entry("丙局.txt".encode()), "丙局.txt"),  # as the archiver of macOS writes them
        (Entry("e\u0301.txt"), "\u00e9.txt"),
        (Entry("./a//b.txt"), "a/b.txt"),
        (Entry(b"a\xff.txt"), "a�.txt"),
    ],
)
def test_names_are_read_as_they_were_meant(settings: Settings, opener: Opener, entry: Entry, name: str) -> None:
    put_bytes(settings, ZIP, archive(entry))
    assert work(planned(settings, opener)) == {f"绩效自评.zip/{name}": "read"}


def test_the_unicode_name_of_an_entry_counts_if_it_was_written_for_it(settings: Settings, opener: Opener) -> None:
    def field(of: bytes, name: str) -> bytes:
        body = b"\x01" + zipfile.crc32(of).to_bytes(4, "little") + name.encode()
        return (0x7075).to_bytes(2, "little") + len(body).to_bytes(2, "little") + body

    right = Entry(b"_.txt", b"1", extra=field(b"_.txt", "株洲.txt"))
    stale = Entry(b"-.txt", b"2", extra=field(b"other", "旧名.txt"))
    put_bytes(settings, ZIP, archive(right, stale))
    assert work(planned(settings, opener)) == {"绩效自评.zip/株洲.txt": "read", "绩效自评.zip/-.txt": "read"}


def test_names_that_occur_twice_are_numbered(settings: Settings, opener: Opener) -> None:
    put_bytes(settings, ZIP, archive(Entry("甲/a.txt", b"1"), Entry("甲/a.txt", b"2"), Entry(b"\xbc\xd7\\a.txt", b"3")))
    assert set(work(planned(settings, opener))) == {f"绩效自评.zip/甲/{name}" for name in ("a.txt", "a(2).txt", "a(3).txt")}


def test_zips_in_a_zip_are_opened_and_documents_are_not(settings: Settings, opener: Opener) -> None:
    word = package(paragraph("正文"))
    inner = zip_of({"c.docx": word, "deep.zip": zip_of({"d.txt": "4"})})
    folder_named_word = zip_of({"word/e.docx": word, "word/f.txt": "6"})
    put_bytes(settings, ZIP, zip_of({"a.docx": word, "b.zip": inner, "g.zip": folder_named_word}))
    assert work(planned(settings, opener)) == {
        "绩效自评.zip/a.docx": "read",
        "绩效自评.zip/b.zip/c.docx": "duplicate_content",
        "绩效自评.zip/b.zip/deep.zip/d.txt": "read",
        "绩效自评.zip/g.zip/word/e.docx": "duplicate_content",
        "绩效自评.zip/g.zip/word/f.txt": "read",
    }


def test_documents_of_zipped_parts_are_not_even_looked_into(settings: Settings, opener: Opener) -> None:
    put_bytes(settings, "zhuzhou/2024/a.docx", package(paragraph("正文")))
    # One that begins in no usual way is asked about, and stays a file.
    put_bytes(settings, "zhuzhou/2024/b.docx", zip_of({"word/document.xml": "<x/>"}))
    rows = planned(settings, opener)
    assert work(rows) == {"a.docx": "read", "b.docx": "read"}
    assert opener.opened == ["zhuzhou/2024/b.docx"]
    planned(settings, opener)
    assert opener.opened == ["zhuzhou/2024/b.docx"]


def test_a_misplaced_archive_misplaces_its_members(settings: Settings, opener: Opener) -> None:
    put_bytes(settings, "提交.zip", zip_of({"2024/a.txt": "1", "b.txt": "2"}))
    rows = planned(settings, opener)
    assert work(rows) == {"提交.zip/2024/a.txt": "misplaced", "提交.zip/b.txt": "misplaced"}
    assert {row["city_slug"] for row in rows.values()} == {None}


def test_a_refused_member_keeps_its_reason_and_the_others_go_on(settings: Settings, opener: Opener) -> None:
    put_bytes(settings, ZIP, archive(Entry("a.txt", b"1"), Entry("b.txt", b"1", ENCRYPTED), Entry("../c.txt", b"1")))
    rows = planned(settings, opener)
    assert work(rows) == {
        "绩效自评.zip/a.txt": "read",
        "绩效自评.zip/b.txt": "encrypted",
        "绩效自评.zip/__/c.txt": "unsafe_content",
    }
    refused = rows[f"{ZIP}/__/c.txt"]
    assert refused["rejected_detail"] == "the name ../c.txt leads out of the archive"
    assert (refused["is_current"], refused["byte_count"]) == (True, 0)
    put_bytes(settings, ZIP, archive(Entry("a.txt", b"1"), Entry("b.txt", b"2")))
    rows = planned(settings, opener)
    assert rows[f"{ZIP}/b.txt (gone)"]["superseded_by"] == rows[f"{ZIP}/b.txt"]["report_id"]
    gone = rows[f"{ZIP}/__/c.txt (gone)"]
    assert (gone["is_current"], gone["rejected_reason"], gone["superseded_by"]) == (False, None, None)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (zip_of({}), "empty"),
        (zip_of({"a/": "", "Thumbs.db": "x"}), "empty"),
        (archive(Entry("a.txt", b"1", ENCRYPTED), Entry("b.txt", b"2", ENCRYPTED)), "encrypted"),
        (zip_of({str(number): "x" for number in range(2001)}), "read"),  # its reading rejects it, as that of a docx
        (zip_of({"a.txt": "1"})[:-9], "read"),
    ],
    ids=["nothing", "nothing but litter", "encrypted", "too many", "truncated"],
)
def test_an_archive_that_cannot_be_had_stays_a_file(settings: Settings, opener: Opener, data: bytes, reason: str) -> None:
    put_bytes(settings, ZIP, data)
    assert work(planned(settings, opener)) == {"绩效自评.zip": reason}
    assert work(planned(settings, opener)) == {"绩效自评.zip": reason}
    put_bytes(settings, ZIP, zip_of({"a.txt": "1"}))
    assert work(planned(settings, opener)) == {"绩效自评.zip (gone)": "none", "绩效自评.zip/a.txt": "read"}


def test_an_archive_that_was_a_rejected_file_before_is_no_report_any_more(settings: Settings, opener: Opener) -> None:
    put_bytes(settings, ZIP, zip_of({"a.txt": "1"}))
    run = warehouse.start_run(settings)
    plan(settings, run, READERS, TEMPLATES)  # as a version without archives did it
    assert pl.read_parquet(run / "plan.parquet")["file_name"].to_list() == [ZIP]
    old = read_register(settings.home).drop("is_zip", "is_container", "container", "rejected_reason", "rejected_detail")
    old.write_parquet(register.register_path(settings.home))
    assert work(planned(settings, opener)) == {"绩效自评.zip/a.txt": "read"}


def test_members_reach_the_lake_like_files(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    put_bytes(settings, ZIP, zip_of({"a.txt": "1", "b.txt": "2"}))
    monkeypatch.setattr(
        "tests.support.frames.plan", lambda *arguments, **options: plan(*arguments, unpack=unpack_here, **options)
    )
    assert merge_night(settings)["reports_merged"] == 2
    put_bytes(settings, ZIP, zip_of({"a.txt": "1"}))
    assert merge_night(settings) == {"partitions_written": 1, "reports_merged": 0, "reports_retired": 1}


def test_counts_tell_files_and_members(settings: Settings) -> None:
    put_bytes(settings, ZIP, zip_of({"a.txt": "1", "b.txt": "2"}))
    counts = plan(settings, settings.home / "runs" / "1", READERS, TEMPLATES, unpack=unpack_here)
    assert {name: counts[name] for name in ("files", "new", "members", "read")} == {
        "files": 1,
        "new": 1,
        "members": 2,
        "read": 2,
    }
    assert contents_path(settings.home).is_file()


def test_a_night_with_archives_in_the_sandbox(settings: Settings) -> None:
    """Plan, read and extract with the real reading processes."""
    put_bytes(settings, ZIP, archive(Entry("甲局.docx".encode("gbk"), package(paragraph("会议通知"))), Entry("../x.txt")))
    put_bytes(settings, "zhuzhou/2024/空.zip", zip_of({}))
    run = settings.home / "runs" / "1"
    plan(settings, run, documents.READERS_VERSION, facts.template_version(), unpack=documents.unpack)
    assert documents.read_pending(settings, run) == {"read": 1, "rejected": 0, "reasons": {}}
    facts.extract_pending(settings, run)
    reports = pl.read_parquet(run / "facts" / "reports.parquet").select("file_name", "reason", "detail").sort("file_name")
    assert reports.rows() == [
        ("zhuzhou/2024/空.zip", "empty", "a zip of 22 bytes without any file"),
        (f"{ZIP}/__/x.txt", "unsafe_content", "the name ../x.txt leads out of the archive"),
        (f"{ZIP}/甲局.docx", "no_forms", "the document holds no form that a template fits"),
    ]


def test_single_archives_are_read_like_the_files_in_them(settings: Settings) -> None:
    path = put_bytes(settings, ZIP, archive(Entry("甲局.txt", "会议通知".encode()), Entry("乙局.txt", b"x", ENCRYPTED)))
    reports = read_files([path], settings)["reports"].sort("file_name")
    assert reports.select("file_name", "reason", "folder_year").rows() == [
        (f"{ZIP}/乙局.txt", "encrypted", 2024),
        (f"{ZIP}/甲局.txt", "no_forms", 2024),
    ]
    rows = planned(settings, Opener())
    assert reports["report_id"].to_list() == [rows[name]["report_id"] for name in reports["file_name"]]
    with documents.expand([path], settings) as sources:
        assert [source.file_name for source in sources] == [f"{path}/甲局.txt", f"{path}/乙局.txt"]
        assert documents.read_source(sources[0], settings).blocks
        with pytest.raises(documents.DocumentError, match="zip password"):
            documents.read_source(sources[1], settings)
        kept = sources[0].path
    assert not kept.exists()
