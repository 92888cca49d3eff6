"""Turns raw texts into numbers with unit and operator, or says why that is impossible.

Belongs here: the spelling of numbers on forms, as Polars expressions. Does not belong here: which column holds what.

Texts are compared in a plain copy (full-width digits and signs made ASCII, white space removed); the raw text is kept. A
comma counts
as a thousands separator only as ddd,ddd; digits parted by white space may be two numbers and are not joined. What allows no
certain
reading is a problem (a code of `quarantine_rule`), never a guess.
"""

from __future__ import annotations

from decimal import Decimal

import polars as pl

DECIMAL = pl.Decimal(38, 6)
AMOUNT = pl.Decimal(18, 6)

_PLAIN = {
    **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
    "．": ".", "，": ",", "％": "%", "＋": "+", "－": "-", "—": "-", "–": "-", "（": "(", "）": ")", "～": "~", "＊": "*",
    "≧": "≥", "≦": "≤", "＝": "=", "═": "=", "＞": ">", "＜": "<", "㎡": "平方米", "−": "-", "﹣": "-",
}  # fmt: skip
OPERATORS = {
    "ge": "≥|>=|不少于|不低于|大于等于|至少|达到",
    "le": "≤|<=|不超过|不高于|小于等于|至多",
    "gt": ">|大于|超过",
    "lt": "<|小于|低于",
    "eq": "=|等于",
}
_BEHIND = {"ge": "以上", "le": "以内|以下"}
_WELL_FORMED = r"[+-]?(?:\d{1,3}(?:,\d{3})+(?:\.\d{1,6})?|\d+(?:\.\d{1,6})?|\.\d{1,6})"
_UNIT = r"[^\d,.*+\-~<>=≥≤()]{0,8}"
_OPERATOR = "|".join(OPERATORS.values())
_PARTED = r"\d\s+\d"
_DATE = r"^(?:20\d{2}年|\d{1,2}月|\d{1,2}日|\d+年(?:底|末|前|内))"
_DAYS = r"^\d{1,3}日以内$"
_WITHIN = r"^([≤<]?\d+(?:\.\d+)?(?:日|天|小时|分钟|个?工作日|个月))内$"  # 10月内 may be October
_LARGEST = {"_count": Decimal(2**31 - 1), "": Decimal("999999999999.999999")}  # what INTEGER and DECIMAL(18,6) hold
_LARGEST_COEFFICIENT = Decimal("1.5")  # as a share of 1; what is larger can only be a percentage
_FACTORS = {
    "元": Decimal("0.0001"), "百元": Decimal("0.01"), "千元": Decimal("0.1"), "万元": Decimal(1), "百万元": Decimal(100),
    "千万元": Decimal(1000), "亿元": Decimal(10000),
}  # fmt: skip
_DECIMALS = {"元": 2, "百元": 4, "千元": 5}  # that DECIMAL(18,6) keeps of an amount in the unit, where they are fewer than 6

# What may stand behind the number in a column, by the ending of the column's name.
_UNITS_BY_FIELD = {
    "_wanyuan": "万元|元|亿元|万|",
    "_pct": "%|",
    "_points": "分|",
    "_coefficient": "%|",
    "_count": "人|名|个|",
    "count_value": "",
    "_sqm": "平方米|",
}


def is_number_field(field_name: str) -> bool:
    """Whether a field of an observation must hold a number; a target or an actual value may hold one."""
    return field_name == "quantity_value" or field_name.endswith(tuple(_UNITS_BY_FIELD))


def plain(column: str) -> pl.Expr:
    """Copy of a text column in which numbers are spelt in one way; only white space between digits is left."""
    ascii_only = pl.col(column).str.replace_many(list(_PLAIN), list(_PLAIN.values())).str.strip_chars()
    unspaced = ascii_only.str.replace_all(r"\s", "")
    return pl.when(ascii_only.str.contains(_PARTED)).then(ascii_only).otherwise(unspaced)


