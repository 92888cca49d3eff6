"""`figure_cells`, `absent_values`, `quarantine` and `unmapped_labels`: where every place of a form ended.

Belongs here: what is not a fact but keeps the account complete. Each figure-bearing place ends in exactly one of
figure_cells (an
accepted fact), quarantine or unmapped_labels.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from pipelines.catalogue import catalogue
from pipelines.catalogue.schemas import polars_schema
from pipelines.facts.observed import row_id
from pipelines.facts.reports import Report


def figure_cells(observations: pl.DataFrame) -> pl.DataFrame:
    """One row per source cell of an accepted value, repeats included."""
    kept = observations.filter(pl.col("absence_code").is_null() & pl.col("problem").is_null())
    return kept.select(*polars_schema("figure_cells"))


def absent_values(observations: pl.DataFrame) -> pl.DataFrame:
    """One row per place of a form that holds no value; text columns and targets of indicators keep theirs in the fact row
    too."""
    absent = observations.filter(pl.col("absence_code").is_not_null())
    ids = [
        row_id(*parts)
        for parts in absent.select("report_id", "form_id", "table_name", "record", "field_name", "locator").iter_rows()
    ]
    return absent.with_columns(row_id=pl.Series(ids, dtype=pl.String)).select(*polars_schema("absent_values"))


def quarantine(observations: pl.DataFrame) -> pl.DataFrame:
    """One row per value that allows no certain reading, with the rule and the reason in words, and what a person decided on it.

    A figure that was released or corrected is a fact: it keeps its row here and counts 0.
    """
    is_held = pl.col("problem").is_not_null()
    is_decided = pl.col("former_problem").is_not_null() & pl.col("state").is_in(["released", "corrected"])
    problems = observations.filter(is_held | is_decided)
    ids = [
        row_id(*parts) for parts in problems.select("report_id", "form_id", "table_name", "field_name", "locator").iter_rows()
    ]
    definitions = {code.code: code.definition for code in catalogue().codes["quarantine_rule"].values()}
    rule = pl.coalesce("problem", "former_problem")
    record = pl.struct("item_code", "fund_source_code", "phase_code", "amount_year", "indicator_number", "raw_text", "unit")
    return problems.with_columns(
        row_id=pl.Series(ids, dtype=pl.String),
        rule=rule,
        reason=rule.replace_strict(list(definitions), list(definitions.values()), return_dtype=pl.String),
        figures_quarantined_count=(pl.col("is_figure") & is_held).cast(pl.Int32),
        record=record.struct.json_encode(),
    ).select(*polars_schema("quarantine"))


def unmapped_labels(reports: Iterable[Report]) -> pl.DataFrame:
    """One row per figure under a label that no synonym covers."""
    schema = polars_schema("unmapped_labels")
    rows = []
    for report in reports:
        for found in report.extraction.unmapped:
            form = report.form(found.form_number)
            place = found.locator
            rows.append({
                "row_id": row_id(report.report_id, form.form_number, "unmapped", place),
                "report_id": report.report_id,
                "form_id": report.form_id(form.form_number),
                "form_kind": form.form_kind,
                "template_id": form.template_id,
                "city_code": report.city_code,
                "department_id": report.department_id,
                "fiscal_year": report.fiscal_year,
                "project_name": form.project_name,
                "label_zh": found.label_zh,
                "column_label_zh": found.column_label_zh,
                "source_label_zh": found.label_zh,
                "raw_text": found.raw_text,
                "locator": str(place),
                "page_number": place.page,
                "table_number": place.table,
                "row_number": place.row,
                "column_number": place.column,
                "line_number": place.line,
            })  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")
