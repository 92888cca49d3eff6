"""`fact_indicators`: third-level indicators with target, actual value, weight and score. Grain: form × indicator."""

from __future__ import annotations

import polars as pl

from pipelines.catalogue import catalogue
from pipelines.catalogue.schemas import polars_schema
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
_NUMBERS = ("weight_points", "score_points", "level1_band_points")


def _of(field: str, column: str) -> pl.Expr:
    return pl.col(column).filter(pl.col("field_name") == field).first()


def _code(vocabulary: str, column: str) -> pl.Expr:
    def code(label: str) -> str | None:
        return catalogue().code_of_label(vocabulary, label)

    return pl.col(column).map_elements(code, return_dtype=pl.String)


def fact_indicators(observations: pl.DataFrame) -> pl.DataFrame:
    """One row per indicator. A target such as 无 keeps its text in target_raw and its kind in target_absence_code."""
    values = {name: text_of(name) for name in _TEXTS} | {name: value_of(name) for name in _NUMBERS}
    for side in ("target", "actual"):
        raw = f"{side}_raw"
        values |= {
            f"{side}_value": value_of(raw),
            f"{side}_operator": _of(raw, "operator"),
            f"{side}_unit": _of(raw, "value_unit"),
            f"{side}_absence_code": _of(raw, "absence_code"),
        }
    values["indicator_number"] = pl.col("indicator_number").drop_nulls().first()
    values["column_label_zh"] = pl.col("column_label_zh").first()
    place = {
        name: _of("indicator_name", name) for name in ("locator", "table_number", "row_number", "column_number", "line_number")
    }
    rows = wide(observations, "fact_indicators", values | place, keep_absent=True)
    schema = polars_schema("fact_indicators")
    return rows.with_columns(
        level1_code=_code("level1", "level1_label_zh"), level2_code=_code("level2", "level2_label_zh")
    ).select(pl.col(name).cast(dtype) for name, dtype in schema.items())
