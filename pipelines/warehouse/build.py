"""The warehouse file of the next release, built aside in `<home>/build/`: facts from the lake, then the dbt models over them.

Belongs here: making `build/warehouse.duckdb`. Does not belong here: judging it (`audit`) and letting it out (`publish`).
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from pipelines.catalogue import Table, catalogue
from pipelines.catalogue.rendering import describe, frames
from pipelines.home import LakeError, lake_files, replace_atomically
from pipelines.quality.corrections import read_corrections
from pipelines.quality.lifecycle import corrections
from pipelines.settings import Settings
from pipelines.warehouse.data_tests import run_tests
from pipelines.warehouse.lake import lake_row_counts
from pipelines.warehouse.reference import reference_frames

if TYPE_CHECKING:
    import duckdb

# Readers of DuckDB 1.4, 1.5 and 2.0 open it; from this version on a stray write-ahead log is not replayed into another file.
STORAGE_VERSION = "v1.4.0"

_FAILED = frozenset({"error", "fail", "runtime error"})


@dataclass(frozen=True)
class ModelResult:
    """What became of a model (`test` is None) or of one of its data tests."""

    model: str
    test: str | None
    status: str
    message: str
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether the release must not go out."""
        return self.status in _FAILED


class ModelError(RuntimeError):
    """A model or data test of the dbt project failed; the message names each with what it said."""


def warehouse_path(settings: Settings) -> Path:
    """The warehouse file being built."""
    return settings.home / "build" / "warehouse.duckdb"


def load(settings: Settings) -> dict[str, int]:
    """Build `build/warehouse.duckdb` anew: schema `facts` from the lake and the decisions of people, `catalogue`, `reference`.

    Every table of the catalogue is there, with its types and bilingual comments, even where the lake has no row of it. Returns
    the rows by table of schema `facts`. Raises LakeError where the lake's files do not hold what its manifest says, and
    ReferenceTableError and CorrectionError.
    """
    import duckdb

    path = warehouse_path(settings)
    if path.parent.exists():
        shutil.rmtree(path.parent)
    path.parent.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(f"attach {_text(str(path))} as warehouse (storage_version {_text(STORAGE_VERSION)})")
        connection.execute("use warehouse")
        connection.execute("create schema facts")
        counts = {name: _load_table(connection, settings, table) for name, table in catalogue().tables.items()}
        expected = lake_row_counts(settings)
        if counts != expected:
            wrong = [f"{name} {counts[name]} instead of {expected[name]}" for name in counts if counts[name] != expected[name]]
            raise LakeError(
                f"the lake's files hold other rows than its manifest says ({', '.join(wrong)}). Restore "
                f"{settings.home / 'lake'} from a backup, or remove it and run again."
            )
        _load_corrections(connection, settings)
        _load_catalogue(connection, settings)
        _load_reference(connection, settings)
        connection.execute("use memory")
        connection.execute("checkpoint warehouse")
        connection.execute("detach warehouse")
    return counts


def _text(value: str) -> str:
    escaped = value.replace("'", "''")
    return f"'{escaped}'"


def _load_table(connection: duckdb.DuckDBPyConnection, settings: Settings, table: Table) -> int:
    name = f"facts.{table.name}"
    connection.execute(f"create table {name} ({', '.join(f'{column.name} {column.type}' for column in table.columns)})")
    _comment(connection, "table", name, f"{table.zh} — {table.en}")
    for column in table.columns:
        _comment(connection, "column", f"{name}.{column.name}", describe(column))
    files = [str(path) for path in lake_files(settings.home, table.name)]
    if not files:
        return 0
    source = "read_parquet(?, union_by_name = true)"
    held = {row[0] for row in connection.execute(f"describe select * from {source}", [files]).fetchall()}
    # A partition written under an older catalogue lacks the columns that came since: they stay null.
    names = ", ".join(column.name for column in table.columns if column.name in held)
    connection.execute(f"insert into {name} ({names}) select {names} from {source}", [files])
    row = connection.execute(f"select count(*) from {name}").fetchone()
    return int(row[0]) if row else 0


def _comment(connection: duckdb.DuckDBPyConnection, kind: str, name: str, text: str) -> None:
    connection.execute(f"comment on {kind} {name} is {_text(text)}")


