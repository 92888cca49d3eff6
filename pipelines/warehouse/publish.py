"""Letting a built and audited warehouse out: one rename and one switched link.

Belongs here: the release folder, its manifest, the link `current`, and how many releases are kept. Does not belong here: what
is in the warehouse.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipelines import __version__
from pipelines.catalogue import catalogue
from pipelines.home import current_release, lake_partitions, replace_atomically, sync_file, sync_folder
from pipelines.settings import Settings
from pipelines.warehouse.build import STORAGE_VERSION, warehouse_path
from pipelines.warehouse.lake import lake_digest

_PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "polars")
_GENERATED = frozenset({"target", "logs", "dbt_packages"})


class PublishError(RuntimeError):
    """The built warehouse cannot be published; the release before it stays current."""


def code_version(settings: Settings) -> str:
    """Hash of what turns facts into a release: the dbt project's sources, the catalogue, the reference tables and the package
    version."""
    project = settings.project / "dbt_project"
    digest = hashlib.sha256(f"{__version__}\n{catalogue().version}\n".encode())
    for table in catalogue().reference:
        digest.update((settings.project / "data" / "reference" / f"{table}.csv").read_bytes())
    for path in sorted(project.rglob("*")):
        name = path.relative_to(project)
        if path.is_file() and name.parts[0] not in _GENERATED:
            digest.update(f"{name.as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def needs_release(settings: Settings) -> bool:
    """Whether the lake or the code is not what the current release was made of, or there is no sound release."""
    release = current_release(settings.home)
    if release is None or not (settings.home / "current" / "warehouse.duckdb").is_file():
        return True
    return (release["lake_digest"], release["code_version"]) != (lake_digest(settings), code_version(settings))


def publish(settings: Settings) -> dict[str, Any]:
    """Turn `build/` into `releases/<release_id>/` and point `current` to it; readers of the former release go on undisturbed.

    The release holds `warehouse.duckdb` and `manifest.json`: release_id, created_at (UTC), previous_release_id, lake_digest,
    lake_partitions, code_version, package_version, catalogue_version, row_counts by schema.table, storage_version, versions. Of
    the older releases the newest `keep_releases` stay, and always the one before for roll-back. Returns {"release_id",
    "previous_release_id", "rows"}. Raises PublishError, and the current release stays, where the file is not sound.
    """
    home = settings.home
    path = warehouse_path(settings)
    row_counts = _close(path)
    former = current_release(home)
    created = datetime.now(UTC)
    release_id = f"{created:%Y%m%dT%H%M%S}{created.microsecond // 1000:03d}Z-{lake_digest(settings)[:8]}"
    previous = None if former is None else former["release_id"]
    manifest = {
        "release_id": release_id,
        "created_at": created.isoformat(timespec="seconds"),
        "previous_release_id": previous,
        "lake_digest": lake_digest(settings),
        "lake_partitions": {name: entry["version"] for name, entry in lake_partitions(home).items()},
        "code_version": code_version(settings),
        "package_version": __version__,
        "catalogue_version": catalogue().version,
        "row_counts": row_counts,
        "storage_version": STORAGE_VERSION,
        "versions": {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES},
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1)
    replace_atomically(path.parent / "manifest.json", lambda target: target.write_text(text, encoding="utf-8"))
    for file in path.parent.iterdir():
        sync_file(file)
    releases = home / "releases"
    releases.mkdir(exist_ok=True)
    path.parent.rename(releases / release_id)
    sync_folder(releases)
    _point_current(home, release_id)
    _remove_old(releases, settings.keep_releases, {release_id, previous})
    return {"release_id": release_id, "previous_release_id": previous, "rows": sum(row_counts.values())}


def _close(path: Path) -> dict[str, int]:
    """Checkpoint the built file, make sure that it is whole without a write-ahead log, and count its rows by schema.table."""
    import duckdb

    if not path.is_file():
        raise PublishError(f"{path} is not there: nothing was built. Run again.")
    with duckdb.connect(str(path)) as connection:
        connection.execute("checkpoint")
    log = path.with_name(f"{path.name}.wal")
    if log.exists():
        raise PublishError(
            f"{log} is still there after the checkpoint: another process has the file open. End it and run again."
        )
    with duckdb.connect(str(path), read_only=True) as connection:
        names = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where table_type = 'BASE TABLE' order by all"
        ).fetchall()
        counts = {name: connection.execute(f"select count(*) from {name}").fetchall()[0][0] for (name,) in names}
    if not counts:
        raise PublishError(f"{path} holds no table. Run again.")
    return counts


def _point_current(home: Path, release_id: str) -> None:
    """Switch the link in one step: at every moment `current` leads to a whole release."""
    temporary = home / ".current.tmp"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(Path("releases") / release_id, target_is_directory=True)
    temporary.replace(home / "current")
    sync_folder(home)


def _remove_old(releases: Path, keep: int, needed: set[str | None]) -> None:
    """Remove all but the newest `keep` releases and the `needed` ones; hidden first, so that none is ever seen half removed."""
    names = sorted((path.name for path in releases.iterdir() if not path.name.startswith(".")), reverse=True)
    for name in names[keep:]:
        if name not in needed:
            hidden = (releases / name).rename(releases / f".{name}.{os.getpid()}")
            shutil.rmtree(hidden)
