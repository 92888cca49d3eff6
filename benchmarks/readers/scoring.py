"""How many figures of a report stand in the right row and below the right header of a tool's tables; the same for every tool.

Belongs here: plain grids (rows of texts) against known figures. Does not belong here: how a tool is called (`peers`).

A figure is right when a cell with its text, or its number, has its row label in a cell to the left, and when the nearest
header above it in the same column is its own. A header is any cell that holds the column label of some known figure. Places of
one spanned cell count as one cell, and a cell can be only one figure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

Grid = Sequence[Sequence[str]]
NUMBER = re.compile(r"-?[\d,]*\d(?:\.\d+)?%?")
NOISE = re.compile(r"\s|<br\s*/?>|\\|\*\*")  # white space, and what Markdown adds to a text
DIGITS = 9  # binary fractions such as 0.9930000000000001 are the number that was stored


@dataclass(frozen=True)
class Figure:
    """A figure as printed, and the labels of its row and its column."""

    row_label: str
    column_label: str
    text: str


def count_right(figures: Sequence[Figure], grids: Iterable[Grid]) -> int:
    """Number of the figures that are found in the right row and column of any of the grids."""
    wanted = Counter(Figure(plain(f.row_label), plain(f.column_label), value(f.text)) for f in figures)
    headers = sorted({figure.column_label for figure in wanted}, key=len, reverse=True)
    by_text: dict[str, list[Figure]] = {}
    for figure in wanted:
        by_text.setdefault(figure.text, []).append(figure)
    right = 0
    for text, labels, header in _cells(grids, headers):
        for figure in by_text.get(text, ()):
            if wanted[figure] and figure.column_label == header and any(figure.row_label in label for label in labels):
                wanted[figure] -= 1
                right += 1
                break
    return right


def _cells(grids: Iterable[Grid], headers: Sequence[str]) -> Iterator[tuple[str, list[str], str | None]]:
    """Each cell's value, the texts left of it, and the column label that holds for it."""
    for grid in grids:
        above: dict[int, str] = {}
        for row in grid:
            texts = [plain(text) for text in row]
            before: tuple[str, str | None] | None = None
            for column, text in enumerate(texts):
                own = next((header for header in headers if header in text), None)
                if own is not None:
                    above[column] = own
                elif (text, above.get(column)) != before:
                    yield value(text), texts[:column], above.get(column)
                before = (text, above.get(column))


def plain(text: str) -> str:
    """The text without white space and what Markdown adds."""
    return NOISE.sub("", text)


def value(text: str) -> str:
    """A number in one spelling (20.00 is 20, 99.3% is 0.993, 1,538 is 1538); any other text as it is, without white space."""
    bare = plain(text)
    if not NUMBER.fullmatch(bare):
        return bare
    number = Decimal(bare.rstrip("%").replace(",", "")) / (100 if bare.endswith("%") else 1)
    return f"{round(number, DIGITS).normalize():f}"
