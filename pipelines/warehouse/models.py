"""The dbt project's models without dbt: the same SQL files, rendered with Jinja and created in a DuckDB in memory.

Belongs here: what makes the rules of the warehouse run over the facts of a few reports within a second.
Does not belong here: SQL, contracts, tests and comments of the models (`dbt_project`), and the file of a release (`build`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pipelines.catalogue import catalogue
from pipelines.catalogue.definitions import read_yaml
from pipelines.catalogue.rendering import frames as catalogue_frames
from pipelines.warehouse.reference import reference_frames

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb
    import polars as pl

_MACRO = re.compile(r"{%-?\s*macro\s+(\w+)")


@dataclass(frozen=True)
class RenderedModel:
    """One model: the schema that its folder is built into, its SQL, and the models that it refers to."""

    name: str
    schema: str
    sql: str
    refs: frozenset[str]


@cache
def rendered_models(dbt_project: Path) -> tuple[RenderedModel, ...]:
    """Every model of a dbt project, those that others refer to first.

    `ref`, `source`, `config` and the project's own macros are known to the templates, nothing else of dbt. Raises KeyError
    for a `ref` to no model and jinja2.UndefinedError for anything else unknown.
    """
    folders = read_yaml(dbt_project / "dbt_project.yml")
    configured = folders["models"][folders["name"]]
    paths = sorted((dbt_project / "models").rglob("*.sql"))
    layers = {path.stem: path.relative_to(dbt_project / "models").parts[0] for path in paths}
    schemas = {name: configured[layer]["+schema"] for name, layer in layers.items()}
    known = environment(dbt_project)
    models = {path.stem: _render(known, path, schemas) for path in paths}
    order = TopologicalSorter({name: sorted(model.refs) for name, model in sorted(models.items())}).static_order()
    return tuple(models[name] for name in order)


def environment(dbt_project: Path) -> Any:
    """A Jinja environment with `source`, `config` and the project's macros."""
    from jinja2 import Environment, StrictUndefined

    known = Environment(undefined=StrictUndefined, autoescape=False)
    known.globals["config"] = lambda **_: ""
    known.globals["source"] = lambda schema, table: f"{schema}.{table}"
    for path in sorted((dbt_project / "macros").glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        module = known.from_string(text).make_module({})
        known.globals.update({name: getattr(module, name) for name in _MACRO.findall(text)})
    return known


def _render(known: Any, path: Path, schemas: Mapping[str, str]) -> RenderedModel:
    refs: set[str] = set()

    def ref(name: str) -> str:
        refs.add(name)
        return f"{schemas[name]}.{name}"

    sql = known.from_string(path.read_text(encoding="utf-8")).render(ref=ref)
    return RenderedModel(path.stem, schemas[path.stem], sql, frozenset(refs))


def build_in_memory(frames: Mapping[str, pl.DataFrame], dbt_project: Path) -> duckdb.DuckDBPyConnection:
    """Build every model over fact frames, in memory, and return the connection: marts are in schema `marts`.

    `frames` holds tables of schema `facts` by name, with all or some of the catalogue's columns; a table or column that is
    missing stands there empty. Raises KeyError for a table that the catalogue does not know.
    """
    import duckdb

    unknown = sorted(set(frames) - set(catalogue().tables))
    if unknown:
        raise KeyError(f"not tables of schema facts: {', '.join(unknown)}")
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    connection.execute("create schema facts; create schema catalogue; create schema reference")
    for table in catalogue().tables.values():
        columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
        connection.execute(f"create table facts.{table.name} ({columns})")
    # Parquet and no parameters: a frame handed over as it is, or a value, makes DuckDB import pyarrow and pandas, which takes
    # longer than all the rest.
    with TemporaryDirectory(prefix="jixiao-") as folder:
        path = Path(folder) / "frame.parquet"
        source = "read_parquet('{}')".format(str(path).replace("'", "''"))
        for name, frame in frames.items():
            if frame.height:
                frame.write_parquet(path)
                connection.execute(f"insert into facts.{name} by name select * from {source}")
        tables = {f"catalogue.{name}": frame for name, frame in catalogue_frames(dbt_project.parent).items()}
        tables |= {f"reference.{name}": frame for name, frame in reference_frames(dbt_project.parent).items()}
        for name, frame in tables.items():
            frame.write_parquet(path)
            connection.execute(f"create table {name} as select * from {source}")
    models = rendered_models(dbt_project)
    for schema in sorted({model.schema for model in models}):
        connection.execute(f"create schema {schema}")
    for model in models:
        connection.execute(f"create table {model.schema}.{model.name} as {model.sql}")
    return connection
