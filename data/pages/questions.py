"""The page of questions: each with its query, what it answers on the sample reports, and how to read that.

Belongs here: the layout of docs/questions.md. Does not belong here: the questions (`docs/questions`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.console import plain
from pipelines.warehouse.questions import Question, read_questions
from pipelines.warehouse.reading import columns_and_rows

if TYPE_CHECKING:
    import duckdb

HEAD = Path(__file__).with_name("heads") / "questions.md"


def page(project: Path, warehouse: duckdb.DuckDBPyConnection) -> str:
    """docs/questions.md, with answers from a warehouse."""
    return "\n".join(
        [HEAD.read_text(encoding="utf-8"), *(_section(question, warehouse) for question in read_questions(project))]
    )


def _section(question: Question, warehouse: duckdb.DuckDBPyConnection) -> str:
    columns, rows = columns_and_rows(warehouse, question.sql)
    table = [columns, ["---"] * len(columns), *([plain(value).replace("|", "\\|") for value in row] for row in rows)]
    lines = [f"## {question.number}. {question.zh}", "", f"**{question.en}** {question.asked_by} · `{question.mart}`", ""]
    lines += ["```sql", question.sql, "```", ""]
    lines += [f"| {' | '.join(row)} |" for row in table]
    return "\n".join([*lines, "", question.reading_zh, "", question.reading_en, ""])
