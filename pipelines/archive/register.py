"""The register of every file ever seen, and the store of their bytes.

Belongs here: scanning the raw folder, telling unchanged files by their metadata, hashing and keeping the bytes of the others.
Does not belong here: which revision counts and what is to be done with it (`planning`).
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from pipelines.home import replace_atomically
from pipelines.naming import is_ignored, readable_name
from pipelines.settings import Settings

Progress = Callable[[int, int], None]

REGISTER_SCHEMA: dict[str, pl.DataType] = {
    "file_name": pl.String(),
    "sha256": pl.String(),
    "byte_count": pl.Int64(),
    "mtime_ns": pl.Int64(),
    "ctime_ns": pl.Int64(),
    "hashed_at_ns": pl.Int64(),
    "first_seen_at": pl.Datetime("us"),
    "last_seen_at": pl.Datetime("us"),
    "is_present": pl.Boolean(),
    "is_zip": pl.Boolean(),
    "is_container": pl.Boolean(),
    "container": pl.String(),
    "rejected_reason": pl.String(),
    "rejected_detail": pl.String(),
}

# A file written within this time of the moment it was looked at may change once more without its time stamps telling.
RACY_NS = 2_000_000_000

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SEEN = tuple(name for name in REGISTER_SCHEMA if name not in ("first_seen_at", "last_seen_at", "is_present"))
_CHUNK = 1 << 20
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
# What programs write first into zips that are documents themselves; no archive of reports begins so.
_PACKAGE_STARTS = (b"[Content_Types].xml", b"_rels/.rels", b"docProps/", b"mimetype")
_ZIP_HEAD = 30  # bytes before the name of a zip's first entry


class RawFolderError(RuntimeError):
    """The raw folder is missing, unreadable or suddenly empty; the message names it and the remedy."""


class RegisterError(RuntimeError):
    """The register is damaged; the message names it and the remedy."""


@dataclass(frozen=True)
class Scan:
    """What lies in the raw folder now; the lists run in parallel, sorted by `file_names`.

    `paths` are the names that the system knows a file by; `file_names` the same below the raw folder as readable NFC text.
    """

    paths: list[str]
    file_names: list[str]
    byte_counts: list[int]
    mtimes_ns: list[int]
    ctimes_ns: list[int]
    links_count: int


@dataclass(frozen=True)
class Hashed:
    """Hash and metadata of one file as it was read; `problem` says why it could not be."""

    sha256: str = ""
    byte_count: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0
    is_zip: bool = False
    problem: OSError | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the file was removed between the scan and the reading."""
        return isinstance(self.problem, FileNotFoundError)


def object_path(home: Path, sha256: str) -> Path:
    """Path of the archived bytes of one revision."""
    return _objects_folder(home) / sha256[:2] / sha256


def register_path(home: Path) -> Path:
    """Path of the register."""
    return home / "archive" / "register.parquet"


def read_register(home: Path) -> pl.DataFrame:
    """The register, one row per revision (file_name, sha256) ever seen, sorted by these.

    Columns: file_name, sha256, byte_count, mtime_ns and ctime_ns when the bytes were last read, hashed_at_ns (when that was),
    first_seen_at, last_seen_at (UTC), is_present (whether the last scan found this revision at this path), is_zip (whether the
    bytes may be an archive), is_container (whether they are one and its members are registered), container (of a member:
    file_name of its archive), rejected_reason and rejected_detail (of archives and members that cannot be had).
    Raises RegisterError.
    """
    path = register_path(home)
    empty = pl.DataFrame(schema=REGISTER_SCHEMA)
    if not path.exists():
        return empty
    try:
        return pl.concat([empty, pl.read_parquet(path)], how="diagonal")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise RegisterError(
            f"{path} cannot be read ({error}). Restore it from a backup, or remove it and run `jixiao nightly`: every raw file "
            "is then hashed anew and counts as first seen now; the lake and what was read stay as they are."
        ) from error


def begins_as_archive(head: bytes) -> bool:
    """Whether a file that begins so may be a zip archive, and not a document of zipped parts."""
    return head.startswith(_ZIP_STARTS) and not head.startswith(_PACKAGE_STARTS, _ZIP_HEAD)


