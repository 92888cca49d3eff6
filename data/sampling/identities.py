"""The identities that a report must satisfy, checked on what a sample prints.

Belongs here: F01 to F22 and F30 of the rule catalogue, recomputed from a sample's content alone; it is how a clean sample is
known to be clean and how seeded contradictions are known to be all there is. Does not belong here: anything that reads a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from data.sampling.figures import GRADES, PHASES, rounded
from data.sampling.inputs import Tree
from data.sampling.layout import FUNDS, NUMERALS

CENT = Decimal("0.01")
HALF_CENT = Decimal("0.005")
TABLE = "base_data"
FORM = "department_evaluation"
PROJECT = "project_evaluation"
NARRATIVE = "narrative"
DIGITS = {**{numeral: number for number, numeral in enumerate(NUMERALS, start=1)}, "两": 2, "十": 10}
QUANTITY = re.compile(r"(\d+|[一二三四五六七八九十两])(轮|次|场|期|份|人次)(\w\w)")
NUMBER = re.compile(r"(≥|≤)?(\d[\d,]*(?:\.\d+)?)(\D*)")


class Finding(NamedTuple):
    """One contradiction: what the report states and what its other figures imply, as text ("" where there is no figure)."""

    rule_id: str
    form_kind: str
    stated: str
    computed: str
    outcome: str = "fail"

    @classmethod
    def from_input(cls, entry: Tree) -> Finding:
        """The finding that an input file announces; its `subject` is for the reader."""
        stated, computed = (_text(entry.get(side)) for side in ("stated", "computed"))
        return cls(entry["rule_id"], entry["form_kind"], stated, computed, entry["outcome"])


def findings(content: Tree) -> list[Finding]:
    """Every identity that the printed figures break."""
    return [finding for check in CHECKS for finding in check(content)]


def _text(value: Any) -> str:
    if isinstance(value, Decimal | int):
        return f"{Decimal(value).normalize():f}"
    return value or ""


def _number(text: str) -> Decimal | None:
    """The printed number; None for a blank cell and for one that cannot be read for certain."""
    plain = re.sub(r",(?=\d{3}\b)", "", text).removesuffix("%")
    return Decimal(plain) if re.fullmatch(r"-?\d+(\.\d+)?", plain) else None


def _wanyuan(form: Tree, text: str) -> Decimal | None:
    value = _number(text)
    return value / 10000 if value is not None and form["unit"] == "元" else value


def _equal(
    rule_id: str, kind: str, stated: Decimal | None, computed: Decimal | None, added: int = 0, tolerance: Decimal = HALF_CENT
) -> Iterator[Finding]:
    """A finding where both sides are known and differ; each of `added` figures allows a rounding difference of 0.01."""
    if stated is None or computed is None or abs(stated - computed) <= tolerance:
        return
    outcome = "round" if abs(stated - computed) <= CENT * added else "fail"
    yield Finding(rule_id, kind, _text(stated), _text(computed), outcome)


def _total(values: list[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if len(known) == len(values) else None


def _forms(content: Tree) -> Iterator[tuple[str, Tree]]:
    yield FORM, content["department"]
    for project in content["projects"]:
        yield PROJECT, project


def _narrated(content: Tree, item: str, phase: str) -> Decimal | None:
    """Narrative figure; project expenditure counts the government fund's projects too."""
    narrative = content["narrative"]
    parts = [narrative[item], *([narrative["gov_fund"]] if item == "project" and narrative["gov_fund"] else [])]
    return _total([_number(part[phase]) for part in parts])


def _of_projects(content: Tree, phase: str) -> Decimal | None:
    return _total([_wanyuan(project, project["execution"][phase]) for project in content["projects"]])


def _f01(content: Tree) -> Iterator[Finding]:
    basic = content["narrative"]["basic"]
    parts = _total([_number(basic["personnel"]), _number(basic["public"])])
    yield from _equal("F01", NARRATIVE, _number(basic["executed"]), parts)


