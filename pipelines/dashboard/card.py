"""The report card: one page for the clerk who is about to publish a report.

Belongs here: which cell of the Document bears which mark, and the page around it. Does not belong here: finding anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.catalogue import catalogue
from pipelines.documents import Cell, Document, Paragraph, Table

if TYPE_CHECKING:
    import polars as pl
    from jinja2 import Template

TEMPLATE = Path(__file__).with_name("card.html")
# The mark that a reader must see first, where a cell bears several.
_URGENCY = ("fail", "held", "unmapped", "deferred", "round", "flag", "read")
_SEVERITIES = ("critical", "high", "medium", "low")


@dataclass
class Mark:
    """What became of one place: its kinds (keys of _URGENCY), the numbers of the findings on it, and words about it."""

    kinds: set[str] = field(default_factory=set)
    findings: list[int] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The most urgent kind."""
        return min(self.kinds, key=_URGENCY.index)


@dataclass(frozen=True)
class Card:
    """One report as the page shows it: its row of `reports`, findings in order of weight, and the Document with its marks."""

    report: dict[str, Any]
    findings: list[dict[str, Any]]
    document: Document | None
    marks: dict[str, Mark]
    held: list[dict[str, Any]]


def cards(
    frames: Mapping[str, pl.DataFrame], documents: Mapping[str, Document], findings: Iterable[dict[str, Any]]
) -> list[Card]:
    """One card per report of the frames (schema `facts`), rejected ones among them.

    `documents` holds the Document of each report_id that could be read; `findings` are rows of mart_findings.
    """
    by_report: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for finding in findings:
        by_report[finding["report_id"]].append(finding)
    found = []
    for report in frames["reports"].to_dicts():
        report_id = report["report_id"]
        own = sorted(by_report[report_id], key=_weight)
        held = [
            {**row, "kind": kind}
            for name, kind in (("quarantine", "held"), ("unmapped_labels", "unmapped"))
            for row in frames[name].filter(report_id=report_id).to_dicts()
        ]
        found.append(Card(report, own, documents.get(report_id), _marks(frames, report_id, own, held), held))
    return found


def _weight(finding: dict[str, Any]) -> tuple[int, int, str, str]:
    outcomes = ("fail", "deferred", "round", "flag")
    severity, outcome = _SEVERITIES.index(finding["severity"]), outcomes.index(finding["outcome"])
    return outcome, severity, finding["check_id"], str(finding["subject"])


def _marks(
    frames: Mapping[str, pl.DataFrame], report_id: str, findings: list[dict[str, Any]], held: list[dict[str, Any]]
) -> dict[str, Mark]:
    """Marks by locator: figures that were read, figures that were held back, and both sides of every finding."""
    marks: dict[str, Mark] = defaultdict(Mark)
    places: dict[str, list[str]] = defaultdict(list)
    for cell in frames["figure_cells"].filter(report_id=report_id, is_figure=True).to_dicts():
        marks[cell["locator"]].kinds.add("read")
        marks[cell["locator"]].words.append(cell["field_name"])
        places[cell["row_id"]].append(cell["locator"])
    for absent in frames["absent_values"].filter(report_id=report_id).to_dicts():
        places[absent["row_id"]].append(absent["locator"])
    for row in held:
        marks[row["locator"]].kinds.add(row["kind"])
        marks[row["locator"]].words.append(row.get("rule") or row.get("label_zh") or "")
    for number, finding in enumerate(findings, start=1):
        row_ids = dict.fromkeys((*finding["left_row_ids"], *finding["right_row_ids"]))
        for locator in dict.fromkeys(place for row_id in row_ids for place in places[row_id]):
            marks[locator].kinds.add(finding["outcome"])
            marks[locator].findings.append(number)
    return dict(marks)


@dataclass(frozen=True)
class Run:
    """A stretch of text of a paragraph, and its mark if it bears one."""

    text: str
    mark: Mark | None


def runs(paragraph: Paragraph, marks: Mapping[str, Mark], raw_texts: Mapping[str, str]) -> Iterator[Run]:
    """The text of a paragraph cut at the figures that bear marks; `raw_texts` holds what stands at a locator."""
    head = f"{paragraph.locator} character "
    at = sorted((int(place.removeprefix(head)), place) for place in marks if place.startswith(head))
    done = 0
    for character, place in at:
        start, end = character - 1, character - 1 + len(raw_texts.get(place, ""))
        if start < done or paragraph.text[start:end] != raw_texts.get(place):
            continue
        yield Run(paragraph.text[done:start], None)
        yield Run(paragraph.text[start:end], marks[place])
        done = end
    yield Run(paragraph.text[done:], None)


def grid(table: Table) -> list[list[Cell]]:
    """Anchor cells row by row, as an HTML table wants them."""
    rows: list[list[Cell]] = [[] for _ in table.grid]
    for cell in table.cells:
        rows[cell.row].append(cell)
    return rows


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.tests["paragraph"] = lambda block: isinstance(block, Paragraph)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))


def page(found: list[Card], frames: Mapping[str, pl.DataFrame], language: str) -> str:
    """The cards as one self-contained HTML page in Chinese or English (zh, en); texts of reports are escaped."""
    known = catalogue()
    raw_texts = {
        row["locator"]: row["raw_text"]
        for name in ("figure_cells", "quarantine", "unmapped_labels")
        for row in frames[name].select("locator", "raw_text").to_dicts()
        if row["raw_text"] is not None
    }

    def name(vocabulary: str, code: str) -> str:
        return known.name(vocabulary, code, language)

    def field_name(code: str) -> str:
        entry = known.fields.get(code)
        return code if entry is None else (entry.zh if language == "zh" else entry.en)

    return _template().render(
        cards=found, language=language, zh=language == "zh", name=name, field_name=field_name, rules=known.rules,
        reasons=known.codes["reason"], grid=grid, runs=lambda block, card: runs(block, card.marks, raw_texts),
    )  # fmt: skip
