"""Suites are rendered from the catalogue; what is committed is what would be rendered."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.catalogue import catalogue
from pipelines.quality.suites import fact_tables, render, suite, suite_json

COMMITTED = Path(__file__).parents[2] / "expectations"


@pytest.mark.parametrize("table", fact_tables())
def test_committed_suite_is_the_rendered_one(table: str) -> None:
    committed = (COMMITTED / f"{table}.json").read_text(encoding="utf-8")
    assert committed == suite_json(table), "run: python -m pipelines.quality render"


def test_every_committed_suite_has_a_fact_table() -> None:
    assert {path.stem for path in COMMITTED.glob("*.json")} == set(fact_tables())


def test_render_writes_one_file_per_fact_table(tmp_path: Path) -> None:
    assert [path.stem for path in render(tmp_path / "new")] == list(fact_tables())
    assert (tmp_path / "new" / "fact_goals.json").read_text(encoding="utf-8") == suite_json("fact_goals")


def test_ids_are_unique_over_all_suites() -> None:
    ids = [entry["id"] for table in fact_tables() for entry in suite(table)["expectations"]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("table", fact_tables())
def test_suite_covers_what_the_catalogue_says(table: str) -> None:
    definition = catalogue().tables[table]
    entries = [(entry["type"], entry["kwargs"]) for entry in suite(table)["expectations"]]
    never_null = {kwargs["column"] for kind, kwargs in entries if kind == "expect_column_values_to_not_be_null"}
    sets = {kwargs["column"]: kwargs["value_set"] for kind, kwargs in entries if kind == "expect_column_values_to_be_in_set"}
    bounds = {kwargs["column"] for kind, kwargs in entries if kind == "expect_column_values_to_be_between"}
    unique = [kwargs for kind, kwargs in entries if kind.endswith("_to_be_unique")]
    assert definition.required <= never_null
    assert {
        column.name: list(catalogue().codes[column.codes]) for column in definition.columns if column.codes
    }.items() <= sets.items()
    assert {column.name for column in definition.columns if column.min is not None or column.max is not None} <= bounds
    assert any(kwargs.get("column_list", [kwargs.get("column")]) == list(definition.key) for kwargs in unique)


def test_neither_suites_nor_empty_frames_import_the_engine() -> None:
    code = (
        "import sys; from pipelines.catalogue.schemas import empty_frame; from pipelines import quality;"
        "quality.validate('fact_goals', empty_frame('fact_goals'));"
        "sys.exit(sum(name in sys.modules for name in ('great_expectations', 'pandas', 'dagster', 'dbt')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=COMMITTED.parent).returncode == 0
