"""Bytes to Document: paragraphs and table grids with locators, one module per file format.

Belongs here: sniffing, readers, their sandbox and limits, the Document and its JSON, the store of Documents.
Does not belong here: any knowledge of budgets, forms or labels.

What reads and stores is imported when first asked for: a reading process imports this package too, and must start fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipelines.documents.model import Cell, Document, DocumentError, Locator, Paragraph, Table

if TYPE_CHECKING:
    from pipelines.documents.sandbox import SandboxError
    from pipelines.documents.store import DamagedDocumentError, is_outdated, load, load_or_read, read_file, read_pending
    from pipelines.documents.unpacking import Source, expand, read_source, unpack

    READERS_VERSION: str

__all__ = [
    "READERS_VERSION",
    "Cell",
    "DamagedDocumentError",
    "Document",
    "DocumentError",
    "Locator",
    "Paragraph",
    "SandboxError",
    "Source",
    "Table",
    "expand",
    "is_outdated",
    "load",
    "load_or_read",
    "read_file",
    "read_pending",
    "read_source",
    "unpack",
]

_PLACES = {
    "DamagedDocumentError": "store",
    "SandboxError": "sandbox",
    "Source": "unpacking",
    "expand": "unpacking",
    "is_outdated": "store",
    "load": "store",
    "load_or_read": "store",
    "read_file": "store",
    "read_pending": "store",
    "read_source": "unpacking",
    "unpack": "unpacking",
}


def __getattr__(name: str) -> Any:
    if name == "READERS_VERSION":
        return import_module("pipelines.documents.registry").readers_version()
    if name in _PLACES:
        return getattr(import_module(f"pipelines.documents.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__} has no attribute {name}")
