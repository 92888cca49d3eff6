"""Evaluating a suite on a frame with Great Expectations, and what its answer means.

Belongs here: the context, the hand-over to pandas, telling failing rows from broken suites. Does not belong here: which
expectations there are (`suites`), files of a run (`quarantine`). Great Expectations is imported inside functions: it costs 5 s.
"""

from __future__ import annotations

import json
import logging
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.quality.suites import extra_expectations

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.data_context import EphemeralDataContext

SUITES = Path(__file__).resolve().parents[2] / "expectations"


class SuiteError(Exception):
    """A suite or the engine is broken, or a frame is not the table it claims to be: no statement on its rows is possible."""


@dataclass(frozen=True)
class Validation:
    """What one suite said about one frame.

    `accepted` has the frame's columns and the rows that meet every expectation; `quarantined` has the other rows with two
    more columns: `field_name` (column of the first expectation failed, null where it spans several) and `reason` (each failed
    expectation with its column, bounds and the row's value). `evaluated` and `failed` count expectations. `result_json` is the
    engine's own answer, empty where the frame had no rows and the engine was not asked.
    """

    accepted: pl.DataFrame
    quarantined: pl.DataFrame
    evaluated: int
    failed: int
    success: bool
    result_json: dict[str, Any]


def read_suite(table_name: str, suites: Path = SUITES) -> dict[str, Any]:
    """The committed suite of a table as JSON. Raises SuiteError where it is missing or is no suite."""
    path = suites / f"{table_name}.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SuiteError(f"{path.name}: the suite cannot be read: {error}") from error
    if not isinstance(content, dict) or content.get("name") != table_name or not content.get("expectations"):
        raise SuiteError(f"{path.name}: this is not the suite of {table_name}")
    return content


def validate(
    table_name: str,
    frame: pl.DataFrame,
    *,
    suites: Path = SUITES,
    engine: EphemeralDataContext | None = None,
    run_name: str | None = None,
) -> Validation:
    """Evaluate a table's committed suite on a frame (columns of the catalogue, any number of rows) and split its rows.

    `engine` is a context over the same suites that shall keep the answer, under `run_name`, for its pages.

    Raises SuiteError where the suite cannot be read or evaluated, an expectation crashes, or an expectation on the table as a
    whole (its columns) fails. A frame without rows is accepted as it is, once its columns have been compared.
    """
    content = read_suite(table_name, suites)
    if frame.is_empty():
        return _accept_empty(table_name, frame, content)
    if engine is not None:
        return split(table_name, frame, evaluate(engine, content, frame, run_name))
    with context(suites) as fresh:
        return split(table_name, frame, evaluate(fresh, content, frame, run_name))


def import_engine() -> None:
    """Import Great Expectations with its usage reporting off; the first call of a process takes about 5 s."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations  # noqa: F401


@contextmanager
def context(suites: Path, data_docs: Path | None = None) -> Iterator[EphemeralDataContext]:
    """A context that reads suites from `suites`, keeps results in memory and renders pages below `data_docs` where given."""
    import_engine()
    import great_expectations as gx
    from great_expectations.data_context.types.base import DataContextConfig, ProgressBarsConfig

    # What the engine logs as an error is either raised here as SuiteError or read from its answer.
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    memory = {"class_name": "InMemoryStoreBackend"}
    config = DataContextConfig(
        analytics_enabled=False,
        expectations_store_name="expectations",
        validation_results_store_name="validation_results",
        checkpoint_store_name="checkpoints",
        stores={
            "expectations": {"class_name": "ExpectationsStore", "store_backend": _folder(suites)},
            "validation_results": {"class_name": "ValidationResultsStore", "store_backend": memory},
            "checkpoints": {"class_name": "CheckpointStore", "store_backend": memory},
            "validation_definition_store": {"class_name": "ValidationDefinitionStore", "store_backend": memory},
        },
        data_docs_sites={} if data_docs is None else {"nightly": _site(data_docs)},
        progress_bars=ProgressBarsConfig(globally=False),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield gx.get_context(mode="ephemeral", project_config=config)


def evaluate(
    engine: EphemeralDataContext, content: dict[str, Any], frame: pl.DataFrame, run_name: str | None
) -> ExpectationSuiteValidationResult:
    """Ask the engine about a frame by the suite `content` of its store; the answer stays in the context's store.

    The answer names each failing row by row_id. Raises SuiteError where there is none.
    """
    import great_expectations as gx
    from great_expectations.core.run_identifier import RunIdentifier

    table_name = content["name"]
    derived = extra_expectations(table_name).derived
    try:
        suite = engine.suites.get(table_name)
        # The engine leaves out expectations that it does not know and only logs it.
        if lacking := {entry["id"] for entry in content["expectations"]} - {entry.id for entry in suite.expectations}:
            kinds = sorted({entry["type"] for entry in content["expectations"] if entry["id"] in lacking})
            raise SuiteError(f"{table_name}: the engine does not understand {', '.join(kinds)}")
        widened = frame.with_columns(pl.sql_expr(sql).alias(name) for name, sql in derived.items())
        asset = engine.data_sources.add_or_update_pandas("facts").add_dataframe_asset(table_name)
        definition = gx.ValidationDefinition(
            name=table_name,
            data=asset.add_batch_definition_whole_dataframe("changed"),
            suite=suite,
        )
        return engine.validation_definitions.add(definition).run(
            batch_parameters={"dataframe": widened.to_pandas(use_pyarrow_extension_array=True)},
            result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["row_id"]},
            run_id=RunIdentifier(run_name=run_name) if run_name else None,
        )
    except SuiteError:
        raise
    # Whatever the engine raises (its own errors, pydantic's, pandas') means the same: there is no verdict on these rows.
    except Exception as error:
        raise SuiteError(f"{table_name}: the suite could not be evaluated: {error}") from error


def split(table_name: str, frame: pl.DataFrame, result: ExpectationSuiteValidationResult) -> Validation:
    """Split a frame by the engine's answer. Raises SuiteError for crashed expectations and failures of the whole table."""
    answer = result.to_json_dict()
    failures = [entry for entry in answer["results"] if not entry["success"]]
    crashed = [message for entry in answer["results"] for message in _crashes(entry["exception_info"])]
    if crashed:
        raise SuiteError(f"{table_name}: an expectation crashed: {'; '.join(sorted(set(crashed)))}")
    reasons: dict[str, list[dict[str, Any]]] = {}
    for entry in failures:
        expectation = entry["expectation_config"]
        rows = entry["result"].get("unexpected_index_list")
        if not rows or any(row["row_id"] is None for row in rows):
            raise SuiteError(f"{table_name}: {_signature(expectation)} failed for the table as a whole: {entry['result']}")
        for row_id in dict.fromkeys(row["row_id"] for row in rows):
            reasons.setdefault(row_id, []).append(expectation)
    failing = pl.col("row_id").is_in(list(reasons))
    return Validation(
        accepted=frame.filter(~failing),
        quarantined=_with_reasons(table_name, frame.filter(failing), reasons),
        evaluated=len(answer["results"]),
        failed=len(failures),
        success=not failures,
        result_json=answer,
    )


