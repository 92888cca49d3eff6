"""The nightly job run in process with stages that only note that they were called: order, checks, failures, what is told."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from pipelines import archive, documents, facts, warehouse
from pipelines.archive.planning import PLAN_SCHEMA
from pipelines.defs import night as night_module
from pipelines.defs import telling, told
from pipelines.defs.assembly import definitions
from pipelines.defs.instance import CLI, STARTED_BY, instance
from pipelines.defs.nightly import NightlyResult, run_nightly
from pipelines.nights import history
from pipelines.nights.logs import log_path
from pipelines.quality import fact_tables
from pipelines.settings import Settings
from tests.support.facts import fact_frame, figure_cells, write_run
from tests.support.nights import STAGES
from tests.support.servers import Web, web


class House:
    """Stages in place of the real ones: `called` lists them as they run, `fail` makes one raise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.called: list[str] = []
        self.fail: dict[str, Exception] = {}
        self.passing: dict[str, list[Exception]] = {}
        self.frames: dict[str, Any] = {}
        self.needs_release = True
        monkeypatch.setattr(told, "published", lambda settings, release_id: {})
        monkeypatch.setattr(archive, "plan", self.plan)
        monkeypatch.setattr(documents, "READERS_VERSION", "1", raising=False)
        monkeypatch.setattr(documents, "read_pending", self.read_pending, raising=False)
        monkeypatch.setattr(facts, "extract_pending", self.extract_pending)
        monkeypatch.setattr(facts, "settle", lambda run: self.note("settle", {"parsed": 0}))
        monkeypatch.setattr(warehouse, "needs_release", lambda settings: self.needs_release)
        monkeypatch.setattr(warehouse, "merge", lambda settings, run: self.note("merge", {"partitions_written": 0}))
        for name in ("load", "run_models", "audit"):
            monkeypatch.setattr(warehouse, name, lambda settings, name=name: self.note(name, {}))
        monkeypatch.setattr(
            warehouse, "publish", lambda settings, *_: self.note("publish", {"release_id": "r1", "previous_release_id": None})
        )

    def note(self, name: str, counts: dict[str, Any]) -> dict[str, Any]:
        self.called.append(name)
        if self.passing.get(name):
            raise self.passing[name].pop()
        if name in self.fail:
            raise self.fail[name]
        return counts

    def plan(self, settings: Settings, run: Path, readers: str, templates: str, progress: Any, *how: Any) -> dict[str, Any]:
        assert run.is_dir()
        pl.DataFrame(schema=PLAN_SCHEMA).write_parquet(run / "plan.parquet")
        progress(1, 2)
        return self.note("plan", {"read": 0, "extract": 0, "unreadable": []})

    def read_pending(self, settings: Settings, run: Path, progress: Any = None) -> dict[str, Any]:
        progress(2, 2, "a.txt")
        return self.note("read_pending", {"read": 0})

    def extract_pending(self, settings: Settings, run: Path, progress: Any = None) -> dict[str, Any]:
        write_run(run, self.frames)
        tables = (*fact_tables(), "absent_values", "unmapped_labels")
        return self.note("extract_pending", {name: len(self.frames.get(name, ())) for name in tables})


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return Settings.load(home=tmp_path / "home", raw=tmp_path / "raw")


