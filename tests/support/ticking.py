"""The house's definitions with a schedule and a sensor that tick within seconds, for a real daemon."""

import dagster as dg

from pipelines.defs.assembly import definitions
from pipelines.defs.automation import look, nightly
from pipelines.settings import Settings


@dg.sensor(job=nightly, minimum_interval_seconds=1, default_status=dg.DefaultSensorStatus.RUNNING)
def new_files(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """The sensor of the house, looking every second."""
    return look(Settings.load().raw, context.cursor)


every_minute = dg.ScheduleDefinition(
    name="every_minute",
    job=nightly,
    cron_schedule="* * * * *",
    execution_timezone="Asia/Shanghai",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)


def _ticking(house: dg.Definitions) -> dg.Definitions:
    return dg.Definitions(
        assets=house.assets,
        asset_checks=house.asset_checks,
        jobs=house.jobs,
        resources=house.resources,
        schedules=[every_minute],
        sensors=[new_files],
    )


defs = _ticking(definitions(Settings.load()))
