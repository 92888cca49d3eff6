"""Reads pictures of pages: straightens them, finds the ruled lines, and recognises characters with their confidence.

Belongs here: a picture to glyphs and lines. Does not belong here: grids (`lattice`), paragraphs and page breaks (`layout`), the
use of a confidence (facts).

Needs the extra `scan`: RapidOCR, whose models come inside its wheel, and OpenCV. Recognition costs seconds a page, so a file
that needs it is handed back by the ordinary child with the reason NEEDED, and read again under `Limits.for_recognition`.
"""

from __future__ import annotations

import math
import os
from functools import cache
from importlib.util import find_spec
from typing import Any

from pipelines.documents import layout
from pipelines.documents.lattice import Glyph, Ruling, Scale
from pipelines.documents.layout import Page
from pipelines.documents.limits import Limits
from pipelines.documents.model import Document, DocumentError

VERSION = f"scan-1+{layout.VERSION}"
NEEDED = "needs_recognition"  # goes no farther than the parent of the reading process
MISSING = "the pages are pictures; `pip install jixiao[scan]` lets them be read"
MEDIA_TYPES = {
    b"\x89PNG": "image/png",
    b"\xff\xd8": "image/jpeg",
    b"II*": "image/tiff",
    b"MM": "image/tiff",
    b"BM": "image/bmp",
}
DOTS_PER_INCH = 200
POINTS = 72
A4_WIDTH = 595.0  # points: pictures do not say how large they were printed
LONGEST_SIDE = 4000  # dots: larger pictures are scaled down
MOST_DOTS = 100_000_000  # of a picture before it is unpacked
DOTS_SETTING = "CV_IO_MAX_IMAGE_PIXELS"  # what OpenCV calls that limit
LEVEL, UPRIGHT = 22.0, 15.0  # points: the shortest strokes that may be ruled lines; those of characters are shorter
STEEPEST = 8.0  # degrees by which a page may lie askew
BOX_HEIGHT = 0.72  # height of the characters as a share of the height of the box that the recogniser puts around a line


def read(data: bytes, sha256: str, limits: Limits | None = None) -> Document:
    """Document of a picture file, which may hold several pages; locators name page and box in dots of the picture.

    Raises DocumentError: unsupported_format without the extra, corrupt, too_large, empty where nothing is recognised.
    """
    limits = limits or Limits()
    require(limits)
    pages = [page(picture, number, None) for number, picture in enumerate(_pictures(data, limits), start=1)]
    blocks, warnings = layout.blocks_of(pages, limits)
    if not blocks:
        raise DocumentError("empty", "no text was recognised")
    kind = next((kind for mark, kind in MEDIA_TYPES.items() if data.startswith(mark)), "image/*")
    return Document(sha256, kind, "scan", VERSION, None, tuple(blocks), tuple(warnings))


def require(limits: Limits) -> None:
    """Raise DocumentError where recognition is not installed (unsupported_format), or not allowed for now (NEEDED)."""
    if find_spec("rapidocr") is None or find_spec("cv2") is None:
        raise DocumentError("unsupported_format", MISSING)
    if not limits.may_recognise:
        raise DocumentError(NEEDED, "the pages are pictures")


