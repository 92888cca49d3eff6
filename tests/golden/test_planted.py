"""Contradictions planted in drawn reports: each is found under its own rule with the right values, and none other.

`GENERATED=1000` draws many times as many reports.
"""

from __future__ import annotations

import os
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

from data.generation import families, printed
from data.generation.drawing import Drawn, draw, family
from data.generation.plants import PLANTS, Expected, Planted, planted
from pipelines.catalogue import catalogue
from pipelines.warehouse.models import build_in_memory
from tests.support.drawn import frames_of

COUNT = int(os.environ.get("GENERATED", "60"))
TIMES = max(2, COUNT // 20)  # reports a plant
DBT_PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
Finding = tuple[str, str | None, Decimal | None, Decimal | None]


def findings(drawn: list[Drawn]) -> list[dict[str, list[Finding]]]:
    """Findings of each report by outcome, all reports in one warehouse."""
    frames = frames_of([(printed(report.seed, report.family, report), "docx") for report in drawn])
    connection = build_in_memory(frames, DBT_PROJECT)
    found: dict[str, dict[str, list[Finding]]] = {}
    query = "select report_id, outcome, check_id, form_kind, stated_value, computed_value from marts.mart_findings"
    for report_id, outcome, check_id, form_kind, stated, computed in connection.execute(query).fetchall():
        finding = (check_id, form_kind, _exact(stated), _exact(computed))
        found.setdefault(report_id, {}).setdefault(outcome, []).append(finding)
    assert frames["reports"].height == len(drawn)
    return [found.get(report_id, {}) for report_id in frames["reports"]["report_id"]]


def _exact(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value).quantize(Decimal("0.000001"))


def _of(expected: list[Expected], outcome: str) -> Counter[Finding]:
    return Counter(
        (one.check_id, one.form_kind, _exact(one.stated), _exact(one.computed)) for one in expected if one.outcome == outcome
    )


def _some(name: str) -> list[Planted]:
    """So many reports with a plant; seeds without a place for it are passed over. No two plants share a department."""
    found = []
    first = 100 * TIMES * list(PLANTS).index(name)
    for seed in range(first + 1, first + 100 * TIMES):
        one = planted(seed, name)
        if one is not None:
            found.append(one)
        if len(found) == TIMES:
            return found
    raise AssertionError(f"{name}: no place for it in {100 * TIMES} reports")


def test_clean_reports_fail_no_rule() -> None:
    reports = [draw(seed, name) for name in families() for seed in range(1, 1 + max(4, COUNT // 5))]
    failed = []
    for report, found in zip(reports, findings(reports), strict=True):
        by_making = family(report.family).get("breaks", ())
        wrong = [one for outcome in ("fail", "round") for one in found.get(outcome, []) if one[0] not in by_making]
        failed += [(report.family, report.seed, one) for one in wrong]
    assert failed == []


def test_clean_years_of_a_department_fail_no_rule() -> None:
    reports = []
    for seed in range(1, 1 + max(4, COUNT // 10)):
        reports.append(draw(seed, "HN"))
        reports += [later := draw(seed, "HN", reports[-1]), draw(seed, "HN", later)]
    for report, found in zip(reports, findings(reports), strict=True):
        assert found.get("fail", []) == found.get("round", []) == [], (report.seed, report.content["year"])


def test_every_plant_is_found_and_nothing_else() -> None:
    cases = [(name, one) for name in PLANTS for one in _some(name)]
    reports = [report for _, one in cases for report in (one.drawn, one.earlier) if report is not None]
    found = dict(zip(map(id, reports), findings(reports), strict=True))
    wrong = []
    for name, one in cases:
        by_outcome = found[id(one.drawn)]
        fails, expected = Counter(by_outcome.get("fail", [])), _of(one.expected, "fail")
        flags = _of(one.expected, "flag") - Counter(by_outcome.get("flag", []))
        if fails != expected or flags or (one.earlier and found[id(one.earlier)].get("fail")):
            wrong.append((name, one.drawn.seed, expected - fails, fails - expected, flags))
    assert wrong == []


def test_plants_are_named_after_checks_that_they_break() -> None:
    known = {check.check_id for rule in catalogue().rules.values() for check in rule.checks}
    for name, one in PLANTS.items():
        assert one.check_id in known, name
        assert one.check_id in {expected.check_id for expected in _some(name)[0].expected}, name
