"""A night killed at any stage leaves the published release as it was, and the next night comes to its end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.nights import CLEAN, CONTRADICTORY, PROJECT, environment, nightly, rows

PATIENCE_SECONDS = 120


def any_of(pattern: str) -> Callable[[Path], bool]:
    return lambda home: any(home.glob(pattern))


# What must have appeared under the home when the night is killed: one moment per stage.
MOMENTS = {
    "started": any_of("runs/*"),
    "planned": any_of("runs/*/plan.parquet"),
    "extracted": any_of("runs/*/facts/reports.parquet"),
    "building": any_of("build/warehouse.duckdb"),
    "modelling": any_of("build/*.wal"),
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("killed")
    raw, home = folder / "raw", folder / "home"
    shelf = raw / "anlan" / "2024"
    shelf.mkdir(parents=True)
    shutil.copy(CLEAN, shelf / "one.txt")
    code, _ = nightly(raw, home)
    assert code == 0
    return raw, home


def kill_at(raw: Path, home: Path, moment: Callable[[Path], bool]) -> bool:
    """Start a night, kill -9 it and its children when the moment has come; False where it ended before that."""
    command = [sys.executable, "-m", "pipelines.cli", "nightly", "--raw", str(raw), "--home", str(home)]
    night = subprocess.Popen(command, cwd=PROJECT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    waited = time.monotonic()
    try:
        while night.poll() is None and not moment(home):
            assert time.monotonic() - waited < PATIENCE_SECONDS, "the moment never came"
            time.sleep(0.001)
        return night.poll() is None
    finally:
        if night.poll() is None:
            os.kill(night.pid, signal.SIGKILL)
        night.wait()


@pytest.mark.parametrize("name", MOMENTS)
def test_a_killed_night_leaves_the_release_whole(published: tuple[Path, Path], name: str) -> None:
    raw, home = published
    release, content = (home / "current").resolve(), rows(home, "select * from facts.fact_expenditures order by all")
    (raw / "anlan" / "2024" / f"{name}.txt").write_bytes(CONTRADICTORY.read_bytes() + f"\n{name}\n".encode())
    shutil.rmtree(home / "runs")
    shutil.rmtree(home / "build", ignore_errors=True)
    assert kill_at(raw, home, MOMENTS[name]), f"the night was over before the moment {name}"
    assert (home / "current").resolve() == release
    assert rows(home, "select * from facts.fact_expenditures order by all") == content


def test_the_next_night_loads_what_the_killed_ones_left(published: tuple[Path, Path]) -> None:
    raw, home = published
    code, told = nightly(raw, home)
    assert (code, told["published"], told["errors"]) == (0, True, [])
    loaded = rows(home, "select file_name from facts.reports where is_current and outcome = 'parsed'")
    assert {name for (name,) in loaded} == {path.relative_to(raw).as_posix() for path in raw.rglob("*.txt")}
    assert rows(home, "select count(*) from marts.mart_findings")[0][0] > 0
    _, again = nightly(raw, home)
    assert not again["published"]
