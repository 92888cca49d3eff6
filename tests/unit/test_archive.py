"""The register of raw files and the plan of a night."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines.archive import RawFolderError, object_path, plan, read_register, register
from pipelines.archive.planning import document_path, report_id
from pipelines.home import LakeError, place
from pipelines.settings import Settings
from tests.support.frames import READERS, TEMPLATES, merge_night, put


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An own home; the files of a test count as written long ago."""
    monkeypatch.setattr(register, "RACY_NS", -1)
    (tmp_path / "raw").mkdir()
    return Settings.load(raw=tmp_path / "raw", home=tmp_path / "home", project=tmp_path, workers=2)


def planned(settings: Settings, readers: str = READERS, templates: str = TEMPLATES) -> dict[str, dict[str, object]]:
    """The plan's rows by file name and first character of the file's content."""
    run = settings.home / "runs" / "1"
    plan(settings, run, readers, templates)
    rows = pl.read_parquet(run / "plan.parquet").iter_rows(named=True)
    return {f"{row['file_name']}={object_path(settings.home, row['sha256']).read_text()}": row for row in rows}


def test_new_file_is_archived_registered_and_planned(settings: Settings) -> None:
    put(settings, "zhuzhou/2024/甲.txt", "1")
    sha256 = hashlib.sha256(b"1").hexdigest()
    counts = plan(settings, settings.home / "runs" / "1", READERS, TEMPLATES)
    assert (counts["files"], counts["new"], counts["files_read"], counts["read"]) == (1, 1, 1, 1)
    assert object_path(settings.home, sha256).read_bytes() == b"1"
    (row,) = pl.read_parquet(settings.home / "runs" / "1" / "plan.parquet").to_dicts()
    assert row["report_id"] == hashlib.sha256(f"zhuzhou/2024/甲.txt\n{sha256}".encode()).hexdigest()[:16]
    assert (row["city_slug"], row["folder_year"], row["byte_count"]) == ("zhuzhou", 2024, 1)
    assert (row["is_current"], row["superseded_by"], row["rejected_reason"], row["work"]) == (True, None, None, "read")


def test_unchanged_bytes_are_never_read_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    put(settings, "zhuzhou/2024/a.txt", "1")
    put(settings, "zhuzhou/2024/b.txt", "2")
    planned(settings)
    opened: list[str] = []
    keep = register.archive_file
    monkeypatch.setattr(register, "archive_file", lambda home, path: opened.append(path) or keep(home, path))
    planned(settings)
    assert opened == []
    changed = put(settings, "zhuzhou/2024/b.txt", "3")
    planned(settings)
    assert opened == [str(changed)]


def test_file_written_while_it_was_registered_is_hashed_once_more(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "RACY_NS", 2_000_000_000)
    path = put(settings, "zhuzhou/2024/a.txt", "1")
    planned(settings)
    before = path.stat()
    # Same size and, as on a file system with coarse clocks, the same time stamps.
    path.write_text("2")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    known = read_register(settings.home).with_columns(ctime_ns=pl.lit(path.stat().st_ctime_ns))
    known.write_parquet(register.register_path(settings.home))
    assert "zhuzhou/2024/a.txt=2" in planned(settings)
    # Long after, it is known for good.
    now = register._now()
    monkeypatch.setattr(register, "_now", lambda: now + timedelta(seconds=60))
    assert plan(settings, settings.home / "runs" / "1", READERS, TEMPLATES)["files_read"] == 1
    assert plan(settings, settings.home / "runs" / "1", READERS, TEMPLATES)["files_read"] == 0


def test_changed_file_supersedes_its_former_revision(settings: Settings) -> None:
    put(settings, "zhuzhou/2024/a.txt", "1")
    planned(settings)
    put(settings, "zhuzhou/2024/a.txt", "22")
    rows = planned(settings)
    old, new = rows["zhuzhou/2024/a.txt=1"], rows["zhuzhou/2024/a.txt=22"]
    assert (old["is_current"], old["superseded_by"], old["work"]) == (False, new["report_id"], "none")
    assert (new["is_current"], new["superseded_by"], new["work"]) == (True, None, "read")


def test_restored_revision_is_current_again(settings: Settings) -> None:
    for text in ("1", "22", "1"):
        put(settings, "zhuzhou/2024/a.txt", text)
        merge_night(settings)
    rows = planned(settings)
    old, new = rows["zhuzhou/2024/a.txt=1"], rows["zhuzhou/2024/a.txt=22"]
    assert (old["is_current"], old["work"]) == (True, "none")
    assert (new["is_current"], new["superseded_by"]) == (False, old["report_id"])


