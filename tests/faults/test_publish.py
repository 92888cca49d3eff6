"""Readers are undisturbed by a publish, and a killed run harms nothing that is published."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipelines import warehouse
from pipelines.home import current_release, lake_partitions
from pipelines.settings import Settings
from pipelines.warehouse.build import warehouse_path
from tests.support.frames import merge_night, put, write_reference

ROOT = Path(__file__).parents[2]

# One night without dbt. Before the call of os.rename, os.replace or os.rmdir whose number is given, the process kills itself.
NIGHT = """
import os, signal, sys
from pathlib import Path

from tests.faults.test_publish import night, settings_of

calls = int(sys.argv[2])

def deadly(function):
    def call(*arguments, **options):
        global calls
        if calls == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        calls -= 1
        return function(*arguments, **options)
    return call

for name in ("rename", "replace", "rmdir"):
    setattr(os, name, deadly(getattr(os, name)))
night(settings_of(Path(sys.argv[1])))
"""


def settings_of(folder: Path) -> Settings:
    return Settings.load(raw=folder / "raw", home=folder / "home", project=folder, workers=1, keep_releases=1)


def night(settings: Settings) -> None:
    """A night with a stand-in for the dbt models: one mart that sums the facts."""
    with warehouse.writer_lock(settings):
        merge_night(settings)
        if warehouse.needs_release(settings):
            warehouse.load(settings)
            with duckdb.connect(str(warehouse_path(settings))) as connection:
                connection.execute("create schema marts")
                connection.execute(
                    "create table marts.mart_sum as select sum(amount_wanyuan) as amount from facts.fact_expenditures"
                )
            warehouse.publish(settings)


def published(settings: Settings) -> tuple[Decimal, Decimal]:
    """The current release's mart, and the sum of its facts."""
    path = (settings.home / "current" / "warehouse.duckdb").resolve(strict=True)
    with duckdb.connect(str(path), read_only=True) as connection:
        (mart,) = connection.execute("select amount from marts.mart_sum").fetchall()[0]
        (facts,) = connection.execute("select sum(amount_wanyuan) from facts.fact_expenditures").fetchall()[0]
    return mart, facts


def first_nights(folder: Path) -> Settings:
    """Three nights over three files of two cities, so that the next one has an older release to remove."""
    settings = settings_of(folder)
    (folder / "dbt_project").mkdir()
    write_reference(folder)
    put(settings, "zhuzhou/2024/b.txt", "10")
    put(settings, "liuyang/2024/c.txt", "100")
    for amount in ("1", "2", "3"):
        put(settings, "zhuzhou/2024/a.txt", amount)
        night(settings)
    return settings


def change(settings: Settings) -> None:
    put(settings, "zhuzhou/2024/a.txt", "4")
    put(settings, "liuyang/2023/c.txt", "100")
    (settings.raw / "liuyang" / "2024" / "c.txt").unlink()


BEFORE, AFTER = Decimal(113), Decimal(114)


def test_reader_of_the_old_release_is_undisturbed(tmp_path: Path) -> None:
    settings = first_nights(tmp_path)
    path = (settings.home / "current" / "warehouse.duckdb").resolve()
    with duckdb.connect(str(path), read_only=True) as reader:
        assert reader.execute("select amount from marts.mart_sum").fetchall() == [(BEFORE,)]
        change(settings)
        night(settings)
        assert reader.execute("select amount from marts.mart_sum").fetchall() == [(BEFORE,)]
        assert published(settings) == (AFTER, AFTER)
        # Two releases on, the reader's folder is gone and its file is still its own.
        for amount in ("5", "6"):
            put(settings, "zhuzhou/2024/a.txt", amount)
            night(settings)
        assert not path.exists()
        assert reader.execute("select sum(amount_wanyuan) from facts.fact_expenditures").fetchall() == [(BEFORE,)]
    assert published(settings) == (Decimal(116), Decimal(116))


def test_reader_of_the_old_release_does_not_block_the_publish(tmp_path: Path) -> None:
    settings = first_nights(tmp_path)
    script = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); sys.stdin.read()\n"
    )
    script += "print(c.execute('select amount from marts.mart_sum').fetchall()[0][0])"
    path = (settings.home / "current" / "warehouse.duckdb").resolve()
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        change(settings)
        night(settings)
        output, _ = reader.communicate()
    assert Decimal(output.strip()) == BEFORE
    assert published(settings) == (AFTER, AFTER)


def test_kill_at_any_stage_leaves_a_valid_release_and_the_next_run_succeeds(tmp_path: Path) -> None:
    template = tmp_path / "template"
    template.mkdir()
    change(first_nights(template))
    seen = []
    for number in range(200):
        folder = tmp_path / str(number)
        shutil.copytree(template, folder, symlinks=True)
        settings = settings_of(folder)
        child = subprocess.run(
            [sys.executable, "-c", NIGHT, str(folder), str(number)], cwd=ROOT, capture_output=True, text=True
        )
        if child.returncode == 0:
            break
        assert child.returncode == -signal.SIGKILL, child.stderr
        mart, facts = published(settings)
        assert mart == facts
        assert mart in (BEFORE, AFTER)
        release = current_release(settings.home)
        assert release is not None
        seen.append(mart)
        night(settings)
        assert published(settings) == (AFTER, AFTER)
        night(settings)  # the lake lets go of what the former release was made of
        assert_tidy(settings)
        shutil.rmtree(folder)
    assert child.returncode == 0
    assert len(seen) > 10
    # The switch of `current` is one point: before it every death leaves the old release, after it the new one.
    assert seen == sorted(seen)
    assert {BEFORE, AFTER} == set(seen)


def assert_tidy(settings: Settings) -> None:
    """Nothing half-made is left and the lake holds what its manifest names."""
    home = settings.home
    assert not (home / "build").exists()
    assert not warehouse.needs_release(settings)
    current = (home / "current").readlink().name
    release = current_release(home)
    assert release is not None
    assert release["release_id"] == current
    assert current in {path.name for path in (home / "releases").iterdir()}
    assert [str(path) for path in home.rglob("*.tmp")] == []
    assert [path.name for path in (home / "releases").glob(".*")] == []
    versions = {f"{path.parent.parent.name}/{path.parent.name}": path.name for path in (home / "lake").glob("*/*/*")}
    assert versions == {name: entry["version"] for name, entry in lake_partitions(home).items()}


@pytest.mark.parametrize("stage", ["load", "publish"])
def test_failing_stage_leaves_the_release_and_the_next_run_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    settings = first_nights(tmp_path)
    change(settings)
    with monkeypatch.context() as patched, pytest.raises(OSError, match="No space left"):
        patched.setattr(warehouse, stage, _disk_full)
        night(settings)
    assert published(settings) == (BEFORE, BEFORE)
    night(settings)
    assert published(settings) == (AFTER, AFTER)


def _disk_full(settings: Settings) -> None:
    raise OSError(28, "No space left on device")


def test_lock_of_a_killed_run_is_free(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    script = (
        "import sys; from pathlib import Path; from pipelines import warehouse; "
        "from tests.faults.test_publish import settings_of\n"
        "with warehouse.writer_lock(settings_of(Path(sys.argv[1]))):\n    print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(warehouse.LockedError, match=f"process {holder.pid}"), warehouse.writer_lock(settings):
            pass
        holder.kill()
        holder.wait()
        with warehouse.writer_lock(settings):
            assert str(holder.pid) not in (settings.home / "lock").read_text()
