"""The tables of data/reference as frames: places, departments and lines of work.

Belongs here: reading them in the catalogue's columns and types, for schema `reference`. Does not belong here: finding the
department of a report (`pipelines.facts.places`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.catalogue import catalogue

if TYPE_CHECKING:
    import polars as pl


class ReferenceTableError(ValueError):
    """A reference table cannot be used; the message names the file and what is wrong."""


def reference_frames(project: Path) -> dict[str, pl.DataFrame]:
    """Frames of the tables of schema `reference`, read from `<project>/data/reference/<name>.csv`.

    Raises ReferenceTableError where a file has other columns, a key twice or a required value missing; FileNotFoundError.
    """
    import polars as pl

    types = {"VARCHAR": pl.String(), "INTEGER": pl.Int32(), "BOOLEAN": pl.Boolean()}
    frames = {}
    for name, table in catalogue().reference.items():
        path = project / "data" / "reference" / f"{name}.csv"
        schema = {column.name: types[column.type] for column in table.columns}
        try:
            # Columns are checked by name, not taken by position.
            frame = pl.read_csv(path, infer_schema=False).cast(
                {name: dtype for name, dtype in schema.items() if dtype != types["BOOLEAN"]}
            )
            frame = frame.with_columns(
                pl.col(name).replace_strict({"true": True, "false": False}, return_dtype=pl.Boolean)
                for name, dtype in schema.items()
                if dtype == types["BOOLEAN"]
            ).select(list(schema))
        except pl.exceptions.PolarsError as error:
            raise ReferenceTableError(f"{path}: {error}") from error
        missing = [column for column in table.required if frame[column].is_null().any()]
        if missing or frame.select(table.key).is_duplicated().any():
            raise ReferenceTableError(
                f"{path}: {', '.join(missing) or 'a key'} {'is missing in a row' if missing else 'stands twice'}"
            )
        frames[name] = frame
    return frames
