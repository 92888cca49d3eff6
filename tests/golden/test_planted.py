"""Contradictions planted in drawn reports: each is found under its own rule with the right values, and none other.

`GENERATED=1000` draws many times as many reports.
"""

from __future__ import annotations

import os
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from data.generation import families, printed
from data.generation.drawing import Drawn, draw, family
from data.generation.plants import PLANTS, Expected, planted
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
    return [found.get(report_id, {}) for report_id in frames["reports"]["report_id"]]


def _exact(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value).quantize(Decimal("0.000001"))


def _of(expected: list[Expected], outcome: str) -> Counter[Finding]:
    return Counter(
        (one.check_id, one.form_kind, _exact(one.stated), _exact(one.computed)) for one in expected if one.outcome == outcome
    )


def _some(name: str) -> list[tuple[Drawn, list[Expected]]]:
    """So many reports with a plant; seeds without a place for it are passed over."""
    found = []
    for seed in range(1, 100 * TIMES):
        one = planted(draw(seed, "HN"), name)
        if one is not None:
            found.append(one)
        if len(found) == TIMES:
            return found
    raise AssertionError(f"{name}: no place for it in {100 * TIMES} reports")


@pytest.mark.parametrize("name", families())
def test_clean_reports_fail_no_rule(name: str) -> None:
    reports = [draw(seed, name) for seed in range(1, 1 + max(6, COUNT // 5))]
    by_making = set(family(name).get("breaks", ()))
    for report, found in zip(reports, findings(reports), strict=True):
        failed = [*found.get("fail", []), *found.get("round", [])]
        assert [one for one in failed if one[0] not in by_making] == [], f"seed {report.seed}"


def test_every_plant_is_found_and_nothing_else() -> None:
    cases = [(name, *one) for name in PLANTS for one in _some(name)]
    wrong = []
    for (name, report, expected), found in zip(cases, findings([report for _, report, _ in cases]), strict=True):
        fails = Counter(found.get("fail", []))
        flags = _of(expected, "flag") - Counter(found.get("flag", []))
        if fails != _of(expected, "fail") or flags:
            wrong.append((name, report.seed, _of(expected, "fail") - fails, fails - _of(expected, "fail"), flags))
    assert wrong == []


def test_plants_are_named_after_checks_that_they_break() -> None:
    known = {check.check_id for rule in catalogue().rules.values() for check in rule.checks}
    for name, (check_id, _) in PLANTS.items():
        assert check_id in known, name
        _, expected = _some(name)[0]
        assert check_id in {one.check_id for one in expected}, name
