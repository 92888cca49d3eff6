"""Finds the quantities that a goal text names, such as 三轮 in 完成三轮巡察.

Belongs here: numerals with a measure word of measure_words.yml. Whether a goal was met is a rule, not a reading.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

from pipelines.catalogue.definitions import read_yaml
from pipelines.forms.observations import Observation

WORDS = Path(__file__).with_name("measure_words.yml")
_CHINESE = "零〇一二两三四五六七八九十百千"
_TENS = "[一二两三四五六七八九]?十[一二三四五六七八九]?"
_BELOW_HUNDRED = f"零[一二三四五六七八九]|{_TENS}"
_BELOW_THOUSAND = f"[一二两三四五六七八九]百(?:{_BELOW_HUNDRED})?"
# 一百五 and 三五个 are said of more than one number
_NUMERAL = re.compile(
    f"[一二两三四五六七八九]|{_TENS}|{_BELOW_THOUSAND}|[一二两三四五六七八九]千(?:零[一二三四五六七八九]|零{_TENS}|{_BELOW_THOUSAND})?"
)
_DIGITS = {digit: number for number, digit in enumerate("零一二三四五六七八九")} | {"两": 2}
_PLACES = {"十": 10, "百": 100, "千": 1000}


@cache
def _quantity() -> re.Pattern[str]:
    words = "|".join(sorted(read_yaml(WORDS)["measure_words"], key=len, reverse=True))  # 人次 before 人
    return re.compile(
        rf"(?<![“‘第进统逐单唯每某之同至~～—\-\d.{_CHINESE}])(?<!\d[,，])(?P<number>\d+(?:[,，]\d{{3}})*(?:\.\d+)?|[{_CHINESE}]+)\s*(?P<unit>{words})"
        r"(?P<object>[\u4e00-\u9fff]{0,2})"
    )


def chinese_number(text: str) -> int:
    """Value of a Chinese numeral below ten thousand, e.g. 二十三 → 23. Raises KeyError on other characters."""
    total, digit = 0, 0
    for character in text:
        if character in _PLACES:
            total += (digit or 1) * _PLACES[character]
            digit = 0
        else:
            digit = _DIGITS[character]
    return total + digit


def quantities(goal: Observation) -> list[Observation]:
    """Observations of `fact_goals` for one goal text; a numeral followed by 性 (一次性) is a word, not a quantity."""
    side = {"goal_expected": "expected", "goal_achieved": "achieved"}[str(goal.codes["section_code"])]
    found = []
    for match in _quantity().finditer(goal.raw_text):
        number = match["number"]
        if match["object"].startswith("性") or not (number[0].isdigit() or _NUMERAL.fullmatch(number)):
            continue
        value = number if number[0].isdigit() else str(chinese_number(number))
        codes = {"goal_side_code": side, "quantity_raw": number + match["unit"], "quantity_unit": match["unit"]}
        codes["quantity_object"] = match["object"] or None
        found.append(
            replace(
                goal,
                table_name="fact_goals",
                record=f"{goal.record} {match.start()}",
                field_name="quantity_value",
                raw_text=value,
                codes=codes,
            )
        )
    return found
