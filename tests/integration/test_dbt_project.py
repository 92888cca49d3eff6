"""dbt's own build of the project: unit tests and data tests pass, and every table is what the build in memory gives."""

from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.catalogue import catalogue
from pipelines.catalogue.rendering import frames
from pipelines.warehouse.models import build_in_memory, rendered_models
from tests.support.figures import facts_of, read_figures

DBT_PROJECT = Path(__file__).parents[2] / "dbt_project"


@pytest.fixture(scope="module")
def facts() -> dict[str, pl.DataFrame]:
    reports = [facts_of(read_figures(name), name) for name in ("clean", "contradictory")]
    return {
        table: pl.concat([report[table] for report in reports if table in report]) for table in sorted(set().union(*reports))
    }


@pytest.fixture(scope="module")
def warehouse(facts: dict[str, pl.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse file with schemas `facts` and `catalogue`, built by dbt with its unit tests."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    folder = tmp_path_factory.mktemp("dbt")
    path = folder / "warehouse.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("create schema facts; create schema catalogue")
        for table in catalogue().tables.values():
            columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
            connection.execute(f"create table facts.{table.name} ({columns})")
            if table.name in facts:
                connection.register("frame", facts[table.name])
                connection.execute(f"insert into facts.{table.name} by name select * from frame")
        for name, frame in frames().items():
            connection.register("frame", frame)
            connection.execute(f"create table catalogue.{name} as select * from frame")
    folders = {"project-dir": DBT_PROJECT, "profiles-dir": DBT_PROJECT, "target-path": folder / "target", "log-path": folder}
    options = [part for name, place in folders.items() for part in (f"--{name}", str(place))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JIXIAO_WAREHOUSE_FILE", str(path))
        outcome = dbtRunner().invoke(
            ["build", "--target", "release", "--quiet", "--no-version-check", "--no-partial-parse", *options]
        )
        DuckDBConnectionManager.close_all_connections()
    statuses = {result.node.unique_id: str(result.status) for result in getattr(outcome.result, "results", [])}
    assert outcome.success, {name: status for name, status in statuses.items() if status not in ("success", "pass")}
    return path


def test_dbt_and_the_build_in_memory_give_the_same_rows(warehouse: Path, facts: dict[str, pl.DataFrame]) -> None:
    with duckdb.connect(warehouse, read_only=True) as built, build_in_memory(facts, DBT_PROJECT) as in_memory:
        for model in rendered_models(DBT_PROJECT):
            query = f"select * from {model.schema}.{model.name} order by all"
            expected: list[Any] = built.execute(query).fetchall()
            assert in_memory.execute(query).fetchall() == expected, model.name


def test_marts_carry_bilingual_comments(warehouse: Path) -> None:
    with duckdb.connect(warehouse, read_only=True) as built:
        missing = built.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = 'marts' and coalesce(comment, '') = ''"
        ).fetchall()
        stated = built.execute(
            "select comment from duckdb_columns() where table_name = 'mart_findings' and column_name = 'stated_value'"
        ).fetchall()
    assert missing == []
    assert stated == [("报告数 — Figure that the report states.",)]
