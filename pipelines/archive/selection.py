"""Back-fills: which part of the raw folder a night attends to.

Belongs here: the selection, and what a plan becomes under it. Does not belong here: the plan of everything (`planning`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any, Self

import polars as pl

# Days begin where the reports are from; the country has one time zone and no summer time.
BEIJING = timezone(timedelta(hours=8))


class SelectionError(ValueError):
    """A part of a selection that cannot be understood; the message names it."""


@dataclass(frozen=True)
class Selection:
    """Files of these cities (folder names), years (folders) and first seen since a day; without any of them, all files.

    `reread`: selected files are read anew, whatever is stored of them.
    """

    cities: frozenset[str] = frozenset()
    years: frozenset[int] = frozenset()
    since: date | None = None
    reread: bool = False

    @classmethod
    def of(
        cls, cities: Iterable[str] = (), years: Iterable[int | str] = (), since: str | None = None, reread: bool = False
    ) -> Self:
        """A selection from what people write; `since` as YYYY-MM-DD. Raises SelectionError."""
        try:
            day = date.fromisoformat(since) if since else None
        except ValueError as error:
            raise SelectionError(f"{since!r} is no day; write it as 2024-07-01") from error
        wrong = [year for year in map(str, years) if not (year.isdecimal() and len(year) == 4)]
        if wrong:
            raise SelectionError(f"{wrong[0]!r} is no year; write it as 2024")
        return cls(frozenset(cities), frozenset(map(int, years)), day, reread)

    @property
    def is_everything(self) -> bool:
        """Whether no file is left out."""
        return not self.cities and not self.years and self.since is None

    def told(self) -> dict[str, Any]:
        """The selection as JSON tells it."""
        since = self.since.isoformat() if self.since else None
        return {"cities": sorted(self.cities), "years": sorted(self.years), "since": since, "reread": self.reread}

    def of_place(self) -> pl.Expr:
        """Whether city_slug and folder_year are selected; `since` is not asked."""
        chosen = pl.lit(True)
        if self.cities:
            chosen &= pl.col("city_slug").is_in(sorted(self.cities))
        if self.years:
            chosen &= pl.col("folder_year").is_in(sorted(self.years))
        return chosen.fill_null(False)

    def condition(self) -> pl.Expr:
        """Whether a revision with city_slug, folder_year and first_seen_at (UTC) is selected."""
        if self.since is None:
            return self.of_place()
        begins = datetime.combine(self.since, time(), BEIJING).astimezone(UTC).replace(tzinfo=None)
        return self.of_place() & (pl.col("first_seen_at") >= begins)


EVERYTHING = Selection()


def narrow(revisions: pl.DataFrame, ledger: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """The plan (columns of PLAN_SCHEMA and is_selected) with what is not selected as the lake has it: current as it is there.

    `ledger` has these columns of the lake's revisions. With a revision come those at the same path and those of the same bytes,
    wherever they are: which of them counts is one decision. What is neither selected nor in the lake is left out.
    """
    if selection.is_everything:
        return revisions.with_columns(is_selected=pl.lit(True))
    chosen = revisions.filter(selection.condition())
    while True:
        grown = revisions.filter(
            pl.col("file_name").is_in(chosen["file_name"].implode()) | pl.col("sha256").is_in(chosen["sha256"].implode())
        )
        if grown.height == chosen.height:
            break
        chosen = grown
    # A selected revision that the register forgot is left out, and so is gone.
    is_forgotten = ~pl.col("report_id").is_in(revisions["report_id"].implode()) & selection.condition()
    kept = (
        ledger.join(chosen, on="report_id", how="anti")
        .filter(~is_forgotten)
        .select(
            pl.lit(None, dtype).alias(name)
            if name in ("rejected_reason", "rejected_detail")
            else pl.lit("none").alias(name)
            if name == "work"
            else pl.col(name)
            for name, dtype in revisions.schema.items()
        )
    )
    told = [chosen.with_columns(is_selected=pl.lit(True)), kept.with_columns(is_selected=pl.lit(False))]
    return pl.concat(told).sort("file_name", "first_seen_at", "sha256")
