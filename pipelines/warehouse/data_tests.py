"""The dbt project's data tests without dbt: the same generic tests and YAML files, rendered to SQL and asked of a built file.

Belongs here: what `dbt build` would ask of the tables, at a hundredth of its time. Does not belong here: the tests themselves
(`dbt_project/tests/generic`, `data_tests` of the models' YAML), unit tests, and contracts (dbt holds them while it builds).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.catalogue.definitions import read_yaml
from pipelines.warehouse.models import environment, rendered_models

if TYPE_CHECKING:
    import duckdb

_TEST = re.compile(r"{%(-?)\s*test\s+(\w+)")
_END = re.compile(r"{%(-?)\s*endtest")


@dataclass(frozen=True)
class DataTest:
    """One test of a model: `sql` yields the rows that are wrong."""

    model: str
    name: str
    sql: str


@dataclass(frozen=True)
class TestResult:
    """How many rows of a model failed one of its tests; 0 is a pass."""

    model: str
    name: str
    failures: int


@cache
def rendered_tests(dbt_project: Path) -> tuple[DataTest, ...]:
    """Every data test that the models' YAML names, with the project's own generic tests.

    Raises KeyError for a test that `tests/generic` does not define, or of a model that is not there.
    """
    relations = {model.name: f"{model.schema}.{model.name}" for model in rendered_models(dbt_project)}
    known = environment(dbt_project)
    known.globals["ref"] = relations.__getitem__
    generic: dict[str, Any] = {}
    for path in sorted((dbt_project / "tests" / "generic").glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        module = known.from_string(_END.sub(r"{%\1 endmacro", _TEST.sub(r"{%\1 macro \2", text))).make_module({})
        generic.update({name: getattr(module, name) for _, name in _TEST.findall(text)})
    return tuple(
        DataTest(model, name, generic[name](relations[model], **arguments))
        for path in sorted((dbt_project / "models").rglob("*.yml"))
        for entry in read_yaml(path).get("models", ())
        for model, name, arguments in _named(entry)
    )


def _named(entry: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Model, test and arguments of each test in a model's YAML entry, on the model or on a column."""
    of_columns = [(column["name"], test) for column in entry.get("columns", ()) for test in column.get("data_tests", ())]
    for column, test in [(None, test) for test in entry.get("data_tests", ())] + of_columns:
        (name, definition), *_ = test.items() if isinstance(test, dict) else [(test, None)]
        own = {} if column is None else {"column_name": column}
        yield entry["name"], name, own | (definition or {}).get("arguments", {})


def run_tests(connection: duckdb.DuckDBPyConnection, dbt_project: Path) -> tuple[TestResult, ...]:
    """Ask every data test of the tables that the connection sees."""
    return tuple(
        TestResult(test.model, test.name, connection.execute(f"select count(*) from ({test.sql})").fetchall()[0][0])
        for test in rendered_tests(dbt_project)
    )
