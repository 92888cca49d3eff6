"""`fact_personnel`: staffing quota and staff. Grain: form."""

from __future__ import annotations

import polars as pl

from pipelines.catalogue.schemas import polars_schema
from pipelines.facts.observed import value_of, wide

_NUMBERS = (
    "staffing_quota_count",
    "in_post_count",
    "control_rate_reported_pct",
    "retirees_count",
    "total_staff_count",
    "quota_cut_count",
)


def fact_personnel(observations: pl.DataFrame) -> pl.DataFrame:
    """One row per form that states staff; counts in persons, the control rate in per cent."""
    rows = wide(observations, "fact_personnel", {name: value_of(name) for name in _NUMBERS})
    return rows.select(pl.col(name).cast(dtype) for name, dtype in polars_schema("fact_personnel").items())
