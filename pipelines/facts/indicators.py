"""`fact_indicators`: third-level indicators with target, actual value, weight and score. Grain: form × indicator."""

from __future__ import annotations

import polars as pl

from pipelines.catalogue import catalogue
from pipelines.catalogue.schemas import polars_schema
from pipelines.facts.numbers import DECIMAL, OPERATORS, plain
from pipelines.facts.observed import text_of, value_of, wide

_TEXTS = (
    "indicator_name",
    "target_raw",
    "actual_raw",
    "deduction_rule",
    "deviation_reason",
    "level1_label_zh",
    "level2_label_zh",
)
_NUMBERS = ("weight_points", "score_points", "review_score_points", "score_coefficient", "level1_band_points")
_UNSAID = ("bare", "qualitative")  # operators of a target whose own cell prints none
_IS_CORE = {"是": True, "√": True, "☑": True, "✓": True, "否": False, "不是": False, "×": False, "□": False}


def _of(field: str, column: str) -> pl.Expr:
    return pl.col(column).filter(pl.col("field_name") == field).first()


def _said(field: str) -> pl.Expr:
    return pl.col("raw_text").filter((pl.col("field_name") == field) & pl.col("absence_code").is_null()).first()


def _code(vocabulary: str, column: str) -> pl.Expr:
    def code(label: str) -> str | None:
        return catalogue().code_of_label(vocabulary, label)

    return pl.col(column).map_elements(code, return_dtype=pl.String)


def _operator(field: str) -> pl.Expr:
    """Code of the operator that stands in a column of its own; null for words that are no operator."""
    signs = {sign: code for code, spelt in OPERATORS.items() for sign in spelt.split("|")} | {"定性": "qualitative"}
    return plain(field).replace_strict(list(signs), list(signs.values()), default=None, return_dtype=pl.String)


def fact_indicators(observations: pl.DataFrame) -> pl.DataFrame:
    """One row per indicator. A target such as 无 keeps its text in target_raw and its kind in target_absence_code.

    Operator and unit of a target come from the target's own cell, else from columns of their own.
    """
    values = {name: text_of(name) for name in _TEXTS} | {name: value_of(name) for name in _NUMBERS}
    for side in ("target", "actual"):
        raw = f"{side}_raw"
        values |= {
            f"{side}_value": value_of(raw),
            f"{side}_operator": _of(raw, "operator"),
            f"{side}_unit": _of(raw, "value_unit"),
            f"{side}_absence_code": _of(raw, "absence_code"),
        }
    values |= {"target_adjusted_raw": text_of("target_adjusted_raw"), "target_adjusted_value": value_of("target_adjusted_raw")}
    values["is_core_indicator"] = text_of("is_core_indicator")
    values |= {f"own_{name}": _said(name) for name in ("target_operator", "target_unit")}
    values |= {name: pl.col(name).drop_nulls().first() for name in ("indicator_number", "shares_score_with")}
    values["column_label_zh"] = pl.col("column_label_zh").first()
    place = {
        name: _of("indicator_name", name) for name in ("locator", "table_number", "row_number", "column_number", "line_number")
    }
    rows = wide(observations, "fact_indicators", values | place, keep_absent=True)
    schema = polars_schema("fact_indicators")
    return (
        rows.with_columns(
            level1_code=_code("level1", "level1_label_zh"),
            level2_code=_code("level2", "level2_label_zh"),
            target_operator=pl.when(pl.col("target_operator").is_in(_UNSAID) | pl.col("target_operator").is_null())
            .then(pl.coalesce(_operator("own_target_operator"), "target_operator"))
            .otherwise("target_operator"),
            target_unit=pl.coalesce("target_unit", "own_target_unit"),
            is_core_indicator=pl.col("is_core_indicator")
            .str.replace_all(r"\s", "")
            .replace_strict(list(_IS_CORE), list(_IS_CORE.values()), default=None, return_dtype=pl.Boolean),
        )
        .with_columns(**_month_reached())
        .select(pl.col(name).cast(dtype) for name, dtype in schema.items())
    )


def _month_reached() -> dict[str, pl.Expr]:
    """Value, unit and operator of an actual such as 10月: a number where the target is a month too, else a date."""
    month = plain("actual_raw").str.extract(r"^(\d{1,2})月$").cast(DECIMAL)
    is_month = month.is_not_null() & pl.col("actual_value").is_null() & (pl.col("target_unit") == "月")
    is_month &= pl.col("target_value").is_not_null()
    told = {"actual_value": month, "actual_unit": pl.lit("月"), "actual_operator": pl.lit("bare")}
    return {name: pl.when(is_month).then(value).otherwise(name) for name, value in told.items()}
