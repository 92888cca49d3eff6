"""All models over a large city, and the example queries on it: `python -m benchmarks.marts [--departments N] [--write]`.

Belongs here: multiplying the samples' facts (new departments and years, jittered amounts), the time of each model and of each
query of `docs/questions`, as ratios to reading the same tables once. Does not belong here: documents, dbt's own time
(`fixed_costs`), and judging; nothing is asserted.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from benchmarks.fixed_costs import ROOT, command
from benchmarks.readers.__main__ import PAGE, replace_part
from pipelines.catalogue import catalogue
from pipelines.warehouse.models import rendered_models
from pipelines.warehouse.questions import read_questions

RUNS = 5
LAST_YEAR = 2024
DBT_PROJECT = ROOT / "dbt_project"

# One city; every department takes its reports from the samples in turn, each year with amounts of its own.
_COPIES = """
create table copies as
with sources as (
    select report_id, fiscal_year, row_number() over (order by report_id) - 1 as number, count(*) over () as total
    from source.facts.reports
    where is_current and fiscal_year is not null
),
city as (
    select d.department, y.year from range({departments}) as d (department), range({first_year}, {last_year} + 1) as y (year)
)
select
    sources.report_id as source_report_id,
    city.year - sources.fiscal_year as shift,
    'copy-' || city.department || '-' || city.year as copy,
    'department-' || city.department as department_id,
    '第' || city.department || '局' as department_name,
    0.8 + (hash(city.department, city.year) % 4000) / 10000 as factor
from city
inner join sources on sources.number = city.department % sources.total
"""
_YEARS = ("fiscal_year", "amount_year", "folder_year", "stated_year", "count_year")
_IDS = ("row_id", "report_id", "form_id", "sha256", "file_name")


def _copied(column: str, type_: str) -> str:
    """The value of a column in a copy of a report."""
    if column in _IDS:
        return f"left(md5({column} || copy), 20) as {column}"
    if column in _YEARS:
        return f"f.{column} + shift as {column}"
    if column in ("department_id", "department_name"):
        return f"copies.{column}"
    if column == "city_code":
        return "'430200' as city_code"
    if column == "city_slug":
        return "'zhuzhou' as city_slug"
    if column.endswith("_wanyuan"):
        return f"cast(round(f.{column} * factor, 2) as {type_}) as {column}"
    if column == "text":
        # Half of the departments write the year's text anew, the others repeat what all write.
        return "if(hash(copy) % 2 = 0, f.text || copies.department_name || copy, f.text) as text"
    return f"f.{column}"


def city(source: Path, departments: int, years: int) -> duckdb.DuckDBPyConnection:
    """A database in memory with schemas facts, catalogue and reference of a city, multiplied from a published warehouse."""
    connection = duckdb.connect()
    connection.execute(f"attach '{source}' as source (read_only)")
    connection.execute(_COPIES.format(departments=departments, first_year=LAST_YEAR - years + 1, last_year=LAST_YEAR))
    connection.execute("create schema facts")
    for name, table in catalogue().tables.items():
        columns = ", ".join(_copied(column.name, column.type) for column in table.columns)
        connection.execute(
            f"create table facts.{name} as select {columns} from source.facts.{name} as f "
            "inner join copies on f.report_id = copies.source_report_id"
        )
    for schema in ("catalogue", "reference"):
        connection.execute(f"create schema {schema}")
        names = "select table_name from duckdb_tables() where database_name = 'source' and schema_name = ?"
        for (name,) in connection.execute(names, [schema]).fetchall():
            connection.execute(f"create table {schema}.{name} as select * from source.{schema}.{name}")
    connection.execute("detach source")
    return connection


def seconds(connection: duckdb.DuckDBPyConnection, query: str) -> float:
    """Seconds until a query has given its last row."""
    started = time.perf_counter()
    connection.execute(query).fetchall()
    return time.perf_counter() - started


def scan(connection: duckdb.DuckDBPyConnection, table: str) -> float:
    """Seconds of reading every value of a table once."""
    return statistics.median(seconds(connection, f"select bit_xor(hash(t)) from {table} as t") for _ in range(RUNS))


def build(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Build every model and return its seconds."""
    models = rendered_models(DBT_PROJECT)
    for schema in sorted({model.schema for model in models}):
        connection.execute(f"create schema {schema}")
    return {model.name: seconds(connection, f"create table {model.schema}.{model.name} as {model.sql}") for model in models}


