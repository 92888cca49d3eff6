"""What a workbook shows for a number: number format codes applied to stored values.

Belongs here: format codes, the built-in ones in their Chinese forms, dates. Does not belong here: where formats are stored
(`xlsx`, `xls`); what a number means.

The text is what the sheet shows, plain: without thousands separators and yuan signs, with a minus sign before every negative
number. A stored value counts with its 15 significant digits, as in Excel, so that no noise of binary fractions shows. A number
that its format hides (a zero drawn as a dash) and one whose format cannot be followed (conditions) are shown as in format
General.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import lru_cache
from typing import Literal

Note = Literal["rounded", "unfollowed"] | None
VERSION = "number_format-1"
MAX_CODE = 255  # characters of a format code, Excel's own limit
PLAIN_EXPONENTS = range(-20, 21)  # beyond, a number is written with an exponent
LAST_SERIAL = 2958466  # 31 December 9999
WEEKDAYS = "一二三四五六日"

_ACCOUNTING = '_ * {0}#,##0{1}_ ;_ * {0}-#,##0{1}_ ;_ * {0}"-"{2}_ ;_ @_ '
_YEAR_MONTH, _MONTH_DAY = 'yyyy"年"m"月"', 'm"月"d"日"'
_NOON = "上午/下午"
BUILT_IN: dict[int, str] = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: "¥#,##0;¥-#,##0", 6: "¥#,##0;¥-#,##0",
    7: "¥#,##0.00;¥-#,##0.00", 8: "¥#,##0.00;¥-#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    14: "yyyy/m/d", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss",
    22: "yyyy/m/d h:mm", 27: _YEAR_MONTH, 28: _MONTH_DAY, 29: _MONTH_DAY, 30: "m-d-yy", 31: 'yyyy"年"m"月"d"日"',
    32: 'h"时"mm"分"', 33: 'h"时"mm"分"ss"秒"', 34: f'{_NOON}h"时"mm"分"', 35: f'{_NOON}h"时"mm"分"ss"秒"', 36: _YEAR_MONTH,
    37: "#,##0;-#,##0", 38: "#,##0;-#,##0", 39: "#,##0.00;-#,##0.00", 40: "#,##0.00;-#,##0.00",
    41: _ACCOUNTING.format("", "", ""), 42: _ACCOUNTING.format("¥", "", ""), 43: _ACCOUNTING.format("", ".00", "??"),
    44: _ACCOUNTING.format("¥", ".00", "??"), 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss", 48: "##0.0E+0", 49: "@",
    50: _YEAR_MONTH, 51: _MONTH_DAY, 52: _YEAR_MONTH, 53: _MONTH_DAY, 54: _MONTH_DAY, 55: f'{_NOON}h"时"mm"分"',
    56: f'{_NOON}h"时"mm"分"ss"秒"', 57: _YEAR_MONTH, 58: _MONTH_DAY,
}  # fmt: skip

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|[\\!](?P<escaped>.)|_.|\*.|\[(?P<bracket>[^\]]*)\]|(?P<general>General|G/通用格式)'
    r"|(?P<noon>AM/PM|A/P|上午/下午)|(?P<scientific>E[+-])|(?P<date>y+|e+|m+|d+|h+|s+|a{3,4})|(?P<digit>[0#?])|(?P<point>\.)"
    r"|(?P<comma>,)|(?P<percent>%)|(?P<slash>/)|(?P<text>@)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"[<>=]|DBNum", re.IGNORECASE)
_ELAPSED = re.compile(r"(h+|m+|s+)", re.IGNORECASE)
_YUAN_SIGNS = {ord(sign): None for sign in "¥￥"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class _Section:
    """One part of a format code. `kind`: number, date, text, general, unknown (a code that cannot be followed)."""

    kind: str
    prefix: str = ""
    suffix: str = ""
    whole_digits: int = 0  # shown at least
    least_decimals: int = 0
    most_decimals: int = 0
    has_digits: bool = False
    shift: int = 0  # powers of ten from percent signs and scaling commas
    tokens: tuple[tuple[str, str], ...] = ()


def show(value: float, code: str, counts_from_1904: bool = False) -> tuple[str, Note]:
    """Text that the sheet shows for a finite stored number, and what is to be said about it.

    Notes: 'rounded' where it has fewer digits than the number, 'unfollowed' where the code could not be followed.
    """
    stored = Decimal(format(value, ".15g"))
    sections = _sections(code)
    section = sections[0]
    if stored < 0 and len(sections) > 1:
        section = sections[1]
    elif stored == 0 and len(sections) > 2:
        section = sections[2]
    if section.kind == "date":
        text = _date(value, section, counts_from_1904)
        return general(stored) if text is None else text, None
    if section.kind != "number" or not section.has_digits:
        return general(stored), "unfollowed" if section.kind == "unknown" else None
    text, shown = _number(abs(stored), section)
    if not any(character.isdigit() for character in text):
        return general(stored), None  # a zero as nothing or as a dash
    return "-" + text if stored < 0 and shown else text, "rounded" if shown != abs(stored) else None


def general(number: Decimal) -> str:
    """The number as format General shows it in a wide column: all its digits and no others."""
    if number == 0:
        return "0"
    if number.adjusted() not in PLAIN_EXPONENTS:
        return str(number.normalize())
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(number: Decimal, section: _Section) -> tuple[str, Decimal]:
    """Text of a number without its sign, and the number that this text says."""
    with localcontext(Context(prec=700)):  # a float has up to 309 digits before the point, a format up to 255 behind it
        scaled = number.scaleb(section.shift)
        shown = scaled.quantize(Decimal(1).scaleb(-section.most_decimals), ROUND_HALF_UP)
        whole, _, decimals = format(shown, "f").partition(".")
        decimals = decimals.rstrip("0").ljust(section.least_decimals, "0")
        whole = whole.rjust(section.whole_digits, "0")
        if whole == "0" and not section.whole_digits and not decimals and not shown:
            whole = ""
        text = whole + (f".{decimals}" if decimals else "")
        return f"{section.prefix}{text}{section.suffix}".strip(), shown.scaleb(-section.shift)


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[_Section, ...]:
    if len(code) > MAX_CODE:
        return (_Section("unknown"),)
    parts: list[list[tuple[str, str]]] = [[]]
    for match in _TOKEN.finditer(code):
        kind = match.lastgroup or "space"
        if kind == "other" and match[0] == ";":
            parts.append([])
        elif kind != "space":
            parts[-1].append((kind, match[kind]))
    return tuple(map(_section, parts))


def _section(tokens: list[tuple[str, str]]) -> _Section:
    kinds = {kind for kind, _ in tokens}
    brackets = [text for kind, text in tokens if kind == "bracket"]
    is_elapsed = any(_ELAPSED.fullmatch(text) for text in brackets)
    if any(_CONDITION.search(text) for text in brackets):
        return _Section("unknown")
    if "general" in kinds:
        return _Section("general")
    if "date" in kinds or is_elapsed:
        return _Section("date", tokens=tuple(tokens))
    if "text" in kinds:
        return _Section("text")
    if kinds & {"scientific", "slash"} and "digit" in kinds:
        return _Section("general")  # the plain number says the same
    places = [place for place, (kind, _) in enumerate(tokens) if kind in ("digit", "point")]
    if not places:
        return _Section("number", prefix=_literals(tokens))
    first, last = places[0], places[-1]
    whole, decimals, shift = "", "", 0
    is_behind_point = is_point_drawn = False
    for place in range(first, last + 1):
        kind, text = tokens[place]
        if kind == "point" and not is_point_drawn:
            is_behind_point = True
        elif kind == "digit":
            whole, decimals = (whole, decimals + text) if is_behind_point else (whole + text, decimals)
        elif kind in ("escaped", "quoted") and text == "." and not is_behind_point:
            is_behind_point = is_point_drawn = True  # 0!.0, and 0!.0000 draw a point into yuan to show ten thousands
        elif kind not in ("comma", "bracket"):
            return _Section("unknown")
    if is_point_drawn:
        shift = -len(decimals)
        decimals = "0" * len(decimals)
    behind = last + 1
    while behind < len(tokens) and tokens[behind][0] == "comma":
        shift -= 3
        behind += 1
    shift += 2 * sum(kind == "percent" for kind, _ in tokens)
    prefix, suffix = _literals(tokens[:first]).replace("-", ""), _literals(tokens[behind:])
    if prefix.endswith("(") and suffix.startswith(")"):
        prefix, suffix = prefix[:-1], suffix[1:]  # brackets stand for the minus sign
    return _Section(
        "number", prefix, suffix, whole.count("0"), len(decimals.rstrip("#")), len(decimals), bool(whole or decimals), shift
    )  # fmt: skip


def _literals(tokens: list[tuple[str, str]]) -> str:
    """What stands beside the digits; of a bracket only its currency sign, as in [$¥-804]."""
    texts = []
    for kind, text in tokens:
        if kind == "bracket":
            texts.append(text[1:].partition("-")[0] if text.startswith("$") else "")
        elif kind in ("quoted", "escaped", "other", "percent", "slash"):
            texts.append(text)
    return "".join(texts).translate(_YUAN_SIGNS)


def _date(value: float, section: _Section, counts_from_1904: bool) -> str | None:
    """Text of a date or time; None for a number that is none."""
    if not 0 <= value < LAST_SERIAL - (1462 if counts_from_1904 else 0):
        return None
    seconds = round(value * 86400)
    # Excel's calendar has a 29 February 1900: serials before it are a day later than their distance from the epoch.
    epoch = datetime(1904, 1, 1) if counts_from_1904 else datetime(1899, 12, 31 if value < 60 else 30)
    moment = epoch + timedelta(seconds=seconds)
    has_noon = any(kind == "noon" for kind, _ in section.tokens)
    found: list[str] = []
    previous = ""
    marks = [text.lower() for kind, text in section.tokens if _is_date_mark(kind, text)]
    for kind, text in section.tokens:
        if _is_date_mark(kind, text):
            mark = marks.pop(0)
            following = marks[0] if marks else ""
            is_minute = mark[0] == "m" and len(mark) < 3 and (previous[:1] == "h" or following[:1] == "s")
            found.append(_elapsed(mark, seconds) if kind == "bracket" else _moment(mark, moment, is_minute, has_noon))
            previous = mark
        elif kind == "noon":
            found.append(("上午" if moment.hour < 12 else "下午") if text == _NOON else ("AM" if moment.hour < 12 else "PM"))
        elif kind in ("quoted", "escaped", "other", "slash", "comma", "point"):
            found.append(text)
    return "".join(found).strip()


def _is_date_mark(kind: str, text: str) -> bool:
    return kind == "date" or (kind == "bracket" and _ELAPSED.fullmatch(text) is not None)


def _moment(mark: str, moment: datetime, is_minute: bool, has_noon: bool) -> str:
    width = 2 if len(mark) > 1 else 1
    match mark[0]:
        case "y" | "e":
            return str(moment.year) if len(mark) > 2 or mark[0] == "e" else f"{moment.year % 100:02d}"
        case "m" if is_minute:
            return f"{moment.minute:0{width}d}"
        case "m":
            return _MONTHS[moment.month - 1] if len(mark) > 2 else f"{moment.month:0{width}d}"
        case "d":
            return f"{moment.day:0{width}d}" if len(mark) < 3 else f"星期{WEEKDAYS[moment.weekday()]}"
        case "a":
            return ("星期" if len(mark) > 3 else "") + WEEKDAYS[moment.weekday()]
        case "h":
            return f"{(moment.hour % 12 or 12) if has_noon else moment.hour:0{width}d}"
        case _:
            return f"{moment.second:0{width}d}"


def _elapsed(mark: str, seconds: int) -> str:
    return f"{seconds // {'h': 3600, 'm': 60, 's': 1}[mark[0]]:0{len(mark)}d}"