def _f02(content: Tree) -> Iterator[Finding]:
    form = content["department"]
    for phase in PHASES:
        parts = _total([_narrated(content, item, phase) for item in ("basic", "project")])
        yield from _equal("F02", FORM, _number(form["execution"][phase]), parts, added=2)
    yield from _split("F02", form, form["nature"])


def _f03(content: Tree) -> Iterator[Finding]:
    yield from _split("F03", content["department"], content["department"]["sources"])


def _split(rule_id: str, form: Tree, parts: list[str]) -> Iterator[Finding]:
    """A split names no phase: it must be that of one of the three totals."""
    split = _total([_number(part) for part in parts])
    totals = [_number(form["execution"][phase]) for phase in PHASES]
    known = [total for total in totals if total is not None]
    if split is not None and known:
        yield from _equal(rule_id, FORM, min(known, key=lambda total: abs(total - split)), split)


def _f04(content: Tree) -> Iterator[Finding]:
    form = content["department"]
    by_source, by_nature = (_total([_number(part) for part in form[side]]) for side in ("sources", "nature"))
    yield from _equal("F04", FORM, by_source, by_nature)


def _f05(content: Tree) -> Iterator[Finding]:
    for form in content["projects"]:
        for column, phase in enumerate(PHASES):
            parts = _total([_wanyuan(form, form["funds"][source][column]) for source, _ in FUNDS])
            yield from _equal("F05", PROJECT, _wanyuan(form, form["execution"][phase]), parts)


def _columns(content: Tree, *labels: str) -> Iterator[list[Decimal | None]]:
    """The named rows of the base data table, column by column; a row that is not printed counts as 0."""
    rows = content["base"]["rows"]
    for column in range(3):
        yield [_number(rows[label][column]) if label in rows else Decimal(0) for label in labels]


def _f06(content: Tree) -> Iterator[Finding]:
    for labels in (("vehicles", "vehicle_purchase", "vehicle_operation"), ("three_public", "vehicles", "abroad", "reception")):
        for parent, *parts in _columns(content, *labels):
            yield from _equal("F06", TABLE, parent, _total(parts))


def _f07(content: Tree) -> Iterator[Finding]:
    for parent, *parts in _columns(content, "public_funds", "office_cost", "utilities_travel", "meeting_training"):
        yield from _at_most("F07", parent, parts)
    special = [[_number(row[column]) for row in content["base"]["special"]] for column in (1, 2, 3)]
    columns = _columns(content, "project_expenditure", "operating_work", "maintenance")
    for funds, (parent, *parts) in zip(special, columns, strict=True):
        yield from _at_most("F07", parent, [*funds, *parts])


def _at_most(rule_id: str, parent: Decimal | None, parts: list[Decimal | None]) -> Iterator[Finding]:
    for part in (*parts, _total(parts)):
        if parent is not None and part is not None and part > parent + HALF_CENT:
            yield Finding(rule_id, TABLE, _text(part), _text(parent))


def _rate(rule_id: str, kind: str, stated: str, part: Decimal | None, whole: Decimal | None) -> Iterator[Finding]:
    places = len(stated.removesuffix("%").partition(".")[2])
    if part is not None and whole:
        half_unit = Decimal(5).scaleb(-places - 1)
        yield from _equal(rule_id, kind, _number(stated), rounded(100 * part / whole, places), tolerance=half_unit)


def _f08(content: Tree) -> Iterator[Finding]:
    narrated = [content["narrative"][item] for item in ("basic", "project", "gov_fund")]
    stated = [(NARRATIVE, row) for row in narrated if row]
    stated += [(kind, form["execution"]) for kind, form in _forms(content)]
    for kind, row in stated:
        yield from _rate("F08", kind, row["rate"], _number(row["executed"]), _number(row["final"]))


def _execution_score(execution: Tree) -> Decimal | None:
    """Execution score that the amounts imply, to the printed places."""
    executed, final, weight = (_number(execution[name]) for name in ("executed", "final", "weight"))
    if executed is None or not final or weight is None:
        return None
    return rounded(weight * min(executed / final, Decimal(1)), len(execution["score"].partition(".")[2]))


