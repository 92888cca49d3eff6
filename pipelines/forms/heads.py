"""Reads what describes a form as a whole: department, project and its code, ticked boxes, grade.

Belongs here: labels with a neighbour, label and value in one cell, boxes, codes inside names. Does not belong here: sections.
"""

from __future__ import annotations

import itertools
import re

from pipelines.catalogue.definitions import normalise_label, on_one_line
from pipelines.documents import Cell
from pipelines.forms.absence import absence_of
from pipelines.forms.labels import head_named, roles
from pipelines.forms.reading import Reading
from pipelines.forms.segmentation import Slice
from pipelines.forms.templates import Head, coded_names

_LABELLED = re.compile(r"([^:：\s]{2,20})\s*[:：]\s*([^:：]+?)(?=\s{2,}[^:：\s]{2,20}\s*[:：]|\s*$)")
_TICKED, _OPEN = "☑", "□"
_BOXES = {
    **dict.fromkeys("☑■√✓✔☒▣●", _TICKED),
    **dict.fromkeys("□☐◻○〇", _OPEN),
}
_BRACKETED_BOX = re.compile(rf"[（(]\s*([{_TICKED}]?)\s*[)）]")
_BOX = re.compile(rf"(?:{_OPEN}\s*{_TICKED}|{_TICKED}\s*{_OPEN}|[{_TICKED}{_OPEN}])")
_NEXT_NUMBER = re.compile(r"\s*\d{1,2}[、.．]\s*$")
_NUMBER = re.compile(r"^\s*(?:\d{1,2}[、.．)）]|[(（]\d{1,2}[)）]|[①-⑳])\s*")


def read_heads(reading: Reading) -> None:
    """Take the heads of a form's template wherever they stand in it."""
    for piece in reading.region.slices:
        for index in range(piece.first, piece.last):
            row = [cell for cell in piece.table.rows[index] if cell.row == index]
            for label, value in itertools.pairwise(row):
                head = _head(reading, label.text)
                if head is not None and not _is_label(reading, value.text) and absence_of(value.text) is None:
                    _take(reading, piece, index, head, label, value, None)
            for cell in row:
                for label_text, value_text in labelled(cell.text):
                    head = _head(reading, label_text)
                    if head is not None:
                        _take(reading, piece, index, head, cell, cell, value_text)


def labelled(text: str) -> list[tuple[str, str]]:
    """Labels and values that stand in one cell, as in `填报单位：某局  单位：万元`; none where the text is more than that."""
    if ":" not in text and "：" not in text:
        return []
    found = list(_LABELLED.finditer(text.strip()))
    rest = _LABELLED.sub("", text.strip())
    return [] if rest.strip() else [(one[1], one[2].strip()) for one in found]


def ticked(text: str) -> str | None:
    """The ticked options of a text with boxes, joined by 、; None where no box is ticked, the text itself without boxes."""
    plain = "".join(_BOXES.get(character, character) for character in text)
    plain = _BRACKETED_BOX.sub(lambda found: found[1] or _OPEN, plain)
    boxes = list(_BOX.finditer(plain))
    if not boxes:
        return on_one_line(text)
    chosen: list[str] = []
    if _OPEN not in plain:  # marks alone: each belongs to the word that it touches
        chosen = [word.replace(_TICKED, "") for word in plain.split() if _TICKED in word]
    else:
        is_before = _BOX.match(_NUMBER.sub("", plain).lstrip()) is not None
        bounds = [0, *(box.end() for box in boxes)] if not is_before else [*(box.start() for box in boxes), len(plain)]
        for box, start, end in zip(boxes, bounds, bounds[1:], strict=False):
            if _TICKED in box[0]:
                chosen.append(plain[box.end() : end] if is_before else plain[start : box.start()])
    # Behind the words of an option the number of the next one may stand.
    options = [
        on_one_line(re.sub(r"\s*\d{1,2}[、.．]\s*$", "", _NUMBER.sub("", option))).strip("、；;，,") for option in chosen
    ]
    return "、".join(filter(None, options)) or None


def code_and_name(text: str) -> tuple[str | None, str]:
    """Project code and project name, as in `219001-name` or `[code]name`."""
    plain = on_one_line(text)
    for pattern in coded_names():
        if found := pattern.fullmatch(plain):
            return found["code"], found["name"]
    return None, plain


def _head(reading: Reading, text: str) -> Head | None:
    return head_named(reading.region.template.template_id, normalise_label(text))


def _is_label(reading: Reading, text: str) -> bool:
    """Whether a text is another head or names a column: 项目名称 is then the first column of a list of projects."""
    own = reading.region.template.template_id
    return _head(reading, text) is not None or any(name == own for name, _ in roles(normalise_label(text)).columns)


def _take(reading: Reading, piece: Slice, index: int, head: Head, label: Cell, value: Cell, part: str | None) -> None:
    """Take a value, which is a cell or a part of the label's own cell."""
    reading.head_rows.add((piece.table_number, index))
    if head.table is not None:
        reading.observe(
            head.table,
            "total",
            head.field,
            value,
            {"item_code": head.item, "fund_source_code": "all"},
            index=index,
            label=label.text,
            column_label=None,
            piece=piece,
            raw=part,
        )
        return
    reading.take_label(piece, value)
    text, form = value.text if part is None else part, reading.form
    if head.field == "project_name":
        code, name = code_and_name(text)
        form.project_name = form.project_name or name
        if code is not None:
            form.heads.setdefault("project_code", code)
    elif (said := ticked(text)) is not None:
        form.heads.setdefault(head.field, said)
