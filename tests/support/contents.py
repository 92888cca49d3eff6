"""What a release holds, as one hash per table: two releases are the same where these are equal.

Belongs here: hashing every table of a warehouse. Does not belong here: what the tables should hold.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import duckdb

# When a file was first seen and how long its reading took differ between two runs over the same files; nothing else may.
VOLATILE = frozenset({"first_seen_at", "read_seconds"})

_TABLES = """
select table_schema, table_name, list(column_name order by ordinal_position)
from information_schema.columns
where table_catalog = current_catalog() and table_schema not in ('information_schema', 'pg_catalog')
group by all
order by all
"""


class Content(NamedTuple):
    """Number of rows of a table and the hash of all of them, whatever their order."""

    rows: int
    digest: str


def contents(path: Path, leave_out: frozenset[str] = VOLATILE) -> dict[str, Content]:
    """Content of every table and view of the warehouse file at `path`, by schema.table, without the columns `leave_out`."""
    found = {}
    with duckdb.connect(str(path.resolve(strict=True)), read_only=True) as connection:
        for schema, table, columns in connection.execute(_TABLES).fetchall():
            named = ", ".join(f'"{column}"' for column in columns if column not in leave_out)
            query = (
                f'with hashed as (select sha256(row({named})::varchar) as one from "{schema}"."{table}") '
                "select count(*), sha256(coalesce(string_agg(one, '' order by one), '')) from hashed"
            )
            ((count, digest),) = connection.execute(query).fetchall()
            found[f"{schema}.{table}"] = Content(count, digest)
    return found


def differing(left: dict[str, Content], right: dict[str, Content]) -> list[str]:
    """Names of the tables that are not the same in both, with their rows; empty where the two are equal."""
    return [
        f"{name}: {left.get(name, Content(0, 'missing')).rows} rows and {right.get(name, Content(0, 'missing')).rows}"
        for name in sorted(left.keys() | right.keys())
        if left.get(name) != right.get(name)
    ]
