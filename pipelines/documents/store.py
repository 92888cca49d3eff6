"""The store of what reading gave: one record per revision and version of the readers, and the stage that fills it.

Belongs here: reading what the plan asks for, keeping and loading records. Does not belong here: how a file is read (`sandbox`).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.archive.limits import LIMIT_REASONS, are_higher
from pipelines.archive.planning import document_path
from pipelines.archive.register import object_path
from pipelines.documents.limits import Limits
from pipelines.documents.model import Document, DocumentError
from pipelines.documents.record import DamagedRecordError, limits_of, unpack, with_limits
from pipelines.documents.registry import readers_version
from pipelines.documents.sandbox import Reading, Request, read_all
from pipelines.home import replace_atomically
from pipelines.settings import Settings

Progress = Callable[[int, int, str], None]


class DamagedDocumentError(RuntimeError):
    """A stored Document cannot be understood; the message names its file and the remedy."""


def read_pending(settings: Settings, run: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Read the file of every row of `run/plan.parquet` whose work is `read`, and store what came of it.

    Bytes that several rows share are read once. `progress(done, total, file_name)` is called after each file. Returns the
    counts read, rejected, and rejected by reason (`reasons`). Raises SandboxError where no child can be started,
    FileNotFoundError where the archive lacks the bytes of a planned file.
    """
    import polars as pl

    plan = pl.read_parquet(run / "plan.parquet", columns=["file_name", "sha256", "work"])
    rows = plan.filter(pl.col("work") == "read").unique("sha256", keep="first", maintain_order=True)
    requests = [
        Request(object_path(settings.home, sha256), sha256, file_name)
        for file_name, sha256 in rows.select("file_name", "sha256").iter_rows()
    ]
    missing = [request for request in requests if not request.path.is_file()]
    if missing:
        raise FileNotFoundError(
            f"the archive lacks {missing[0].path} with the bytes of {missing[0].file_name} (and {len(missing) - 1} more). "
            "Restore the archive from a backup, or touch the raw files so that they are archived again."
        )
    reasons: Counter[str] = Counter()
    readings = read_all(requests, Limits.of(settings), settings.workers, settings.documents_per_child)
    for done, reading in enumerate(readings, start=1):
        _keep(settings, reading)
        if reading.reason is not None:
            reasons[reading.reason] += 1
        if progress is not None:
            progress(done, len(requests), reading.request.file_name)
    return {"read": len(requests), "rejected": reasons.total(), "reasons": dict(sorted(reasons.items()))}


def read_file(path: Path, settings: Settings, file_name: str | None = None) -> Document:
    """Read one file that need not be archived, in a child of its own; nothing is stored. `file_name`: the name it goes by.

    Raises DocumentError, OSError where the file cannot be opened, SandboxError.
    """
    limits = Limits.of(settings)
    limits.check_file(path.stat().st_size)
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    (reading,) = read_all([Request(path.resolve(), sha256, file_name or path.name)], limits)
    found, _ = unpack(reading.record)
    if isinstance(found, DocumentError):
        raise found
    return found


def _keep(settings: Settings, reading: Reading) -> None:
    record = with_limits(reading.record, settings.limits) if reading.reason in LIMIT_REASONS else reading.record
    path = document_path(settings.home, readers_version(), reading.request.sha256)
    replace_atomically(path, partial(Path.write_bytes, data=record))


def load(settings: Settings, sha256: str) -> tuple[Document | DocumentError, float]:
    """What the store holds of one revision as read by the present readers, and the seconds that reading took.

    Raises FileNotFoundError where it was not read yet, DamagedDocumentError.
    """
    path = document_path(settings.home, readers_version(), sha256)
    record = path.read_bytes()
    try:
        return unpack(record)
    except DamagedRecordError as error:
        raise DamagedDocumentError(
            f"{path} is damaged ({error}). Read its file again with `jixiao nightly --reread`, with the --city and --year that "
            "it lies in."
        ) from error


def load_or_read(settings: Settings, sha256: str, file_name: str) -> tuple[Document | DocumentError, float, bool]:
    """As `load`, but a Document that is damaged is read and stored anew from the archive; last whether it was.

    Raises FileNotFoundError where it was not read yet, or the archive lacks the bytes; SandboxError.
    """
    try:
        return (*load(settings, sha256), False)
    except DamagedDocumentError:
        request = Request(object_path(settings.home, sha256), sha256, file_name)
        (reading,) = read_all([request], Limits.of(settings))
        _keep(settings, reading)
        return (*load(settings, sha256), True)


def is_outdated(settings: Settings, sha256: str) -> bool:
    """Whether to read a file again that was rejected for a limit: a limit is higher now, or nobody knows what they were."""
    path = document_path(settings.home, readers_version(), sha256)
    try:
        return are_higher(settings.limits, limits_of(path.read_bytes()))
    except (FileNotFoundError, DamagedRecordError):
        return True
