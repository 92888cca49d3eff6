"""What Dagster sees: assets from raw to marts, blocking checks, one job, one schedule, one sensor, one-writer pool."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from pipelines.definitions import defs
from pipelines.defs import automation, lineage
from pipelines.defs.instance import instance
from pipelines.defs.night import WRITER_POOL
from pipelines.quality import fact_tables
from pipelines.settings import Settings

PROJECT = Path(__file__).parents[2]
STAGES = ["raw_reports", "parsed_documents", "settled_facts", "lake", "warehouse_facts", "audited_warehouse", "release"]


@pytest.fixture(scope="module")
def graph() -> dg.AssetGraph:
    return defs.resolve_asset_graph()


@pytest.fixture(scope="module")
def models() -> list[str]:
    return [path.stem for path in sorted((PROJECT / "dbt_project" / "models").rglob("*.sql"))]


def ancestors(graph: dg.AssetGraph, name: str) -> set[str]:
    return {key.to_user_string() for key in graph.get_ancestor_asset_keys(dg.AssetKey(name))}


def test_assets_are_the_stages_the_fact_tables_and_the_models(graph: dg.AssetGraph, models: list[str]) -> None:
    expected = {*STAGES, *fact_tables(), "absent_values", "unmapped_labels", *models}
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} == expected
    assert models


def test_lineage_leads_from_raw_reports_to_every_model_and_the_release(graph: dg.AssetGraph, models: list[str]) -> None:
    before_the_models = {"raw_reports", "parsed_documents", *fact_tables(), "settled_facts", "lake", "warehouse_facts"}
    for model in models:
        assert before_the_models <= ancestors(graph, model), model
    assert ancestors(graph, "release") == {*before_the_models, *models, "absent_values", "unmapped_labels", "audited_warehouse"}


def test_layers_of_the_models_are_their_groups(graph: dg.AssetGraph) -> None:
    groups = {model.name: model.layer for model in lineage.read_models(PROJECT / "dbt_project")}
    assert {name: graph.get(dg.AssetKey(name)).group_name for name in groups} == groups
    assert set(groups.values()) <= {"staging", "intermediate", "rules", "marts"}


def test_every_fact_table_has_a_blocking_check(graph: dg.AssetGraph) -> None:
    checks = {key: graph.get_check_spec(key) for key in graph.asset_check_keys}
    assert {key.asset_key.to_user_string() for key in checks if key.name == "expectations"} == set(fact_tables())
    assert all(spec.blocking for spec in checks.values())


def test_every_model_with_data_tests_has_a_check(graph: dg.AssetGraph) -> None:
    tested = {model.name for model in lineage.read_models(PROJECT / "dbt_project") if model.is_tested}
    assert {key.asset_key.to_user_string() for key in graph.asset_check_keys if key.name == "data_tests"} == tested


def test_one_job_takes_everything_in_one_process_under_the_writer_pool(graph: dg.AssetGraph) -> None:
    job = defs.resolve_job_def("nightly")
    assert {key.to_user_string() for key in job.asset_layer.executable_asset_keys} == {
        key.to_user_string() for key in graph.get_all_asset_keys()
    }
    assert set(job.asset_layer.asset_graph.asset_check_keys) == set(graph.asset_check_keys)
    assert job.executor_def is dg.in_process_executor
    assert {node.definition.pool for node in job.nodes} == {WRITER_POOL}  # type: ignore[attr-defined]


def test_schedule_is_two_in_the_morning_in_shanghai() -> None:
    (schedule,) = defs.schedules or ()
    assert isinstance(schedule, dg.ScheduleDefinition)
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "Asia/Shanghai")
    assert schedule.job_name == "nightly"


def test_one_sensor_asks_for_the_job_and_two_look_after_its_runs() -> None:
    sensors = {sensor.name: sensor for sensor in defs.sensors or ()}
    assert set(sensors) == {"new_files", "failed_nights", "killed_runs"}
    assert sensors["new_files"].job_name == "nightly"
    assert {sensor.default_status for sensor in sensors.values()} == {dg.DefaultSensorStatus.RUNNING}


def test_the_release_is_overdue_at_eight_in_the_morning(graph: dg.AssetGraph) -> None:
    policy = graph.get(dg.AssetKey("release")).freshness_policy
    assert policy == dg.FreshnessPolicy.cron("0 8 * * *", timedelta(hours=6), "Asia/Shanghai")
    settings = yaml.safe_load((PROJECT / "dagster.yaml").read_text(encoding="utf-8"))
    assert settings["freshness"] == {"enabled": True}
    assert settings["run_retries"] == {"enabled": False}


@pytest.mark.parametrize("recorded", [True, False])
def test_instance_lets_one_writing_run_out_of_the_queue_and_sends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recorded: bool
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster") if recorded else "")
    with instance(Settings.load(home=tmp_path / "home")) as held:
        assert held.is_ephemeral is not recorded
        assert (tmp_path / "dagster" / "dagster.yaml").is_file() is recorded
        config = held.get_concurrency_config()
        assert config.pool_config.default_pool_limit == 1
        assert config.pool_config.pool_granularity is not None
        assert config.pool_config.pool_granularity.value == "run"
        assert held.telemetry_enabled is False


def test_dagster_dev_finds_module_and_instance_settings_in_the_checkout() -> None:
    assert 'module_name = "pipelines.definitions"' in (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    assert yaml.safe_load((PROJECT / "dagster.yaml").read_text(encoding="utf-8"))["telemetry"] == {"enabled": False}


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw" / "zhuzhou" / "2024"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("甲", encoding="utf-8")
    (folder / "b.txt").write_text("乙", encoding="utf-8")
    return tmp_path / "raw"


def settle(raw: Path, cursor: str | None) -> tuple[dg.SensorResult, str]:
    """Look twice, so that what lies there has settled; the second answer and its cursor."""
    first = automation.look(raw, cursor)
    assert isinstance(first, dg.SensorResult)
    second = automation.look(raw, first.cursor)
    assert isinstance(second, dg.SensorResult)
    assert second.cursor is not None
    return second, second.cursor


def test_sensor_waits_until_files_have_settled_then_asks_once_for_all(raw: Path) -> None:
    first = automation.look(raw, None)
    assert isinstance(first, dg.SensorResult)
    assert not first.run_requests
    (raw / "zhuzhou" / "2024" / "c.txt").write_text("丙", encoding="utf-8")
    still = automation.look(raw, first.cursor)
    assert isinstance(still, dg.SensorResult)
    assert not still.run_requests
    settled = automation.look(raw, still.cursor)
    assert isinstance(settled, dg.SensorResult)
    assert len(settled.run_requests or []) == 1
    assert isinstance(automation.look(raw, settled.cursor), dg.SkipReason)


@pytest.mark.parametrize("change", ["new", "gone", "larger", "later"])
def test_sensor_sees_every_kind_of_change(raw: Path, change: str) -> None:
    _, cursor = settle(raw, None)
    path = raw / "zhuzhou" / "2024" / "a.txt"
    if change == "new":
        path.with_name("c.txt").write_text("丙", encoding="utf-8")
    elif change == "gone":
        path.unlink()
    elif change == "larger":
        path.write_text("甲甲", encoding="utf-8")
    else:
        os.utime(path, ns=(1, 1))
    result, _ = settle(raw, cursor)
    assert len(result.run_requests or []) == 1


def test_sensor_asks_again_for_files_that_came_back(raw: Path) -> None:
    path = raw / "zhuzhou" / "2024" / "a.txt"
    former, cursor = settle(raw, None)
    aside = path.rename(raw.parent / "a.txt")
    _, cursor = settle(raw, cursor)
    aside.rename(path)
    (request,) = settle(raw, cursor)[0].run_requests or ()
    assert request.run_key not in [other.run_key for other in former.run_requests or ()]


def test_sensor_without_a_raw_folder_says_so(tmp_path: Path) -> None:
    answer = automation.look(tmp_path / "nowhere", None)
    assert isinstance(answer, dg.SkipReason)
    assert "nowhere" in (answer.skip_message or "")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    from dbt.cli.main import dbtRunner

    folder = tmp_path_factory.mktemp("dbt")
    output = {"type": "duckdb", "path": str(folder / "warehouse.duckdb"), "schema": "main"}
    name = yaml.safe_load((PROJECT / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8"))["profile"]
    (folder / "profiles.yml").write_text(yaml.safe_dump({name: {"target": "x", "outputs": {"x": output}}}), encoding="utf-8")
    places = {"project-dir": PROJECT / "dbt_project", "profiles-dir": folder, "target-path": folder, "log-path": folder}
    arguments = [part for option, path in places.items() for part in (f"--{option}", str(path))]
    outcome = dbtRunner().invoke(["parse", "--quiet", "--no-send-anonymous-usage-stats", "--no-version-check", *arguments])
    assert outcome.success, outcome.exception
    yield json.loads((folder / "manifest.json").read_bytes())


def test_lineage_and_tests_are_those_of_dbt(manifest: dict[str, Any]) -> None:
    nodes = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    attached = {node.get("attached_node") for node in manifest["nodes"].values() if node["resource_type"] == "test"}
    expected = {
        node["name"]: (
            {nodes[key]["name"] for key in node["depends_on"]["nodes"] if key in nodes},
            {".".join(key.split(".")[2:]) for key in node["depends_on"]["nodes"] if key.startswith("source.")},
            key in attached,
        )
        for key, node in nodes.items()
    }
    found = {
        model.name: (set(model.refs), set(model.sources), model.is_tested)
        for model in lineage.read_models(PROJECT / "dbt_project")
    }
    assert found == expected
