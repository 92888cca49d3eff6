"""A real daemon: its schedule and its sensor tick and ask for runs of the nightly job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest
import yaml

from pipelines.defs.instance import instance
from pipelines.settings import Settings
from tests.support.nights import PROJECT, environment

LIMIT_SECONDS = 240  # the schedule ticks within a minute; the rest is room for a busy machine


def test_schedule_and_sensor_tick_under_a_real_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = tmp_path / "raw" / "anlan" / "2024"
    raw.mkdir(parents=True)
    (raw / "a.txt").write_text("甲", encoding="utf-8")
    home = tmp_path / "dagster"
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    places = {"DAGSTER_HOME": str(home), "JIXIAO_HOME": str(tmp_path / "home"), "JIXIAO_RAW": str(tmp_path / "raw")}
    with instance(Settings.load(home=tmp_path / "home")) as held:
        # Runs stay in the queue: what they do is other tests' affair.
        config = yaml.safe_load((home / "dagster.yaml").read_text(encoding="utf-8"))
        config["concurrency"]["runs"] = {"max_concurrent_runs": 0}
        (home / "dagster.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        daemon = subprocess.Popen(
            [str(Path(sys.executable).with_name("dagster-daemon")), "run", "-m", "tests.support.ticking"],
            cwd=PROJECT,
            env=environment() | places | {"PATH": os.environ["PATH"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )
        try:
            until = time.monotonic() + LIMIT_SECONDS
            asked: set[str] = set()
            while len(asked) < 2 and time.monotonic() < until and daemon.poll() is None:
                time.sleep(1)
                tags = [run.tags for run in held.get_runs(filters=dg.RunsFilter(job_name="nightly"))]
                asked = {of[name] for of in tags for name in ("dagster/sensor_name", "dagster/schedule_name") if name in of}
        finally:
            if daemon.poll() is None:
                os.killpg(daemon.pid, signal.SIGTERM)
            output, _ = daemon.communicate(timeout=60)
    assert asked == {"new_files", "every_minute"}, output[-3000:]
