"""Units of money as forms print them, in a label or on a line of their own.

Belongs here: finding 元, 万元 or 亿元. Does not belong here: converting amounts (facts).
"""

from __future__ import annotations

import re

_BRACKETED = re.compile(r"[（(]\s*(?:(?:金额|计量)?单位\s*[:：]\s*)?(万元|亿元|元)\s*[)）]")
_STATED = re.compile(r"单位\s*[:：]\s*(?:人民币)?\s*(万元|亿元|元)\s*[)）]?\s*$")


def unit_in(text: str) -> str | None:
    """Money unit of a label, as in 全年预算数（万元） or 单位：元, or None where it names none or several."""
    found = {*_BRACKETED.findall(text), *_STATED.findall(text)}
    return found.pop() if len(found) == 1 else None


def unit_line(text: str) -> str | None:
    """Money unit that a cell states for what stands below it (…单位：万元), or None."""
    found = _STATED.search(text)
    return found[1] if found else None
