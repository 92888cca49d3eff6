"""Word packages from hand-written XML, for tests of single features and of broken or hostile files.

Belongs here: the zip around the XML. Does not belong here: whole reports as Word writes them (`word`).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

TRANSITIONAL = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def relationships(*targets: tuple[str, str]) -> str:
    """A relationships part: (kind, target) of each."""
    rows = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{rows}</Relationships>'


def content_types(part: str = "/word/document.xml") -> str:
    """A content types part that names the main document."""
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="{part}" ContentType="{CONTENT_TYPE}"/></Types>'
    )


def document(body: str, namespace: str = TRANSITIONAL) -> str:
    """The main part around its body."""
    return (
        f'<w:document xmlns:w="{namespace}" xmlns:mc="{COMPATIBILITY}" xmlns:r="{OFFICE}"><w:body>{body}</w:body></w:document>'
    )


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """A zip of the parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def package(body: str, parts: dict[str, tuple[str, str]] | None = None) -> bytes:
    """A docx with this body; `parts` are further ones by name below word/, each with its relationship kind and XML."""
    further = parts or {}
    return zipped(
        {
            "[Content_Types].xml": content_types(),
            "_rels/.rels": relationships(("officeDocument", "word/document.xml")),
            "word/document.xml": document(body),
            "word/_rels/document.xml.rels": relationships(*((kind, name) for name, (kind, _) in further.items())),
        }
        | {f"word/{name}": xml for name, (_, xml) in further.items()}
    )


def text(words: str) -> str:
    """A run."""
    return f'<w:r><w:t xml:space="preserve">{words}</w:t></w:r>'


def paragraph(words: str, properties: str = "") -> str:
    """A paragraph of one run."""
    return f"<w:p><w:pPr>{properties}</w:pPr>{text(words)}</w:p>"


def cell(words: str, properties: str = "") -> str:
    """A table cell of one paragraph."""
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(words)}</w:tc>"


def row(*cells: str, properties: str = "") -> str:
    """A table row."""
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"


def table(*rows: str) -> str:
    """A table."""
    return f"<w:tbl><w:tblPr/><w:tblGrid/>{''.join(rows)}</w:tbl>"