def _decimal(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(",", "").str.strip_prefix("+").cast(DECIMAL, strict=False)


def _problem(text: pl.Expr) -> pl.Expr:
    """Why a text is no single number."""
    several = rf"^{_WELL_FORMED}{_UNIT}[;；/、~至]{_WELL_FORMED}{_UNIT}$"
    return (
        pl.when(text.str.contains(r"[*×]"))
        .then(pl.lit("masked_number"))
        .when(~text.str.contains(r"\d"))
        .then(pl.lit("text_in_amount"))
        .when(text.str.contains(several) | text.str.contains(_PARTED))
        .then(pl.lit("several_numbers"))
        .otherwise(pl.lit("malformed_number"))
    )


def with_values(observations: pl.DataFrame) -> pl.DataFrame:
    """Add number, value_unit, operator and problem to observations (columns raw_text, field_name, unit, absence_code,
    column_label_zh).

    `number` is DECIMAL(38,6) in the unit of the field: amounts in 万元 whatever the form prints, rates in per cent; null
    for texts and
    absent values. `problem` is null, or a code of the vocabulary quarantine_rule for a value that a numeric field should hold.
    A rate at most 1.5 without a per-cent sign may be a fraction or a percentage: it is a problem, not a guess.
    A coefficient is a share of 1, or a percentage where it or the head of its column says so; what fits neither is a problem.
    """
    field = pl.col("field_name")
    text = pl.col("plain_text")
    parts = text.str.extract_groups(
        rf"^(?P<operator>{_OPERATOR})?(?P<low>{_WELL_FORMED})(?P<low_unit>{_UNIT}?)"
        rf"(?:[-~至](?P<high>{_WELL_FORMED})(?P<high_unit>{_UNIT}?))?(?P<behind>以上|以内|以下)?$"
    )
    is_target = field.is_in(["target_raw", "target_adjusted_raw", "actual_raw"])
    allowed = pl.lit(False)
    is_numeric = pl.lit(False)
    for ending, units in _UNITS_BY_FIELD.items():
        ends = field.str.ends_with(ending)
        is_numeric |= ends
        allowed |= ends & pl.col("low_unit").str.contains(f"^(?:{units})$")
    is_numeric |= field == "quantity_value"
    allowed |= field == "quantity_value"
    is_count = field.str.ends_with("_count") | (field == "count_value")
    whole = ~is_count | (pl.col("low_number") == pl.col("low_number").round(0))
    is_money = field.str.ends_with("_wanyuan")
    written_unit = pl.col("low_unit").replace("万", "万元")
    money_unit = pl.when(written_unit.is_in(list(_FACTORS))).then(written_unit).otherwise("unit")
    factor = money_unit.replace_strict(list(_FACTORS), list(_FACTORS.values()), default=None, return_dtype=DECIMAL)
    largest = pl.when(is_count).then(_LARGEST["_count"]).otherwise(_LARGEST[""])
    fits = pl.col("low_number").abs() * pl.coalesce(pl.when(is_money).then(factor), pl.lit(Decimal(1))) <= largest
    # More decimals than DECIMAL(18,6) keeps would be rounded in silence.
    kept = money_unit.replace_strict(list(_DECIMALS), list(_DECIMALS.values()), default=6, return_dtype=pl.Int32)
    too_fine = is_money & (text.str.extract(r"\.(\d+)").str.len_chars().fill_null(0) > kept)
    is_unknown_unit = is_money & factor.is_null()
    fraction_or_rate = (
        field.str.ends_with("_rate_reported_pct")
        & (pl.col("low_unit") == "")
        & pl.col("low_number").is_between(Decimal("0.000001"), Decimal("1.5"))
    )
    is_coefficient = field.str.ends_with("_coefficient")
    is_bare = is_coefficient & (pl.col("low_unit") == "")
    is_headed_in_pct = pl.col("column_label_zh").str.contains("[%％]").fill_null(False)
    is_large = pl.col("low_number") > _LARGEST_COEFFICIENT
    is_percentage = is_coefficient & ((pl.col("low_unit") == "%") | is_headed_in_pct)
    share_or_percentage = is_bare & pl.when(is_headed_in_pct).then(~is_large & (pl.col("low_number") != 0)).otherwise(is_large)
    is_number = (
        pl.col("low_number").is_not_null()
        & pl.col("high").is_null() & pl.col("operator_text").is_null() & pl.col("behind").is_null()
        & allowed & whole & fits & ~too_fine & ~is_unknown_unit & ~fraction_or_rate & ~share_or_percentage
    )  # fmt: skip
    is_date = text.str.contains(_DATE) & ~text.str.contains(_DAYS)
    has_target = is_target & pl.col("low_number").is_not_null() & fits & ~is_date
    written = pl.coalesce(_code_of(pl.col("operator_text"), OPERATORS), _code_of(pl.col("behind"), _BEHIND))
    figure_like = pl.col("is_figure")
    return (
        observations.with_columns(
            plain_text=pl.when(pl.col("absence_code").is_null()).then(plain("raw_text").str.replace(_WITHIN, "${1}以内"))
        )
        .with_columns(parts=parts)
        .unnest("parts")
        .rename({"operator": "operator_text"})
        .with_columns(low_number=_decimal(pl.col("low")))
        .with_columns(
            number=pl.when(is_number & is_money).then(pl.col("low_number") * factor)
            .when(is_number & is_percentage).then(pl.col("low_number") / 100)
            .when((is_numeric & is_number) | has_target).then(pl.col("low_number")),
            value_unit=pl.when(has_target)
            .then(pl.coalesce(pl.col("high_unit").replace("", None), pl.col("low_unit")).replace("", None))
            .when(is_money).then(money_unit),
            operator=pl.when(~is_target | pl.col("plain_text").is_null()).then(None)
            .when(~has_target.fill_null(False)).then(pl.lit("qualitative"))
            .when(pl.col("high").is_not_null()).then(pl.lit("range"))
            .otherwise(pl.coalesce(written, pl.lit("bare"))),
            problem=pl.when(pl.col("plain_text").is_null()).then(None)
            .when(is_unknown_unit).then(pl.lit("unknown_unit"))
            .when(is_numeric & ~is_number).then(_problem(text))
            .when(is_target & figure_like & ~is_date & ~has_target.fill_null(False)).then(_problem(text)),
        )
        .drop("plain_text", "operator_text", "low", "low_unit", "high", "high_unit", "behind", "low_number")
    )  # fmt: skip


def _code_of(text: pl.Expr, spellings: dict[str, str]) -> pl.Expr:
    pairs = {spelling: code for code, spelt in spellings.items() for spelling in spelt.split("|")}
    return text.replace_strict(list(pairs), list(pairs.values()), default=None, return_dtype=pl.String)
