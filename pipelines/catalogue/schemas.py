"""Polars schemas of the catalogue's tables.

Belongs here: the DuckDB type of a field as a Polars type, and empty frames with the right columns. Does not belong here: SQL,
suites and documentation rendered from the catalogue (`rendering`).
"""

from __future__ import annotations

import re

import polars as pl

from pipelines.catalogue.definitions import catalogue

_TYPES: dict[str, pl.DataType] = {
    "VARCHAR": pl.String(),
    "INTEGER": pl.Int32(),
    "BIGINT": pl.Int64(),
    "BOOLEAN": pl.Boolean(),
    "DOUBLE": pl.Float64(),
    "DATE": pl.Date(),
    "TIMESTAMP": pl.Datetime("us"),
}


def polars_type(duckdb_type: str) -> pl.DataType:
    """Polars type of a DuckDB type as written in fields.yml, lists (`VARCHAR[]`) and decimals included.

    Raises ValueError for a type that the catalogue does not use.
    """
    if duckdb_type.endswith("[]"):
        return pl.List(polars_type(duckdb_type[:-2]))
    if decimal := re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", duckdb_type):
        return pl.Decimal(int(decimal[1]), int(decimal[2]))
    if duckdb_type not in _TYPES:
        raise ValueError(f"fields.yml: no Polars type for {duckdb_type}; known are {', '.join(_TYPES)}, DECIMAL(p,s) and lists")
    return _TYPES[duckdb_type]


def polars_schema(table: str) -> dict[str, pl.DataType]:
    """Column names of a table of schema `facts`, in order, with their Polars types. Raises KeyError for an unknown table."""
    known = catalogue()
    entry = known.decisions.get(table) or known.tables[table]
    return {column.name: polars_type(column.type) for column in entry.columns}


def empty_frame(table: str) -> pl.DataFrame:
    """A frame without rows that has the columns of a table of schema `facts`."""
    return pl.DataFrame(schema=polars_schema(table))
