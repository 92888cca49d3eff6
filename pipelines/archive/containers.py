"""Archives (zip) among the raw files: the files in them are kept and registered like any other.

Belongs here: which files may be archives, keeping the bytes of their members, remembering what each archive holds. Does not
belong here: opening one: its bytes are untrusted, and the caller passes the function that does it (`documents.unpack`).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.archive.limits import LIMIT_REASONS, are_higher
from pipelines.archive.register import REGISTER_SCHEMA, archive_file, object_path, stored_objects
from pipelines.archive.selection import EVERYTHING, Selection
from pipelines.home import place, replace_atomically
from pipelines.settings import Settings

# One row per archive without member_name, saying what became of it, and one per member. `sha256` is that of the member's bytes;
# for a member that was refused (rejected_reason) that of the archive, whose bytes are all that there is of it.
CONTENTS_SCHEMA: dict[str, pl.DataType] = {
    "readers_version": pl.String(),
    "container_sha256": pl.String(),
    "member_name": pl.String(),
    "sha256": pl.String(),
    "byte_count": pl.Int64(),
    "is_container": pl.Boolean(),
    "rejected_reason": pl.String(),
    "rejected_detail": pl.String(),
    "limits": pl.String(),  # in force when the archive was opened, as JSON
}


@dataclass(frozen=True)
class Packed:
    """A file that may be an archive: its bytes, their hash, the name it goes by."""

    path: Path
    sha256: str
    file_name: str


@dataclass(frozen=True)
class Member:
    """A file in an archive: its path there, and where its bytes lie now, or reason and detail of its refusal."""

    name: str
    path: Path | None = None
    reason: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class Unpacked:
    """What a file turned out to be: an archive with members, one that cannot be had (reason, detail), or none (neither)."""

    sha256: str
    members: tuple[Member, ...] | None = None
    reason: str | None = None
    detail: str | None = None


# Takes the files and an empty folder; the bytes of an answer are there until the next one is asked for.
Unpack = Callable[[Settings, Iterable[Packed], Path], Iterator[Unpacked]]


def contents_path(home: Path) -> Path:
    """Path of what is known of the archives' contents."""
    return home / "archive" / "containers.parquet"


def unfold(
    settings: Settings, readers_version: str, unpack: Unpack, files: pl.DataFrame, selection: Selection = EVERYTHING
) -> pl.DataFrame:
    """Rows of present files (see `update_register`) with those of the members of archives among them, named `<file>/<member>`.

    Files get is_container, and rejected_reason where they are archives that cannot be had; members get `container`, the name of
    their file, and its metadata. An archive is opened once per version of the readers; again where something in it was refused
    for a limit that is higher now, and where the selection asks for reading anew.
    """
    zips = files.filter("is_zip")
    contents = _contents(settings, readers_version, unpack, zips, _to_open_anew(zips, selection))
    outcomes = contents.filter(pl.col("member_name").is_null()).select(
        "is_container", "rejected_reason", "rejected_detail", sha256="container_sha256"
    )
    told = files.drop("is_container", "rejected_reason", "rejected_detail").join(
        outcomes, on="sha256", how="left", maintain_order="left"
    )
    members = contents.filter(pl.col("member_name").is_not_null()).drop("readers_version", "is_container", "limits")
    inside = (
        files.drop("byte_count", "rejected_reason", "rejected_detail")
        .rename({"sha256": "container_sha256"})
        .join(members, on="container_sha256", how="inner", maintain_order="left_right")
        .with_columns(
            container="file_name",
            file_name=pl.concat_str("file_name", "member_name", separator="/"),
            is_zip=pl.lit(False),
            is_container=pl.lit(False),
        )
    )
    columns = [pl.col(name).cast(REGISTER_SCHEMA[name]) for name in files.columns]
    rows = pl.concat([told.with_columns(pl.col("is_container").fill_null(False)).select(columns), inside.select(columns)])
    return rows.unique("file_name", keep="first", maintain_order=True)


