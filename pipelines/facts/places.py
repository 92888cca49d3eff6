"""Cities and departments by their names.

Belongs here: the reference tables under data/reference and the ids made from them. Does not belong here: guessing: an
unknown city keeps
its folder's name as code, an unknown department gets an id of its own.
"""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class City:
    """A city: its GB/T 2260 code, Chinese name and Chinese name of its province."""

    code: str | None
    name: str | None
    province: str | None = None


@cache
def _rows(path: Path) -> tuple[dict[str, str], ...]:
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def city(reference: Path, slug: str | None) -> City:
    """City of a folder name; the folder's name is the code where data/reference/cities.csv does not know it."""
    for row in _rows(reference / "cities.csv"):
        if row["slug"] == slug:
            return City(row["city_code"], row["name_zh"], row["province_zh"] or None)
    return City(slug, None)


@cache
def _departments(reference: Path) -> dict[tuple[str, str], str]:
    known = {}
    for row in _rows(reference / "departments.csv"):
        for name in (row["name_zh"], *filter(None, row["aliases"].split("|"))):
            known[row["city_slug"], _plain(name)] = row["department_id"]
    return known


def _plain(name: str) -> str:
    return re.sub(r"\s+", "", name)


def department_id(reference: Path, slug: str | None, name: str | None) -> str | None:
    """Id of a department of a city: the reference table's, else a hash of city and name; None without a name."""
    if name is None:
        return None
    known = _departments(reference).get((slug or "", _plain(name)))
    return known or "d" + hashlib.sha256(f"{slug}\n{_plain(name)}".encode()).hexdigest()[:12]
