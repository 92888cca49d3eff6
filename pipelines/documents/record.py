"""The stored result of reading one file: a Document or the reason why there is none, as gzipped JSON.

Belongs here: `{"read_seconds": …, "document": {…}}` or `{"read_seconds": …, "rejected": {"reason", "detail"}}` and back.
Does not belong here: where records are kept (`store`).
"""

from __future__ import annotations

import gzip
import json

from pipelines.documents.model import Document, DocumentError

GZIP_LEVEL = 4


def pack_document(document_json: str, read_seconds: float) -> bytes:
    """Record of a Document given as its JSON."""
    return _pack(f'{{"read_seconds":{round(read_seconds, 6)},"document":{document_json}}}')


def pack_rejection(error: DocumentError, read_seconds: float) -> bytes:
    """Record of a file that could not be read."""
    rejected = {"reason": error.reason, "detail": error.detail}
    return _pack(json.dumps({"read_seconds": round(read_seconds, 6), "rejected": rejected}))


def unpack(record: bytes) -> tuple[Document | DocumentError, float]:
    """What a record holds, and the seconds that reading took."""
    content = json.loads(gzip.decompress(record))
    if "rejected" in content:
        return DocumentError(**content["rejected"]), content["read_seconds"]
    return Document.from_content(content["document"]), content["read_seconds"]


def _pack(text: str) -> bytes:
    return gzip.compress(text.encode(), GZIP_LEVEL, mtime=0)
