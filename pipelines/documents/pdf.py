"""Reads PDF files that hold text: characters and drawn lines of each page, by PDFium.

Belongs here: what a PDF draws, turned the way people see it. Does not belong here: grids (`lattice`), paragraphs and page
breaks (`layout`).

Pages are turned by their own rotation and by that of most of their text. Left out: text that is slanted (water marks), drawn
invisibly (what a scanner recognised, of unknown quality), and fields of forms. PDFium repairs broken files silently, so a file
without an end is refused before it could lose pages.
"""

from __future__ import annotations

import ctypes
import math
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from pipelines.documents import layout, scan, stand_in
from pipelines.documents.lattice import Glyph, Ruling
from pipelines.documents.layout import Page
from pipelines.documents.limits import Limits
from pipelines.documents.model import Document, DocumentError

VERSION = f"pdf-1+{scan.VERSION}"
MEDIA_TYPE = "application/pdf"
TAIL = 4096  # bytes at the end that must hold the mark of the end
MAX_OBJECTS = 200_000  # drawn objects and pieces of lines of one page
MAX_CHARACTERS = 500_000  # of one page
MAX_NESTING = 8  # forms inside forms
THICKEST = 3.0  # points: a bar up to this thick is a line
STRAIGHT = 0.5  # points by which a line may stray from the horizontal or vertical
PICTURE_SHARE = 0.3  # a page without text whose pictures cover more of it is a scan
SLANT = 0.1  # quarters by which an upright character may lean
INVISIBLE = 3  # text rendering mode
HYPHEN = 0x02  # what PDFium makes of a hyphen at the end of a line
REPLACEMENT = "\ufffd"
IDENTITY = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)

Matrix = tuple[float, float, float, float, float, float]


def read(data: bytes, sha256: str, limits: Limits | None = None) -> Document:
    """Document of a PDF; tables are of origin `lattice`, locators name page and box in points.

    Raises DocumentError: corrupt, encrypted, too_large, empty; where pages are pictures also the reasons of `scan.require`.
    """
    limits = limits or Limits()
    warnings: list[str] = []
    with opened(data, limits) as pdf:
        sheets = [_sheet(pdf, number, warnings) for number in range(1, len(pdf) + 1)]
        pages = _recognised(pdf, sheets, limits, warnings)
    blocks, remarks = layout.blocks_of(pages, limits)
    if not blocks:
        raise DocumentError("empty", "the pages hold no text")
    return Document(sha256, MEDIA_TYPE, "pdf", VERSION, None, tuple(blocks), (*warnings, *remarks))


def _recognised(pdf: Any, sheets: list[_Sheet], limits: Limits, warnings: list[str]) -> list[Page]:
    """All pages, those that are pictures recognised. Where that is not installed a minority of them is left out and said."""
    pictures = [sheet.page.number for sheet in sheets if sheet.is_picture]
    if not pictures:
        return [sheet.page for sheet in sheets]
    if len(pictures) > limits.ocr_pages:
        raise DocumentError("too_large", f"{len(pictures):,} pages are pictures, more than {limits.ocr_pages:,}")
    try:
        scan.require(limits)
    except DocumentError as error:
        texts = sum(bool(sheet.page.glyphs) for sheet in sheets)
        if error.reason == scan.NEEDED or len(pictures) >= texts:
            raise
        warnings.append(f"unread_picture: pages {_listed(pictures)} were not read: {error.detail}")
        return [sheet.page for sheet in sheets]
    warnings.append(f"recognised: pages {_listed(pictures)} are pictures whose characters were recognised")
    return [_recognised_page(pdf, sheet.page.number) if sheet.is_picture else sheet.page for sheet in sheets]


def _recognised_page(pdf: Any, number: int) -> Page:
    page = pdf[number - 1]
    try:
        # Rounded down for pages of giant size, which recognition would scale down anyway.
        dots = min(scan.DOTS_PER_INCH, int(scan.LONGEST_SIDE * scan.POINTS / max(page.get_size())))
        picture = page.render(scale=dots / scan.POINTS, grayscale=True).to_numpy()
    finally:
        page.close()
    return scan.page(picture.reshape(picture.shape[:2]), number, dots)


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:10]))
    return f"{shown} and {len(numbers) - 10} more" if len(numbers) > 10 else shown


