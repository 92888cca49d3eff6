"""What a run is asked for beyond the settings: back-fills, and letting a release out that lost a lot.

Belongs here: the orders, and their form in Dagster's launchpad. Does not belong here: what they do (`archive.selection`,
`warehouse.publish`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from pipelines.archive import EVERYTHING, Selection


@dataclass(frozen=True)
class Orders:
    """The part of the raw folder that a run attends to, and whether it publishes whatever was lost."""

    selection: Selection = EVERYTHING
    accept_losses: bool = False


USUAL = Orders()

# What the launchpad offers under `resources: night: config`.
CONFIG = {
    "cities": dg.Field(
        [str], default_value=[], description="Back-fill: only files of these city folders; empty: all. 仅处理这些城市目录"
    ),
    "years": dg.Field(
        [int], default_value=[], description="Back-fill: only files of these year folders; empty: all. 仅处理这些年度目录"
    ),
    "since": dg.Field(
        str,
        default_value="",
        description="Back-fill: only files first seen on or after this day of Beijing, as 2024-07-01; empty: all. "
        "仅处理此日（含）以后首次出现的文件",
    ),
    "reread": dg.Field(
        bool,
        default_value=False,
        description="Read the selected files again, whatever is stored of them. 重新读取所选文件，不用已存的读取结果",
    ),
    "accept_losses": dg.Field(
        bool,
        default_value=False,
        description="Publish even where more rows or departments are lost than the settings max_lost_rows_pct and "
        "max_lost_departments_pct allow. 即使丢失的行或部门超过限度也发布",
    ),
}


def orders(config: Mapping[str, Any]) -> Orders:
    """Orders from values of CONFIG. Raises SelectionError."""
    return Orders(Selection.of(config["cities"], config["years"], config["since"], config["reread"]), config["accept_losses"])
