"""What a warehouse holds, as one hash per table.

Belongs here: the hashes, and which columns are left out of them. Does not belong here: telling what differs (`differences`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

# What depends on when and how fast a file was read, not on what is in it.
RUN_COLUMNS = frozenset({"first_seen_at", "read_seconds"})


def content_hashes(path: Path) -> dict[str, str]:
    """Hash of the rows of every table of a warehouse file, by schema.table: `<rows>-<hash>`.

    The order of the rows does not count, nor do RUN_COLUMNS; names, types and order of the other columns do. Hashes of one
    version of DuckDB can be compared, no others.
    """
    import duckdb

    with duckdb.connect(str(path), read_only=True) as connection:
        return {name: _hash(connection, name, columns) for name, columns in table_columns(connection).items()}


def table_columns(connection: duckdb.DuckDBPyConnection, database: str | None = None) -> dict[str, dict[str, str]]:
    """Types of the columns by name, by schema.table, of all tables (no views) of a database, without a name the current one."""
    found: dict[str, dict[str, str]] = {}
    rows = connection.execute(
        "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns() "
        "join duckdb_tables() using (database_oid, schema_oid, table_oid, schema_name, table_name) "
        "where duckdb_columns.database_name = coalesce($1, current_database()) "
        "order by 1, column_index",
        [database],
    ).fetchall()
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


def _hash(connection: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str]) -> str:
    told = {column: kind for column, kind in columns.items() if column not in RUN_COLUMNS}
    row = ", ".join(f'"{column}"' for column in told)
    header = ", ".join(f"{column} {kind}" for column, kind in told.items())
    # A sum does not care for the order of the rows, and counts equal rows.
    query = f"select count(*), coalesce(sum(hash({row})::hugeint), 0) + hash($1) from {name}"
    ((count, total),) = connection.execute(query, [header]).fetchall()
    return f"{count}-{total % (1 << 64):016x}"
