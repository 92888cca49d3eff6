"""Letting a built and audited warehouse out: one rename and one switched link. Or holding it back, where it lost too much.

Belongs here: the release folder and its manifest. Does not belong here: what is in the warehouse, and what becomes of releases
later (`releases`).
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipelines import __version__
from pipelines.archive import EVERYTHING, Selection
from pipelines.catalogue import catalogue
from pipelines.catalogue.rendering import DICTIONARY, rendered
from pipelines.home import current_release, lake_partitions, replace_atomically, sync_file, sync_folder
from pipelines.quality.corrections import digest as decisions_digest
from pipelines.settings import Settings
from pipelines.warehouse.build import STORAGE_VERSION, warehouse_path
from pipelines.warehouse.content import content_hashes
from pipelines.warehouse.lake import lake_digest
from pipelines.warehouse.losses import losses
from pipelines.warehouse.releases import OpenError, is_withdrawn, open_test, point_current, prune, release_names

READ_ONLY = 0o444
_GIT_SECONDS = 10
_PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "polars")
_GENERATED = frozenset({"target", "logs", "dbt_packages"})


class PublishError(RuntimeError):
    """The built warehouse cannot be published; the release before it stays current."""


class HeldError(PublishError):
    """The built warehouse lost more than the settings allow; the message says what, where it is and how to let it out."""


def code_version(settings: Settings) -> str:
    """Hash of what turns facts into a release: the dbt project's sources, the catalogue, the reference tables, the decisions of
    people and the package version. Raises CorrectionError."""
    project = settings.project / "dbt_project"
    digest = hashlib.sha256(f"{__version__}\n{catalogue().version}\n{decisions_digest(settings)}\n".encode())
    for table in catalogue().reference:
        digest.update((settings.project / "data" / "reference" / f"{table}.csv").read_bytes())
    _add_sources(digest, project)
    return digest.hexdigest()[:12]


def dbt_project_version(settings: Settings) -> str:
    """Hash of the dbt project's sources alone."""
    digest = hashlib.sha256()
    _add_sources(digest, settings.project / "dbt_project")
    return digest.hexdigest()[:12]


def _add_sources(digest: hashlib._Hash, project: Path) -> None:
    for path in sorted(project.rglob("*")):
        name = path.relative_to(project)
        if path.is_file() and name.parts[0] not in _GENERATED:
            digest.update(f"{name.as_posix()}\n".encode() + path.read_bytes())


@dataclass(frozen=True)
class Making:
    """How a release came about: what checks said, by kind; seconds by stage; what was selected; whether losses are accepted."""

    checks: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    selection: Selection = EVERYTHING
    accept_losses: bool = False


def needs_release(settings: Settings) -> bool:
    """Whether the lake or the code is not what the current release was made of, or there is no sound release.

    Not where a roll-back withdrew what would be made of them.
    """
    release = current_release(settings.home)
    if release is None or not (settings.home / "current" / "warehouse.duckdb").is_file():
        return True
    made_of = (lake_digest(settings), code_version(settings))
    return (release["lake_digest"], release["code_version"]) != made_of and not is_withdrawn(settings.home, *made_of)


def publish(settings: Settings, making: Making = Making()) -> dict[str, Any]:
    """Turn `build/` into `releases/<release_id>/` and point `current` to it; readers of the former release go on undisturbed.

    The release holds `warehouse.duckdb`, `dictionary.md` and `manifest.json` (see `docs/operations.md`), and its files are
    read-only. Older releases go as `releases.prune` says. Returns {"release_id", "previous_release_id", "rows", "removed"}.

    Raises, and the current release stays: PublishError where the file is not sound or does not open at its place, HeldError
    where it lost more than the settings allow and `making` does not accept that; it is kept in `held/` then.
    """
    home = settings.home
    path = warehouse_path(settings)
    row_counts = _close(path)
    former = current_release(home)
    release_id = _release_id(settings)
    lost = _losses(settings, former, row_counts, path)
    manifest = _manifest(settings, making, release_id, row_counts) | {"losses": lost}
    manifest["previous_release_id"] = None if former is None else former["release_id"]
    explained = rendered(settings.project)[DICTIONARY]
    (path.parent / DICTIONARY.name).write_text(explained, encoding="utf-8")
    text = json.dumps(manifest, ensure_ascii=False, indent=1)
    replace_atomically(path.parent / "manifest.json", lambda target: target.write_text(text, encoding="utf-8"))
    for file in path.parent.iterdir():
        sync_file(file)
        file.chmod(READ_ONLY)
    sync_folder(path.parent)
    if lost and not making.accept_losses:
        held = _hold(path.parent, home, release_id)
        raise HeldError(
            f"the new warehouse is held back in {held}: {'; '.join(lost)}. {manifest['previous_release_id']} stays current. "
            "Look at it with `jixiao diff`; if all is well, run `jixiao nightly --accept-losses`, else put the files back or "
            "correct the code and run `jixiao nightly`."
        )
    releases = home / "releases"
    releases.mkdir(exist_ok=True)
    folder = path.parent.rename(releases / release_id)
    sync_folder(releases)
    try:
        open_test(folder)
    except OpenError as error:
        held = _hold(folder, home, release_id)
        raise PublishError(
            f"the new release fails its test and is kept in {held}: {error}. Run `jixiao nightly` again."
        ) from error
    point_current(home, release_id)
    (home / "rollback.json").unlink(missing_ok=True)
    shutil.rmtree(home / "held", ignore_errors=True)
    removed = prune(settings)
    rows = sum(row_counts.values())
    return {"release_id": release_id, "previous_release_id": manifest["previous_release_id"], "rows": rows, "removed": removed}


