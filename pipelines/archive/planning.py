"""What a night has to do: which revision of which file is current, and what work it needs.

Belongs here: the plan, made of the register and of what the lake already holds. Does not belong here: doing the work, and
knowing the versions of readers and templates, which the caller passes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.archive.containers import Unpack, unfold
from pipelines.archive.limits import LIMIT_REASONS
from pipelines.archive.register import Progress, hash_of, object_path, update_register
from pipelines.archive.selection import EVERYTHING, Selection, narrow
from pipelines.catalogue.schemas import polars_schema
from pipelines.home import LakeError, lake_files, place, replace_atomically
from pipelines.settings import Settings

PLAN_SCHEMA: dict[str, pl.DataType] = {
    "report_id": pl.String(),
    "file_name": pl.String(),
    "sha256": pl.String(),
    "byte_count": pl.Int64(),
    "city_slug": pl.String(),
    "folder_year": pl.Int32(),
    "first_seen_at": pl.Datetime("us"),
    "is_current": pl.Boolean(),
    "superseded_by": pl.String(),
    "rejected_reason": pl.String(),
    "rejected_detail": pl.String(),
    "decisions_version": pl.String(),
    "work": pl.String(),
}

_LEDGER = (
    "report_id",
    "file_name",
    "sha256",
    "byte_count",
    "city_slug",
    "folder_year",
    "first_seen_at",
    "is_current",
    "superseded_by",
    "reader_version",
    "template_version",
    "decisions_version",
    "reason",
)
# Version of people's decisions on the figures of a revision (file_name, sha256); None where there are none.
DecisionsOf = Callable[[str, str], str | None]


def report_id(file_name: str, sha256: str, part_number: int = 1) -> str:
    """Identity of one report of one revision of one file; that of its first report is also that of the revision."""
    part = "" if part_number == 1 else f"\n{part_number}"
    return hashlib.sha256(f"{file_name}\n{sha256}{part}".encode()).hexdigest()[:16]


def document_path(home: Path, readers_version: str, sha256: str) -> Path:
    """Path of the stored Document of one revision as read by one version of the readers."""
    return home / "documents" / readers_version / sha256[:2] / f"{sha256}.json.gz"


def plan(
    settings: Settings,
    run: Path,
    readers_version: str,
    template_version: str,
    progress: Progress | None = None,
    unpack: Unpack | None = None,
    selection: Selection = EVERYTHING,
    is_outdated: Callable[[Settings, str], bool] | None = None,
    decisions_of: DecisionsOf | None = None,
) -> dict[str, Any]:
    """Scan the raw folder, archive what is new, and write `run/plan.parquet`.

    The plan has one row per revision of the register: report_id, file_name, sha256, byte_count, city_slug and folder_year (null
    where the path is not `<city>/<year>/…`), first_seen_at (UTC), is_current (the revision at its path counts), superseded_by,
    rejected_reason (`duplicate_content`, `misplaced`, why an archive or a member of one cannot be had, or null),
    rejected_detail (in the last case) and work: `read` (no stored Document), `extract` (a Document, but the lake lacks its
    facts by these versions and decisions_version) or `none`. `progress(done, total)` follows the reading of new files. What
    lies outside `selection` is as the lake has it; the raw folder is scanned as a whole all the same.

    `unpack` opens archives: each member is a revision `<path of the archive>/<member>` of its own, the archive then is none.
    Without it an archive is a file like any other. `is_outdated(settings, sha256)` tells of a file that was rejected for a
    limit whether it is worth reading again; without it, it is not. `decisions_of` gives decisions_version.

    Archived bytes that no longer have their hash are set aside and archived anew from the raw folder.

    Returns the counts of `update_register` and: read, extract, unchanged, duplicates, misplaced, rearchived. Raises
    RawFolderError, RegisterError and LakeError.
    """
    members_too = None if unpack is None else partial(unfold, settings, readers_version, unpack, selection=selection)
    register, counts = update_register(settings, progress, members_too)
    ledger = _ledger(settings.home)
    revisions = _plan(settings, register, ledger, (readers_version, template_version), selection, is_outdated, decisions_of)
    damaged = _set_damaged_aside(settings.home, revisions.filter(work="read")["sha256"].unique())
    if damaged:
        register, again = update_register(settings, progress, members_too)
        counts["files_read"] += again["files_read"]
        revisions = _plan(settings, register, ledger, (readers_version, template_version), selection, is_outdated, decisions_of)
    run.mkdir(parents=True, exist_ok=True)
    replace_atomically(run / "plan.parquet", revisions.write_parquet)
    return counts | {
        "read": revisions.filter(work="read").height,
        "extract": revisions.filter(work="extract").height,
        "unchanged": revisions.filter(pl.col("is_current") & (pl.col("work") == "none")).height,
        "duplicates": revisions.filter(rejected_reason="duplicate_content").height,
        "misplaced": revisions.filter(rejected_reason="misplaced").height,
        "rearchived": damaged,
    }


def _plan(
    settings: Settings,
    register: pl.DataFrame,
    ledger: pl.DataFrame,
    versions: tuple[str, str],
    selection: Selection,
    is_outdated: Callable[[Settings, str], bool] | None,
    decisions_of: DecisionsOf | None,
) -> pl.DataFrame:
    """The plan's rows with all kinds of work, narrowed to the selection."""
    reports = register.filter(~pl.col("is_container").fill_null(False))
    known = ledger.select("report_id", "is_current", "reader_version", "template_version", made_by="decisions_version")
    decided = decide(reports, known, *versions, decisions_of)
    first = [report_id(*pair) for pair in ledger.select("file_name", "sha256").iter_rows()]
    revisions = narrow(decided, ledger.filter(pl.col("report_id") == pl.Series(first, dtype=pl.String)), selection)
    limited = ledger.filter(pl.col("reason").is_in(LIMIT_REASONS))["report_id"]
    is_here = pl.col("is_current") & pl.col("city_slug").is_not_null() & pl.col("rejected_reason").is_null()
    here = revisions.filter("is_selected", is_here)
    anew = selection.condition() if selection.reread else pl.lit(False)
    to_read = {
        *here.filter(anew)["report_id"],
        *(
            name
            for name, sha256 in here.filter(work="extract").select("report_id", "sha256").iter_rows()
            if not document_path(settings.home, versions[0], sha256).is_file()
        ),
        *(
            name
            for name, sha256 in here.filter(pl.col("report_id").is_in(limited.implode()))
            .select("report_id", "sha256")
            .iter_rows()
            if is_outdated is not None and is_outdated(settings, sha256)
        ),
    }
    is_read = pl.col("report_id").is_in(pl.Series(sorted(to_read), dtype=pl.String).implode())
    return revisions.with_columns(work=pl.when(is_read).then(pl.lit("read")).otherwise("work")).drop("is_selected")


