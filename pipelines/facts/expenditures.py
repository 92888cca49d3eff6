"""`fact_expenditures` and `final_accounts`: amounts of money.

Grain: form × item_code × fund_source_code × phase_code × amount_year (× project_name for special funds in a self-evaluation).
"""

from __future__ import annotations

import polars as pl

from pipelines.catalogue.schemas import polars_schema
from pipelines.facts.observed import accepted


def fact_expenditures(observations: pl.DataFrame) -> pl.DataFrame:
    """One row per amount in 万元, DECIMAL(18,6); `unit_reported` is the unit that the form prints."""
    return _amounts(observations, "fact_expenditures")


def final_accounts(observations: pl.DataFrame) -> pl.DataFrame:
    """One row per amount that published final accounts state, as in `fact_expenditures`; no actual of a self-evaluation."""
    return _amounts(observations, "final_accounts")


def _amounts(observations: pl.DataFrame, table: str) -> pl.DataFrame:
    return accepted(observations, table).select(
        pl.col("number").alias("amount_wanyuan").cast(pl.Decimal(18, 6)) if name == "amount_wanyuan"
        else pl.col("value_unit").alias(name) if name == "unit_reported"
        else pl.col(name)
        for name in polars_schema(table)
    )  # fmt: skip
