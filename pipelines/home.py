"""The home folder: how files in it are replaced, and where the lake's files are.

Belongs here: what several rooms must agree on about `<home>`: atomic replacement, and the lake's manifest as readers see it.
Does not belong here: what is written (`archive`, `warehouse`).

Layout: `archive/` (objects, register, what zips hold), `documents/`, `lake/` (`manifest.json`,
`<city>/<year>/<version>/<table>.parquet`), `damaged/` (partitions of the lake set aside), `runs/`, `build/`, `releases/`,
`current` (symlink to a release), `held/` (a built warehouse that was not let out), `pins/`, `rollback.json`, `lock`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

MISPLACED_PARTITION = "_misplaced/0"
_PLACE = re.compile(r"(?P<city>[^_/][^/]*)/(?P<year>20\d\d)/.+", re.DOTALL)
RELEASE_KEYS = frozenset({"release_id", "lake_digest", "lake_partitions", "code_version", "row_counts"})


class LakeError(RuntimeError):
    """The lake cannot be read or a run does not fit it; the message names the file and the remedy."""


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make the bytes of a closed file survive a power cut."""
    sync_folder(path)


def replace_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Replace `path` by what `write` puts into the temporary path it is given: readers see the old file or the new, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        sync_file(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def place(file_name: str) -> tuple[str, int] | None:
    """City folder and year of a path `<city>/<year>/…` below the raw folder; None where it has no such form."""
    match = _PLACE.fullmatch(file_name)
    return (match["city"], int(match["year"])) if match else None


def partition_name(city_slug: str | None, folder_year: int | None) -> str:
    """Name of the lake partition of a file: `<city>/<year>`, or the one for files that lie under no city and year."""
    return MISPLACED_PARTITION if city_slug is None or folder_year is None else f"{city_slug}/{folder_year}"


def lake_partitions(home: Path) -> dict[str, dict[str, Any]]:
    """Partitions of the lake by name, in order: `{"zhuzhou/2024": {"version": "…", "rows": {"fact_expenditures": 57, …}}}`.

    Empty where no lake has been written yet. Raises LakeError where the manifest cannot be understood.
    """
    path = home / "lake" / "manifest.json"
    if not path.exists():
        return {}
    try:
        partitions = json.loads(path.read_bytes())["partitions"]
        return {
            name: {"version": str(partitions[name]["version"]), "rows": partitions[name]["rows"]} for name in sorted(partitions)
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LakeError(
            f"{path} cannot be read ({error}). Restore it from a backup, or remove {path.parent} and run again: "
            "the lake is extracted anew from the stored documents."
        ) from error


def lake_files(home: Path, table: str) -> list[Path]:
    """Parquet files of one table of schema `facts`, in the order of the partitions. Raises LakeError where one is missing.

    A partition written before the catalogue had the table has no file of it.
    """
    lake = home / "lake"
    paths = [
        lake / name / entry["version"] / f"{table}.parquet"
        for name, entry in lake_partitions(home).items()
        if table in entry["rows"]
    ]
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        raise LakeError(
            f"the lake lacks {len(missing)} of its files, first {missing[0]}. Restore it from a backup, or remove {lake} "
            "and run again: the lake is extracted anew from the stored documents."
        )
    return paths


def read_release(folder: Path) -> dict[str, Any] | None:
    """Manifest of the release in a folder; None where it is missing or damaged."""
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and manifest.keys() >= RELEASE_KEYS else None


def current_release(home: Path) -> dict[str, Any] | None:
    """Manifest of the published release; None where there is none or it is damaged: the next release then replaces it."""
    return read_release(home / "current")
