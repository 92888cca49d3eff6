"""Zip archives as people and attackers make them, and a way to unpack without a reading process.

Belongs here: entries with any name, flags and attributes. Does not belong here: zips that are documents (`packages`).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.archive.containers import Member, Packed, Unpacked
from pipelines.documents import DocumentError, zips
from pipelines.documents.limits import Limits
from pipelines.settings import Settings

ENCRYPTED = 0x1
SYMLINK, PIPE = 0o120777 << 16, 0o010644 << 16


@dataclass(frozen=True)
class Entry:
    """An entry under any name: bytes are written as they are and without the flag of UTF-8."""

    name: str | bytes
    data: bytes = b"x"
    flags: int = 0
    attributes: int = 0o100644 << 16
    extra: bytes = b""


class _Info(zipfile.ZipInfo):
    entry: Entry

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        name = self.entry.name
        flags = self.flag_bits | self.entry.flags
        return (name, flags) if isinstance(name, bytes) else (name.encode(), flags | 0x800)


def archive(*entries: Entry, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these entries in their order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as target:
        for number, entry in enumerate(entries):
            info = _Info(str(number))
            info.entry, info.external_attr, info.extra, info.create_system = entry, entry.attributes, entry.extra, 3
            target.writestr(info, entry.data, compression)
    return buffer.getvalue()


def zip_of(parts: dict[str, bytes | str]) -> bytes:
    """A zip of files by name."""
    return archive(*(Entry(name, data.encode() if isinstance(data, str) else data) for name, data in parts.items()))


def unpack_here(settings: Settings, files: Iterable[Packed], folder: Path) -> Iterator[Unpacked]:
    """What `documents.unpack` does, in this process."""
    for file in files:
        sent: list[bytes] = []
        try:
            members = zips.unpack(file.path.read_bytes(), file.file_name, Limits.of(settings), sent.append)
        except DocumentError as error:
            yield Unpacked(file.sha256, reason=error.reason, detail=error.detail)
            continue
        if members is None:
            yield Unpacked(file.sha256)
            continue
        folder.mkdir(parents=True, exist_ok=True)
        waiting = iter(sent)
        listed = []
        for number, member in enumerate(members):
            path = None if member.reason else folder / str(number)
            if path is not None:
                path.write_bytes(next(waiting))
            listed.append(Member(member.name, path, member.reason, member.detail))
        yield Unpacked(file.sha256, tuple(listed))
