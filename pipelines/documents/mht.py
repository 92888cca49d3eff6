"""Reads web archives (mht): the page in a MIME message, without its pictures and styles.

Belongs here: finding the page among the parts. Does not belong here: what the page says (`html`).

Excel's archives hold a frame and a page for each sheet: where the first page shows no text, all further ones are read in order.
"""

from __future__ import annotations

from email.errors import MessageError
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from pipelines.documents import html
from pipelines.documents.limits import Limits
from pipelines.documents.model import Document, DocumentError

VERSION = f"mht-1+{html.VERSION}"
MEDIA_TYPE = "multipart/related"
MAX_BOUNDARIES = 64  # messages inside each other are parsed by recursion
PAGE_TYPES = ("text/html", "application/xhtml+xml")


def read(data: bytes, sha256: str, limits: Limits | None = None) -> Document:
    """Document of a web archive; tables are `native`.

    Raises DocumentError: corrupt for an archive without a page, too_large, or empty where no page shows a text.
    """
    limits = limits or Limits()
    pages, encoding, warnings = _pages(data)
    try:
        blocks, further = html.read_pages(pages[:1], limits)
    except DocumentError as error:
        if error.reason != "empty" or len(pages) < 2:
            raise
        blocks, further = html.read_pages(pages[1:], limits)
    return Document(sha256, MEDIA_TYPE, "mht", VERSION, encoding, tuple(blocks), tuple(warnings + further))


def _pages(data: bytes) -> tuple[list[str], str, list[str]]:
    """Texts of all pages in order, the encoding of the first, and warnings."""
    if data.lower().count(b"boundary=") + data.lower().count(b"message/rfc822") > MAX_BOUNDARIES:
        raise DocumentError("too_large", f"the archive has more than {MAX_BOUNDARIES} levels of parts")
    try:
        parts = [part for part in BytesParser(policy=compat32).parsebytes(data).walk() if _is_page(part)]
        contents = [(part.get_payload(decode=True), part.get_content_charset()) for part in parts]
    except (MessageError, ValueError, LookupError) as error:
        raise DocumentError("corrupt", f"the archive cannot be read: {error}") from error
    decoded = [html.decode(content, charset) for content, charset in contents if isinstance(content, bytes)]
    if not decoded:
        raise DocumentError("corrupt", "the archive holds no page")
    return [text for text, _, _ in decoded], decoded[0][1], [warning for _, _, warnings in decoded for warning in warnings]


def _is_page(part: Message) -> bool:
    return part.get_content_type() in PAGE_TYPES
