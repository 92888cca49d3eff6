"""Telling people of a failed run, whichever way it was started, and closing runs whose process is gone.

Belongs here: the failure sensor, the sensor for killed runs, and the call that sends a notice. Does not belong here: how a
notice is sent (`nights.notices`).
"""

import json
import logging

import dagster as dg

from pipelines.defs.automation import JOB, nightly
from pipelines.defs.instance import CLI, STARTED_BY
from pipelines.nights import history, logs
from pipelines.nights.notices import Delivery, failed_night, send
from pipelines.settings import Settings
from pipelines.warehouse import LockedError, writer_lock

KILLED = "the process of this run ended before the run did"
_IN_PROGRESS = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def notify(settings: Settings, failures: dict[str, str], night_id: str | None, run_id: str | None) -> list[Delivery]:
    """Send the notice of a failed run and log what became of it. Raises nothing: the run has failed as it has."""
    deliveries = send(failed_night(settings, failures, night_id, run_id), settings)
    if deliveries:
        with logs.opened(settings):
            for delivery in deliveries:
                event = "notice.sent" if delivery.problem is None else "notice.failed"
                level = logging.INFO if delivery.problem is None else logging.WARNING
                logs.Log(night_id)(event, level=level, channel=delivery.channel, error=delivery.problem)
    return deliveries


@dg.run_failure_sensor(
    monitored_jobs=[nightly],
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Webhook and mail when a night has failed",
)
def failed_nights(context: dg.RunFailureSensorContext) -> None:
    """Tell of a failed run; not of one of `jixiao nightly`, which has told of it, unless it was killed."""
    settings, run = Settings.load(), context.dagster_run
    record = next((one for one in reversed(history.read(settings.home)) if one.get("run_id") == run.run_id), None)
    if record is not None and run.tags.get(STARTED_BY) == CLI:
        return
    failures = record["failures"] if record is not None else {}
    night_id = None if record is None else record["night_id"]
    for delivery in notify(settings, failures or {"run": context.failure_event.message or KILLED}, night_id, run.run_id):
        if delivery.problem is None:
            context.log.info(f"notice sent by {delivery.channel}")
        else:
            context.log.warning(f"notice not sent by {delivery.channel}: {delivery.problem}")


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Closes runs whose process was killed, so that the queue goes on",
)
def killed_runs(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Mark a run as failed that two looks in a row find started while nobody holds the writer's lock of the home.

    A run holds the lock from soon after its start to soon before its end, and waits for it only while another has it; that the
    lock is free over a minute means that its process is gone. Dagster does not look after processes of its default launcher.
    """
    suspects = [
        run.run_id
        for run in context.instance.get_runs(filters=dg.RunsFilter(job_name=JOB, statuses=_IN_PROGRESS))
        if _is_lock_free()
    ]
    seen = json.loads(context.cursor) if context.cursor else []
    closed = [run_id for run_id in suspects if run_id in seen]
    for run_id in closed:
        run = context.instance.get_run_by_id(run_id)
        if run is not None and not run.is_finished:
            context.instance.report_run_failed(run, KILLED)
    told = f"closed {', '.join(closed)}" if closed else "no run without a process" if not suspects else "looking again"
    return dg.SensorResult(skip_reason=told, cursor=json.dumps([run_id for run_id in suspects if run_id not in closed]))


def _is_lock_free() -> bool:
    try:
        with writer_lock(Settings.load()):
            return True
    except LockedError:
        return False