@contextmanager
def opened(data: bytes, limits: Limits) -> Iterator[Any]:
    """The file opened by PDFium, its pages counted. Raises DocumentError: corrupt, encrypted, too_large."""
    import pypdfium2
    import pypdfium2.raw as pdfium

    stand_in.install()
    if b"%%EOF" not in data[-TAIL:] and b"startxref" not in data[-TAIL:]:
        raise DocumentError("corrupt", "the file is cut off: it has no end")
    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if pdfium.FPDF_GetLastError() == pdfium.FPDF_ERR_PASSWORD:
            raise DocumentError("encrypted", "the PDF is protected by a password") from error
        raise DocumentError("corrupt", f"the PDF cannot be opened: {error}") from error
    try:
        count = len(pdf)
        if count > limits.pdf_pages:
            raise DocumentError("too_large", f"the PDF has {count:,} pages, more than {limits.pdf_pages:,}")
        if count == 0:
            raise DocumentError("corrupt", "the PDF has no pages")
        yield pdf
    finally:
        pdf.close()


@dataclass(frozen=True)
class _Sheet:
    page: Page
    is_picture: bool


@dataclass(frozen=True, slots=True)
class _Character:
    """A character in the page's own coordinates: x to the right, y upwards; `turn` is in quarters, None where it is slanted."""

    text: str
    box: tuple[float, float, float, float]
    origin: tuple[float, float]
    turn: int | None


def _sheet(pdf: Any, number: int, warnings: list[str]) -> _Sheet:
    """Glyphs and lines of one page."""
    import pypdfium2
    import pypdfium2.raw as pdfium

    try:
        page = pdf[number - 1]
    except pypdfium2.PdfiumError as error:
        raise DocumentError("corrupt", f"page {number} cannot be read: {error}") from error
    try:
        drawing = _Drawing(number)
        drawing.collect(page.raw)
        text = pdfium.FPDFText_LoadPage(page.raw)
        if not text:
            raise DocumentError("corrupt", f"the text of page {number} cannot be read")
        try:
            characters = list(_characters(text, number, drawing.has_invisible_text, warnings))
        finally:
            pdfium.FPDFText_ClosePage(text)
        left, bottom, right, top = page.get_bbox()
        rotation = pdfium.FPDFPage_GetRotation(page.raw)
    finally:
        page.close()
    turns = Counter(character.turn for character in characters if character.turn is not None)
    view = _View(left, bottom, right, top, turns.most_common(1)[0][0] if turns else rotation)
    upright = [character for character in characters if character.turn == view.quarters]
    if len(upright) < len(characters):
        warnings.append(
            f"slanted_text: {len(characters) - len(upright)} slanted or turned characters of page {number} left out"
        )
    glyphs = _parted([view.glyph(character) for character in upright])
    content = Page(number, view.width, view.height, glyphs, *view.rulings(drawing.lines))
    is_picture = not upright and drawing.picture_area > PICTURE_SHARE * view.width * view.height
    return _Sheet(content, is_picture)


def _characters(text: Any, number: int, has_invisible: bool, warnings: list[str]) -> Iterator[_Character]:
    """Characters of a page in the order in which they were drawn; spaces that PDFium makes up are left out."""
    import pypdfium2.raw as pdfium

    count = pdfium.FPDFText_CountChars(text)
    if count > MAX_CHARACTERS:
        raise DocumentError("too_large", f"page {number} has {count:,} characters, more than {MAX_CHARACTERS:,}")
    box, x, y = pdfium.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    unreadable = invisible = surrogate = 0
    for index in range(count):
        code = pdfium.FPDFText_GetUnicode(text, index)
        if pdfium.FPDFText_IsGenerated(text, index) == 1 or code in (0xA, 0xD):
            continue
        if has_invisible and _is_invisible(text, index):
            invisible += 1
            continue
        if 0xD800 <= code < 0xDC00:
            surrogate = code
            continue
        if 0xDC00 <= code < 0xE000 and surrogate:
            code = 0x10000 + ((surrogate - 0xD800) << 10) + (code - 0xDC00)
        surrogate = 0
        character = _read_as(code)
        if character == REPLACEMENT or pdfium.FPDFText_HasUnicodeMapError(text, index) == 1:
            unreadable, character = unreadable + 1, REPLACEMENT
        if not pdfium.FPDFText_GetLooseCharBox(text, index, box) or not pdfium.FPDFText_GetCharOrigin(text, index, x, y):
            continue
        quarters = -pdfium.FPDFText_GetCharAngle(text, index) / (math.pi / 2)
        turn = round(quarters) % 4 if abs(quarters - round(quarters)) < SLANT else None
        yield _Character(character, (box.left, box.bottom, box.right, box.top), (x.value, y.value), turn)
    if unreadable:
        warnings.append(f"unreadable_characters: {unreadable} characters of page {number} have no code; shown as {REPLACEMENT}")
    if invisible:
        warnings.append(f"hidden_text: {invisible} invisible characters of page {number} were left out")


