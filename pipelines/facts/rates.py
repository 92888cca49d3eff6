"""Execution rates printed without a per-cent sign that may be fractions: 0.958 is 95.8 % or 0.958 %.

Belongs here: letting the amounts beside such a rate settle how it is meant. Does not belong here: whether a rate is right
(the rules): a rate that fits the amounts in neither reading, or in both, stays a problem.
"""

from __future__ import annotations

import polars as pl

from pipelines.facts.numbers import DECIMAL, plain

FIELD = "execution_rate_reported_pct"
_FRACTION = r"^(?:\d?\.\d{1,6}|1)$"
LEAST_PLACES = 2  # with fewer, half a unit of the last place is wide enough to fit by chance
_KEY = ("form_id", "item_code", "fund_source_code", "project_name")
_BUDGETS = ("budget_final", "budget", "budget_initial")  # what a rate is of, the first that the form states


def settle_fractions(observations: pl.DataFrame) -> pl.DataFrame:
    """Observations (with number and problem) in which a rate that the amounts of its row settle has its number in per cent.

    The rate times the budget must give the executed amount within half a unit of the last printed place, in one reading only.
    """
    text = plain("raw_text")
    is_open = (
        (pl.col("field_name") == FIELD)
        & (pl.col("problem") == "malformed_number")
        & pl.col("absence_code").is_null()
        & text.str.contains(_FRACTION)
    )
    if observations.filter(is_open).is_empty():
        return observations
    printed = text.str.replace(r"^\.", "0.").cast(DECIMAL, strict=False)
    places = text.str.extract(r"\.(\d+)$").str.len_chars().fill_null(0)
    half = pl.when(places >= LEAST_PLACES).then(0.5 * pl.lit(10.0) ** (-places.cast(pl.Float64))).otherwise(0.0)
    budget = pl.coalesce(_BUDGETS)
    ratio = pl.col("executed").cast(pl.Float64) / budget.cast(pl.Float64)
    rate, slack = printed.cast(pl.Float64), half + 1e-12
    as_fraction = ((ratio - rate).abs() <= slack).fill_null(False)
    as_percentage = ((ratio * 100 - rate).abs() <= slack).fill_null(False)
    is_settled = is_open & (budget > 0) & (as_fraction != as_percentage)
    return (
        observations.join(_amounts(observations), on=_KEY, how="left", nulls_equal=True, maintain_order="left")
        .with_columns(
            number=pl.when(is_settled & as_fraction).then(printed * 100).when(is_settled).then(printed).otherwise("number"),
            problem=pl.when(is_settled).then(None).otherwise("problem"),
        )
        .select(observations.columns)
    )


def _amounts(observations: pl.DataFrame) -> pl.DataFrame:
    """The year's amounts by phase; null where one is absent, a problem, or stated differently in two places."""
    stated = observations.filter(
        (pl.col("table_name") == "fact_expenditures")
        & (pl.col("amount_year") == pl.col("fiscal_year"))
        & pl.col("problem").is_null()
    )

    def amount(phase: str) -> pl.Expr:
        of_phase = pl.col("number").filter((pl.col("phase_code") == phase) & pl.col("number").is_not_null())
        return pl.when(of_phase.n_unique() == 1).then(of_phase.first()).alias(phase)

    return stated.group_by(_KEY).agg(amount(phase) for phase in ("executed", *_BUDGETS))
