"""Tells the kinds of absence apart: blank, 无, dash, masked. None of them is 0.

Belongs here: what a text without a value means. Merged places are known from the grid, not from the text.
"""

from __future__ import annotations

import re
from functools import lru_cache

_DASH = re.compile(r"^[-—–―－/／\\~]+$")
_MASKED = re.compile(r"^[*＊×xX]+$")
_NONE = frozenset({"无", "无。", "没有", "暂无", "不涉及"})


@lru_cache(1 << 14)
def absence_of(text: str) -> str | None:
    """Absence code of a cell's text, or None where it holds a value."""
    plain = re.sub(r"\s", "", text)
    if not plain:
        return "blank"
    if plain in _NONE:
        return "none"
    if _DASH.match(plain):
        return "dash"
    return "masked" if _MASKED.match(plain) else None