@pytest.fixture
def recorded(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nights leave their events on disk."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    return House(monkeypatch)


def night(settings: Settings) -> NightlyResult:
    return run_nightly(settings, lambda stage, done, total, text: None)


def test_stages_run_in_order_and_tell_their_progress(settings: Settings, house: House) -> None:
    events: list[tuple[str, int, int, str]] = []
    result = run_nightly(settings, lambda *event: events.append(event))
    assert result.errors == []
    assert house.called == [
        "plan",
        "read_pending",
        "extract_pending",
        "settle",
        "merge",
        "load",
        "run_models",
        "audit",
        "publish",
    ]
    assert [stage for stage, done, total, _ in events if (done, total) == (0, 0)] == STAGES
    assert ("raw_reports", 1, 2, "") in events
    assert ("parsed_documents", 2, 2, "a.txt") in events
    assert list(result.seconds) == STAGES
    assert result.published
    assert result.counts["release"]["release_id"] == "r1"


def test_nothing_is_built_where_no_release_is_needed(settings: Settings, house: House) -> None:
    house.needs_release = False
    result = night(settings)
    assert result.errors == []
    assert not result.published
    assert house.called[-1] == "merge"
    assert all("skipped" in result.counts[stage] for stage in STAGES[6:])


@pytest.mark.usefixtures("recorded")
def test_rows_in_quarantine_are_a_warning_and_the_rest_goes_on(settings: Settings, house: House) -> None:
    frame = fact_frame("fact_personnel", {}, {"in_post_count": -1})
    house.frames = {"fact_personnel": frame, "figure_cells": figure_cells("fact_personnel", frame, "in_post_count")}
    result = night(settings)
    assert result.errors == []
    assert result.published
    assert result.counts["checked_facts"]["fact_personnel"]["rows_quarantined_count"] == 1
    with instance(settings) as held:
        (run,) = held.get_runs()
        checks = [
            event.dagster_event.asset_check_evaluation_data
            for event in held.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
            if event.dagster_event
        ]
    failed = [check for check in checks if not check.passed]
    assert [(check.asset_key.to_user_string(), check.severity) for check in failed] == [
        ("fact_personnel", dg.AssetCheckSeverity.WARN)
    ]


def test_a_broken_suite_stops_the_night_before_anything_is_settled(settings: Settings, house: House, tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "expectations").mkdir(parents=True)
    for name in ("dbt_project", "dagster.yaml", "data"):
        (project / name).symlink_to(settings.project / name)
    for path in (settings.project / "expectations").glob("*.json"):
        (project / "expectations" / path.name).write_bytes(b"{" if path.stem == "fact_goals" else path.read_bytes())
    result = night(Settings.load(project=project, home=settings.home, raw=settings.raw))
    assert house.called == ["plan", "read_pending", "extract_pending"]
    assert not result.published
    (error,) = result.errors
    assert error.startswith("fact_goals: fact_goals.json: the suite cannot be read")


@pytest.mark.parametrize(
    ("stage", "error", "told"),
    [
        (
            "plan",
            archive.RawFolderError("no such folder"),
            "raw_reports: pipelines.archive.register.RawFolderError: no such folder",
        ),
        (
            "run_models",
            warehouse.ModelError("dbt: test x"),
            "warehouse_models: pipelines.warehouse.build.ModelError: dbt: test x",
        ),
        ("audit", warehouse.AuditError(["rows lost"]), "audited_warehouse: pipelines.warehouse.audit.AuditError: the built"),
    ],
)
def test_a_failed_stage_stops_the_night_and_is_told(
    settings: Settings, house: House, stage: str, error: Exception, told: str
) -> None:
    house.fail[stage] = error
    result = night(settings)
    assert house.called[-1] == stage
    assert not result.published
    (found,) = result.errors
    assert found.startswith(told)
    assert "/" not in found.replace(str(settings.home), "")


def test_the_next_night_succeeds_after_a_failed_one(settings: Settings, house: House) -> None:
    house.fail["merge"] = warehouse.LakeError("torn")
    assert night(settings).errors
    house.fail.clear()
    assert night(settings).published


def test_a_second_writer_is_refused_before_anything_is_done(settings: Settings, house: House) -> None:
    with warehouse.writer_lock(settings), pytest.raises(warehouse.LockedError):
        night(settings)
    assert house.called == []


@pytest.mark.usefixtures("recorded")
def test_runs_of_killed_commands_are_closed_by_the_next(settings: Settings, house: House) -> None:
    with instance(settings) as held:
        job = definitions(settings).resolve_job_def("nightly")
        killed = held.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags={STARTED_BY: CLI})
        other = held.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert night(settings).published
    with instance(settings) as held:
        status = {run.run_id: run.status for run in held.get_runs()}
    assert status[killed.run_id] is dg.DagsterRunStatus.FAILURE
    assert status[other.run_id] is dg.DagsterRunStatus.STARTED


