"""Tells what a document and each of its forms is: a self-evaluation, or something that holds no actual figures.

Belongs here: kinds by title lines, by column labels and by cells left empty; the words are in kinds.yml. Does not belong here:
where a form begins (segmentation), reading it (engine).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.catalogue.definitions import read_yaml
from pipelines.documents import Paragraph
from pipelines.forms.observations import Observation, Unmapped

KINDS = Path(__file__).with_name("kinds.yml")
SELF_EVALUATION = "self_evaluation"
BLANK_TEMPLATE = "blank_template"
FINAL_ACCOUNTS = "final_accounts"
HEAD_LINES = 8
MAX_HEAD_LINE = 60
_BODY = re.compile(r"[。；;，,：:]$|^[一二三四五六七八九十]{1,3}\s*[、.．]|^[（(][一二三四五六七八九十]{1,3}[)）]|^目录$")
_PLANNED = frozenset({"budget", "budget_initial", "budget_final", "unstated"})
_PLANNED_FIELDS = frozenset({"execution_weight_points", "total_weight_points", "total_score_points", "weight_points"})
_ACTUAL_FIELDS = frozenset({"actual_raw", "score_points", "review_score_points", "score_coefficient"})
_POINTS = re.compile(r"(?:100|\d{1,2})分?")
_MAX_LABEL = 60


@dataclass(frozen=True)
class Kind:
    """One kind of document: patterns for first lines and for titles of forms, None where nothing tells it there."""

    code: str
    lines: re.Pattern[str]
    titles: re.Pattern[str] | None
    despite_self_evaluation: bool
    whole_document: bool


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = read_yaml(KINDS)
    return content


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(_content()[name])


@cache
def _kinds() -> tuple[Kind, ...]:
    return tuple(
        Kind(
            code=entry["kind"],
            lines=re.compile(entry["lines"]),
            titles=re.compile(entry["titles"]) if "titles" in entry else None,
            despite_self_evaluation=entry.get("despite_self_evaluation", False),
            whole_document=entry.get("whole_document", False),
        )
        for entry in _content()["kinds"]
    )


def kind_of_title(title: str) -> str | None:
    """Code of the kind of form that a title names, `self_evaluation` among them, or None where it names none."""
    plain = _plain(title)
    is_own = _pattern("self_evaluation").search(plain) is not None
    named = (kind for kind in _kinds() if kind.titles is not None and kind.titles.search(plain))
    return next(
        (kind.code for kind in named if kind.despite_self_evaluation or not is_own), SELF_EVALUATION if is_own else None
    )


def kind_of_lines(narrative: Iterable[Paragraph]) -> str | None:
    """Code of the kind of document that its first lines name, or None. Sentences and chapters end the first lines."""
    lines: list[str] = []
    for paragraph in narrative:
        text = _plain(paragraph.text)
        if not text:
            continue
        if len(lines) == HEAD_LINES or len(text) > MAX_HEAD_LINE or _BODY.search(text):
            break
        lines.append(text)
    heads = ["".join(lines[:last]) for last in range(len(lines), 0, -1)]  # a title may take several lines
    is_own = any(_pattern("self_evaluation").search(line) for line in heads[:1])
    named = (kind for kind in _kinds() if any(kind.lines.search(head) for head in heads))
    return next(
        (kind.code for kind in named if kind.despite_self_evaluation or not is_own), SELF_EVALUATION if is_own else None
    )


def is_without_actuals(kind: str | None) -> bool:
    """Whether no form in a document of the kind tells what happened, however it is filled in."""
    return any(one.code == kind and one.whole_document for one in _kinds())


def kind_of_form(title: str | None, labels: Iterable[str]) -> str:
    """Kind of a form by its title, else by its labels: one without a place for what happened holds targets."""
    short = [plain for label in labels if len(plain := _plain(label)) <= _MAX_LABEL]
    named = kind_of_title(title or "")
    if named is not None and named != SELF_EVALUATION:
        return named
    if any(_pattern("monitoring_labels").search(label) for label in short):
        return "monitoring"
    return SELF_EVALUATION if any(_pattern("actual_labels").search(label) for label in short) else "target"


def is_placeholder(text: str) -> bool:
    """Whether a text is a hint to whom fills in the form, e.g. （100字以内）."""
    return _pattern("placeholders").search(_plain(text)) is not None


def is_placeholder_name(name: str) -> bool:
    """Whether the name of a department is the form's own: XX局, 部门名称."""
    return _pattern("placeholder_names").search(_plain(name)) is not None


def is_left_blank(observations: Iterable[Observation], unmapped: Iterable[Unmapped]) -> bool:
    """Whether a form that was read has places for what happened and nothing in any of them; zeros alone are nothing.

    A form with a figure under an unknown label that may be more than the points which forms print is not blank for certain.
    """
    are_points = all(_POINTS.fullmatch(_plain(figure.raw_text)) for figure in unmapped)
    return are_points and not any(map(_tells_actual, observations))


def _tells_actual(seen: Observation) -> bool:
    text = seen.raw_text
    if seen.absence_code == "masked" and re.search(r"[*＊]", text):
        return True  # something was there, and was hidden
    if seen.absence_code is not None or is_placeholder(text):
        return False
    is_zero = re.fullmatch(r"0(?:\.0+)?[%％分]?", _plain(text)) is not None
    if seen.table_name == "fact_indicators":
        return seen.field_name in _ACTUAL_FIELDS and not is_zero
    if seen.table_name == "fact_expenditures":
        return seen.codes.get("phase_code") not in _PLANNED and not is_zero
    if seen.table_name == "fact_evaluations":
        return seen.field_name not in _PLANNED_FIELDS and not is_zero
    return seen.table_name in ("fact_personnel", "fact_buildings") and not is_zero


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", text)
