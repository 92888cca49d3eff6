"""What people decided on single figures, as facts take it up: the frame of decisions of a run, and finding what they are about.

Belongs here: the frame's columns, the key of a figure, which columns a correction can give a value for. Does not belong here:
the files that decisions stand in (`quality.corrections`), rows that failed an expectation (`quality.lifecycle`).
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipelines.facts.numbers import DECIMAL, is_number_field

# One row per decision. `file_name` (path below the raw folder) or `sha256` names the revision, the other is null;
# `expected_text` is the text of the place as `text_key` gives it; `value` is in the unit of the column.
SCHEMA: dict[str, pl.DataType] = {
    "correction_id": pl.String(),
    "file_name": pl.String(),
    "sha256": pl.String(),
    "form_kind": pl.String(),
    "table_name": pl.String(),
    "field_name": pl.String(),
    "locator": pl.String(),
    "expected_text": pl.String(),
    "decision_code": pl.String(),
    "value": DECIMAL,
    "decision_reason": pl.String(),
    "decided_by": pl.String(),
    "decided_on": pl.Date(),
    "decided_in": pl.String(),
}
FILE = "decisions.parquet"
# What makes a decision be about a row: the place and what the decision expects there.
PLACE = ("form_kind", "table_name", "field_name", "locator", "expected_text")
# A target is a text with a number in it; the correction gives the number.
_VALUES_OF_TEXTS = {
    "target_raw": "target_value",
    "target_adjusted_raw": "target_adjusted_value",
    "actual_raw": "actual_value",
}


def no_decisions() -> pl.DataFrame:
    """The frame without rows."""
    return pl.DataFrame(schema=SCHEMA)


def read_decisions(run: Path) -> pl.DataFrame:
    """Decisions that a run took up at its beginning; none where it took up none."""
    path = run / FILE
    return pl.read_parquet(path) if path.exists() else no_decisions()


def value_column(field_name: str) -> str | None:
    """Column of the fact table that holds the number of a field; None where the field holds no number."""
    if field_name in _VALUES_OF_TEXTS:
        return _VALUES_OF_TEXTS[field_name]
    return field_name if is_number_field(field_name) else None


def text_key(column: str) -> pl.Expr:
    """A text as decisions expect it: runs of white space as one space, none at the ends."""
    return pl.col(column).str.replace_all(r"\s+", " ").str.strip_chars(" ")


def with_decisions(rows: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """Rows with correction_id, decision_code and value, which are null where nothing was decided.

    Rows have file_name, sha256, raw_text and the columns PLACE but expected_text. A decision by file name goes before one by
    content.
    """
    known = rows.with_columns(expected_text=text_key("raw_text"))
    decided = ("correction_id", "decision_code", "value")
    for name in ("file_name", "sha256"):
        named = decisions.filter(pl.col(name).is_not_null()).select(name, *PLACE, *decided)
        known = known.join(named, on=[name, *PLACE], how="left", suffix=f"_{name}", nulls_equal=True, maintain_order="left")
    by_content = [f"{name}_sha256" for name in decided]
    return known.with_columns(
        pl.when(pl.col("correction_id").is_null()).then(other).otherwise(name).alias(name)
        for name, other in zip(decided, by_content, strict=True)
    ).drop("expected_text", *by_content)
