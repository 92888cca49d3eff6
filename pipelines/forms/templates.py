"""Loads the templates: what anchors a form, which sections it has, which labels mean what.

Belongs here: the typed form of the YAML files. Does not belong here: applying them (engine, narrative, segmentation).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.catalogue.definitions import normalise_label, read_yaml

FOLDER = Path(__file__).parent / "templates"
NARRATIVE = "HN-NARRATIVE"


@dataclass(frozen=True)
class Column:
    """One column of a section: the header that names it and what its cells are."""

    match: re.Pattern[str]
    field: str | None
    table: str | None
    phase: str | None
    year_offset: int
    section_code: str | None


@dataclass(frozen=True)
class Rows:
    """How row labels become codes: vocabularies in order, the item where a label names only a source, rows of free names
    (with the
    hints that forms print in place of a name) or of text."""

    vocabularies: tuple[str, ...]
    item: str
    named_rows: str | None
    name_hints: frozenset[str]
    text_rows: dict[str, str]


@dataclass(frozen=True)
class Totals:
    """The row that closes the indicators: its label, its fact table and the item that it belongs to."""

    match: re.Pattern[str]
    table: str
    item: str


@dataclass(frozen=True)
class Section:
    """One part of a form. `kind`: matrix (header row × label column), records (header row with hierarchy columns), pairs
    (label and
    neighbour) or texts (text below or beside a label)."""

    id: str
    kind: str
    header: re.Pattern[str]
    table: str | None
    columns: tuple[Column, ...]
    rows: Rows | None
    field: str | None
    phase: str | None
    section_code: str | None
    totals: Totals | None


@dataclass(frozen=True)
class Head:
    """A label and its neighbour that describe the form as a whole."""

    match: re.Pattern[str]
    field: str
    table: str | None
    item: str | None


@dataclass(frozen=True)
class Template:
    """One form template."""

    template_id: str
    form_kind: str
    title: re.Pattern[str]
    anchors: frozenset[str]
    unit: str
    sections: tuple[Section, ...]
    heads: tuple[Head, ...]


def _column(entry: dict[str, Any]) -> Column:
    return Column(
        match=re.compile(entry["match"]),
        field=entry.get("field"),
        table=entry.get("table"),
        phase=entry.get("phase"),
        year_offset=entry.get("year_offset", 0),
        section_code=entry.get("section_code"),
    )


def _section(entry: dict[str, Any], shared: dict[str, list[dict[str, Any]]]) -> Section:
    columns = entry.get("columns", [])
    rows = entry.get("rows")
    totals = entry.get("totals")
    return Section(
        id=entry["id"],
        kind=entry["kind"],
        header=re.compile(entry["header"]),
        table=entry.get("table"),
        columns=tuple(map(_column, shared[columns] if isinstance(columns, str) else columns)),
        rows=None
        if rows is None
        else Rows(
            vocabularies=tuple(rows["vocabularies"]),
            item=rows.get("item", "total"),
            named_rows=rows.get("named_rows"),
            name_hints=frozenset(rows.get("name_hints", ())),
            text_rows=rows.get("text_rows", {}),
        ),
        field=entry.get("field"),
        phase=entry.get("phase"),
        section_code=entry.get("section_code"),
        totals=None if totals is None else Totals(re.compile(totals["match"]), totals["table"], totals["item"]),
    )


def _template(entry: dict[str, Any], shared: dict[str, list[dict[str, Any]]]) -> Template:
    return Template(
        template_id=entry["template_id"],
        form_kind=entry["form_kind"],
        title=re.compile(entry["title"]),
        anchors=frozenset(map(normalise_label, entry["anchors"])),
        unit=entry["unit"],
        sections=tuple(_section(section, shared) for section in entry["sections"]),
        heads=tuple(
            Head(re.compile(head["match"]), head["field"], head.get("table"), head.get("item")) for head in entry["heads"]
        ),
    )


@cache
def form_templates() -> tuple[Template, ...]:
    """Every form template, in the order of their file names."""
    shared = read_yaml(FOLDER / "shared.yml")
    files = (path for path in sorted(FOLDER.glob("*.yml")) if path.stem not in {"shared", NARRATIVE})
    return tuple(_template(read_yaml(path), shared) for path in files)


@cache
def narrative_template() -> dict[str, Any]:
    """The narrative's grammar as written in its YAML file."""
    content: dict[str, Any] = read_yaml(FOLDER / f"{NARRATIVE}.yml")
    return content
