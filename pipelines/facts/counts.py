"""`fact_counts`: receptions, journeys, vehicles and projects that sentences count. Grain: form × count_code × count_year."""

from __future__ import annotations

import polars as pl

from pipelines.catalogue.schemas import polars_schema
from pipelines.facts.observed import accepted


def fact_counts(observations: pl.DataFrame) -> pl.DataFrame:
    """One row per thing counted and year."""
    return (
        accepted(observations, "fact_counts")
        .with_columns(count_value=pl.col("number").cast(pl.Int32))
        .select(*polars_schema("fact_counts"))
    )
