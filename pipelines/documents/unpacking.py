"""Archives opened in the sandbox: for the archive of raw files, and for single files of the command line.

Belongs here: asking the reading processes, and files that stand for what was asked. Does not belong here: zips themselves
(`zips`), keeping members and remembering which archive has which (`pipelines.archive.containers`).
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from pipelines.archive.containers import Member, Packed, Unpacked
from pipelines.archive.register import begins_as_archive
from pipelines.documents.limits import Limits
from pipelines.documents.model import Document, DocumentError
from pipelines.documents.record import unpack as unpack_record
from pipelines.documents.sandbox import Reading, Request, read_all
from pipelines.documents.store import read_file
from pipelines.settings import Settings


def unpack(settings: Settings, files: Iterable[Packed], folder: Path) -> Iterator[Unpacked]:
    """Unpack files that may be archives below `folder`, in children; one answer for each, in order of completion.

    The files of an answer are removed when the next one is asked for. Raises SandboxError.
    """
    requests = [Request(file.path, file.sha256, file.file_name, folder / str(number)) for number, file in enumerate(files)]
    for reading in read_all(requests, Limits.of(settings), settings.workers, settings.documents_per_child):
        yield _unpacked(reading)
        assert reading.request.parts is not None
        shutil.rmtree(reading.request.parts)


def _unpacked(reading: Reading) -> Unpacked:
    sha256, folder = reading.request.sha256, reading.request.parts
    assert folder is not None
    if reading.reason is not None:
        rejection, _ = unpack_record(reading.record)
        assert isinstance(rejection, DocumentError)
        return Unpacked(sha256, reason=rejection.reason, detail=rejection.detail)
    listed = json.loads(reading.record)
    if listed is None:
        return Unpacked(sha256)
    sent = count()
    paths = [folder / str(next(sent)) if entry["reason"] is None else None for entry in listed]
    return Unpacked(sha256, tuple(Member(path=path, **entry) for path, entry in zip(paths, listed, strict=True)))


@dataclass(frozen=True)
class Source:
    """One file to read: `given` is the path that was asked for, `member` the path in it if that is an archive.

    `path` is where the bytes are now; with `error`, which says why there are none, it is the given one.
    """

    given: Path
    path: Path
    member: str | None = None
    error: DocumentError | None = None

    @property
    def file_name(self) -> str:
        """Name for people."""
        return str(self.given) if self.member is None else f"{self.given}/{self.member}"


@contextmanager
def expand(paths: Iterable[Path], settings: Settings) -> Iterator[list[Source]]:
    """The files to read for these paths: each path itself, or the members of the archive that it is.

    Members lie in a temporary folder until the end of the block. Raises OSError where a path cannot be opened, SandboxError.
    """
    with tempfile.TemporaryDirectory() as folder:
        yield [source for number, path in enumerate(paths) for source in _sources(path, settings, Path(folder) / str(number))]


def _sources(path: Path, settings: Settings, folder: Path) -> list[Source]:
    with path.open("rb") as stream:
        if not begins_as_archive(stream.read(64)):
            return [Source(path, path)]
        stream.seek(0)
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    (reading,) = read_all([Request(path.resolve(), sha256, path.name, folder)], Limits.of(settings))
    unpacked = _unpacked(reading)
    if unpacked.members is None:
        return [Source(path, path, error=_error(unpacked.reason, unpacked.detail))]
    return [Source(path, member.path or path, member.name, _error(member.reason, member.detail)) for member in unpacked.members]


def _error(reason: str | None, detail: str | None) -> DocumentError | None:
    return None if reason is None else DocumentError(reason, detail or "")


def read_source(source: Source, settings: Settings) -> Document:
    """Document of one source. Raises DocumentError, also the one that the source came with, OSError and SandboxError."""
    if source.error is not None:
        raise source.error
    return read_file(source.path, settings, source.file_name)