def _accept_empty(table_name: str, frame: pl.DataFrame, content: dict[str, Any]) -> Validation:
    expected = next(
        entry["kwargs"]["column_list"]
        for entry in content["expectations"]
        if entry["type"] == "expect_table_columns_to_match_ordered_list"
    )
    if [*frame.columns, *extra_expectations(table_name).derived] != expected:
        raise SuiteError(f"{table_name}: the frame's columns are {frame.columns}, the suite expects {expected}")
    return Validation(frame, _with_reasons(table_name, frame, {}), 1, 0, True, {})


def _with_reasons(table_name: str, rows: pl.DataFrame, reasons: dict[str, list[dict[str, Any]]]) -> pl.DataFrame:
    derived = extra_expectations(table_name).derived
    fields: list[str | None] = []
    texts: list[str] = []
    for row in rows.iter_rows(named=True):
        expectations = reasons[row["row_id"]]
        fields.append(expectations[0]["kwargs"].get("column"))
        told = (f"{_signature(expectation)}: {_found(expectation, row, derived)}" for expectation in expectations)
        texts.append("; ".join(told))
    return rows.with_columns(pl.Series("field_name", fields, pl.String), pl.Series("reason", texts, pl.String))


def _signature(expectation: dict[str, Any]) -> str:
    """The expectation as one would call it, e.g. `expect_column_values_to_be_between(weight_points, min_value=0)`."""
    kwargs = {name: value for name, value in expectation["kwargs"].items() if name not in ("batch_id", "ignore_row_if")}
    subject = kwargs.pop("column", None)
    words = ([] if subject is None else [subject]) + [f"{name}={_brief(value)}" for name, value in kwargs.items()]
    return f"{expectation['type']}({', '.join(words)})"


def _brief(value: Any) -> str:
    if isinstance(value, list):
        return "|".join(map(str, value))
    # The engine turns whole bounds into floats.
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _found(expectation: dict[str, Any], row: dict[str, Any], derived: dict[str, str]) -> str:
    """The row's own values in the expectation's columns; a derived column is told by the columns that its SQL names."""
    kwargs = expectation["kwargs"]
    columns = kwargs.get("column_list") or [kwargs["column"]]
    named = [word for column in columns for word in re.findall(r"\w+", derived.get(column, column)) if word in row]
    return ", ".join(f"{name} = {'null' if row[name] is None else row[name]}" for name in named)


def _crashes(exception_info: dict[str, Any]) -> list[str]:
    """Messages of an expectation's exception_info, which is flat or keyed by metric; empty where nothing was raised."""
    entries = [exception_info] if "raised_exception" in exception_info else list(exception_info.values())
    return [str(entry["exception_message"]) for entry in entries if entry["raised_exception"]]


def _folder(path: Path) -> dict[str, Any]:
    return {
        "class_name": "TupleFilesystemStoreBackend",
        "base_directory": str(path),
        "suppress_store_backend_id": True,
        "filepath_suffix": ".json",
    }


def _site(path: Path) -> dict[str, Any]:
    store = {name: value for name, value in _folder(path).items() if name != "filepath_suffix"}
    sections = {"profiling": "None"}
    return {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": store,
        "site_section_builders": sections,
    }
