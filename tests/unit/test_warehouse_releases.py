"""Releases once they are there: listing, pins, roll-back, pruning, holding back, comparing."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import warehouse
from pipelines.archive import Selection, register
from pipelines.home import current_release, lake_files, lake_partitions
from pipelines.settings import Settings
from pipelines.warehouse import (
    HeldError,
    LakeError,
    LockedError,
    Making,
    PublishError,
    needs_release,
    publish,
    releases,
    writer_lock,
)
from pipelines.warehouse.build import warehouse_path
from pipelines.warehouse.content import content_hashes
from pipelines.warehouse.differences import differences, pair
from pipelines.warehouse.losses import is_too_much
from pipelines.warehouse.releases import OpenError, UnknownReleaseError
from tests.support.frames import merge_night, put, write_project

FILE = "zhuzhou/2024/a.txt"
AS_USUAL = Making()
# Its name in the package is that of the function.
PUBLISHING = import_module("pipelines.warehouse.publish")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(register, "RACY_NS", -1)
    settings = Settings.load(raw=tmp_path / "raw", home=tmp_path / "home", project=tmp_path, workers=2, keep_releases=2)
    put(settings, FILE, "1.5")
    write_project(tmp_path)
    return settings


def build(settings: Settings) -> None:
    """What a night builds, with a stand-in for the dbt models."""
    merge_night(settings)
    warehouse.load(settings)
    with duckdb.connect(str(warehouse_path(settings))) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.mart_findings as select 'F01' as rule_id, 'F01.parts' as check_id, city_code, department_id, "
            "fiscal_year, form_kind, project_name, item_code as subject, 'fail' as outcome, amount_wanyuan as stated_value, "
            "'矛盾' as message_zh, 'contradiction' as message_en, [row_id] as left_row_ids "
            "from facts.fact_expenditures where amount_wanyuan > 5"
        )


def release(settings: Settings, text: str | None = None, making: Making = AS_USUAL) -> str:
    """A night that publishes, with another amount in the file; returns the release's id."""
    if text is not None:
        put(settings, FILE, text)
    build(settings)
    return str(warehouse.publish(settings, making)["release_id"])


def amount(settings: Settings) -> list[tuple[Any, ...]]:
    with duckdb.connect(str((settings.home / "current" / "warehouse.duckdb").resolve()), read_only=True) as connection:
        return connection.execute("select amount_wanyuan::varchar from facts.fact_expenditures order by 1").fetchall()


def test_the_manifest_tells_how_the_release_came_about(settings: Settings) -> None:
    making = Making({"dbt": {"success": 2}}, {"lake": 0.5}, Selection.of(["zhuzhou"], [2024]))
    release(settings, making=making)
    manifest = current_release(settings.home)
    assert manifest is not None
    assert {name: manifest[name] for name in ("checks", "seconds", "losses", "git_revision")} == {
        "checks": {"dbt": {"success": 2}},
        "seconds": {"lake": 0.5},
        "losses": [],
        "git_revision": None,
    }
    assert manifest["selection"] == {"cities": ["zhuzhou"], "years": [2024], "since": None, "reread": False}
    assert (manifest["inputs"]["files"], manifest["inputs"]["contents"], manifest["inputs"]["reports"]) == (1, 1, 1)
    versions = {"jixiao", "readers", "templates", "catalogue", "dbt_project", "python", "duckdb"}
    assert versions <= manifest["versions"].keys()
    assert all(manifest["versions"][name] for name in versions)
    assert manifest["content_hashes"] == content_hashes(settings.home / "current" / "warehouse.duckdb")
    assert manifest["content_hashes"].keys() == manifest["row_counts"].keys()


