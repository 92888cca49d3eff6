"""The stored result of reading one file: a Document or the reason why there is none, as gzipped JSON.

Belongs here: `{"read_seconds": …, "document": {…}}` or `{"read_seconds": …, "rejected": {"reason", "detail"}}` and back; of a
file that was stopped by a limit also `"limits": {…}`, those in force.
Does not belong here: where records are kept (`store`).
"""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

from pipelines.documents.model import Document, DocumentError

GZIP_LEVEL = 4


class DamagedRecordError(ValueError):
    """The bytes are no record, or not a whole one."""


def pack_document(document_json: str, read_seconds: float) -> bytes:
    """Record of a Document given as its JSON."""
    return _pack(f'{{"read_seconds":{round(read_seconds, 6)},"document":{document_json}}}')


def pack_rejection(error: DocumentError, read_seconds: float) -> bytes:
    """Record of a file that could not be read."""
    rejected = {"reason": error.reason, "detail": error.detail}
    return _pack(json.dumps({"read_seconds": round(read_seconds, 6), "rejected": rejected}))


def with_limits(record: bytes, limits: dict[str, int]) -> bytes:
    """The record of a rejection with the limits under which it came about."""
    return _pack(json.dumps(_content(record) | {"limits": limits}))


def limits_of(record: bytes) -> dict[str, int] | None:
    """The limits under which a file was rejected; None where the record does not say. Raises DamagedRecordError."""
    limits: dict[str, int] | None = _content(record).get("limits")
    return limits


def unpack(record: bytes) -> tuple[Document | DocumentError, float]:
    """What a record holds, and the seconds that reading took. Raises DamagedRecordError."""
    content = _content(record)
    try:
        if "rejected" in content:
            return DocumentError(**content["rejected"]), content["read_seconds"]
        return Document.from_content(content["document"]), content["read_seconds"]
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedRecordError(f"it holds no Document: {error!r}") from error


def _content(record: bytes) -> dict[str, Any]:
    try:
        content = json.loads(gzip.decompress(record))
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise DamagedRecordError(str(error)) from error
    if not isinstance(content, dict):
        raise DamagedRecordError("it holds no record")
    return content


def _pack(text: str) -> bytes:
    return gzip.compress(text.encode(), GZIP_LEVEL, mtime=0)