def _f09(content: Tree) -> Iterator[Finding]:
    for kind, form in _forms(content):
        yield from _equal("F09", kind, _number(form["execution"]["score"]), _execution_score(form["execution"]))


def _f10(content: Tree) -> Iterator[Finding]:
    for kind, form in _forms(content):
        weights = [_number(row["weight"]) for row in form["indicators"] if row["weight"]]
        yield from _equal("F10", kind, _total([_number(form["execution"]["weight"]), *weights]), Decimal(100))


def _f11(content: Tree) -> Iterator[Finding]:
    for kind, form in _forms(content):
        scores = _total([_number(row["score"]) for row in form["indicators"] if row["score"]])
        stated, printed = _number(form["total"]["score"]), _number(form["execution"]["score"])
        implied = _execution_score(form["execution"])
        yield from _equal("F11", kind, stated, _total([scores, printed]))
        if implied != printed:
            yield from _equal("F11", kind, stated, _total([scores, implied]))
        for row in form["indicators"]:
            score, weight = _number(row["score"]), _number(row["weight"])
            if score is not None and weight is not None and score > weight:
                yield Finding("F11", kind, _text(score), _text(weight))


def _measured(row: Tree) -> tuple[str, Decimal, Decimal] | None:
    """Operator, target and actual value of an indicator whose two sides are numbers in one unit."""
    target, actual = (NUMBER.fullmatch(row[side]) for side in ("target", "actual"))
    if not target or not actual or target[3] != actual[3]:
        return None
    values = [_number(match[2]) for match in (target, actual)]
    return None if None in values else (target[1] or "", *values)  # type: ignore[return-value]


def _f12(content: Tree) -> Iterator[Finding]:
    for kind, form in _forms(content):
        for row in form["indicators"]:
            measured, weight = _measured(row), _number(row["weight"])
            if measured is None or weight is None:
                continue
            operator, target, actual = measured
            reached, wanted = (target, actual) if operator == "≤" else (actual, target)
            share = Decimal(1) if reached >= wanted else reached / wanted
            implied = rounded(weight * share, len(row["score"].partition(".")[2]))
            yield from _equal("F12", kind, _number(row["score"]), implied)


def _f13(content: Tree) -> Iterator[Finding]:
    if not content["layout"].get("bands"):
        return
    for kind, form in _forms(content):
        for level1, points in form["bands"].items():
            weights = [_number(row["weight"]) for row in form["indicators"] if row["level1"] == level1 and row["weight"]]
            yield from _equal("F13", kind, _number(points), _total(weights))


def _f14(content: Tree) -> Iterator[Finding]:
    if not content["layout"].get("grade"):
        return
    for kind, form in _forms(content):
        total = _number(form["total"]["score"])
        if total is None:
            continue
        floor, implied = next(band for band in GRADES if total >= band[0])
        if form["grade"] != implied:
            yield Finding("F14", kind, _text(total), _text(floor))


def _f15(content: Tree) -> Iterator[Finding]:
    for item, printed in zip(("basic", "project"), content["department"]["nature"], strict=True):
        yield from _equal("F15", FORM, _number(printed), _narrated(content, item, "executed"), added=1)


def _f16(content: Tree) -> Iterator[Finding]:
    pivots = [_of_projects(content, phase) for phase in PHASES]
    added = len(content["projects"])
    for phase, pivot in zip(PHASES, pivots, strict=True):
        yield from _equal("F16", NARRATIVE, _narrated(content, "project", phase), pivot, added)
    _, budget, final = (_number(value) for value in content["base"]["rows"]["project_expenditure"])
    budgets = [pivot for pivot in pivots[:2] if pivot is not None]
    if budget is not None and budgets:
        yield from _equal("F16", TABLE, budget, min(budgets, key=lambda pivot: abs(pivot - budget)), added)
    yield from _equal("F16", TABLE, final, pivots[2], added)
    yield from _equal("F16", FORM, _number(content["department"]["nature"][1]), pivots[2], added)


