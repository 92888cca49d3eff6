"""The warehouses that the pages are made from, in memory: sample reports, drawn contradictions, figures.

Belongs here: reading the documents and building the models over them. Does not belong here: what is asked of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from data.generation import printed, write
from data.generation.drawing import Drawn
from data.generation.plants import PLANTS, planted
from pipelines.facts.files import read_files
from pipelines.settings import Settings
from pipelines.warehouse.models import build_in_memory
from tests.support.figures import facts_of, read_figures

if TYPE_CHECKING:
    import duckdb

PROJECT = Path(__file__).resolve().parents[2]
_SEEDS = range(1, 400)  # of 400 reports, one has a place for the contradiction


@cache
def samples() -> duckdb.DuckDBPyConnection:
    """The warehouse of the sample reports in data/raw."""
    return _built(sorted(path for path in (PROJECT / "data" / "raw").rglob("*") if path.is_file()))


@cache
def contradicted() -> duckdb.DuckDBPyConnection:
    """The warehouse of drawn reports, one for every plant and the year before it where the contradiction needs that."""
    with TemporaryDirectory(prefix="jixiao-pages-") as folder:
        return _built([_written(Path(folder), report) for report in _drawn()])


@cache
def handmade() -> duckdb.DuckDBPyConnection:
    """The warehouse of one report full of contradictions, whose figures were written down by hand."""
    return build_in_memory(facts_of(read_figures("contradictory")), PROJECT / "dbt_project")


def _built(paths: list[Path]) -> duckdb.DuckDBPyConnection:
    return build_in_memory(read_files(paths, Settings.load()), PROJECT / "dbt_project")


def _drawn() -> Iterator[Drawn]:
    taken = 0
    for name in PLANTS:
        # Every plant has seeds of its own: two reports of one department and year would be versions of each other.
        found = next(one for seed in _SEEDS if (one := planted(taken + seed, name)) is not None)
        taken = found.drawn.seed
        if found.earlier is not None:
            yield found.earlier
        yield found.drawn


def _written(folder: Path, report: Drawn) -> Path:
    page = printed(report.seed, report.family, report)
    name, data = write(page, "docx")
    path = folder / page.city / str(page.folder_year) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