def queries(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, list[float], float]]:
    """Name, seconds of every run, and seconds of reading its mart once, of each example query."""
    found = []
    for question in read_questions(ROOT):
        connection.execute(question.sql).fetchall()
        runs = [seconds(connection, question.sql) for _ in range(RUNS)]
        found.append((question.name, runs, scan(connection, f"marts.{question.mart}")))
    return found


def measured(source: Path, departments: int, years: int) -> dict[str, object]:
    """Everything about one city."""
    with city(source, departments, years) as connection:
        rows = sum(connection.execute(f"select count(*) from facts.{name}").fetchall()[0][0] for name in catalogue().tables)
        read = sum(scan(connection, f"facts.{name}") for name in catalogue().tables)
        models = build(connection)
        asked = queries(connection)
    every = sorted(run for _, runs, _ in asked for run in runs)
    slowest = sorted(models.items(), key=lambda entry: -entry[1])[:8]
    return {
        "departments": departments,
        "years": years,
        "fact_rows": rows,
        "scan_seconds": round(read, 3),
        "models_seconds": round(sum(models.values()), 2),
        "models_to_scan": round(sum(models.values()) / read, 1),
        "slowest_models_seconds": {name: round(taken, 2) for name, taken in slowest},
        "queries_p95_ms": round(every[int(len(every) * 0.95)] * 1000, 1),
        "queries": {
            name: {
                "median_ms": round(statistics.median(runs) * 1000, 2),
                "to_scan_of_mart": round(statistics.median(runs) / read_mart, 1),
            }
            for name, runs, read_mart in asked
        },
    }


def part(result: dict[str, object]) -> str:
    """The result as a part of docs/benchmarks.md."""
    queries_, models = result["queries"], result["slowest_models_seconds"]
    assert isinstance(queries_, dict) and isinstance(models, dict)
    lines = [
        f"{result['departments']} departments × {result['years']} years, {result['fact_rows']:,} rows of facts; Python "
        f"{sys.version.split()[0]}, DuckDB {duckdb.__version__}.",
        "",
        "| what | measured |",
        "| --- | --- |",
        f"| reading every fact once, s | {result['scan_seconds']} |",
        f"| all models, s | {result['models_seconds']} |",
        f"| all models / reading every fact once | {result['models_to_scan']} |",
        f"| p95 of the example queries, ms | {result['queries_p95_ms']} |",
        *(f"| model `{name}`, s | {taken} |" for name, taken in models.items()),
        "",
        "| example query | median, ms | / reading its mart once |",
        "| --- | --- | --- |",
        *(f"| {name} | {of['median_ms']} | {of['to_scan_of_mart']} |" for name, of in queries_.items()),
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--departments", type=int, default=300)
    parser.add_argument("--years", type=int, default=5)
    parser.add_argument("--home", type=Path, help="a home with a release of the samples (default: one is made)")
    parser.add_argument("--write", action="store_true", help="put the results into docs/benchmarks.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = given.home or Path(folder)
        if given.home is None:
            command("nightly", "--home", folder, "--raw", str(ROOT / "data/raw"))()
        result = measured(home / "current" / "warehouse.duckdb", given.departments, given.years)
    print(json.dumps(result, indent=2, ensure_ascii=False))
    if given.write:
        PAGE.write_text(replace_part(PAGE.read_text(encoding="utf-8"), "marts", part(result)), encoding="utf-8")


if __name__ == "__main__":
    main()
