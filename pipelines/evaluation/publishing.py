"""The measures as a page of the docs.

Belongs here: `docs/accuracy.md` as text. Does not belong here: measuring (`measures`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import polars as pl

from pipelines import __version__
from pipelines.evaluation.measures import measure
from pipelines.evaluation.running import Evaluation

_COUNTS = ("values", "right", "wrong", "extra", "flagged", "lost")
_SHARES = ("precision", "recall", "exactness")
_INTRODUCTION = """\
# Accuracy

How right the reading is, measured on the golden documents of `tests/golden`: forms and texts that a person wrote after the
template families met in practice, in varied formats, with the figures that a person reads from them. All departments and
cities in them are invented. Written by `{command}`; a test holds this page to what it measures.

Version {version}, {documents} documents of {cases} golden files, {values} values.
"""
_DEFINITIONS = """\
## What the measures mean

A *value* is one thing that gold states: an amount under its item, source of funds, phase and year, one column of an
indicator, of an evaluation, of staff or buildings, a head of a form, the department and year of a report, or a figure that
must be held back. Texts are compared without white space, numbers as decimals; nothing is rounded. Every table is compared
whole.

| measure | 中文 | what it says |
|---|---|---|
| right | 正确 | the fact holds what gold says |
| wrong | 错误（未提示） | the fact holds something else: wrong in silence |
| extra | 多出（未提示） | a fact that gold does not list: wrong in silence, too |
| flagged | 有提示 | no fact, but quarantine, unmapped labels or a warning hold the figure: a person is told |
| lost | 遗漏 | no fact and no trace |
| precision | 精确率 | right ÷ (right + wrong + extra): how many of the facts are right |
| recall | 召回率 | right ÷ values: how many of gold's values are facts |
| exactness | 准确率 | right ÷ (values + extra): both at once |

Shares are rounded down. Leave-one-out reads a family's documents without the templates of the family: the amounts then come
from labels alone, and every form that gave one must be marked `is_off_template`. FLAT and MULTI are no families of templates:
they hold text without cell borders, which only the template of a form can put together again, and files of many reports.
*Negatives* are documents from which nothing may be read: targets, approvals, evaluations by others, final accounts, notices,
blank forms.
"""


def percent(share: float | None) -> str:
    """A share in per cent with two decimals, rounded down; a dash where there is none."""
    if share is None:
        return "–"
    return str(Decimal(repr(share)).quantize(Decimal("0.01"), ROUND_FLOOR))


def page(whole: Evaluation, left_out: Mapping[str, Evaluation], command: str) -> str:
    """The page: by family, format and table; leave-one-out by family; what the measures mean."""
    judged = whole.judged
    total = measure(judged).row(0, named=True)
    cases = judged.select(pl.struct("family", "case").n_unique()).item()
    head = _INTRODUCTION.format(
        command=command, version=__version__, documents=total["documents"], cases=cases, values=total["values"]
    )
    parts = [
        head,
        "## By family\n\n" + _table(measure(judged, "family").to_dicts(), ("family", "documents")),
        "## By format\n\n" + _table(measure(judged, "format").to_dicts(), ("format", "documents")),
        "## By table\n\n" + _table(measure(judged, "table_name").to_dicts(), ("table_name",)),
        "## By column\n\n" + _table(measure(judged, "table_name", "field_name").to_dicts(), ("table_name", "field_name")),
        "## Leave-one-out\n\n" + _left_out_table(left_out),
        _DEFINITIONS,
    ]
    return "\n".join(parts)


LEAST_WITHOUT = 80


def is_enough_without(evaluation: Evaluation) -> bool:
    """Whether labels alone gave at least LEAST_WITHOUT per cent of the amounts, all forms marked, nothing wrong in silence."""
    counts = leave_one_out(evaluation)
    return bool((counts["recall"] or 0) >= LEAST_WITHOUT and not counts["silent"] and counts["forms"] == counts["forms_marked"])


def leave_one_out(evaluation: Evaluation) -> dict[str, Any]:
    """Counts of one family read without its templates: amounts, the right ones, what is wrong in silence, and the marks."""
    amounts = evaluation.judged.filter(table_name="fact_expenditures")
    marks = evaluation.judged.filter(table_name="forms")
    measured = measure(amounts).row(0, named=True) if not amounts.is_empty() else {}
    return {
        "left_out": list(evaluation.left_out),
        **{name: measured.get(name, 0) for name in (*_COUNTS, "silent")},
        "recall": measured.get("recall"),
        "forms": marks.height,
        "forms_marked": marks.filter(verdict="right").height,
    }


def _left_out_table(left_out: Mapping[str, Evaluation]) -> str:
    names = ("family", "left_out", "values", "right", "wrong", "extra", "flagged", "lost", "recall", "forms", "forms_marked")
    rows = [{"family": family, **leave_one_out(evaluation)} for family, evaluation in left_out.items()]
    shown = [{**row, "left_out": ", ".join(row["left_out"]), "recall": percent(row["recall"])} for row in rows]
    return _markdown(names, shown)


def _table(rows: Sequence[dict[str, Any]], by: Sequence[str]) -> str:
    shown = [{**row, **{name: percent(row[name]) for name in _SHARES}} for row in rows]
    return _markdown((*by, *_COUNTS, *_SHARES), shown)


def _markdown(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [f"| {' | '.join(name.replace('_', ' ') for name in names)} |", f"|{'---|' * len(names)}"]
    lines += [f"| {' | '.join(str(row[name]) for name in names)} |" for row in rows]
    return "\n".join(lines) + "\n"
