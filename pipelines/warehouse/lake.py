"""The lake: facts as Parquet by city and fiscal year, and the one commit that a night makes to it.

Belongs here: replacing the partitions that a run touched, and the manifest that says which version of a partition counts.
Does not belong here: the warehouse file made from it (`build`), and reading the manifest, which other rooms do too (`home`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.archive import EVERYTHING, Selection
from pipelines.archive.planning import report_id
from pipelines.catalogue import catalogue
from pipelines.catalogue.schemas import empty_frame, polars_schema
from pipelines.home import (
    LakeError,
    current_release,
    lake_files,
    lake_partitions,
    partition_name,
    replace_atomically,
    sync_file,
    sync_folder,
)
from pipelines.settings import Settings

__all__ = ["LakeError", "lake_digest", "lake_row_counts", "mend", "merge"]

_MENDING = "mending.txt"


def lake_digest(settings: Settings) -> str:
    """Hash of what the lake holds now."""
    versions = {name: entry["version"] for name, entry in lake_partitions(settings.home).items()}
    return hashlib.sha256(json.dumps(versions, sort_keys=True).encode()).hexdigest()[:12]


def lake_row_counts(settings: Settings) -> dict[str, int]:
    """Rows of every table of schema `facts` in the lake, by the manifest."""
    partitions = lake_partitions(settings.home).values()
    return {table: sum(entry["rows"].get(table, 0) for entry in partitions) for table in catalogue().tables}


def mend(settings: Settings, selection: Selection = EVERYTHING) -> list[str]:
    """Set partitions aside whose files are not what their version says: the run then extracts them anew. Returns their names.

    They lie in `<home>/damaged/` then. Rows of former revisions in `reports`, which no run brings again, are taken from the
    current release where it was made of the same version. Raises LakeError where the manifest cannot be understood, and where
    the selection is narrow: such a run would not bring back all that was set aside.
    """
    home = settings.home
    partitions = lake_partitions(home)
    damaged = [name for name, entry in partitions.items() if _version(home / "lake" / name / entry["version"], entry) is None]
    # Stays until a run has brought everything back, so that no back-fill after a killed run takes the gap for the whole.
    mark = home / "lake" / _MENDING
    if not selection.is_everything and (damaged or mark.exists()):
        told = ", ".join(damaged) or mark.read_text("utf-8")
        raise LakeError(f"partitions of the lake are damaged ({told}). Run `jixiao nightly` without a selection first.")
    if damaged:
        replace_atomically(mark, lambda path: path.write_text(", ".join(damaged), "utf-8"))
    for name in damaged:
        former = partitions.pop(name)
        history = _history(home, name, former["version"])
        folder = home / "lake" / name / former["version"]
        if folder.is_dir():
            aside = home / "damaged" / name.replace("/", "-") / former["version"]
            shutil.rmtree(aside, ignore_errors=True)
            aside.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(folder, aside)
        if history.height:
            tables = {table: history if table == "reports" else empty_frame(table) for table in catalogue().tables}
            version = _write_partition(home / "lake" / name, tables, None)
            partitions[name] = {"version": version, "rows": {table: frame.height for table, frame in tables.items()}}
    if damaged:
        _commit(home, partitions)
    return damaged


def _version(folder: Path, entry: dict[str, Any]) -> str | None:
    """The version of a partition; None where its files are not those that it is named by."""
    try:
        digest = _digest(folder, entry["rows"])
    except OSError:
        return None
    return digest if digest == folder.name else None


def _history(home: Path, name: str, version: str) -> pl.DataFrame:
    """Rows of former revisions in `reports` of one partition, from the current release where it has this version."""
    import duckdb

    release = current_release(home)
    if release is None or release["lake_partitions"].get(name) != version:
        return empty_frame("reports")
    with duckdb.connect(str(home / "current" / "warehouse.duckdb"), read_only=True) as connection:
        reports = connection.execute("select * from facts.reports where not is_current").pl()
    places = [partition_name(*pair) for pair in reports.select("city_slug", "folder_year").iter_rows()]
    return _conform(reports.filter(pl.Series(places, dtype=pl.String) == name), "reports")


def merge(settings: Settings, run: Path) -> dict[str, Any]:
    """Bring the lake up to a run: `run/plan.parquet` and the frames `run/facts/<table>.parquet` of the reports worked on.

    The reports of a revision that the run brings replace all that the lake had of that revision. All tables but `reports` keep
    the rows of current revisions only; `reports` keeps every revision, each of its reports with is_current and superseded_by as
    the plan has them for the revision. Only partitions that change are written; the replacement of `lake/manifest.json` commits
    them all at once. Same input, same rows in the same order.

    Returns {"partitions_written", "reports_merged", "reports_retired"}. Raises LakeError where the lake is damaged, a frame has
    not the columns of its table, or the run lacks a report that the plan told it to bring.
    """
    plan = _read(run / "plan.parquet")
    frames = {table: _run_frame(run, table) for table in catalogue().tables}
    arrived = _with_revision(frames["reports"]).select("report_id", "file_name", "revision_id")
    _check_run(plan, frames, arrived, run)
    partitions = lake_partitions(settings.home)
    ledger = _ledger(settings.home, list(partitions))
    _check_complete(plan, ledger, arrived["report_id"])
    is_brought = pl.col("revision_id").is_in(arrived["revision_id"].implode())
    replaced = ledger.filter(is_brought)["report_id"]
    state = _state(plan, pl.concat([ledger.filter(~is_brought), arrived], how="diagonal"))

    changed = ledger.join(state, on="report_id", suffix="_now").filter(
        pl.col("is_current").ne_missing(pl.col("is_current_now"))
        | pl.col("superseded_by").ne_missing(pl.col("superseded_by_now"))
    )
    touched = sorted({*state.filter(is_brought)["partition"], *changed["partition"]})
    arriving = {table: _by_partition(frame, state) for table, frame in frames.items()}
    written = 0
    for name in touched:
        old = partitions.get(name)
        here = state.filter(partition=name)
        tables = {
            table: _merged(
                table, _former(settings.home, name, old, table), arriving[table].get(name, empty_frame(table)), here, replaced
            )
            for table in frames
        }
        version = _write_partition(settings.home / "lake" / name, tables, old["version"] if old else None)
        written += old is None or version != old["version"]
        partitions[name] = {"version": version, "rows": {table: frame.height for table, frame in tables.items()}}
    if written:
        _commit(settings.home, partitions)
    (settings.home / "lake" / _MENDING).unlink(missing_ok=True)
    _remove_unneeded(settings.home, partitions)
    return {
        "partitions_written": written,
        "reports_merged": arrived.height,
        "reports_retired": changed.filter(pl.col("is_current") & ~pl.col("is_current_now")).height,
    }


def _read(path: Path, **options: Any) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, **options)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise LakeError(f"{path} cannot be read ({error}). Restore it from a backup or run again.") from error


def _run_frame(run: Path, table: str) -> pl.DataFrame:
    path = run / "facts" / f"{table}.parquet"
    if not path.exists():
        return empty_frame(table)
    frame = _read(path)
    expected = polars_schema(table)
    if [*frame.schema.items()] != [*expected.items()]:
        wrong = sorted({name for name, _ in {*frame.schema.items()} ^ {*expected.items()}}) or ["order of the columns"]
        raise LakeError(f"{path} does not have the columns of {table} in the catalogue: {', '.join(wrong)}")
    return frame


def _with_revision(reports: pl.DataFrame) -> pl.DataFrame:
    """Rows of `reports` with revision_id, the report_id of the first report of the same revision."""
    ids = [report_id(*pair) for pair in reports.select("file_name", "sha256").iter_rows()]
    return reports.with_columns(revision_id=pl.Series(ids, dtype=pl.String))


def _check_run(plan: pl.DataFrame, frames: dict[str, pl.DataFrame], arrived: pl.DataFrame, run: Path) -> None:
    brought = arrived["report_id"]
    if brought.n_unique() != brought.len():
        raise LakeError(f"{run}: reports.parquet has two rows for one report_id")
    planned = arrived.filter(pl.col("revision_id").is_in(plan["report_id"].implode()))["report_id"]
    for table, frame in frames.items():
        known = planned if table == "reports" else brought
        stray = frame.filter(~pl.col("report_id").is_in(known.implode()))["report_id"].unique().sort()
        if stray.len():
            source = "the plan" if table == "reports" else "its reports.parquet"
            raise LakeError(f"{run}: {table}.parquet has rows of reports that are not in {source}: {', '.join(stray.head(5))}")


def _ledger(home: Path, names: list[str]) -> pl.DataFrame:
    """One row per report in the lake: report_id, file_name, is_current, superseded_by, revision_id, partition."""
    names_read = ("report_id", "file_name", "sha256", "is_current", "superseded_by")
    schema = {name: polars_schema("reports")[name] for name in names_read}
    frames = [
        _read(path, columns=list(schema)).with_columns(partition=pl.lit(name))
        for name, path in zip(names, lake_files(home, "reports"), strict=True)
    ]
    found = pl.concat([pl.DataFrame(schema=schema | {"partition": pl.String()}), *frames])
    return _with_revision(found).select("report_id", "file_name", "is_current", "superseded_by", "revision_id", "partition")


def _state(plan: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """What is true of every report now, of those of the lake and those that the run brings: report_id, revision_id, partition,
    is_current, superseded_by.

    A revision that the lake has and the plan does not know (the register was lost) is gone.
    """
    revisions = plan.select(
        "is_current",
        "superseded_by",
        revision_id="report_id",
        partition=pl.Series(
            [partition_name(*place) for place in plan.select("city_slug", "folder_year").iter_rows()], dtype=pl.String
        ),
    )
    successors = plan.filter("is_current").select("file_name", successor="report_id").unique("file_name")
    columns = ("report_id", "revision_id", "is_current", "superseded_by", "partition")
    placed = known.select("report_id", "revision_id").join(revisions, on="revision_id").select(columns)
    forgotten = (
        known.join(revisions, on="revision_id", how="anti")
        .join(successors, on="file_name", how="left")
        .select(
            "report_id",
            "revision_id",
            pl.lit(False).alias("is_current"),
            pl.coalesce("successor", "superseded_by").alias("superseded_by"),
            "partition",
        )
    )
    return pl.concat([placed, forgotten])


def _check_complete(plan: pl.DataFrame, ledger: pl.DataFrame, brought: pl.Series) -> None:
    is_brought = pl.col("report_id").is_in(brought.implode())
    is_known = is_brought | pl.col("report_id").is_in(ledger["report_id"].implode())
    lacking = plan.filter(
        ((pl.col("work") != "none") & ~is_brought)
        | ((pl.col("is_current") | pl.col("rejected_reason").is_not_null()) & ~is_known)
    )
    if lacking.height:
        raise LakeError(
            f"the run brings no row in `reports` for {lacking.height} of its files, first {lacking['file_name'][0]}. "
            "Run again; nothing of this run was taken over."
        )


def _by_partition(frame: pl.DataFrame, state: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The rows of a run's frame by the partition of their report."""
    placed = frame.join(state.select("report_id", "partition"), on="report_id")
    parts = placed.partition_by("partition", as_dict=True, include_key=False)
    return {str(name): part for (name,), part in parts.items()}


