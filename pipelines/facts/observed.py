"""Observations of many reports as one long frame.

Belongs here: the frame's columns, row ids, and what every fact table needs before it is cut out: numbers, decisions of people,
duplicates, problems.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import polars as pl

from pipelines.facts.decisions import no_decisions, with_decisions
from pipelines.facts.numbers import AMOUNT, with_values
from pipelines.facts.rates import settle_fractions
from pipelines.facts.reports import Report
from pipelines.forms import Observation

PLACE = ("locator", "page_number", "table_number", "row_number", "column_number", "line_number")
_CODES: dict[str, pl.DataType] = {
    "item_code": pl.String(),
    "fund_source_code": pl.String(),
    "phase_code": pl.String(),
    "amount_year": pl.Int32(),
    "indicator_number": pl.Int32(),
    "shares_score_with": pl.Int32(),
    "execution_rate_basis_code": pl.String(),
    "section_code": pl.String(),
    "section_number": pl.String(),
    "heading": pl.String(),
    "goal_side_code": pl.String(),
    "quantity_raw": pl.String(),
    "quantity_unit": pl.String(),
    "quantity_object": pl.String(),
    "change_basis_code": pl.String(),
    "change_sign": pl.Int32(),
    "count_code": pl.String(),
    "count_year": pl.Int32(),
}
SCHEMA: dict[str, pl.DataType] = {
    "row_id": pl.String(),
    "report_id": pl.String(),
    "form_id": pl.String(),
    "form_kind": pl.String(),
    "template_id": pl.String(),
    "city_code": pl.String(),
    "department_id": pl.String(),
    "fiscal_year": pl.Int32(),
    "project_name": pl.String(),
    "table_name": pl.String(),
    "record": pl.String(),
    "field_name": pl.String(),
    "raw_text": pl.String(),
    "source_label_zh": pl.String(),
    "column_label_zh": pl.String(),
    "absence_code": pl.String(),
    "unit": pl.String(),
    "is_figure": pl.Boolean(),
    "confidence": pl.Float64(),
    "locator": pl.String(),
    **{name: pl.Int32() for name in PLACE[1:]},
    **_CODES,
}

# A figure that a picture shows less clearly is for a person to read: right ones came with 0.96 and more at 200 dpi.
LEAST_CONFIDENCE = 0.9
# What makes two observations the same figure of a form; tables without an entry have one row a place.
KEYS = {
    "fact_expenditures": ("item_code", "fund_source_code", "phase_code", "amount_year", "project_name"),
    "final_accounts": ("item_code", "fund_source_code", "phase_code", "amount_year"),
    "fact_evaluations": ("item_code", "fund_source_code"),
    "fact_personnel": (),
    "fact_buildings": (),
    "fact_changes": ("item_code", "fund_source_code", "phase_code", "amount_year", "change_basis_code"),
    "fact_counts": ("count_code", "count_year"),
}
# Changes that may be several for one amount; two of one size are one that is told twice.
_EACH_ITS_OWN = frozenset({"supplements", "cuts"})


def row_id(*parts: object) -> str:
    """Stable id of a row: hash of the report revision, the form and the place or key."""
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:20]


def _row(report: Report, seen: Observation) -> tuple[Any, ...]:
    form = report.form(seen.form_number)
    codes = seen.codes
    project = codes.get("project_name") or form.project_name
    names = KEYS.get(seen.table_name)
    key = seen.record if names is None else "/".join(str(codes.get(name)) for name in names)
    if codes.get("change_basis_code") in _EACH_ITS_OWN and seen.field_name == "change_wanyuan":
        key = f"{key}/{seen.raw_text.strip()}"
    place = seen.locator
    return (
        row_id(report.report_id, form.form_number, seen.table_name, key),
        report.report_id, report.form_id(form.form_number), form.form_kind, form.template_id,
        report.city_code, report.department_id, report.fiscal_year, project,
        seen.table_name, seen.record, seen.field_name, seen.raw_text, seen.source_label_zh, seen.column_label_zh,
        seen.absence_code, seen.unit, seen.is_figure, seen.confidence,
        str(place), place.page, place.table, place.row, place.column, place.line,
        *(codes.get(name) for name in _CODES),
    )  # fmt: skip


def observed(reports: Iterable[Report], decisions: pl.DataFrame | None = None) -> pl.DataFrame:
    """One row per observation with SCHEMA's columns and number, value_unit, operator, problem, is_repeated; and what people
    decided (`decisions`): correction_id, is_corrected, corrected_value, state and former_problem.

    A change has the sign of its word: a decrease is negative. A correction gives the number itself.

    Observations of the same field of the same fact row are one figure stated twice: with equal numbers the later ones are
    repeats
    (they stay as further source cells), with different ones all become the problem conflicting_duplicate. A figure recognised
    with little confidence is the problem low_confidence, and counts for neither. What a person decided on goes before what
    nobody did: it is certain, and of several numbers of one figure the only one decided on is right. What a person rejected is
    the problem rejected.
    """
    reports = list(reports)
    rows = [_row(report, seen) for report in reports for seen in report.extraction.observations]
    frame = with_values(pl.DataFrame(rows, schema=SCHEMA, orient="row")).with_columns(
        number=pl.when(pl.col("change_sign") == -1).then(-pl.col("number")).otherwise("number")  # 减少2万元 is −2
    )
    frame = _decided(settle_fractions(frame), reports, no_decisions() if decisions is None else decisions)
    is_uncertain = pl.col("absence_code").is_null() & pl.col("is_figure") & (pl.col("confidence") < LEAST_CONFIDENCE)
    is_sure = pl.col("decision_code").is_in(["correct", "release"]).fill_null(False) & pl.col("number").is_not_null()
    is_rejected = (pl.col("decision_code") == "reject").fill_null(False)
    has_number = (
        pl.col("number").is_not_null() & pl.col("table_name").is_in(list(KEYS)) & (~is_uncertain | is_sure) & ~is_rejected
    )
    figure = ["row_id", "field_name"]
    numbers = pl.col("number").filter(has_number).n_unique().over(figure)
    sure_numbers = pl.col("number").filter(has_number & is_sure).n_unique().over(figure)
    sure_number = pl.col("number").filter(has_number & is_sure).first().over(figure)
    is_one_of_several = has_number & (numbers > 1)
    is_settled = is_one_of_several & (sure_numbers == 1) & (pl.col("number") == sure_number).fill_null(False)
    is_conflict = is_one_of_several & ~is_settled
    found = (
        pl.when(is_one_of_several)
        .then(pl.lit("conflicting_duplicate"))
        .when(is_uncertain)
        .then(pl.lit("low_confidence"))
        .otherwise("problem")
    )
    frame = frame.with_columns(
        former_problem=found,
        problem=pl.when(is_rejected)
        .then(pl.coalesce(found, pl.lit("rejected")))
        .when(is_conflict)
        .then(pl.lit("conflicting_duplicate"))
        .when(is_sure | is_settled)
        .then(None)
        .otherwise(found),
        is_counted=has_number & ~is_conflict,
    ).with_columns(is_repeated=pl.col("is_counted") & (pl.col("is_counted").cum_sum().over(figure) > 1))
    return _with_marks(frame)


def _decided(frame: pl.DataFrame, reports: list[Report], decisions: pl.DataFrame) -> pl.DataFrame:
    """The frame with decision_code, correction_id and corrected_value, and the numbers that corrections give.

    Only places that hold something can be decided on.
    """
    files = pl.DataFrame(
        [(report.report_id, report.file["file_name"], report.file["sha256"]) for report in reports],
        schema={"report_id": pl.String(), "file_name": pl.String(), "sha256": pl.String()},
        orient="row",
    )
    found = with_decisions(frame.join(files, on="report_id", how="left", maintain_order="left"), decisions)
    is_here = pl.col("absence_code").is_null() & pl.col("decision_code").is_not_null()
    is_correction = is_here & (pl.col("decision_code") == "correct")
    has_no_unit = pl.col("field_name").str.ends_with("_wanyuan") & pl.col("value_unit").is_null()
    return found.with_columns(
        number=pl.when(is_correction).then("value").otherwise("number"),
        value_unit=pl.when(is_correction & has_no_unit).then(pl.lit("万元")).otherwise("value_unit"),
        operator=pl.when(is_correction & pl.col("operator").is_in(["qualitative", "range"]))
        .then(pl.lit("bare"))
        .otherwise("operator"),
        corrected_value=pl.when(is_correction).then("value").cast(AMOUNT),
        correction_id=pl.when(is_here).then("correction_id"),
        decision_code=pl.when(is_here).then("decision_code"),
        own_problem=pl.col("problem"),
    ).drop("file_name", "sha256", "value")


def _with_marks(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with correction_id only where a decision changed something, and state: what became of a doubtful figure.

    row_correction_id and row_is_corrected say the same of all accepted cells of a fact row.
    """
    is_correction = pl.col("corrected_value").is_not_null() & pl.col("problem").is_null()
    is_release = (pl.col("decision_code") == "release") & pl.col("former_problem").is_not_null() & pl.col("problem").is_null()
    is_rejection = pl.col("decision_code") == "reject"
    has_effect = (is_correction | is_release | is_rejection).fill_null(False)
    marked = frame.with_columns(
        correction_id=pl.when(has_effect).then("correction_id"),
        corrected_value=pl.when(is_correction).then("corrected_value"),
        is_corrected=is_correction,
        state=pl.when(is_rejection.fill_null(False))
        .then(pl.lit("rejected"))
        .when(is_correction)
        .then(pl.lit("corrected"))
        .when(is_release.fill_null(False))
        .then(pl.lit("released"))
        .otherwise(pl.lit("open")),
        former_problem=pl.coalesce("own_problem", "former_problem"),
    ).drop("decision_code", "own_problem", "is_counted")
    in_force = pl.col("correction_id").filter(pl.col("problem").is_null())
    return marked.with_columns(
        row_correction_id=in_force.drop_nulls().first().over("row_id"),
        row_is_corrected=pl.col("is_corrected").any().over("row_id"),
    )


