"""One line per format that can be read; adding a format is one module and one line of READERS.

Belongs here: choosing the reader by content and what is done around every reading. Does not belong here: any format.

A reading module has `VERSION` and `read(data, sha256, limits) -> Document`. It is imported when its format is first met, and
imports heavy libraries only inside functions, so that asking for versions stays cheap.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import import_module

from pipelines.documents import model, redaction, sniffing, zips
from pipelines.documents.limits import Limits
from pipelines.documents.model import Document, Table

READERS: dict[str, str] = {  # format of `sniffing.FORMATS` -> module
    "csv": "pipelines.documents.delimited",
    "doc": "pipelines.documents.doc",
    "docx": "pipelines.documents.docx",
    "html": "pipelines.documents.html",
    "image": "pipelines.documents.scan",
    "mht": "pipelines.documents.mht",
    "pdf": "pipelines.documents.pdf",
    "piped": "pipelines.documents.piped",
    "rtf": "pipelines.documents.rtf",
    "text": "pipelines.documents.text",
    "xls": "pipelines.documents.xls",
    "xlsx": "pipelines.documents.xlsx",
}


@cache
def readers_version() -> str:
    """Version of everything that shapes a Document, each part once, e.g. `docx-1+text-1+model-2`; names the store's folder."""
    modules = [import_module(module) for module in READERS.values()]
    versions = [*(module.VERSION for module in modules), sniffing.VERSION, zips.VERSION, redaction.VERSION, model.VERSION]
    return "+".join(dict.fromkeys("+".join(versions).split("+")))


def read(data: bytes, sha256: str, file_name: str, limits: Limits) -> Document:
    """Document of a file's bytes, redacted; the name only adds a warning or a clearer rejection.

    Raises DocumentError with any reason of reading itself: empty, unknown_format, unsupported_format, wrong_extension, corrupt,
    encrypted, too_large, unsafe_content.
    """
    limits.check_file(len(data))
    key = sniffing.recognise(data, limits, file_name)
    warnings = sniffing.check_name(file_name, key, READERS)
    document: Document = import_module(READERS[key]).read(data, sha256, limits)
    for block in document.blocks:
        if isinstance(block, Table):
            # Every reader keeps these limits while it reads; parsers build the dense grid, so it is made sure here.
            height = max((cell.row + cell.row_span for cell in block.cells), default=0)
            width = max((cell.column + cell.column_span for cell in block.cells), default=0)
            limits.check_table(height, height * width)
    return replace(redaction.redact(document), warnings=warnings + document.warnings)
