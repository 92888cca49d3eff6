"""The quality engine in a child process: same results, errors handed over, no child left behind."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from pipelines.catalogue.schemas import empty_frame
from pipelines.quality import SuiteError
from pipelines.quality.inspector import Inspector
from pipelines.settings import Settings
from tests.support.facts import fact_frame, write_run


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(home=tmp_path / "home")


def test_child_checks_tables_hands_over_errors_and_ends(settings: Settings, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"fact_personnel": fact_frame("fact_personnel", {}, {"in_post_count": -1})})
    empty_frame("fact_goals").write_parquet(run / "facts" / "fact_tea.parquet")
    with Inspector() as inspector:
        inspector.start()
        inspector.start()
        checked = inspector.check_tables(settings, run, ["fact_personnel", "fact_tea"])
        assert not isinstance(checked["fact_personnel"], SuiteError)
        assert checked["fact_personnel"]["rows_quarantined_count"] == 1
        assert "fact_tea.json: the suite cannot be read" in str(checked["fact_tea"])
        assert isinstance(checked["fact_tea"], SuiteError)
        assert len(pl.read_parquet(run / "facts" / "fact_personnel.parquet")) == 1
        assert not inspector.is_started
    assert not [process for process in multiprocessing.active_children() if process.name == "quality-inspector"]


def test_whatever_fails_in_the_child_is_a_suite_error(settings: Settings, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {})
    with Inspector() as inspector:
        inspector.start()
        (child,) = [process for process in multiprocessing.active_children() if process.name == "quality-inspector"]
        with pytest.raises(SuiteError, match=r"(?s)the check failed: .*fact_milk\.parquet"):
            inspector.check_tables(settings, run, ["fact_milk"])
    assert child.exitcode == 0


def test_child_ends_with_its_killed_parent() -> None:
    code = (
        "import os, signal; from pipelines.quality.inspector import Inspector; inspector = Inspector();"
        "inspector.start(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=60)
    # The child holds the other end of standard output, so `run` returns only once it has ended.
    assert killed.returncode == -signal.SIGKILL
    assert killed.stderr == b""


def test_unused_child_ends_by_itself() -> None:
    with Inspector() as inspector:
        inspector.start()
        (child,) = [process for process in multiprocessing.active_children() if process.name == "quality-inspector"]
    assert child.exitcode == 0


def test_dead_child_is_a_suite_error(settings: Settings, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {})
    with Inspector() as inspector:
        inspector.start()
        (child,) = [process for process in multiprocessing.active_children() if process.name == "quality-inspector"]
        child.kill()
        child.join()
        with pytest.raises(SuiteError, match="the process of the quality engine died"):
            inspector.check_tables(settings, run, ["fact_goals"])


def test_without_start_the_check_runs_here(settings: Settings, tmp_path: Path) -> None:
    with Inspector() as inspector:
        (checked,) = inspector.check_tables(settings, write_run(tmp_path / "run", {}), ["fact_goals"]).values()
    assert not isinstance(checked, SuiteError)
    assert checked["rows_checked_count"] == 0
    assert not [process for process in multiprocessing.active_children() if process.name == "quality-inspector"]
