"""The page of a night: one HTML file that fetches nothing, in Chinese with a switch to English.

Belongs here: what the page shows of a record, the nights before it and the coverage. Does not belong here: making these
(`history`), and the words and the layout (`wording.yml`, `page.html.j2`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from pipelines.catalogue import catalogue
from pipelines.catalogue.definitions import read_yaml
from pipelines.console import MESSAGES, printable
from pipelines.nights.history import Record, streaks

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

COMPARED = 10  # nights of the same kind that durations are held against
DRAWN = 30  # nights in the picture of total durations
MARKS = {"parsed": "●", "partial": "◐", "rejected": "✕", "missing": "○", None: ""}
ARRIVALS = ("new", "changed", "moved", "gone", "again")


@cache
def wording() -> dict[str, dict[str, str]]:
    """Texts of page and notice by key, `{"zh": …, "en": …}`, with the names of the stages (`stage_<name>`)."""
    stages = {key: texts for key, texts in read_yaml(MESSAGES).items() if key.startswith("stage_")}
    own: dict[str, dict[str, str]] = read_yaml(Path(__file__).with_name("wording.yml"))
    return stages | own


def render(record: Record, history: Sequence[Record], coverage: Sequence[Mapping[str, Any]]) -> str:
    """The page as HTML. `history` holds the records before this one, oldest first; `coverage` is that of `history.coverage`.

    Every text of a report is escaped; the page has no script, and the browser is told to fetch nothing.
    """
    nights = [*history, record]
    standing = {name: count for name, count in streaks(nights).items() if not name.startswith(("file ", "quarantine "))}
    running = streaks(nights)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            record=record,
            arrivals=ARRIVALS,
            standing=[(*_check(name), count, record["checks"].get(name)) for name, count in standing.items()],
            rejected=[{**entry, "nights": running.get(f"file {entry['file_name']}", 1)} for entry in record["rejected"]],
            held=[(rule, count, running.get(f"quarantine {rule}", 1)) for rule, count in (record["quarantine"] or {}).items()],
            durations=durations(record, history),
            totals=totals(nights[-DRAWN:]),
            grids=grids(coverage),
            marks=MARKS,
        )
    )


def _check(name: str) -> tuple[str, str]:
    """Kind (check, stage, killed) and name of what fails."""
    kind, _, rest = name.partition(" ")
    return (kind, rest) if kind in ("stage", "killed") else ("check", name)


def durations(record: Record, history: Sequence[Record]) -> list[dict[str, Any]]:
    """Seconds by stage, tonight and the median of the last `COMPARED` nights of the same outcome, null where there is none.

    Rows of stage, seconds, usual, and share and usual_share, both of the longest of all, in per cent.
    """
    alike = [other for other in history if other["outcome"] == record["outcome"]][-COMPARED:]
    rows = []
    for stage, seconds in record["seconds"].items():
        former = [other["seconds"][stage] for other in alike if stage in other["seconds"]]
        rows.append({"stage": stage, "seconds": seconds, "usual": round(median(former), 3) if former else None})
    longest = max((max(row["seconds"], row["usual"] or 0) for row in rows), default=0) or 1
    return [
        {**row, "share": 100 * row["seconds"] / longest, "usual_share": 100 * (row["usual"] or 0) / longest} for row in rows
    ]


def totals(nights: Sequence[Record]) -> list[dict[str, Any]]:
    """One bar per night, oldest first: night_id, outcome, seconds (null where it was killed) and height in per cent."""
    longest = max((night.get("total_seconds") or 0 for night in nights), default=0) or 1
    return [
        {
            "night_id": night["night_id"],
            "outcome": night["outcome"],
            "seconds": night.get("total_seconds"),
            "height": max(4, round(100 * (night.get("total_seconds") or 0) / longest)),
        }
        for night in nights
    ]


def grids(coverage: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The coverage by city: city_name, years, rows, and `counts` of cells by outcome."""
    by_city: dict[str, list[Mapping[str, Any]]] = {}
    for row in coverage:
        by_city.setdefault(row["city_name"], []).append(row)
    found = []
    for city, rows in by_city.items():
        counts = dict.fromkeys(filter(None, MARKS), 0)
        for outcome in (outcome for row in rows for outcome in row["years"].values() if outcome is not None):
            counts[outcome] += 1
        years = sorted({year for row in rows for year in row["years"]})
        found.append({"city_name": city, "years": years, "rows": rows, "counts": counts})
    return found


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def both(zh: object, en: object) -> Markup:
        one, other = printable(str(zh)), printable(str(en))
        return Markup('<span lang="zh">{}</span><span lang="en">{}</span>').format(one, other)

    def text(key: str, **values: object) -> Markup:
        texts = wording()[key]
        return both(texts["zh"].format(**values), texts["en"].format(**values))

    def coded(vocabulary: str, code: str | None) -> Markup:
        known = catalogue().codes[vocabulary]
        return both(known[code].zh, known[code].en) if code in known else both(code or "", code or "")

    def remedy(reason: str) -> Markup:
        known = catalogue().codes["reason"].get(reason)
        return both(known.remedy_zh or "", known.remedy_en or "") if known else Markup()

    def stage(name: str) -> Markup:
        return text(f"stage_{name}") if f"stage_{name}" in wording() else both(name, name)

    def shown(value: object) -> object:
        return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update({"t": text, "both": both, "coded": coded, "remedy": remedy, "stage": stage})
    return environment
