"""A small writer of PDF files that sets paragraphs and ruled tables with merged cells on pages.

Belongs here: blocks to the bytes of a PDF as office programs print it. Does not belong here: reading one; anything of the
pipelines.
"""

from __future__ import annotations

import io
import os
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from tests.support.flattened import Placed
from tests.support.word import Paragraph, Table, blocks_of

WIDTH, HEIGHT = 595.28, 841.89
MARGIN, TOP, BOTTOM = 72.0, 72.0, 72.0
BODY, CELL = 12.0, 9.0
LEADING = 1.4
PADDING = 5.4
NOT_FIRST = "，。、；：？！）》”’％%,.;:?!)—"
PIECE = re.compile(r"[!-~]+|.", re.DOTALL)
# Fonts that can be embedded, as Debian installs them; another one may be named by the environment.
CHINESE_FONTS = (
    os.environ.get("PRINTABLE_FONT", ""),
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/arphic/uming.ttc",
)


def printable_font() -> str | None:
    """Name of a Chinese font that can be embedded, where this machine has one; without it a page shows no characters."""
    path = next((path for path in CHINESE_FONTS if path and Path(path).exists()), None)
    if path is None:
        return None
    if "Printable" not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont("Printable", path))
    return "Printable"


def _named_font() -> str:
    if "STSong-Light" not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    return "STSong-Light"


@dataclass
class Press:
    """How pages are printed. `rotation` turns the pages, their content counter-turned, so that they look the same."""

    font: str = field(default_factory=_named_font)
    rotation: int = 0
    lines_as: str = "strokes"  # or bars
    ruled: bool = True  # False leaves out the lines of tables
    align: str = "left"  # of texts in cells; or centre, or figures (those to the right)
    is_level: bool = False  # texts stand at half the height of their rows
    row_gap: float = 4.0  # by which rows are farther apart than lines
    splits_rows: bool = False  # parts a row that does not fit, without borders at the break
    repeated_rows: int = 0
    running_header: str | None = None
    page_numbers: bool = True
    password: str | None = None
    height: float = HEIGHT
    is_packed: bool = True  # False leaves the content of pages as plain text

    def print(self, blocks: Iterable[Paragraph | Table]) -> bytes:
        """Bytes of the PDF."""
        return _Sheets(self).run(list(blocks))

    def print_text(self, text: str) -> bytes:
        """A flattened-text report as the PDF that it may have been published as."""
        return self.print(blocks_of(text))


