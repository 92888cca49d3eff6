"""The nightly job in this process, for `jixiao nightly`.

Belongs here: one run of the job of `automation` and what came of it. Does not belong here: words for people (`cli`).
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import polars as pl

from pipelines.defs.assembly import definitions
from pipelines.defs.automation import JOB
from pipelines.defs.instance import CLI, STARTED_BY, close_killed_runs, instance
from pipelines.defs.night import Night, OnEvent, start_night
from pipelines.defs.orders import USUAL, Orders
from pipelines.defs.telling import notify
from pipelines.home import current_release
from pipelines.nights.history import rejected_files
from pipelines.settings import Settings


@dataclass(frozen=True)
class NightlyResult:
    """What a night did.

    `published` says whether this night made a release; `release_id` is the current release after it, null where there is none.
    `outcomes` counts the reports that this night worked on by outcome (parsed, partial, rejected). `rejected` lists file_name,
    reason and detail of every rejected file that lies in the raw folder, be it since earlier nights: what fails stays seen.
    `counts` has what each stage returned, `seconds` what it took. `errors` is empty where the night came to its end; else the
    release before it stays current.
    """

    published: bool
    release_id: str | None
    outcomes: dict[str, int]
    rejected: list[dict[str, str]]
    counts: dict[str, dict[str, Any]]
    seconds: dict[str, float]
    errors: list[str] = field(default_factory=list)


def run_nightly(settings: Settings, on_event: OnEvent, orders: Orders = USUAL) -> NightlyResult:
    """Run the job `nightly` in this process, as Dagster would, and hold the home's lock meanwhile.

    `on_event(stage, done, total, text)` follows the stages: 0 of 0 when one starts, 1 of 1 when it has ended. What stages
    fail with is in `errors`; raises LockedError, before anything is done, where another run is writing to the home.
    """
    job, run_id = definitions(settings).resolve_job_def(JOB), str(uuid4())
    try:
        with start_night(settings, on_event, orders, run_id) as night, instance(settings) as held:
            close_killed_runs(held)
            outcome = job.execute_in_process(
                instance=held,
                resources={"night": night},
                raise_on_error=False,
                run_id=run_id,
                tags={STARTED_BY: CLI},
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
            result = _result(night, outcome)
    except Exception as error:
        notify(settings, {"start": str(error)}, None, run_id)
        raise
    if result.errors:
        notify(settings, night.failures or {"run": "; ".join(result.errors)}, night.run.name, run_id)
    return result


def _result(night: Night, outcome: dg.ExecuteInProcessResult) -> NightlyResult:
    release = current_release(night.settings.home)
    return NightlyResult(
        published="release_id" in night.counts.get("release", {}),
        release_id=None if release is None else release["release_id"],
        outcomes=_outcomes(night.run),
        # Where the run did not come to the lake, the lake may be what is damaged.
        rejected=rejected_files(night.settings.home, night.run) if "lake" in night.counts else [],
        counts=night.counts,
        seconds=night.seconds,
        errors=[] if outcome.success else _errors(outcome),
    )


def _outcomes(run: Path) -> dict[str, int]:
    path = run / "facts" / "reports.parquet"
    if not path.exists():
        return {}
    return dict(pl.read_parquet(path, columns=["outcome"]).group_by("outcome").len().sort("outcome").iter_rows())


def _errors(outcome: dg.ExecuteInProcessResult) -> list[str]:
    """Why the run failed: broken suites and failed data tests first, then the first cause of each failed step."""
    found = [
        f"{check.asset_key.to_user_string()}: {check.description}"
        for check in outcome.get_asset_check_evaluations()
        if not check.passed and check.severity is dg.AssetCheckSeverity.ERROR
    ]
    for event in outcome.get_step_failure_events():
        error = event.step_failure_data.error
        # Dagster wraps what a stage raised; the stage's own error carries the remedy, its causes do not.
        while error is not None and error.cause is not None and (error.cls_name or "").startswith("Dagster"):
            error = error.cause
        if error is not None and error.cls_name != "DagsterAssetCheckFailedError":
            found.append(f"{event.step_key}: {error.message.strip()}")
    return found or ["the run failed before its first step"]
