"""The questions that people ask of the warehouse, each with its query, from `docs/questions`.

Belongs here: what a file of a question holds. Does not belong here: running it (`reading`), and the page with its answers
(`data.pages`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "docs/questions"
_NAME = re.compile(r"(\d\d)_(\w+)")
_KEYS = ("zh", "en", "asked by", "mart", "解读", "reading")


@dataclass(frozen=True)
class Question:
    """A question in both languages, who asks it, the mart that answers it, how to read the answer, and the query."""

    number: int
    name: str
    zh: str
    en: str
    asked_by: str
    mart: str
    reading_zh: str
    reading_en: str
    sql: str


@cache
def read_questions(project: Path) -> tuple[Question, ...]:
    """Every question below a project folder, in order. Raises ValueError for a file without one of the lines of its head."""
    return tuple(map(_read, sorted((project / FOLDER).glob("*.sql"))))


def _read(path: Path) -> Question:
    name = _NAME.fullmatch(path.stem)
    text = path.read_text(encoding="utf-8")
    head = dict(re.findall(r"^-- ([^:]+): (.+)$", text, re.MULTILINE))
    if name is None or tuple(head) != _KEYS:
        raise ValueError(f"{path}: named NN_name, with a line for each of {', '.join(_KEYS)}")
    sql = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    zh, en, asked_by, mart, reading_zh, reading_en = head.values()
    return Question(int(name[1]), name[2], zh, en, asked_by, mart, reading_zh, reading_en, sql)
