"""A small writer of web pages and web archives, as Word saves them for the web.

Belongs here: a flattened-text report to the bytes of an HTML or MHT file. Does not belong here: reading one.
"""

from __future__ import annotations

import quopri
from collections.abc import Iterable, Iterator
from html import escape

from tests.support.flattened import EMPTY, Placed, gridded

PAGE = '<!DOCTYPE html>\n<html><head><meta charset="{}"><title>page</title></head><body>\n{}\n</body></html>\n'
MESSAGE = (
    'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="--=part"\r\n\r\n----=part\r\n'
    'Content-Type: text/html; charset="{}"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}\r\n'
    "----=part\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n----=part--\r\n"
)


def rebuild_as_html(text: str, charset: str = "utf-8") -> bytes:
    """A flattened-text report as a web page with real spans, in the encoding that a page of this charset uses."""
    return write_html(gridded(text), charset)


def write_html(blocks: Iterable[str | list[list[Placed]]], charset: str = "utf-8") -> bytes:
    """Paragraphs and grids as such a page."""
    written = [_paragraph(block) if isinstance(block, str) else _table(block) for block in blocks]
    encoding = "gb18030" if charset == "gb2312" else charset
    return PAGE.format(charset, "\n".join(written)).encode(encoding)


def rebuild_as_mht(text: str) -> bytes:
    """The same page as the first part of a web archive."""
    return write_mht(gridded(text))


def write_mht(blocks: Iterable[str | list[list[Placed]]]) -> bytes:
    """Paragraphs and grids as such a web archive."""
    page = quopri.encodestring(write_html(blocks, "gb2312")).decode("ascii")
    return MESSAGE.format("gb2312", page).encode("ascii")


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _table(rows: list[list[Placed]]) -> str:
    body = "".join(f"<tr>{''.join(_cells(rows, index))}</tr>\n" for index in range(len(rows)))
    return f'<table border="1">\n{body}</table>'


def _cells(rows: list[list[Placed]], index: int) -> Iterator[str]:
    for cell in rows[index]:
        if cell.merge == "continue":
            continue
        height = 1
        while cell.merge and any(
            below.start == cell.start and below.merge == "continue" for below in _row(rows, index + height)
        ):
            height += 1
        spans = (f' colspan="{cell.span}"' if cell.span > 1 else "") + (f' rowspan="{height}"' if height > 1 else "")
        lines = "" if cell.text == EMPTY else "<br>".join(map(escape, cell.text.split("\n")))
        yield f"<td{spans}><p>{lines or '&nbsp;'}</p></td>"


def _row(rows: list[list[Placed]], index: int) -> list[Placed]:
    return rows[index] if index < len(rows) else []
