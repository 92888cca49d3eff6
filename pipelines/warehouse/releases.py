"""The releases that there are: listing them, keeping them, going back to one.

Belongs here: `releases/`, `held/`, `pins/`, `rollback.json` and the link `current`. Does not belong here: making a release
(`publish`), and what changed between two (`differences`).

A roll-back remembers which releases it withdrew: a night that finds the lake and the code that one of them was made of does not
publish that again. Any change of files or code ends this, and so does rolling forward.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import struct
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.home import current_release, read_release, replace_atomically, sync_folder
from pipelines.settings import Settings
from pipelines.warehouse.runs import writer_lock

WAREHOUSE = "warehouse.duckdb"


class UnknownReleaseError(LookupError):
    """There is no such release, or none to go back to; the message names those that there are."""


def release_names(home: Path) -> list[str]:
    """Ids of all releases, the oldest first."""
    folder = home / "releases"
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else []


def is_sound(folder: Path) -> bool:
    """Whether a release's folder has its manifest and its warehouse."""
    return read_release(folder) is not None and (folder / WAREHOUSE).is_file()


def listed(home: Path) -> list[dict[str, Any]]:
    """Every release, the newest first, and the one held back: release_id, created_at, rows, reports, findings, pinned, current,
    held, reasons (why it was held back).

    `rows` counts those of the fact tables, `reports` the current ones; numbers are null where the manifest is damaged.
    """
    current = current_name(home)
    rows = [_entry(home, home / "releases" / name, current) for name in reversed(release_names(home))]
    return [*(_entry(home, folder, current) for folder in held_folders(home)), *rows]


def _entry(home: Path, folder: Path, current: str | None) -> dict[str, Any]:
    manifest = read_release(folder) or {}
    counts: dict[str, int] = manifest.get("row_counts", {})
    is_held = folder.parent.name == "held"
    return {
        "release_id": folder.name,
        "created_at": manifest.get("created_at"),
        "rows": sum(count for name, count in counts.items() if name.startswith("facts.fact_")) if counts else None,
        "reports": manifest.get("inputs", {}).get("reports"),
        "findings": counts.get("marts.mart_findings"),
        "pinned": is_pinned(home, folder.name),
        "current": not is_held and folder.name == current,
        "held": is_held,
        "reasons": manifest.get("losses", []) if is_held else [],
    }


