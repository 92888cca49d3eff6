"""From settled facts to a published release: the lake, the warehouse file, the dbt models, the audit, the switch.

Belongs here: one asset per stage, the dbt models as assets with their lineage, their data tests as checks. Does not belong
here: how a stage works. Where lake and code are those of the current release, the stages after the lake do nothing and say so.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import dagster as dg

from pipelines import warehouse
from pipelines.defs import told
from pipelines.defs.extraction import settled_facts
from pipelines.defs.lineage import Model
from pipelines.defs.night import WRITER_POOL, Night
from pipelines.warehouse import ModelResult

DATA_TESTS = "data_tests"
UP_TO_DATE = {"skipped": "the current release is made of this lake and this code"}


def _if_needed(night: Night, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    return work() if warehouse.needs_release(night.settings) else UP_TO_DATE


@dg.asset(deps=[settled_facts], group_name="facts", pool=WRITER_POOL)
def lake(night: dg.ResourceParam[Night]) -> dg.MaterializeResult[None]:
    """Facts as Parquet by city and fiscal year; only partitions that change are replaced, all at once."""
    return dg.MaterializeResult(metadata=night.stage("lake", lambda tell: warehouse.merge(night.settings, night.run)))


@dg.asset(deps=[lake], group_name="release", pool=WRITER_POOL)
def warehouse_facts(night: dg.ResourceParam[Night]) -> dg.MaterializeResult[None]:
    """The warehouse file of the next release, built aside, with schemas facts and catalogue."""
    work = night.stage("warehouse_facts", lambda tell: _if_needed(night, lambda: warehouse.load(night.settings)))
    return dg.MaterializeResult(metadata=work)


def warehouse_models(models: Sequence[Model]) -> dg.AssetsDefinition:
    """The dbt models as one step: an asset per model, a blocking check per model that has data tests."""

    @dg.multi_asset(
        name="warehouse_models",
        specs=[
            dg.AssetSpec(
                model.name,
                deps=[*sorted(model.refs), *([warehouse_facts] if model.sources else [])],
                group_name=model.layer,
                description=model.description or None,
                kinds={"dbt", "duckdb"},
            )
            for model in models
        ],
        check_specs=[
            dg.AssetCheckSpec(DATA_TESTS, asset=model.name, blocking=True, description="The model's dbt data tests")
            for model in models
            if model.is_tested
        ],
        pool=WRITER_POOL,
    )
    def build_models(night: dg.ResourceParam[Night]) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        warehouse.results_path(night.settings).unlink(missing_ok=True)
        problem: warehouse.ModelError | None = None
        try:
            work = night.stage("warehouse_models", lambda tell: _if_needed(night, lambda: warehouse.run_models(night.settings)))
        except warehouse.ModelError as error:
            problem, work = error, {}
        results: dict[str, list[ModelResult]] = {}
        for result in warehouse.model_results(night.settings):
            results.setdefault(result.model, []).append(result)
        for model in models:
            tests = [result for result in results.get(model.name, []) if result.test is not None]
            # Where a model could not be built no test was asked, and there is no verdict.
            if model.is_tested and (problem is None or tests):
                verdict = _tested(model, tests)
                if tests:
                    night.check(f"{model.name} {DATA_TESTS}", verdict.description)
                yield verdict
        if problem is not None:
            raise problem
        rows = warehouse.built_rows(night.settings) if results else {}
        for model in models:
            built = [result for result in results.get(model.name, []) if result.test is None]
            shown: dict[str, Any] = {"status": built[0].status, "seconds": built[0].seconds} if built else work
            if model.name in rows:
                shown = {**shown, "dagster/row_count": rows[model.name]}
            yield dg.MaterializeResult(asset_key=model.name, metadata=shown)

    return build_models


def _tested(model: Model, tests: list[ModelResult]) -> dg.AssetCheckResult:
    failed = [result for result in tests if result.failed]
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey(model.name),
        check_name=DATA_TESTS,
        passed=not failed,
        description="; ".join(f"{result.test}: {result.message}" for result in failed) or None,
        metadata={"tests": len(tests)} if tests else UP_TO_DATE,
    )


def audited_warehouse(models: Sequence[Model]) -> dg.AssetsDefinition:
    """The audit as an asset that waits for every model."""

    @dg.asset(
        name="audited_warehouse",
        deps=[warehouse_facts, *(model.name for model in models)],
        group_name="release",
        pool=WRITER_POOL,
    )
    def audited(night: dg.ResourceParam[Night]) -> dg.MaterializeResult[None]:
        """The built file once looked over: nothing lost, nothing unplaced, nothing inexact."""
        work = night.stage("audited_warehouse", lambda tell: _if_needed(night, lambda: warehouse.audit(night.settings)))
        return dg.MaterializeResult(metadata=work)

    return audited


# A night starts at 02:00; at 08:00 its end, be it that nothing has changed, is overdue.
FRESH = dg.FreshnessPolicy.cron(deadline_cron="0 8 * * *", lower_bound_delta=timedelta(hours=6), timezone="Asia/Shanghai")


@dg.asset(deps=["audited_warehouse"], group_name="release", pool=WRITER_POOL, freshness_policy=FRESH)
def release(night: dg.ResourceParam[Night]) -> dg.MaterializeResult[None]:
    """The folder that `current` leads to; it changes in one step and only where lake or code have changed."""

    def publish() -> dict[str, Any]:
        checks = {"expectations": night.counts["checked_facts"]}
        checks |= {"dbt": night.counts["warehouse_models"], "audit": night.counts["audited_warehouse"]}
        made = warehouse.Making(checks, night.seconds, night.orders.selection, night.orders.accept_losses)
        return warehouse.publish(night.settings, made)

    work = night.stage("release", lambda tell: _if_needed(night, publish))
    release_id = night.counts["release"].get("release_id")
    return dg.MaterializeResult(metadata=work | (told.published(night.settings, release_id) if release_id else {}))
