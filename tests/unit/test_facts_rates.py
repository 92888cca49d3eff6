"""Rates printed as fractions: the amounts beside them settle how they are meant, or nothing does."""

from __future__ import annotations

import pytest

from tests.support.reports import PROJECT, TITLE, changed, frames, table


def rate(printed: str, *changes: tuple[str, str]) -> tuple[str | None, list[tuple[str, str]]]:
    """The rate in per cent of a form with a budget of 11 and 10.5 executed, and what is in quarantine."""
    found = frames(TITLE + table(changed(PROJECT, ("95.45%", printed), *changes)))
    rates = found["fact_evaluations"].filter(fund_source_code="all")["execution_rate_reported_pct"].to_list()
    held = found["quarantine"].select("raw_text", "rule").rows()
    return (None if rates[0] is None else f"{rates[0].normalize():f}"), held


@pytest.mark.parametrize(
    ("printed", "value"), [("0.95", "95"), ("0.955", "95.5"), ("0.9545", "95.45"), (".955", "95.5"), ("０.955", "95.5")]
)
def test_a_fraction_that_the_amounts_give_is_a_percentage(printed: str, value: str) -> None:
    assert rate(printed) == (value, [])


@pytest.mark.parametrize("printed", ["0.94", "0.96", "0.9546", "1", "1.0", "0.9"])
def test_a_fraction_that_they_do_not_give_stays_open(printed: str) -> None:
    assert rate(printed) == (None, [(printed, "malformed_number")])


def test_a_whole_one_is_taken_where_exactly_the_budget_was_spent() -> None:
    assert rate("1", ("10.5", "11")) == ("100", [])


def test_without_a_certain_amount_nothing_is_settled() -> None:
    value, held = rate("0.955", ("10.5", "1*.5"))
    assert value is None and ("0.955", "malformed_number") in held
