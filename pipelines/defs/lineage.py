"""The dbt project's models and what each is made of, read from its SQL and YAML.

Belongs here: names, layers, `ref` and `source`, descriptions, data tests. Does not belong here: running a model, and Dagster.
dbt's own manifest says the same (a test holds the two together) but costs seconds of import and parsing at every load.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from pipelines.catalogue.definitions import read_yaml

_REF = re.compile(r"""\bref\(\s*['"](\w+)['"]\s*\)""")
_SOURCE = re.compile(r"""\bsource\(\s*['"](\w+)['"]\s*,\s*['"](\w+)['"]\s*\)""")
_JINJA_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


@dataclass(frozen=True)
class Model:
    """One model: `layer` is its folder below models/, `refs` name models, `sources` are schema.table."""

    name: str
    layer: str
    refs: frozenset[str]
    sources: frozenset[str]
    description: str
    is_tested: bool


def read_models(project: Path) -> list[Model]:
    """Every model of a dbt project, each after those that it refers to. Raises graphlib.CycleError where that is impossible."""
    documented = dict(_documented(project))
    models = {}
    for path in sorted((project / "models").rglob("*.sql")):
        sql = _JINJA_COMMENT.sub("", path.read_text(encoding="utf-8"))
        entry = documented.get(path.stem, {})
        models[path.stem] = Model(
            name=path.stem,
            layer=path.relative_to(project / "models").parts[0],
            refs=frozenset(_REF.findall(sql)),
            sources=frozenset(f"{schema}.{table}" for schema, table in _SOURCE.findall(sql)),
            description=str(entry.get("description", "")).strip(),
            is_tested=any("data_tests" in part for part in (entry, *entry.get("columns", []))),
        )
    order = TopologicalSorter({name: sorted(model.refs) for name, model in models.items()}).static_order()
    return [models[name] for name in order if name in models]


def _documented(project: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted((project / "models").rglob("*.yml")):
        for entry in (read_yaml(path) or {}).get("models", []):
            yield entry["name"], entry
