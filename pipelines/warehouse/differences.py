"""What changed between two releases: by table, department and figure, and which findings opened or closed.

Belongs here: comparing two warehouse files, opened read-only, with SQL. Does not belong here: words for people (`commands`),
and whether a loss is too large (`losses`).

Ids of revisions and rows change whenever a file does, so rows are matched by what they are about: the file (by its path, else
by its bytes at another path), the form, the row's key without ids, and its place among equal ones. Values are compared, places
are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipelines.catalogue import Table, catalogue
from pipelines.home import read_release
from pipelines.settings import Settings
from pipelines.warehouse.content import RUN_COLUMNS, table_columns
from pipelines.warehouse.releases import WAREHOUSE, UnknownReleaseError, current_name, folder_of

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

COMPARED_SCHEMAS = ("facts", "marts", "reference", "catalogue")
_IDS = re.compile(r"(^|_)(row|report|form)_ids?$|^superseded_by$")
_PLACE = frozenset({"locator", "page_number", "table_number", "row_number", "column_number", "line_number"})
_LEFT_OUT = RUN_COLUMNS | _PLACE | {"reader_version", "template_version", "decisions_version"}
_NUMBERS = ("DECIMAL", "INTEGER", "BIGINT", "DOUBLE")
_TEXTS_OF_FIGURES = frozenset({"grade_reported", "target_raw", "target_adjusted_raw", "actual_raw"})
# What a row of facts is about, beside its file and its key.
_ABOUT = ("form_kind", "project_name")
_FINDING = ("city_code", "department_id", "fiscal_year", "form_kind", "project_name", "rule_id", "check_id", "subject")
_FINDING_VALUES = ("outcome", "severity", "stated_value", "computed_value", "difference")


def pair(settings: Settings, before: str | None = None, after: str | None = None) -> tuple[Path, Path]:
    """Folders of the two releases to compare: without names the current one and the one before it; with one name that one and
    the current one. Raises UnknownReleaseError.
    """
    home = settings.home
    current = current_name(home)
    if current is None:
        raise UnknownReleaseError("nothing is published yet")
    if before is None:
        manifest = read_release(home / "releases" / current) or {}
        before = manifest.get("previous_release_id")
        if before is None:
            raise UnknownReleaseError(f"{current} is the first release; there is none before it to compare with")
    return folder_of(home, before), folder_of(home, after or current)


def differences(before: Path, after: Path, limit: int | None = None) -> dict[str, Any]:
    """What differs between the releases in two folders; of each list at most `limit` entries.

    Returns before and after (release ids); tables (table, rows_before, rows_after, added, removed, changed, columns_added,
    columns_removed: of tables that differ); departments (city_code, department_id, department_name, fiscal_year, state: added,
    removed or changed, and figures added, removed, changed); figures (change, table, city_code, department_id,
    department_name, fiscal_year, form_kind, project_name, subject, column, old, new, file_name, locator, row_id); findings
    (change: opened, closed or changed, and columns of mart_findings); and counts: departments, figures, findings_opened,
    findings_closed, findings_changed.
    """
    with _attached(before / WAREHOUSE, after / WAREHOUSE) as connection:
        old, new = (table_columns(connection, name) for name in ("before", "after"))
        unequal = (old.keys() | new.keys()) - _equal_tables(before, after)
        tables = [entry for name in sorted(unequal) if (entry := _table(connection, name, old, new)) is not None]
        _match_files(connection)
        _collect_figures(connection, old, new)
        _collect_findings(connection, old, new)
        counts = {name: _count(connection, name) for name in ("departments", "figures")}
        by_change = dict(connection.execute("select change, count(*) from findings group by change").fetchall())
        counts |= {f"findings_{change}": by_change.get(change, 0) for change in ("opened", "closed", "changed")}
        lists = {name: _listed(connection, name, limit) for name in ("departments", "figures", "findings")}
    return {"before": before.name, "after": after.name, "tables": tables, **lists, "counts": counts}


@contextmanager
def _attached(before: Path, after: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database in memory with both files attached read-only; no other file can be reached."""
    import duckdb

    with duckdb.connect() as connection:
        for name, path in (("before", before), ("after", after)):
            connection.execute(f"attach {_text(str(path.resolve()))} as {name} (read_only)")
        connection.execute("set enable_external_access = false")
        yield connection


def _text(value: str) -> str:
    escaped = value.replace("'", "''")
    return f"'{escaped}'"


