"""What one report states, drawn from a seed: department, year, figures, indicators and words.

Belongs here: figures that satisfy the identities of self-evaluation reports, as Decimals in 万元, and the choice of words.
Does not belong here: how a form lays them out and spells them (`layout`).

The same seed and family always give the same report: nothing but `random.Random` is asked.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

Tree = dict[str, Any]

HERE = Path(__file__).parent
PHASES = ("budget_initial", "budget_final", "executed")
BASE_ITEMS = (
    ("vehicle_purchase", "vehicle_operation", "abroad", "reception"),
    ("office_cost", "utilities_travel", "meeting_training"),
)
GRADES = ((90, "优"), (80, "良"), (60, "中"), (0, "差"))
CENT = Decimal("0.01")
ZERO = Decimal(0)
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class Drawn:
    """One report as it is drawn: `content` is a tree of Decimals and texts that `layout` prints as it stands."""

    seed: int
    family: str
    content: Tree


@cache
def wording() -> Tree:
    """Words that reports are made of."""
    words: Tree = yaml.load((HERE / "wording.yml").read_text(encoding="utf-8"), Loader=_Loader)
    return words


@cache
def family(name: str) -> Tree:
    """Layout knowledge of one family of forms. Raises FileNotFoundError for an unknown one."""
    described: Tree = yaml.load((HERE / "families" / f"{name}.yml").read_text(encoding="utf-8"), Loader=_Loader)
    return described


@cache
def families() -> tuple[str, ...]:
    """Names of the families, those of Hunan's present forms first."""
    names = sorted(path.stem for path in (HERE / "families").glob("*.yml"))
    return tuple(sorted(names, key=lambda name: name != "HN"))


def rounded(value: Decimal, places: Decimal = CENT) -> Decimal:
    """Rounded half up, as the systems that print the forms do."""
    return value.quantize(places, ROUND_HALF_UP)


def rate(part: Decimal, whole: Decimal) -> Decimal:
    """`part` of `whole` in per cent, to two places. Raises ZeroDivisionError (decimal) where the whole is 0."""
    return rounded(100 * part / whole)


def grade_of(score: Decimal) -> str:
    """Grade of a total score by 财预〔2020〕10号."""
    return next(name for floor, name in GRADES if score >= floor)


def draw(seed: int, name: str, earlier: Drawn | None = None) -> Drawn:
    """A report of a family. With `earlier`, the report of the same department one year later: its figures of the year before
    are those of `earlier`. Raises FileNotFoundError for an unknown family."""
    rng = random.Random(f"{name} {seed}" if earlier is None else f"{name} {seed} {earlier.content['year']}")
    described, words = family(name), wording()
    if earlier is None:
        slug = rng.choice(described["cities"])
        name_zh = words["cities"][slug] + _office(seed * 32 + described["number"])
        department = {"name": name_zh, "city": slug, "year": rng.randint(*described["years"])}
    else:
        department = {key: earlier.content[key] for key in ("name", "city")} | {"year": earlier.content["year"] + 1}
    content: Tree = department | {"words": {key: value for key, value in words.items() if isinstance(value, str)}}
    content["staff"] = _staff(rng)
    content["functions"] = rng.sample(words["functions"], rng.randint(2, 4))
    names = _Names(rng, words["indicators"])
    content["projects"] = _projects(rng, content, described, names) if "project" in described else []
    if "department" in described and rng.random() < described["department"].get("chance", 1):
        content["department"] = _department(rng, content, described["department"], names)
    if described.get("base"):
        content["base"] = _base(rng, content, earlier)
    content["narrative"] = _narrative(content)
    return Drawn(seed, name, content)


def _office(number: int) -> str:
    """Name of a department behind its city, another one for every number below some hundred thousand."""
    words = wording()
    rest, office = divmod(number, len(words["departments"]))
    place = ""
    for syllables in words["places"]:
        rest, syllable = divmod(rest, len(syllables))
        place += syllables[syllable]
    return place + str(words["departments"][office])


class _Names:
    """Indicators that no form of the report has yet."""

    def __init__(self, rng: random.Random, pools: Tree) -> None:
        self.pools = {level2: rng.sample(pool, len(pool)) for level2, pool in pools.items()}
        self.used: set[str] = set()

    def take(self, level2: str) -> Tree | None:
        """An indicator of a second level, or None where the words have run out."""
        pool = self.pools[level2]
        while pool:
            found: Tree = pool.pop()
            if found["name"] not in self.used:
                self.used.add(found["name"])
                return found
        return None

    def other(self, owner: str) -> Tree:
        """One in words for a form that finds none left; a number under a name like another form's would contradict that."""
        return {"name": f"{owner}工作完成情况", "words": ["完成", "已完成"]}