def test_the_job_runs_with_its_own_resource_as_under_dagster(
    settings: Settings, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIXIAO_HOME", str(settings.home))
    monkeypatch.setenv("JIXIAO_RAW", str(settings.raw))
    outcome = definitions(settings).resolve_job_def("nightly").execute_in_process()
    assert outcome.success
    assert house.called[-1] == "publish"
    with warehouse.writer_lock(settings):
        assert (settings.home / "runs").is_dir()


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    with web() as server:
        monkeypatch.setenv("JIXIAO_WEBHOOK_URL", f"http://127.0.0.1:{server.port}/key")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield server


def logged(settings: Settings) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log_path(settings.home).read_text(encoding="utf-8").splitlines()]


def test_every_night_leaves_a_record_a_page_and_a_log(settings: Settings, house: House) -> None:
    night(settings)
    house.fail["audit"] = warehouse.AuditError(["rows lost"])
    night(settings)
    first, second = history.read(settings.home)
    assert (first["outcome"], second["outcome"]) == ("published", "failed")
    assert "rows lost" in second["failures"]["audited_warehouse"]
    assert list(first["seconds"]) == STAGES
    assert "rows lost" in history.latest_page(settings.home).read_text(encoding="utf-8")
    lines = logged(settings)
    assert {line["run_id"] for line in lines} == {first["night_id"], second["night_id"]}
    assert [line["stage"] for line in lines if line["event"] == "stage.ended"][:10] == STAGES
    assert [line["event"] for line in lines if line["level"] == "error"] == ["stage.failed"]
    assert all({"ts", "level", "run_id", "stage", "event"} <= set(line) for line in lines)


