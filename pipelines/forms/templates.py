"""Loads the templates: what anchors a form, which sections it has, which labels mean what, where and when it is in use.

Belongs here: the typed form of the YAML files, and which of them a reading knows (`usage`). Does not belong here: applying
them (engine, narrative, segmentation).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.catalogue.definitions import normalise_label, read_yaml

FOLDER = Path(__file__).parent / "templates"
NARRATIVE = "HN-NARRATIVE"
PROSE = "PROSE"
ACCOUNTS = "FINAL-ACCOUNTS"
_SHARED = "shared"


@dataclass(frozen=True)
class Validity:
    """Where and when a template is in use; None stands for every province, the first or the last year there is."""

    provinces: frozenset[str] | None
    from_year: int | None
    to_year: int | None

    def holds(self, province: str | None, year: int | None) -> bool:
        """Whether the template is in use in a province (Chinese name) and fiscal year; what is not known excludes nothing."""
        is_here = self.provinces is None or province is None or province in self.provinces
        is_begun = self.from_year is None or year is None or self.from_year <= year
        return is_here and is_begun and (self.to_year is None or year is None or year <= self.to_year)


@dataclass(frozen=True)
class Column:
    """One column of a section: the header that names it and what its cells are. A column without `field` only says more
    about the columns below it in a header of two lines; one with `behind` stands directly right of that label."""

    match: re.Pattern[str]
    behind: re.Pattern[str] | None
    field: str | None
    table: str | None
    phase: str | None
    year_offset: int
    section_code: str | None
    fund: str | None
    item: str | None


@dataclass(frozen=True)
class Rows:
    """How row labels become codes: vocabularies in order, the item where a label names only a source, rows of free names
    (with the hints that forms print in place of a name) or of text."""

    vocabularies: tuple[str, ...]
    item: str
    named_rows: str | None
    name_hints: frozenset[str]
    text_rows: dict[str, str]


@dataclass(frozen=True)
class Totals:
    """The row that closes the indicators: its label, its fact table and the item that it belongs to; and the label of rows
    that sum up a part of the indicators."""

    match: re.Pattern[str]
    table: str
    item: str
    parts: re.Pattern[str] | None


@dataclass(frozen=True)
class Section:
    """One part of a form. `kind`: matrix (header row × label column), records (header row with hierarchy columns), pairs
    (label and neighbour), texts (text below or beside a label) or totals (a row of total weight and score)."""

    id: str
    kind: str
    header: re.Pattern[str]
    table: str | None
    columns: tuple[Column, ...]
    rows: Rows | None
    item: str | None
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
    """One form template. With `is_off_template` it belongs to no family: it is tried where no other template fits."""

    template_id: str
    form_kind: str
    title: re.Pattern[str]
    anchors: frozenset[str]
    unit: str
    sections: tuple[Section, ...]
    heads: tuple[Head, ...]
    valid: Validity
    is_off_template: bool


@dataclass(frozen=True)
class Usage:
    """What a reading knows of its document: province, fiscal year, and the ids of templates that it does without."""

    province: str | None = None
    year: int | None = None
    without: frozenset[str] = frozenset()

    def holds(self, template: Template) -> bool:
        """Whether a template is one of a family that is in use in the province and year."""
        return not template.is_off_template and template.valid.holds(self.province, self.year)


_USAGE: ContextVar[Usage] = ContextVar("_USAGE", default=Usage())  # noqa: B039 - frozen


def usage() -> Usage:
    """The usage in force."""
    return _USAGE.get()


@contextmanager
def used_in(province: str | None, year: int | None) -> Iterator[None]:
    """Within it, templates in use in the province and year come first; None for what is not known."""
    token = _USAGE.set(replace(_USAGE.get(), province=province, year=year))
    try:
        yield
    finally:
        _USAGE.reset(token)


@contextmanager
def leaving_out(*template_ids: str) -> Iterator[None]:
    """Within it, documents are read as if the templates of these ids did not exist. Raises ValueError for an unknown id."""
    unknown = set(template_ids) - {template.template_id for template in all_templates()}
    if unknown:
        raise ValueError(f"no form template is called {', '.join(sorted(unknown))}")
    token = _USAGE.set(replace(_USAGE.get(), without=_USAGE.get().without | set(template_ids)))
    try:
        yield
    finally:
        _USAGE.reset(token)


def form_templates() -> tuple[Template, ...]:
    """Templates of the families: those in use in the province and year first, else in the order of their file names."""
    return _in_force(_USAGE.get())


@cache
def _in_force(known: Usage) -> tuple[Template, ...]:
    left = [one for one in all_templates() if not one.is_off_template and one.template_id not in known.without]
    return tuple(sorted(left, key=lambda template: not known.holds(template)))


def off_templates() -> tuple[Template, ...]:
    """The templates that belong to no family."""
    return tuple(template for template in all_templates() if template.is_off_template)


def _columns(entry: str | list[dict[str, Any]], shared: dict[str, Any]) -> tuple[Column, ...]:
    """Columns of a list in order: entries of its own, and `use` in the place of a whole list of shared.yml."""
    if isinstance(entry, str):
        entry = [{"use": entry}]
    found: list[Column] = []
    for column in entry:
        found += _columns(shared[column["use"]], shared) if "use" in column else [_column(column)]
    return tuple(found)


def _column(entry: dict[str, Any]) -> Column:
    return Column(
        match=re.compile(entry["match"]),
        behind=re.compile(entry["behind"]) if "behind" in entry else None,
        field=entry.get("field"),
        table=entry.get("table"),
        phase=entry.get("phase"),
        year_offset=entry.get("year_offset", 0),
        section_code=entry.get("section_code"),
        fund=entry.get("fund"),
        item=entry.get("item"),
    )


def _rows(entry: dict[str, Any]) -> Rows:
    return Rows(
        vocabularies=tuple(entry["vocabularies"]),
        item=entry.get("item", "total"),
        named_rows=entry.get("named_rows"),
        name_hints=frozenset(entry.get("name_hints", ())),
        text_rows=entry.get("text_rows", {}),
    )


def _totals(entry: dict[str, Any]) -> Totals:
    parts = entry.get("parts")
    return Totals(re.compile(entry["match"]), entry["table"], entry["item"], None if parts is None else re.compile(parts))


def _section(entry: dict[str, Any], shared: dict[str, Any]) -> Section:
    rows, totals = entry.get("rows"), entry.get("totals")
    return Section(
        id=entry["id"],
        kind=entry["kind"],
        header=re.compile(entry["header"]),
        table=entry.get("table"),
        columns=_columns(entry.get("columns", []), shared),
        rows=None if rows is None else _rows(rows),
        item=entry.get("item"),
        field=entry.get("field"),
        phase=entry.get("phase"),
        section_code=entry.get("section_code"),
        totals=None if totals is None else _totals(totals),
    )


def _head(entry: dict[str, Any]) -> Head:
    return Head(re.compile(entry["match"]), entry["field"], entry.get("table"), entry.get("item"))


def _heads(entries: list[dict[str, Any]], shared: dict[str, Any]) -> tuple[Head, ...]:
    found: list[Head] = []
    for entry in entries:
        found += _heads(shared[entry["use"]], shared) if "use" in entry else [_head(entry)]
    return tuple(found)


def _validity(entry: dict[str, Any]) -> Validity:
    provinces = entry["provinces"]
    return Validity(None if provinces == "all" else frozenset(provinces), entry.get("from_year"), entry.get("to_year"))


def _template(entry: dict[str, Any], shared: dict[str, Any]) -> Template:
    return Template(
        template_id=entry["template_id"],
        form_kind=entry["form_kind"],
        title=re.compile(entry["title"]),
        anchors=frozenset(map(normalise_label, entry["anchors"])),
        unit=entry["unit"],
        sections=tuple(_section(section, shared) for section in entry["sections"]),
        heads=_heads(entry["heads"], shared),
        valid=_validity(entry["valid"]),
        is_off_template=entry.get("off_template", False),
    )


@cache
def _shared() -> dict[str, Any]:
    content: dict[str, Any] = read_yaml(FOLDER / f"{_SHARED}.yml")
    return content


@cache
def all_templates() -> tuple[Template, ...]:
    """Every template of a form, left out or not, those without a family among them."""
    files = (path for path in sorted(FOLDER.glob("*.yml")) if path.stem not in {_SHARED, NARRATIVE, PROSE, ACCOUNTS})
    return tuple(_template(read_yaml(path), _shared()) for path in files)


@cache
def coded_names() -> tuple[re.Pattern[str], ...]:
    """How project codes are written inside project names: patterns with the groups `code` and `name`."""
    return tuple(map(re.compile, _shared()["coded_names"]))


@cache
def grades() -> re.Pattern[str]:
    """What a grade in the row of totals looks like."""
    return re.compile(_shared()["grades"])


@cache
def sums() -> re.Pattern[str]:
    """What the label of a row is that sums up others; such a row is neither an indicator nor a fund of its own."""
    return re.compile(_shared()["sums"])


@cache
def narrative_template() -> dict[str, Any]:
    """The narrative's grammar as written in its YAML file."""
    content: dict[str, Any] = read_yaml(FOLDER / f"{NARRATIVE}.yml")
    return content


@cache
def prose_template() -> dict[str, Any]:
    """How paragraphs on one project begin, as written in its YAML file."""
    content: dict[str, Any] = read_yaml(FOLDER / f"{PROSE}.yml")
    return content


@cache
def accounts_template() -> dict[str, Any]:
    """What FINAL-ACCOUNTS.yml says of sentences and tables of final accounts."""
    content: dict[str, Any] = read_yaml(FOLDER / f"{ACCOUNTS}.yml")
    return content
