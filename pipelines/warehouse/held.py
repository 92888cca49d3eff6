"""Quarantine as the published warehouse has it, for people who decide: lists, one entry with its surroundings, decisions.

Belongs here: queries over `facts.quarantine` and `facts.corrections`, and turning a decision on a row into an entry of a file.
Does not belong here: what a decision does (`facts`, `quality`), words for people (`commands`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import documents
from pipelines.settings import Settings
from pipelines.warehouse.reading import UnknownRowError, connect, one_line, rows_of, surroundings

if TYPE_CHECKING:
    import duckdb

GRID_ROWS = 1  # above and below the figure's own
_HELD = """
select
    held.*, reports.file_name, reports.sha256, reports.city_slug, reports.city_name, reports.department_name, forms.title_zh
from facts.quarantine as held
inner join facts.reports as reports using (report_id)
left join facts.forms as forms on held.form_id = forms.form_id
where
    ($city is null or $city in (reports.city_slug, reports.city_code, reports.city_name))
    and ($year is null or held.fiscal_year = $year)
    and ($rule is null or held.rule = $rule)
    and ($state is null or held.state = $state)
"""
_ORDER = (
    "order by reports.file_name, held.table_number nulls first, held.row_number, held.line_number, held.locator, held.row_id"
)


@dataclass(frozen=True)
class Asked:
    """Which entries of the quarantine: a city (folder, code or name), a fiscal year, a rule, a state; None asks for all."""

    city: str | None = None
    year: int | None = None
    rule: str | None = None
    state: str | None = None


@dataclass(frozen=True)
class Held:
    """A page of entries in order of file and place, the `total` of all that were asked for, their counts by rule and state."""

    rows: list[dict[str, Any]]
    total: int
    counts: list[dict[str, Any]]


def held(settings: Settings, asked: Asked, page: int, per_page: int) -> Held:
    """One page (from 1) of the quarantine. `pending` of a row is a decision on it that the next night takes up, else None.

    Raises NotPublishedError and CorrectionError.
    """
    parameters = vars(asked)
    with connect(settings) as connection:
        rows = _named(
            connection, f"{_HELD} {_ORDER} limit {int(per_page)} offset {(int(page) - 1) * int(per_page)}", parameters
        )
        counts = _named(
            connection, f"select rule, state, count(*) as rows from ({_HELD}) group by all order by state, rule", parameters
        )
    return Held(_with_pending(settings, rows), sum(entry["rows"] for entry in counts), counts)


def decisions(settings: Settings, states: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Rows of `facts.corrections` with one of the states, all without any. Raises NotPublishedError."""
    with connect(settings) as connection:
        rows = rows_of(connection, "select * from facts.corrections order by file_name, sha256, locator, correction_id")
    return [row for row in rows if not states or row["correction_state_code"] in states]


@dataclass(frozen=True)
class Entry:
    """One entry: the row with its file, its surroundings in the source (empty where the Document is not stored), its decision.

    `grid` has the figure's table row with those next to it, the figure in 【】; of a figure outside tables it is one cell, its
    lines. `allowed` names the decisions that make sense.
    """

    row: dict[str, Any]
    grid: list[list[str]]
    allowed: list[str]
    decision: dict[str, Any] | None


def entry(settings: Settings, row_id: str) -> Entry:
    """An entry of the quarantine by its row_id. Raises UnknownRowError, NotPublishedError and CorrectionError."""
    from pipelines.quality.lifecycle import commands

    with connect(settings) as connection:
        found = _named(connection, f"{_HELD} and held.row_id = $row_id", {**vars(Asked()), "row_id": row_id})
        if not found:
            raise UnknownRowError(
                f"{row_id}: no row of the published quarantine has this row_id; `jixiao quarantine list` tells them"
            )
        known = rows_of(connection, "select * from facts.corrections where correction_id = $1", [found[0]["correction_id"]])
    row = _with_pending(settings, found)[0]
    return Entry(row, grid(settings, row), commands(row), known[0] if known else None)


