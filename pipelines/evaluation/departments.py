"""Departments that the reference table does not name, each with the row that would name it.

Belongs here: putting spellings together that are one department already, and what it may be instead. Nothing is merged here:
a person adds the row, or the name to the aliases of another. Does not belong here: finding departments (`facts.places`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.facts.places import LEAST_ALIKE, city, likeness, normalised_name

FILE = "data/reference/departments.csv"
COLUMNS = (
    "department_id", "city_slug", "name_zh", "name_en", "aliases", "valid_from", "valid_to", "level_code", "line_code",
    "supervising_department_id",
)  # fmt: skip
PROPOSALS = 3


@dataclass(frozen=True)
class Proposal:
    """A department that an unknown one may be: known (then `csv` is its row with the new names as aliases) or unknown too."""

    department_id: str
    name_zh: str
    similarity: float
    csv: str | None


@dataclass(frozen=True)
class Unknown:
    """A department without a row: its names as printed, its years, the row to add to FILE, and what it may be instead."""

    department_id: str
    city_slug: str | None
    names: tuple[str, ...]
    fiscal_years: tuple[int, ...]
    reports_count: int
    csv: str
    proposals: tuple[Proposal, ...]


def unknown_departments(reports: pl.DataFrame, reference: Path) -> list[Unknown]:
    """Departments of current reports that were found as `new`, by city, the most frequent first.

    `reports` needs the columns is_current, city_slug, department_id, department_name, department_match_code,
    department_level_code, department_line_code and fiscal_year.
    """
    new = reports.filter(pl.col("is_current") & (pl.col("department_match_code") == "new"))
    rows = (
        new.group_by("city_slug", "department_id", maintain_order=True)
        .agg(
            pl.col("department_name").unique(maintain_order=True).alias("names"),
            pl.col("fiscal_year").drop_nulls().unique().sort().alias("years"),
            pl.len().alias("count"),
            pl.col("department_level_code").drop_nulls().first().alias("level_code"),
            pl.col("department_line_code").drop_nulls().first().alias("line_code"),
        )
        .sort("city_slug", "count", descending=[False, True], maintain_order=True)
        .to_dicts()
    )
    with (reference / "departments.csv").open(encoding="utf-8", newline="") as file:
        known = list(csv.DictReader(file))
    return [_unknown(row, rows, known, reference) for row in rows]


def _unknown(row: dict[str, Any], others: list[dict[str, Any]], known: list[dict[str, str]], reference: Path) -> Unknown:
    slug = row["city_slug"]
    place = city(reference, slug)
    spelt = dict.fromkeys("".join(name.split()) for name in row["names"])
    # The fullest spelling is the name: that with the city in front, the longest of these.
    names = sorted(spelt, key=lambda name: (not name.startswith(place.name or ""), -len(name)))
    short = normalised_name(place, names[0])

    def alike(candidates: Iterable[str]) -> float:
        return max(likeness(short, normalised_name(place, name)) for name in candidates)

    proposals = []
    for entry in known:
        if entry["city_slug"] == slug:
            aliases = list(filter(None, entry["aliases"].split("|")))
            own = entry | {"aliases": "|".join([*aliases, *names])}
            similarity = round(alike([entry["name_zh"], *aliases]), 2)
            proposals.append(Proposal(entry["department_id"], entry["name_zh"], similarity, _line(own)))
    for other in others:
        if other["city_slug"] == slug and other["department_id"] != row["department_id"]:
            proposals.append(Proposal(other["department_id"], other["names"][0], round(alike(other["names"]), 2), None))
    near = sorted((entry for entry in proposals if entry.similarity >= LEAST_ALIKE), key=lambda entry: -entry.similarity)
    new = {
        "department_id": row["department_id"],
        "city_slug": slug,
        "name_zh": names[0],
        "aliases": "|".join(names[1:]),
        "level_code": row["level_code"],
        "line_code": row["line_code"],
    }
    years = tuple(row["years"])
    return Unknown(row["department_id"], slug, tuple(names), years, row["count"], _line(new), tuple(near[:PROPOSALS]))


def _line(row: Mapping[str, str | None]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([row.get(name) or "" for name in COLUMNS])
    return text.getvalue()