def _former(home: Path, name: str, partition: dict[str, Any] | None, table: str) -> pl.DataFrame:
    """One table of one partition as the lake has it; empty where the partition, or the table in it, is new."""
    if partition is None or table not in partition["rows"]:
        return empty_frame(table)
    return _conform(_read(home / "lake" / name / partition["version"] / f"{table}.parquet"), table)


def _merged(table: str, former: pl.DataFrame, arriving: pl.DataFrame, here: pl.DataFrame, replaced: pl.Series) -> pl.DataFrame:
    """One table of one partition after the run; `here` is `_state` of the reports of the partition."""
    rows = pl.concat([former.filter(~pl.col("report_id").is_in(replaced.implode())), arriving])
    if table == "reports":
        rows = rows.update(here.select("report_id", "is_current", "superseded_by"), on="report_id", include_nulls=True)
    else:
        rows = rows.filter(pl.col("report_id").is_in(here.filter("is_current")["report_id"].implode()))
    columns = set(rows.columns)
    by = [name for name in dict.fromkeys(["report_id", "form_id", *catalogue().tables[table].key, "row_id"]) if name in columns]
    return rows.sort(by, nulls_last=False, maintain_order=True)


def _conform(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    """A frame written under an older catalogue with today's columns; those it lacks are null."""
    return frame.select(
        pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, kind).alias(name)
        for name, kind in polars_schema(table).items()
    )


