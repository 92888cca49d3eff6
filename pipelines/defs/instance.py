"""The Dagster instance that a night in process leaves its events with.

Belongs here: which instance that is, and runs that a killed `jixiao nightly` left open in it. Does not belong here: running.

Where DAGSTER_HOME is set, the night is recorded there and `dagster dev` with the same DAGSTER_HOME shows it. Else its events
stay in memory: writing them to disk adds 2 s to a night.
"""

import os
import shutil
from pathlib import Path

import dagster as dg
import yaml
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from pipelines.settings import Settings

STARTED_BY = "jixiao/started_by"
CLI = "jixiao nightly"


def instance(settings: Settings) -> dg.DagsterInstance:
    """The instance at DAGSTER_HOME, else one in memory; both with the project's `dagster.yaml`. Close it after use.

    A folder DAGSTER_HOME without a `dagster.yaml` gets the project's; one that is there is kept.
    """
    ours = settings.project / "dagster.yaml"
    named = os.environ.get("DAGSTER_HOME")
    if not named:
        return dg.DagsterInstance.ephemeral(settings=yaml.safe_load(ours.read_text(encoding="utf-8")))
    folder = Path(named).expanduser().resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ours.name).exists():
        shutil.copyfile(ours, folder / ours.name)
    return dg.DagsterInstance.from_config(str(folder))


def close_killed_runs(held: dg.DagsterInstance) -> int:
    """Mark runs of killed `jixiao nightly` commands as failed and return their number. The caller holds the writer's lock."""
    filters = dg.RunsFilter(statuses=NOT_FINISHED_STATUSES, tags={STARTED_BY: CLI})
    runs = held.get_runs(filters=filters)
    for run in runs:
        held.report_run_failed(run, "the process of this run ended before the run did")
    return len(runs)
