"""`fact_buildings`: office buildings and halls completed in the year. Grain: form."""

from __future__ import annotations

import polars as pl

from pipelines.catalogue.schemas import polars_schema
from pipelines.facts.observed import value_of, wide

_NUMBERS = (
    "approved_area_sqm", "actual_area_sqm", "area_control_rate_reported_pct", "budgeted_investment_wanyuan",
    "actual_investment_wanyuan", "investment_control_rate_reported_pct",
)  # fmt: skip


def fact_buildings(observations: pl.DataFrame) -> pl.DataFrame:
    """One row per form that states buildings; areas in ㎡, investment in 万元, rates in per cent."""
    rows = wide(observations, "fact_buildings", {name: value_of(name) for name in _NUMBERS})
    return rows.select(pl.col(name).cast(dtype) for name, dtype in polars_schema("fact_buildings").items())