def _pictures(data: bytes, limits: Limits) -> list[Any]:
    """Grey pictures of a file's pages."""
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MOST_DOTS))
    import cv2
    import numpy

    try:
        is_read, found = cv2.imdecodemulti(numpy.frombuffer(data, numpy.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error as error:
        if DOTS_SETTING in error.err:
            raise DocumentError("too_large", f"the picture has more than {MOST_DOTS:,} dots") from error
        raise DocumentError("corrupt", f"the picture cannot be unpacked: {error.err}") from error
    if not is_read or not found:
        raise DocumentError("corrupt", "the picture cannot be unpacked")
    if len(found) > limits.ocr_pages:
        raise DocumentError("too_large", f"the file has {len(found):,} pictures, more than {limits.ocr_pages:,}")
    return list(found)


def page(picture: Any, number: int, dots_per_inch: int | None) -> Page:
    """Glyphs and lines of a grey picture; in points where its resolution is known, else in its own dots."""
    import cv2

    height, width = picture.shape
    shrink = min(1.0, LONGEST_SIDE / max(height, width))
    if shrink < 1.0:
        picture = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    per_point = (dots_per_inch / POINTS if dots_per_inch else min(height, width) / A4_WIDTH) * shrink
    unit = per_point if dots_per_inch else shrink  # dots of the picture as it is now, for each unit of the page
    picture = _straightened(picture)
    level, upright = _strokes(_ink(picture), per_point)
    glyphs = _glyphs(_without(picture, level, upright), unit)
    return Page(
        number,
        width / (unit / shrink),
        height / (unit / shrink),
        glyphs,
        [Ruling((y + h / 2) / unit, x / unit, (x + w) / unit) for x, y, w, h in _boxes(level)],
        [Ruling((x + w / 2) / unit, y / unit, (y + h) / unit) for x, y, w, h in _boxes(upright)],
        Scale.of_scan(per_point / unit),
    )


def _ink(picture: Any) -> Any:
    """White where the picture is darker than around, black elsewhere."""
    import cv2

    smooth = cv2.medianBlur(picture, 3)
    return cv2.adaptiveThreshold(smooth, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 41, 15)


def _straightened(picture: Any) -> Any:
    """The picture turned so that its long lines, or else its lines of text, are level."""
    import cv2

    ink = _ink(picture)
    height, width = picture.shape
    lines = cv2.HoughLinesP(ink, 1, math.pi / 3600, 300, minLineLength=width // 6, maxLineGap=10)
    angles: list[tuple[float, float]] = []
    for x0, y0, x1, y1 in [] if lines is None else lines.reshape(-1, 4).tolist():
        angle = math.degrees(math.atan2(y1 - y0, x1 - x0))
        if abs(angle) <= STEEPEST:
            angles.append((angle, math.hypot(x1 - x0, y1 - y0)))
    angle = _weighted_median(angles) if angles else _angle_of_text(ink)
    if abs(angle) < 0.02:
        return picture
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    return cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def _weighted_median(values: list[tuple[float, float]]) -> float:
    half = sum(weight for _, weight in values) / 2
    passed = 0.0
    for value, weight in sorted(values):
        passed += weight
        if passed >= half:
            return value
    return 0.0


def _angle_of_text(ink: Any) -> float:
    """The angle at which rows of the picture are most unlike: lines of text and the white between them."""
    import cv2
    import numpy

    small = cv2.resize(ink, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    height, width = small.shape
    best, best_contrast = 0.0, -1.0
    for step in range(-16, 17):
        angle = step * 0.25
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
        contrast = float(numpy.var(cv2.warpAffine(small, turn, (width, height)).sum(axis=1, dtype=numpy.float64)))
        if contrast > best_contrast:
            best, best_contrast = angle, contrast
    return best


def _strokes(ink: Any, per_point: float) -> tuple[Any, Any]:
    """Where the picture holds long level and long upright strokes; a slant of one dot in them is bridged."""
    import cv2

    found = []
    for stroke, across in (((int(LEVEL * per_point), 1), (1, 2)), ((1, int(UPRIGHT * per_point)), (2, 1))):
        thick = cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_RECT, across))
        found.append(cv2.morphologyEx(thick, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, stroke)))
    return found[0], found[1]


def _boxes(strokes: Any) -> list[tuple[int, int, int, int]]:
    """Left, top, width and height of each stroke."""
    import cv2

    _, _, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    return [(x, y, w, h) for x, y, w, h, _ in stats[1:].tolist()]


def _without(picture: Any, level: Any, upright: Any) -> Any:
    """The picture without its ruled lines, which the recogniser would take for characters."""
    import cv2
    import numpy

    lines = cv2.dilate(cv2.bitwise_or(level, upright), numpy.ones((3, 3), numpy.uint8))
    cleaned = picture.copy()
    cleaned[lines > 0] = int(numpy.percentile(picture, 90))
    return cleaned


@cache
def _recogniser() -> Any:
    from rapidocr import RapidOCR

    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    return RapidOCR(params={"Global.log_level": "critical", "EngineConfig.onnxruntime.enable_cpu_mem_arena": False} | threads)


def _glyphs(picture: Any, unit: float) -> list[Glyph]:
    """Characters with their places and confidence, line by line."""
    import cv2

    found = _recogniser()(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), use_cls=False, return_word_box=True)
    if found.boxes is None:
        return []
    glyphs: list[Glyph] = []
    for box, words in zip(found.boxes, found.word_results, strict=True):
        top = float(box[:2, 1].mean()) / unit
        bottom = float(box[2:, 1].mean()) / unit
        size = BOX_HEIGHT * (bottom - top)
        baseline = (top + bottom) / 2 + 0.3 * size
        for text, confidence, corners in words:
            left, right = corners[0][0] / unit, corners[1][0] / unit
            step = (right - left) / len(text)
            glyphs += [
                Glyph(letter, left + i * step, left + (i + 1) * step, baseline, size, float(confidence))
                for i, letter in enumerate(text)
            ]
    return glyphs
