"""Stored Documents to fact frames of the reports that a night has to do.

Belongs here: the stage that a run calls, and `build`, the pure function behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import documents, forms
from pipelines.archive.planning import report_id
from pipelines.catalogue import catalogue
from pipelines.facts import lineage
from pipelines.facts.buildings import fact_buildings
from pipelines.facts.changes import fact_changes
from pipelines.facts.counts import fact_counts
from pipelines.facts.decisions import read_decisions
from pipelines.facts.evaluations import fact_evaluations
from pipelines.facts.expenditures import fact_expenditures, final_accounts
from pipelines.facts.indicators import fact_indicators
from pipelines.facts.narratives import fact_goals, fact_narratives
from pipelines.facts.observed import observed
from pipelines.facts.personnel import fact_personnel
from pipelines.facts.places import city, resolve
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
    "final_accounts": final_accounts,
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
    "decisions_version",
)
MAX_DETAIL = 500
FINAL_ACCOUNTS = "final_accounts"  # kind of document, of form, and the table of its figures
BLANK = "the forms are not filled in: no cell for what happened holds a value"
PART = "report {number} of {count} in the file, {department}: {detail}"
FORMLESS = "the document holds no form that a template fits"
NOT_ACTUAL = "the document is of kind {kind}; only what happened counts as actual"
ACCOUNTS = (
    "final accounts are no self-evaluation and none of their figures is an actual of one; "
    "read for the comparison with it: {count}"
)


def read_reports(
    file: dict[str, Any], document: documents.Document | documents.DocumentError, seconds: float, reference: Path
) -> list[Report]:
    """Reports of one file revision, at least one: extracted, or rejected with a reason.

    `file` has report_id, file_name, sha256, byte_count, city_slug, folder_year, first_seen_at, superseded_by, is_current.
    report_id, that of the revision, is the id of its first report.
    """
    whole = {**file, "part_number": 1, "parts_count": 1}
    place = city(reference, file["city_slug"])
    if isinstance(document, documents.DocumentError):
        return [Report(whole, place, None, rejected=(document.reason, document.detail))]
    try:
        parts = forms.extract(document, file["folder_year"], place.province)
    except Exception as error:  # a fault of the engine costs this file alone; it is recorded and reported with it
        detail = f"extraction: {type(error).__name__}: {error}"[:MAX_DETAIL]
        return [Report(whole, place, None, rejected=("crashed", detail))]
    read = {name: getattr(document, name) for name in ("media_type", "reader", "encoding", "warnings")} | {
        "read_seconds": seconds
    }
    found = []
    for number, part in enumerate(parts, start=1):
        own = {**file, "report_id": report_id(file["file_name"], file["sha256"], number)} if number > 1 else file
        year = file["folder_year"] if part.fiscal_year is None else part.fiscal_year
        department = resolve(reference, file["city_slug"], part.department_name, year)
        rejected = _refused(part)
        if rejected is not None:
            part.forms = [form for form in part.forms if form.form_kind == FINAL_ACCOUNTS]
            part.observations = [seen for seen in part.observations if seen.table_name == FINAL_ACCOUNTS]
            part.unmapped = []
            if len(parts) > 1:
                detail = PART.format(number=number, count=len(parts), department=part.department_name, detail=rejected[1])
                rejected = rejected[0], detail
        own = {**own, "part_number": number, "parts_count": len(parts)}
        found.append(Report(own, place, department, part, read, rejected))
    return found


def _refused(part: forms.Extraction) -> tuple[str, str] | None:
    """Reason and detail where a report holds no form that tells what happened, else None."""
    if any(form.form_number > 0 and form.form_kind != FINAL_ACCOUNTS for form in part.forms):
        return None
    if part.document_kind == "self_evaluation" and any(map(forms.is_stated, part.observations)):
        return None  # a report in running text
    if part.document_kind == "blank_template":
        return "blank_template", BLANK
    if part.document_kind in ("self_evaluation", "other"):
        return "no_forms", FORMLESS
    if part.document_kind == FINAL_ACCOUNTS:
        count = sum(seen.table_name == FINAL_ACCOUNTS for seen in part.observations)
        return "not_self_evaluation", ACCOUNTS.format(count=count)
    return "not_self_evaluation", NOT_ACTUAL.format(kind=part.document_kind)


def build(found: Sequence[Report], decisions: pl.DataFrame | None = None) -> dict[str, pl.DataFrame]:
    """Frames of every table that the lake holds, in the catalogue's columns and order, with people's `decisions` applied."""
    observations = observed(found, decisions)
    frames = {name: table(observations) for name, table in _FACTS.items()}
    frames["unmapped_labels"] = lineage.unmapped_labels(found)
    frames["forms"] = forms_table(found)
    frames["reports"] = reports_table(found, documents.READERS_VERSION, template_version())
    return {name: frames[name] for name in catalogue().tables}


def extract_pending(settings: Settings, run: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Extract every planned revision that has work or is rejected without reading, and write `run/facts/<table>.parquet`.

    A stored Document that is damaged is read again. Returns counts: reports, rejected, documents_repaired, and rows by table.
    """
    plan = pl.read_parquet(run / "plan.parquet").filter((pl.col("work") != "none") | pl.col("rejected_reason").is_not_null())
    repaired: list[str] = []
    found = list(_reports(settings, plan, progress, repaired))
    frames = build(found, read_decisions(run))
    for name, frame in frames.items():
        replace_atomically(run / "facts" / f"{name}.parquet", frame.write_parquet)
    rejected = sum(report.rejected is not None for report in found)
    counts = {"reports": len(found), "rejected": rejected, "documents_repaired": len(repaired)}
    return counts | {name: frame.height for name, frame in frames.items()}


def _reports(settings: Settings, plan: pl.DataFrame, progress: Progress | None, repaired: list[str]) -> Iterable[Report]:
    reference = settings.project / "data" / "reference"
    for number, row in enumerate(plan.iter_rows(named=True), start=1):
        file = {name: row[name] for name in _FILE_COLUMNS}
        if row["rejected_reason"] is not None:
            detail = row["rejected_detail"] or catalogue().codes["reason"][row["rejected_reason"]].definition
            file |= {"part_number": 1, "parts_count": 1}
            yield Report(file, city(reference, row["city_slug"]), None, rejected=(row["rejected_reason"], detail))
        else:
            document, seconds, was_damaged = documents.load_or_read(settings, row["sha256"], row["file_name"])
            repaired += [row["sha256"]] if was_damaged else []
            yield from read_reports(file, document, seconds, reference)
        if progress is not None:
            progress(number, plan.height, row["file_name"])
