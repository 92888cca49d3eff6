"""The published warehouse as its readers see it: opened read-only, external access off.

Belongs here: connecting, queries of people, and the way from a row back to its cell. Does not belong here: building.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import documents
from pipelines.catalogue import catalogue
from pipelines.settings import Settings

if TYPE_CHECKING:
    import duckdb

CONTEXT_LINES = 2


class NotPublishedError(RuntimeError):
    """There is no published warehouse under the home yet."""


class UnknownRowError(LookupError):
    """No table of the published warehouse has the row."""


def published_file(settings: Settings) -> Path:
    """Path of the published warehouse with `current` resolved, so that one process never mixes two releases.

    Raises NotPublishedError.
    """
    path = settings.home / "current" / "warehouse.duckdb"
    if not path.exists():
        raise NotPublishedError(
            f"{path} does not exist: run `jixiao nightly` first, or set JIXIAO_HOME to the home that has it"
        )
    return path.resolve()


@contextmanager
def connect(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Read-only connection to the published warehouse; it can reach no other file and no setting can be changed."""
    import duckdb

    config = {"enable_external_access": "false", "lock_configuration": "true"}
    connection = duckdb.connect(str(published_file(settings)), read_only=True, config=config)
    try:
        yield connection
    finally:
        connection.close()


def columns_and_rows(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: list[Any] | None = None
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows of a query."""
    cursor = connection.execute(query, parameters) if parameters else connection.execute(query)
    return [column[0] for column in cursor.description or ()], cursor.fetchall()


def rows_of(connection: duckdb.DuckDBPyConnection, query: str, parameters: list[Any] | None = None) -> list[dict[str, Any]]:
    """Rows of a query as dictionaries in the order of its columns."""
    names, rows = columns_and_rows(connection, query, parameters)
    return [dict(zip(names, row, strict=True)) for row in rows]


@dataclass(frozen=True)
class Origin:
    """Where a row came from: the row, its report and form, its source cells, the source around each cell, and the decisions of
    people that its cells carry (rows of `facts.corrections`)."""

    table: str
    row: dict[str, Any]
    report: dict[str, Any]
    form: dict[str, Any]
    cells: list[dict[str, Any]]
    surroundings: list[str]
    decisions: list[dict[str, Any]]


def trace(settings: Settings, row_id: str) -> Origin:
    """Follow a row_id of any table of schema `facts` back to its cells.

    Raises UnknownRowError, NotPublishedError, and DamagedDocumentError of `documents`.
    """
    with connect(settings) as connection:
        for table in (name for name, entry in catalogue().tables.items() if entry.key == ("row_id",) or entry.holds_values):
            # The table's name comes from the catalogue, never from the caller.
            found = rows_of(connection, f"select * from facts.{table} where row_id = $1", [row_id])
            if found:
                break
        else:
            raise UnknownRowError(f"{row_id}: no row of the published warehouse has this row_id")
        row = found[0]
        report = rows_of(connection, "select * from facts.reports where report_id = $1", [row["report_id"]])[0]
        form = rows_of(connection, "select * from facts.forms where form_id = $1", [row["form_id"]])[0]
        cells = rows_of(connection, "select * from facts.figure_cells where row_id = $1 order by all", [row_id]) or [row]
        ids = sorted({cell["correction_id"] for cell in (*cells, row) if cell.get("correction_id")})
        decisions = rows_of(
            connection, "select * from facts.corrections where list_contains($1, correction_id) order by correction_id", [ids]
        )
    return Origin(table, row, report, form, cells, _around(settings, report["sha256"], cells), decisions)


def _around(settings: Settings, sha256: str, cells: list[dict[str, Any]]) -> list[str]:
    """The source around each cell; nothing where the Document of the present readers is not stored (until the next night)."""
    try:
        document, _ = documents.load(settings, sha256)
    except FileNotFoundError:
        return []
    return [] if isinstance(document, documents.DocumentError) else [surroundings(document, cell) for cell in cells]


def surroundings(document: documents.Document, cell: dict[str, Any]) -> str:
    """The source around one cell: its table row with the cell in 【】, or its line with the lines next to it."""
    if cell["table_number"] is not None:
        tables = [block for block in document.blocks if isinstance(block, documents.Table)]
        row = tables[cell["table_number"] - 1].rows[cell["row_number"] - 1]
        texts = [(one_line(found.text), found.column + 1 == cell["column_number"]) for found in row]
        return " | ".join(f"【{text}】" if is_it else text for text, is_it in texts)
    paragraphs = [block for block in document.blocks if isinstance(block, documents.Paragraph)]
    for index, paragraph in enumerate(paragraphs):
        if paragraph.locator.line == cell["line_number"] and paragraph.locator.part is None:
            near = paragraphs[max(0, index - CONTEXT_LINES) : index + CONTEXT_LINES + 1]
            return "\n".join(_marked(found, cell) if found is paragraph else found.text for found in near)
    return ""


def _marked(paragraph: documents.Paragraph, cell: dict[str, Any]) -> str:
    start = cell["column_number"]
    if start is None:
        return f"【{paragraph.text}】"
    text, raw = paragraph.text, cell["raw_text"]
    return f"{text[: start - 1]}【{text[start - 1 : start - 1 + len(raw)]}】{text[start - 1 + len(raw) :]}"


def one_line(text: str) -> str:
    """A cell's text on one line."""
    return re.sub(r"\s+", " ", text).strip()