def _quoted(names: list[str], prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{name}"' for name in names)


# tables --------------------


def _equal_tables(before: Path, after: Path) -> set[str]:
    """Tables that hold the same in both releases, as far as their manifests tell."""
    old, new = (read_release(folder) or {} for folder in (before, after))
    if old.get("versions", {}).get("duckdb") != new.get("versions", {}).get("duckdb"):
        return set()
    hashes = old.get("content_hashes", {})
    return {name for name, found in new.get("content_hashes", {}).items() if found == hashes.get(name)}


def _compared(columns: dict[str, str]) -> list[str]:
    return [name for name in columns if name not in _LEFT_OUT and not _IDS.search(name)]


def _key(table: str, columns: list[str], kinds: dict[str, str]) -> list[str]:
    """Columns by which two rows are one row with other values: of facts their key without ids, else those that are texts."""
    schema, _, name = table.partition(".")
    known = (catalogue().tables if schema == "facts" else catalogue().reference if schema == "reference" else {}).get(name)
    if known is None:
        return [column for column in columns if kinds[column] == "VARCHAR" and not column.startswith("message_")]
    chosen = ("file_name", "city_code", "department_id", "fiscal_year", *_ABOUT, *known.key)
    return [column for column in dict.fromkeys(chosen) if column in columns]


def _table(
    connection: duckdb.DuckDBPyConnection, name: str, old: dict[str, dict[str, str]], new: dict[str, dict[str, str]]
) -> dict[str, Any] | None:
    """What changed in a table; None where nothing did, or it is not compared."""
    if name.partition(".")[0] not in COMPARED_SCHEMAS:
        return None
    was, now = old.get(name, {}), new.get(name, {})
    rows_before, rows_after = (
        _count(connection, f"{side}.{name}") if held else 0 for side, held in (("before", was), ("after", now))
    )
    entry = {"table": name, "rows_before": rows_before, "rows_after": rows_after}
    columns = [column for column in _compared(now) if column in was]
    told = {
        "columns_added": [column for column in now if column not in was] if was else [],
        "columns_removed": [column for column in was if column not in now] if now else [],
    }
    if not columns:
        counts = {"added": rows_after, "removed": rows_before, "changed": 0}
    else:
        key = _key(name, columns, now)
        # A changed row is removed and added under the same key. Of a column whose type changed the text is compared.
        values = ", ".join(f'"{column}"::varchar as "{column}"' for column in columns)
        same_key = f"select {_quoted(key) or '1 as one'}, count(*) as n from {{side}} group by all"
        on = " and ".join(f'a."{column}" is not distinct from r."{column}"' for column in key) or "true"
        added, removed, changed = connection.execute(
            f"with b as (select {values} from before.{name}), a as (select {values} from after.{name}), "
            "added as (select * from a except all select * from b), removed as (select * from b except all select * from a), "
            f"changed as (select sum(least(a.n, r.n)) as n from ({same_key.format(side='added')}) as a "
            f"join ({same_key.format(side='removed')}) as r on {on}) "
            "select (select count(*) from added), (select count(*) from removed), coalesce((select n from changed), 0)::bigint"
        ).fetchall()[0]
        counts = {"added": added - changed, "removed": removed - changed, "changed": changed}
    differs = any(counts.values()) or any(told.values()) or not was or not now
    return entry | counts | told if differs else None


def _count(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    return int(connection.execute(f"select count(*) from {name}").fetchall()[0][0])


# figures --------------------


def _match_files(connection: duckdb.DuckDBPyConnection) -> None:
    """Tables old_reports and new_reports: current reports with `file_key`, the same for both sides of one file."""
    for side, name in (("before", "old_reports"), ("after", "new_reports")):
        connection.execute(
            f"create table {name} as select report_id, file_name, sha256, part_number, city_code, department_id, "
            f"department_name, fiscal_year, outcome, file_name || ' #' || coalesce(part_number, 1) as file_key "
            f"from {side}.facts.reports where is_current"
        )
    # A file that moved keeps its bytes; where several have them, the first.
    connection.execute("""
        update old_reports set file_key = moved.file_key
        from (
            select sha256, coalesce(part_number, 1) as part_number, min(file_key) as file_key from new_reports
            where file_name not in (select file_name from old_reports)
            group by all
        ) as moved
        where old_reports.sha256 = moved.sha256 and coalesce(old_reports.part_number, 1) = moved.part_number
            and old_reports.file_name not in (select file_name from new_reports)
    """)


def _collect_figures(
    connection: duckdb.DuckDBPyConnection, old: dict[str, dict[str, str]], new: dict[str, dict[str, str]]
) -> None:
    """Tables `figures`, one row per value of a fact that differs, and `departments`."""
    connection.execute("""
        create table figures (
            change varchar, "table" varchar, city_code varchar, department_id varchar, department_name varchar,
            fiscal_year integer, form_kind varchar, project_name varchar, subject varchar, "column" varchar,
            old varchar, new varchar, file_name varchar, locator varchar, row_id varchar
        )
    """)
    for name, table in catalogue().tables.items():
        columns = {
            column: kind for column, kind in new.get(f"facts.{name}", {}).items() if column in old.get(f"facts.{name}", {})
        }
        if name.startswith("fact_") and columns:
            _figures_of(connection, name, table, columns)
    connection.execute("""
        create table departments as
        with reported as (
            select city_code, department_id, fiscal_year, max(department_name) as department_name,
                bool_or(is_old) as was, bool_or(not is_old) as is_now
            from (
                select *, true as is_old from old_reports union all by name select *, false as is_old from new_reports
            )
            where outcome <> 'rejected' and department_id is not null
            group by all
        ),
        counted as (
            select city_code, department_id, fiscal_year,
                count(*) filter (where change = 'added') as figures_added,
                count(*) filter (where change = 'removed') as figures_removed,
                count(*) filter (where change = 'changed') as figures_changed
            from figures group by all
        )
        select city_code, department_id, department_name, fiscal_year,
            case when not was then 'added' when not is_now then 'removed' else 'changed' end as state,
            coalesce(figures_added, 0) as figures_added, coalesce(figures_removed, 0) as figures_removed,
            coalesce(figures_changed, 0) as figures_changed
        from reported left join counted using (city_code, department_id, fiscal_year)
        where not (was and is_now) or counted.department_id is not null
    """)


def _figures_of(connection: duckdb.DuckDBPyConnection, name: str, table: Table, columns: dict[str, str]) -> None:
    values = [
        column
        for column, kind in columns.items()
        if (kind.startswith(_NUMBERS) or column in _TEXTS_OF_FIGURES)
        and column not in (*table.key, *_PLACE, "fiscal_year", "section_number")
    ]
    if not values:
        return
    key = [column for column in table.key if column in columns and not _IDS.search(column) and column not in _ABOUT]
    about = [column for column in _ABOUT if column in columns]
    identity = ", ".join(["file_key", *(f'"{column}"' for column in (*about, *key))])
    place = [column for column in ("form_id", *sorted(_PLACE - {"locator"}), "row_id") if column in columns]
    # One text for all parts of the key: a join over equal texts is a hash join, also where parts are null.
    row = f"(row({identity}))::varchar"
    for side, reports in (("before", "old_reports"), ("after", "new_reports")):
        connection.execute(
            f"create or replace temp table {side}_rows as select {row} || ' ' || row_number() over (partition by {row} "
            f"order by {_quoted(place)}) as key, facts.*, reports.city_code as of_city, "
            f"reports.department_id as of_department, reports.department_name as of_name, "
            f"reports.fiscal_year as of_year, reports.file_name as of_file "
            f"from {side}.facts.{name} as facts join {reports} as reports on facts.report_id = reports.report_id"
        )
    subject = f"concat_ws(' ', {', '.join(f'coalesce(a.{column}, b.{column})' for column in key)})" if key else "null"
    for column in values:
        kind = columns[column]
        # Trailing zeros of decimals tell nothing.
        shown = f"""regexp_replace({{}}."{column}"::varchar, '(\\.\\d*?)0+$', '\\1').rtrim('.')""" if "DECIMAL" in kind else ""
        old, new = ((shown or f'{{}}."{column}"::varchar').format(side) for side in ("b", "a"))
        connection.execute(
            "insert into figures by position select "
            "case when b.key is null then 'added' when a.key is null then 'removed' else 'changed' end, "
            f"$1, coalesce(a.of_city, b.of_city), coalesce(a.of_department, b.of_department), coalesce(a.of_name, b.of_name), "
            "coalesce(a.of_year, b.of_year), coalesce(a.form_kind, b.form_kind), coalesce(a.project_name, b.project_name), "
            f"{subject}, $2, {old}, {new}, coalesce(a.of_file, b.of_file), coalesce(a.locator, b.locator), "
            "coalesce(a.row_id, b.row_id) "
            "from before_rows as b full join after_rows as a on a.key = b.key "
            f'where b."{column}" is distinct from a."{column}"',
            [name, column],
        )


# findings --------------------


def _collect_findings(
    connection: duckdb.DuckDBPyConnection, old: dict[str, dict[str, str]], new: dict[str, dict[str, str]]
) -> None:
    """Table `findings`: those that opened, closed, or state other values now."""
    was, now = old.get("marts.mart_findings", {}), new.get("marts.mart_findings", {})
    key = [column for column in _FINDING if column in was and column in now]
    values = [column for column in _FINDING_VALUES if column in was and column in now]
    told = [column for column in ("department_name", "message_zh", "message_en") if column in was and column in now]
    if not key:
        connection.execute("create table findings (change varchar)")
        return
    row = f"(row({_quoted(key)}))::varchar"
    sides = (
        f"{side}_findings as (select *, {row} || ' ' || row_number() over (partition by {row} "
        f"order by {_quoted(values) or '1'}) as key from {side}.marts.mart_findings)"
        for side in ("before", "after")
    )
    differs = " or ".join(
        ["a.key is null", "b.key is null", *(f'a."{column}" is distinct from b."{column}"' for column in values)]
    )
    connection.execute(
        f"create table findings as with {', '.join(sides)} select case when b.key is null then 'opened' "
        "when a.key is null then 'closed' else 'changed' end as change, "
        + ", ".join(f'coalesce(a."{column}", b."{column}") as "{column}"' for column in (*key, *values, *told))
        + f" from before_findings as b full join after_findings as a on a.key = b.key where {differs}"
    )


def _listed(connection: duckdb.DuckDBPyConnection, name: str, limit: int | None) -> list[dict[str, Any]]:
    cursor = connection.execute(f"select * from {name} order by all" + ("" if limit is None else f" limit {limit}"))
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
