"""Whole nights as a user runs them: `jixiao nightly` in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb

PROJECT = Path(__file__).resolve().parents[2]
SAMPLES = PROJECT / "data" / "raw"
CLEAN = SAMPLES / "anlan" / "2024" / "安澜市河湖管护局2024年度部门整体支出绩效自评报告.txt"
CONTRADICTORY = SAMPLES / "qinghe" / "2024" / "清禾市公共安全宣教馆2024年度整体支出绩效自评报告.txt"

# The stages of a night in the order in which they run.
STAGES = [
    "raw_reports",
    "parsed_documents",
    "extracted_facts",
    "checked_facts",
    "settled_facts",
    "lake",
    "warehouse_facts",
    "warehouse_models",
    "audited_warehouse",
    "release",
]


def jixiao(*arguments: str, home: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """One command to its end, with captured output."""
    command = [sys.executable, "-m", "pipelines.cli", *arguments, "--home", str(home)]
    return subprocess.run(command, cwd=PROJECT, env=environment(), capture_output=True, text=True, check=False, **options)


def environment() -> dict[str, str]:
    """The environment without any setting of jixiao's or Dagster's."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("JIXIAO_", "DAGSTER_"))} | {
        "LANG": "C.UTF-8"
    }


def nightly(raw: Path, home: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """A whole night: exit code and what `--json` tells."""
    done = jixiao("nightly", "--raw", str(raw), "--json", *options, home=home)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query over the published warehouse, which is opened anew."""
    with duckdb.connect(str((home / "current" / "warehouse.duckdb").resolve()), read_only=True) as connection:
        return connection.execute(query).fetchall()
