"""The data tests without dbt: they pass over sound facts, and each kind finds what it is for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.catalogue import catalogue
from pipelines.catalogue.rendering import read_marts
from pipelines.warehouse.data_tests import rendered_tests, run_tests
from pipelines.warehouse.models import build_in_memory
from tests.support.figures import facts_of, read_figures

PROJECT = Path(__file__).parents[2]
DBT_PROJECT = PROJECT / "dbt_project"


@pytest.fixture(scope="module")
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with build_in_memory(facts_of(read_figures("contradictory")), DBT_PROJECT) as connection:
        yield connection


def failing(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    return {(result.model, result.name) for result in run_tests(connection, DBT_PROJECT) if result.failures}


def test_sound_facts_pass_every_test(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert len(rendered_tests(DBT_PROJECT)) > 80
    assert failing(warehouse) == set()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("insert into marts.mart_staffing from marts.mart_staffing", ("mart_staffing", "unique_combination")),
        ("update marts.mart_execution set item_code = 'odd' where rowid = 0", ("mart_execution", "known_codes")),
        ("update marts.mart_staffing set department_id = 'odd', city_code = 'x'", ("mart_staffing", "in_dimension")),
    ],
)
def test_each_kind_of_test_finds_what_it_is_for(
    warehouse: duckdb.DuckDBPyConnection, change: str, found: tuple[str, str]
) -> None:
    warehouse.execute("begin")
    try:
        warehouse.execute(change)
        assert failing(warehouse) == {found}
    finally:
        warehouse.execute("rollback")


@pytest.mark.parametrize("mart", read_marts(PROJECT), ids=lambda mart: str(mart["name"]))
def test_every_code_of_a_mart_is_held_against_its_vocabulary(mart: dict[str, Any]) -> None:
    fields = [catalogue().fields[column["name"]] for column in mart["columns"]]
    coded = {field.name: field.codes for field in fields if field.codes and field.type == "VARCHAR"}
    tested: dict[str, str] = {}
    for test in mart.get("data_tests", ()):
        for name, definition in test.items():
            if name == "known_codes":
                tested |= dict(definition)["arguments"]["columns"]
    assert tested == coded
