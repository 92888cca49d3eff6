"""Chooses a template for a table that fits none of a family, by its labels alone.

Belongs here: which of the templates that belong to no family has sections whose labels are there, and how closely a form
fits the template of a family. Does not belong here:
reading them (engine), where a form begins (segmentation).
"""

from __future__ import annotations

from fractions import Fraction

from pipelines.catalogue import catalogue
from pipelines.forms.templates import Section, Template, off_templates

_HAPPENED = frozenset({"executed", "final_accounts", "received"})
_HAPPENED_FIELDS = frozenset({"actual_raw", "in_post_count"})


def off_template_for(labels: set[str], title: str | None) -> Template | None:
    """The template without a family that has most to read under normalised labels, or None where none tells what happened
    or where two fit alike: nothing says then whether the money is a department's or a project's.

    A section counts where its header, two of its columns and, in a matrix with coded rows, a row are there.
    """
    fits = sorted(((_fit(template, labels, title), template) for template in off_templates()), key=lambda fit: -fit[0])
    (most, best), (next_most, _) = fits[:2]
    return best if most > next_most else None


def fits_closely(template: Template, labels: set[str], title: str | None) -> bool:
    """Whether a form is one of the template's own: half of its anchors are there under a title that fits, or two thirds of
    them under any."""
    share = Fraction(len(template.anchors & labels), len(template.anchors))
    has_title = title is not None and template.title.search(title) is not None
    return share >= Fraction(1, 2) if has_title else share >= Fraction(2, 3)


def off_template_of(form_kind: str) -> Template | None:
    """The template without a family for a kind of form, or None."""
    return next((template for template in off_templates() if template.form_kind == form_kind), None)


def _fit(template: Template, labels: set[str], title: str | None) -> int:
    there = [section for section in template.sections if _is_there(section, labels)]
    if not any(_tells_what_happened(section, labels) for section in there):
        return 0
    return len(there) + len(template.anchors & labels) + (2 if title and template.title.search(title) else 0)


def _is_there(section: Section, labels: set[str]) -> bool:
    has_header = any(section.header.fullmatch(label) for label in labels)
    matched = sum(any(column.match.fullmatch(label) for label in labels) for column in section.columns)
    vocabularies = section.rows.vocabularies if section.rows else ()
    has_row = not vocabularies or any(catalogue().code_of_label(name, label) for name in vocabularies for label in labels)
    return has_header and matched > 1 and has_row


def _tells_what_happened(section: Section, labels: set[str]) -> bool:
    columns = [column for column in section.columns if any(column.match.fullmatch(label) for label in labels)]
    if section.rows is not None and "phase" in section.rows.vocabularies:
        return any(catalogue().code_of_label("phase", label) in _HAPPENED for label in labels)
    return any(column.phase in _HAPPENED or column.field in _HAPPENED_FIELDS for column in columns)
