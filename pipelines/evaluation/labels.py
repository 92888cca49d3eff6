"""Labels that no synonym covers, the most frequent first, each with the YAML lines that would name it.

Belongs here: counting, and proposals by likeness to what is known. A proposal is for a person: nothing takes it by itself. Does
not belong here: reading labels (`pipelines.forms`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache

import polars as pl

from pipelines.catalogue import catalogue
from pipelines.catalogue.definitions import FOLDER as CATALOGUE
from pipelines.catalogue.definitions import normalise_label, read_yaml
from pipelines.forms.templates import FOLDER as TEMPLATES
from pipelines.forms.templates import form_templates

ROOT = CATALOGUE.parents[1]
CODES = (CATALOGUE / "codes.yml").relative_to(ROOT).as_posix()
COLUMNS = (TEMPLATES / "shared.yml").relative_to(ROOT).as_posix()
VOCABULARIES = ("item", "fund_source", "phase")
LEAST_ALIKE = 0.55
CONTAINED = 0.8  # of two labels one of which holds the other
PROPOSALS = 2
LONGEST = 20  # characters; what is longer is a sentence, not a label
_GROUP = re.compile(r"\(\?:[^()]*\)\??|\(\?P<\w+>[^()]*\)|\\[dDsS]|[\[\]{}.*+?^$\\]")
_OF_SENTENCE = re.compile(r"[,，。；;！!\d]")
_HAS_WORD = re.compile(r"[\u4e00-\u9fff]{2}")


@dataclass(frozen=True)
class Proposal:
    """Lines to add or change in `file` below `key`; how like the label is to what is known (0 to 1, None for a new code)."""

    file: str
    key: str
    code: str | None
    similarity: float | None
    yaml: str


def count(unmapped: pl.DataFrame) -> pl.DataFrame:
    """One row per form kind, template, label and column label of `unmapped_labels`, the most frequent first.

    Columns: form_kind, template_id, label_zh, column_label_zh, figures_count, reports_count, and of an example raw_text,
    locator and report_id.
    """
    names = ["form_kind", "template_id", "label_zh", "column_label_zh"]
    return (
        unmapped.group_by(names, maintain_order=True)
        .agg(
            pl.len().alias("figures_count"),
            pl.col("report_id").n_unique().alias("reports_count"),
            *(pl.col(name).first() for name in ("raw_text", "locator", "report_id")),
        )
        .sort("figures_count", "reports_count", descending=True, maintain_order=True)
    )


def propose(label: str, column_label: str | None = None) -> list[Proposal]:
    """Lines that would name a label and, where that is unknown too, its column: the nearest codes first, else a new code.

    A figure may be unmapped though both labels are known: then the place is at fault, and there is nothing to add.
    """
    found = []
    if column_label and _is_label(column_label) and not _is_known_column(column_label):
        found += _columns(normalise_label(column_label))
    if _is_label(label) and not _is_known_row(label) and not _is_known_column(label):
        found += _codes(normalise_label(label))
    return found


def _is_label(text: str) -> bool:
    plain = normalise_label(text)
    return len(plain) <= LONGEST and _HAS_WORD.search(plain) is not None and _OF_SENTENCE.search(plain) is None


def _is_known_row(label: str) -> bool:
    return any(catalogue().code_of_label(vocabulary, label) for vocabulary in VOCABULARIES)


def _is_known_column(label: str) -> bool:
    plain = normalise_label(label)
    own = (column.match for template in form_templates() for section in template.sections for column in section.columns)
    return any(match.fullmatch(plain) for match in own) or any(
        re.fullmatch(entry["match"], plain) for _, entry in _shared_columns()
    )


def likeness(left: str, right: str) -> float:
    """How like two labels are: 1 for equal ones, at least CONTAINED where the one holds the other."""
    ratio = SequenceMatcher(None, left, right, autojunk=False).ratio()
    return max(ratio, CONTAINED) if left in right or right in left else ratio


def _codes(label: str) -> list[Proposal]:
    """The nearest codes of the vocabularies of rows, with their list of labels as it would be; a new code if none is near."""
    near = []
    for vocabulary in ("item", "fund_source"):
        for code in catalogue().codes[vocabulary].values():
            alike = max((likeness(label, normalise_label(known)) for known in (code.zh, *code.labels)), default=0.0)
            if alike >= LEAST_ALIKE:
                line = f"labels: {_flow([*code.labels, label])}"
                near.append(Proposal(CODES, f"{vocabulary}.codes.{code.code}", code.code, round(alike, 2), line))
    nearest = sorted(near, key=lambda entry: -(entry.similarity or 0))[:PROPOSALS]
    if nearest and (nearest[0].similarity or 0) >= CONTAINED:
        return nearest
    line = f'- {{code: "?", zh: {_flow(label)}, en: "?", definition: "?", labels: {_flow([label])}}}'
    return [*nearest, Proposal(CODES, "item.codes", None, None, line)]


def _columns(label: str) -> list[Proposal]:
    """The nearest shared columns, as a column of the label's own."""
    near: dict[str, Proposal] = {}
    for name, entry in _shared_columns():
        alike = max((likeness(label, core) for core in _cores(entry["match"])), default=0.0)
        if alike >= LEAST_ALIKE:
            rest = ", ".join(f"{key}: {value}" for key, value in entry.items() if key != "match")
            line = f"- {{match: '{re.escape(label)}', {rest}}}"
            code = str(entry.get("phase") or entry.get("fund") or entry.get("field") or entry.get("section_code"))
            known = near.get(code)
            if known is None or (known.similarity or 0) < alike:
                near[code] = Proposal(COLUMNS, name, code, round(alike, 2), line)
    return sorted(near.values(), key=lambda entry: -(entry.similarity or 0))[:PROPOSALS]


@cache
def _shared_columns() -> tuple[tuple[str, dict[str, str]], ...]:
    """Name of the list and entry of every shared column."""
    lists = read_yaml(TEMPLATES / "shared.yml")
    return tuple(
        (name, entry)
        for name, entries in lists.items()
        if isinstance(entries, list)
        for entry in entries
        if isinstance(entry, dict) and "match" in entry
    )


def _cores(pattern: str) -> Iterator[str]:
    """The words that a pattern's alternatives share, without what may be left out."""
    for part in _GROUP.sub("", pattern).split("|"):
        if _HAS_WORD.search(part):
            yield part


def _flow(value: object) -> str:
    """A text or a list of texts as YAML on one line: plain where that is safe."""
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    text = str(value)
    return text if re.fullmatch(r"[\w\u4e00-\u9fff、（）“”]+", text) else json.dumps(text, ensure_ascii=False)
