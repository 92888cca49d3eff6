"""No model compares every row with every other: what a city of three hundred departments would wait for."""

from pathlib import Path

from pipelines.warehouse.models import build_in_memory, rendered_models
from tests.support.figures import facts_of, read_figures

DBT_PROJECT = Path(__file__).parents[2] / "dbt_project"
# Patterns of a reference table with a dozen rows, and headings of one report.
SMALL = {"int_departments", "rule_numbering"}


def test_joins_are_hashed() -> None:
    with build_in_memory(facts_of(read_figures("contradictory")), DBT_PROJECT) as connection:
        for model in rendered_models(DBT_PROJECT):
            ((_, plan),) = connection.execute(f"explain {model.sql}").fetchall()
            compared = [kind for kind in ("BLOCKWISE_NL_JOIN", "NESTED_LOOP_JOIN", "CROSS_PRODUCT") if kind in plan]
            assert not compared or model.name in SMALL, f"{model.name}: {compared}"
