"""Indicators: headers that open their section, and actual values that only their target explains."""

from __future__ import annotations

import pytest

from tests.support.reports import PROJECT, TITLE, changed, frames, table


def test_a_header_that_says_name_opens_the_section() -> None:
    found = frames(TITLE + table(changed(PROJECT, ("三级指标", "三级指标名称"))))
    assert found["fact_indicators"]["indicator_name"].to_list() == ["培训次数", "社会影响"]


@pytest.mark.parametrize(
    ("target", "actual", "value", "unit"),
    [
        ("≤11月", "10月", "10", "月"),
        ("11月底前", "10月", None, None),
        ("≥3次", "10月", None, None),
        ("≤11月", "10月底", None, None),
    ],
)
def test_a_month_reached_is_a_number_beside_a_target_in_months(
    target: str, actual: str, value: str | None, unit: str | None
) -> None:
    found = frames(TITLE + table(changed(PROJECT, ("≥3次", target), ("3次", actual))))["fact_indicators"].row(0, named=True)
    got = found["actual_value"]
    assert (None if got is None else f"{got.normalize():f}", found["actual_unit"]) == (value, unit)
