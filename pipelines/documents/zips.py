"""Zip archives of reports: their members, also those of zips inside them, inflated with counted limits in the reading process.

Belongs here: listing and inflating, names, and what is refused. Does not belong here: zips that are documents themselves (docx,
xlsx, ofd: `sniffing` tells), writing anything to disk (`spool`, in the parent), reading a member.
"""

from __future__ import annotations

import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipelines.documents import sniffing
from pipelines.documents.limits import Limits
from pipelines.documents.model import DocumentError
from pipelines.documents.package import inflate, open_zip
from pipelines.naming import is_ignored, readable_name

VERSION = "zips-1"
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
MAX_NAME = 500  # characters of a path within the archive, names of enclosing zips included
UTF8_FLAG, ENCRYPTED_FLAG = 0x800, 0x1
UNIX = 3
UNICODE_NAME = 0x7075  # extra field of Info-ZIP, WinRAR and Bandizip
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True)
class Member:
    """A file in the archive by its path there; refused ones have a reason and detail, the bytes of the others were sent."""

    name: str
    reason: str | None = None
    detail: str | None = None


def unpack(data: bytes, file_name: str, limits: Limits, send: Callable[[bytes], None]) -> list[Member] | None:
    """Members of a zip archive in the order in which `send` got the bytes of those not refused; None for any other content.

    A member of a zip in the zip is named `<zip>/<member>`. Names are unique, relative, without `..` and control characters.
    Folders and what systems and editors leave behind are left out. Refused are, with the reason: names that lead outside or
    hold control characters, links and devices ('unsafe_content'), 'encrypted' and 'corrupt' members, and 'too_large': past the
    limits of a part, of all parts together or of nesting. Raises DocumentError where no member can be had: 'empty' for an
    archive without files, else the reason that all members share; 'too_large' for too many entries.
    """
    if not _is_archive(data, file_name, limits):
        return None
    members = _Unpacking(limits, send).open(data)
    reasons = {member.reason for member in members}
    if len(reasons) == 1 and (reason := reasons.pop()) is not None:
        raise DocumentError(reason, f"none of {len(members)} members can be read; {members[0].name}: {members[0].detail}")
    return members


def _is_archive(data: bytes, file_name: str, limits: Limits) -> bool:
    """Whether the content is a zip archive and not a document; one too broken to tell is for its reader to reject."""
    try:
        return data.startswith(ZIP_STARTS) and sniffing.recognise(data, limits, file_name) == "zip"
    except DocumentError:
        return False


class _Unpacking:
    """One archive with all zips in it: what is counted over all of them, and the members so far."""

    def __init__(self, limits: Limits, send: Callable[[bytes], None]) -> None:
        self._limits = limits
        self._send = send
        self._members: list[Member] = []
        self._counts: dict[str, int] = {}
        self._entries_left = limits.zip_entries
        self._bytes_left = limits.inflated_bytes

    def open(self, data: bytes) -> list[Member]:
        self._open(data, "", 1)
        return self._members

    def _open(self, data: bytes, prefix: str, depth: int) -> None:
        """Take the members of one zip. Raises DocumentError where it cannot be opened or holds no file."""
        if depth > self._limits.zip_depth:
            raise DocumentError("too_large", f"zips are nested more than {self._limits.zip_depth} deep")
        archive = open_zip(data, self._entries_left)
        entries = archive.infolist()
        self._entries_left -= len(entries)
        found = len(self._members)
        for entry in entries:
            name = _name(entry)
            if not name.endswith(("/", "\\")) and not any(is_ignored(part) for part in _components(name) if part != ".."):
                self._take(archive, entry, name, prefix, depth)
        if len(self._members) == found:
            raise DocumentError("empty", f"a zip of {len(data):,} bytes without any file")

    def _take(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, prefix: str, depth: int) -> None:
        """Send one member, or take those of the zip that it is."""
        path = self._unique(prefix + _harmless(name))
        try:
            _check_name(name, path)
            _check_kind(entry)
            data = self._inflate(archive, entry)
            if _is_archive(data, path, self._limits):
                self._open(data, f"{path}/", depth + 1)
            else:
                self._send(data)
                self._members.append(Member(path))
        except DocumentError as error:
            self._members.append(Member(path, error.reason, error.detail))

    def _inflate(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
        if entry.flag_bits & ENCRYPTED_FLAG:
            raise DocumentError("encrypted", "the member is protected by a zip password")
        allowed = min(self._limits.part_bytes, self._bytes_left)
        if entry.file_size > allowed:
            raise DocumentError("too_large", f"the member inflates to more than {allowed:,} bytes")
        # The zip module inflates no more than the size that the directory states, and that is within what is left.
        self._bytes_left -= entry.file_size
        return inflate(archive, entry, allowed)

    def _unique(self, path: str) -> str:
        """The path, numbered before its extension where the archive had it already."""
        unique, pure = path, PurePosixPath(path)
        while unique in self._counts:
            self._counts[path] += 1
            unique = str(pure.with_name(f"{pure.stem}({self._counts[path]}){pure.suffix}"))
        self._counts[unique] = 1
        return unique


def _name(entry: zipfile.ZipInfo) -> str:
    """Path of an entry as its writer meant it. Raises nothing: undecodable bytes are shown as such."""
    name = entry.orig_filename  # `filename` ends at the first NUL
    if entry.flag_bits & UTF8_FLAG:
        return unicodedata.normalize("NFC", name)
    raw = name.encode("cp437")
    return readable_name(_unicode_name(entry.extra, raw) or raw, otherwise="replace")


def _unicode_name(extra: bytes, raw: bytes) -> bytes | None:
    """UTF-8 name in the extra fields, if it was written for the name that the entry has."""
    while len(extra) >= 4:
        kind, size = int.from_bytes(extra[:2], "little"), int.from_bytes(extra[2:4], "little")
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == UNICODE_NAME and field[1:5] == zlib.crc32(raw).to_bytes(4, "little"):
            return field[5:]
    return None


def _components(name: str) -> list[str]:
    """Folders and file of a path; Windows programs write backslashes."""
    return [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs")


def _harmless(name: str) -> str:
    """A relative path for any name, by which also a refused member can be told of."""
    parts = ["".join("\ufffd" if _is_control(character) else character for character in part) for part in _components(name)]
    path = "/".join("__" if part == ".." else part.replace(":", "_") if _DRIVE.match(part) else part for part in parts)
    return path[-MAX_NAME:].lstrip("/") or "_"


def _check_name(name: str, path: str) -> None:
    """Raise DocumentError for a name that a harmless archive does not have."""
    if any(map(_is_control, name)):
        raise DocumentError("unsafe_content", f"the name {name[:MAX_NAME]!a} holds control characters")
    if name.startswith(("/", "\\")) or _DRIVE.match(name) or ".." in _components(name):
        raise DocumentError("unsafe_content", f"the name {name[:MAX_NAME]} leads out of the archive")
    if len(name) > MAX_NAME or len(path) > MAX_NAME:
        raise DocumentError("too_large", f"the name has more than {MAX_NAME} characters")


def _check_kind(entry: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16) if entry.create_system == UNIX else 0
    if kind not in (0, stat.S_IFREG):
        word = "a symbolic link" if kind == stat.S_IFLNK else "no regular file"
        raise DocumentError("unsafe_content", f"the member is {word}")
