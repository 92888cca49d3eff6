"""When the night runs: one job, its schedule, and a sensor for new files.

Belongs here: selection, times, the sensor's cursor. Does not belong here: what a run does.
"""

import hashlib
import json
from pathlib import Path

import dagster as dg

from pipelines.archive.register import scan_raw
from pipelines.settings import Settings

JOB = "nightly"

nightly = dg.define_asset_job(
    JOB,
    selection=dg.AssetSelection.all(),
    description="Raw reports to a published warehouse: everything that changed, nothing else.",
    # One process: the steps share the run's lock, its folder and the imports, and a step of its own process costs seconds.
    executor_def=dg.in_process_executor,
)

every_night = dg.ScheduleDefinition(
    name="every_night",
    job=nightly,
    cron_schedule="0 2 * * *",
    execution_timezone="Asia/Shanghai",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)


@dg.sensor(job=nightly, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def new_files(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """One run for all files that came, went or changed, once two looks in a row have found the same."""
    return look(Settings.load().raw, context.cursor)


def look(raw: Path, cursor: str | None) -> dg.SensorResult | dg.SkipReason:
    """What the sensor answers for a raw folder.

    The cursor holds the listing seen last, the one that a run was asked for last, and how many runs were asked for. Their
    number is part of a run's key: a folder that looks again as it once did is work all the same.
    """
    former = json.loads(cursor) if cursor else {"seen": None, "handled": None, "runs": 0}
    if not raw.is_dir():
        return dg.SkipReason(f"the folder of raw reports {raw} is not there")
    listing = _listing(raw)
    if listing == former["handled"]:
        return dg.SkipReason("no file has changed since the last run was asked for")
    if listing != former["seen"]:
        return dg.SensorResult(
            skip_reason=dg.SkipReason("files are still arriving; waiting until they have settled"),
            cursor=json.dumps({**former, "seen": listing}),
        )
    runs = former["runs"] + 1
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=f"{runs}-{listing}")],
        cursor=json.dumps({"seen": listing, "handled": listing, "runs": runs}),
    )


def _listing(raw: Path) -> str:
    """Hash over path, size and modification time of every raw file."""
    scan = scan_raw(raw)
    places = sorted(zip(scan.file_names, scan.byte_counts, scan.mtimes_ns, strict=True))
    return hashlib.sha256(json.dumps(places, ensure_ascii=False).encode()).hexdigest()[:20]