def test_the_git_revision_is_told_with_what_differs_from_it(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git_revision = PUBLISHING.git_revision
    assert git_revision(tmp_path) is None
    git("init", "-q")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-q", "-m", "first")
    assert git_revision(tmp_path) == git("rev-parse", "HEAD")
    (tmp_path / "a").write_text("2")
    assert git_revision(tmp_path) == git("rev-parse", "HEAD") + "+"


def test_a_release_cannot_be_written_to(settings: Settings) -> None:
    release(settings)
    modes = [path.stat().st_mode & 0o777 for path in (settings.home / "current").resolve().iterdir()]
    assert modes == [0o444] * 3  # warehouse, manifest, dictionary


def test_list_pin_and_unpin(settings: Settings) -> None:
    ids = [release(settings, text) for text in ("1", "2", "7")]
    home = settings.home
    assert [entry["release_id"] for entry in releases.listed(home)] == [ids[2], ids[1]]
    releases.pin(home, ids[1])
    newest, older = releases.listed(home)
    assert (newest["current"], newest["pinned"], newest["findings"], newest["rows"], newest["reports"]) == (
        True,
        False,
        1,
        1,
        1,
    )
    assert (older["current"], older["pinned"], older["findings"]) == (False, True, 0)
    more = [release(settings, text) for text in ("3", "4", "5")]
    assert releases.release_names(home) == [ids[1], *more[-2:]]
    assert releases.unpin(home, ids[1])
    assert not releases.unpin(home, ids[1])
    last = release(settings, "6")
    assert releases.release_names(home) == [more[-1], last]
    with pytest.raises(UnknownReleaseError, match=last):
        releases.pin(home, "20200101T000000000Z-00000000")


def test_a_roll_back_stays_until_something_changes(settings: Settings) -> None:
    first, second = release(settings, "1"), release(settings, "2")
    done = releases.roll_back(settings)
    assert done == {"release_id": first, "former_release_id": second, "withdrawn": [second]}
    assert amount(settings) == [("1.000000",)]
    merge_night(settings)
    assert not needs_release(settings)
    # The withdrawn release stays however many there are.
    assert releases.release_names(settings.home) == [first, second]
    put(settings, FILE, "3")
    merge_night(settings)
    assert needs_release(settings)
    third = release(settings)
    assert amount(settings) == [("3.000000",)]
    manifest = current_release(settings.home)
    assert manifest is not None
    assert manifest["previous_release_id"] == first
    assert releases.rolled_back(settings.home) is None
    assert third > second


def test_rolling_forward_ends_a_roll_back(settings: Settings) -> None:
    first, second = release(settings, "1"), release(settings, "2")
    releases.roll_back(settings, first)
    assert releases.rolled_back(settings.home) is not None
    assert releases.roll_back(settings, second)["withdrawn"] == []
    assert releases.rolled_back(settings.home) is None
    assert amount(settings) == [("2.000000",)]
    assert not needs_release(settings)


def test_a_roll_back_names_what_cannot_be(settings: Settings) -> None:
    with pytest.raises(UnknownReleaseError, match="no release before"):
        releases.roll_back(settings)
    first = release(settings, "1")
    with pytest.raises(UnknownReleaseError, match=f"elsewhere.*{first}"):
        releases.roll_back(settings, "elsewhere")
    second = release(settings, "2")
    with writer_lock(settings), pytest.raises(LockedError):
        releases.roll_back(settings)
    path = settings.home / "releases" / first / "warehouse.duckdb"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(OpenError, match="does not open"):
        releases.roll_back(settings)
    assert releases.current_name(settings.home) == second


def test_a_torn_memory_of_a_roll_back_counts_for_nothing(settings: Settings) -> None:
    release(settings, "1")
    release(settings, "2")
    releases.roll_back(settings)
    (settings.home / "rollback.json").write_text('{"release_id":')
    assert releases.rolled_back(settings.home) is None
    assert needs_release(settings)


def test_what_a_reader_has_open_stays(settings: Settings) -> None:
    ids = [release(settings, "1"), release(settings, "2")]
    path = settings.home / "releases" / ids[0] / "warehouse.duckdb"
    script = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); sys.stdin.read()"
    assert not releases.is_open(path)
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        assert releases.is_open(path)
        for text in ("3", "4"):
            ids.append(release(settings, text))
        assert releases.release_names(settings.home) == [ids[0], *ids[-2:]]
        reader.communicate()
    ids.append(release(settings, "5"))
    assert releases.release_names(settings.home) == ids[-2:]


