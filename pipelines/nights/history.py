"""The history of nights: one JSON record per night, `<home>/nights/<night_id>.json`.

Belongs here: what a record holds, how it is made of what a night left behind, how long it stays, and what lasts over nights.
Does not belong here: how it looks (`page`).

A record has: night_id (name of the run's folder), run_id (of the Dagster run), started_at and ended_at (UTC), outcome (one of
`OUTCOMES`), release_id (current after the night), previous_release_id (current before it), total_seconds, seconds and counts by
stage, failures (stage: what it failed with), checks (name: null where it passed, else what it said; only those that the night
evaluated), arrived (`arrivals`), rejected (`rejected_files`), findings and quarantine (`release_state`), null where there is no
release, and changes (`release_changes`), null where the night published nothing or for the first time. What stands behind
checks is missing where it could not be found out, and of a night that was killed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.home import current_release, lake_files, replace_atomically
from pipelines.settings import without_secrets
from pipelines.warehouse.differences import differences

OUTCOMES = ("published", "unchanged", "failed", "killed")
COMPARED = 5000  # entries of each list that two releases are compared by
LISTED = 200  # entries of each list in a record; counts are of all
_RUN_NAME = "%Y%m%dT%H%M%S.%fZ"

Record = dict[str, Any]


def folder(home: Path) -> Path:
    """Where records and pages are."""
    return home / "nights"


def latest_page(home: Path) -> Path:
    """The page of the last night that came to its end."""
    return folder(home) / "latest.html"


def read(home: Path) -> list[Record]:
    """Records of the nights that are kept, oldest first. One that is damaged is left out: it is a picture of a former night."""
    found = []
    for path in sorted(folder(home).glob("*.json")):
        try:
            found.append(json.loads(path.read_bytes()))
        except ValueError:
            continue
    return found


def write(home: Path, record: Record, keep: int) -> None:
    """Store the record of a night, and drop records and pages of all but the newest `keep` nights."""
    place = folder(home)
    replace_atomically(
        place / f"{record['night_id']}.json", _writer(json.dumps(record, ensure_ascii=False, indent=1, default=str))
    )
    kept = {"latest", *sorted((path.stem for path in place.glob("*.json")), reverse=True)[:keep]}
    for path in place.iterdir():
        if path.suffix in (".json", ".html") and path.stem not in kept:
            path.unlink()


def write_page(home: Path, record: Record, page: str) -> Path:
    """Store the page of a night, also as `latest_page`, and return its path."""
    path = folder(home) / f"{record['night_id']}.html"
    for target in (path, latest_page(home)):
        replace_atomically(target, _writer(page))
    return path


def _writer(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text, encoding="utf-8")


def record_killed(home: Path) -> list[Record]:
    """Write a record for every run whose folder is there but whose record is not: its process ended before it did.

    The caller holds the writer's lock and has not yet made the folder of its own run.
    """
    found = []
    for run in sorted((home / "runs").glob("*")):
        path = folder(home) / f"{run.name}.json"
        if path.exists():
            continue
        record: Record = {
            "night_id": run.name,
            "run_id": None,
            "started_at": started_at(run).isoformat(timespec="seconds"),
            "ended_at": None,
            "outcome": "killed",
            "failures": {},
            "checks": {},
            "seconds": {},
            "counts": {},
        }
        replace_atomically(path, _writer(json.dumps(record, indent=1)))
        found.append(record)
    return found


def started_at(run: Path) -> datetime:
    """When a run began, by the name of its folder."""
    return datetime.strptime(run.name, _RUN_NAME).replace(tzinfo=UTC)


def outline(
    run: Path,
    run_id: str | None,
    counts: Mapping[str, Mapping[str, Any]],
    seconds: Mapping[str, float],
    failures: Mapping[str, str],
    checks: Mapping[str, str | None],
) -> Record:
    """The record of a night that has just ended, as far as the night itself knows it; `details` has the rest."""
    ended = datetime.now(UTC)
    outcome = "failed" if failures else "published" if "release_id" in counts.get("release", {}) else "unchanged"
    return {
        "night_id": run.name,
        "run_id": run_id,
        "started_at": started_at(run).isoformat(timespec="seconds"),
        "ended_at": ended.isoformat(timespec="seconds"),
        "outcome": outcome,
        "total_seconds": round((ended - started_at(run)).total_seconds(), 1),
        "seconds": dict(seconds),
        "counts": {name: dict(of) for name, of in counts.items()},
        "failures": {name: without_secrets(text) for name, text in failures.items()},
        "checks": {name: said and without_secrets(said) for name, said in checks.items()},
    }


def details(home: Path, run: Path, former: Mapping[str, Any] | None) -> Record:
    """The rest of a record: what came in and what was published. `former` is the manifest of the release before the night."""
    current = current_release(home)
    before, after = (None if release is None else release["release_id"] for release in (former, current))
    warehouse, former_warehouse = _warehouse(home, after), _warehouse(home, before)
    state = {"findings": None, "quarantine": None} if warehouse is None else release_state(warehouse)
    return {
        "release_id": after,
        "previous_release_id": before,
        "arrived": arrivals(run, former_warehouse),
        "rejected": rejected_files(home, run),
        **state,
        "changes": release_changes(former_warehouse.parent, warehouse.parent)
        if warehouse and former_warehouse and before != after
        else None,
    }


def _warehouse(home: Path, release_id: str | None) -> Path | None:
    path = home / "releases" / (release_id or "") / "warehouse.duckdb"
    return path if release_id is not None and path.is_file() else None


def arrivals(run: Path, former_warehouse: Path | None) -> dict[str, Any]:
    """What the raw folder holds now against what the release before was made of.

    Lists of file names `new`, `changed`, `moved`, `gone` and `again` (same bytes, read or extracted anew), at most `LISTED` of
    each, and `counts` of each. Empty where the run came to no plan.
    """
    path = run / "plan.parquet"
    if not path.exists():
        return {"counts": {}}
    now = pl.read_parquet(path).filter("is_current").select("file_name", "sha256", "work")
    before = _former_files(former_warehouse)
    fresh = now.join(before, on=["file_name", "sha256"], how="anti")
    changed = fresh.join(before, on="file_name", how="semi")
    elsewhere = fresh.join(before, on="file_name", how="anti")
    moved = elsewhere.join(before, on="sha256", how="semi")
    left = before.join(now, on="file_name", how="anti")
    found = {
        "new": elsewhere.join(before, on="sha256", how="anti"),
        "changed": changed,
        "moved": moved,
        "gone": left.join(now, on="sha256", how="anti"),
        "again": now.filter(pl.col("work") != "none").join(before, on=["file_name", "sha256"], how="semi"),
    }
    names = {kind: frame["file_name"].unique().sort().to_list() for kind, frame in found.items()}
    return {"counts": {kind: len(of) for kind, of in names.items()}} | {kind: of[:LISTED] for kind, of in names.items()}


def _former_files(warehouse: Path | None) -> pl.DataFrame:
    import duckdb

    schema = {"file_name": pl.String, "sha256": pl.String}
    if warehouse is None:
        return pl.DataFrame(schema=schema)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.execute("select distinct file_name, sha256 from facts.reports where is_current").fetchall()
    return pl.DataFrame(rows, schema=schema, orient="row")


def rejected_files(home: Path, run: Path) -> list[dict[str, str]]:
    """file_name, reason and detail of the rejected files of the lake that the run's plan found in the raw folder."""
    plan, files = run / "plan.parquet", lake_files(home, "reports")
    if not files or not plan.exists():
        return []
    stands = pl.col("is_current") | pl.col("rejected_reason").is_not_null()
    present = pl.read_parquet(plan).filter(stands).select("file_name", "sha256")
    reports = pl.read_parquet(files, columns=["file_name", "sha256", "outcome", "reason", "detail"])
    rejected = reports.filter(outcome="rejected").join(present, on=["file_name", "sha256"], how="semi")
    return rejected.sort("file_name", "detail").select("file_name", "reason", "detail").to_dicts()


