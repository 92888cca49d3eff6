"""Golden documents: the source that a person wrote, and the office files, pages and texts that are made from it.

Belongs here: reading a source, and which writer makes which format. Does not belong here: what the documents say (their
`.gold.yml` does); anything of the pipelines.

A golden document is a pair of files in `tests/golden/<FAMILY>/` or, written before anything was read with it,
`tests/heldout/<FAMILY>/`: `<name>.source.html`, plain HTML of `<p>`, `<table>`, `<tr>`
and `<td>` with `rowspan` and `colspan`, `<br>` inside a cell, closing tags of rows and cells left out at will; and
`<name>.gold.yml`, whose `formats` lists the kinds of document that stand beside them, each as `<name>.<extension>`:

    docx, wps (a docx of WPS Office), doc, rtf, html, html-gbk, mht, pdf, xlsx (all on one sheet), xlsx-sheets, xls,
    txt (TAB-led cells), piped (a .txt with `|` behind every cell)

An HTML document may also be a source of its own: then `formats` is left out and nothing is built.

    python -m tests.support.golden            write the documents of all sources
    python -m tests.support.golden NAME ...   only those whose path holds one of the names
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

import yaml

from tests.support.flattened import Placed, flatten
from tests.support.rtf import write_rtf
from tests.support.web import write_html, write_mht
from tests.support.word import Paragraph, write_docx
from tests.support.word97 import write_doc
from tests.support.workbooks import place_on_sheets, write_xls, write_xlsx

FOLDER = Path(__file__).resolve().parents[1] / "golden"
HELD_OUT = FOLDER.with_name("heldout")
Grid = list[list[Placed]]
Blocks = list[str | Grid]


@dataclass
class _Cell:
    text: str
    columns: int
    rows: int


@dataclass
class _Source(HTMLParser):
    """Paragraphs as text, tables as rows of cells with their spans."""

    blocks: list[str | list[list[_Cell]]] = field(default_factory=list)
    _text: list[str] | None = None
    _spans: tuple[int, int] = (1, 1)
    _rows: list[list[_Cell]] | None = None

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            assert self._text is not None, "a line break stands in a paragraph or a cell"
            self._text.append("\n")
            return
        self._finish()
        if tag == "table":
            self._rows = []
            self.blocks.append(self._rows)
        elif tag == "tr":
            assert self._rows is not None, "a row stands in a table"
            self._rows.append([])
        elif tag in ("td", "p"):
            own = dict(attrs)
            self._spans = int(own.get("colspan") or 1), int(own.get("rowspan") or 1)
            self._text = []

    def handle_endtag(self, tag: str) -> None:
        self._finish()
        if tag == "table":
            self._rows = None

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data.replace("\n", ""))

    def _finish(self) -> None:
        if self._text is None:
            return
        text, self._text = "".join(self._text).strip(" "), None
        if self._rows is None:
            self.blocks.append(text)
        else:
            self._rows[-1].append(_Cell(text, *self._spans))


def read_source(html: str) -> Blocks:
    """Paragraphs and grids of a source. Raises ValueError where the spans of a table leave a hole or overlap."""
    source = _Source()
    source.feed(html)
    source.close()
    return [block if isinstance(block, str) else _grid(block) for block in source.blocks]


def _grid(rows: list[list[_Cell]]) -> Grid:
    width = sum(cell.columns for cell in rows[0])
    pending: dict[int, tuple[Placed, int]] = {}  # first column -> the cell that reaches down, rows still to come
    grid: Grid = []
    for number, row in enumerate(rows, start=1):
        placed: list[Placed] = []
        cells = iter(row)
        column = 0
        while column < width:
            if column in pending:
                above, left = pending.pop(column)
                one = replace(above, text="", merge="continue")
                if left > 1:
                    pending[column] = above, left - 1
            else:
                cell = next(cells, None)
                if cell is None:
                    raise ValueError(f"row {number} of a table has too few cells: {[cell.text for cell in row]}")
                one = Placed(cell.text, column, cell.columns, "restart" if cell.rows > 1 else None)
                if cell.rows > 1:
                    pending[column] = one, cell.rows - 1
            placed.append(one)
            column += one.span
        if column > width or next(cells, None) is not None:
            raise ValueError(f"row {number} of a table has too many cells: {[cell.text for cell in row]}")
        grid.append(placed)
    if pending:
        raise ValueError("a cell reaches below its table")
    return grid


def _print(blocks: Blocks) -> bytes:
    from tests.support.pages import Press  # reportlab is slow to import

    return Press(is_packed=False).print(_paragraphs(blocks))


def _paragraphs(blocks: Blocks) -> list[Paragraph | Grid]:
    return [Paragraph(block) if isinstance(block, str) else block for block in blocks]


def _pipe(blocks: Blocks) -> bytes:
    """A web page's dump: what merged cells cover is not there, a line break in a cell is a blank."""
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, str):
            lines += [block, ""]
            continue
        rows = ([cell.text.replace("\n", " ") for cell in row if cell.merge != "continue"] for row in block)
        lines += [*("".join(f"{text} |" for text in row) for row in rows), ""]
    return "\n".join(lines).encode()


WRITERS: dict[str, tuple[str, Callable[[Blocks], bytes]]] = {
    "docx": ("docx", lambda blocks: write_docx(_paragraphs(blocks))),
    "wps": ("docx", lambda blocks: write_docx(_paragraphs(blocks), wps=True)),
    "doc": ("doc", write_doc),
    "rtf": ("rtf", write_rtf),
    "html": ("html", write_html),
    "html-gbk": ("html", lambda blocks: write_html(blocks, "gb2312")),
    "mht": ("mht", write_mht),
    "pdf": ("pdf", _print),
    "xlsx": ("xlsx", lambda blocks: write_xlsx(place_on_sheets(blocks, is_one_sheet=True))),
    "xlsx-sheets": ("xlsx", lambda blocks: write_xlsx(place_on_sheets(blocks))),
    "xls": ("xls", lambda blocks: write_xls(place_on_sheets(blocks, is_one_sheet=True))),
    "txt": ("txt", lambda blocks: flatten(blocks).encode()),
    "piped": ("txt", _pipe),
}


def sources(folder: Path = FOLDER) -> list[Path]:
    """Every source of a folder, in the order of its path."""
    return sorted(folder.glob("*/*.source.html"))


def documents(source: Path) -> Iterator[tuple[Path, bytes]]:
    """Paths and contents of the documents of a source."""
    stem = source.name.removesuffix(".source.html")
    blocks = read_source(source.read_text(encoding="utf-8"))
    gold = yaml.safe_load(source.with_name(f"{stem}.gold.yml").read_text(encoding="utf-8"))
    for kind in gold["formats"]:
        extension, write = WRITERS[kind]
        yield source.with_name(f"{stem}.{extension}"), write(blocks)


def parts(data: bytes) -> dict[str, bytes]:
    """Contents of a file by the names of its parts: packing differs between machines, what is packed does not."""
    if not data.startswith(b"PK"):
        return {"": data}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def main(names: list[str]) -> None:
    """Write the documents of the sources whose path holds one of the names, or of all."""
    for source in [*sources(), *sources(HELD_OUT)]:
        if names and not any(name in str(source) for name in names):
            continue
        for path, data in documents(source):
            if not path.exists() or parts(path.read_bytes()) != parts(data):
                path.write_bytes(data)
                print(path.relative_to(FOLDER.parent))


if __name__ == "__main__":
    main(sys.argv[1:])