def _load_corrections(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Table `facts.corrections`, made of the decisions and of what the reports that they name hold now."""
    decisions = read_corrections(settings)
    connection.register("decisions", decisions.select("file_name", "sha256"))
    connection.execute(
        "create temp table decided as select report_id from facts.reports where is_current and "
        "(file_name in (select file_name from decisions) or sha256 in (select sha256 from decisions))"
    )
    connection.unregister("decisions")
    tables = ("reports", "figure_cells", "quarantine", "unmapped_labels", "absent_values")
    held = {name: connection.sql(f"select * from facts.{name} semi join decided using (report_id)").pl() for name in tables}
    connection.execute("drop table decided")
    table = catalogue().decisions["corrections"]
    connection.register("corrections_frame", corrections(decisions, held))
    columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
    connection.execute(f"create table facts.corrections ({columns})")
    connection.execute("insert into facts.corrections by name select * from corrections_frame")
    connection.unregister("corrections_frame")
    _comment(connection, "table", "facts.corrections", f"{table.zh} — {table.en}")
    for column in table.columns:
        _comment(connection, "column", f"facts.corrections.{column.name}", describe(column))


def _load_catalogue(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    connection.execute("create schema catalogue")
    for name, frame in frames(settings.project).items():
        connection.register("catalogue_frame", frame)
        connection.execute(f"create table catalogue.{name} as select * from catalogue_frame")
        connection.unregister("catalogue_frame")


def _load_reference(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    connection.execute("create schema reference")
    for name, frame in reference_frames(settings.project).items():
        table = catalogue().reference[name]
        connection.register("reference_frame", frame)
        connection.execute(f"create table reference.{name} as select * from reference_frame")
        connection.unregister("reference_frame")
        _comment(connection, "table", f"reference.{name}", f"{table.zh} — {table.en}")
        for column in table.columns:
            _comment(connection, "column", f"reference.{name}.{column.name}", describe(column))


def run_models(settings: Settings) -> dict[str, int]:
    """Run the dbt project's models over `build/warehouse.duckdb` in this process, then its data tests (not its unit tests).

    dbt builds the tables, with contracts and comments; the data tests are asked in plain SQL, since dbt takes longer to set one
    up than to answer it. What became of each model and test is in `<home>/dbt/results.json` (`model_results`). Returns the
    number of models and tests by status. Raises ModelError where one fails or the project cannot be run.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    project = settings.project / "dbt_project"
    folder = settings.home / "dbt"
    results_path(settings).unlink(missing_ok=True)
    _write_profile(project, folder, settings)
    places = {"project-dir": project, "profiles-dir": folder, "target-path": folder / "target", "log-path": folder / "logs"}
    # Log lines and artifacts that nobody reads are a quarter of the time; what failed is in the results.
    arguments = ["run", "--quiet", "--log-level", "none", "--log-level-file", "none", "--no-write-json", "--partial-parse"]
    arguments += ["--no-use-colors", "--no-version-check", "--no-send-anonymous-usage-stats"]
    arguments += [part for name, path in places.items() for part in (f"--{name}", str(path))]
    try:
        outcome = dbtRunner().invoke(arguments)
    finally:
        DuckDBConnectionManager.close_all_connections()
    ran: Iterable[Any] = getattr(outcome.result, "results", [])
    results = [
        ModelResult(result.node.name, None, str(result.status), result.message or "", result.execution_time) for result in ran
    ]
    if outcome.success:
        results += _test_results(settings, project)
    text = json.dumps([asdict(result) for result in results], ensure_ascii=False)
    replace_atomically(results_path(settings), lambda target: target.write_text(text, encoding="utf-8"))
    failed = [f"{result.model}{f' {result.test}' * bool(result.test)}: {result.message}" for result in results if result.failed]
    if failed:
        raise ModelError("dbt: " + "; ".join(failed))
    if not outcome.success:
        raise ModelError(f"dbt could not run {project}: {outcome.exception}")
    return dict(Counter(result.status for result in results))


def _test_results(settings: Settings, project: Path) -> list[ModelResult]:
    import duckdb

    with duckdb.connect(str(warehouse_path(settings)), read_only=True) as connection:
        tested = run_tests(connection, project)
    return [
        ModelResult(
            test.model,
            test.name,
            "fail" if test.failures else "pass",
            f"{test.failures} rows fail; `dbt test` with target release shows which" if test.failures else "",
        )
        for test in tested
    ]


def model_results(settings: Settings) -> list[ModelResult]:
    """What became of each model and data test when the models were run last; empty where dbt did not get that far."""
    path = results_path(settings)
    return [ModelResult(**entry) for entry in json.loads(path.read_bytes())] if path.exists() else []


def results_path(settings: Settings) -> Path:
    """Where the results of the last run are; not there before the first."""
    return settings.home / "dbt" / "results.json"


def _write_profile(project: Path, folder: Path, settings: Settings) -> None:
    """Write a profile under the name that the project asks for: absolute path, nothing fetched while it runs."""
    name = yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8"))["profile"]
    output = {
        "type": "duckdb",
        "path": str(warehouse_path(settings)),
        "schema": "main",
        "threads": settings.workers,
        "settings": {"autoinstall_known_extensions": False, "autoload_known_extensions": False},
    }
    folder.mkdir(parents=True, exist_ok=True)
    profile = {name: {"target": "build", "outputs": {"build": output}}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile, allow_unicode=True), encoding="utf-8")


def built_rows(settings: Settings) -> dict[str, int]:
    """Rows of the models in `build/warehouse.duckdb` by name, outside the schemas that `load` makes."""
    import duckdb

    with duckdb.connect(str(warehouse_path(settings)), read_only=True) as connection:
        rows = connection.execute(
            "select table_name, estimated_size from duckdb_tables() "
            "where not internal and schema_name not in ('facts', 'catalogue', 'reference')"
        ).fetchall()
    return {name: int(count) for name, count in rows}