def _money(rng: random.Random, low: int, high: int) -> Decimal:
    """An amount in 万元: mostly odd ones, some round ones."""
    if rng.random() < 0.2:
        return Decimal(rng.randint(low, high))
    return Decimal(rng.randint(low * 100, high * 100)).scaleb(-2)


def _part(rng: random.Random, whole: Decimal, low: float, high: float) -> Decimal:
    return rounded(whole * Decimal(rng.randint(int(low * 10000), int(high * 10000))) / 10000)


def _phases(rng: random.Random, low: int, high: int) -> list[Decimal]:
    """Initial and final budget and what was spent of it."""
    initial = _money(rng, low, high)
    final = initial if rng.random() < 0.3 else _part(rng, initial, 0.75, 1.3)
    executed = final if rng.random() < 0.25 else _part(rng, final, 0.62, 1.0)
    return [initial, final, executed]


def _staff(rng: random.Random) -> Tree:
    quota = rng.randint(8, 140)
    in_post = quota - rng.randint(0, quota // 5)
    return {"quota": quota, "in_post": in_post, "retirees": rng.randint(0, 40), "rate": rate(Decimal(in_post), Decimal(quota))}


def _projects(rng: random.Random, content: Tree, described: Tree, names: _Names) -> list[Tree]:
    described = described["project"]
    count = rng.choices((1, 2, 3), (6, 3, 1))[0]
    projects = []
    for name in rng.sample(wording()["projects"], min(count, described.get("at_most", 3))):
        branch = rng.choice(wording()["branches"])
        funds = _funds(rng, described["funds"])
        total = [sum((values[place] for values in funds.values() if values), ZERO) for place in range(3)]
        project: Tree = {
            "name": name,
            "code": f"{rng.randint(10**5, 10**6 - 1)}{rng.randint(21, 24)}T{rng.randint(10**11, 10**12 - 1)}",
            "unit_name": content["name"] if rng.random() < 0.5 else f"{content['name']}{branch}",
            "category": rng.choice(("operating_work", "maintenance", "special_fund")),
            "funds": funds,
            "total": total,
            "ticked": {key: rng.choice(choices) for key, choices in described.get("ticks", {}).items()},
        }
        projects.append(project | _scored(rng, described, total, names, name))
    return projects


def _funds(rng: random.Random, funds: list[str]) -> dict[str, list[Decimal] | None]:
    """The three phases of each source of funds; None for one that the report leaves empty."""
    main, *others = funds
    drawn: dict[str, list[Decimal] | None] = {main: _phases(rng, 8, 900)}
    for fund in others:
        chance = rng.random()
        drawn[fund] = _phases(rng, 1, 120) if chance < 0.25 else [ZERO] * 3 if chance < 0.65 else None
    return drawn


def _scored(
    rng: random.Random, described: Tree, total: list[Decimal], names: _Names, owner: str, shared: tuple[Tree, ...] = ()
) -> Tree:
    """Execution rate and score, indicators with weights and scores, total, grade and goal of one form."""
    weight = Decimal(described.get("execution_weight", 0))
    bands = rng.choice(described["bands"]) if isinstance(described["bands"], list) else described["bands"]
    indicators = _indicators(rng, bands, names, owner, shared)
    if described.get("coefficients"):
        for row in indicators:
            row["coefficient"] = rounded(row["reached"])
            row["score"] = rounded(row["weight"] * row["coefficient"])
    execution = rounded(weight * min(total[2] / total[1], Decimal(1)))
    score = execution + sum((row["score"] for row in indicators), ZERO)
    counted = next((row for row in indicators if row["kind"] == "count"), None)
    goal = {"expected": "完成年度各项工作任务。", "achieved": "较好完成了年度各项工作任务。"}
    if counted and rng.random() < 0.6:
        thing = f"{counted['unit']}{counted['thing']}"
        goal = {
            "expected": f"全年完成{counted['target']}{thing}任务，提升服务水平。",
            "achieved": f"全年完成{counted['actual']}{thing}任务，服务水平提升。",
        }
    return {
        "rate": rate(total[2], total[1]),
        "weight": weight,
        "score": execution,
        "indicators": indicators,
        "bands": {level1: Decimal(points) for level1, (points, _) in bands.items()},
        "total_weight": weight + sum((row["weight"] for row in indicators), ZERO),
        "total_score": score,
        "grade": grade_of(score),
        "goal": goal,
    }


def _indicators(rng: random.Random, bands: Tree, names: _Names, owner: str, shared: tuple[Tree, ...]) -> list[Tree]:
    """Indicators band by band: `bands` gives points and second levels of each first level."""
    found = []
    for level1, (points, level2s) in bands.items():
        rows = [row for row in shared if row["level1"] == level1]
        for level2 in level2s:
            for _ in range(rng.choices((1, 2, 3), (6, 3, 1))[0]):
                entry = names.take(level2)
                if entry is not None:
                    rows.append(_measured(rng, level1, level2, entry))
        if not rows:
            rows.append(_measured(rng, level1, level2s[0], names.other(owner)))
        del rows[points:]
        rows.sort(key=lambda row: level2s.index(row["level2"]))
        for row, weight in zip(rows, _shares(rng, points, len(rows)), strict=True):
            found.append(row | {"weight": weight, "score": rounded(weight * row["reached"])})
    return found


def _shares(rng: random.Random, points: int, count: int) -> list[Decimal]:
    """Weights of `count` indicators that make up the points of their band: whole or half points, none below one."""
    step = Decimal("0.5") if rng.random() < 0.2 else Decimal(1)
    spare = int(points / step) - int(count / step)
    cuts = sorted(rng.randint(0, spare) for _ in range(count - 1))
    pieces = [b - a for a, b in zip([0, *cuts], [*cuts, spare], strict=True)]
    return [(1 + piece * step).normalize() + 0 for piece in pieces]


def _measured(rng: random.Random, level1: str, level2: str, entry: Tree) -> Tree:
    """An indicator with target and actual value; `reached` is the share of its weight that it has earned."""
    row: Tree = {"level1": level1, "level2": level2, "name": entry["name"], "unit": None, "reached": Decimal(1), "reason": ""}
    row["rule"] = rng.choice(wording()["rules"])
    row["is_core"] = rng.random() < 0.4
    is_missed = rng.random() < 0.15
    if "words" in entry:
        target, actual = entry["words"]
        reached = Decimal("0.8") if is_missed else Decimal(1)
        row |= {"kind": "words", "operator": "qualitative", "target": target, "actual": actual, "reached": reached}
    elif "at_most" in entry:
        unit, low, high = entry["at_most"]
        target = Decimal(rng.randint(low, high))
        places = CENT if unit == "万元" else Decimal(1)
        actual = rounded(target * rng.randint(70, 100) / 100, places)
        if is_missed:
            actual = target + max(rounded(target * rng.randint(5, 30) / 100, places), Decimal(1))
        row |= {"kind": "at_most", "operator": "le", "unit": unit, "target": target, "actual": actual.normalize() + 0}
        row["reached"] = target / actual if is_missed else Decimal(1)
    elif "percent" in entry:
        target = Decimal(rng.randint(*entry["percent"]))
        most = 100 - int(target)
        actual = target - Decimal(rng.randint(10, 90)) / 10 if is_missed else target + rng.randint(0, most)
        row |= {"kind": "percent", "operator": "ge", "unit": "%", "target": target, "actual": actual.normalize() + 0}
        row["reached"] = actual / target if is_missed else Decimal(1)
    else:
        unit, low, high = entry["count"]
        target = Decimal(rng.randint(low, high))
        actual = target - rng.randint(1, max(1, int(target) // 5)) if is_missed else target + rng.randint(0, int(target) // 3)
        if is_missed and actual <= 0:
            actual, is_missed = target, False
        row |= {"kind": "count", "operator": "ge", "unit": unit, "target": target, "actual": actual, "thing": entry["thing"]}
        row["reached"] = actual / target if is_missed else Decimal(1)
    if row["reached"] < 1:
        row["reason"] = rng.choice(wording()["reasons"])
    row["adjusted"] = row["target"]
    return row


def _department(rng: random.Random, content: Tree, described: Tree, names: _Names) -> Tree:
    """The form of the whole department: funds of its own, or else basic expenditure and the projects of the project forms."""
    if "funds" in described:
        funds = _funds(rng, described["funds"])
        total = _sum(*(values for values in funds.values() if values))
        return {"funds": funds, "total": total} | _scored(rng, described, total, names, "部门")
    basic = _phases(rng, 90, 2600)
    personnel = _part(rng, basic[2], 0.6, 0.9)
    spent = [sum((project["total"][place] for project in content["projects"]), ZERO) for place in range(3)]
    total = [one + other for one, other in zip(basic, spent, strict=True)]
    carried = tuple(row for row in content["projects"][0]["indicators"] if row["kind"] == "count")[:1]
    is_shared = len(content["projects"]) == 1 and rng.random() < 0.6
    form: Tree = {
        "basic": basic,
        "project": spent,
        "total": total,
        "personnel": personnel,
        "public": basic[2] - personnel,
        "funds": {"general_public_budget": total} | dict.fromkeys(described.get("other_funds", []), [ZERO] * 3),
        "nature": {"basic_expenditure": basic[2], "project_expenditure": spent[2]},
    }
    return form | _scored(rng, described, total, names, "部门", carried if is_shared else ())


def _base(rng: random.Random, content: Tree, earlier: Drawn | None) -> Tree:
    """Rows of the base data table: final accounts of the year before, budget, final accounts."""
    department = content["department"]
    public = department["public"]
    rows: dict[str, list[Decimal]] = {}
    for item in BASE_ITEMS[0]:
        budget = ZERO if item == "abroad" or rng.random() < 0.3 else _money(rng, 1, 30)
        rows[item] = [_money(rng, 0, 30), budget, _part(rng, budget, 0.5, 1.0)]
    for item, most in zip(BASE_ITEMS[1], (0.4, 0.3, 0.2), strict=True):
        final = _part(rng, public, 0.05, most)
        rows[item] = [_part(rng, public, 0.02, 0.2), _part(rng, public, 0.05, 0.3), final]
    before: Tree = earlier.content["base"]["rows"] if earlier is not None else {}
    for item, values in rows.items():
        values[0] = before[item][2] if before else values[0]
    rows["vehicles"] = _sum(rows["vehicle_purchase"], rows["vehicle_operation"])
    rows["three_public"] = _sum(rows["vehicles"], rows["abroad"], rows["reception"])
    prior_public = before["public_funds"][2] if before else _part(rng, public, 0.8, 1.2)
    rows["public_funds"] = [prior_public, max(_part(rng, public, 0.95, 1.2), public), public]
    prior_procurement = before["procurement"][2] if before else _money(rng, 0, 10)
    rows["procurement"] = [prior_procurement, _money(rng, 10, 90), _money(rng, 0, 10)]
    parts: dict[str, list[Decimal]] = {}
    special = []
    for project in content["projects"]:
        _, final, executed = project["total"]
        own = [_money(rng, 1, 400), final, executed]
        if project["category"] == "special_fund":
            special.append([project["name"], *own])
        else:
            parts[project["category"]] = _sum(parts.get(project["category"], [ZERO] * 3), own)
    rows |= {item: parts.get(item, [ZERO] * 3) for item in ("operating_work", "maintenance")}
    rows["project_expenditure"] = _sum(*parts.values(), *(row[1:] for row in special))
    if before:
        _carry_projects(earlier, rows, special)
    change = department["basic"][1] - department["basic"][0]
    building = None
    if rng.random() < 0.3:
        approved, budget = Decimal(rng.randint(300, 5000)), _money(rng, 80, 900)
        area, invested = _part(rng, approved, 0.8, 1.0), _part(rng, budget, 0.7, 1.0)
        building = [approved, area, rate(area, approved), budget, invested, rate(invested, budget)]
    # Where the basic budget stayed as it was, there is no figure to print, and projects may have changed all the same.
    reason = rng.choice(wording()["changes"]) if change == 0 or rng.random() < 0.5 else None
    return {"rows": rows, "special": special, "change": change, "reason": reason, "building": building}


def _carry_projects(earlier: Drawn | None, rows: dict[str, list[Decimal]], special: list[list[Any]]) -> None:
    """Put the final accounts of the year before into the rows of projects; a fund that ended keeps a row."""
    if earlier is None:
        return
    base = earlier.content["base"]
    for item in ("operating_work", "maintenance", "project_expenditure"):
        rows[item] = [base["rows"][item][2], *rows[item][1:]]
    known = {name: values[2] for name, *values in base["special"]}
    for row in special:
        row[1] = known.pop(row[0], ZERO)
    special += [[name, final, ZERO, ZERO] for name, final in known.items() if final]


def _sum(*columns: list[Decimal]) -> list[Decimal]:
    return [sum(values, ZERO) for values in zip(*columns, strict=True)] or [ZERO] * 3


def _narrative(content: Tree) -> Tree:
    """The figures that the text of the report repeats."""
    narrative: Tree = {"title_year": content["year"], "staff": dict(content["staff"])}
    if "basic" in content.get("department", {}):
        form = content["department"]
        for item in ("basic", "project", "total"):
            values = form[item]
            narrative[item] = dict(zip(PHASES, values, strict=True)) | {"rate": rate(values[2], values[1])}
        narrative |= {"personnel": form["personnel"], "public": form["public"]}
    if "base" in content:
        _, budget, final = content["base"]["rows"]["three_public"]
        narrative["three_public"] = {"budget_initial": budget, "executed": final}
    return narrative