class _Sheets:
    def __init__(self, press: Press) -> None:
        self.press = press
        self.buffer = io.BytesIO()
        encryption = None
        if press.password:
            from reportlab.lib.pdfencrypt import StandardEncryption

            encryption = StandardEncryption(press.password, canPrint=0)
        self.canvas = Canvas(
            self.buffer, pagesize=(WIDTH, press.height), encrypt=encryption, invariant=1, pageCompression=int(press.is_packed)
        )
        self.page = 0
        self.new_page()

    def run(self, blocks: list[Paragraph | Table]) -> bytes:
        has_heading = False
        for block in blocks:
            if isinstance(block, list):
                self.table(block)
                continue
            has_heading = has_heading or block.level is not None or len(block.text) > 40
            self.paragraph(block.text, is_title=not has_heading)
        self.finish_page()
        self.canvas.save()
        return self.buffer.getvalue()

    # pages

    def new_page(self) -> None:
        self.page += 1
        self.y = TOP
        rotation = self.press.rotation % 360
        self.canvas.setPageRotation(rotation)  # also exchanges width and height where it must
        # Content turned counter-clockwise, so that the page, turned clockwise, is upright.
        if rotation == 90:
            self.canvas.translate(self.press.height, 0)
        elif rotation == 180:
            self.canvas.translate(WIDTH, self.press.height)
        elif rotation == 270:
            self.canvas.translate(0, WIDTH)
        self.canvas.rotate(rotation)

    def finish_page(self) -> None:
        if self.press.running_header:
            self.text(MARGIN, 40, self.press.running_header, 9)
        if self.press.page_numbers:
            self.text(WIDTH / 2 - 9, self.press.height - 36, f"- {self.page} -", 9)
        self.canvas.showPage()

    def break_page(self) -> None:
        self.finish_page()
        self.new_page()

    @property
    def room(self) -> float:
        return self.press.height - BOTTOM - self.y

    def text(self, x: float, y: float, text: str, size: float) -> None:
        """Text whose baseline lies `y` below the upper edge of the page."""
        self.canvas.setFont(self.press.font, size)
        self.canvas.drawString(x, self.press.height - y, text)

    def width(self, text: str, size: float) -> float:
        return float(pdfmetrics.stringWidth(text, self.press.font, size))

    # text

    def wrapped(self, text: str, size: float, width: float, indent: float = 0.0) -> list[str]:
        """Lines of at most `width`; none begins with closing punctuation, figures break only where they fill a line."""
        lines = [""]
        room = width - indent
        for piece in self.pieces(text, size, width):
            if lines[-1] and self.width(lines[-1] + piece, size) > room + 0.01:
                lines.append("")
                room = width
            lines[-1] += piece
        return lines

    def pieces(self, text: str, size: float, width: float) -> Iterator[str]:
        """The shortest texts between which a line may break."""
        piece = ""
        for match in PIECE.finditer(text):
            word = match[0]
            if piece and word[0] in NOT_FIRST and self.width(piece + word, size) <= width:
                piece += word
                continue
            if piece:
                yield piece
            piece = word
            while self.width(piece, size) > width and len(piece) > 1:
                count = max(n for n in range(1, len(piece)) if n == 1 or self.width(piece[:n], size) <= width)
                yield piece[:count]
                piece = piece[count:]
        if piece:
            yield piece

    def paragraph(self, text: str, is_title: bool) -> None:
        width = WIDTH - 2 * MARGIN
        size = 16.0 if is_title and self.width(text, 16) <= width else BODY
        indent = 0.0 if is_title else 2 * size
        for number, line in enumerate(self.wrapped(text, size, width, indent)):
            if self.room < size * LEADING:
                self.break_page()
            self.y += size * LEADING
            x = (WIDTH - self.width(line, size)) / 2 if is_title else MARGIN + (indent if number == 0 else 0)
            self.text(x, self.y - 0.4 * size, line, size)

    # tables

    def table(self, rows: Table) -> None:
        if self.room < 60:
            self.break_page()
        columns = max(cell.start + cell.span for row in rows for cell in row)
        edges = [MARGIN + (WIDTH - 2 * MARGIN) * column / columns for column in range(columns + 1)]
        texts = [[self.cell_lines(cell, edges) for cell in row] for row in rows]
        heights = [max(len(lines) for lines in row) * CELL * LEADING + self.press.row_gap for row in texts]
        drawn = 0  # rows of the table on this page
        for number in range(len(rows)):
            lines = texts[number]
            while heights[number] > self.room:
                if self.press.splits_rows and self.room > 3 * CELL * LEADING:
                    count = int((self.room - self.press.row_gap) / (CELL * LEADING))
                    parts = [cell[:count] for cell in lines]
                    lines = [cell[count:] for cell in lines]
                    self.row(rows, number, parts, edges, self.room, opens=drawn == 0)
                    heights[number] = max(len(cell) for cell in lines) * CELL * LEADING + self.press.row_gap
                    self.break_page()
                    self.repeat(rows, texts, heights, edges, number)
                    self.row(rows, number, lines, edges, heights[number], opens=False, is_rest=True)
                    break
                self.close(rows, number, edges)
                self.break_page()
                self.repeat(rows, texts, heights, edges, number)
                drawn = 0
            else:
                self.row(rows, number, lines, edges, heights[number], opens=drawn == 0)
            drawn += 1
        self.close(rows, len(rows), edges)
        self.y += 6

    def repeat(self, rows: Table, texts: list[list[list[str]]], heights: list[float], edges: list[float], number: int) -> None:
        count = self.press.repeated_rows
        if any(cell.merge for row in rows[:count] for cell in row):
            return  # office programs repeat whole rows only
        for header in range(min(count, number)):
            self.row(rows, header, texts[header], edges, heights[header], opens=header == 0)

    def cell_lines(self, cell: Placed, edges: list[float]) -> list[str]:
        width = edges[cell.start + cell.span] - edges[cell.start] - 2 * PADDING
        return [line for text in cell.text.split("\n") for line in self.wrapped(text, CELL, width)]

    def row(
        self, rows: Table, number: int, lines: list[list[str]], edges: list[float], height: float, *,
        opens: bool, is_rest: bool = False,
    ) -> None:  # fmt: skip
        """One row, or a part of one, at the present height: upper borders, sides and text."""
        top, end = self.y, self.y + height
        for cell, cell_lines in zip(rows[number], lines, strict=True):
            left, right = edges[cell.start], edges[cell.start + cell.span]
            if not is_rest and (opens or cell.merge != "continue"):
                self.rule(left, top, right, top)
            self.rule(left, top, left, end)
            self.rule(right, top, right, end)
            y = (top + end - len(cell_lines) * CELL * LEADING) / 2 if self.press.is_level else top + self.press.row_gap / 2
            for line in cell_lines:
                y += CELL * LEADING
                self.text(left + PADDING + self.indent(line, right - left - 2 * PADDING), y - 0.35 * CELL, line, CELL)
        self.y = end

    def indent(self, line: str, width: float) -> float:
        """White space left of a line of a cell."""
        rest = width - self.width(line, CELL)
        if self.press.align == "centre":
            return rest / 2
        return rest if self.press.align == "figures" and line[:1].isdigit() else 0.0

    def close(self, rows: Table, number: int, edges: list[float]) -> None:
        """The lower border of the row above."""
        if number:
            last = rows[number - 1][-1]
            self.rule(edges[rows[number - 1][0].start], self.y, edges[last.start + last.span], self.y)

    def rule(self, x0: float, y0: float, x1: float, y1: float) -> None:
        height = self.press.height
        if not self.press.ruled:
            return
        if self.press.lines_as == "bars":
            self.canvas.rect(x0 - 0.25, height - y1 - 0.25, x1 - x0 + 0.5, y1 - y0 + 0.5, stroke=0, fill=1)
        else:
            self.canvas.setLineWidth(0.5)
            self.canvas.line(x0, height - y0, x1, height - y1)


