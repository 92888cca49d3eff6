"""One Great Expectations suite per fact table, rendered from the catalogue and `extra.yml`.

Belongs here: which expectation follows from which definition, ids that never change, and the JSON of the committed suites.
Does not belong here: evaluating a suite; nothing here imports Great Expectations.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.catalogue import Table, catalogue
from pipelines.catalogue.definitions import read_yaml

EXTRA = Path(__file__).parent / "extra.yml"
# Ids of suites and expectations are derived from this and their content, so that rendering twice gives the same bytes.
_NAMESPACE = uuid.UUID("6f3a0b52-6d0c-5b3e-9a55-0f6f1f3c2d10")


def fact_tables() -> tuple[str, ...]:
    """Names of the tables that have a suite: every table of values of the catalogue, in its order."""
    return tuple(name for name, table in catalogue().tables.items() if table.holds_values)


@dataclass(frozen=True)
class Extra:
    """Expectations that only `extra.yml` knows: derived columns as SQL, and (type, column, kwargs, why) in order."""

    derived: dict[str, str] = field(default_factory=dict)
    expectations: tuple[tuple[str, str, dict[str, Any], str], ...] = ()


@cache
def extra_expectations(table_name: str) -> Extra:
    """What `extra.yml` adds for a fact table, the entries of `every_table` first."""
    content = read_yaml(EXTRA)
    found: list[tuple[str, str, dict[str, Any], str]] = []
    for section in ("every_table", table_name):
        for entry in content.get(section, {}).get("expectations", []):
            kwargs = {name: value for name, value in entry.items() if name not in ("type", "columns", "why")}
            found.extend((entry["type"], column, kwargs, entry["why"]) for column in entry["columns"])
    return Extra(content.get(table_name, {}).get("derived", {}), tuple(found))


def _catalogue_expectations(table: Table, derived: dict[str, str]) -> list[tuple[str, dict[str, Any], str]]:
    """(type, kwargs, note) of everything that the catalogue says about a table."""
    columns = [*table.column_names, *derived]
    entries: list[tuple[str, dict[str, Any], str]] = [
        ("expect_table_columns_to_match_ordered_list", {"column_list": columns}, "列及其次序以目录为准"),
        ("expect_column_values_to_be_unique", {"column": "row_id"}, "行号不重复"),
    ]
    if table.key != ("row_id",):
        key = list(table.key)
        unique: tuple[str, dict[str, Any]] = (
            ("expect_column_values_to_be_unique", {"column": key[0]})
            if len(key) == 1
            # Two rows without a project name are still the same row.
            else ("expect_compound_columns_to_be_unique", {"column_list": key, "ignore_row_if": "never"})
        )
        entries.append((*unique, f"一行一个：{table.grain}"))
    for column in table.columns:
        if column.name in table.required:
            entries.append(("expect_column_values_to_not_be_null", {"column": column.name}, f"{column.zh}不可缺"))
        if column.codes:
            codes = list(catalogue().codes[column.codes])
            kwargs = {"column": column.name, "value_set": codes}
            entries.append(("expect_column_values_to_be_in_set", kwargs, f"{column.zh}须在目录中"))
        if column.min is not None or column.max is not None:
            bounds = {"min_value": column.min, "max_value": column.max}
            given = {"column": column.name, **{name: bound for name, bound in bounds.items() if bound is not None}}
            entries.append(("expect_column_values_to_be_between", given, f"{column.zh}的可信范围"))
    return entries


def _identity(*parts: Any) -> str:
    return str(uuid.uuid5(_NAMESPACE, json.dumps(parts, ensure_ascii=False, sort_keys=True)))


def suite(table_name: str) -> dict[str, Any]:
    """The suite of a fact table in Great Expectations' JSON form. Raises KeyError for a table that the catalogue lacks."""
    extra = extra_expectations(table_name)
    entries = _catalogue_expectations(catalogue().tables[table_name], extra.derived)
    entries.extend((kind, {"column": column, **kwargs}, why) for kind, column, kwargs, why in extra.expectations)
    expectations = [
        {
            "id": _identity(table_name, kind, kwargs),
            "kwargs": kwargs,
            "meta": {},
            "notes": note,
            "severity": "critical",
            "type": kind,
        }
        for kind, kwargs, note in entries
    ]
    return {
        "expectations": expectations,
        "id": _identity(table_name),
        "meta": {},
        "name": table_name,
        "notes": catalogue().tables[table_name].en,
    }


def suite_json(table_name: str) -> str:
    """The committed text of a suite's file."""
    return json.dumps(suite(table_name), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def render(folder: Path) -> list[Path]:
    """Write `<table>.json` of every fact table into `folder` and return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for table_name in fact_tables():
        path = folder / f"{table_name}.json"
        path.write_text(suite_json(table_name), encoding="utf-8")
        paths.append(path)
    return paths
