"""The Dagster instance below the home folder, where `jixiao nightly` leaves its runs for `dagster dev` to show.

Belongs here: the folder, its `dagster.yaml`, and runs that a killed `jixiao nightly` left open. Does not belong here: running.
"""

import shutil
from pathlib import Path

import dagster as dg
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from pipelines.settings import Settings

STARTED_BY = "jixiao/started_by"
CLI = "jixiao nightly"


def instance_folder(settings: Settings) -> Path:
    """Make DAGSTER_HOME of a home folder: `<home>/dagster` with the project's `dagster.yaml`."""
    folder = settings.home / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(settings.project / "dagster.yaml", folder / "dagster.yaml")
    return folder


def instance(settings: Settings) -> dg.DagsterInstance:
    """The instance of a home folder; close it after use. `DAGSTER_HOME=<home>/dagster dagster dev` shows the same runs."""
    return dg.DagsterInstance.from_config(str(instance_folder(settings)))


def close_killed_runs(held: dg.DagsterInstance) -> int:
    """Mark runs of killed `jixiao nightly` commands as failed and return their number. The caller holds the writer's lock."""
    filters = dg.RunsFilter(statuses=NOT_FINISHED_STATUSES, tags={STARTED_BY: CLI})
    runs = held.get_runs(filters=filters)
    for run in runs:
        held.report_run_failed(run, "the process of this run ended before the run did")
    return len(runs)
