"""Figures of one report: what a department would print, computed from a few inputs.

Belongs here: sums, rates and scores as `Decimal`, and how an amount is printed. Does not belong here: where a figure stands on
a page. All amounts are 万元 until they are printed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from data.sampling.inputs import Tree

PHASES = ("initial", "final", "executed")
VEHICLES = ("vehicle_purchase", "vehicle_operation")
GIVEN_ROWS = (*VEHICLES, "abroad", "reception", "office_cost", "utilities_travel", "meeting_training", "procurement")
GRADES = ((90, "优"), (80, "良"), (60, "中"), (0, "差"))
Printer = Callable[[Decimal], str]


def rounded(value: Decimal, places: int = 2) -> Decimal:
    """Rounded half up, as the forms' own systems do."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def percentage(part: Decimal, whole: Decimal, places: int = 2) -> str:
    """`part` of `whole` in percent as printed, e.g. 99.48%."""
    return f"{rounded(100 * part / whole, places)}%"


def printer(places: int | None, thousands: bool = False, factor: int = 1) -> Printer:
    """How amounts are printed: with fixed places (None: as many as needed), thousands separators, in a smaller unit."""

    def printed(amount: Decimal) -> str:
        value = Decimal(amount) * factor
        if places is not None and value != rounded(value, places):
            raise ValueError(f"{value} does not fit {places} places")
        value = value.normalize() if places is None else rounded(value, places)
        return f"{value:,f}" if thousands else f"{value:f}"

    return printed


def content_of(department: Tree, report: Tree, earlier: Tree | None) -> Tree:
    """Everything that one report prints, as strings by place; `earlier` is the department's own report of the year before.

    `carried` keeps the year's final accounts as decimals for the report of the year after.
    """
    layout = {"places": 2, "thousands": False, "rate_places": 2, "score_places": 2} | report["layout"]
    amount = printer(layout["places"], layout["thousands"])
    projects = [_project(project, layout) for project in report["projects"]]
    groups = {"project": [p for p in projects if not p["is_gov_fund"]], "gov_fund": [p for p in projects if p["is_gov_fund"]]}
    spent = {name: _summed(p["total"] for p in members) for name, members in groups.items()}
    basic = report["basic"]
    basic_phases = [Decimal(basic["initial"]), Decimal(basic["final"]), Decimal(basic["personnel"] + basic["public"])]
    total = _summed([basic_phases, spent["project"], spent["gov_fund"]])
    carried = _base_amounts(report, projects, earlier["carried"] if earlier else None)
    return {
        "name": department["name"],
        "year": str(report["year"]),
        "layout": layout,
        "texts": report["texts"],
        "title_year": str(report["year"]),
        "form_years": [str(report["year"])] * (2 + len(projects)),
        "headings": deepcopy(report["headings"]),
        "attachments": _attachments(report["year"], [project["name"] for project in projects]),
        "narrative": {
            "staff": {name: str(value) for name, value in report["staff"].items()},
            "basic": _phases(basic_phases, amount, layout)
            | {"personnel": amount(basic["personnel"]), "public": amount(basic["public"])},
            "project": _phases(spent["project"], amount, layout),
            "gov_fund": _phases(spent["gov_fund"], amount, layout) if groups["gov_fund"] else None,
        },
        "base": _base(report, carried, basic_phases, amount),
        "department": _department(report, basic_phases, spent, total, amount, layout),
        "projects": [_project_form(p, layout) for p in projects],
        "carried": {label: values[2] for label, values in carried.items()},
    }


def _attachments(year: int, projects: list[str]) -> list[str]:
    named = [f"（{name}）" for name in projects] if len(projects) > 1 else [""]
    forms = ["部门整体支出绩效评价基础数据表", "部门整体支出绩效自评表", *(f"项目支出绩效自评表{name}" for name in named)]
    return [f"{year}年度{form}" for form in forms]


def _summed(columns: Iterable[list[Decimal]]) -> list[Decimal]:
    return [sum(values, Decimal(0)) for values in zip(*columns, strict=True)] or [Decimal(0)] * 3


def _phases(values: list[Decimal], amount: Printer, layout: Tree) -> Tree:
    printed: Tree = dict(zip(PHASES, map(amount, values), strict=True))
    return printed | {"rate": percentage(values[2], values[1], layout["rate_places"]) if values[1] else "0"}


def _project(project: Tree, layout: Tree) -> Tree:
    funds = {source: [Decimal(value) for value in values] for source, values in project["funds"].items()}
    return project | {
        "is_gov_fund": project.get("budget") == "gov_fund",
        "funds": {source: funds.get(source, [Decimal(0)] * 3) for source in ("fiscal", "carry", "other")},
        "total": _summed(funds.values()),
    }


def base_label(project: Tree) -> str:
    """Row of the base data table that a project belongs to: operating_work, maintenance, or special_fund with its name."""
    category: str = project["category"]
    return f"special_fund:{project['name']}" if category == "special_fund" else category