def _f17(content: Tree) -> Iterator[Finding]:
    printed = _number(content["base"]["rows"]["public_funds"][2])
    yield from _equal("F17", NARRATIVE, _number(content["narrative"]["basic"]["public"]), printed, added=1)


def _f18(content: Tree) -> Iterator[Finding]:
    printed, narrated = content["base"]["staff"], content["narrative"]["staff"]
    yield from _rate("F18", TABLE, printed["rate"], _number(printed["in_post"]), _number(printed["quota"]))
    for name in ("quota", "in_post"):
        yield from _equal("F18", NARRATIVE, _number(narrated[name]), _number(printed[name]))


def _f19(content: Tree) -> Iterator[Finding]:
    year, base = int(content["year"]), content["base"]
    stated = [(NARRATIVE, content["title_year"], year)]
    stated += [(TABLE, base["staff"]["year"], year)]
    stated += [(TABLE, printed, year - back) for printed, back in zip(base["years"], (1, 0, 0), strict=True)]
    if content["layout"].get("titled_year", True):
        kinds = [TABLE, FORM, *([PROJECT] * len(content["projects"]))]
        stated += [(kind, printed, year) for kind, printed in zip(kinds, content["form_years"], strict=True)]
    for kind, printed, implied in stated:
        if printed != str(implied):
            yield Finding("F19", kind, printed, str(implied))


def _f20(content: Tree) -> Iterator[Finding]:
    overall = {(row["level1"], row["name"]): row for row in content["department"]["indicators"]}
    for project in content["projects"]:
        for row in project["indicators"]:
            same = overall.get((row["level1"], row["name"]), {})
            for side in same.keys() & {"target", "actual"}:
                ours, theirs = NUMBER.fullmatch(same[side]), NUMBER.fullmatch(row[side])
                if ours and theirs:
                    yield from _equal("F20", FORM, _number(ours[2]), _number(theirs[2]))


def _quantities(text: str) -> dict[tuple[str, str], Decimal]:
    return {(unit, thing): Decimal(DIGITS.get(count, count)) for count, unit, thing in QUANTITY.findall(text)}


def _f21(content: Tree) -> Iterator[Finding]:
    for kind, form in _forms(content):
        expected, achieved = (_quantities(form["goal"][side]) for side in ("expected", "achieved"))
        for quantities, side in ((expected, "target"), (achieved, "actual")):
            for (unit, thing), count in quantities.items():
                for row in form["indicators"]:
                    printed = NUMBER.fullmatch(row[side])
                    if printed and unit in row["name"] and thing in row["name"]:
                        yield from _equal("F21", kind, _number(printed[2]), count)
        if "超额" in form["goal"]["achieved"]:
            for key in expected.keys() & achieved.keys():
                if achieved[key] <= expected[key]:
                    yield Finding("F21", kind, _text(achieved[key]), _text(expected[key]))


def _f22(content: Tree) -> Iterator[Finding]:
    if any(content["base"]["adjustment"]):
        return
    execution = content["department"]["execution"]
    narrated = [[_narrated(content, item, phase) for phase in ("initial", "final")] for item in ("basic", "project")]
    for initial, final in (*narrated, [_number(execution[phase]) for phase in ("initial", "final")]):
        if initial is not None and final is not None and initial != final:
            yield Finding("F22", TABLE, "", _text(final - initial))


def _f30(content: Tree) -> Iterator[Finding]:
    for place, heading in enumerate(content["headings"], start=1):
        printed = NUMERALS.index(heading.partition("、")[0]) + 1
        if printed != place:
            yield Finding("F30", NARRATIVE, str(printed), str(place))
    if len(content["attachments"]) != len(content["form_years"]):
        yield Finding("F30", NARRATIVE, str(len(content["attachments"])), str(len(content["form_years"])))


CHECKS: tuple[Callable[[Tree], Iterator[Finding]], ...] = (
    *(_f01, _f02, _f03, _f04, _f05, _f06, _f07, _f08, _f09, _f10, _f11, _f12),
    *(_f13, _f14, _f15, _f16, _f17, _f18, _f19, _f20, _f21, _f22, _f30),
)
