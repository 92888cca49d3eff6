"""`fact_changes`: what sentences say that an amount rose or fell by. Grain: form × amount × change_basis_code."""

from __future__ import annotations

import polars as pl

from pipelines.catalogue.schemas import polars_schema
from pipelines.facts.observed import value_of, wide


def fact_changes(observations: pl.DataFrame) -> pl.DataFrame:
    """One row per amount and basis of comparison; the change in 万元, in per cent, or both; a decrease is negative."""
    rows = wide(observations, "fact_changes", {name: value_of(name) for name in ("change_wanyuan", "change_pct")})
    return rows.select(pl.col(name).cast(dtype) for name, dtype in polars_schema("fact_changes").items())