def test_gone_file_is_not_current(settings: Settings) -> None:
    put(settings, "zhuzhou/2024/a.txt", "1")
    gone = put(settings, "zhuzhou/2024/b.txt", "2")
    planned(settings)
    gone.unlink()
    row = planned(settings)["zhuzhou/2024/b.txt=2"]
    assert (row["is_current"], row["superseded_by"], row["rejected_reason"], row["work"]) == (False, None, None, "none")


def test_moved_file_is_superseded_by_its_new_place(settings: Settings) -> None:
    path = put(settings, "zhuzhou/2024/a.txt", "1")
    planned(settings)
    path.rename(path.with_name("b.txt"))
    rows = planned(settings)
    assert rows["zhuzhou/2024/a.txt=1"]["superseded_by"] == rows["zhuzhou/2024/b.txt=1"]["report_id"]
    assert rows["zhuzhou/2024/b.txt=1"]["is_current"]


def test_of_equal_files_the_smallest_path_is_loaded(settings: Settings) -> None:
    put(settings, "zhuzhou/2024/b.txt", "1")
    put(settings, "zhuzhou/2024/a.txt", "1")
    rows = planned(settings)
    loaded, other = rows["zhuzhou/2024/a.txt=1"], rows["zhuzhou/2024/b.txt=1"]
    assert (loaded["is_current"], loaded["work"]) == (True, "read")
    assert (other["is_current"], other["rejected_reason"], other["work"]) == (False, "duplicate_content", "none")
    assert other["superseded_by"] == loaded["report_id"]


def test_of_equal_files_the_loaded_one_stays(settings: Settings) -> None:
    put(settings, "zhuzhou/2024/b.txt", "1")
    merge_night(settings)
    put(settings, "zhuzhou/2024/a.txt", "1")
    rows = planned(settings)
    assert rows["zhuzhou/2024/b.txt=1"]["is_current"]
    assert rows["zhuzhou/2024/a.txt=1"]["rejected_reason"] == "duplicate_content"


def test_duplicate_takes_over_when_the_loaded_file_goes(settings: Settings) -> None:
    loaded = put(settings, "zhuzhou/2024/a.txt", "1")
    put(settings, "zhuzhou/2024/b.txt", "1")
    merge_night(settings)
    loaded.unlink()
    rows = planned(settings)
    assert (rows["zhuzhou/2024/b.txt=1"]["is_current"], rows["zhuzhou/2024/b.txt=1"]["work"]) == (True, "read")
    assert rows["zhuzhou/2024/a.txt=1"]["superseded_by"] == rows["zhuzhou/2024/b.txt=1"]["report_id"]


@pytest.mark.parametrize(
    "file_name", ["a.txt", "zhuzhou/a.txt", "zhuzhou/draft/a.txt", "zhuzhou/20245/a.txt", "_misplaced/2024/a.txt"]
)
def test_file_outside_city_and_year_is_misplaced(settings: Settings, file_name: str) -> None:
    put(settings, file_name, "1")
    (row,) = planned(settings).values()
    assert (row["rejected_reason"], row["city_slug"], row["folder_year"], row["work"]) == ("misplaced", None, None, "none")
    assert place(file_name) is None


def test_misplaced_copy_does_not_displace_the_right_one(settings: Settings) -> None:
    put(settings, "a.txt", "1")
    put(settings, "zhuzhou/2024/a.txt", "1")
    rows = planned(settings)
    assert (rows["zhuzhou/2024/a.txt=1"]["is_current"], rows["zhuzhou/2024/a.txt=1"]["work"]) == (True, "read")
    assert rows["a.txt=1"]["rejected_reason"] == "misplaced"


def test_work_depends_on_stored_document_and_versions(settings: Settings) -> None:
    put(settings, "zhuzhou/2024/a.txt", "1")
    assert planned(settings)["zhuzhou/2024/a.txt=1"]["work"] == "read"
    stored = document_path(settings.home, READERS, hashlib.sha256(b"1").hexdigest())
    stored.parent.mkdir(parents=True)
    stored.write_bytes(b"")
    assert planned(settings)["zhuzhou/2024/a.txt=1"]["work"] == "extract"
    merge_night(settings)
    assert planned(settings)["zhuzhou/2024/a.txt=1"]["work"] == "none"
    assert planned(settings, templates="templates-2")["zhuzhou/2024/a.txt=1"]["work"] == "extract"
    assert planned(settings, readers="readers-2")["zhuzhou/2024/a.txt=1"]["work"] == "read"


def test_lost_object_is_archived_again(settings: Settings) -> None:
    put(settings, "zhuzhou/2024/a.txt", "1")
    planned(settings)
    object_path(settings.home, hashlib.sha256(b"1").hexdigest()).unlink()
    assert "zhuzhou/2024/a.txt=1" in planned(settings)


