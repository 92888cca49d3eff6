"""Cuts a stream of cells into the records of indicators, where the kinds of the cells allow one way of doing so.

Belongs here: records, and what is doubtful about them. Does not belong here: the columns and rows around them
(flattened_layout).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipelines.forms import arithmetic
from pipelines.forms.absence import absence_of
from pipelines.forms.flattened_pieces import Labels, Piece
from pipelines.forms.observations import is_figure

MOST_POINTS = 100  # that one indicator can have
OPERATOR = re.compile(r"[≥≤≧≦＞＜><=＝═]{1,2}|定性|定量")


_POINTS = frozenset({"weight_points", "score_points", "review_score_points", "score_coefficient"})
_OPTIONAL = frozenset({"deviation_reason", "level1_label_zh", "level2_label_zh", None})
_VALUES = ("target_raw", "target_adjusted_raw", "actual_raw")


@dataclass
class Record:
    """A row of a records section: pieces by place of their column."""

    cells: dict[int, Piece]
    pieces: list[Piece]
    is_certain: bool = True
    ends_block: bool = False


def blocks(body: list[Piece], labels: Labels) -> list[list[Piece]]:
    """Pieces cut where a level begins: before a level's label that no other level's label precedes."""
    blocks: list[list[Piece]] = []
    was_level = False
    for piece in body:
        is_level = bool(labels.of(piece.text) & {"level1", "level2"})
        if not blocks or (is_level and not was_level):
            blocks.append([])
        blocks[-1].append(piece)
        was_level = is_level
    return blocks


def records_of(body: list[Piece], fields: list[str | None], labels: Labels, is_joined: bool, is_closed: bool) -> list[Record]:
    """Records of a stream of cells: a block that can be cut into records in one way gives them, else one that is uncertain."""
    if "indicator_name" not in fields:
        return []
    records: list[Record] = []
    for block in blocks(body, labels):
        parses = _parses(block, fields, labels, is_joined)
        if len(parses) != 1 and is_joined:
            lines = [[piece for piece in block if piece.line == line] for line in dict.fromkeys(piece.line for piece in block)]
            by_line = [_parses(line, fields, labels, is_joined) for line in lines]
            for line, found in zip(lines, by_line, strict=True):
                records += found[0] if len(found) == 1 else [Record({}, line, is_certain=False)]
            continue
        records += parses[0] if len(parses) == 1 else [Record({}, block, is_certain=False)]
    _doubt_levels(records, fields, labels)
    if records:
        records[-1].ends_block = records[-1].ends_block and is_closed
    _doubt_reasons(records, fields)
    return records


def _parses(block: list[Piece], fields: list[str | None], labels: Labels, is_joined: bool) -> list[list[Record]]:
    """Up to two ways to cut a block into records."""
    found: list[list[Record]] = []

    def cut(place: int, records: list[Record]) -> None:
        if len(found) > 1:
            return
        if place == len(block):
            if records:
                found.append([*records[:-1], replace(records[-1], ends_block=True)])
            return
        for cells, end in _record_at(block, place, fields, labels):
            if _is_sound(cells, fields, is_joined):
                cut(end, [*records, Record(cells, block[place:end])])

    cut(0, [])
    return found


def _record_at(
    block: list[Piece], start: int, fields: list[str | None], labels: Labels
) -> Iterator[tuple[dict[int, Piece], int]]:
    """Every record that may begin at a piece: cells by column, and the piece behind them."""

    def fill(column: int, place: int, cells: dict[int, Piece]) -> Iterator[tuple[dict[int, Piece], int]]:
        if column == len(fields):
            yield cells, place
            return
        name = fields[column]
        if place < len(block) and _may_stand(block[place].text, name, labels):
            yield from fill(column + 1, place + 1, {**cells, column: block[place]})
        is_qualitative = name == "target_unit" and any(piece.text == "定性" for piece in cells.values())
        if name in _OPTIONAL or is_qualitative:
            yield from fill(column + 1, place, cells)

    return fill(0, start, {})


def _may_stand(text: str, name: str | None, labels: Labels) -> bool:
    """Whether a text may be the cell of a column."""
    if name == "level1_label_zh" or name == "level2_label_zh":
        return name[: len("level1")] in labels.of(text)
    if name in _POINTS:
        number = arithmetic.value(text)
        return number is not None and number <= MOST_POINTS and not text.endswith(("%", "％"))
    if name in _VALUES or name is None:
        return True
    if name == "target_operator":
        return OPERATOR.fullmatch(text) is not None
    return not is_figure(text)


def _is_sound(cells: dict[int, Piece], fields: list[str | None], is_joined: bool) -> bool:
    """Whether the cells of a record agree with each other: no score above its weight, target and actual of one kind."""
    texts = {name: cells[place].text for place, name in enumerate(fields) if name is not None and place in cells}
    weight, score = (arithmetic.value(texts.get(name)) for name in ("weight_points", "score_points"))
    if weight is not None and score is not None and score > weight:
        return False
    values = [is_figure(texts[name]) for name in _VALUES if name in texts]
    if weight is None and score is None:
        return all(values)
    return not is_joined or len(set(values)) <= 1 or "target_operator" in texts


def _doubt_levels(records: list[Record], fields: list[str | None], labels: Labels) -> None:
    """Mark records uncertain where the form has two levels and only a first one is printed: it may stand in the second column,
    or the second one may be a label that no vocabulary knows. So are the records below it, up to one with both."""
    if "level1_label_zh" not in fields or "level2_label_zh" not in fields:
        return
    is_doubtful = False
    for record in records:
        roles = [labels.of(piece.text) for piece in record.pieces[:2]]
        if roles and "level1" in roles[0]:
            is_doubtful = len(roles) < 2 or "level2" not in roles[1]
            is_doubtful &= "level2" not in roles[0] or fields.index("level2_label_zh") not in record.cells
        if is_doubtful:
            record.is_certain = False


def _doubt_reasons(records: list[Record], fields: list[str | None]) -> None:
    """Mark records uncertain where a text between two may be the reason of the one or begin the wrapped name of the next.

    It is the reason where it ends a sentence or says 无, where every record has one, and where exactly those that lost points
    have one.
    """
    if "deviation_reason" not in fields:
        return
    reason = fields.index("deviation_reason")
    certain = [record for record in records if record.is_certain]
    with_reason = [record for record in certain if reason in record.cells]
    lost = [record for record in certain if _lost_points(record, fields)]
    if len(with_reason) == len(certain) or [id(record) for record in with_reason] == [id(record) for record in lost]:
        return
    for place, record in enumerate(records):
        if not record.is_certain or reason not in record.cells or record.ends_block:
            continue
        text = record.cells[reason].text
        if absence_of(text) is None and not text.endswith(("。", "；", ";")):
            record.is_certain = False
            if place + 1 < len(records):
                records[place + 1].is_certain = False


def _lost_points(record: Record, fields: list[str | None]) -> bool:
    if "weight_points" not in fields or "score_points" not in fields:
        return False
    weight, score = (arithmetic.value(record.cells[fields.index(name)].text) for name in ("weight_points", "score_points"))
    return weight is not None and score is not None and score < weight


def are_full(records: list[Record], fields: list[str | None]) -> bool:
    """Whether every record is certain and has its full score."""
    if not records or "weight_points" not in fields or "score_points" not in fields:
        return False
    weight, score = fields.index("weight_points"), fields.index("score_points")
    return all(
        record.is_certain and arithmetic.value(record.cells[weight].text) == arithmetic.value(record.cells[score].text)
        for record in records
    )
