"""What a built warehouse lost against the current release, and whether that is too much to let it out unseen.

Belongs here: counting what is lost, against the settings. Does not belong here: holding back (`publish`), and what changed in
other ways (`differences`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.settings import Settings

# Of smaller tables a single report is a large share.
LEAST_ROWS = 100
_DEPARTMENTS = """
select distinct department_id from facts.reports where is_current and outcome <> 'rejected' and department_id is not null
"""


def losses(settings: Settings, before: dict[str, Any], row_counts: dict[str, int], path: Path) -> list[str]:
    """Why a warehouse of `row_counts` (by schema.table) at `path` lost too much against the release of manifest `before`.

    Compared are the rows of all fact tables together, of each that had at least LEAST_ROWS, and the departments with a report
    that is not rejected. Empty where nothing is wrong.
    """
    found = []
    had = {name: count for name, count in before["row_counts"].items() if name.startswith("facts.fact_")}
    tables = {name: (count, row_counts.get(name, 0)) for name, count in had.items() if count >= LEAST_ROWS}
    tables = {"the fact tables": (sum(had.values()), sum(row_counts.get(name, 0) for name in had)), **tables}
    for name, (old, new) in tables.items():
        if is_too_much(old, new, settings.max_lost_rows_pct):
            found.append(_told(f"rows of {name}", old, new, "max_lost_rows_pct", settings.max_lost_rows_pct))
    old_departments, new_departments = (_departments(file) for file in (_file(settings, before), path))
    kept = len(old_departments & new_departments)
    if is_too_much(len(old_departments), kept, settings.max_lost_departments_pct):
        said = _told("departments", len(old_departments), kept, "max_lost_departments_pct", settings.max_lost_departments_pct)
        found.append(f"{said}, first {min(old_departments - new_departments)}")
    return found


def is_too_much(before: int, after: int, allowed_pct: int) -> bool:
    """Whether more than `allowed_pct` of 100 are lost."""
    return (before - after) * 100 > allowed_pct * before


def _told(what: str, old: int, new: int, setting: str, allowed_pct: int) -> str:
    return f"{old - new} of {old} {what} are lost ({(old - new) * 100 / old:.1f} %, {setting} is {allowed_pct})"


def _file(settings: Settings, release: dict[str, Any]) -> Path:
    return settings.home / "releases" / str(release["release_id"]) / "warehouse.duckdb"


def _departments(path: Path) -> set[str]:
    import duckdb

    with duckdb.connect(str(path), read_only=True) as connection:
        return {name for (name,) in connection.execute(_DEPARTMENTS).fetchall()}
