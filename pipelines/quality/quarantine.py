"""The quality step of a run: each fact table of `runs/<run_id>/facts` is split into rows that go on and rows in quarantine.

Belongs here: reading and rewriting a run's frames, the quarantine rows, their count of figures. Does not belong here: the
verdict on a row (`validation`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.catalogue.schemas import empty_frame, polars_schema
from pipelines.home import replace_atomically
from pipelines.quality import datadocs
from pipelines.quality.validation import Validation, context, evaluate, read_suite, split, validate
from pipelines.settings import Settings

RULE = "failed_expectation"


def check_table(settings: Settings, run: Path, table_name: str) -> dict[str, int]:
    """Evaluate a table's suite on the run's frame, move failing rows to `quarantine.parquet` and drop their figure cells.

    Returns rows_checked_count, rows_quarantined_count, figures_quarantined_count, expectations_evaluated_count and
    expectations_failed_count of this evaluation. Running it again on the same folder finds nothing more and changes nothing; it
    may be interrupted at any point and run again. Raises SuiteError where there is no verdict; the folder is then untouched.
    """
    suites = settings.project / "expectations"
    facts = run / "facts"
    frame = pl.read_parquet(facts / f"{table_name}.parquet")
    if frame.is_empty():
        validation = validate(table_name, frame, suites=suites)
    else:
        validation = _validate_with_pages(suites, settings.home / "data_docs", run.name, table_name, frame)
    figures = 0
    if len(validation.quarantined):
        cells = pl.read_parquet(facts / "figure_cells.parquet")
        rows = quarantine_rows(table_name, validation.quarantined, cells)
        figures = int(rows["figures_quarantined_count"].sum())
        # The table itself is rewritten last: until then a second attempt finds the same failing rows again.
        _add_quarantine(facts / "quarantine.parquet", rows)
        moved = (pl.col("table_name") == table_name) & pl.col("row_id").is_in(rows["row_id"].to_list())
        _replace(facts / "figure_cells.parquet", cells.filter(~moved))
        _replace(facts / f"{table_name}.parquet", validation.accepted)
    return {
        "rows_checked_count": len(frame),
        "rows_quarantined_count": len(frame) - len(validation.accepted),
        "figures_quarantined_count": figures,
        "expectations_evaluated_count": validation.evaluated,
        "expectations_failed_count": validation.failed,
    }


def quarantine_rows(table_name: str, failing: pl.DataFrame, figure_cells: pl.DataFrame) -> pl.DataFrame:
    """Rows of table `quarantine`, one per row_id of `failing` (the table's columns, field_name, reason).

    `record` is the row as JSON with its decimals as text, a list where several rows share a row_id. `figures_quarantined_count`
    counts the row's entries in `figure_cells` that are figures.
    """
    figures = (
        figure_cells.filter(pl.col("is_figure") & (pl.col("table_name") == table_name))
        .group_by("row_id")
        .agg(pl.len().cast(pl.Int32).alias("figures_quarantined_count"))
    )
    rows_as_loaded = failing.drop("field_name", "reason").iter_rows(named=True)
    records = pl.DataFrame(
        {"row_id": failing["row_id"], "record": [_record(row) for row in rows_as_loaded]},
        schema={"row_id": pl.String, "record": pl.String},
    )
    records = records.group_by("row_id", maintain_order=True).agg(
        pl.when(pl.len() == 1).then(pl.col("record").first()).otherwise("[" + pl.col("record").str.join(", ") + "]")
    )
    rows = (
        failing.unique("row_id", keep="first", maintain_order=True)
        .join(figures, on="row_id", how="left", maintain_order="left")
        .join(records, on="row_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("figures_quarantined_count").fill_null(0),
            pl.lit(table_name).alias("table_name"),
            pl.lit(RULE).alias("rule"),
            pl.lit("open").alias("state"),
        )
    )
    schema = polars_schema("quarantine")
    absent = [pl.lit(None, kind).alias(name) for name, kind in schema.items() if name not in rows.columns]
    return rows.with_columns(absent).select(pl.col(name).cast(kind) for name, kind in schema.items())


def _validate_with_pages(suites: Path, pages: Path, run_name: str, table_name: str, frame: pl.DataFrame) -> Validation:
    content = read_suite(table_name, suites)
    with context(suites, datadocs.rendering_folder(pages)) as engine:
        validation = split(table_name, frame, evaluate(engine, content, frame, run_name))
        datadocs.write(engine, pages, run_name, table_name, validation)
    return validation


def _record(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, default=str)


def _add_quarantine(path: Path, rows: pl.DataFrame) -> None:
    """Append the rows that are not there yet, so that an interrupted attempt keeps the counts that it took first."""
    present = pl.read_parquet(path) if path.exists() else empty_frame("quarantine")
    fresh = rows.join(present, on=["table_name", "row_id", "rule"], how="anti", maintain_order="left")
    _replace(path, pl.concat([present, fresh]))


def _replace(path: Path, frame: pl.DataFrame) -> None:
    replace_atomically(path, frame.write_parquet)