def held_folders(home: Path) -> list[Path]:
    """Folders of warehouses that were built and held back."""
    folder = home / "held"
    return sorted(path for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else []


def current_name(home: Path) -> str | None:
    """Id of the release that `current` leads to; None without one."""
    try:
        return (home / "current").readlink().name
    except OSError:
        return None


def folder_of(home: Path, release_id: str) -> Path:
    """Folder of a release, or of one held back. Raises UnknownReleaseError."""
    for folder in (home / "releases" / release_id, *held_folders(home)):
        if folder.name == release_id and is_sound(folder):
            return folder
    known = ", ".join([*(path.name for path in held_folders(home)), *reversed(release_names(home))]) or "none yet"
    raise UnknownReleaseError(f"{release_id}: no such release, or one that is damaged; there are {known}")


# pins --------------------


def is_pinned(home: Path, release_id: str) -> bool:
    """Whether a release stays however old it gets."""
    return (home / "pins" / release_id).is_file()


def pin(home: Path, release_id: str) -> None:
    """Keep a release until it is unpinned. Needs no lock. Raises UnknownReleaseError."""
    if release_id not in release_names(home):
        folder_of(home, release_id)
        raise UnknownReleaseError(f"{release_id} is held back; only what is published can be pinned")
    mark = home / "pins" / release_id
    replace_atomically(mark, lambda path: path.write_text(f"{datetime.now(UTC).isoformat(timespec='seconds')}\n", "utf-8"))
    if not (home / "releases" / release_id).is_dir():  # removed between the look and the mark
        mark.unlink()
        folder_of(home, release_id)


def unpin(home: Path, release_id: str) -> bool:
    """Let a release go in its turn; returns whether it was pinned."""
    mark = home / "pins" / release_id
    was_pinned = mark.is_file()
    mark.unlink(missing_ok=True)
    return was_pinned


# the link --------------------


def point_current(home: Path, release_id: str) -> None:
    """Switch the link in one step: at every moment `current` leads to a whole release."""
    temporary = home / ".current.tmp"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(Path("releases") / release_id, target_is_directory=True)
    temporary.replace(home / "current")
    sync_folder(home)


def roll_back(settings: Settings, release_id: str | None = None) -> dict[str, Any]:
    """Make another release current: `release_id`, else the one that was current before the current one was published.

    Returns {"release_id", "former_release_id", "withdrawn"}: ids of the releases newer than the one that is current now.
    Raises UnknownReleaseError, LockedError while a run is writing, OpenError where that release does not open.
    """
    home = settings.home
    with writer_lock(settings):
        former = current_name(home)
        target = folder_of(home, release_id or _before(home, former))
        if target.parent.name != "releases":
            raise UnknownReleaseError(f"{target.name} was held back; publish it with `jixiao nightly --accept-losses`")
        open_test(target)
        newer = [name for name in release_names(home) if name > target.name]
        if newer:
            _remember(home, target.name, former, newer)
        point_current(home, target.name)
        if not newer:
            (home / "rollback.json").unlink(missing_ok=True)
    return {"release_id": target.name, "former_release_id": former, "withdrawn": newer}


def _before(home: Path, current: str | None) -> str:
    manifest = read_release(home / "releases" / current) if current else None
    previous = (manifest or {}).get("previous_release_id")
    older = [name for name in release_names(home) if name < (current or "") and is_sound(home / "releases" / name)]
    if previous in older:
        return str(previous)
    if not older:
        raise UnknownReleaseError("there is no release before the current one")
    return older[-1]


def _remember(home: Path, target: str, former: str | None, newer: list[str]) -> None:
    manifests = [read_release(home / "releases" / name) for name in newer]
    withdrawn = [
        {name: manifest[name] for name in ("release_id", "lake_digest", "code_version")} for manifest in manifests if manifest
    ]
    record = {
        "release_id": target,
        "former_release_id": former,
        "rolled_back_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "withdrawn": withdrawn,
    }
    text = json.dumps(record, indent=1)
    replace_atomically(home / "rollback.json", lambda path: path.write_text(text, "utf-8"))


def rolled_back(home: Path) -> dict[str, Any] | None:
    """What the roll-back in force remembers: release_id (current since), former_release_id, rolled_back_at, withdrawn.

    None where there is none: a record about another release than the current one is left over and says nothing.
    """
    try:
        record: dict[str, Any] = json.loads((home / "rollback.json").read_bytes())
        return record if record["release_id"] == current_name(home) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_withdrawn(home: Path, lake_digest: str, code_version: str) -> bool:
    """Whether a roll-back in force withdrew a release made of this lake and this code."""
    record = rolled_back(home) or {"withdrawn": []}
    return any((entry["lake_digest"], entry["code_version"]) == (lake_digest, code_version) for entry in record["withdrawn"])


class OpenError(RuntimeError):
    """A release's warehouse does not open, or does not hold what its manifest says."""


def open_test(folder: Path) -> None:
    """Open a release as a reader would and count what its manifest counts. Raises OpenError."""
    import duckdb

    manifest = read_release(folder)
    if manifest is None:
        raise OpenError(f"{folder / 'manifest.json'} is missing or damaged")
    path = folder / WAREHOUSE
    try:
        with duckdb.connect(str(path), read_only=True, config={"enable_external_access": "false"}) as connection:
            for name, expected in manifest["row_counts"].items():
                (found,) = connection.execute(f"select count(*) from {name}").fetchall()[0]
                if found != expected:
                    raise OpenError(f"{path}: {name} has {found} rows, the manifest says {expected}")
    except duckdb.Error as error:
        raise OpenError(f"{path} does not open: {error}") from error


# pruning --------------------


def prune(settings: Settings) -> list[str]:
    """Remove old releases and return their ids: all but the newest `keep_releases`, and never the current one, the one before
    it, a pinned one, one that a roll-back in force withdrew, or one that a reader on this machine has open.

    Each is hidden first, so that none is ever seen half removed.
    """
    home = settings.home
    names = release_names(home)
    current = current_release(home) or {}
    withdrawn = {entry["release_id"] for entry in (rolled_back(home) or {"withdrawn": []})["withdrawn"]}
    needed = {current_name(home), current.get("previous_release_id"), *withdrawn, *names[-settings.keep_releases :]}
    removed = []
    for name in names:
        folder = home / "releases" / name
        if name in needed or is_pinned(home, name) or is_open(folder / WAREHOUSE):
            continue
        hidden = folder.rename(folder.with_name(f".{name}.{os.getpid()}"))
        if is_pinned(home, name):  # in the meantime
            hidden.rename(folder)
            continue
        shutil.rmtree(hidden)
        removed.append(name)
    for mark in (home / "pins").glob("*"):
        if mark.name not in release_names(home):
            mark.unlink()
    return removed


def is_open(path: Path) -> bool:
    """Whether another process of this machine has a DuckDB file open: it then holds a lock on it.

    Readers on other machines are not seen, nor on systems other than Linux. They are not harmed: what is open stays readable.
    """
    if not sys.platform.startswith("linux") or not path.is_file():
        return False
    query = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    with path.open("rb") as file:
        answer = fcntl.fcntl(file, fcntl.F_GETLK, query)
    kind: int = struct.unpack("hhqqi4x", answer)[0]
    return kind != fcntl.F_UNLCK
