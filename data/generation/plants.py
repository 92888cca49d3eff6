"""Contradictions planted in clean reports, and what a rule must then say of them.

Belongs here: one function a plant. It changes what a drawn report states, without computing the rest anew, and returns every
failure (or flag) that follows: the one it is named after and those that it cannot help. A new rule gets a plant by a
function with `@plant("<check_id>")`. Does not belong here: the rules themselves (`pipelines/catalogue/rules.yml`, dbt).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from decimal import Decimal

from data.generation.drawing import PHASES, Drawn, Tree, draw, grade_of, rate, rounded

NARRATIVE, BASE, DEPARTMENT, PROJECT = "narrative", "base_data", "department_evaluation", "project_evaluation"


@dataclass(frozen=True)
class Expected:
    """A finding that must come: values in the unit of the check, None where the check states none."""

    check_id: str
    form_kind: str | None
    stated: Decimal | None
    computed: Decimal | None
    outcome: str = "fail"


Function = Callable[[Tree, random.Random], list[Expected] | None]


@dataclass(frozen=True)
class Plant:
    """A plant: the check that it breaks, the family of forms that it fits, whether it needs the report of the year before."""

    check_id: str
    function: Function
    family: str
    needs_earlier: bool


@dataclass(frozen=True)
class Planted:
    """A report with a contradiction, the findings that follow, and the clean report of the year before, where it is needed."""

    drawn: Drawn
    expected: list[Expected]
    earlier: Drawn | None


PLANTS: dict[str, Plant] = {}


def plant(check_id: str, family: str = "HN", needs_earlier: bool = False) -> Callable[[Function], Function]:
    """Register a plant of a check under the function's name."""

    def register(function: Function) -> Function:
        PLANTS[function.__name__] = Plant(check_id, function, family, needs_earlier)
        return function

    return register


def planted(seed: int, name: str) -> Planted | None:
    """The report of a seed with a contradiction; None where it has no place for it. Raises KeyError for an unknown plant."""
    chosen = PLANTS[name]
    first = draw(seed, chosen.family)
    clean = draw(seed, chosen.family, first) if chosen.needs_earlier else first
    content = deepcopy(clean.content)
    expected = chosen.function(content, random.Random(f"{name} {seed}"))
    if expected is None:
        return None
    return Planted(replace(clean, content=content), expected, first if chosen.needs_earlier else None)


def _step(rng: random.Random) -> Decimal:
    """A difference that no rounding explains."""
    return Decimal(rng.randint(150, 4000)).scaleb(-2)


def _nearest(value: Decimal, phases: list[Decimal]) -> Decimal:
    """The figure that a rule compares with where a form names no phase: the one that comes nearest."""
    return min(phases, key=lambda figure: abs(figure - value))


def _like_executed(form: Tree, told: Tree) -> list[Decimal]:
    """Figures of the text that the form's split may be compared with: of all phases whose total is the executed one."""
    return [told[phase] for phase, total in zip(PHASES, form["total"], strict=True) if total == form["total"][2]]


def _forms(content: Tree) -> list[tuple[str, Tree]]:
    return [(DEPARTMENT, content["department"]), *((PROJECT, project) for project in content["projects"])]


def _rows(content: Tree, *kinds: str) -> list[tuple[str, Tree, Tree]]:
    """Indicators of the kinds with their forms, only such as have earned their whole weight and stand on one form."""
    names = [row["name"] for _, form in _forms(content) for row in form["indicators"]]
    return [
        (form_kind, form, row)
        for form_kind, form in _forms(content)
        for row in form["indicators"]
        if row["kind"] in kinds and row["reached"] == 1 and names.count(row["name"]) == 1
    ]


def _add_to_total(form: Tree, points: Decimal) -> None:
    """Another total score, and the grade that follows from it."""
    form["total_score"] += points
    form["grade"] = grade_of(form["total_score"])


def _says_nothing(form: Tree) -> None:
    """A goal without quantities, where a plant would contradict them."""
    form["goal"] = {"expected": "完成年度各项工作任务。", "achieved": "较好完成了年度各项工作任务。"}


@plant("F01.parts")
def basic_is_not_its_parts(content: Tree, rng: random.Random) -> list[Expected] | None:
    """Personnel funds of the text are too high for basic expenditure."""
    told = content["narrative"]
    told["personnel"] += _step(rng)
    return [Expected("F01.parts", NARRATIVE, told["basic"]["executed"], told["personnel"] + told["public"])]


