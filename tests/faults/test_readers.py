"""Readers in processes of their own while releases are published: no query fails, none sees two releases.

By default ten seconds. The long run: `READERS_SECONDS=300 pytest tests/faults/test_readers.py -s`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import duckdb

from pipelines import warehouse
from pipelines.settings import Settings
from pipelines.warehouse.build import warehouse_path
from tests.support.frames import merge_night, put, write_reference
from tests.support.nights import PROJECT, environment

READERS = 16
SECONDS = float(os.environ.get("READERS_SECONDS", "10"))
PAUSE_SECONDS = 2.0 if SECONDS > 60 else 0.5
WAYS = ("link", "held", "product")
FILES = 20
LEAST = 5  # releases, on a machine that is busy with other things


def publish(settings: Settings, number: int) -> None:
    """A release whose facts sum up to more than those of the releases before, with two marts made of them."""
    for file in range(FILES):
        put(settings, f"anlan/2024/{file}.txt", str(number * FILES + file))
    with warehouse.writer_lock(settings):
        merge_night(settings)
        warehouse.load(settings)
        with duckdb.connect(str(warehouse_path(settings))) as connection:
            connection.execute(
                """
                create schema marts;
                create table marts.mart_sum as select sum(amount_wanyuan) as amount from facts.fact_expenditures;
                create table marts.mart_amounts as select row_id, amount_wanyuan as amount from facts.fact_expenditures;
                """
            )
        warehouse.publish(settings)


def test_readers_see_one_release_and_never_fail(tmp_path: Path) -> None:
    settings = Settings.load(raw=tmp_path / "raw", home=tmp_path / "home", project=tmp_path, workers=1, keep_releases=2)
    (tmp_path / "dbt_project").mkdir()
    write_reference(tmp_path)
    publish(settings, 1)
    stop = tmp_path / "stop"
    command = [sys.executable, "-m", "tests.support.reading_process", str(settings.home), str(stop)]
    readers = [
        subprocess.Popen(
            [*command, WAYS[number % len(WAYS)]], cwd=PROJECT, env=environment(), stdout=subprocess.PIPE, text=True
        )
        for number in range(READERS)
    ]
    published, started = 1, time.monotonic()
    while time.monotonic() - started < SECONDS or published < LEAST:
        published += 1
        publish(settings, published)
        time.sleep(PAUSE_SECONDS)
    stop.touch()
    told = [json.loads(reader.communicate()[0]) for reader in readers]
    totals = {name: sum(entry[name] for entry in told) for name in ("queries", "connections")}
    seen = [entry["releases"] for entry in told]
    print(f"\n{READERS} readers, {time.monotonic() - started:.0f} s: {totals}; {published} releases, of which they saw {seen}")
    assert [error for entry in told for error in entry["failed"]] == []
    assert [error for entry in told for error in entry["mixed"]] == []
    assert all(entry["queries"] for entry in told)
    # They must have lived through publishing, and through the removal of releases that they had read.
    assert sum(count > 1 for count in seen) > READERS / 2
