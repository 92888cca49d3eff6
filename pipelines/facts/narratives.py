"""`fact_narratives` and `fact_goals`: texts by section, and the quantities that goal texts name."""

from __future__ import annotations

import polars as pl

from pipelines.catalogue.schemas import polars_schema
from pipelines.facts.observed import accepted

HEAD_LENGTH = 200  # raw_text of a text row: its beginning; `text` holds all of it


def fact_narratives(observations: pl.DataFrame) -> pl.DataFrame:
    """One row per section of the narrative and per goal or explanation of a form; text is null where a heading has none of
    its own."""
    texts = observations.filter(pl.col("table_name") == "fact_narratives").with_columns(
        text=pl.col("raw_text").replace("", None), raw_text=pl.col("raw_text").str.head(HEAD_LENGTH)
    )
    return texts.select(*polars_schema("fact_narratives"))


def fact_goals(observations: pl.DataFrame) -> pl.DataFrame:
    """One row per quantity of a goal text; quantity_raw as printed (三轮), quantity_value as a number (3)."""
    return (
        accepted(observations, "fact_goals")
        .with_columns(quantity_value=pl.col("number").cast(pl.Decimal(18, 6)), raw_text="quantity_raw")
        .select(*polars_schema("fact_goals"))
    )
