"""A small writer of Word documents, as Word and as WPS Office save them.

Belongs here: blocks to the bytes of a docx, the same bytes each time. Does not belong here: reading one; anything of the
pipelines.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

from tests.support.flattened import EMPTY, Placed, lay_out, parse

MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
WPS = "http://www.wps.cn/officeDocument/2013/wpsCustomData"
TABLE_WIDTH = 9072  # twentieths of a point, the text width of an A4 page
HEADINGS = ((re.compile(r"[一二三四五六七八九十]+、"), 1), (re.compile(r"（[一二三四五六七八九十]+）\S{2,12}$"), 2))
BOOKMARK = re.compile(r"\[bookmark: (\w+)\]")
PIECES = re.compile(r"\d{1,2}|\D{1,5}")
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

CONTENT_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>'
    '<Override PartName="/word/styles.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/></Types>'
)
RELATIONSHIPS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"'
    ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}"/></Relationships>'
)
STYLES = f'<w:styles xmlns:w="{MAIN}">{{}}</w:styles>'
STYLE = (
    '<w:style w:type="paragraph" w:styleId="{id}"><w:name w:val="{name}"/>'
    '<w:pPr><w:outlineLvl w:val="{outline}"/></w:pPr></w:style>'
)


@dataclass(frozen=True)
class Paragraph:
    """A paragraph outside tables; `level` is its heading level from 1, or None for body text."""

    text: str
    level: int | None = None


Table = list[list[Placed]]


def rebuild_as_docx(text: str, wps: bool = False) -> bytes:
    """A flattened-text report as the Word document that it may have come from, with real merges."""
    return write_docx(blocks_of(text), wps)


def blocks_of(text: str) -> list[Paragraph | Table]:
    """Paragraphs and grids of a flattened-text report."""
    return [_paragraph(block) if isinstance(block, str) else _table(block) for block in parse(text)]


def write_docx(blocks: Iterable[Paragraph | Table], wps: bool = False) -> bytes:
    """Bytes of a docx; a line break in a cell's text starts a new paragraph, an empty text gives an empty paragraph."""
    hand = _WpsHand() if wps else _WordHand()
    body = "".join(map(hand.block, blocks))
    styles = "".join(STYLE.format(id=hand.heading_style(level), name=f"heading {level}", outline=level - 1) for level in (1, 2))
    return _zipped(
        {
            "[Content_Types].xml": CONTENT_TYPES,
            "_rels/.rels": RELATIONSHIPS.format(kind="officeDocument", target="word/document.xml"),
            "word/document.xml": f"<w:document {hand.namespaces}><w:body>{body}<w:sectPr/></w:body></w:document>",
            "word/_rels/document.xml.rels": RELATIONSHIPS.format(kind="styles", target="styles.xml"),
            "word/styles.xml": STYLES.format(styles),
        }
    )


def _paragraph(text: str) -> Paragraph:
    return Paragraph(text, next((level for pattern, level in HEADINGS if pattern.match(text)), None))


def _table(rows: list[list[str]]) -> Table:
    """Grid of the rows; a cell that is really empty has no text in Word, where a covered one is merged."""
    emptied = {EMPTY: ""}
    return [
        [Placed(emptied.get(cell.text, cell.text), cell.start, cell.span, cell.merge) for cell in row] for row in lay_out(rows)
    ]


def _zipped(parts: dict[str, str]) -> bytes:
    """A zip with fixed times, so that equal parts give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, xml in parts.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, DECLARATION + xml)
    return buffer.getvalue()


class _WordHand:
    """How Word writes: one run for each text, widths in the grid, a bare vMerge for a covered cell."""

    namespaces = f'xmlns:w="{MAIN}"'
    covered = "<w:vMerge/>"

    def __init__(self) -> None:
        self.bookmarks = 0

    def heading_style(self, level: int) -> str:
        return f"Heading{level}"

    def block(self, block: Paragraph | Table) -> str:
        return self.table(block) if isinstance(block, list) else self.paragraph(block.text, block.level)

    def paragraph(self, text: str, level: int | None = None) -> str:
        style = f'<w:pPr><w:pStyle w:val="{self.heading_style(level)}"/></w:pPr>' if level else ""
        return f"<w:p>{style}{''.join(self._inline(text))}</w:p>"

    def table(self, rows: Table) -> str:
        width = max(cell.start + cell.span for row in rows for cell in row)
        body = "".join(f"<w:tr>{''.join(self._cell(cell, width) for cell in row)}</w:tr>" for row in rows)
        return f"<w:tbl><w:tblPr/><w:tblGrid>{self.grid_column(width) * width}</w:tblGrid>{body}</w:tbl>"

    def grid_column(self, width: int) -> str:
        return f'<w:gridCol w:w="{TABLE_WIDTH // width}"/>'

    def runs(self, text: str) -> Iterator[str]:
        yield f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'

    def _inline(self, text: str) -> Iterator[str]:
        """Runs of the text; the conversion residue of a bookmark becomes the bookmark again."""
        for place, part in enumerate(BOOKMARK.split(text)):
            if place % 2:
                yield self.bookmark(part)
            elif part:
                yield from self.runs(part)

    def bookmark(self, name: str) -> str:
        number, self.bookmarks = self.bookmarks, self.bookmarks + 1
        return f'<w:bookmarkStart w:id="{number}" w:name="{name}"/><w:bookmarkEnd w:id="{number}"/>'

    def _cell(self, cell: Placed, width: int) -> str:
        span = f'<w:gridSpan w:val="{cell.span}"/>' if cell.span > 1 else ""
        merge = {"restart": '<w:vMerge w:val="restart"/>', "continue": self.covered, None: ""}[cell.merge]
        size = f'<w:tcW w:w="{TABLE_WIDTH * cell.span // width}" w:type="dxa"/>'
        return f"<w:tc><w:tcPr>{size}{span}{merge}</w:tcPr>{''.join(map(self.paragraph, cell.text.split(chr(10))))}</w:tc>"


class _WpsHand(_WordHand):
    """How WPS Office writes: its own namespace, font hints, runs split inside words and numbers, a grid without widths."""

    namespaces = f'xmlns:w="{MAIN}" xmlns:wpsCustomData="{WPS}"'
    covered = '<w:vMerge w:val="continue"/>'
    fonts = '<w:rPr><w:rFonts w:hint="eastAsia" w:ascii="宋体" w:hAnsi="宋体" w:eastAsia="宋体"/><w:szCs w:val="21"/></w:rPr>'

    def heading_style(self, level: int) -> str:
        return str(level + 1)

    def table(self, rows: Table) -> str:
        return super().table(rows).replace("<w:tblPr/>", '<w:tblPr><w:tblLayout w:type="autofit"/></w:tblPr>')

    def grid_column(self, width: int) -> str:
        return "<w:gridCol/>"

    def runs(self, text: str) -> Iterator[str]:
        yield '<w:proofErr w:type="gramStart"/>'
        for piece in PIECES.findall(text):
            yield f'<w:r>{self.fonts}<w:t xml:space="preserve">{escape(piece)}</w:t></w:r>'
        yield '<w:proofErr w:type="gramEnd"/>'
        if not self.bookmarks:
            yield self.bookmark("_GoBack")
