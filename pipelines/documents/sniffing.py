"""What a file is, judged by its content; its name is only a hint.

Belongs here: the formats met in the wild, how to recognise them, and what to say where name and content disagree.
Does not belong here: reading. A format is recognised here long before it has a reader, so that its rejection says what it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePath

from pipelines.documents import delimited, piped, text
from pipelines.documents.limits import Limits
from pipelines.documents.model import DocumentError
from pipelines.documents.package import CONTENT_TYPES, Package

VERSION = "sniffing-2"
HEAD = 1 << 16  # bytes that are looked at for marks


@dataclass(frozen=True)
class Format:
    """A format by name; `extensions` are the ones under which it rightly comes."""

    name: str
    extensions: frozenset[str]


def _format(name: str, extensions: str) -> Format:
    return Format(name, frozenset(f".{extension}" for extension in extensions.split()))


FORMATS: dict[str, Format] = {
    "text": _format("plain text", "txt text md"),
    "piped": _format("text with | between cells", "txt text md"),
    "csv": _format("records with separators (CSV)", "csv tsv txt text"),
    "docx": _format("a Word document (docx)", "docx docm dotx dotm"),
    "doc": _format("a Word 97-2003 or WPS document", "doc dot wps wpt"),
    "xls": _format("an Excel 97-2003 or WPS workbook", "xls xlt et ett"),
    "ppt": _format("a PowerPoint 97-2003 or WPS presentation", "ppt pps dps"),
    "ole": _format("an OLE compound file", ""),
    "xlsx": _format("an Excel workbook (xlsx)", "xlsx xlsm xltx"),
    "pptx": _format("a PowerPoint presentation (pptx)", "pptx pptm ppsx"),
    "odt": _format("an OpenDocument file", "odt ods odp"),
    "ofd": _format("an OFD document", "ofd"),
    "zip": _format("a zip archive", "zip"),
    "pdf": _format("a PDF", "pdf"),
    "rtf": _format("rich text (RTF)", "rtf"),
    "html": _format("a web page (HTML)", "html htm xhtml shtml"),
    "mht": _format("a web archive (MHT)", "mht mhtml"),
    "xml": _format("an XML file", "xml"),
    "image": _format("a picture", "png jpg jpeg gif bmp tif tiff webp heic"),
    "rar": _format("a RAR archive", "rar"),
    "7z": _format("a 7-Zip archive", "7z"),
    "gzip": _format("a gzip archive", "gz tgz"),
}
KNOWN_EXTENSIONS = frozenset().union(*(form.extensions for form in FORMATS.values()))
TEXTS = ("text", "html", "xml", "rtf", "mht")  # may rightly be called .txt, since it is text to an editor

MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b\x08", "gzip"),
)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_SECTOR = 4096  # bytes of an OLE file
OLE_STREAMS = (("WordDocument", "doc"), ("Workbook", "xls"), ("Book", "xls"), ("PowerPoint Document", "ppt"))
OFFICE_FOLDERS = {"word/": "docx", "xl/": "xlsx", "ppt/": "pptx"}
OFFICE_TYPES = {"wordprocessingml": "docx", "spreadsheetml": "xlsx", "presentationml": "pptx"}
# White space and nothing else, also zeros as a full disk leaves them, in UTF-8, UTF-16 and GB 18030.
BLANK = re.compile(rb"(?:\s|\x00|\xef\xbb\xbf|\xff\xfe|\xfe\xff|\xe3\x80\x80|\xc2\xa0|\xa1\xa1)*+")
BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
HTML_START = re.compile(
    r"\s*<(?:!doctype\s+html|!--|/?(?:html|head|body|table|tr|td|div|p|span|meta|style|script|br|h[1-6])\b)", re.IGNORECASE
)
# A message that says MIME-Version among its first header fields; browsers put From and Subject before it.
MHT_START = re.compile(r"\s*(?:[\w-]{1,40}:[^\n]*\n(?:[ \t][^\n]*\n)*+){0,20}?mime-version:", re.IGNORECASE)
MULTIPART = re.compile(r"^content-type:\s*(?:multipart/|text/html)", re.IGNORECASE | re.MULTILINE)
HTML_END = re.compile(r"</(?:html|body|table|tr|td|div|p|span)\s*>", re.IGNORECASE)
# Text may hold a few stray control characters, more than this share is no text. 0x07 is Word's cell mark in flattened text.
CONTROLS = bytes([*range(0x01, 0x07), 0x08, *range(0x0E, 0x20), 0x7F])
MAX_CONTROL_SHARE = 0.01


def recognise(data: bytes, limits: Limits, file_name: str = "") -> str:
    """Format key of the content; the name decides only whether separators in a text are meant as such.

    Raises DocumentError: 'empty' for no bytes or white space only, 'encrypted' for a password-protected Office file,
    'unknown_format' for bytes that are no format known here; for a zip 'too_large' or 'corrupt'.
    """
    if BLANK.fullmatch(data):
        raise DocumentError("empty", f"the file has {len(data):,} bytes and no text")
    for mark, key in MAGIC:
        if data.startswith(mark):
            return key
    if data.startswith(b"BM") and b"\x00" in data[:32]:
        return "image"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image"
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(OLE):
        return _recognise_ole(data)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):  # the second one begins a zip without entries
        return _recognise_zip(data, limits)
    if _is_text(data):
        return _recognise_text(data, PurePath(file_name).suffix.lower())
    raise DocumentError("unknown_format", f"{len(data):,} bytes that are neither text nor any known format")


def check_name(file_name: str, key: str, readable: Collection[str]) -> tuple[str, ...]:
    """Warnings for a file of format `key` under this name.

    Raises DocumentError: 'wrong_extension' where the name claims another format and the content has no reader,
    'unsupported_format' where the name is right, or says nothing, and the content has no reader.
    """
    extension = PurePath(file_name).suffix.lower()
    content = FORMATS[key]
    is_text_name = extension in FORMATS["text"].extensions | FORMATS["csv"].extensions
    fits = extension in content.extensions or extension not in KNOWN_EXTENSIONS or (is_text_name and key in TEXTS)
    if key in readable:
        return () if fits else (f"wrong_extension: the name ends in {extension}, the content is {content.name}",)
    if fits:
        raise DocumentError("unsupported_format", f"the content is {content.name}, for which there is no reader yet")
    raise DocumentError("wrong_extension", f"the name ends in {extension}, the content is {content.name}")


def _recognise_ole(data: bytes) -> str:
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise DocumentError("encrypted", "an Office document that is protected by a password")
    for stream, key in OLE_STREAMS:
        # Names in the directory of an OLE file are UTF-16 and end in a zero.
        if f"{stream}\0".encode("utf-16-le") in data:
            return key
    size = 1 << min(int.from_bytes(data[30:32], "little"), 31)
    if 1 < size <= MAX_SECTOR and (int.from_bytes(data[48:52], "little") + 1) * size >= len(data):
        raise DocumentError("corrupt", "an OLE compound file that is cut off before its directory")
    return "ole"


def _recognise_zip(data: bytes, limits: Limits) -> str:
    """By the parts' names and types; where the zip's directory is broken, by the names that stand before the parts."""
    try:
        package = Package(data, limits)
    except DocumentError as error:
        if error.reason != "corrupt":
            raise
        head = data[:HEAD].replace(b"\\", b"/").lower()
        marks = {**OFFICE_FOLDERS, CONTENT_TYPES.lower(): "docx"}
        key = next((key for mark, key in marks.items() if mark.encode() in head), None)
        if key is None:
            raise
        return key
    names = package.names
    if "ofd.xml" in names:
        return "ofd"
    if {"content.xml", "mimetype"} <= names:
        return "odt"
    is_package = CONTENT_TYPES.lower() in names
    for folder, key in OFFICE_FOLDERS.items():
        # An archive of reports may have a folder of that name, but with documents in it.
        if any(name.startswith(folder) and (is_package or name.endswith(".xml")) for name in names):
            return key
    types = " ".join(content_type for _, content_type in package.content_types())
    return next((key for family, key in OFFICE_TYPES.items() if family in types), "zip")


def _is_text(data: bytes) -> bool:
    if data.startswith(BYTE_ORDER_MARKS):
        return True
    if b"\x00" in data:
        return False
    return len(data) - len(data.translate(None, CONTROLS)) <= MAX_CONTROL_SHARE * len(data)


def _recognise_text(data: bytes, extension: str) -> str:
    encoding = "utf-16" if data.startswith(BYTE_ORDER_MARKS[1:]) else "utf-8-sig"
    head = data[:HEAD].decode(encoding, errors="replace")  # only ASCII marks are looked for
    start = head.lstrip()[:200].lower()
    if start.startswith("mime-version:") or (MHT_START.match(head) and MULTIPART.search(head)):
        return "mht"
    if HTML_START.match(head) or HTML_END.search(head):
        return "html"
    return "xml" if start.startswith("<?xml") else _recognise_plain_text(data, extension)


def _recognise_plain_text(data: bytes, extension: str) -> str:
    """Flattened text, or one of the two kinds of text that have their own separators."""
    try:
        sample = text.decode(data)[0][:HEAD]
    except DocumentError:
        return "text"  # its reader says what is wrong
    lines = [line for line in sample.splitlines() if line.strip()]
    cells = sum(line.startswith("\t") for line in lines)
    if sum(map(piped.is_row, lines)) >= max(piped.LEAST_ROWS, cells):
        return "piped"
    if 2 * cells > len(lines):
        return "text"
    is_named_so = extension in FORMATS["csv"].extensions - FORMATS["text"].extensions
    return "csv" if delimited.separator_of(sample, least=0.0 if is_named_so else delimited.REGULAR) else "text"