def test_a_clock_put_back_does_not_put_releases_in_disorder(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    first = release(settings, "1")

    class Past(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime(2020, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(PUBLISHING, "datetime", Past)
    second = release(settings, "2")
    assert second > first
    assert releases.release_names(settings.home) == [first, second]


# held back --------------------


@pytest.mark.parametrize(
    ("before", "after", "allowed", "expected"),
    [
        (100, 90, 10, False),
        (100, 89, 10, True),
        (3, 2, 33, True),
        (3, 2, 34, False),
        (0, 0, 0, False),
        (5, 9, 0, False),
        (1, 1, 0, False),
    ],
)
def test_shares_are_exact(before: int, after: int, allowed: int, expected: bool) -> None:
    assert is_too_much(before, after, allowed) is expected


def test_a_release_that_lost_too_much_is_held_back(settings: Settings) -> None:
    second = put(settings, "zhuzhou/2024/b.txt", "9")
    first = release(settings)
    second.unlink()
    build(settings)
    with pytest.raises(
        HeldError, match=r"1 of 2 rows of the fact tables are lost \(50\.0 %.*max_lost_rows_pct.*--accept-losses"
    ):
        publish(settings)
    assert releases.current_name(settings.home) == first
    assert not warehouse_path(settings).exists()
    held, current = releases.listed(settings.home)
    assert (held["held"], held["current"], current["release_id"]) == (True, False, first)
    assert "of 2 rows" in held["reasons"][0]
    # It can be looked at, and compared with the current one.
    told = differences(*pair(settings, first, held["release_id"]))
    assert told["counts"]["figures"] == 1
    with pytest.raises(UnknownReleaseError, match="held back"):
        releases.pin(settings.home, held["release_id"])
    with pytest.raises(UnknownReleaseError, match="held back"):
        releases.roll_back(settings, held["release_id"])
    assert needs_release(settings)
    third = release(settings, making=Making(accept_losses=True))
    assert releases.current_name(settings.home) == third
    manifest = current_release(settings.home)
    assert manifest is not None
    assert "of 2 rows" in manifest["losses"][0]
    assert not (settings.home / "held").exists()


def test_departments_that_are_gone_count_by_name(settings: Settings) -> None:
    for number, name in enumerate("bcd", start=2):
        put(settings, f"zhuzhou/2024/{name}.txt", str(number))
    build(settings)
    by_file = "update facts.reports set department_id = file_name"
    with duckdb.connect(str(warehouse_path(settings))) as connection:
        connection.execute(by_file)
    warehouse.publish(settings)
    (settings.raw / "zhuzhou" / "2024" / "d.txt").rename(settings.raw / "zhuzhou" / "2024" / "e.txt")
    build(settings)
    with duckdb.connect(str(warehouse_path(settings))) as connection:
        connection.execute(by_file)
    with pytest.raises(HeldError, match=r"1 of 4 departments are lost.*zhuzhou/2024/d\.txt"):
        publish(settings)
    build(settings)
    with duckdb.connect(str(warehouse_path(settings))) as connection:
        connection.execute(by_file)
    publish(replace(settings, max_lost_departments_pct=25))


def test_a_release_that_does_not_open_is_not_published(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    first = release(settings, "1")
    put(settings, FILE, "2")
    build(settings)

    def fail(folder: Path) -> None:
        raise OpenError(f"{folder} does not open")

    with monkeypatch.context() as patched, pytest.raises(PublishError, match=r"kept in .*held.*Run"):
        patched.setattr(PUBLISHING, "open_test", fail)
        publish(settings)
    assert releases.current_name(settings.home) == first
    assert releases.release_names(settings.home) == [first]
    release(settings)
    assert amount(settings) == [("2.000000",)]


# differences --------------------


def test_a_changed_file_shows_its_figure_old_and_new_with_its_place(settings: Settings) -> None:
    first, second = release(settings, "1.5"), release(settings, "6.25")
    told = differences(*pair(settings))
    assert (told["before"], told["after"]) == (first, second)
    (figure,) = told["figures"]
    assert (figure["change"], figure["old"], figure["new"], figure["file_name"]) == ("changed", "1.5", "6.25", FILE)
    assert (figure["table"], figure["column"]) == ("fact_expenditures", "amount_wanyuan")
    by_table = {entry["table"]: entry for entry in told["tables"]}
    assert [by_table["facts.fact_expenditures"][name] for name in ("added", "removed", "changed")] == [0, 0, 1]
    assert (by_table["facts.reports"]["rows_before"], by_table["facts.reports"]["rows_after"]) == (1, 2)
    (finding,) = told["findings"]
    assert (finding["change"], finding["check_id"], finding["message_en"]) == ("opened", "F01.parts", "contradiction")
    assert told["counts"] == {
        "departments": len(told["departments"]),
        "figures": 1,
        "findings_opened": 1,
        "findings_closed": 0,
        "findings_changed": 0,
    }
    back = differences(*pair(settings, second, first))
    assert [(entry["old"], entry["new"]) for entry in back["figures"]] == [("6.25", "1.5")]
    assert [entry["change"] for entry in back["findings"]] == ["closed"]


def test_new_gone_and_moved_files(settings: Settings) -> None:
    put(settings, "zhuzhou/2024/gone.txt", "2")
    release(settings, "1")
    (settings.raw / "zhuzhou/2024/gone.txt").unlink()
    (settings.raw / FILE).rename(settings.raw / "zhuzhou/2024/moved.txt")
    put(settings, "zhuzhou/2024/new.txt", "3")
    release(settings)
    told = differences(*pair(settings))
    figures = [(entry["change"], entry["file_name"], entry["old"], entry["new"]) for entry in told["figures"]]
    assert figures == [("added", "zhuzhou/2024/new.txt", None, "3"), ("removed", "zhuzhou/2024/gone.txt", "2", None)]


def test_a_table_or_column_that_one_release_lacks_is_told(settings: Settings) -> None:
    release(settings, "1")
    put(settings, FILE, "2")
    build(settings)
    with duckdb.connect(str(warehouse_path(settings))) as connection:
        connection.execute("alter table facts.fact_expenditures drop column unit_reported")
        connection.execute("create table marts.mart_new as select 1 as one")
    warehouse.publish(settings)
    by_table = {entry["table"]: entry for entry in differences(*pair(settings))["tables"]}
    assert by_table["facts.fact_expenditures"]["columns_removed"] == ["unit_reported"]
    assert (by_table["marts.mart_new"]["rows_before"], by_table["marts.mart_new"]["added"]) == (0, 1)


def test_lists_are_cut_and_counted_in_full(settings: Settings) -> None:
    release(settings, "1")
    for number in range(4):
        put(settings, f"zhuzhou/2024/n{number}.txt", str(number + 6))
    release(settings)
    told = differences(*pair(settings), limit=2)
    assert (len(told["figures"]), told["counts"]["figures"]) == (2, 4)
    assert (len(told["findings"]), told["counts"]["findings_opened"]) == (2, 4)


def test_what_cannot_be_compared_is_named(settings: Settings) -> None:
    with pytest.raises(UnknownReleaseError, match="nothing is published"):
        pair(settings)
    first = release(settings, "1")
    with pytest.raises(UnknownReleaseError, match="first release"):
        pair(settings)
    with pytest.raises(UnknownReleaseError, match=f"nowhere.*{first}"):
        pair(settings, "nowhere")
    assert json.loads((settings.home / "current" / "manifest.json").read_text())["release_id"] == first


# a damaged lake --------------------


@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing", "folder"])
def test_a_damaged_partition_is_set_aside_and_extracted_anew(settings: Settings, damage: str) -> None:
    put(settings, "zhuzhou/2023/b.txt", "2")
    release(settings, "1")
    release(settings, "3")  # so that the partition holds a former revision
    before = lake_partitions(settings.home)
    path = next(path for path in lake_files(settings.home, "fact_expenditures") if "zhuzhou/2024" in str(path))
    data = bytearray(path.read_bytes())
    if damage == "truncated":
        path.write_bytes(data[:40])
    elif damage == "flipped":
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    elif damage == "missing":
        path.unlink()
    else:
        for file in path.parent.iterdir():
            file.unlink()
        path.parent.rmdir()
    back_fill = Selection.of(["zhuzhou"])
    with pytest.raises(LakeError, match=r"zhuzhou/2024.*without a selection"):
        warehouse.mend(settings, back_fill)
    assert warehouse.mend(settings) == ["zhuzhou/2024"]
    assert warehouse.mend(settings) == []
    # As long as no run has brought everything back, a part of it is not taken for the whole.
    with pytest.raises(LakeError, match="zhuzhou/2024"):
        warehouse.mend(settings, back_fill)
    merge_night(settings)
    assert warehouse.mend(settings, back_fill) == []
    # All is as it was, also the row of the former revision: there is nothing to publish.
    assert lake_partitions(settings.home) == before
    assert not needs_release(settings)
