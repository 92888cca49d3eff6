"""Numbers: every spelling met on forms is read in one way, or is a problem with a reason; none is guessed."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from pipelines.facts.numbers import with_values
from pipelines.forms.absence import absence_of
from pipelines.forms.observations import is_figure

SCHEMA = {
    "raw_text": pl.String,
    "field_name": pl.String,
    "unit": pl.String,
    "absence_code": pl.String,
    "is_figure": pl.Boolean,
    "column_label_zh": pl.String,
}


def read(text: str, field_name: str, unit: str | None = None, column: str | None = None) -> dict[str, object]:
    row = (text, field_name, unit, absence_of(text), is_figure(text), column)
    return with_values(pl.DataFrame([row], schema=SCHEMA, orient="row")).row(0, named=True)


def number(text: str, field_name: str, unit: str | None = None) -> tuple[Decimal | None, object]:
    found = read(text, field_name, unit)
    value = found["number"]
    return (value.normalize() + 0 if isinstance(value, Decimal) else None), found["problem"]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("10", "10"),
        ("0", "0"),
        ("0.00", "0"),
        (" 12.50 ", "12.5"),
        ("１２．５", "12.5"),
        ("1,234.56", "1234.56"),
        ("1，234.56", "1234.56"),
        ("1,234,567", "1234567"),
        (".5", "0.5"),
        ("+5", "5"),
        ("-5", "-5"),
        ("－5", "-5"),
        ("−5", "-5"),
        ("10万元", "10"),
        ("10 万元", "10"),
        ("12 .5", "12.5"),
        ("1.2亿元", "12000"),
        ("12345.67元", "1.234567"),
        ("3元", "0.0003"),
        ("0.123456", "0.123456"),
    ],
)
def test_amounts_in_wanyuan(text: str, amount: str) -> None:
    assert number(text, "amount_wanyuan", "万元") == (Decimal(amount), None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("7,00.0,77", "malformed_number"),
        ("10,20", "malformed_number"),
        ("654万654万", "malformed_number"),
        ("10.", "malformed_number"),
        ("1e5", "malformed_number"),
        ("约10", "malformed_number"),
        ("≥10", "malformed_number"),
        ("10%", "malformed_number"),
        ("(5)", "malformed_number"),
        ("10-20", "malformed_number"),
        ("0.1234567", "malformed_number"),
        ("10人", "malformed_number"),
        ("1**", "masked_number"),
        ("10×.5", "masked_number"),
        ("**万元", "masked_number"),
        ("10；20", "several_numbers"),
        ("10/20", "several_numbers"),
        ("10、20", "several_numbers"),
        ("10\n20", "several_numbers"),
        ("1 234.5", "several_numbers"),
        ("１０　２０", "several_numbers"),
        ("见附件", "text_in_amount"),
        ("二十", "text_in_amount"),
        ("1000000000000", "malformed_number"),
        ("12345678901234567890", "malformed_number"),
        ("9" * 40, "malformed_number"),
    ],
)
def test_what_allows_no_certain_reading_is_a_problem(text: str, problem: str) -> None:
    assert number(text, "amount_wanyuan", "万元") == (None, problem)


@pytest.mark.parametrize(
    ("text", "unit", "amount", "problem"),
    [
        ("100", "亿元", "1000000", None),
        ("100000000", "亿元", None, "malformed_number"),
        ("123.45", "元", "0.012345", None),
        ("123.456", "元", None, "malformed_number"),
        ("1234567", "元", "123.4567", None),
        ("5亿元", "万元", "50000", None),
    ],
)
def test_amounts_are_converted_from_the_unit_of_the_form(text: str, unit: str, amount: str | None, problem: str | None) -> None:
    assert number(text, "amount_wanyuan", unit) == (amount and Decimal(amount), problem)


@pytest.mark.parametrize("text", ["", "　", " \n", "—", "/", "无", "没有", "不涉及", "***", "×"])
def test_absent_values_have_neither_number_nor_problem(text: str) -> None:
    assert number(text, "amount_wanyuan", "万元") == (None, None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "blank"),
        ("　", "blank"),
        (" \n ", "blank"),
        ("无", "none"),
        ("暂 无", "none"),
        ("—", "dash"),
        ("-", "dash"),
        ("/", "dash"),
        ("**", "masked"),
        ("xx", "masked"),
        ("×××", "masked"),
        ("0", None),
        ("无投诉", None),
        ("1*", None),
    ],
)
def test_kinds_of_absence(text: str, code: str | None) -> None:
    assert absence_of(text) == code


@pytest.mark.parametrize(
    ("text", "rate", "problem"),
    [
        ("99.90%", "99.9", None),
        ("99.9％", "99.9", None),
        ("100", "100", None),
        ("99.9", "99.9", None),
        ("0", "0", None),
        ("1%", "1", None),
        ("0.958", None, "malformed_number"),
        ("1.035", None, "malformed_number"),
        ("1", None, "malformed_number"),
        ("99.9‰", None, "malformed_number"),
    ],
)
def test_rates_are_per_cent_and_never_guessed_from_fractions(text: str, rate: str | None, problem: str | None) -> None:
    assert number(text, "execution_rate_reported_pct") == (rate and Decimal(rate), problem)


@pytest.mark.parametrize(
    ("text", "count", "problem"),
    [
        ("23", "23", None),
        ("23人", "23", None),
        ("23.0", "23", None),
        ("22.5", None, "malformed_number"),
        ("9999999999", None, "malformed_number"),
    ],
)
def test_counts_are_whole(text: str, count: str | None, problem: str | None) -> None:
    assert number(text, "in_post_count") == (count and Decimal(count), problem)


@pytest.mark.parametrize(
    ("text", "operator", "value", "unit"),
    [
        ("≥3次", "ge", "3", "次"),
        ("≧95％", "ge", "95", "%"),
        (">=3", "ge", "3", None),
        ("95%以上", "ge", "95", "%"),
        ("不少于3次", "ge", "3", "次"),
        ("达到95%", "ge", "95", "%"),
        ("≤5%", "le", "5", "%"),
        ("≦5", "le", "5", None),
        ("5天以内", "le", "5", "天"),
        ("15日内", "le", "15", "日"),
        ("15日以内", "le", "15", "日"),
        ("3个工作日内", "le", "3", "个工作日"),
        ("不超过2", "le", "2", None),
        (">5", "gt", "5", None),
        ("＜5", "lt", "5", None),
        ("═100%", "eq", "100", "%"),
        ("＝100％", "eq", "100", "%"),
        ("3-5次", "range", "3", "次"),
        ("85%-90%", "range", "85", "%"),
        ("100", "bare", "100", None),
        ("110万元/公里", "bare", "110", "万元/公里"),
        ("+5%", "bare", "5", "%"),
        ("1,000人次", "bare", "1000", "人次"),
        ("5000㎡", "bare", "5000", "平方米"),
    ],
)
def test_targets(text: str, operator: str, value: str, unit: str | None) -> None:
    found = read(text, "target_raw")
    assert (found["operator"], found["number"], found["value_unit"], found["problem"]) == (operator, Decimal(value), unit, None)


@pytest.mark.parametrize(
    "text",
    [
        "9月前",
        "10月内",
        "15日",
        "3月以内",
        "12月底前",
        "2024年12月底前",
        "2024年底",
        "年底前完成",
        "按时完成",
        "完成3次",
        "优",
        "第3季度",
    ],
)
def test_targets_in_words_and_deadlines_are_qualitative(text: str) -> None:
    found = read(text, "target_raw")
    assert (found["operator"], found["number"], found["problem"]) == ("qualitative", None, None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [("≥≥98%", "malformed_number"), ("2*", "masked_number"), ("3 5", "several_numbers"), ("3,5", "malformed_number")],
)
def test_targets_that_should_be_numbers_and_are_none(text: str, problem: str) -> None:
    found = read(text, "target_raw")
    assert (found["number"], found["problem"]) == (None, problem)


@pytest.mark.parametrize(
    "text", ["10", "1,234.56", "≥95%", "3-5次", "7,00.0,77", "1**", ".5", "10/20", "10 20", "１２％", "−5", "110万元/公里"]
)
def test_figures_are_told_from_text(text: str) -> None:
    assert is_figure(text)


@pytest.mark.parametrize(
    "text",
    ["", "基本支出", "1、业务工作经费", "完成3次", "第3季度", "***", "（1）", "2个乡镇和28个村开展了提级巡察", "1" * 39 + "!"],
)
def test_labels_and_sentences_are_no_figures(text: str) -> None:
    assert not is_figure(text)


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("1", "得分系数", "1"),
        ("0.98", "得分系数", "0.98"),
        ("98%", "得分系数", "0.98"),
        ("98", "得分系数（%）", "0.98"),
        ("98%", "得分系数（%）", "0.98"),
        ("100", "得分系数(％)", "1"),
        ("0", "得分系数（%）", "0"),
    ],
)
def test_a_coefficient_is_a_share_of_one(text: str, column: str, expected: str) -> None:
    found = read(text, "score_coefficient", column=column)
    assert (found["number"], found["problem"]) == (Decimal(expected), None)


@pytest.mark.parametrize(("text", "column"), [("98", "得分系数"), ("0.98", "得分系数（%）"), ("1", "得分系数（%）")])
def test_a_coefficient_that_may_be_share_or_percentage_is_a_problem(text: str, column: str) -> None:
    found = read(text, "score_coefficient", column=column)
    assert (found["number"], found["problem"]) == (None, "malformed_number")
