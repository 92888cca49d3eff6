"""One small adapter per tool: how it reads a file, timed, and how its tables become plain grids, not timed.

Belongs here: calls of the tools, each imported when its turn comes. Does not belong here: any judgement of what they yield.
This module imports the standard library alone, for it runs in the peers' own environment:

    python -m benchmarks.readers.peers < request.json > answer.json

A request is {"tool", "files": {format: path}, "runs", "seconds"}; the answer {"version", "results": {format: {"ms", "grids"} or
{"error"}}}, or {"missing": reason} where the tool cannot be imported.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Grid = list[list[str]]
PIPE = re.compile(r"(?<!\\)\|")


Read = Callable[[str], Any]
Reduce = Callable[[Any], list[Grid]]


@dataclass(frozen=True)
class Tool:
    """A tool: its package, the formats that it is asked for, and what imports it and gives its two functions."""

    package: str
    formats: tuple[str, ...]
    load: Callable[[], tuple[Read, Reduce]]


def _jixiao() -> tuple[Read, Reduce]:
    """Ours, as the sandboxed child calls it; the dense grids are timed too."""
    from pipelines.documents import registry
    from pipelines.documents.limits import Limits
    from pipelines.documents.model import Table

    limits = Limits()

    def read(path: str) -> Any:
        data = Path(path).read_bytes()
        document = registry.read(data, hashlib.sha256(data).hexdigest(), path, limits)
        return [block.grid for block in document.blocks if isinstance(block, Table)]

    return read, lambda grids: [[[cell.text if cell else "" for cell in row] for row in grid] for grid in grids]


def _python_docx() -> tuple[Read, Reduce]:
    """`row.cells` repeats a merged cell at every place that it covers."""
    from docx import Document

    return lambda path: [[[cell.text for cell in row.cells] for row in table.rows] for table in Document(path).tables], list


def _markitdown() -> tuple[Read, Reduce]:
    """Markdown; its pipe tables know no spans."""
    from markitdown import MarkItDown

    converter = MarkItDown()
    return lambda path: converter.convert(path).markdown, lambda markdown: list(pipe_tables(markdown))


def _docling() -> tuple[Read, Reduce]:
    """Its grid repeats a merged cell at every place that it covers."""
    from docling.document_converter import DocumentConverter

    converter = DocumentConverter()

    def reduced(document: Any) -> list[Grid]:
        return [[[cell.text for cell in row] for row in table.data.grid] for table in document.tables]

    return lambda path: converter.convert(path).document, reduced


def _kreuzberg() -> tuple[Read, Reduce]:
    """Cells as lists of texts, without its cache."""
    from kreuzberg import ExtractionConfig, extract_file_sync

    config = ExtractionConfig(use_cache=False)
    return lambda path: extract_file_sync(path, config=config), lambda result: [table.cells for table in result.tables]


def _pdfplumber() -> tuple[Read, Reduce]:
    """A cell fills every place of the grid that its box covers; tables end with their page."""
    import pdfplumber

    def read(path: str) -> Any:
        with pdfplumber.open(path) as pdf:
            return [([row.cells for row in table.rows], table.extract()) for page in pdf.pages for table in page.find_tables()]

    def grid(boxes: Any, texts: Any) -> Grid:
        known = [(box, text or "") for row in zip(boxes, texts, strict=True) for box, text in zip(*row, strict=True) if box]
        lefts, tops = (sorted({box[side] for box, _ in known}) for side in (0, 1))

        def text_at(left: float, top: float) -> str:
            return next((text for (x0, y0, x1, y1), text in known if x0 <= left < x1 and y0 <= top < y1), "")

        return [[text_at(left, top) for left in lefts] for top in tops]

    return read, lambda tables: [grid(boxes, texts) for boxes, texts in tables]


def _pandas() -> tuple[Read, Reduce]:
    """`read_html` expands spans; `read_excel` gives the first place of a merged cell alone."""
    import pandas

    def read(path: str) -> Any:
        if path.endswith(".html"):
            return pandas.read_html(path, encoding="utf-8")
        return list(pandas.read_excel(path, sheet_name=None, header=None, dtype=str).values())

    return read, lambda frames: [frame.astype(object).where(frame.notna(), "").astype(str).values.tolist() for frame in frames]


TOOLS = {
    tool.package: tool
    for tool in (
        Tool("jixiao", ("docx", "doc", "rtf", "html", "mht", "xlsx", "xls", "pdf"), _jixiao),
        Tool("python-docx", ("docx",), _python_docx),
        Tool("markitdown", ("docx", "html", "xlsx", "xls", "pdf"), _markitdown),
        Tool("docling", ("docx", "doc", "rtf", "html", "mht", "xlsx", "xls", "pdf"), _docling),
        Tool("kreuzberg", ("docx", "doc", "rtf", "html", "mht", "xlsx", "xls", "pdf"), _kreuzberg),
        Tool("pdfplumber", ("pdf",), _pdfplumber),
        Tool("pandas", ("html", "xlsx", "xls"), _pandas),
    )
}


def pipe_tables(markdown: str) -> Iterator[Grid]:
    """Pipe tables of a Markdown text; lines of dashes are left out."""
    rows: Grid = []
    for line in [*markdown.splitlines(), ""]:
        if line.lstrip().startswith("|"):
            cells = [cell.strip() for cell in PIPE.split(line.strip().removeprefix("|").removesuffix("|"))]
            if not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
                rows.append(cells)
        elif rows:
            yield rows
            rows = []


def measure(read: Read, reduce: Reduce, path: str, runs: int, seconds: float) -> dict[str, Any]:
    """The grids, and the median milliseconds of `runs` readings after one that warms up; none begins after `seconds`."""
    found = read(path)
    taken: list[float] = []
    while len(taken) < runs and (not taken or sum(taken) < seconds):
        started = time.perf_counter()
        found = read(path)
        taken.append(time.perf_counter() - started)
    return {"ms": 1000 * statistics.median(taken), "grids": reduce(found)}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """What one tool makes of the files that it can read; a file that it fails on has the error's text."""
    tool = TOOLS[request["tool"]]
    try:
        read, reduce = tool.load()
    except ImportError as error:
        return {"missing": str(error)}
    results: dict[str, Any] = {}
    for name in tool.formats:
        try:
            results[name] = measure(read, reduce, request["files"][name], request["runs"], request["seconds"])
        except Exception as error:  # any tool may fail in any way: that is a result
            results[name] = {"error": f"{type(error).__name__}: {error}".partition(". ")[0][:200]}
    version = "this checkout" if tool.load is _jixiao else importlib.metadata.version(tool.package)
    return {"version": version, "results": results}


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):  # tools print what they like
        answered = answer(json.load(sys.stdin))
    json.dump(answered, sys.stdout)
