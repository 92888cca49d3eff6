"""Rows of fact tables for tests: believable values in every required column.

Belongs here: rows that every suite accepts. Does not belong here: rows with faults; tests make their own from these.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.catalogue.schemas import empty_frame, polars_schema
from pipelines.quality import fact_tables

REPORT_ID = "0123456789abcdef"

_COMMON: dict[str, Any] = {
    "report_id": REPORT_ID,
    "form_kind": "base_data",
    "template_id": "HN-BASE",
    "city_code": "430200",
    "department_id": "430200-xunchaban",
    "fiscal_year": 2024,
    "source_label_zh": "标签",
    "raw_text": "1.50",
    "locator": "table 1 row 2 column 3",
    "table_number": 1,
    "row_number": 2,
    "column_number": 3,
}
_OWN: dict[str, dict[str, Any]] = {
    "fact_expenditures": {
        "item_code": "total",
        "fund_source_code": "all",
        "phase_code": "executed",
        "amount_year": 2024,
        "amount_wanyuan": Decimal("1.5"),
        "unit_reported": "万元",
    },
    "final_accounts": {
        "item_code": "total",
        "fund_source_code": "all",
        "phase_code": "final_accounts",
        "amount_year": 2024,
        "amount_wanyuan": Decimal("1.5"),
        "unit_reported": "万元",
    },
    "fact_indicators": {
        "level1_code": "output",
        "indicator_name": "巡察轮次",
        "weight_points": Decimal(10),
        "score_points": Decimal(10),
    },
    "fact_evaluations": {"item_code": "total", "fund_source_code": "all", "execution_rate_reported_pct": Decimal("99.5")},
    "fact_personnel": {"staffing_quota_count": 20, "in_post_count": 18},
    "fact_buildings": {"approved_area_sqm": Decimal(100)},
    "fact_narratives": {"section_code": "other", "text": "正文"},
    "fact_goals": {"goal_side_code": "expected", "quantity_raw": "三轮", "quantity_value": Decimal(3)},
    "fact_changes": {
        "item_code": "total",
        "fund_source_code": "all",
        "phase_code": "executed",
        "amount_year": 2024,
        "change_basis_code": "prior_year",
        "change_wanyuan": Decimal("-1.5"),
    },
    "fact_counts": {"count_code": "reception_batches", "count_year": 2024, "count_value": 12},
}


def fact_frame(table: str, *changes: dict[str, Any]) -> pl.DataFrame:
    """A frame of a fact table: one good row per element of `changes`, each on a form of its own, with the change applied."""
    schema = polars_schema(table)
    rows = []
    for number, change in enumerate(changes, start=1):
        row = {**_COMMON, "row_id": f"{number:020x}", "form_id": f"{REPORT_ID}-{number:02d}", **_OWN[table]}
        row |= {"indicator_number": number} if "indicator_number" in schema else {}
        rows.append({name: value for name, value in {**row, **change}.items() if name in schema})
    return pl.DataFrame(rows, schema=schema)


def figure_cells(table: str, frame: pl.DataFrame, field: str, is_figure: bool = True) -> pl.DataFrame:
    """One entry of `figure_cells` per row of a fact frame for one of its fields."""
    rows = [
        {"table_name": table, "field_name": field, "is_figure": is_figure}
        | {name: row[name] for name in ("row_id", "report_id", "form_id", "locator", "raw_text")}
        for row in frame.iter_rows(named=True)
    ]
    return pl.DataFrame(rows, schema=polars_schema("figure_cells"))


def write_run(run: Path, frames: dict[str, pl.DataFrame]) -> Path:
    """A run folder that holds every fact table, figure_cells and quarantine, empty where `frames` does not give them."""
    facts = run / "facts"
    facts.mkdir(parents=True)
    for table in (*fact_tables(), "figure_cells", "quarantine"):
        frames.get(table, empty_frame(table)).write_parquet(facts / f"{table}.parquet")
    return run
