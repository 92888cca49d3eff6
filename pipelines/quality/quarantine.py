"""The quality step of a run: each fact table of `runs/<run_id>/facts` is split into rows that go on and rows in quarantine.

Belongs here: reading and rewriting a run's frames, the quarantine rows, their count of figures. Does not belong here: the
verdict on a row (`validation`), and what people decided on it (`lifecycle`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.catalogue.schemas import empty_frame, polars_schema
from pipelines.facts.decisions import read_decisions
from pipelines.home import replace_atomically
from pipelines.quality import datadocs, lifecycle
from pipelines.quality.validation import SuiteError, Validation, context, validate
from pipelines.settings import Settings

RULE = "failed_expectation"
_CELL = (
    "source_label_zh", "column_label_zh", "raw_text",
    "locator", "page_number", "table_number", "row_number", "column_number", "line_number",
)  # fmt: skip


def check_table(settings: Settings, run: Path, table_name: str) -> dict[str, int]:
    """As `check_tables` for one table; raises its SuiteError."""
    checked = check_tables(settings, run, [table_name])[table_name]
    if isinstance(checked, SuiteError):
        raise checked
    return checked


def check_tables(settings: Settings, run: Path, table_names: Iterable[str]) -> dict[str, dict[str, int] | SuiteError]:
    """Evaluate each table's suite on the run's frame, move failing rows to `quarantine.parquet` and drop their figure cells.

    Rows that a person released stay, and carry the decision; their rows in quarantine count no figure.
    Returns per table rows_checked_count, rows_quarantined_count, figures_quarantined_count, expectations_evaluated_count and
    expectations_failed_count of this evaluation, or a SuiteError where there is no verdict; that table is then untouched.
    Running it again on the same folder finds nothing more and changes nothing; it may be interrupted anywhere and run again.
    Pages of the tables that have rows go to `<home>/data_docs`.
    """
    suites, pages = settings.project / "expectations", settings.home / "data_docs"
    frames = {name: pl.read_parquet(run / "facts" / f"{name}.parquet") for name in table_names}
    checked: dict[str, dict[str, int] | SuiteError] = {}
    with ExitStack() as stack:
        engine = None
        if any(len(frame) for frame in frames.values()):
            engine = stack.enter_context(context(suites, datadocs.rendering_folder(pages)))
        shown: dict[str, Validation] = {}
        for name, frame in frames.items():
            try:
                validation = validate(name, frame, suites=suites, engine=engine, run_name=run.name)
                checked[name] = _set_aside(run / "facts", name, validation)
            except SuiteError as error:
                checked[name] = error
            else:
                if len(frame):
                    shown[name] = validation
        if engine is not None and shown:
            datadocs.write(engine, pages, run.name, shown)
    return checked


def _set_aside(facts: Path, table_name: str, validation: Validation) -> dict[str, int]:
    figures = 0
    if len(validation.quarantined):
        cells = pl.read_parquet(facts / "figure_cells.parquet")
        rows = quarantine_rows(table_name, validation.quarantined, cells)
        decisions = read_decisions(facts.parent)
        if not decisions.is_empty():
            rows = lifecycle.decide(rows, pl.read_parquet(facts / "reports.parquet"), decisions)
        figures = int(rows["figures_quarantined_count"].sum())
        # The table itself is rewritten last: until then a second attempt finds the same failing rows again.
        _add_quarantine(facts / "quarantine.parquet", rows)
        is_released = pl.col("state") == "released"
        kept, moved = rows.filter(is_released), rows.filter(~is_released)["row_id"]
        is_moved = (pl.col("table_name") == table_name) & pl.col("row_id").is_in(moved.implode())
        _replace(facts / "figure_cells.parquet", _marked(cells.filter(~is_moved), kept, ["table_name", "row_id", "field_name"]))
        released = validation.quarantined.drop("field_name", "reason").join(kept, on="row_id", how="semi")
        _replace(facts / f"{table_name}.parquet", pl.concat([validation.accepted, _marked(released, kept, ["row_id"])]))
    return {
        "rows_checked_count": len(validation.accepted) + len(validation.quarantined),
        "rows_quarantined_count": len(validation.quarantined),
        "figures_quarantined_count": figures,
        "expectations_evaluated_count": validation.evaluated,
        "expectations_failed_count": validation.failed,
    }


def _marked(rows: pl.DataFrame, released: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    """Rows with the decision that released them, where none is behind them already."""
    marks = released.select(*on, decided_id="correction_id")
    known = rows.join(marks, on=on, how="left", maintain_order="left")
    return known.with_columns(pl.coalesce("correction_id", "decided_id").alias("correction_id")).drop("decided_id")


def quarantine_rows(table_name: str, failing: pl.DataFrame, figure_cells: pl.DataFrame) -> pl.DataFrame:
    """Rows of table `quarantine`, one per row_id of `failing` (the table's columns, field_name, reason).

    The place is that of the cell of the field that failed, that of the row where no cell is the field's.
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
        .join(_own_cells(table_name, figure_cells), on=["row_id", "field_name"], how="left", maintain_order="left")
        .with_columns(
            *(_own(name) for name in _CELL if name in failing.columns),
            pl.col("figures_quarantined_count").fill_null(0),
            pl.lit(table_name).alias("table_name"),
            pl.lit(RULE).alias("rule"),
            pl.lit("open").alias("state"),
        )
    )
    schema = polars_schema("quarantine")
    absent = [pl.lit(None, kind).alias(name) for name, kind in schema.items() if name not in rows.columns]
    return rows.with_columns(absent).select(pl.col(name).cast(kind) for name, kind in schema.items())


def _own_cells(table_name: str, figure_cells: pl.DataFrame) -> pl.DataFrame:
    """The first cell of each field of the table's rows, its columns named own_<column>."""
    cells = figure_cells.filter(pl.col("table_name") == table_name)
    firsts = cells.unique(["row_id", "field_name"], keep="first", maintain_order=True)
    return firsts.select("row_id", "field_name", *(pl.col(name).alias(f"own_{name}") for name in _CELL))


def _own(name: str) -> pl.Expr:
    return pl.when(pl.col("own_locator").is_null()).then(name).otherwise(f"own_{name}").alias(name)


def _record(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, default=str)


def _add_quarantine(path: Path, rows: pl.DataFrame) -> None:
    """Append the rows that are not there yet, so that an interrupted attempt keeps the counts that it took first."""
    present = pl.read_parquet(path) if path.exists() else empty_frame("quarantine")
    fresh = rows.join(present, on=["table_name", "row_id", "rule"], how="anti", maintain_order="left")
    _replace(path, pl.concat([present, fresh]))


def _replace(path: Path, frame: pl.DataFrame) -> None:
    replace_atomically(path, frame.write_parquet)