def test_hidden_and_temporary_files_and_links_are_left_alone(settings: Settings, tmp_path: Path) -> None:
    for name in (".DS_Store", "~$a.docx", ".~lock.a.docx#", "a.docx.tmp", "Thumbs.db", "a.txt~"):
        put(settings, f"zhuzhou/2024/{name}", "1")
    put(settings, ".git/2024/a.txt", "1")
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "a.txt").write_text("1")
    (settings.raw / "zhuzhou" / "2024" / "link.txt").symlink_to(secret / "a.txt")
    (settings.raw / "liuyang").symlink_to(secret, target_is_directory=True)
    os.mkfifo(settings.raw / "zhuzhou" / "2024" / "pipe.txt")
    counts = plan(settings, settings.home / "runs" / "1", READERS, TEMPLATES)
    assert (counts["files"], counts["links_ignored"]) == (0, 2)


def test_names_become_readable_nfc_text(settings: Settings) -> None:
    folder = settings.raw / "zhuzhou" / "2024"
    folder.mkdir(parents=True)
    (folder / "e\u0301.txt").write_text("1")
    Path(os.fsdecode(os.fsencode(folder) + b"/" + "报告.txt".encode("gb18030"))).write_text("2")
    (folder / "A\u030a.txt").write_text("3")
    (folder / "\u00c5.txt").write_text("4")
    names = sorted(planned(settings))
    expected = ["\u00e9.txt=1", "报告.txt=2", "A\u030a.txt=3", "\u00c5.txt=4"]
    assert names == sorted(f"zhuzhou/2024/{name}" for name in expected)
    assert len(planned(settings)) == 4


def test_missing_raw_folder_is_an_error(settings: Settings) -> None:
    settings.raw.rmdir()
    with pytest.raises(RawFolderError, match=r"raw.*Create it"):
        planned(settings)


def test_suddenly_empty_raw_folder_is_an_error_and_changes_nothing(settings: Settings) -> None:
    path = put(settings, "zhuzhou/2024/a.txt", "1")
    planned(settings)
    path.unlink()
    with pytest.raises(RawFolderError, match="empty, but 1 files"):
        planned(settings)
    assert read_register(settings.home)["is_present"].to_list() == [True]


def test_empty_raw_folder_at_first_is_no_error(settings: Settings) -> None:
    assert planned(settings) == {}


def test_unreadable_file_keeps_its_revision_and_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(settings, "zhuzhou/2024/a.txt", "1")
    put(settings, "zhuzhou/2024/b.txt", "2")
    planned(settings)
    put(settings, "zhuzhou/2024/a.txt", "22")
    open_regular = register._open_regular

    def refuse(name: str):
        if name == str(path):
            raise PermissionError(13, "Permission denied", name)
        return open_regular(name)

    monkeypatch.setattr(register, "_open_regular", refuse)
    counts = plan(settings, settings.home / "runs" / "1", READERS, TEMPLATES)
    assert len(counts["unreadable"]) == 1
    assert "zhuzhou/2024/a.txt" in counts["unreadable"][0]
    assert planned(settings)["zhuzhou/2024/a.txt=1"]["is_current"]
    monkeypatch.undo()
    assert planned(settings)["zhuzhou/2024/a.txt=22"]["is_current"]


def test_file_removed_after_the_scan_is_gone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    put(settings, "zhuzhou/2024/a.txt", "1")
    path = put(settings, "zhuzhou/2024/b.txt", "2")
    scan = register.scan_raw

    def scan_then_remove(raw: Path) -> register.Scan:
        found = scan(raw)
        path.unlink()
        return found

    monkeypatch.setattr(register, "scan_raw", scan_then_remove)
    counts = plan(settings, settings.home / "runs" / "1", READERS, TEMPLATES)
    assert (counts["files"], counts["unreadable"]) == (1, [])


def test_progress_counts_files_read(settings: Settings) -> None:
    for number in range(3):
        put(settings, f"zhuzhou/2024/{number}.txt", str(number))
    seen: list[tuple[int, int]] = []
    plan(settings, settings.home / "runs" / "1", READERS, TEMPLATES, lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_corrupt_lake_stops_the_plan(settings: Settings) -> None:
    put(settings, "zhuzhou/2024/a.txt", "1")
    merge_night(settings)
    (settings.home / "lake" / "manifest.json").write_text("{")
    with pytest.raises(LakeError, match=r"manifest\.json.*remove"):
        planned(settings)


def test_report_id_tells_paths_and_bytes_apart() -> None:
    assert len({report_id("a", "1"), report_id("b", "1"), report_id("a", "2")}) == 3
