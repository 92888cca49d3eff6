"""Units of money as forms print them, in a label, behind one or on a line of their own.

Belongs here: finding 元, 千元, 万元 and the like; a unit that nobody can convert (万美元) is found too, so that its amounts are
not taken for 万元. Does not belong here: converting amounts (facts).
"""

from __future__ import annotations

import re

_MONEY = r"(?:人民币)?\s*([百千万亿]{0,2}(?:[美港欧日]元|元))"
_STATES = r"(?:金额|货币|计量|计价)?单位\s*[:：]?\s*"
_BRACKETED = re.compile(rf"[（(【\[]\s*(?:{_STATES})?{_MONEY}\s*[)）】\]]")
_BEHIND = re.compile(rf"(?:{_STATES}|[/／:：]\s*){_MONEY}\s*$")
_STATED = re.compile(rf"(?:(?:金额|货币|计价)单位\s*[:：]?|单位\s*[:：])\s*{_MONEY}\s*[)）】]?\s*$")
_LINE = re.compile(rf"[（(【]?\s*{_STATES}{_MONEY}\s*[)）】]?")


def unit_in(text: str) -> str | None:
    """Money unit of a label, as in 全年预算数（万元）, 项目资金：元 or 单位：元, or None where it names none or several."""
    found = {*_BRACKETED.findall(text), *_BEHIND.findall(text)}
    return found.pop() if len(found) == 1 else None


def unit_line(text: str) -> str | None:
    """Money unit that a cell or line states at its end for what stands below it (填报单位：…  单位：万元), or None."""
    found = _STATED.search(text)
    return found[1] if found else None


def is_unit_line(text: str) -> bool:
    """Whether a line says nothing but the unit of money."""
    return _LINE.fullmatch(text.strip()) is not None
