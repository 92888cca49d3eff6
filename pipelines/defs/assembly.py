"""Every asset, check, job, schedule and sensor in one `Definitions`.

Belongs here: the list. Does not belong here: anything of what is listed.
"""

import dagster as dg

from pipelines.defs import automation, extraction, lineage, release, telling
from pipelines.defs.night import night
from pipelines.settings import Settings


def definitions(settings: Settings) -> dg.Definitions:
    """The definitions over the dbt project of `settings`; a run's own settings come with its resource `night`."""
    models = lineage.read_models(settings.project / "dbt_project")
    return dg.Definitions(
        assets=[
            extraction.raw_reports,
            extraction.parsed_documents,
            extraction.extracted_facts,
            extraction.settled_facts,
            release.lake,
            release.warehouse_facts,
            release.warehouse_models(models),
            release.audited_warehouse(models),
            release.release,
        ],
        asset_checks=[extraction.checked_facts],
        jobs=[automation.nightly],
        schedules=[automation.every_night],
        sensors=[automation.new_files, telling.failed_nights, telling.killed_runs],
        resources={"night": night},
    )
