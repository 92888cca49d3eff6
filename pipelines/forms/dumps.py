"""Puts the rows of a text dump back under their header.

Belongs here: dumps of web pages that lack the cells which merged cells cover, and often the empty ones, so that rows are
shorter than their header. Does not belong here: text without cells (`flattened`), reading cells (`engine`).

A row is put under its header only where the kinds of its cells (level, name, number, operator, text) allow one way of doing so.
Any other row stays as it is: it is shorter than the header, so the engine lists its figures as unmapped.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from pipelines.catalogue import catalogue
from pipelines.catalogue.definitions import normalise_label
from pipelines.documents import Cell, Document, Table
from pipelines.forms.absence import absence_of
from pipelines.forms.observations import is_figure
from pipelines.forms.templates import Section, form_templates

READER = "piped"
LEAST_COLUMNS = 2  # that a header has beside the label of its section
MOST_WAYS = 50  # of placing a row; beyond, nothing about it is certain
_POINTS = re.compile(r"\d[\d,.*]*分?")
_RATE = re.compile(r"\d[\d,.*]*%?")
_AMOUNT = re.compile(r"-?[\d*][\d,.*/]*(?:万元|亿元|元)?")
_OPERATOR = re.compile(r"[≥≤≧≦＞＜><=＝═]{1,2}|定性|定量|大于等于|小于等于|大于|小于|等于")
_MARK = re.compile(r"[是否√✓×]")

Kind = Callable[[str], bool]


def straighten(document: Document) -> Document:
    """The Document with the rows of its tables under their headers; as it is where it is no dump."""
    if document.reader != READER:
        return document
    blocks = tuple(_straightened(block) if isinstance(block, Table) else block for block in document.blocks)
    return replace(document, blocks=blocks)


@dataclass(frozen=True)
class _Header:
    """What may stand in each column. What stands in one of the `leading` columns may cover rows below; every row fills the
    `required` one (-1 where there is none)."""

    kinds: tuple[Kind, ...]
    leading: int
    required: int


def _straightened(table: Table) -> Table:
    covered: dict[int, int] = {}  # column -> index in `cells` of the cell that reaches down to the row above
    cells: list[Cell] = []
    header: _Header | None = None
    over: list[Cell] = []  # heads of the line above that reach down into a header's second line
    nothing: list[Cell] = []
    for row, below in zip(table.rows, [*table.rows[1:], nothing], strict=True):
        if reaching := _reaching(row, below):
            cells += row[: -len(reaching)]
            over = [replace(cell, column=len(below) + count, row_span=2) for count, cell in enumerate(reaching)]
            cells += over
            continue
        found, over = _header([*row, *over]), []
        header = found or header
        places = (
            _places(header, [cell.text for cell in row]) if header and not found and 1 < len(row) < len(header.kinds) else None
        )
        if places is None or header is None:
            covered = {cell.column: len(cells) + count for count, cell in enumerate(row)}
            cells += row
            continue
        own = {column: cell for column, cell in zip(places, row, strict=True) if column is not None}
        first = places[0] if places[0] is not None else 0  # what stands left of it is covered from above
        for column in range(len(header.kinds)):
            if column < min(first, header.leading) and column in covered:
                above = cells[covered[column]]
                cells[covered[column]] = replace(above, row_span=above.row_span + 1)
                continue
            covered[column] = len(cells)
            blank = Cell(row[0].row, column, 1, 1, "", row[0].locator)
            cells.append(replace(own[column], column=column) if column in own else blank)
    return replace(table, cells=tuple(sorted(cells, key=lambda cell: (cell.row, cell.column))))


def _reaching(row: Sequence[Cell], below: Sequence[Cell]) -> list[Cell]:
    """The heads that end the upper line of a header of two lines and reach down into the lower one; none where a row is no
    such line. What stands left of them groups the heads of the lower line."""
    fields = [_fields("records", normalise_label(cell.text)) for cell in row]
    finer = [_fields("records", normalise_label(cell.text)) for cell in below]
    if any("indicator_name" in of for of in fields) or sum("indicator_name" in of for of in finer) != 1:
        return []
    named = frozenset[str]().union(*finer)
    count = next((count for count, of in enumerate(reversed(fields)) if not of or of & named), len(fields))
    groups = fields[: len(fields) - count]
    is_group_line = 0 < len(groups) <= len(below) and all(not of or of & named for of in groups)
    return list(row[len(groups) :]) if count >= LEAST_COLUMNS and is_group_line else []


def _places(header: _Header, texts: Sequence[str]) -> tuple[int | None, ...] | None:
    """Columns of a row's cells from left to right where there is one way to place them, else None.

    Where the ways differ only in the levels left of the required column, a level that they disagree on has no column.
    """
    ways = list(itertools.islice(_ways(header, texts, 0, 0), MOST_WAYS))
    if not ways or len(ways) == MOST_WAYS:
        return None
    agreed = tuple(columns[0] if len(set(columns)) == 1 else None for columns in zip(*ways, strict=True))
    levels = agreed.index(header.required) if header.required in agreed else 0
    return None if None in agreed[levels:] else agreed


def _ways(header: _Header, texts: Sequence[str], number: int, first: int) -> Iterator[tuple[int, ...]]:
    """Ways to place the texts from `number` on in columns from `first` on."""
    if number == len(texts):
        if first > header.required:
            yield ()
        return
    for column in range(first, len(header.kinds) - (len(texts) - number) + 1):
        if column > first and first <= header.required < column:
            return  # the column that every row fills
        if header.kinds[column](texts[number]):
            for rest in _ways(header, texts, number + 1, column + 1):
                yield (column, *rest)


def _header(row: Sequence[Cell]) -> _Header | None:
    """The header that a row is, or None."""
    labels = [normalise_label(cell.text) for cell in row]
    best: tuple[int, Section] | None = None
    for template in form_templates():
        for section in template.sections:
            if section.kind not in ("matrix", "records") or not any(map(section.header.fullmatch, labels)):
                continue
            count = sum(any(column.match.fullmatch(label) for column in section.columns) for label in labels)
            if best is None or count > best[0]:
                best = count, section
    if best is None or best[0] < LEAST_COLUMNS:
        return None
    kind = best[1].kind
    fields = [_fields(kind, label) for label in labels]
    if kind == "records":
        names = [column for column, of in enumerate(fields) if "indicator_name" in of]
        if len(names) != 1:
            return None
        kinds = [_is_outer_label if column < names[0] and not of else _kind(of) for column, of in enumerate(fields)]
        return _Header(tuple(kinds), names[0], names[0])
    leading = next(column for column, label in enumerate(labels) if _is_column(best[1], label))
    row_kinds: list[Kind] = [_is_text] * leading
    if best[1].rows is not None and leading:
        row_kinds[-1] = _row_label(best[1].rows.vocabularies)
        return _Header((*row_kinds, *map(_kind, fields[leading:])), leading, leading - 1)
    return _Header((*row_kinds, *map(_kind, fields[leading:])), leading, -1)


def _is_column(section: Section, label: str) -> bool:
    return any(column.match.fullmatch(label) for column in section.columns)


@cache
def _fields(kind: str, label: str) -> frozenset[str]:
    """Fields that a column of this label has in the sections of a kind, by any template."""
    sections = (section for template in form_templates() for section in template.sections if section.kind == kind)
    columns = (column for section in sections for column in section.columns if column.match.fullmatch(label))
    found = frozenset(column.field for column in columns if column.field is not None)
    return found or (_fields("records", label) & {"deviation_reason"} if kind == "matrix" else found)


def _kind(fields: frozenset[str]) -> Kind:
    """What may stand below a column of these fields; below an unknown one, anything."""
    if fields and fields <= _KINDS.keys():
        kinds = [_KINDS[name] for name in sorted(fields)]
        return lambda text: any(kind(text) for kind in kinds)
    if fields and all(name.endswith("_points") for name in fields):
        return _pattern(_POINTS)
    if fields and all(name.endswith("_pct") or name == "score_coefficient" for name in fields):
        return _pattern(_RATE)
    return lambda text: True


def _pattern(pattern: re.Pattern[str]) -> Kind:
    def fits(text: str) -> bool:
        plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
        return absence_of(text) is not None or pattern.fullmatch(plain) is not None

    return fits


def _is_text(text: str) -> bool:
    return absence_of(text) is None and not is_figure(text)


def _is_name(text: str) -> bool:
    return _is_text(text) and _OPERATOR.fullmatch(text.strip()) is None


def _is_remark(text: str) -> bool:
    return absence_of(text) is not None or not is_figure(text)


def _is_level1(text: str) -> bool:
    return catalogue().code_of_label("level1", text) is not None


def _is_outer_label(text: str) -> bool:
    """Whether a text may stand left of the levels, as the name of the section does."""
    return _is_text(text) and not any(catalogue().code_of_label(level, text) for level in ("level1", "level2"))


def _row_label(vocabularies: Sequence[str]) -> Kind:
    return lambda text: any(catalogue().code_of_label(name, text) is not None for name in vocabularies)


_KINDS: dict[str, Kind] = {
    "level1_label_zh": _is_level1,
    "level2_label_zh": _is_name,
    "indicator_name": _is_name,
    "amount_wanyuan": _pattern(_AMOUNT),
    "target_operator": _pattern(_OPERATOR),
    "is_core_indicator": _pattern(_MARK),
    "deviation_reason": _is_remark,
    "deduction_rule": _is_remark,
    "target_unit": _is_remark,
}
