"""dbt's own build of the project: unit tests and data tests pass, and every table is what the build in memory gives."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.catalogue import catalogue
from pipelines.catalogue.rendering import frames
from pipelines.warehouse.models import build_in_memory, rendered_models
from pipelines.warehouse.reference import reference_frames
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
    """A warehouse file with schemas `facts`, `catalogue` and `reference`, built by dbt with its unit tests."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    folder = tmp_path_factory.mktemp("dbt")
    path = folder / "warehouse.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("create schema facts; create schema catalogue; create schema reference")
        for table in catalogue().tables.values():
            columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
            connection.execute(f"create table facts.{table.name} ({columns})")
            if table.name in facts:
                connection.register("frame", facts[table.name])
                connection.execute(f"insert into facts.{table.name} by name select * from frame")
        for name, frame in frames().items():
            connection.register("frame", frame)
            connection.execute(f"create table catalogue.{name} as select * from frame")
        for name, frame in reference_frames(DBT_PROJECT.parent).items():
            connection.register("frame", frame)
            connection.execute(f"create table reference.{name} as select * from frame")
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


def test_models_carry_bilingual_comments(warehouse: Path) -> None:
    with duckdb.connect(warehouse, read_only=True) as built:
        missing = built.execute(
            "select table_name, column_name from duckdb_columns() where coalesce(comment, '') = '' "
            "and schema_name in ('staging', 'intermediate', 'rules', 'marts')"
        ).fetchall()
        stated = built.execute(
            "select comment from duckdb_columns() where table_name = 'mart_findings' and column_name = 'stated_value'"
        ).fetchall()
    assert missing == []
    source = "出处 — Source: left_row_ids 所指单元格 – cells of left_row_ids."
    assert stated == [(f"报告数 — Figure that the report states. {source}",)]


def test_metrics_are_understood_by_metricflow(warehouse: Path) -> None:
    understood = json.loads((warehouse.parent / "target" / "semantic_manifest.json").read_bytes())
    metrics = {metric["name"] for metric in understood["metrics"]}
    assert {"executed", "budget_final", "execution_rate", "three_public_per_head", "mean_department_score"} <= metrics
    (spine,) = understood["project_configuration"]["time_spines"]
    assert spine["node_relation"]["alias"] == "dim_day"


def test_dbt_build_alone_builds_beside_the_published_warehouse(warehouse: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "current").mkdir(parents=True)
    (home / "dbt").mkdir()
    published = home / "current" / "warehouse.duckdb"
    shutil.copy(warehouse, published)
    before = published.read_bytes()
    aside = {"JIXIAO_HOME": str(home), "DBT_TARGET_PATH": str(tmp_path / "target"), "DBT_LOG_PATH": str(tmp_path / "logs")}
    # The unit tests ran when the warehouse was built; the habit is `dbt build` without any option.
    command = [sys.executable, "-m", "dbt.cli.main", "build", "--exclude", "resource_type:unit_test"]
    done = subprocess.run(command, cwd=DBT_PROJECT, env=os.environ | aside, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert published.read_bytes() == before
    with duckdb.connect(home / "dbt" / "models.duckdb", read_only=True) as built, duckdb.connect(published) as reference:
        query = "select check_id, outcome, count(*) from marts.mart_rule_outcomes group by all order by all"
        assert built.execute(query).fetchall() == reference.execute(query).fetchall()
