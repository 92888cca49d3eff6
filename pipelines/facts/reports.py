"""`reports` and `forms`: what became of every file revision, and the reports and forms found in it.

Belongs here: the Report (one report of a planned file revision and what was read from it) and its two tables. Counts are
filled in by `settlement`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from pipelines.catalogue.schemas import polars_schema
from pipelines.facts.places import City, Department
from pipelines.forms import Extraction, FormRecord


def _nothing() -> Extraction:
    return Extraction("other", None, None, None, None, [], [], [], [])


@dataclass(frozen=True)
class Report:
    """One report of a file revision: `file` holds the columns of `reports` known before reading (file_name, sha256, …) and
    the report's own report_id, part_number and parts_count."""

    file: dict[str, Any]
    city: City
    department: Department | None
    extraction: Extraction = field(default_factory=_nothing)
    document: dict[str, Any] | None = None  # media_type, reader, encoding, warnings, read_seconds
    rejected: tuple[str, str] | None = None  # reason code and detail

    @property
    def report_id(self) -> str:
        """Identity of the report."""
        return str(self.file["report_id"])

    @property
    def department_id(self) -> str | None:
        """Identity of the department, None where the report names none."""
        return None if self.department is None else self.department.department_id

    @property
    def city_code(self) -> str | None:
        """GB/T 2260 code of the city, or the folder's name."""
        return self.city.code

    @property
    def fiscal_year(self) -> int | None:
        """Year that the report is about: its title's, else its headers', else its folder's."""
        year = self.extraction.fiscal_year
        return self.file["folder_year"] if year is None else year

    @cached_property
    def _forms(self) -> dict[int, FormRecord]:
        return {form.form_number: form for form in self.extraction.forms}

    def form(self, number: int) -> FormRecord:
        """Form by its number in the document."""
        return self._forms[number]

    def form_id(self, number: int) -> str:
        """Identity of a form."""
        return f"{self.report_id}-{number:02d}"


def reports(found: Iterable[Report], reader_version: str, template_version: str) -> pl.DataFrame:
    """One row per report of every file revision. Counts of figures are null until `settle` fills them in."""
    rows = []
    for report in found:
        document = report.document or {}
        reason, detail = report.rejected or (None, None)
        warnings = [*document.get("warnings", ()), *report.extraction.warnings]
        rows.append({
            **report.file,
            "city_code": report.city.code,
            "city_name": report.city.name,
            "city_level_code": report.city.level_code,
            "province_name": report.city.province,
            "fiscal_year": report.fiscal_year,
            "department_id": report.department_id,
            "department_name": report.extraction.department_name,
            **_resolved(report.department),
            "document_kind": report.extraction.document_kind if report.document else None,
            "title_zh": report.extraction.title_zh,
            "stated_year": report.extraction.stated_year,
            **{name: document.get(name) for name in ("media_type", "reader", "encoding", "read_seconds")},
            "reader_version": reader_version,
            "template_version": template_version,
            "outcome": "rejected" if report.rejected else "parsed",
            "reason": reason,
            "detail": detail,
            "warnings": "\n".join(warnings) or None,
            "forms_count": len(report.extraction.forms),
        })  # fmt: skip
    return pl.DataFrame(rows, schema=polars_schema("reports"), orient="row")


def _resolved(department: Department | None) -> dict[str, str | None]:
    names = ("match_code", "proposals", "level_code", "line_code")
    return {f"department_{name}": None if department is None else getattr(department, name) for name in names}


def forms(found: Iterable[Report]) -> pl.DataFrame:
    """One row per form of every report: of a rejected one only what its figures of final accounts were read from."""
    rows = [
        {
            "form_id": report.form_id(form.form_number),
            "report_id": report.report_id,
            "form_kind": form.form_kind,
            "template_id": form.template_id,
            "city_code": report.city.code,
            "department_id": report.department_id,
            "fiscal_year": report.fiscal_year,
            "form_number": form.form_number,
            "attachment_number": form.attachment_number,
            "title_zh": form.title_zh,
            "stated_year": form.stated_year,
            **form.heads,
            "project_name": form.project_name,
            "is_off_template": form.is_off_template,
            "table_number": form.table_number,
            "figures_extracted_count": form.figures,
        }
        for report in found
        for form in report.extraction.forms
    ]
    return pl.DataFrame(rows, schema=polars_schema("forms"), orient="row")