def grid(settings: Settings, row: dict[str, Any]) -> list[list[str]]:
    """The source around a row's place; empty where the Document of the present readers is not stored."""
    try:
        document, _ = documents.load(settings, row["sha256"])
    except FileNotFoundError:
        return []
    if isinstance(document, documents.DocumentError):
        return []
    if row["table_number"] is None:
        return [[surroundings(document, row)]]
    tables = [block for block in document.blocks if isinstance(block, documents.Table)]
    lines = tables[row["table_number"] - 1].rows
    at = row["row_number"] - 1
    near = lines[max(0, at - GRID_ROWS) : at + GRID_ROWS + 1]
    return [[_cell(cell.text, (cell.row, cell.column + 1) == (at, row["column_number"])) for cell in line] for line in near]


def _cell(text: str, is_it: bool) -> str:
    return f"【{one_line(text)}】" if is_it else one_line(text)


def decide(
    settings: Settings, row_id: str, decision: str, *, reason: str, by: str, value: str | None = None, field: str | None = None
) -> tuple[str, Path]:
    """Write a decision on an entry of the quarantine, or on a loaded figure (row_id of its fact row, and its field).

    `decision` is release, reject or correct (with `value` in the unit of the column). Returns correction_id and the file.
    Raises UnknownRowError, NotPublishedError, CorrectionError where the decision cannot be taken, and OSError.
    """
    from pipelines.quality.corrections import CorrectionError, write_correction
    from pipelines.quality.lifecycle import why_not_releasable

    row = _figure(settings, row_id, field)
    if decision == "release":
        why_not = why_not_releasable(row["rule"], row["reason"]) if row["rule"] else "the figure is loaded: nothing to release"
        if why_not:
            raise CorrectionError([why_not])
    texts = {"file": row["file_name"], "form": row["form_kind"], "table": row["table_name"], "place": row["locator"]}
    texts |= {"expected": row["raw_text"], "decision": decision, "reason": reason, "by": by, "date": date.today().isoformat()}
    texts |= {name: text for name, text in (("field", row["field_name"]), ("value", value)) if text is not None}
    return write_correction(settings, texts)


def _figure(settings: Settings, row_id: str, field: str | None) -> dict[str, Any]:
    """Place and file of an entry of the quarantine, else of a cell of a fact row (then rule is None)."""
    with connect(settings) as connection:
        found = _named(connection, f"{_HELD} and held.row_id = $row_id", {**vars(Asked()), "row_id": row_id})
        cells = [] if found else _cells(connection, row_id, field)
    if found:
        return found[0]
    if not cells:
        raise UnknownRowError(
            f"{row_id}: neither the quarantine nor a fact row{f' with {field}' if field else ''} has this row_id"
        )
    if len(cells) > 1:
        named = ", ".join(f"{cell['field_name']} ({cell['locator']})" for cell in cells)
        raise UnknownRowError(f"{row_id}: the row has {len(cells)} cells; name the one with --field: {named}")
    return cells[0]


def _cells(connection: duckdb.DuckDBPyConnection, row_id: str, field: str | None) -> list[dict[str, Any]]:
    return _named(
        connection,
        """
        select cells.*, forms.form_kind, reports.file_name, reports.sha256, null as rule, null as reason
        from facts.figure_cells as cells
        inner join facts.reports as reports using (report_id)
        inner join facts.forms as forms on cells.form_id = forms.form_id
        where cells.row_id = $row_id and ($field is null or cells.field_name = $field)
        order by cells.field_name, cells.locator
        """,
        {"row_id": row_id, "field": field},
    )


def _named(connection: duckdb.DuckDBPyConnection, query: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of a query with named parameters."""
    cursor = connection.execute(query, parameters)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _with_pending(settings: Settings, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    import polars as pl

    from pipelines.facts.decisions import with_decisions
    from pipelines.quality.corrections import read_corrections

    names = ("file_name", "sha256", "form_kind", "table_name", "field_name", "locator", "raw_text", "correction_id", "state")
    places = pl.DataFrame([{name: row[name] for name in names} for row in rows], schema=dict.fromkeys(names, pl.String()))
    decided = with_decisions(places.drop("correction_id"), read_corrections(settings))
    return [
        {**row, "pending": None if row["correction_id"] == correction_id else code}
        for row, correction_id, code in zip(rows, decided["correction_id"], decided["decision_code"], strict=True)
    ]
