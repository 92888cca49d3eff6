"""The inputs in `data/samples`: loading, and the view of one year.

Belongs here: YAML with exact decimals, year maps, paths into a tree. Does not belong here: arithmetic on figures.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

Tree = dict[str, Any]


class _DecimalLoader(yaml.SafeLoader):
    """Reads 812.40 as the decimal that is written, never as a float."""


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(loader.construct_scalar(node))


_DecimalLoader.add_constructor("tag:yaml.org,2002:float", _decimal)


def load(path: Path) -> Tree:
    """The tree of one YAML file; every number with a point is a Decimal."""
    tree: Tree = yaml.load(path.read_text(encoding="utf-8"), Loader=_DecimalLoader)
    return tree


def for_year(node: Any, year: int) -> Any:
    """The tree as it holds for one year.

    A mapping whose keys are all years stands for its value of that year.
    """
    if isinstance(node, dict):
        if node and all(isinstance(key, int) for key in node):
            return for_year(node.get(year), year)
        return {key: for_year(value, year) for key, value in node.items()}
    if isinstance(node, list):
        return [for_year(item, year) for item in node]
    return node


def put(tree: Any, path: str, value: Any) -> None:
    """Replace the value at a dotted path, e.g. `projects.1.rate`; list places count from 1. Raises KeyError or IndexError."""
    *above, last = path.split(".")
    for step in above:
        tree = tree[int(step) - 1] if isinstance(tree, list) else tree[step]
    key: Any = int(last) - 1 if isinstance(tree, list) else last
    tree[key]  # a seed that hits nothing is a mistake
    tree[key] = value
