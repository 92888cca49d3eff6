"""Frames of the catalogue's tables, and stand-ins for the stages around archive and warehouse.

Belongs here: valid rows of any table, a stage that turns raw files holding one number each into facts, a tiny dbt project.
Does not belong here: believable reports (`facts`, the samples).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import warehouse
from pipelines.archive import EVERYTHING, Selection, object_path, plan
from pipelines.catalogue import catalogue
from pipelines.catalogue.schemas import polars_schema
from pipelines.settings import Settings

GENERIC_TESTS = Path(__file__).parents[2] / "dbt_project" / "tests" / "generic"
READERS, TEMPLATES = "readers-1", "templates-1"

_VALUES = {
    "VARCHAR": "text",
    "INTEGER": 2024,
    "BIGINT": 1,
    "BOOLEAN": True,
    "DOUBLE": 0.25,
    "TIMESTAMP": datetime(2024, 11, 1, 12, 30),
    "DECIMAL(18,6)": Decimal("1.500000"),
}


def row(table: str, **values: Any) -> dict[str, Any]:
    """A row of any table of schema `facts`: `values`, a value in every other required column, null elsewhere."""
    unknown = values.keys() - set(catalogue().tables[table].column_names)
    assert not unknown, f"{table} has no {unknown}"
    required = {
        column.name: _VALUES[column.type]
        for column in catalogue().tables[table].columns
        if column.name in catalogue().tables[table].required
    }
    return {**dict.fromkeys(catalogue().tables[table].column_names), **required, **values}


def frame(table: str, rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    """A frame of a table of schema `facts`."""
    return pl.DataFrame(list(rows), schema=polars_schema(table), orient="row")


def report_frames(report: dict[str, Any], amount: str, outcome: str = "parsed") -> dict[str, list[dict[str, Any]]]:
    """Rows of one report (a row of the plan) that states one amount in 万元."""
    report_id = report["report_id"]
    form_id = f"{report_id}-01"
    row_id = hashlib.sha256(f"{report_id} amount".encode()).hexdigest()[:20]
    names = ("report_id", "file_name", "sha256", "byte_count", "city_slug", "folder_year", "first_seen_at", "is_current")
    head = row(
        "reports",
        **{name: report[name] for name in names},
        superseded_by=report["superseded_by"],
        outcome=outcome,
        reason=report["rejected_reason"],
        reader_version=READERS,
        template_version=TEMPLATES,
        part_number=1,
        parts_count=1,
    )
    if outcome == "rejected":
        return {"reports": [head]}
    identity = {"report_id": report_id, "form_id": form_id}
    counts = {"figures_extracted_count": 1, "figures_accepted_count": 1, "figures_quarantined_count": 0}
    place = {"table_name": "fact_expenditures", "field_name": "amount_wanyuan", "is_figure": True, "locator": "line 1"}
    return {
        "reports": [head],
        "forms": [row("forms", **identity, form_number=1, figures_unmapped_count=0, **counts)],
        "fact_expenditures": [row("fact_expenditures", **identity, row_id=row_id, amount_wanyuan=Decimal(amount))],
        "figure_cells": [row("figure_cells", **identity, row_id=row_id, raw_text=amount, **place)],
    }


def write_facts(run: Path, reports: Iterable[dict[str, list[dict[str, Any]]]]) -> None:
    """Write `run/facts/<table>.parquet` of all tables for these reports (as `report_frames` gives them)."""
    collected: dict[str, list[dict[str, Any]]] = {table: [] for table in catalogue().tables}
    for report in reports:
        for table, rows in report.items():
            collected[table].extend(rows)
    (run / "facts").mkdir(parents=True, exist_ok=True)
    for table, rows in collected.items():
        frame(table, rows).write_parquet(run / "facts" / f"{table}.parquet")


def extract(settings: Settings, run: Path) -> None:
    """The stages between plan and merge for raw files that hold one number each."""
    reports = []
    for report in pl.read_parquet(run / "plan.parquet").iter_rows(named=True):
        if report["work"] != "none":
            reports.append(report_frames(report, object_path(settings.home, report["sha256"]).read_text()))
        elif report["rejected_reason"] is not None:
            reports.append(report_frames(report, "0", outcome="rejected"))
    write_facts(run, reports)


def merge_night(settings: Settings, selection: Selection = EVERYTHING, templates: str = TEMPLATES) -> dict[str, Any]:
    """One night up to the lake; returns what `merge` does."""
    run = warehouse.start_run(settings)
    plan(settings, run, READERS, templates, selection=selection)
    extract(settings, run)
    return warehouse.merge(settings, run)


def put(settings: Settings, file_name: str, text: str) -> Path:
    """Write a raw file."""
    path = settings.raw / file_name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def write_project(folder: Path, mart: str = "select report_id, amount_wanyuan from facts.fact_expenditures") -> None:
    """A dbt project of two models in schema `marts`: `mart_findings` (one finding per amount) and `mart_amounts` (`mart`)."""
    files = {
        "dbt_project.yml": (
            "name: tiny\nversion: '1.0'\nconfig-version: 2\nprofile: tiny\n"
            "models: {tiny: {+materialized: table, marts: {+schema: marts}}}\n"
        ),
        "tests/generic/unique_combination.sql": (GENERIC_TESTS / "unique_combination.sql").read_text(encoding="utf-8"),
        "macros/names.sql": "{% macro generate_schema_name(name, node) %}marts{% endmacro %}\n",
        "models/marts/mart_amounts.sql": mart,
        "models/marts/mart_amounts.yml": (
            "models:\n  - name: mart_amounts\n    data_tests: [{unique_combination: {arguments: {columns: [report_id]}}}]\n"
        ),
        "models/marts/mart_findings.sql": (
            "select 'F00' as rule_id, [row_id] as left_row_ids, null::varchar[] as right_row_ids from facts.fact_expenditures"
        ),
    }
    write_reference(folder)
    for name, text in files.items():
        path = folder / "dbt_project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def write_reference(folder: Path) -> None:
    """Reference tables without rows in a project's folder."""
    path = folder / "data" / "reference"
    path.mkdir(parents=True, exist_ok=True)
    for name, table in catalogue().reference.items():
        (path / f"{name}.csv").write_text(",".join(table.column_names) + "\n", encoding="utf-8")
