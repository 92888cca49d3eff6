"""The conservation count: extracted = accepted + quarantined + unmapped, form by form.

Belongs here: filling in the counts of `forms` and `reports`, and each report's outcome, once quality has split the rows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from pipelines.catalogue import catalogue
from pipelines.home import replace_atomically

_COUNTS = ("figures_extracted_count", "figures_accepted_count", "figures_quarantined_count", "figures_unmapped_count")
_REJECTED = "figures_rejected_count"


def count_figures(frames: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The frames with counts and outcomes filled in. A report whose figures are not conserved is rejected as a whole.

    Figures that a person rejected stay among the quarantined ones, and are counted apart: they leave no report partial.

    Needs figure_cells, quarantine, unmapped_labels, forms and reports; every other table is only filtered.
    """
    accepted = frames["figure_cells"].filter("is_figure").group_by("form_id").agg(figures_accepted_count=pl.len())
    held = frames["quarantine"].group_by("form_id").agg(pl.col("figures_quarantined_count").sum())
    rejected = (
        frames["quarantine"]
        .filter(state="rejected")
        .group_by("form_id")
        .agg(pl.col("figures_quarantined_count").sum().alias(_REJECTED))
    )
    unmapped = frames["unmapped_labels"].group_by("form_id").agg(figures_unmapped_count=pl.len())
    counted = [*_COUNTS[1:], _REJECTED]
    forms = frames["forms"].drop(counted)
    for counts in (accepted, held, rejected, unmapped):
        forms = forms.join(counts, on="form_id", how="left", maintain_order="left")
    forms = forms.with_columns(pl.col(counted).fill_null(0).cast(pl.Int32)).select(frames["forms"].columns)
    totals = forms.group_by("report_id").agg(pl.col(*_COUNTS, _REJECTED).sum())
    lost = forms.filter(pl.col("figures_extracted_count") != pl.sum_horizontal(_COUNTS[1:]))["report_id"].unique()
    reports = frames["reports"].drop(*_COUNTS, _REJECTED).join(totals, on="report_id", how="left", maintain_order="left")
    is_lost = pl.col("report_id").is_in(lost.implode())
    is_partial = pl.col("figures_quarantined_count") + pl.col("figures_unmapped_count") > pl.col(_REJECTED)
    reports = reports.with_columns(
        pl.col(*_COUNTS, _REJECTED).fill_null(0),
        outcome=pl.when(is_lost | (pl.col("outcome") == "rejected")).then(pl.lit("rejected"))
        .when(is_partial).then(pl.lit("partial")).otherwise(pl.lit("parsed")),
        reason=pl.when(is_lost).then(pl.lit("not_conserved")).otherwise("reason"),
        detail=pl.when(is_lost).then(pl.lit(catalogue().codes["reason"]["not_conserved"].definition)).otherwise("detail"),
    ).select(frames["reports"].columns)  # fmt: skip
    kept = {
        name: frame.filter(~is_lost)
        for name, frame in frames.items()
        if name not in ("forms", "reports") and not lost.is_empty()
    }
    return {**frames, **kept, "forms": forms.filter(~is_lost), "reports": reports}


def settle(run: Path) -> dict[str, Any]:
    """Fill in the counts of a run's frames under `run/facts`. Returns reports by outcome and the sums of the counts."""
    folder = run / "facts"
    frames = {name: pl.read_parquet(folder / f"{name}.parquet") for name in catalogue().tables}
    settled = count_figures(frames)
    for name, frame in settled.items():
        if frame is not frames[name]:
            replace_atomically(folder / f"{name}.parquet", frame.write_parquet)
    outcomes = dict(settled["reports"].group_by("outcome").len().iter_rows())
    sums = settled["reports"].select(pl.col(*_COUNTS, _REJECTED).sum()).row(0, named=True)
    return {outcome: outcomes.get(outcome, 0) for outcome in ("parsed", "partial", "rejected")} | sums
