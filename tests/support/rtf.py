"""A small writer of RTF as WPS Office saves it: GBK bytes, vertical merges by flags, a row's shape before its cells.

Belongs here: flattened-text reports to the bytes of an RTF. Does not belong here: reading one; anything of the pipelines.
"""

from __future__ import annotations

from collections.abc import Iterable

from tests.support.flattened import EMPTY, Placed, gridded
from tests.support.word import BOOKMARK, HEADINGS, TABLE_WIDTH

HEAD = (
    r"{\rtf1\ansi\ansicpg936\deff0\deflang1033\deflangfe2052{\fonttbl{\f0\froman\fcharset0\fprq2 Times New Roman;}"
    r"{\f1\fnil\fcharset134\fprq2{\*\panose 02010600030101010101}\'cb\'ce\'cc\'e5;}}"
    r"{\stylesheet{\qj\fs21\f0 Normal;}{\s1\sbasedon0\b\fs44 heading 1;}{\s2\sbasedon0\b\fs32 heading 2;}}"
    "\r\n"
    r"{\info{\author nobody}{\*\company }}\paperw11906\paperh16838\sectd "
)
MERGES = {"restart": r"\clvmgf", "continue": r"\clvmrg", None: ""}


def rebuild_as_rtf(text: str) -> bytes:
    """A flattened-text report as the RTF that it may have come from, with real merges."""
    return write_rtf(gridded(text))


def write_rtf(blocks: Iterable[str | list[list[Placed]]]) -> bytes:
    """Paragraphs and grids as such an RTF."""
    written = [_paragraph(block) if isinstance(block, str) else _table(block) for block in blocks]
    return (HEAD + "\r\n".join(written) + "}").encode("ascii")


def encoded(text: str) -> str:
    """Text in the document's code page; what it lacks as code points with a stand-in, bookmarks as such."""
    parts = BOOKMARK.split(text)
    return "".join(
        f"{{\\*\\bkmkstart {part}}}{{\\*\\bkmkend {part}}}" if place % 2 else "".join(map(_character, part))
        for place, part in enumerate(parts)
    )


def _character(character: str) -> str:
    if character in "\\{}":
        return f"\\{character}"
    if character.isascii():
        return character
    try:
        return "".join(f"\\'{byte:02x}" for byte in character.encode("gbk"))
    except UnicodeEncodeError:
        units = character.encode("utf-16-le")
        codes = [int.from_bytes(units[place : place + 2], "little") for place in range(0, len(units), 2)]
        return "".join(f"\\u{code - 65536 if code > 32767 else code}\\'a1\\'f5" for code in codes)


def _paragraph(text: str) -> str:
    level = next((level for pattern, level in HEADINGS if pattern.match(text)), None)
    style = f"\\s{level}" if level else ""
    return f"\\pard\\plain {style}\\qj\\fs21\\uc2 {{\\dbch\\af1\\loch\\f0 {encoded(text)}}}\\par"


def _table(grid: list[list[Placed]]) -> str:
    width = max(cell.start + cell.span for row in grid for cell in row)
    return "\r\n".join(_row(row, width) for row in grid) + "\\pard "


def _row(row: list[Placed], width: int) -> str:
    edge = [TABLE_WIDTH * (cell.start + cell.span) // width for cell in row]
    shape = "".join(f"{MERGES[cell.merge]}\\clbrdrt\\brdrs\\cellx{right}" for cell, right in zip(row, edge, strict=True))
    return f"\\trowd\\trgaph108{shape}\r\n{''.join(map(_cell, row))}\\row"


def _cell(cell: Placed) -> str:
    text = "" if cell.text == EMPTY else cell.text
    paragraphs = "\\par ".join(map(encoded, text.split("\n")))
    return f"\\pard\\intbl\\uc2 {{\\dbch\\f1 {paragraphs}}}\\cell "
