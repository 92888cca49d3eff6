"""Reads text dumps of web pages in which every row of a table is a line of cells with `|` between them.

Belongs here: the grammar of such dumps. Does not belong here: other flattened text (`text`), Markdown's finer points.

A dump drops cells that merged cells cover, and often empty ones, and fills the line up with `|` at its end: such a row is as
long as its cells and is not filled up again, since it is unknown where they stood. Tables are `inferred`: only rows of equal
length align. A line of dashes below the first row (Markdown) is no row. `Locator.line` is the line of the text.
"""

from __future__ import annotations

import re
from itertools import groupby

from pipelines.documents import text
from pipelines.documents.limits import Limits
from pipelines.documents.model import Block, Cell, Document, DocumentError, Locator, Paragraph, Table

VERSION = "piped-1"
MEDIA_TYPE = "text/plain"
LEAST_ROWS = 3  # from which separators in a text are no chance
_RULE = re.compile(r"\|?[\s:|-]*-{2,}[\s:|-]*")
_ESCAPED = "\\|"


def is_row(line: str) -> bool:
    """Whether a line is a row: two separators, or one that ends the line."""
    plain = line.replace(_ESCAPED, "").strip()
    return plain.count("|") > 1 or (plain.endswith("|") and len(plain) > 1)


def read(data: bytes, sha256: str, limits: Limits | None = None) -> Document:
    """Document of a dump; tables are `inferred`, paragraphs carry their line numbers.

    Raises DocumentError: unknown_format where no encoding fits, too_large for a table past the limits, empty where no text is
    left.
    """
    limits = limits or Limits()
    content, encoding = text.decode(data)
    lines = enumerate(content.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1)
    blocks: list[Block] = []
    tables = 0
    for is_table, run in groupby(((number, line) for number, line in lines if line.strip()), lambda line: is_row(line[1])):
        if not is_table:
            blocks.extend(Paragraph(line.strip(), None, Locator(line=number)) for number, line in run)
            continue
        rows = [(number, cells) for number, line in run if not _RULE.fullmatch(line.strip()) and (cells := _cells(line))]
        if rows:
            tables += 1
            limits.check_table(len(rows), len(rows) * max(len(cells) for _, cells in rows))
            blocks.append(_table(rows, tables))
    if not blocks:
        raise DocumentError("empty", "the text holds separators only")
    return Document(sha256, MEDIA_TYPE, "piped", VERSION, encoding, tuple(blocks))


def _cells(line: str) -> list[str]:
    """Texts between the separators, without the empty ones that end the line."""
    plain = line.strip().replace(_ESCAPED, "\0")
    cells = [cell.strip(" \t\xa0").replace("\0", "|") for cell in plain.removeprefix("|").split("|")]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _table(rows: list[tuple[int, list[str]]], number: int) -> Table:
    cells = tuple(
        Cell(index, column, 1, 1, cell, Locator(table=number, row=index + 1, column=column + 1, line=line))
        for index, (line, texts) in enumerate(rows)
        for column, cell in enumerate(texts)
    )
    return Table(cells, "inferred")
