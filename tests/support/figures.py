"""Fact frames of one report from its figures in YAML, for tests of the rules.

Belongs here: giving each figure of the YAML its fact row, with a row_id that tells its form and place.
Does not belong here: reading reports (`pipelines.forms`), and what the rules say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from pipelines.catalogue.schemas import polars_schema

GOLDEN = Path(__file__).parents[1] / "golden"
Row = dict[str, Any]
_OPERATORS = {"≥": "ge", "≤": "le", "": "bare"}
_EMPTY = {"无": "none", "": "blank"}


def read_figures(name: str) -> Any:
    """The YAML of tests/golden/figures_<name>.yml."""
    return yaml.safe_load((GOLDEN / f"figures_{name}.yml").read_text(encoding="utf-8"))


def facts_of(content: Any, report_id: str = "report") -> dict[str, pl.DataFrame]:
    """Frames of schema `facts` with the catalogue's columns, for a report whose forms stand in order."""
    rows: dict[str, list[Row]] = {"reports": [_report(content["report"], report_id)]}
    for number, form in enumerate(content["forms"]):
        common = {
            "report_id": report_id,
            "form_id": f"{report_id}-{number:02d}",
            "form_kind": form["form_kind"],
            "fiscal_year": content["report"]["fiscal_year"],
            "city_code": "city",
            "department_id": "department",
            "project_name": form.get("project_name"),
        }
        stated = {name: form.get(name) for name in ("stated_year", "title_zh")}
        rows.setdefault("forms", []).append({**common, **stated, "form_number": number})
        for table, row in _form_rows(form):
            rows.setdefault(table, []).append(
                {**common, **row, "row_id": f"{report_id}/{form['form_kind']}-{number}/{row['row_id']}"}
            )
    cells = [cell for table, found in rows.items() if table.startswith("fact_") for row in found for cell in _cells(table, row)]
    return {name: _frame(name, found) for name, found in {**rows, "figure_cells": cells}.items()}


def _report(content: Row, report_id: str) -> Row:
    return {
        "report_id": report_id,
        "file_name": f"city/2024/{report_id}.txt",
        "city_code": "city",
        "city_name": "某市",
        "department_id": "department",
        "outcome": "parsed",
        "is_current": True,
        "first_seen_at": datetime(2025, 3, 1),
        **content,
    }


def _form_rows(form: Row) -> Iterator[tuple[str, Row]]:
    columns = [(year, phase) for year, phases in form.get("years", {}).items() for phase in phases]
    for label, amounts in form.get("amounts", {}).items():
        item, fund = (*label.split(), "all")[:2]
        for (year, phase), amount in zip(columns, amounts, strict=True):
            place = {"item_code": item, "fund_source_code": fund, "phase_code": phase, "amount_year": year}
            row = {"row_id": f"{item}/{fund}/{phase}/{year}", **place, "column_label_zh": f"{year}{phase}"}
            if amount == "blank":
                yield "absent_values", {**row, "table_name": "fact_expenditures", "absence_code": "blank"}
            elif amount is not None:
                yield "fact_expenditures", {**row, "amount_wanyuan": amount}
    for entry in form.get("evaluations", []):
        fund = entry.get("fund_source_code", "all")
        yield "fact_evaluations", {**entry, "row_id": f"evaluation/{entry['item_code']}/{fund}", "fund_source_code": fund}
    if "personnel" in form:
        yield "fact_personnel", {**form["personnel"], "row_id": "personnel"}
    for number, entry in enumerate(form.get("indicators", []), start=1):
        yield "fact_indicators", {**_indicator(entry), "row_id": f"indicator/{number}", "indicator_number": number}
    for number, (section, printed, text) in enumerate(form.get("sections", []), start=1):
        row = {"section_code": section, "section_number": printed, "text": text, "line_number": number}
        yield "fact_narratives", {**row, "row_id": f"section/{number}"}
    for number, (side, value, unit, counted, raw) in enumerate(form.get("goals", []), start=1):
        row = {"goal_side_code": side, "quantity_value": value, "quantity_unit": unit, "quantity_object": counted}
        yield "fact_goals", {**row, "quantity_raw": raw, "row_id": f"goal/{number}"}


def _indicator(entry: list[Any]) -> Row:
    level1, name, target, actual, weight, score, *band = entry
    return {
        "level1_code": level1,
        "indicator_name": name,
        "weight_points": weight,
        "score_points": score,
        "level1_band_points": band[0] if band else None,
        **_quantity("target", target),
        **_quantity("actual", actual),
    }


def _quantity(side: str, raw: str | None) -> Row:
    number = re.fullmatch(r"([≥≤]?)(\d+(?:\.\d+)?)(\D*)", raw or "")
    row: Row = {f"{side}_raw": raw, f"{side}_absence_code": _EMPTY.get(raw or "")}
    if number is None:
        return row | {f"{side}_operator": "qualitative" if row[f"{side}_absence_code"] is None else None}
    return row | {f"{side}_operator": _OPERATORS[number[1]], f"{side}_value": number[2], f"{side}_unit": number[3] or None}


def _cells(table: str, row: Row) -> Iterator[Row]:
    for name, value in row.items():
        if name.endswith(("_pct", "_points")) and value is not None:
            yield {**row, "table_name": table, "field_name": name, "raw_text": str(value), "is_figure": True}


def _frame(table: str, rows: list[Row]) -> pl.DataFrame:
    schema = polars_schema(table)
    found = [{name: _typed(row.get(name), kind) for name, kind in schema.items()} for row in rows]
    return pl.DataFrame(found, schema=schema)


def _typed(value: Any, kind: pl.DataType) -> Any:
    return Decimal(str(value)) if isinstance(kind, pl.Decimal) and value is not None else value