def raw_pdf(content: bytes, drawing: bytes = b"<<>>", tree: bytes = b"/Kids[3 0 R]/Count 1") -> bytes:
    """A PDF of one page with the content as it is given; `drawing` is what it may show by the name X, font F is Helvetica."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages%s>>" % tree,
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>/Font<</F 6 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        drawing,
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(body))
    return body + head + table + trailer


def scanned(data: bytes, *, is_worn: bool = False, dots_per_inch: int = 200) -> bytes:
    """A PDF whose pages are pictures of the pages of another one; worn ones lie askew, are blurred, speckled and grey."""
    import cv2
    import numpy
    import pypdfium2
    from reportlab.lib.utils import ImageReader

    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT), invariant=1)
    chance = random.Random(7)
    noise = numpy.random.default_rng(7)
    with pypdfium2.PdfDocument(data) as pdf:
        for page in pdf:
            picture = page.render(scale=dots_per_inch / 72, grayscale=True).to_numpy()
            picture = picture.reshape(picture.shape[:2])
            if is_worn:
                height, width = picture.shape
                turn = cv2.getRotationMatrix2D((width / 2, height / 2), chance.uniform(-1.5, 1.5), 1.0)
                picture = cv2.GaussianBlur(cv2.warpAffine(picture, turn, (width, height), borderValue=255), (3, 3), 0.8)
                grey = picture * 0.85 + 20 + noise.normal(0, 18, picture.shape)
                specks = noise.random(picture.shape)
                grey[specks < 0.002] = 0
                grey[specks > 0.998] = 255
                picture = numpy.clip(grey, 0, 255).astype(numpy.uint8)
            _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 60 if is_worn else 90])
            canvas.drawImage(ImageReader(io.BytesIO(packed.tobytes())), 0, 0, WIDTH, HEIGHT)
            canvas.showPage()
    canvas.save()
    return buffer.getvalue()