def _walk(folder: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_ignored(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path)
            else:
                yield entry


def scan_raw(raw: Path) -> Scan:
    """List the regular files below the raw folder. Links are counted and never followed: they could lead out of the folder.

    Raises RawFolderError where the folder, or a folder in it, is missing or cannot be listed.
    """
    rows: list[tuple[str, str, os.stat_result]] = []
    links = 0
    prefix = len(os.fspath(raw)) + 1
    try:
        for entry in _walk(os.fspath(raw)):
            if entry.is_symlink():
                links += 1
            elif entry.is_file(follow_symlinks=False):
                try:
                    rows.append((entry.path, entry.path[prefix:].replace(os.sep, "/"), entry.stat(follow_symlinks=False)))
                except FileNotFoundError:
                    continue  # removed while we looked: it is not there
    except OSError as error:
        raise RawFolderError(
            f"folder of raw reports {error.filename} cannot be listed: {error.strerror}. Create it, mount it or allow reading "
            "it, or name another one with --raw or JIXIAO_RAW."
        ) from error
    exact = {name for _, name, _ in rows}
    named = []
    for path, name, status in rows:
        readable = readable_name(os.fsencode(name))
        if readable != name and readable in exact:
            readable = os.fsencode(name).decode("utf-8", "backslashreplace")
        named.append((readable, path, status))
    named.sort(key=lambda row: row[:2])
    return Scan(
        paths=[path for _, path, _ in named],
        file_names=[name for name, _, _ in named],
        byte_counts=[status.st_size for *_, status in named],
        mtimes_ns=[status.st_mtime_ns for *_, status in named],
        ctimes_ns=[status.st_ctime_ns for *_, status in named],
        links_count=links,
    )


def _open_regular(path: str) -> BinaryIO:
    # A pipe or link put in the file's place since the scan must neither block nor be followed.
    source = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
        source.close()
        raise OSError(errno.EINVAL, "no regular file", path)
    return source


def archive_file(home: Path, path: str) -> Hashed:
    """Read a file once: hash it and keep its bytes under their hash. The objects folder must exist.

    A file that cannot be read is told by `problem`. Raises OSError where the archive cannot be written.
    """
    try:
        source = _open_regular(path)
    except OSError as error:
        return Hashed(problem=error)
    temporary = _objects_folder(home) / f".{os.getpid()}-{threading.get_ident()}.tmp"
    digest = hashlib.sha256()
    head, count = b"", 0
    with source, temporary.open("wb") as target:
        # Before the first byte: a change while we read then shows as a change at the next scan.
        status = os.fstat(source.fileno())
        while True:
            try:
                chunk = source.read(_CHUNK)
            except OSError as error:
                temporary.unlink()
                return Hashed(problem=error)
            if not chunk:
                break
            head = head or chunk
            digest.update(chunk)
            target.write(chunk)
            count += len(chunk)
    sha256 = digest.hexdigest()
    destination = object_path(home, sha256)
    if destination.is_file() and destination.stat().st_size == count:
        temporary.unlink()
    else:
        destination.parent.mkdir(exist_ok=True)
        temporary.replace(destination)
    return Hashed(sha256, count, status.st_mtime_ns, status.st_ctime_ns, begins_as_archive(head))


def archive_files(settings: Settings, paths: list[str], progress: Progress | None = None) -> list[Hashed]:
    """`archive_file` for many files, in their order, by `settings.workers` threads; the bytes are on disk when it returns."""
    objects = _objects_folder(settings.home)
    objects.mkdir(parents=True, exist_ok=True)
    for leftover in objects.glob(".*.tmp"):
        leftover.unlink()
    hashed: list[Hashed] = []
    with ThreadPoolExecutor(settings.workers) as pool:
        for result in pool.map(partial(archive_file, settings.home), paths):
            hashed.append(result)
            if progress is not None:
                progress(len(hashed), len(paths))
    if hashed:
        os.sync()  # one for all: an fsync per file would take longer than reading them
    return hashed


def hash_of(path: Path) -> str:
    """Hash of a file's bytes, as hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def stored_objects(home: Path) -> list[str]:
    """Hashes of all archived bytes."""
    objects = _objects_folder(home)
    return (
        [path.name for folder in objects.iterdir() if folder.is_dir() for path in folder.iterdir()] if objects.is_dir() else []
    )


def _unchanged(known: pl.DataFrame, stored: pl.Series) -> pl.Series:
    """Which scanned files (columns of Scan, those of the register as `…_known`) need not be read again."""
    written_late = (pl.col("ctime_ns") > pl.col("hashed_at_ns") - RACY_NS) | (
        (pl.col("mtime_ns") - pl.col("hashed_at_ns")).abs() <= RACY_NS
    )
    is_stored = pl.col("sha256").is_in(stored.implode())
    same = [pl.col(name) == pl.col(f"{name}_known") for name in ("byte_count", "mtime_ns", "ctime_ns")]
    is_judged = pl.col("is_zip").is_not_null()  # registers of former versions do not say
    unchanged = pl.all_horizontal(*same, is_stored, is_judged) & ~written_late
    return known.select(unchanged=unchanged.fill_null(False))["unchanged"]


def update_register(
    settings: Settings, progress: Progress | None = None, unfold: Callable[[pl.DataFrame], pl.DataFrame] | None = None
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Bring archive and register up to what lies in the raw folder now; only new or changed files are read.

    `unfold` gets the rows of all present files and returns them with those of the members of archives among them.

    Returns the register (see `read_register`) and counts: files, files_read, new, changed, gone, members (in archives),
    links_ignored, and the list `unreadable` of files that could not be opened; such a file keeps the revision that it had.
    Raises RawFolderError where the raw folder is missing, or empty though the register knows files in it, and RegisterError.
    """
    now = _now()
    now_ns = int((now - EPOCH) / timedelta(microseconds=1)) * 1000
    register = read_register(settings.home)
    former = register.filter("is_present", pl.col("container").is_null())
    scan = scan_raw(settings.raw)
    if not scan.paths and former.height:
        raise RawFolderError(
            f"folder of raw reports {settings.raw} is empty, but {former.height} files were in it at the last run. Mount or "
            f"restore it; if the files are really gone, remove {register_path(settings.home)} and run again."
        )
    found = pl.DataFrame(
        [scan.file_names, scan.byte_counts, scan.mtimes_ns, scan.ctimes_ns],
        schema={name: REGISTER_SCHEMA[name] for name in ("file_name", "byte_count", "mtime_ns", "ctime_ns")},
    ).join(
        former.select(
            "file_name", "sha256", "is_zip", "hashed_at_ns", pl.col("byte_count", "mtime_ns", "ctime_ns").name.suffix("_known")
        ),
        on="file_name",
        how="left",
        maintain_order="left",
    )
    unchanged = _unchanged(found, pl.Series(stored_objects(settings.home), dtype=pl.String))
    positions = (~unchanged).arg_true().to_list()
    hashed = archive_files(settings, [scan.paths[position] for position in positions], progress)
    read = [(position, file) for position, file in zip(positions, hashed, strict=True) if file.problem is None]
    unreadable = {scan.file_names[p]: f for p, f in zip(positions, hashed, strict=True) if f.problem is not None}
    present = pl.concat(
        [
            former.filter(
                pl.col("file_name").is_in(found.filter(unchanged)["file_name"].implode())
                | pl.col("file_name").is_in([name for name, file in unreadable.items() if not file.is_gone])
            ).select(_SEEN),
            pl.DataFrame(
                {
                    "file_name": [scan.file_names[position] for position, _ in read],
                    "sha256": [file.sha256 for _, file in read],
                    "byte_count": [file.byte_count for _, file in read],
                    "mtime_ns": [file.mtime_ns for _, file in read],
                    "ctime_ns": [file.ctime_ns for _, file in read],
                    "hashed_at_ns": [now_ns] * len(read),
                    "is_zip": [file.is_zip for _, file in read],
                    "is_container": [False] * len(read),
                    **{name: [None] * len(read) for name in ("container", "rejected_reason", "rejected_detail")},
                },
                schema={name: REGISTER_SCHEMA[name] for name in _SEEN},
            ),
        ]
    )
    unfolded = present if unfold is None else unfold(present)
    updated = _record(register, unfolded, now.replace(tzinfo=None))
    replace_atomically(register_path(settings.home), updated.write_parquet)
    added = present.join(former, on=["file_name", "sha256"], how="anti")
    new = added.join(former, on="file_name", how="anti").height
    counts = {
        "files": present.height,
        "files_read": len(hashed),
        "new": new,
        "changed": added.height - new,
        "gone": former.join(present, on="file_name", how="anti").height,
        "members": unfolded.height - present.height,
        "links_ignored": scan.links_count,
        "unreadable": sorted(f"{name}: {file.problem}" for name, file in unreadable.items() if not file.is_gone),
    }
    return updated, counts


def _record(register: pl.DataFrame, present: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """The register after a scan that found the revisions `present` (columns `_SEEN`)."""
    first_seen = register.select("file_name", "sha256", "first_seen_at")
    seen = present.join(first_seen, on=["file_name", "sha256"], how="left").with_columns(
        pl.col("first_seen_at").fill_null(now), last_seen_at=pl.lit(now), is_present=pl.lit(True)
    )
    absent = register.join(present, on=["file_name", "sha256"], how="anti").with_columns(is_present=pl.lit(False))
    columns = [pl.col(name).cast(kind) for name, kind in REGISTER_SCHEMA.items()]
    return pl.concat([seen.select(columns), absent.select(columns)]).sort("file_name", "sha256")


def _now() -> datetime:
    return datetime.now(UTC)


def _objects_folder(home: Path) -> Path:
    return home / "archive" / "objects"
