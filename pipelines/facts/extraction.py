"""Stored Documents to fact frames of the reports that a night has to do.

Belongs here: the stage that a run calls, and `build`, the pure function behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import documents, forms
from pipelines.catalogue import catalogue
from pipelines.facts import lineage
from pipelines.facts.buildings import fact_buildings
from pipelines.facts.changes import fact_changes
from pipelines.facts.counts import fact_counts
from pipelines.facts.evaluations import fact_evaluations
from pipelines.facts.expenditures import fact_expenditures
from pipelines.facts.indicators import fact_indicators
from pipelines.facts.narratives import fact_goals, fact_narratives
from pipelines.facts.observed import observed
from pipelines.facts.personnel import fact_personnel
from pipelines.facts.places import city, department_id
from pipelines.facts.reports import Report
from pipelines.facts.reports import forms as forms_table
from pipelines.facts.reports import reports as reports_table
from pipelines.facts.version import template_version
from pipelines.home import replace_atomically
from pipelines.settings import Settings

Progress = Callable[[int, int, str], None]
_FACTS = {
    "fact_expenditures": fact_expenditures,
    "fact_indicators": fact_indicators,
    "fact_evaluations": fact_evaluations,
    "fact_personnel": fact_personnel,
    "fact_buildings": fact_buildings,
    "fact_narratives": fact_narratives,
    "fact_goals": fact_goals,
    "fact_changes": fact_changes,
    "fact_counts": fact_counts,
    "absent_values": lineage.absent_values,
    "figure_cells": lineage.figure_cells,
    "quarantine": lineage.quarantine,
}
_FILE_COLUMNS = (
    "report_id",
    "file_name",
    "sha256",
    "byte_count",
    "city_slug",
    "folder_year",
    "first_seen_at",
    "superseded_by",
    "is_current",
)
MAX_DETAIL = 500
FORMLESS = "the document holds no form that a template fits"
NOT_ACTUAL = "the document is of kind {kind}; only what happened counts as actual"


def read_report(
    file: dict[str, Any], document: documents.Document | documents.DocumentError, seconds: float, reference: Path
) -> Report:
    """Report of one file revision: extracted, or rejected with a reason.

    `file` has report_id, file_name, sha256, byte_count, city_slug, folder_year, first_seen_at, superseded_by, is_current.
    """
    place = city(reference, file["city_slug"])
    if isinstance(document, documents.DocumentError):
        return Report(file, place, None, rejected=(document.reason, document.detail))
    try:
        found = forms.extract(document, file["folder_year"])
    except Exception as error:  # a fault of the engine costs this file alone; it is recorded and reported with it
        return Report(file, place, None, rejected=("crashed", f"extraction: {type(error).__name__}: {error}"[:MAX_DETAIL]))
    read = {name: getattr(document, name) for name in ("media_type", "reader", "encoding", "warnings")} | {
        "read_seconds": seconds
    }
    department = department_id(reference, file["city_slug"], found.department_name)
    rejected = None
    if not any(form.form_number > 0 for form in found.forms):
        is_actual = found.document_kind in ("self_evaluation", "other")
        rejected = ("no_forms", FORMLESS) if is_actual else ("not_self_evaluation", NOT_ACTUAL.format(kind=found.document_kind))
        found.forms, found.observations, found.unmapped = [], [], []
    return Report(file, place, department, found, read, rejected)


def build(found: Sequence[Report]) -> dict[str, pl.DataFrame]:
    """Frames of every table of schema `facts`, in the catalogue's columns and order."""
    observations = observed(found)
    frames = {name: table(observations) for name, table in _FACTS.items()}
    frames["unmapped_labels"] = lineage.unmapped_labels(found)
    frames["forms"] = forms_table(found)
    frames["reports"] = reports_table(found, documents.READERS_VERSION, template_version())
    return {name: frames[name] for name in catalogue().tables}


def extract_pending(settings: Settings, run: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Extract every planned revision that has work or is rejected without reading, and write `run/facts/<table>.parquet`.

    Returns counts: reports, rejected, and rows by table.
    """
    plan = pl.read_parquet(run / "plan.parquet").filter((pl.col("work") != "none") | pl.col("rejected_reason").is_not_null())
    found = list(_reports(settings, plan, progress))
    frames = build(found)
    for name, frame in frames.items():
        replace_atomically(run / "facts" / f"{name}.parquet", frame.write_parquet)
    rejected = sum(report.rejected is not None for report in found)
    return {"reports": len(found), "rejected": rejected} | {name: frame.height for name, frame in frames.items()}


def _reports(settings: Settings, plan: pl.DataFrame, progress: Progress | None) -> Iterable[Report]:
    reference = settings.project / "data" / "reference"
    for number, row in enumerate(plan.iter_rows(named=True), start=1):
        file = {name: row[name] for name in _FILE_COLUMNS}
        if row["rejected_reason"] is not None:
            detail = row["rejected_detail"] or catalogue().codes["reason"][row["rejected_reason"]].definition
            yield Report(file, city(reference, row["city_slug"]), None, rejected=(row["rejected_reason"], detail))
        else:
            document, seconds = documents.load(settings, row["sha256"])
            yield read_report(file, document, seconds, reference)
        if progress is not None:
            progress(number, plan.height, row["file_name"])
