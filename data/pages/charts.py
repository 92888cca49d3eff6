"""Small charts as SVG, drawn without a library: bars, points on a line, and strips of dots.

Belongs here: shapes, scales and fonts. Every text has a fallback stack of Chinese fonts; a figure under an open
contradiction is drawn hollow. Does not belong here: what is drawn (`tour`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

FONTS = "'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei','WenQuanYi Zen Hei',sans-serif"
COLOURS = ("#1f6f8b", "#d1495b", "#8a8f98")
INK, PALE = "#24292f", "#d8dee4"
WIDTH, LEFT, RIGHT, TOP, ROW = 760, 170, 60, 62, 26


@dataclass(frozen=True)
class Mark:
    """One value of a row: which series it belongs to, and whether it stands under an open contradiction."""

    value: float
    series: int = 0
    is_contradicted: bool = False


Rows = Sequence[tuple[str, Sequence[Mark]]]


def bars(title: str, series: Sequence[str], rows: Rows, unit: str) -> str:
    """Horizontal bars from 0, one below the other where a row has several, each with its value."""

    def draw(marks: Sequence[Mark], y: float, x: Callable[[float], float]) -> list[str]:
        height = (ROW - 8) / max(len(marks), 1)
        drawn = []
        for index, mark in enumerate(marks):
            top, end = y - (ROW - 8) / 2 + index * height, x(mark.value)
            drawn.append(
                f'<rect x="{x(0):.1f}" y="{top:.1f}" width="{end - x(0):.1f}" height="{height - 1:.1f}" {_fill(mark)}/>'
            )
            drawn.append(_text(end + 4, top + height / 2 + 3.5, f"{mark.value:g}", size=10))
        return drawn

    top = max((mark.value for _, marks in rows for mark in marks), default=1) * 1.05
    return _chart(title, series, rows, (0, top or 1), unit, draw)


def points(title: str, series: Sequence[str], rows: Rows, unit: str, scale: tuple[float, float]) -> str:
    """A dot for every value on the line of its row."""

    def draw(marks: Sequence[Mark], y: float, x: Callable[[float], float]) -> list[str]:
        return [f'<circle cx="{x(mark.value):.1f}" cy="{y:.1f}" r="5" fill-opacity="0.75" {_fill(mark)}/>' for mark in marks]

    return _chart(title, series, rows, scale, unit, draw)


def _chart(
    title: str,
    series: Sequence[str],
    rows: Rows,
    scale: tuple[float, float],
    unit: str,
    draw: Callable[[Sequence[Mark], float, Callable[[float], float]], list[str]],
) -> str:
    bottom = TOP + ROW * len(rows)
    low, step, steps = _ticks(*scale)
    high = low + step * steps

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low)

    parts = [_text(12, 22, title, size=15, weight="bold")]
    left = float(LEFT)
    for index, name in enumerate(series):
        parts.append(f'<rect x="{left:.1f}" y="34" width="11" height="11" {_fill(Mark(0, index))}/>')
        parts.append(_text(left + 16, 44, name, size=11))
        left += 32 + sum(11 if ord(letter) > 0x2000 else 6 for letter in name)
    for value in (low + step * index for index in range(steps + 1)):
        parts.append(f'<line x1="{x(value):.1f}" x2="{x(value):.1f}" y1="{TOP}" y2="{bottom}" stroke="{PALE}"/>')
        parts.append(_text(x(value), bottom + 16, f"{round(value, 6):g}", size=10, anchor="middle"))
    parts.append(_text(WIDTH - RIGHT, TOP - 8, unit, size=10, anchor="middle"))
    for index, (label, marks) in enumerate(rows):
        y = TOP + ROW * (index + 0.5)
        parts += [_text(LEFT - 10, y + 4, label, size=12, anchor="end"), *draw(marks, y, x)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{bottom + 28}" font-family="{FONTS}" fill="{INK}">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="#ffffff"/>', *parts, "</svg>", ""])


def _ticks(low: float, high: float) -> tuple[float, float, int]:
    """First tick, distance and number of distances: at most five, of a length that people count in, up to `high` or beyond."""
    power = 10.0 ** math.floor(math.log10((high - low) / 5))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor * 5 >= high - low - 1e-9)
    return low, step, math.ceil((high - low) / step - 1e-9)


def _fill(mark: Mark) -> str:
    colour = COLOURS[mark.series]
    return f'fill="{"#ffffff" if mark.is_contradicted else colour}" stroke="{colour}"'


def _text(x: float, y: float, text: str, size: int, anchor: str = "start", weight: str = "normal") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}"'
    return f"<text {place}>{escape(text)}</text>"