@plant("F02.form")
def basic_differs_by_nature(content: Tree, rng: random.Random) -> list[Expected] | None:
    """Basic expenditure by nature is not what the total leaves for it."""
    form = content["department"]
    basic = form["nature"]["basic_expenditure"] + _step(rng)
    form["nature"] = form["nature"] | {"basic_expenditure": basic}
    parts = basic + form["nature"]["project_expenditure"]
    if parts in form["total"] or basic in form["basic"]:
        return None
    return [
        Expected("F02.form", DEPARTMENT, _nearest(parts, form["total"]), parts),
        Expected("F04.split", DEPARTMENT, form["total"][2], parts),
        Expected("F15.basic_expenditure", DEPARTMENT, basic, _nearest(basic, form["basic"])),
    ]


@plant("F03.sources")
def sources_are_not_the_total(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The general public budget by source is more than the total."""
    form = content["department"]
    source = form["total"][2] + _step(rng)
    if source in form["total"]:
        return None
    form["funds"] = form["funds"] | {"general_public_budget": [*form["total"][:2], source]}
    return [
        Expected("F03.sources", DEPARTMENT, _nearest(source, form["total"]), source),
        Expected("F04.split", DEPARTMENT, source, form["total"][2]),
    ]


@plant("F04.split")
def split_mixes_phases(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The budget by source stands beside the spending by nature."""
    form = content["department"]
    _, final, executed = form["total"]
    if final == executed:
        return None
    form["funds"] = form["funds"] | {"general_public_budget": [*form["total"][:2], final]}
    return [Expected("F04.split", DEPARTMENT, final, executed)]


@plant("F05.sources")
def project_sources_are_not_the_total(content: Tree, rng: random.Random) -> list[Expected] | None:
    """One phase of the appropriation does not fit the project's total."""
    project = rng.choice(content["projects"])
    if None in project["funds"].values():
        return None  # with a blank source nobody can tell
    phase = rng.randrange(3)
    values = list(project["funds"]["fiscal_appropriation"])
    values[phase] += _step(rng)
    project["funds"] = project["funds"] | {"fiscal_appropriation": values}
    total = project["total"][phase]
    parts = sum((values[phase] for values in project["funds"].values()), Decimal(0))
    return [Expected("F05.sources", PROJECT, total, parts)]


@plant("F06.three_public")
def three_public_is_not_its_parts(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The heading of the three-public table is too high in one column."""
    rows, column = content["base"]["rows"], rng.randrange(2)  # spending beyond the budget is another matter
    parts = rows["three_public"][column]
    rows["three_public"][column] += _step(rng)
    return [Expected("F06.three_public", BASE, rows["three_public"][column], parts)]


@plant("F06.vehicles")
def vehicles_are_not_their_parts(content: Tree, rng: random.Random) -> list[Expected] | None:
    """Vehicle operation does not fit the vehicles' sum."""
    rows, column = content["base"]["rows"], rng.randrange(2)  # spending beyond the budget is another matter
    rows["vehicle_operation"][column] += _step(rng)
    parts = rows["vehicle_purchase"][column] + rows["vehicle_operation"][column]
    return [Expected("F06.vehicles", BASE, rows["vehicles"][column], parts)]


@plant("F07.office_cost")
def part_exceeds_public_funds(content: Tree, rng: random.Random) -> list[Expected] | None:
    """Office expenses alone exceed the public funds that they are part of."""
    rows = content["base"]["rows"]
    whole = rows["public_funds"][2]
    rows["office_cost"][2] = whole + _step(rng)
    parts = sum((rows[item][2] for item in ("office_cost", "utilities_travel", "meeting_training")), Decimal(0))
    return [
        Expected("F07.office_cost", BASE, rows["office_cost"][2], whole),
        Expected("F07.public_funds_parts", BASE, parts, whole),
    ]


@plant("F08.rate")
def rate_is_wrong(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The execution rate of one form or of the text is not executed over budget."""
    told = content["narrative"]
    places = [(form_kind, form, form["total"]) for form_kind, form in _forms(content)]
    places.append((NARRATIVE, told["basic"], [told["basic"][phase] for phase in PHASES]))
    form_kind, form, values = rng.choice(places)
    true = rate(values[2], values[1])
    form["rate"] = true + (3 if true < 97 else -3)
    return [Expected("F08.rate", form_kind, form["rate"], true)]


@plant("F09.score")
def execution_score_is_wrong(content: Tree, rng: random.Random) -> list[Expected] | None:
    """Points for execution that the rate does not give; the total adds up from what is printed."""
    form_kind, form = rng.choice(_forms(content))
    true, total = form["score"], form["total_score"]
    form["score"] -= Decimal("1.5")
    _add_to_total(form, Decimal("-1.5"))
    return [
        Expected("F09.score", form_kind, form["score"], true),
        Expected("F11.recomputed", form_kind, form["total_score"], total),
    ]


@plant("F10.weights")
def weights_exceed_hundred(content: Tree, rng: random.Random) -> list[Expected] | None:
    """An indicator weighs two points too much, and so does its band."""
    rows = _rows(content, "words")
    if not rows:
        return None
    form_kind, form, row = rng.choice(rows)
    row["weight"] += 2
    form["bands"] = form["bands"] | {row["level1"]: form["bands"][row["level1"]] + 2}
    return [Expected("F10.weights", form_kind, Decimal(102), Decimal(100))]


@plant("F10.printed")
def printed_weight_is_not_hundred(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The total row weighs 110 points."""
    form_kind, form = rng.choice(_forms(content))
    form["total_weight"] = Decimal(110)
    return [Expected("F10.printed", form_kind, Decimal(110), Decimal(100))]


@plant("F11.printed")
def total_score_is_wrong(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The total score is not the sum of the scores."""
    form_kind, form = rng.choice(_forms(content))
    true = form["total_score"]
    _add_to_total(form, Decimal("-0.8"))
    return [Expected("F11.printed", form_kind, form["total_score"], true)]


@plant("F11.bounds")
def score_exceeds_weight(content: Tree, rng: random.Random) -> list[Expected] | None:
    """An indicator got a point more than it weighs."""
    rows = _rows(content, "words")
    if not rows:
        return None
    form_kind, form, row = rng.choice(rows)
    row["score"] = row["weight"] + 1
    _add_to_total(form, Decimal(1))
    return [Expected("F11.bounds", form_kind, row["score"], row["weight"])]


@plant("F12.ratio")
def missed_target_has_full_marks(content: Tree, rng: random.Random) -> list[Expected] | None:
    """A target missed by far, and no point taken off."""
    rows = _rows(content, "percent")
    if not rows:
        return None
    content["style"] = {"points": "fixed"}  # a score that is printed whole would be compared whole
    form_kind, form, row = rng.choice(rows)
    _says_nothing(form)
    row["actual"] = row["target"] - 12
    return [Expected("F12.ratio", form_kind, row["score"], rounded(row["weight"] * row["actual"] / row["target"]))]


@plant("F12.overachieved")
def target_was_set_low(content: Tree, rng: random.Random) -> list[Expected] | None:
    """Twice the target was reached."""
    rows = _rows(content, "count")
    if not rows:
        return None
    form_kind, form, row = rng.choice(rows)
    _says_nothing(form)
    row["actual"] = row["target"] * 2
    return [Expected("F12.overachieved", form_kind, row["actual"], row["target"], "flag")]


@plant("F13.band")
def band_is_not_its_weights(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The points in a first-level label are not those of its indicators."""
    content["style"] = {"band": "（{points}分）"}
    form_kind, form = rng.choice(_forms(content))
    level1 = rng.choice(sorted(form["bands"]))
    true = form["bands"][level1]
    form["bands"] = form["bands"] | {level1: true + 5}
    return [Expected("F13.band", form_kind, true + 5, true)]


@plant("F14.grade")
def grade_is_not_the_score(content: Tree, rng: random.Random) -> list[Expected] | None:
    """A grade of another band than the total score's."""
    content["always"] = ["grade"]
    form_kind, form = rng.choice(_forms(content))
    floor = next(floor for floor in (90, 80, 60, 0) if form["total_score"] >= floor)
    form["grade"] = "良" if floor == 90 else "优"
    return [Expected("F14.grade", form_kind, form["total_score"], Decimal(floor))]


@plant("F15.basic_expenditure")
def narrative_basic_differs(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The text's basic expenditure is another one, with parts and rate of its own."""
    told, form = content["narrative"], content["department"]
    step = min(_step(rng), told["basic"]["executed"] / 3)
    step = rounded(step)
    told["basic"] = told["basic"] | {"executed": told["basic"]["executed"] - step}
    told["basic"]["rate"] = rate(told["basic"]["executed"], told["basic"]["budget_final"])
    told["personnel"] -= step
    compared = _nearest(form["basic"][2], _like_executed(form, told["basic"]))
    if abs(compared - form["basic"][2]) <= Decimal("0.02"):
        return None  # the form names no phase, and another one of the text fits
    return [
        Expected("F15.basic_expenditure", DEPARTMENT, form["basic"][2], compared),
        Expected("F02.narrative", DEPARTMENT, form["total"][2], form["total"][2] - step),
    ]


@plant("F15.project_expenditure")
def narrative_projects_differ(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The text's project expenditure is neither that of the department form nor that of the project forms."""
    told, form = content["narrative"], content["department"]
    step = rounded(told["project"]["executed"] / 4)
    spent = told["project"]["executed"] - step
    if step <= 1:
        return None
    told["project"] = told["project"] | {"executed": spent, "rate": rate(spent, told["project"]["budget_final"])}
    compared = _nearest(form["project"][2], _like_executed(form, told["project"]))
    if abs(compared - form["project"][2]) <= Decimal("0.02"):
        return None
    return [
        Expected("F15.project_expenditure", DEPARTMENT, form["project"][2], compared),
        Expected("F16.narrative", NARRATIVE, spent, form["project"][2]),
        Expected("F02.narrative", DEPARTMENT, form["total"][2], form["total"][2] - step),
    ]


@plant("F16.base_data")
def base_projects_differ(content: Tree, rng: random.Random) -> list[Expected] | None:
    """Project expenditure of the base data table is more than the project forms'."""
    rows = content["base"]["rows"]
    true = rows["project_expenditure"][2]
    rows["project_expenditure"][2] += _step(rng)
    return [Expected("F16.base_data", BASE, rows["project_expenditure"][2], true)]


@plant("F16.department")
def department_projects_differ(content: Tree, rng: random.Random) -> list[Expected] | None:
    """Project expenditure of the department form is not the project forms'."""
    form = content["department"]
    spent = form["nature"]["project_expenditure"] + _step(rng)
    form["nature"] = form["nature"] | {"project_expenditure": spent}
    parts = spent + form["nature"]["basic_expenditure"]
    if parts in form["total"] or spent in form["project"]:
        return None
    return [
        Expected("F16.department", DEPARTMENT, spent, _nearest(spent, form["project"])),
        Expected("F15.project_expenditure", DEPARTMENT, spent, _nearest(spent, form["project"])),
        Expected("F02.form", DEPARTMENT, _nearest(parts, form["total"]), parts),
        Expected("F04.split", DEPARTMENT, form["total"][2], parts),
    ]


@plant("F17.public_funds")
def base_public_funds_differ(content: Tree, rng: random.Random) -> list[Expected] | None:
    """Public funds of the base data table are more than the text's."""
    rows = content["base"]["rows"]
    rows["public_funds"][2] += _step(rng)
    return [Expected("F17.public_funds", NARRATIVE, content["narrative"]["public"], rows["public_funds"][2])]


@plant("F18.rate")
def control_rate_is_wrong(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The control rate is not in-post staff over quota."""
    staff = content["staff"]
    true = staff["rate"]
    staff["rate"] = true - 4
    return [Expected("F18.rate", BASE, staff["rate"], true)]


@plant("F18.quota")
def quota_differs(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The text's quota is another one than the table's."""
    told = content["narrative"]["staff"]
    told["quota"] += 2
    return [Expected("F18.quota", NARRATIVE, Decimal(told["quota"]), Decimal(content["staff"]["quota"]))]


@plant("F18.in_post")
def staff_differs(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The text's staff is another one than the table's."""
    told = content["narrative"]["staff"]
    told["in_post"] += 3
    return [Expected("F18.in_post", NARRATIVE, Decimal(told["in_post"]), Decimal(content["staff"]["in_post"]))]


@plant("F19.form_year")
def form_has_another_year(content: Tree, rng: random.Random) -> list[Expected] | None:
    """A project form kept the title of the year before."""
    year = content["year"]
    rng.choice(content["projects"])["titles"] = [f"{year - 1}年度项目支出绩效自评表"]
    return [Expected("F19.form_year", PROJECT, Decimal(year - 1), Decimal(year))]


@plant("F19.header_year")
def column_has_another_year(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The column of last year's final accounts names the year before last."""
    year = content["year"]
    content["base"]["prior"] = year - 2
    return [Expected("F19.header_year", BASE, Decimal(year - 2), Decimal(year - 1))]


@plant("F19.folder_year")
def file_lies_in_another_year(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The file lies in the folder of the year of publication."""
    content["folder_year"] = content["year"] + 1
    return [Expected("F19.folder_year", None, Decimal(content["year"]), Decimal(content["year"] + 1), "flag")]


def _shared(content: Tree) -> tuple[Tree, Tree] | None:
    """The department's indicator that the only project has too."""
    form = content["department"]
    for row in form["indicators"]:
        for other in content["projects"][0]["indicators"]:
            if row["name"] == other["name"] and row["reached"] == 1 and len(content["projects"]) == 1:
                return row, other
    return None


@plant("F20.target")
def target_differs_between_forms(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The department's form sets a lower target for an indicator of the project."""
    pair = _shared(content)
    if pair is None or pair[0]["target"] < 3:
        return None
    row, other = pair
    _says_nothing(content["department"])
    row["target"] = other["target"] - 1
    return [Expected("F20.target", DEPARTMENT, row["target"], other["target"])]


@plant("F20.actual")
def actual_differs_between_forms(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The department's form reports more than the project's."""
    pair = _shared(content)
    if pair is None:
        return None
    row, other = pair
    _says_nothing(content["department"])
    row["actual"] = other["actual"] + 1
    return [Expected("F20.actual", DEPARTMENT, row["actual"], other["actual"])]


def _counted(content: Tree, rng: random.Random) -> tuple[str, Tree, Tree] | None:
    """A form and one of its indicators that a goal can name: its name holds unit and thing; years are no quantity of work."""
    rows = [entry for entry in _rows(content, "count") if entry[2]["unit"] in entry[2]["name"] and entry[2]["unit"] != "年"]
    return rng.choice(rows) if rows else None


def _goal(row: Tree, expected: Decimal, achieved: Decimal, claim: str = "") -> Tree:
    thing = f"{row['unit']}{row['thing']}"
    return {"expected": f"全年完成{expected}{thing}任务。", "achieved": f"{claim}全年完成{achieved}{thing}任务。"}


@plant("F21.target")
def goal_names_another_target(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The goal asks for more than the indicator's target."""
    found = _counted(content, rng)
    if found is None:
        return None
    form_kind, form, row = found
    form["goal"] = _goal(row, row["target"] + 2, row["actual"])
    return [Expected("F21.target", form_kind, row["target"], row["target"] + 2)]


@plant("F21.achieved")
def goal_names_another_actual(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The goal was reached with more than the indicator's actual value."""
    found = _counted(content, rng)
    if found is None:
        return None
    form_kind, form, row = found
    form["goal"] = _goal(row, row["target"], row["actual"] + 3)
    return [Expected("F21.achieved", form_kind, row["actual"], row["actual"] + 3)]


@plant("F21.exceeded")
def exceeded_is_only_met(content: Tree, rng: random.Random) -> list[Expected] | None:
    """超额完成 is claimed where the target was just met."""
    found = _counted(content, rng)
    if found is None:
        return None
    form_kind, form, row = found
    row["actual"] = row["target"]
    form["goal"] = _goal(row, row["target"], row["target"], "超额完成目标，")
    return [Expected("F21.exceeded", form_kind, row["target"], row["target"])]


@plant("F22.reason")
def adjustment_has_no_reason(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The budget was changed and the adjustment row left empty."""
    base, form = content["base"], content["department"]
    base["change"], base["reason"] = None, None
    changes = [form[item][1] - form[item][0] for item in ("basic", "project", "total")]
    if not any(changes):
        return None
    return [Expected("F22.reason", BASE, None, change) for change in changes if change]


@plant("F23.restated", needs_earlier=True)
def last_year_was_another(content: Tree, rng: random.Random) -> list[Expected] | None:
    """Last year's reception, and with it the three-public total, is not what last year's report gave."""
    rows, step = content["base"]["rows"], _step(rng)
    expected = []
    for item in ("reception", "three_public"):
        told = rows[item][0]
        rows[item][0] = told + step
        expected.append(Expected("F23.restated", BASE, told + step, told))
    return expected


@plant("F25.bound")
def procurement_exceeds_everything(content: Tree, rng: random.Random) -> list[Expected] | None:
    """More was procured than public funds and projects cost."""
    rows = content["base"]["rows"]
    most = rows["public_funds"][2] + rows["project_expenditure"][2]
    rows["procurement"][2] = most + _step(rng)
    return [Expected("F25.bound", BASE, rows["procurement"][2], most)]


@plant("F26.over_budget")
def three_public_exceeds_its_budget(content: Tree, rng: random.Random) -> list[Expected] | None:
    """Reception cost more than the budget of all three-public expenses."""
    rows = content["base"]["rows"]
    step = rows["three_public"][1] - rows["three_public"][2] + _step(rng)
    for item in ("reception", "three_public"):
        rows[item][2] += step
    return [Expected("F26.over_budget", None, rows["three_public"][2], rows["three_public"][1])]


@plant("F27.stated_none")
def none_has_an_amount(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The text has no government fund, and the form has money of it."""
    form = content["department"]
    amount = rounded(form["total"][2] / 5)
    rest = [*form["total"][:2], form["total"][2] - amount]
    form["funds"] = form["funds"] | {"general_public_budget": rest, "gov_fund_budget": [Decimal(0), Decimal(0), amount]}
    return [Expected("F27.stated_none", NARRATIVE, None, amount)]


@plant("F29.balance", family="HN-YY")
def balance_is_not_what_is_left(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The balance of all sources is not money received less money spent."""
    project = content["projects"][0]
    true = project["total"][1] - project["total"][2]
    project["balance"] = true + _step(rng)
    return [Expected("F29.balance", PROJECT, project["balance"], true)]


@plant("F30.sequence")
def chapter_is_missing(content: Tree, rng: random.Random) -> list[Expected] | None:
    """The last chapter is numbered one too high."""
    content["lines"] = {"九、绩效自评结果拟应用和公开情况": "十、绩效自评结果拟应用和公开情况"}
    return [Expected("F30.sequence", NARRATIVE, Decimal(10), Decimal(9))]


@plant("F30.attachments")
def attachment_is_missing(content: Tree, rng: random.Random) -> list[Expected] | None:
    """One project form more is announced than there is."""
    content["unlisted"] = 1
    count = len(content["projects"])
    return [Expected("F30.attachments", NARRATIVE, Decimal(count + 1), Decimal(count))]


@plant("R01.nameless")
def nameless_indicator_scores(content: Tree, rng: random.Random) -> list[Expected] | None:
    """An indicator without a name got its points."""
    rows = _rows(content, "words")
    if not rows:
        return None
    form_kind, _, row = rng.choice(rows)
    row["name"] = "无"
    return [Expected("R01.nameless", form_kind, row["score"], row["weight"], "flag")]


@plant("R02.untargeted")
def untargeted_indicator_scores(content: Tree, rng: random.Random) -> list[Expected] | None:
    """An indicator without a target got its points."""
    rows = _rows(content, "words")
    if not rows:
        return None
    form_kind, form, row = rng.choice(rows)
    row["target"] = "无"
    points = sum((other["weight"] for other in form["indicators"]), Decimal(0))
    return [Expected("R02.untargeted", form_kind, row["score"], points, "flag")]


@plant("R10.unbudgeted_purchase")
def purchase_has_no_budget(content: Tree, rng: random.Random) -> list[Expected] | None:
    """A vehicle was bought within the three-public budget, but not from a budget of its own."""
    rows = content["base"]["rows"]
    bought, budget = rows["vehicle_purchase"][2], rows["vehicle_purchase"][1]
    if not bought:
        return None
    rows["vehicle_purchase"][1] = Decimal(0)
    rows["vehicle_operation"][1] += budget
    return [Expected("R10.unbudgeted_purchase", None, bought, Decimal(0), "flag")]


@plant("R12.over_quota")
def staff_exceeds_quota(content: Tree, rng: random.Random) -> list[Expected] | None:
    """More staff than the quota allows, with a control rate that says so."""
    for staff in (content["staff"], content["narrative"]["staff"]):
        staff["in_post"] = staff["quota"] + 4
        staff["rate"] = rate(Decimal(staff["in_post"]), Decimal(staff["quota"]))
    staff = content["staff"]
    return [Expected("R12.over_quota", BASE, Decimal(staff["in_post"]), Decimal(staff["quota"]), "flag")]


@plant("R17.unexplained_miss")
def miss_has_no_reason(content: Tree, rng: random.Random) -> list[Expected] | None:
    """A target was missed, the points were taken off, and nobody says why."""
    rows = _rows(content, "percent")
    if not rows:
        return None
    form_kind, form, row = rng.choice(rows)
    row["actual"] = row["target"] - 5
    lost = row["score"] - rounded(row["weight"] * row["actual"] / row["target"])
    row["score"] -= lost
    _add_to_total(form, -lost)
    return [Expected("R17.unexplained_miss", form_kind, row["actual"], row["target"], "flag")]
