"""What Dagster's pages of an asset or a check show beside its counts: where things are, and which files were worked on.

Belongs here: paths and lists as metadata. Does not belong here: counting (the stages do) and the nightly page (`nights`).
"""

from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from pipelines.nights.history import release_state
from pipelines.settings import Settings

FILES_SHOWN = 50


def raw_files(settings: Settings, run: Path) -> dict[str, Any]:
    """The raw folder, and the files that the run's plan wants read or extracted, at most `FILES_SHOWN` of them."""
    plan = pl.read_parquet(run / "plan.parquet").filter(pl.col("work") != "none").sort("file_name")
    lines = [f"| {_cell(name)} | {work} |" for name, work in plan.select("file_name", "work").head(FILES_SHOWN).iter_rows()]
    more = [f"| … {plan.height - FILES_SHOWN} more | |"] if plan.height > FILES_SHOWN else []
    table = "\n".join(["| file | work |", "|---|---|", *lines, *more]) if lines else "none"
    return {"raw": dg.MetadataValue.path(settings.raw), "files_worked_on": dg.MetadataValue.md(table)}


def _cell(text: str) -> str:
    """A file's name as text of a table in Markdown: nothing in it is markup."""
    return "".join(f"&#{ord(sign)};" if sign in "|<>&[]()`*_!\\\n\r" else sign for sign in text)


def suite(settings: Settings, table: str) -> dict[str, Any]:
    """Where the suite of a table and the pages of its evaluations are."""
    return {
        "suite": dg.MetadataValue.path(settings.project / "expectations" / f"{table}.json"),
        "data_docs": dg.MetadataValue.path(settings.home / "data_docs" / "index.html"),
    }


def published(settings: Settings, release_id: str) -> dict[str, Any]:
    """Where a release is, its findings by outcome, and its open rows in quarantine."""
    folder = settings.home / "releases" / release_id
    state = release_state(folder / "warehouse.duckdb")
    findings = {f"findings_{outcome}_count": count for outcome, count in state["findings"].items()}
    return findings | {
        "quarantined_rows_count": sum(state["quarantine"].values()),
        "folder": dg.MetadataValue.path(folder),
        "nights": dg.MetadataValue.path(settings.home / "nights" / "latest.html"),
    }