def _read_as(code: int) -> str:
    """The character that a code stands for; radicals and compatibility forms, which fonts mix up with it, as characters."""
    if code == 0 or 0xD800 <= code < 0xE000 or 0xE000 <= code < 0xF900 or code > 0x10FFFF or code in (0xFFFE, 0xFFFF):
        return REPLACEMENT
    if code == HYPHEN:
        return "-"
    if 0x2E80 <= code < 0x2FE0 or 0xF900 <= code < 0xFB00:
        return unicodedata.normalize("NFKC", chr(code))
    return " " if code < 0x20 or code == 0xA0 else chr(code)


def _is_invisible(text: Any, index: int) -> bool:
    import pypdfium2.raw as pdfium

    drawn = pdfium.FPDFText_GetTextObject(text, index)
    return bool(drawn) and pdfium.FPDFTextObj_GetTextRenderMode(drawn) == INVISIBLE


def _parted(glyphs: list[Glyph]) -> list[Glyph]:
    """Glyphs that end where the next one begins at the latest; the extent of a character whose font is missing is a guess."""
    parted = [
        glyph._replace(right=following.left)
        if glyph.left < following.left < glyph.right and abs(glyph.baseline - following.baseline) < 0.1 * glyph.size
        else glyph
        for glyph, following in pairwise(glyphs)
    ]
    return [*parted, *glyphs[-1:]]


class _Drawing:
    """Straight lines of a page's graphics as (x0, y0, x1, y1) in its own coordinates, and how much of it pictures cover."""

    def __init__(self, number: int) -> None:
        self.lines: list[tuple[float, float, float, float]] = []
        self.picture_area = 0.0
        self.has_invisible_text = False
        self._number = number
        self._count = 0

    def collect(self, page: Any) -> None:
        """Take all objects of a page. Raises DocumentError('too_large') where they are too many."""
        import pypdfium2.raw as pdfium

        self._collect(pdfium.FPDFPage_CountObjects(page), lambda index: pdfium.FPDFPage_GetObject(page, index), IDENTITY, 0)

    def _collect(self, count: int, get: Callable[[int], Any], matrix: Matrix, depth: int) -> None:
        import pypdfium2.raw as pdfium

        self._add(count)
        for index in range(count):
            drawn = get(index)
            kind = pdfium.FPDFPageObj_GetType(drawn)
            if kind == pdfium.FPDF_PAGEOBJ_PATH:
                self._path(drawn, matrix)
            elif kind == pdfium.FPDF_PAGEOBJ_TEXT:
                self.has_invisible_text |= pdfium.FPDFTextObj_GetTextRenderMode(drawn) == INVISIBLE
            elif kind == pdfium.FPDF_PAGEOBJ_IMAGE:
                self._picture(drawn, matrix)
            elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < MAX_NESTING:
                inner = partial(pdfium.FPDFFormObj_GetObject, drawn)
                self._collect(max(pdfium.FPDFFormObj_CountObjects(drawn), 0), inner, _times(_matrix(drawn), matrix), depth + 1)

    def _add(self, count: int) -> None:
        self._count += count
        if self._count > MAX_OBJECTS:
            raise DocumentError("too_large", f"page {self._number} draws more than {MAX_OBJECTS:,} objects and lines")

    def _picture(self, drawn: Any, matrix: Matrix) -> None:
        a, b, c, d, e, f = _times(_matrix(drawn), matrix)  # a picture fills the unit square
        self.picture_area += abs(a * d - b * c)
        self._bar([(e, f), (a + e, b + f), (a + c + e, b + d + f), (c + e, d + f)])

    def _path(self, drawn: Any, matrix: Matrix) -> None:
        import pypdfium2.raw as pdfium

        fill, stroke = ctypes.c_int(), ctypes.c_int()
        if not pdfium.FPDFPath_GetDrawMode(drawn, fill, stroke) or not (fill.value or stroke.value):
            return
        count = pdfium.FPDFPath_CountSegments(drawn)
        self._add(count)
        a, b, c, d, e, f = _times(_matrix(drawn), matrix)
        x, y = ctypes.c_float(), ctypes.c_float()
        points: list[tuple[float, float]] = []
        for index in range(count):
            segment = pdfium.FPDFPath_GetPathSegment(drawn, index)
            if pdfium.FPDFPathSegment_GetType(segment) == pdfium.FPDF_SEGMENT_MOVETO and points:
                self._outline(points, bool(stroke.value))
                points = []
            pdfium.FPDFPathSegment_GetPoint(segment, x, y)
            points.append((a * x.value + c * y.value + e, b * x.value + d * y.value + f))
            if pdfium.FPDFPathSegment_GetClose(segment):
                points.append(points[0])
        self._outline(points, bool(stroke.value))

    def _outline(self, points: list[tuple[float, float]], is_stroked: bool) -> None:
        """Lines of one connected piece of a path: its sides where it is stroked, itself where it is a thin filled bar."""
        if len(points) > 1 and not self._bar(points) and is_stroked:
            self.lines += [(*start, *end) for start, end in pairwise(points)]

    def _bar(self, points: list[tuple[float, float]]) -> bool:
        xs, ys = [x for x, _ in points], [y for _, y in points]
        left, right, bottom, top = min(xs), max(xs), min(ys), max(ys)
        if min(right - left, top - bottom) > THICKEST:
            return False
        if right - left > top - bottom:
            self.lines.append((left, (bottom + top) / 2, right, (bottom + top) / 2))
        else:
            self.lines.append(((left + right) / 2, bottom, (left + right) / 2, top))
        return True


