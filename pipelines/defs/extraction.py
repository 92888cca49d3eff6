"""From raw files to checked and settled facts.

Belongs here: one asset per stage, and the suites as blocking checks. Does not belong here: how a stage works, and what comes
after the facts (`release`).
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import dagster as dg

from pipelines import archive, documents, facts, warehouse
from pipelines.catalogue import catalogue
from pipelines.defs import told
from pipelines.defs.night import WRITER_POOL, Night, import_ahead, metadata
from pipelines.quality import SuiteError, fact_tables
from pipelines.quality.corrections import take_up, version_of
from pipelines.quality.corrections import versions as decision_versions

CHECK = "expectations"
MODEL_ENGINE = ("dbt.cli.main", "dbt.adapters.duckdb")
_BESIDE_THE_FACTS = ("absent_values", "unmapped_labels")


@dg.asset(group_name="reports", pool=WRITER_POOL)
def raw_reports(night: dg.ResourceParam[Night]) -> dg.MaterializeResult[None]:
    """Every file below the raw folder, kept by content; and the plan of what is new, within the run's selection."""
    versions = (documents.READERS_VERSION, facts.template_version())

    def work(tell: Callable[..., None]) -> dict[str, Any]:
        # First of all: a wrong entry stops the night before anything changes.
        decided = partial(version_of, decision_versions(take_up(night.settings, night.run)))
        mended = warehouse.mend(night.settings, night.orders.selection)
        counts = archive.plan(
            night.settings,
            night.run,
            *versions,
            tell,
            documents.unpack,
            night.orders.selection,
            documents.is_outdated,
            decided,
        )
        return counts | {"partitions_mended": mended}

    plan = night.stage("raw_reports", work)
    if night.counts["raw_reports"]["read"] + night.counts["raw_reports"]["extract"]:
        night.inspector.start()
    return dg.MaterializeResult(metadata=plan | told.raw_files(night.settings, night.run))


@dg.asset(deps=[raw_reports], group_name="reports", pool=WRITER_POOL)
def parsed_documents(night: dg.ResourceParam[Night]) -> dg.MaterializeResult[None]:
    """New files as Documents, read in child processes with limits; what was read before is not read again."""
    work = night.stage("parsed_documents", lambda tell: documents.read_pending(night.settings, night.run, progress=tell))
    return dg.MaterializeResult(metadata=work)


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            name, deps=[parsed_documents], group_name="facts", description=f"{table.zh}. {table.en} Grain: {table.grain}."
        )
        for name, table in catalogue().tables.items()
        if name in (*fact_tables(), *_BESIDE_THE_FACTS)
    ],
    pool=WRITER_POOL,
)
def extracted_facts(night: dg.ResourceParam[Night]) -> Iterator[dg.MaterializeResult[None]]:
    """Rows of the reports that changed, one asset per fact table."""
    night.stage("extracted_facts", lambda tell: facts.extract_pending(night.settings, night.run, progress=tell))
    counts = night.counts["extracted_facts"]
    for name in (*fact_tables(), *_BESIDE_THE_FACTS):
        yield dg.MaterializeResult(
            asset_key=name, metadata={"dagster/row_count": counts[name], "seconds_all_tables": night.seconds["extracted_facts"]}
        )


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(CHECK, asset=name, blocking=True, description=f"Great Expectations suite expectations/{name}.json")
        for name in fact_tables()
    ],
    pool=WRITER_POOL,
)
def checked_facts(night: dg.ResourceParam[Night]) -> Iterator[dg.AssetCheckResult]:
    """Each table's suite over what changed. Failing rows go to quarantine and are a warning; a broken suite stops the run."""
    results: list[dg.AssetCheckResult] = []

    def check(tell: object) -> dict[str, dict[str, Any]]:
        checked = night.inspector.check_tables(night.settings, night.run, fact_tables())
        for name, of in checked.items():
            if isinstance(of, SuiteError):
                night.check(f"{name} {CHECK}", str(of), stops=True)
                results.append(_broken(name, of, night))
            else:
                night.check(f"{name} {CHECK}", _held(of))
                results.append(_checked(name, of, night))
        return {name: {"error": str(of)} if isinstance(of, SuiteError) else of for name, of in checked.items()}

    if night.inspector.is_started:
        import_ahead(*MODEL_ENGINE)
    night.stage("checked_facts", check)
    yield from results


def _held(counts: dict[str, int]) -> str | None:
    """What a suite that could be evaluated says, null where every row passed."""
    held = counts["rows_quarantined_count"]
    return f"{held} of {counts['rows_checked_count']} rows in quarantine" if held else None


def _checked(name: str, counts: dict[str, int], night: Night) -> dg.AssetCheckResult:
    said = _held(counts)
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey(name),
        check_name=CHECK,
        passed=said is None,
        severity=dg.AssetCheckSeverity.WARN,
        description=said,
        metadata=metadata(counts) | told.suite(night.settings, name),
    )


def _broken(name: str, error: SuiteError, night: Night) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey(name),
        check_name=CHECK,
        passed=False,
        severity=dg.AssetCheckSeverity.ERROR,
        description=str(error),
        metadata=told.suite(night.settings, name),
    )


@dg.asset(deps=[*fact_tables(), *_BESIDE_THE_FACTS], group_name="facts", pool=WRITER_POOL)
def settled_facts(night: dg.ResourceParam[Night]) -> dg.MaterializeResult[None]:
    """Every figure counted: extracted = accepted + quarantined + unmapped, by form; and each report's outcome."""
    return dg.MaterializeResult(metadata=night.stage("settled_facts", lambda tell: facts.settle(night.run)))