def _release_id(settings: Settings) -> str:
    """Time and the lake's digest; later than every release there is, even where the clock was put back."""
    created = datetime.now(UTC)
    for name in release_names(settings.home)[-1:]:
        with suppress(ValueError):
            newest = datetime.strptime(name[:18], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
            created = max(created, newest + timedelta(milliseconds=1))
    return f"{created:%Y%m%dT%H%M%S}{created.microsecond // 1000:03d}Z-{lake_digest(settings)[:8]}"


def _losses(settings: Settings, former: dict[str, Any] | None, row_counts: dict[str, int], path: Path) -> list[str]:
    """What is lost against the current release; nothing where there is no sound one to compare with."""
    if former is None or not (settings.home / "current" / "warehouse.duckdb").is_file():
        return []
    return losses(settings, former, row_counts, path)


def _hold(built: Path, home: Path, release_id: str) -> Path:
    """Keep a built warehouse aside, instead of the one that was held before."""
    shutil.rmtree(home / "held", ignore_errors=True)
    (home / "held").mkdir()
    folder = built.rename(home / "held" / release_id)
    sync_folder(folder.parent)
    return folder


def _manifest(settings: Settings, making: Making, release_id: str, row_counts: dict[str, int]) -> dict[str, Any]:
    from pipelines import documents, facts

    path = warehouse_path(settings)
    versions = {
        "jixiao": __version__,
        "readers": documents.READERS_VERSION,
        "templates": facts.template_version(),
        "catalogue": catalogue().version,
        "dbt_project": dbt_project_version(settings),
        "python": platform.python_version(),
    }
    return {
        "release_id": release_id,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "lake_digest": lake_digest(settings),
        "lake_partitions": {name: entry["version"] for name, entry in lake_partitions(settings.home).items()},
        "code_version": code_version(settings),
        "package_version": __version__,
        "catalogue_version": catalogue().version,
        "git_revision": git_revision(settings.project),
        "inputs": _inputs(path),
        "selection": making.selection.told(),
        "files": [path.name, DICTIONARY.name],
        "row_counts": row_counts,
        "content_hashes": content_hashes(path),
        "checks": making.checks,
        "seconds": dict(making.seconds),
        "storage_version": STORAGE_VERSION,
        "versions": versions | {name: version(name) for name in _PACKAGES},
    }


def git_revision(project: Path) -> str | None:
    """Commit of the project's checkout, with `+` behind it where files differ from it; None where git knows none."""
    if not (project / ".git").exists():
        return None
    git = ("git", "-C", str(project))
    try:
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True, timeout=_GIT_SECONDS)
        status = [*git, "status", "--porcelain", "--untracked-files=no"]
        changed = subprocess.run(status, capture_output=True, text=True, check=True, timeout=_GIT_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return None
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")


def _inputs(path: Path) -> dict[str, Any]:
    """Files, contents and reports that a built warehouse is made of, and a hash over paths and contents."""
    import duckdb

    with duckdb.connect(str(path), read_only=True) as connection:
        cursor = connection.execute(_INPUTS)
        return dict(zip([column[0] for column in cursor.description], cursor.fetchall()[0], strict=True))


_INPUTS = """
select
    count(distinct file_name) as files,
    count(distinct sha256) as contents,
    count(*) as reports,
    md5(coalesce(string_agg(distinct file_name || ' ' || sha256, '\n' order by file_name || ' ' || sha256), '')) as digest
from facts.reports
where is_current
"""


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
