"""`fact_evaluations`: execution rate, weights, scores and grade of a form. Grain: form × item_code × fund_source_code."""

from __future__ import annotations

import polars as pl

from pipelines.catalogue.schemas import polars_schema
from pipelines.facts.observed import text_of, value_of, wide

_NUMBERS = (
    "execution_rate_reported_pct",
    "execution_weight_points",
    "execution_score_points",
    "total_weight_points",
    "total_score_points",
    "total_review_score_points",
    "mean_score_reported_points",
)


def fact_evaluations(observations: pl.DataFrame) -> pl.DataFrame:
    """One row per form and item; rates in per cent, weights and scores in points."""
    values = {name: value_of(name) for name in _NUMBERS} | {"grade_reported": text_of("grade_reported")}
    values["execution_rate_basis_code"] = pl.col("execution_rate_basis_code").drop_nulls().first()
    rows = wide(observations, "fact_evaluations", values)
    return rows.select(pl.col(name).cast(dtype) for name, dtype in polars_schema("fact_evaluations").items())
