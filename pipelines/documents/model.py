"""The Document: what every reader returns and every parser reads.

Belongs here: the data classes, the dense grid and the JSON form. Does not belong here: anything that knows a file format.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal

VERSION = "model-2"  # of the JSON form
Origin = Literal["native", "lattice", "inferred"]


class DocumentError(Exception):
    """A file that cannot become a Document; `reason` is a code of the catalogue's vocabulary `reason`."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep reason code and detail, and join them for people."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Locator:
    """A place in the source: all numbers count from 1; what a format does not have is None.

    `line` is the text line (flattened text) or the paragraph's number in the body (docx); outside tables `column` counts its
    characters. `part` names a place outside the body (header, footer, footnote). `sheet` and `cell` (A1) name a place in a
    workbook, `box` a place on a page: left, top, right, bottom in points (pdf) or pixels (pictures) from the page's upper left
    corner.
    """

    page: int | None = None
    table: int | None = None
    row: int | None = None
    column: int | None = None
    line: int | None = None
    part: str | None = None
    sheet: str | None = None
    cell: str | None = None
    box: tuple[int, int, int, int] | None = None

    def __str__(self) -> str:
        """Words for people, e.g. `table 2 row 5 column 3, line 214`."""
        names = ("page", "table", "row", "column") if self.table is not None else ("page",)
        words = [self.part] if self.part else []
        if self.sheet is not None:
            words += [f"sheet {self.sheet}", *([f"cell {self.cell}"] if self.cell else [])]
        words += [f"{name} {getattr(self, name)}" for name in names if getattr(self, name) is not None]
        if self.box is not None:
            words.append(f"box {','.join(map(str, self.box))}")
        line: list[str] = []
        if self.line is not None:
            character = f" character {self.column}" if self.table is None and self.column is not None else ""
            line = [f"line {self.line}{character}"]
        return ", ".join(filter(None, [" ".join(words), *line]))


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text outside tables. `level` is the heading level from 1, or None where the format marks none."""

    text: str
    level: int | None = None
    locator: Locator = field(default_factory=Locator)


@dataclass(frozen=True, slots=True)
class Cell:
    """An anchor cell of a grid; `row` and `column` count from 0, its spans cover the places to the right and below.

    `confidence` is below 1 only where the text was recognised in a picture.
    """

    row: int
    column: int
    row_span: int
    column_span: int
    text: str
    locator: Locator
    confidence: float = 1.0


@dataclass(frozen=True)
class Table:
    """A grid given by its anchor cells in reading order; every covered place belongs to exactly one of them.

    `origin` says how the grid came about: native (docx, html, xlsx), lattice (ruled pdf, scan) or inferred (flattened text,
    where columns are aligned only among neighbouring rows of equal length). `confidence` is 1.0 for native grids.
    """

    cells: tuple[Cell, ...]
    origin: Origin
    confidence: float = 1.0

    @cached_property
    def grid(self) -> list[list[Cell | None]]:
        """Dense grid: each place holds the cell that covers it, or None where a ragged row ends early."""
        height = max((cell.row + cell.row_span for cell in self.cells), default=0)
        width = max((cell.column + cell.column_span for cell in self.cells), default=0)
        places: list[list[Cell | None]] = [[None] * width for _ in range(height)]
        for cell in self.cells:
            for row in range(cell.row, cell.row + cell.row_span):
                for column in range(cell.column, cell.column + cell.column_span):
                    places[row][column] = cell
        return places

    @cached_property
    def rows(self) -> list[list[Cell]]:
        """The cells of each row from left to right; a cell stands in every row that it covers, once."""
        rows: list[list[Cell]] = []
        for places in self.grid:
            row: list[Cell] = []
            for cell in places:
                if cell is not None and (not row or row[-1] is not cell):
                    row.append(cell)
            rows.append(row)
        return rows


Block = Paragraph | Table


@dataclass(frozen=True)
class Document:
    """One file as blocks in reading order; parsers see nothing else of it."""

    sha256: str
    media_type: str
    reader: str
    reader_version: str
    encoding: str | None
    blocks: tuple[Block, ...]
    warnings: tuple[str, ...] = ()

    def to_json(self) -> str:
        """JSON of the whole Document; `from_json` restores it exactly."""
        content = {name: getattr(self, name) for name in _SCALARS}
        content["blocks"] = [_block_to_json(block) for block in self.blocks]
        return json.dumps(content, ensure_ascii=False, separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> Document:
        """Restore a Document from its JSON."""
        return Document.from_content(json.loads(text))

    @staticmethod
    def from_content(content: dict[str, Any]) -> Document:
        """Restore a Document from its parsed JSON, which is used up."""
        blocks = tuple(_block_from_json(block) for block in content.pop("blocks"))
        content["warnings"] = tuple(content["warnings"])
        return Document(blocks=blocks, **content)


_PLACES = tuple(entry.name for entry in fields(Locator))
_SCALARS = ("sha256", "media_type", "reader", "reader_version", "encoding", "warnings")


def _locator_to_json(locator: Locator) -> dict[str, Any]:
    return {name: value for name in _PLACES if (value := getattr(locator, name)) is not None}


def _locator_from_json(place: dict[str, Any]) -> Locator:
    if "box" in place:
        place["box"] = tuple(place["box"])
    return Locator(**place)


def _block_to_json(block: Block) -> dict[str, Any]:
    if isinstance(block, Paragraph):
        return {"p": block.text, "level": block.level, "at": _locator_to_json(block.locator)}
    cells = [
        [cell.row, cell.column, cell.row_span, cell.column_span, cell.text, _locator_to_json(cell.locator), cell.confidence]
        for cell in block.cells
    ]
    return {"cells": cells, "origin": block.origin, "confidence": block.confidence}


def _block_from_json(block: dict[str, Any]) -> Block:
    if "p" in block:
        return Paragraph(block["p"], block["level"], _locator_from_json(block["at"]))
    cells = tuple(
        Cell(row, column, row_span, column_span, text, _locator_from_json(place), confidence)
        for row, column, row_span, column_span, text, place, confidence in block["cells"]
    )
    return Table(cells, block["origin"], block["confidence"])
