"""A font for characters whose font a PDF does not bring along.

Belongs here: the bytes of a font in which every character is a box, and telling PDFium to use it for Chinese, Japanese and
Korean. Does not belong here: reading files.

PDFium leaves out a text of one character if no installed font shows it, so that a PDF would read differently on a machine
without Chinese fonts. Only the extent of characters is needed here, never their shape.
"""

from __future__ import annotations

import ctypes
import struct
from functools import cache
from itertools import accumulate
from typing import Any

UNITS, ASCENT, DESCENT = 1000, 880, -120
ASIAN_CHARSETS = (128, 129, 134, 136)  # of Windows: Japanese, Korean, simplified and traditional Chinese
FIRST_CHARACTER, LAST_NARROW, LAST_CHARACTER = 0x20, 0x2FF, 0x2FFFF
HANDLE = 1  # any value that is not null


@cache
def font() -> bytes:
    """A TrueType font that shows every character from U+0020 to U+2FFFF as a box, half an em wide for Latin, else one em."""
    boxes = [_box(UNITS), _box(UNITS // 2)]
    groups = struct.pack(">6I", FIRST_CHARACTER, LAST_NARROW, 2, LAST_NARROW + 1, LAST_CHARACTER, 1)
    tables = {
        b"cmap": struct.pack(">HHHHIHHIII", 0, 1, 3, 10, 12, 13, 0, 16 + len(groups), 0, 2) + groups,
        b"glyf": b"".join(boxes),
        b"head": struct.pack(
            ">4I2H2Q4h2H3h", 65536, 65536, 0, 0x5F0F3CF5, 0, UNITS, 0, 0, 0, DESCENT, UNITS, ASCENT, 0, 8, 2, 1, 0
        ),
        b"hhea": struct.pack(">IhhhHhhhhhhhhhhhH", 0x10000, ASCENT, DESCENT, 0, UNITS, 0, 0, UNITS, 1, *[0] * 7, 3),
        b"hmtx": struct.pack(">HhHhHh", UNITS, 0, UNITS, 0, UNITS // 2, 0),
        b"loca": struct.pack(">4I", 0, 0, *accumulate(map(len, boxes))),
        b"maxp": struct.pack(">I14H", 0x10000, 3, 4, 1, 0, 0, 2, *[0] * 8),
    }
    offset = 12 + 16 * len(tables)
    directory, content = b"", b""
    for name, table in tables.items():
        directory += struct.pack(">4sIII", name, 0, offset + len(content), len(table))
        content += table + bytes(-len(table) % 4)
    return struct.pack(">IHHHH", 0x10000, len(tables), 64, 2, 48) + directory + content


def _box(width: int) -> bytes:
    """Outline of a box of that width: four points on the curve, as distances from one to the next."""
    outline = struct.pack(">5h", 1, 0, DESCENT, width, ASCENT) + struct.pack(">2H", 3, 0) + b"\x01" * 4
    return outline + struct.pack(">8h", 0, width, 0, -width, DESCENT, 0, ASCENT - DESCENT, 0)


@cache
def install() -> Any:
    """Have PDFium take the font for Asian characters in this process; returns what must stay alive as long as PDFium."""
    import pypdfium2.raw as pdfium

    info = pdfium.FPDF_SYSFONTINFO(version=1)
    kinds = dict(info._fields_)

    def map_font(this: Any, weight: int, italic: int, charset: int, pitch: int, face: Any, exact: Any) -> int | None:
        return HANDLE if charset in ASIAN_CHARSETS else None

    def font_data(this: Any, handle: Any, table: int, buffer: Any, size: int) -> int:
        if table:
            return 0
        if buffer and size >= len(font()):
            ctypes.memmove(buffer, font(), len(font()))
        return len(font())

    info.MapFont = kinds["MapFont"](map_font)
    info.GetFontData = kinds["GetFontData"](font_data)
    info.DeleteFont = kinds["DeleteFont"](lambda this, handle: None)
    pdfium.FPDF_SetSystemFontInfo(info)
    return info
