"""Rebuilds tables of forms that reached us as plain text.

Belongs here: finding the stretch of paragraphs that a form was flattened to (one cell a line, cells parted by spaces, cells
glued together), and putting a Table in its place that the engine reads as any other. Does not belong here: cutting it into
pieces (flattened_pieces), laying them out (flattened_layout), reading cells (`engine`).

A row stands under the columns only where that is certain; any other row is laid out with another length than the header's, so
that the engine lists its figures as unmapped. Cells keep the line and the character where they stood.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pipelines.documents import Document, Paragraph, Table
from pipelines.forms.flattened_layout import Layout
from pipelines.forms.flattened_pieces import (
    ASCII_BRACKETS,
    LABEL_LENGTH,
    LEAST_COLUMNS,
    TITLE_LENGTH,
    Labels,
    label_end,
    labels_in_force,
    pieces_of,
    upright,
)
from pipelines.forms.observations import is_figure
from pipelines.forms.templates import form_templates
from pipelines.forms.units import is_unit_line

Block = Paragraph | Table
TITLE_REACH = 3  # paragraphs above a form that may hold its title
NO_READING = "rows of a form without cell borders allow no certain reading; their figures are listed as unmapped"


def rebuild(document: Document) -> tuple[Document, list[str]]:
    """The Document with a Table in place of every flattened form, and a warning for each that has rows which stay uncertain.

    A Document without such a form is returned as it is, and so is text that was taken off pages: there parts of a row may be
    lost or stand out of order, and nothing tells.
    """
    labels = labels_in_force(tuple(template.template_id for template in form_templates()))
    blocks: list[Block] = []
    warnings: list[str] = []
    run: list[Paragraph] = []
    changed = False
    for block in (*document.blocks, None):
        if isinstance(block, Paragraph):
            run.append(block)
            continue
        is_of_page = any(paragraph.locator.page is not None for paragraph in run)
        rebuilt = run if is_of_page else _rebuild_run(run, labels, warnings)
        changed |= rebuilt is not run
        blocks.extend(rebuilt)
        run = []
        if block is not None:
            blocks.append(block)
    return (replace(document, blocks=tuple(blocks)) if changed else document), warnings


def _rebuild_run(run: list[Paragraph], labels: Labels, warnings: list[str]) -> Sequence[Block]:
    """The paragraphs between two tables with their flattened forms as tables; the same list where there is none."""
    headers = _headers(run, labels)
    if not headers:
        return run
    blocks: list[Block] = []
    done = 0
    for number, (header, is_joined) in enumerate(headers):
        if header < done:
            continue
        first = _first_line(run, header, done, labels, is_joined)
        last = header + 1
        while last < len(run) and not labels.is_boundary(run[last].text.strip()):
            last += 1
        if number + 1 < len(headers) and headers[number + 1][0] < last and headers[number + 1][1] != is_joined:
            last = _first_line(run, headers[number + 1][0], header + 1, labels, not is_joined)
        last = _last_line(run, header, last, labels, is_joined)
        pieces = [
            piece
            for line in range(first, last)
            if not is_unit_line(run[line].text)
            for piece in pieces_of(run[line], line, labels, is_joined)
        ]
        titles = [paragraph.text for paragraph in run[max(0, first - TITLE_REACH) : first]]
        layout = Layout(upright(pieces, labels), labels, is_joined, any(map(labels.is_title, titles)))
        layout.read()
        units = [paragraph for paragraph in run[first:last] if is_unit_line(paragraph.text)]
        blocks += [*run[done:first], *units, layout.table()]
        if layout.doubts:
            warnings.append(f"{NO_READING}: {'; '.join(layout.doubts)}")
        done = last
    return [*blocks, *run[done:]]


def _headers(run: list[Paragraph], labels: Labels) -> list[tuple[int, bool]]:
    """Lines where the columns of a form are named: the first of several lines, or (True) a line that names several."""
    found: list[tuple[int, bool]] = []
    in_a_row = 0
    for line, paragraph in enumerate(run):
        text = paragraph.text.strip()
        if len(text) <= LABEL_LENGTH and "column" in labels.of(text):
            in_a_row += 1
            if in_a_row == LEAST_COLUMNS:
                found.append((line - LEAST_COLUMNS + 1, False))
            continue
        in_a_row = 0
        # A line of labels holds no sentence; that spares the search in most of a report's text.
        may_name_several = len(text) >= 2 * LEAST_COLUMNS and not re.search("[。，]", text)
        if may_name_several and labels.header_run.search(text.translate(ASCII_BRACKETS)):
            found.append((line, True))
    return found


def _first_line(run: list[Paragraph], header: int, least: int, labels: Labels, is_joined: bool) -> int:
    """First line of the form whose columns are named at `header`: what it says of itself stands above them."""
    first = header
    for line in range(header - 1, least - 1, -1):
        text = run[line].text.strip()
        if len(text) > TITLE_LENGTH or text.endswith("。") or labels.is_boundary(text):
            break
        roles = labels.of(text)
        if is_joined:
            roles |= labels.of(re.split(r"[\s:：]", text, maxsplit=1)[0]) | labels.of(text[: label_end(text, 0, labels)])
        if roles & {"head", "section", "anchor"}:
            first = line
    return first


def _last_line(run: list[Paragraph], header: int, last: int, labels: Labels, is_joined: bool) -> int:
    """Line behind the last one that belongs to the form: what follows its last figure or label is text again."""
    for line in range(last - 1, header, -1):
        text = run[line].text.strip()
        words = text.split() if is_joined else [text]
        if is_joined and label_end(text, 0, labels):
            return line + 1
        if not is_joined and "head" in labels.of(text) and line + 1 < last and len(run[line + 1].text) <= TITLE_LENGTH:
            return line + 2  # a grade, a name
        if any(labels.of(word) or is_figure(word) for word in words):
            follows = line + 1 < last and not is_joined and is_figure(text) and len(run[line + 1].text) <= 3 * TITLE_LENGTH
            return line + 2 if follows else line + 1  # the reason of the last indicator
    return header + 1