def _write_partition(folder: Path, tables: dict[str, pl.DataFrame], current: str | None) -> str:
    """Write a version of a partition into a folder named by the hash of its bytes; returns that name."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{os.getpid()}.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    for table, frame in tables.items():
        path = temporary / f"{table}.parquet"
        frame.rechunk().write_parquet(path)
        sync_file(path)
    version = _digest(temporary, tables)
    if version == current:
        shutil.rmtree(temporary)
        return version
    # What stands there under this name is no part of the lake: a killed run may have left it incomplete.
    shutil.rmtree(folder / version, ignore_errors=True)
    sync_folder(temporary)
    temporary.rename(folder / version)
    for parent in (folder, folder.parent):
        sync_folder(parent)
    return version


def _digest(folder: Path, tables: Iterable[str]) -> str:
    """Hash of a partition's files, which names its version. Raises OSError where one cannot be read."""
    digest = hashlib.sha256()
    for table in tables:
        digest.update(f"{table}\n".encode() + (folder / f"{table}.parquet").read_bytes())
    return digest.hexdigest()[:16]


def _commit(home: Path, partitions: dict[str, dict[str, Any]]) -> None:
    text = json.dumps({"partitions": dict(sorted(partitions.items()))}, ensure_ascii=False, indent=1)
    replace_atomically(home / "lake" / "manifest.json", lambda path: path.write_text(text, encoding="utf-8"))


def _remove_unneeded(home: Path, partitions: dict[str, dict[str, Any]]) -> None:
    """Remove versions that neither the lake nor the current release names, and what killed runs left behind."""
    needed = {(name, entry["version"]) for name, entry in partitions.items()}
    if (release := current_release(home)) is not None:
        needed |= set(release["lake_partitions"].items())
    for folder in (home / "lake").glob("*/*/*"):
        name = f"{folder.parent.parent.name}/{folder.parent.name}"
        if (name, folder.name) not in needed:
            shutil.rmtree(folder)