def test_a_page_that_cannot_be_made_changes_nothing(settings: Settings, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> str:
        raise KeyError("no such wording")

    monkeypatch.setattr(night_module, "render", broken)
    result = night(settings)
    assert result.published and result.errors == []
    (record,) = history.read(settings.home)
    assert record["outcome"] == "published"
    assert [line["event"] for line in logged(settings) if line["level"] == "warning"] == ["page.failed"]


def test_a_log_that_cannot_be_written_changes_nothing(settings: Settings, house: House) -> None:
    settings.home.mkdir()
    (settings.home / "logs").write_text("in the way", encoding="utf-8")
    assert night(settings).published


def test_what_can_pass_is_tried_again(settings: Settings, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(night_module, "PAUSES", (0, 0, 0))
    house.passing["plan"] = [OSError(errno.ESTALE, "stale file handle"), OSError(errno.EBUSY, "busy")]
    house.passing["merge"] = [OSError(errno.EIO, "input/output error")]
    result = night(settings)
    assert result.errors == []
    assert result.published
    assert (house.called.count("plan"), house.called.count("merge"), house.called.count("read_pending")) == (3, 2, 1)
    assert [line["stage"] for line in logged(settings) if line["event"] == "stage.again"] == [
        "raw_reports",
        "raw_reports",
        "lake",
    ]
    assert history.read(settings.home)[0]["failures"] == {}


def test_what_does_not_pass_fails_with_its_own_words(settings: Settings, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(night_module, "PAUSES", (0, 0, 0))
    house.fail["merge"] = OSError(errno.ETIMEDOUT, "the mount does not answer")
    result = night(settings)
    assert house.called.count("merge") == 4
    (error,) = result.errors
    assert "the mount does not answer" in error


@pytest.mark.parametrize(
    ("stage", "error"),
    [
        ("merge", OSError(errno.ENOSPC, "no space left on device")),
        ("merge", PermissionError(errno.EACCES, "permission denied")),
        ("run_models", warehouse.ModelError("dbt: test x")),
        ("publish", OSError(errno.EBUSY, "busy")),
    ],
)
def test_what_cannot_pass_is_tried_once(settings: Settings, house: House, stage: str, error: Exception) -> None:
    house.fail[stage] = error
    assert night(settings).errors
    assert house.called.count(stage) == 1


def test_a_failed_night_is_told_once(settings: Settings, house: House, listener: Web) -> None:
    assert night(settings).published
    assert listener.bodies == []
    house.fail["audit"] = warehouse.AuditError(["rows lost"])
    night(settings)
    (body,) = listener.bodies
    assert list(body["failures"]) == ["audited_warehouse"]
    assert body["night_id"] == history.read(settings.home)[-1]["night_id"]
    assert logged(settings)[-1]["event"] == "notice.sent"


def test_a_notice_that_cannot_be_sent_changes_nothing(
    settings: Settings, house: House, listener: Web, capfd: pytest.CaptureFixture[str]
) -> None:
    listener.status = 500
    house.fail["audit"] = warehouse.AuditError(["rows lost"])
    result = night(settings)
    (error,) = result.errors
    assert "rows lost" in error
    assert logged(settings)[-1]["event"] == "notice.failed"
    assert "notice.failed" in capfd.readouterr().err


def test_a_night_that_could_not_start_is_told(settings: Settings, house: House, listener: Web) -> None:
    with warehouse.writer_lock(settings), pytest.raises(warehouse.LockedError):
        night(settings)
    assert list(listener.bodies[0]["failures"]) == ["start"]


def test_a_run_of_dagster_waits_for_the_lock_of_another_writer(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    with warehouse.writer_lock(settings):
        monkeypatch.setattr(night_module.time, "sleep", looks.append)
        with pytest.raises(warehouse.LockedError), night_module.start_night(settings, lock_seconds=0.05):
            pass
    assert looks
    with night_module.start_night(settings, lock_seconds=1) as started:
        assert started.run.is_dir()


def look(held: dg.DagsterInstance, cursor: str | None) -> dg.SensorResult:
    with dg.build_sensor_context(instance=held, cursor=cursor) as context:
        result = telling.killed_runs(context)
    assert isinstance(result, dg.SensorResult)
    return result


def test_a_killed_run_is_closed_once_two_looks_find_no_writer(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIXIAO_HOME", str(settings.home))
    job = definitions(settings).resolve_job_def("nightly")
    with instance(settings) as held:
        run = held.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        with warehouse.writer_lock(settings):
            cursor = look(held, look(held, None).cursor).cursor
        assert not held.get_run_by_id(run.run_id).is_finished  # type: ignore[union-attr]
        cursor = look(held, cursor).cursor
        assert not held.get_run_by_id(run.run_id).is_finished  # type: ignore[union-attr]
        look(held, cursor)
        assert held.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.FAILURE  # type: ignore[union-attr]


@pytest.mark.parametrize(("started_by", "told_of"), [(None, 1), (CLI, 0)])
def test_failed_runs_of_dagster_are_told_by_the_sensor(
    settings: Settings, house: House, listener: Web, monkeypatch: pytest.MonkeyPatch, started_by: str | None, told_of: int
) -> None:
    monkeypatch.setenv("JIXIAO_HOME", str(settings.home))
    house.fail["audit"] = warehouse.AuditError(["rows lost"])
    job = definitions(settings).resolve_job_def("nightly")
    with instance(settings) as held:
        tags = {STARTED_BY: started_by} if started_by else {}
        outcome = job.execute_in_process(instance=held, raise_on_error=False, tags=tags)
        assert not outcome.success
        event = outcome.get_run_failure_event()
        context = dg.build_run_status_sensor_context(
            sensor_name="failed_nights", dagster_event=event, dagster_instance=held, dagster_run=outcome.dagster_run
        ).for_run_failure()
        telling.failed_nights(context)
    assert len(listener.bodies) == told_of
    assert all("rows lost" in body["failures"]["audited_warehouse"] for body in listener.bodies)