def _base_amounts(report: Tree, projects: list[Tree], carried: dict[str, Decimal] | None) -> dict[str, list[Decimal]]:
    """Amounts of the base data table by row: prior final accounts, budget, final accounts."""
    prior = carried if carried is not None else report["prior"]
    budget_column = PHASES.index(report["layout"].get("base_budget", "final"))
    rows = {label: [Decimal(0), *map(Decimal, report["base"][label])] for label in GIVEN_ROWS}
    rows["public_funds"] = [Decimal(0), Decimal(report["base"]["public_funds"]), Decimal(report["basic"]["public"])]
    for project in projects:
        part = [Decimal(0), project["total"][budget_column], project["total"][2]]
        rows[base_label(project)] = _summed([rows.get(base_label(project), [Decimal(0)] * 3), part])
    for label in rows:
        rows[label][0] = Decimal(prior.get(label, 0))
    rows["vehicles"] = _summed(rows[label] for label in VEHICLES)
    rows["three_public"] = _summed(rows[label] for label in ("vehicles", "abroad", "reception"))
    parts = [label for label in rows if label in ("operating_work", "maintenance") or label.startswith("special_fund:")]
    rows["project_expenditure"] = _summed(rows[label] for label in parts)
    return rows


def _base(report: Tree, rows: dict[str, list[Decimal]], basic: list[Decimal], amount: Printer) -> Tree:
    year = report["year"]
    staff = report["staff"]
    change = basic[1] - basic[0]
    adjustments = {
        "number": ["", "", amount(change)],
        "numbers": ["", amount(change), amount(change)],
        "text": [report["texts"].get("adjustment", "")],
        "blank": ["", "", ""],
    }
    special = [label for label in rows if label.startswith("special_fund:")]
    return {
        "staff": {
            "year": str(year),
            "quota": str(staff["quota"]),
            "in_post": str(staff["in_post"]),
            "rate": percentage(Decimal(staff["in_post"]), Decimal(staff["quota"])),
        },
        "years": [str(year - 1), str(year), str(year)],
        "rows": {label: [amount(value) for value in values] for label, values in rows.items() if label not in special},
        "special": [[label.partition(":")[2], *map(amount, rows[label])] for label in special],
        "adjustment": adjustments[report["layout"]["adjustment"]],
        "building": _building(report.get("building")),
    }


def _building(building: Tree | None) -> list[str]:
    if building is None:
        return [""] * 6
    values = [Decimal(building[name]) for name in ("approved_area", "actual_area", "budget", "actual")]
    approved, actual, budget, invested = (f"{value.normalize():f}" for value in values)
    return [approved, actual, percentage(values[1], values[0]), budget, invested, percentage(values[3], values[2])]


def _execution(values: list[Decimal], layout: Tree, weight: int = 10) -> Tree:
    share = min(values[2] / values[1], Decimal(1))
    return {
        "weight": str(weight),
        "rate": percentage(values[2], values[1], layout["rate_places"]),
        "score": str(rounded(weight * share)),
    }


def _department(report: Tree, basic: list[Decimal], spent: Tree, total: list[Decimal], amount: Printer, layout: Tree) -> Tree:
    gov_fund = spent["gov_fund"][2]
    execution = _execution(total, layout)
    form = {
        "execution": execution | dict(zip(PHASES, map(amount, total), strict=True)),
        "sources": [amount(total[2] - gov_fund), amount(gov_fund), amount(Decimal(0)), amount(Decimal(0))],
        "nature": [amount(basic[2]), amount(spent["project"][2] + gov_fund)],
        "goal": deepcopy(report["goal"]),
    }
    return form | _scored(report["indicators"], execution["score"], layout)


def _project_form(project: Tree, layout: Tree) -> Tree:
    in_yuan = project.get("unit") == "元"
    amount = printer(2, True, 10000) if in_yuan else printer(layout["places"], layout["thousands"])
    execution = _execution(project["total"], layout)
    form = {
        "name": project["name"],
        "unit": project.get("unit", "万元"),
        "implementing_unit": project.get("implementing_unit"),
        "execution": execution | dict(zip(PHASES, map(amount, project["total"]), strict=True)),
        "funds": {source: list(map(amount, values)) for source, values in project["funds"].items()},
        "goal": deepcopy(project["goal"]),
    }
    return form | _scored(project["indicators"], execution["score"], layout)


def _scored(rows: list[list[Any]], execution_score: str, layout: Tree) -> Tree:
    """Indicators with scores, bands, total and grade; an indicator scores its weight unless its input says otherwise."""
    indicators = [_indicator(row, layout["score_places"]) for row in rows]
    total = Decimal(execution_score) + sum(Decimal(row["score"]) for row in indicators if row["score"])
    bands: dict[str, Decimal] = {}
    for row in indicators:
        if row["weight"]:
            bands[row["level1"]] = bands.get(row["level1"], Decimal(0)) + Decimal(row["weight"])
    return {
        "indicators": indicators,
        "bands": {level1: str(points) for level1, points in bands.items()},
        "total": {"weight": "100", "score": str(total)},
        "grade": next(grade for floor, grade in GRADES if total >= floor),
    }


def _indicator(row: list[Any], score_places: int) -> Tree:
    level1, level2, name, target, actual, weight, *rest = row
    extra: Tree = rest[0] if rest else {}
    given = extra.get("score")
    score = given if given is not None else weight
    return {
        "level1": f"{level1}指标",
        "level2": f"{level2}指标",
        "name": name,
        "target": str(target),
        "actual": str(actual),
        "weight": str(weight),
        "score": "" if score == "" else str(rounded(Decimal(score), score_places)),
        "rule": extra.get("rule") or "",
        "reason": extra.get("reason") or "",
    }
