"""Office Open XML packages: parts of a zip, found by type and relationship and inflated with counted limits.

Belongs here: the container that docx (and other Office formats) share. Does not belong here: what a part says.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from xml.parsers import expat

from pipelines.documents.limits import Limits
from pipelines.documents.model import DocumentError

Attributes = dict[str, str]

CENTRAL_ENTRY = b"PK\x01\x02"
END_RECORD = b"PK\x05\x06"
ZIP64_LOCATOR, ZIP64_LOCATOR_BYTES = b"PK\x06\x07", 20
CONTENT_TYPES = "[Content_Types].xml"
CHUNK = 1 << 20
# What the zip module raises for archives that are cut off, overwritten or compressed in a way that it does not know.
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OverflowError, OSError)


def parse_xml(
    data: bytes, start: Callable[[str, Attributes], None], configure: Callable[[expat.XMLParserType], None] | None = None
) -> None:
    """Parse XML with prefixed names as they stand; nothing is resolved, fetched or expanded.

    Raises DocumentError('unsafe_content') for a document type (and so for every entity), 'corrupt' for malformed XML.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = _refuse_doctype
    if configure is not None:
        configure(parser)
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        if error.code == expat.errors.codes[expat.errors.XML_ERROR_NO_MEMORY]:
            raise MemoryError("XML parser") from error
        raise DocumentError("corrupt", f"malformed XML: {error}") from error


def _refuse_doctype(*declaration: object) -> None:
    raise DocumentError("unsafe_content", "the XML declares a document type; Word and WPS never do")


def local_name(name: str) -> str:
    """Name of an element or attribute without its prefix."""
    return name.rpartition(":")[2]


def attribute(attributes: Attributes, name: str) -> str | None:
    """Value of an attribute whatever its prefix; some writers leave the prefix out."""
    for key, value in attributes.items():
        if key == name or (key.endswith(name) and key[-len(name) - 1] == ":"):
            return value
    return None


def open_zip(data: bytes, allowed_entries: int) -> zipfile.ZipFile:
    """A zip with its directory read; raises DocumentError 'too_large' for more entries than allowed, 'corrupt'."""
    # Counted before the directory is built, which would cost some hundred bytes for each of a million entries.
    if data.count(CENTRAL_ENTRY, _directory_start(data)) > allowed_entries:
        raise DocumentError("too_large", f"the zip has more than {allowed_entries:,} entries")
    try:
        return zipfile.ZipFile(BytesIO(data))
    except BROKEN_ZIP as error:
        raise DocumentError("corrupt", f"the zip cannot be opened: {error}") from error


def _directory_start(data: bytes) -> int:
    """Where the directory begins by the zip's own end record; 0 where that does not say: zips stored inside then count too."""
    end = data.rfind(END_RECORD)
    if end < 0 or data.startswith(ZIP64_LOCATOR, max(0, end - ZIP64_LOCATOR_BYTES)):
        return 0
    return max(0, end - int.from_bytes(data[end + 12 : end + 16], "little"))


def inflate(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, allowed_bytes: int) -> bytes:
    """Bytes of one entry; raises DocumentError 'too_large' for more than allowed, 'corrupt'."""
    chunks: list[bytes] = []
    size = 0
    try:
        with archive.open(entry) as stream:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > allowed_bytes:
                    raise DocumentError("too_large", f"part {entry.filename} inflates to more than {allowed_bytes:,} bytes")
                chunks.append(chunk)
    except BROKEN_ZIP as error:
        raise DocumentError("corrupt", f"part {entry.filename} cannot be inflated: {error}") from error
    return b"".join(chunks)


class Package:
    """Parts by name (case and leading or backward slashes do not matter), inflated on demand.

    Raises DocumentError: 'corrupt' for a broken zip, 'too_large' past a limit, 'encrypted' for parts with a zip password.
    """

    def __init__(self, data: bytes, limits: Limits) -> None:
        """Open the zip; only its directory is read now."""
        self._limits = limits
        self._inflated = 0
        self._zip = open_zip(data, limits.zip_entries)
        self._entries = {_canonical(entry.filename): entry for entry in self._zip.infolist()}

    @property
    def names(self) -> set[str]:
        """Names of all parts: lower case, forward slashes, no leading slash."""
        return set(self._entries)

    def read(self, name: str) -> bytes:
        """Inflate one part; a missing one is 'corrupt'. What is read counts towards the limit of the whole package."""
        entry = self._entries.get(_canonical(name))
        if entry is None:
            raise DocumentError("corrupt", f"part {name} is missing")
        if entry.flag_bits & 1:
            raise DocumentError("encrypted", f"part {name} is protected by a zip password")
        allowed = min(self._limits.part_bytes, self._limits.inflated_bytes - self._inflated)
        data = inflate(self._zip, entry, allowed)
        self._inflated += len(data)
        return data

    def relationships(self, part: str = "") -> list[tuple[str, str]]:
        """Kind (last word of the type's address) and target part of each internal relationship, in order."""
        return [(kind, target) for _, kind, target in self._relationships(part)]

    def relationships_by_id(self, part: str) -> dict[str, tuple[str, str]]:
        """Kind and target part of each internal relationship by the id under which the part names it."""
        return {name: (kind, target) for name, kind, target in self._relationships(part)}

    def _relationships(self, part: str) -> list[tuple[str, str, str]]:
        folder, base = posixpath.split(part)
        name = posixpath.join(folder, "_rels", f"{base}.rels")
        if name not in self:
            return []
        found: list[tuple[str, str, str]] = []

        def start(element: str, attributes: Attributes) -> None:
            kind, target = attributes.get("Type", ""), attributes.get("Target", "")
            if local_name(element) == "Relationship" and target and attributes.get("TargetMode") != "External":
                place = target.replace("\\", "/")
                whole = place if place.startswith("/") else posixpath.join(folder, place)
                found.append((attributes.get("Id", ""), kind.rpartition("/")[2], whole))

        parse_xml(self.read(name), start)
        return found

    def content_types(self) -> list[tuple[str, str]]:
        """Name and content type of each part that [Content_Types].xml lists, in order."""
        if CONTENT_TYPES not in self:
            return []
        found: list[tuple[str, str]] = []

        def start(element: str, attributes: Attributes) -> None:
            if local_name(element) == "Override":
                found.append((attributes.get("PartName", ""), attributes.get("ContentType", "")))

        parse_xml(self.read(CONTENT_TYPES), start)
        return found

    def __contains__(self, name: str) -> bool:
        """Whether the package has a part of that name."""
        return _canonical(name) in self._entries


def _canonical(name: str) -> str:
    # WPS has written backslashes and absolute names; `..` never leaves the root, since parts are only looked up.
    return posixpath.normpath("/" + name.replace("\\", "/")).lstrip("/").lower()
