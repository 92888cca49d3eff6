"""A reader of the published warehouse: `python -m tests.support.reading_process HOME STOP HOW`, a line of JSON at its end.

Belongs here: connecting through `current` as people do, and queries over tables that belong together. Does not belong here:
publishing (`tests/faults/test_readers.py`).

HOW is `link` (DuckDB opens the path through the link), `held` (the same, one connection for many queries) or `product` (the
connection of `jixiao query`). It ends once there is a file STOP.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.settings import Settings
from pipelines.warehouse.reading import connect

# The facts, the mart made of them, and the reports that both belong to: of one release these agree.
TOGETHER = """
select
    (select amount from marts.mart_sum),
    (select sum(amount_wanyuan) from facts.fact_expenditures),
    (select sum(amount) from marts.mart_amounts),
    (select count(*) from facts.reports where is_current),
    (select count(*) from marts.mart_amounts)
"""
QUERIES_HELD = 40
PAUSE_SECONDS = 0.1


@contextmanager
def _connection(home: Path, how: str) -> Iterator[duckdb.DuckDBPyConnection]:
    if how == "product":
        with connect(Settings.load(home=home)) as connection:
            yield connection
        return
    with duckdb.connect(str(home / "current" / "warehouse.duckdb"), read_only=True) as connection:
        yield connection


def read(home: Path, stop: Path, how: str) -> dict[str, object]:
    """Query until there is a file `stop`; what failed, what did not belong together, and how many releases were seen."""
    queries, connections = 0, 0
    failed: list[str] = []
    mixed: list[str] = []
    seen: list[int] = []
    while not stop.exists():
        try:
            with _connection(home, how) as connection:
                connections += 1
                former = None
                for _ in range(QUERIES_HELD if how == "held" else 1):
                    ((mart, facts, amounts, reports, rows),) = connection.execute(TOGETHER).fetchall()
                    queries += 1
                    if not (mart == facts == amounts and reports == rows and former in (None, mart)):
                        mixed.append(str((former, mart, facts, amounts, reports, rows)))
                    former = mart
                    time.sleep(PAUSE_SECONDS)
                if seen and mart < seen[-1]:
                    mixed.append(f"release {mart} after {seen[-1]}")
                if not seen or mart != seen[-1]:
                    seen.append(int(mart))
        except Exception as error:
            failed.append(f"{type(error).__name__}: {error}")
    return {"queries": queries, "connections": connections, "failed": failed, "mixed": mixed, "releases": len(seen)}


if __name__ == "__main__":
    print(json.dumps(read(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])))