def _to_open_anew(zips: pl.DataFrame, selection: Selection) -> pl.Series:
    """Hashes of the archives whose place is selected for reading anew."""
    if not selection.reread:
        return pl.Series(dtype=pl.String)
    places = [place(name) or (None, None) for name in zips["file_name"]]
    schema = {"city_slug": pl.String(), "folder_year": pl.Int32()}
    return zips.hstack(pl.DataFrame(places, schema=schema, orient="row")).filter(selection.of_place())["sha256"]


def _contents(settings: Settings, readers_version: str, unpack: Unpack, zips: pl.DataFrame, anew: pl.Series) -> pl.DataFrame:
    """Contents of these files, and of all archives opened before by the same readers; nothing where there are no such files."""
    if zips.is_empty():
        return pl.DataFrame(schema=CONTENTS_SCHEMA)
    path = contents_path(settings.home)
    known = _known(path)
    is_lost = ~pl.col("sha256").is_in(pl.Series(stored_objects(settings.home), dtype=pl.String).implode())
    outdated = [
        sha256
        for sha256, limits in known.filter(pl.col("rejected_reason").is_in(LIMIT_REASONS))
        .select("container_sha256", "limits")
        .iter_rows()
        if are_higher(settings.limits, limits and json.loads(limits))
    ]
    forgotten = {*known.filter(is_lost)["container_sha256"], *outdated, *anew}
    is_forgotten = pl.col("container_sha256").is_in(pl.Series(sorted(forgotten), dtype=pl.String).implode())
    known = known.filter(~is_forgotten & (pl.col("readers_version") == readers_version))
    unopened = zips.unique("sha256", keep="first", maintain_order=True).join(
        known, left_on="sha256", right_on="container_sha256", how="anti", maintain_order="left"
    )
    if unopened.is_empty():
        return known
    packed = [
        Packed(object_path(settings.home, sha256), sha256, file_name)
        for sha256, file_name in unopened.select("sha256", "file_name").iter_rows()
    ]
    folder = settings.home / "archive" / "unpacking"
    shutil.rmtree(folder, ignore_errors=True)  # what a killed run left
    rows = [row for unpacked in unpack(settings, packed, folder) for row in _rows(settings.home, unpacked)]
    shutil.rmtree(folder, ignore_errors=True)
    os.sync()
    opening = {"readers_version": readers_version, "limits": json.dumps(settings.limits)}
    opened = pl.DataFrame([{**opening, **row} for row in rows], schema=CONTENTS_SCHEMA, orient="row")
    contents = pl.concat([known, opened])
    replace_atomically(path, contents.write_parquet)
    return contents


def _known(path: Path) -> pl.DataFrame:
    """What is remembered of archives; nothing where the file is missing or damaged: they are opened again then."""
    empty = pl.DataFrame(schema=CONTENTS_SCHEMA)
    try:
        return pl.concat([empty, pl.read_parquet(path)], how="diagonal")
    except (OSError, pl.exceptions.PolarsError):
        return empty


def _rows(home: Path, unpacked: Unpacked) -> Iterator[dict[str, Any]]:
    """Rows of one archive; its members' bytes are kept."""
    whole = {"container_sha256": unpacked.sha256, "sha256": unpacked.sha256}
    refused = {"rejected_reason": unpacked.reason, "rejected_detail": unpacked.detail}
    yield {**whole, **refused, "member_name": None, "is_container": unpacked.members is not None}
    for member in unpacked.members or ():
        row = {**whole, "member_name": member.name, "byte_count": 0}
        if member.path is None:
            yield {**row, "rejected_reason": member.reason, "rejected_detail": member.detail}
            continue
        kept = archive_file(home, str(member.path))
        if kept.problem is not None:
            raise kept.problem
        yield {**row, "sha256": kept.sha256, "byte_count": kept.byte_count}