def accepted(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    """Observations of one fact table that hold a value without a problem, repeats left out."""
    return frame.filter(
        (pl.col("table_name") == table)
        & pl.col("absence_code").is_null()
        & pl.col("problem").is_null()
        & ~pl.col("is_repeated")
    ).with_columns(correction_id="row_correction_id", is_corrected="row_is_corrected")


def wide(frame: pl.DataFrame, table: str, values: dict[str, pl.Expr], *, keep_absent: bool = False) -> pl.DataFrame:
    """One row per row_id of a wide fact table.

    `values` maps columns to expressions over the observations of the row. The place is that of the first cell; raw_text
    joins the
    cells. With `keep_absent` a row of nothing but absences or problems counts too.
    """
    of_table = frame.filter((pl.col("table_name") == table) & ~pl.col("is_repeated"))
    if not keep_absent:
        of_table = of_table.filter(pl.col("absence_code").is_null() & pl.col("problem").is_null())
    firsts = [
        name for name in SCHEMA if name not in {"row_id", "raw_text", "record", "field_name", "absence_code", "is_figure"}
    ]
    return of_table.group_by("row_id", maintain_order=True).agg(
        *(pl.col(name).first() for name in firsts if name not in values),
        correction_id=pl.col("row_correction_id").first(),
        is_corrected=pl.col("row_is_corrected").first(),
        raw_text=pl.col("raw_text").filter(pl.col("raw_text").str.strip_chars() != "").str.join(" | "),
        **values,
    )


def value_of(field: str) -> pl.Expr:
    """Number of one field of a wide row; null where it is absent or a problem."""
    return pl.col("number").filter((pl.col("field_name") == field) & pl.col("problem").is_null()).first()


def text_of(field: str) -> pl.Expr:
    """Raw text of one field of a wide row; null where it is blank, merged or uncertain, kept where it says 无."""
    has_text = pl.col("absence_code").is_null() | pl.col("absence_code").is_in(["none", "dash", "masked"])
    is_certain = pl.col("problem").fill_null("") != "low_confidence"
    return pl.col("raw_text").filter((pl.col("field_name") == field) & has_text & is_certain).first()
