"""Cities and departments by their names.

Belongs here: the reference tables under data/reference, how a printed name finds its department, and the ids made from names.
Does not belong here: guessing: an unknown city keeps its folder's name as code, an unknown department gets an id of its own and
what it is like is a proposal for a person.
"""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

LEAST_ALIKE = 0.6
PROPOSALS = 3
_BODY = re.compile(r"^(?:委员会|委)(?=.)")  # what is left of 中共…市委员会… and 市委… without the city
# 市 in front, in a city's folder, is the city itself, but not in 市场, 市民 and 市政工程.
_SEAT = re.compile(r"^(?P<seat>[省市州盟县区旗])(?!场|域|政(?!府|协|务|法)|民(?!政|族|宗|营|革|盟|建|进))(?=..)")


@dataclass(frozen=True)
class City:
    """A city: its GB/T 2260 code, Chinese name, Chinese name of its province and code of `administrative_level`."""

    code: str | None
    name: str | None
    province: str | None = None
    level_code: str | None = None


@dataclass(frozen=True)
class Department:
    """What a printed name is: its id, how it was found (code of `department_match`), departments that it is like (one a line,
    with the likeness), and its level and line of work where they are certain."""

    department_id: str
    match_code: str
    proposals: str | None
    level_code: str | None
    line_code: str | None


@dataclass(frozen=True)
class _Known:
    """One row of departments.csv."""

    department_id: str
    city_slug: str
    names: tuple[str, ...]  # the name, then its aliases, without white space
    valid_from: int | None
    valid_to: int | None
    level_code: str | None
    line_code: str | None

    def is_valid(self, year: int | None) -> bool:
        is_begun = year is None or self.valid_from is None or self.valid_from <= year
        return is_begun and (year is None or self.valid_to is None or year <= self.valid_to)


@cache
def _rows(path: Path) -> tuple[dict[str, str], ...]:
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def _cities(reference: Path) -> dict[str, City]:
    return {
        row["slug"]: City(row["city_code"], row["name_zh"], row["province_zh"] or None, row["level_code"])
        for row in _rows(reference / "cities.csv")
    }


def city(reference: Path, slug: str | None) -> City:
    """City of a folder name; the folder's name is the code where data/reference/cities.csv does not know it."""
    return _cities(reference).get(slug or "", City(slug, None))


@cache
def _departments(reference: Path, slug: str | None) -> tuple[_Known, ...]:
    return tuple(
        _Known(
            row["department_id"],
            row["city_slug"],
            tuple(_plain(name) for name in (row["name_zh"], *filter(None, row["aliases"].split("|")))),
            int(row["valid_from"]) if row["valid_from"] else None,
            int(row["valid_to"]) if row["valid_to"] else None,
            row["level_code"] or None,
            row["line_code"] or None,
        )
        for row in _rows(reference / "departments.csv")
        if row["city_slug"] == slug
    )


def _plain(name: str) -> str:
    """A name without white space, with half-width brackets and signs."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", name))


def normalised_name(place: City, name: str) -> str:
    """A department's name without what its city's folder says anyway: 安澜市档案馆, 市档案馆 and 档案馆 are one name there.

    So are 中共安澜市委员会组织部, 安澜市委组织部 and 市委组织部. Only the folder's own place is dropped: 荷塘区妇联 stays apart
    in the folder of the city above it. （本级） stays too: it names the accounts of the office alone, not those of the
    department with all its units.
    """
    text = _plain(name)
    if place.name is None:
        return text
    short = text.removeprefix("中共")
    if short.startswith(place.name) or short.startswith(f"{place.province}{place.name}"):
        short = short.removeprefix(place.province or "").removeprefix(place.name)
    else:
        seat = _SEAT.match(short)
        short = short[1:] if seat is not None and seat["seat"] == place.name[-1] else short
    return _BODY.sub("委", short) or text


def resolve(reference: Path, slug: str | None, name: str | None, year: int | None) -> Department | None:
    """Department of a printed name in the folder of a city and a fiscal year; None without a name.

    Found is what departments.csv names so: as its name (`exact`), as an alias (`alias`), or alike once normalised
    (`normalised`); one department alone, and valid in the year. Everything else is `new`: it has an id made of the normalised
    name, and lists what it is like for a person to decide.
    """
    if name is None:
        return None
    place, plain = city(reference, slug), _plain(name)
    known = _departments(reference, slug)
    short = normalised_name(place, name)
    valid = [entry for entry in known if entry.is_valid(year)]
    by_code = {
        "exact": [entry for entry in valid if entry.names[0] == plain],
        "alias": [entry for entry in valid if plain in entry.names[1:]],
        "normalised": [entry for entry in valid if any(normalised_name(place, own) == short for own in entry.names)],
    }
    for code, found in by_code.items():
        if len(found) == 1:
            return Department(
                found[0].department_id, code, None, found[0].level_code, found[0].line_code or line_of(reference, short)
            )
        if found:
            break  # several: which one is meant is for a person to say
    # The city's own name or its 市 in front tells the level; a name without either may be anybody's.
    level = place.level_code if short != plain else None
    return Department(new_id(slug, short), "new", _proposals(place, short, known, year), level, line_of(reference, short))


def new_id(slug: str | None, short: str) -> str:
    """Stable id of a department that no reference table has: a hash of folder and normalised name."""
    return "d" + hashlib.sha256(f"{slug}\n{short}".encode()).hexdigest()[:12]


def _proposals(place: City, short: str, known: Iterable[_Known], year: int | None) -> str | None:
    near = []
    for entry in known:
        alike = max(likeness(short, normalised_name(place, name)) for name in entry.names)
        if alike >= LEAST_ALIKE:
            validity = "" if entry.is_valid(year) else f", not in {year}"
            near.append((-alike, f"{entry.department_id} {entry.names[0]} ({alike:.2f}{validity})"))
    return "\n".join(text for _, text in sorted(near)[:PROPOSALS]) or None


def likeness(left: str, right: str) -> float:
    """How like two names are, 0 to 1; at least 0.8 where one holds the other, as （本级） and short forms do."""
    ratio = SequenceMatcher(None, left, right, autojunk=False).ratio()
    return max(ratio, 0.8) if min(len(left), len(right)) > 1 and (left in right or right in left) else ratio


@cache
def _lines(reference: Path) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((row["line_code"], re.compile(row["patterns"])) for row in _rows(reference / "lines.csv"))


def line_of(reference: Path, short: str) -> str | None:
    """Line of work that a normalised name tells: the only one whose patterns fit, else None."""
    found = [code for code, pattern in _lines(reference) if pattern.search(short)]
    return found[0] if len(found) == 1 else None