def _set_damaged_aside(home: Path, hashes: Iterable[str]) -> int:
    """Rename archived bytes that do not have the hash that they are named by; returns how many there were."""
    paths = [(sha256, object_path(home, sha256)) for sha256 in hashes]
    damaged = [path for sha256, path in paths if path.is_file() and hash_of(path) != sha256]
    for path in damaged:
        path.replace(path.with_name(f"{path.name}.damaged"))
    return len(damaged)


def _ledger(home: Path) -> pl.DataFrame:
    """What the lake holds: one row per report, columns `_LEDGER`. Raises LakeError."""
    schema = {name: polars_schema("reports")[name] for name in _LEDGER}
    files = lake_files(home, "reports")
    if not files:
        return pl.DataFrame(schema=schema)
    try:
        # A partition written under an older catalogue may lack columns.
        return pl.scan_parquet(files, schema=schema, missing_columns="insert", extra_columns="ignore").collect()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise LakeError(
            f"the lake's table of reports cannot be read ({error}). Run again: damaged partitions are found and extracted anew."
        ) from error


def decide(
    register: pl.DataFrame,
    ledger: pl.DataFrame,
    readers_version: str,
    template_version: str,
    decisions_of: DecisionsOf | None = None,
) -> pl.DataFrame:
    """The plan (columns PLAN_SCHEMA, sorted by file_name and first_seen_at) from register and ledger, without `read` as work.

    A member of an archive has city and year of its archive. What was refused when its archive was opened keeps that reason.
    Of several paths that hold the same bytes, the one that the lake has loaded counts, else the smallest; a revision that is no
    longer present is superseded by the one now at its path, else by the one that holds its bytes at another path.
    """
    names, hashes = register["file_name"].to_list(), register["sha256"].to_list()
    shelves = register.select(pl.coalesce("container", "file_name"))["container"].to_list()
    places = [place(name) for name in shelves]
    revisions = register.with_columns(
        report_id=pl.Series([report_id(*pair) for pair in zip(names, hashes, strict=True)], dtype=pl.String),
        city_slug=pl.Series([found and found[0] for found in places], dtype=pl.String),
        folder_year=pl.Series([found and found[1] for found in places], dtype=pl.Int32),
        decisions_version=pl.Series(
            [decisions_of and decisions_of(*pair) for pair in zip(names, hashes, strict=True)], dtype=pl.String
        ),
    ).join(ledger.rename({"is_current": "is_loaded"}), on="report_id", how="left")
    is_placed = pl.col("city_slug").is_not_null()
    is_had = pl.col("rejected_reason").is_null()
    here = revisions.filter("is_present")
    loaded = (
        here.filter(is_placed, is_had)
        .sort(pl.col("is_loaded").fill_null(False), "file_name", descending=[True, False])
        .group_by("sha256", maintain_order=True)
        .first()
        .select("sha256", loaded_id="report_id")
    )
    successors = here.select("file_name", successor_id="report_id")
    revisions = revisions.join(loaded, on="sha256", how="left").join(successors, on="file_name", how="left")
    is_duplicate = pl.col("is_present") & is_placed & is_had & (pl.col("report_id") != pl.col("loaded_id"))
    is_done = (
        pl.col("is_loaded")
        & (pl.col("reader_version") == readers_version)
        & (pl.col("template_version") == template_version)
        & pl.col("decisions_version").eq_missing(pl.col("made_by"))
    ).fill_null(False)
    return (
        revisions.with_columns(is_duplicate=is_duplicate.fill_null(False))
        .with_columns(is_current=pl.col("is_present") & ~pl.col("is_duplicate"))
        .with_columns(
            superseded_by=pl.when("is_duplicate")
            .then("loaded_id")
            .when(~pl.col("is_present"))
            .then(pl.coalesce("successor_id", "loaded_id")),
            rejected_reason=pl.when("is_duplicate")
            .then(pl.lit("duplicate_content"))
            .when(pl.col("is_present") & ~is_placed)
            .then(pl.lit("misplaced"))
            .when("is_present")
            .then("rejected_reason"),
            rejected_detail=pl.when(pl.col("is_present") & is_placed).then("rejected_detail"),
            work=pl.when(pl.col("is_current") & is_placed & is_had & ~is_done)
            .then(pl.lit("extract"))
            .otherwise(pl.lit("none")),
        )
        .select(pl.col(name).cast(kind) for name, kind in PLAN_SCHEMA.items())
        .sort("file_name", "first_seen_at", "sha256")
    )
