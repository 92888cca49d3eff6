"""`fact_expenditures`: amounts of money.

Grain: form × item_code × fund_source_code × phase_code × amount_year (× project_name for special funds).
"""

from __future__ import annotations

import polars as pl

from pipelines.catalogue.schemas import polars_schema
from pipelines.facts.observed import accepted


def fact_expenditures(observations: pl.DataFrame) -> pl.DataFrame:
    """One row per amount in 万元, DECIMAL(18,6); `unit_reported` is the unit that the form prints."""
    return accepted(observations, "fact_expenditures").select(
        pl.col("number").alias("amount_wanyuan").cast(pl.Decimal(18, 6)) if name == "amount_wanyuan"
        else pl.col("value_unit").alias(name) if name == "unit_reported"
        else pl.col(name)
        for name in polars_schema("fact_expenditures")
    )  # fmt: skip