def _matrix(drawn: Any) -> Matrix:
    import pypdfium2.raw as pdfium

    found = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(drawn, found):
        return IDENTITY
    return found.a, found.b, found.c, found.d, found.e, found.f


def _times(inner: Matrix, outer: Matrix) -> Matrix:
    """The matrix that applies `inner` first."""
    a, b, c, d, e, f = inner
    A, B, C, D, E, F = outer
    return (a * A + b * C, a * B + b * D, c * A + d * C, c * B + d * D, e * A + f * C + E, e * B + f * D + F)


@dataclass(frozen=True)
class _View:
    """A page's box in its own coordinates, and the quarters by which it is turned clockwise to be looked at."""

    left: float
    bottom: float
    right: float
    top: float
    quarters: int

    @property
    def width(self) -> float:
        """Width as seen."""
        return self.top - self.bottom if self.quarters % 2 else self.right - self.left

    @property
    def height(self) -> float:
        """Height as seen."""
        return self.right - self.left if self.quarters % 2 else self.top - self.bottom

    def point(self, x: float, y: float) -> tuple[float, float]:
        """A point as seen: y counts downwards from the top."""
        if self.quarters == 0:
            return x - self.left, self.top - y
        if self.quarters == 1:
            return y - self.bottom, x - self.left
        if self.quarters == 2:
            return self.right - x, y - self.bottom
        return self.top - y, self.right - x

    def glyph(self, character: _Character) -> Glyph:
        """A character as seen."""
        left, bottom, right, top = character.box
        (x0, y0), (x1, y1) = self.point(left, bottom), self.point(right, top)
        return Glyph(character.text, min(x0, x1), max(x0, x1), self.point(*character.origin)[1], max(abs(y1 - y0), 1.0))

    def rulings(self, lines: list[tuple[float, float, float, float]]) -> tuple[list[Ruling], list[Ruling]]:
        """Horizontal and vertical lines as seen; any others are left out."""
        horizontals: list[Ruling] = []
        verticals: list[Ruling] = []
        for x0, y0, x1, y1 in lines:
            (left, top), (right, bottom) = self.point(x0, y0), self.point(x1, y1)
            if abs(top - bottom) <= STRAIGHT:
                horizontals.append(Ruling((top + bottom) / 2, min(left, right), max(left, right)))
            elif abs(left - right) <= STRAIGHT:
                verticals.append(Ruling((left + right) / 2, min(top, bottom), max(top, bottom)))
        return horizontals, verticals
