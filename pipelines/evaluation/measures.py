"""Verdicts to shares: precision, recall and exactness by whatever column one asks for.

Belongs here: the definitions of the measures. Does not belong here: words for people (`publishing`, the command).
"""

from __future__ import annotations

from enum import StrEnum

import polars as pl

SCHEMA: dict[str, pl.DataType] = {
    "family": pl.String(),
    "case": pl.String(),
    "file": pl.String(),
    "format": pl.String(),
    "table_name": pl.String(),
    "field_name": pl.String(),
    "verdict": pl.String(),
    "gold": pl.String(),
    "got": pl.String(),
    "key": pl.String(),
    "place": pl.String(),
    "form_kind": pl.String(),
    "template_id": pl.String(),
    "is_negative": pl.Boolean(),
}


class Verdict(StrEnum):
    """What became of one value."""

    RIGHT = "right"
    WRONG = "wrong"
    EXTRA = "extra"
    FLAGGED = "flagged"
    LOST = "lost"


SILENT = (Verdict.WRONG, Verdict.EXTRA)


def measure(judged: pl.DataFrame, *by: str) -> pl.DataFrame:
    """One row per value of the columns `by`, over verdicts with SCHEMA's columns; one row over all without `by`.

    Columns: documents, values (gold's), right, wrong, extra, flagged, lost, silent (wrong + extra), from_negatives, and in per
    cent precision (right of the facts), recall (right of gold's values), exactness (right of both together); null where there
    is nothing to divide by.
    """

    def count(verdict: Verdict) -> pl.Expr:
        return (pl.col("verdict") == verdict).sum()

    counts = judged.group_by(by or pl.lit("all").alias("all"), maintain_order=True).agg(
        pl.struct("family", "file").n_unique().alias("documents"),
        (pl.col("verdict") != Verdict.EXTRA).sum().alias("values"),
        *(count(verdict).alias(verdict.value) for verdict in Verdict),
        pl.col("verdict").is_in(SILENT).sum().alias("silent"),
        (pl.col("is_negative") & (pl.col("verdict") == Verdict.EXTRA)).sum().alias("from_negatives"),
    )

    def share(whole: pl.Expr) -> pl.Expr:
        return pl.when(whole > 0).then(100 * pl.col("right") / whole)

    facts = pl.sum_horizontal("right", "wrong", "extra")
    measured = counts.with_columns(
        precision=share(facts), recall=share(pl.col("values")), exactness=share(pl.col("values") + pl.col("extra"))
    )
    return (measured if by else measured.drop("all")).sort(by) if by else measured.drop("all")


def misses(judged: pl.DataFrame) -> pl.DataFrame:
    """Every verdict but `right`: the silent ones first, then the lost, then the flagged."""
    order = [*SILENT, Verdict.LOST, Verdict.FLAGGED]
    rank = pl.col("verdict").replace_strict([*map(str, order)], list(range(len(order))), return_dtype=pl.Int32)
    wrong = judged.filter(pl.col("verdict") != Verdict.RIGHT)
    return wrong.sort(rank, "family", "file", maintain_order=True)


def fails(judged: pl.DataFrame, at_least: float) -> bool:
    """Whether a family is read less exactly than `at_least` per cent, a value is wrong in silence or a negative gave facts."""
    by_family = measure(judged, "family")
    too_few = (by_family["exactness"] < at_least).any()
    return bool(too_few or by_family["silent"].sum() or by_family["from_negatives"].sum())
