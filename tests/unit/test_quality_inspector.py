"""The quality engine in a child process: same results, errors handed over, no child left behind."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import polars as pl
import pytest

from pipelines.quality import SuiteError
from pipelines.quality.inspector import Inspector
from pipelines.settings import Settings
from tests.support.facts import fact_frame, write_run


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(home=tmp_path / "home")


def test_child_checks_tables_hands_over_errors_and_ends(settings: Settings, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"fact_personnel": fact_frame("fact_personnel", {}, {"in_post_count": -1})})
    with Inspector() as inspector:
        inspector.start()
        inspector.start()
        assert inspector.check_table(settings, run, "fact_personnel")["rows_quarantined_count"] == 1
        assert len(pl.read_parquet(run / "facts" / "fact_personnel.parquet")) == 1
        with pytest.raises(SuiteError, match=r"fact_tea\.json"):
            (run / "facts" / "fact_goals.parquet").rename(run / "facts" / "fact_tea.parquet")
            inspector.check_table(settings, run, "fact_tea")
        with pytest.raises(SuiteError, match="fact_goals: the check failed"):
            inspector.check_table(settings, run, "fact_goals")
        assert inspector.check_table(settings, run, "fact_personnel")["rows_quarantined_count"] == 0
        (child,) = [process for process in multiprocessing.active_children() if process.name == "quality-inspector"]
    assert not child.is_alive()


def test_dead_child_is_a_suite_error(settings: Settings, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {})
    with Inspector() as inspector:
        inspector.start()
        (child,) = [process for process in multiprocessing.active_children() if process.name == "quality-inspector"]
        child.kill()
        child.join()
        with pytest.raises(SuiteError, match="the process of the quality engine died"):
            inspector.check_table(settings, run, "fact_goals")


def test_without_start_the_check_runs_here(settings: Settings, tmp_path: Path) -> None:
    with Inspector() as inspector:
        assert inspector.check_table(settings, write_run(tmp_path / "run", {}), "fact_goals")["rows_checked_count"] == 0
    assert not [process for process in multiprocessing.active_children() if process.name == "quality-inspector"]