def release_state(warehouse: Path) -> dict[str, Any]:
    """What stands in a release: `findings`, their number by outcome, and `quarantine`, open rows by rule."""
    import duckdb

    with duckdb.connect(str(warehouse), read_only=True) as connection:
        findings = connection.execute("select outcome, count(*) from marts.mart_findings group by all order by all").fetchall()
        held = connection.execute(
            "select rule, count(*) from facts.quarantine where state = 'open' group by all order by all"
        ).fetchall()
    return {"findings": dict(findings), "quarantine": dict(held)}


def release_changes(before: Path, after: Path) -> dict[str, Any]:
    """What `jixiao diff` tells of two release folders, short: counts, tables, departments, and findings opened and closed.

    At most `LISTED` entries of each list, the gravest findings first.
    """
    found = differences(before, after, COMPARED)
    order = ("critical", "high", "medium", "low")
    findings = sorted(found["findings"], key=lambda entry: order.index(entry["severity"]))
    return {
        "counts": found["counts"],
        "tables": found["tables"],
        "departments": found["departments"][:LISTED],
        **{change: [entry for entry in findings if entry["change"] == change][:LISTED] for change in ("opened", "closed")},
    }


def coverage(home: Path) -> list[dict[str, Any]]:
    """The current release's reports by department and year, for cities that have any; empty without a release.

    Rows of city_name, department_name (null: unknown) and `years`: year to outcome, `missing` where there is no report, null
    where the department did not exist by the reference table. Reports of a year that differ in outcome make it `partial`.
    """
    import duckdb

    release = current_release(home)
    warehouse = None if release is None else _warehouse(home, release["release_id"])
    if warehouse is None:
        return []
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.execute(_COVERAGE).fetchall()
    grid: dict[tuple[str, str], dict[str, Any]] = {}
    for city, department_id, name, year, outcome in rows:
        row = grid.setdefault((city, department_id), {"city_name": city, "department_name": name, "years": {}})
        row["years"][year] = outcome
    return list(grid.values())


