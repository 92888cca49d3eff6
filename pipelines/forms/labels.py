"""What labels are to the templates: names of sections, columns, heads.

Belongs here: answers to what a label is anywhere, kept by label, as the same few labels are asked for in every row of every
form. Does not belong here: where a section begins (headers), the codes of labels (catalogue).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from pipelines.catalogue.definitions import normalise_label
from pipelines.forms.templates import Head, all_templates, form_templates

Place = tuple[str, str]  # template_id and id of a section
KEPT = 1 << 16  # labels that answers are kept for


@dataclass(frozen=True)
class Roles:
    """What a normalised label is: the sections that it names, those that it is a column of, and the templates in which it is a
    head that describes the form."""

    names: frozenset[Place]
    columns: frozenset[Place]
    heads: frozenset[str]


@lru_cache(KEPT)
def roles(label: str) -> Roles:
    """Roles of a normalised label in all templates, whether they are in force or not."""
    index = _index()
    heads = {template_id for template_id, _ in _matching(index.heads, label)}
    return Roles(_matching(index.names, label), _matching(index.columns, label), frozenset(heads))


def sections_begun(labels: Iterable[str]) -> dict[str, set[str]]:
    """Ids of the sections whose header row has these labels, by template; labels that are columns elsewhere tell none."""
    known = [roles(label) for label in labels]
    named = frozenset[Place]().union(*(one.names for one in known)) & _index().beginning
    if not named:
        return {}
    headed = _index().without_columns.union(*(one.columns for one in known))
    found: dict[str, set[str]] = {}
    for template_id, section_id in named & headed:
        found.setdefault(template_id, set()).add(section_id)
    return found


def sections_named(template_id: str, texts: Iterable[str]) -> set[str]:
    """Ids of a template's sections that texts as printed name."""
    names = {place for text in texts for place in roles(normalise_label(text)).names}
    return {section_id for name, section_id in names if name == template_id}


@lru_cache(KEPT)
def head_named(template_id: str, label: str) -> Head | None:
    """The head of a template that a normalised label is, or None."""
    heads = next(template.heads for template in all_templates() if template.template_id == template_id)
    return next((head for head in heads if head.match.fullmatch(label)), None)


def is_head(label: str) -> bool:
    """Whether a normalised label is a head, as 项目名称 is, of a template in force."""
    templates = roles(label).heads
    return bool(templates) and any(template.template_id in templates for template in form_templates())


def names_section(label: str) -> bool:
    """Whether a normalised label names a section of a template in force."""
    templates = {template_id for template_id, _ in roles(label).names}
    return bool(templates) and any(template.template_id in templates for template in form_templates())


@dataclass(frozen=True)
class _Index:
    """Sections by the patterns that tell them; those that a row of labels may begin, and those without columns."""

    names: dict[re.Pattern[str], frozenset[Place]]
    columns: dict[re.Pattern[str], frozenset[Place]]
    heads: dict[re.Pattern[str], frozenset[Place]]
    beginning: frozenset[Place]
    without_columns: frozenset[Place]


@cache
def _index() -> _Index:
    sections = [(template.template_id, section) for template in all_templates() for section in template.sections]
    heads = [(template.template_id, head) for template in all_templates() for head in template.heads if head.table is None]
    return _Index(
        names=_by_pattern((section.header, (name, section.id)) for name, section in sections),
        columns=_by_pattern((column.match, (name, section.id)) for name, section in sections for column in section.columns),
        heads=_by_pattern((head.match, (name, head.field)) for name, head in heads),
        # 预算数 may be the label of a figure anywhere
        beginning=frozenset((name, one.id) for name, one in sections if one.kind != "pairs" or one.phase is not None),
        without_columns=frozenset((name, one.id) for name, one in sections if not one.columns),
    )


def _by_pattern(places: Iterable[tuple[re.Pattern[str], Place]]) -> dict[re.Pattern[str], frozenset[Place]]:
    found: dict[re.Pattern[str], set[Place]] = {}
    for pattern, place in places:
        found.setdefault(pattern, set()).add(place)
    return {pattern: frozenset(told) for pattern, told in found.items()}


def _matching(patterns: dict[re.Pattern[str], frozenset[Place]], label: str) -> frozenset[Place]:
    return frozenset[Place]().union(*(places for pattern, places in patterns.items() if pattern.fullmatch(label)))