_COVERAGE = """
with reports as (
    select
        coalesce(city_name, city_slug) as city,
        city_slug,
        coalesce(department_id, department_name, '') as department,
        department_name,
        coalesce(fiscal_year, folder_year) as year,
        outcome
    from facts.reports
    where is_current and city_slug is not null
), cities as (
    select distinct city, city_slug
    from reports
), years as (
    select distinct year
    from reports
    where year is not null
), departments as (
    select city, department, max_by(department_name, year) as name, null as valid_from, null as valid_to
    from reports
    where department not in (select department_id from reference.departments)
    group by city, department
    union all
    select city, department_id, name_zh, valid_from, valid_to
    from reference.departments
    inner join cities using (city_slug)
), outcomes as (
    select city, department, year, if(count(distinct outcome) = 1, min(outcome), 'partial') as outcome
    from reports
    group by city, department, year
)
select
    city,
    department,
    name,
    year,
    coalesce(
        outcome,
        if(year between coalesce(valid_from, year) and coalesce(valid_to, year), 'missing', null)
    ) as outcome
from departments
cross join years
left join outcomes using (city, department, year)
order by city, name is null, name, department, year
"""


def streaks(records: Sequence[Record]) -> dict[str, int]:
    """How many nights in a row what fails now has failed, by name, longest first; `records` are oldest first.

    Names: of checks; `stage <name>` for a stage that failed; `file <name>` for a rejected file; `quarantine <rule>` while rows
    are open; `killed` for runs that were. A check that a night did not evaluate stands as it stood.
    """
    standing: dict[str, int] = {}
    for record in records:
        failing = set(_failing(record))
        for name in {*standing, *failing}:
            if name in failing or (name in standing and not _is_settled(name, record)):
                standing[name] = standing.get(name, 0) + 1
            else:
                standing.pop(name, None)
    return dict(sorted(standing.items(), key=lambda entry: (-entry[1], entry[0])))


def _failing(record: Record) -> Iterable[str]:
    yield from (name for name, said in record["checks"].items() if said is not None)
    yield from (f"stage {name}" for name in record["failures"])
    yield from (f"file {entry['file_name']}" for entry in record.get("rejected") or ())
    yield from (f"quarantine {rule}" for rule in record.get("quarantine") or ())
    if record["outcome"] == "killed":
        yield "killed"


def _is_settled(name: str, record: Record) -> bool:
    """Whether a night says that what failed before it fails no longer."""
    kind, _, rest = name.partition(" ")
    if record["outcome"] == "killed":
        return False
    if kind == "stage":
        return rest in record["seconds"] or record["outcome"] != "failed"
    if kind == "file":
        return "raw_reports" in record["seconds"] and record["outcome"] != "failed"
    if kind == "quarantine":
        return record.get("quarantine") is not None
    return kind == "killed" or name in record["checks"]
