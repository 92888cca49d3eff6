"""What the forms room hands to the facts room.

Belongs here: the data classes. Raw texts only: numbers are parsed in `facts`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from pipelines.documents import Locator

# A cell that bears a figure: digits (or masked digits) with at most an operator before and a short unit behind.
MAX_LENGTH = 40
_NUMBER = r"\.?\d[\d,.*×\s]*+"  # possessive: a long row of digits is tried once
# 3.公务接待 is a label with its number, not a figure with its unit.
_UNIT = r"(?:(?<!\.)(?<!\.\s)[\u4e00-\u9fff²]{1,4}(?:/[\u4e00-\u9fff]{1,3})?|%|‰|m2|km)?"
_FIGURE = re.compile(
    rf"^(?:[≥≤><=≧≦═约±+−-]|不少于|不低于|不超过|不高于|大于|小于|达到?|\s)*{_NUMBER}{_UNIT}(?:[-~至;/、]?{_NUMBER}{_UNIT})*(?:以上|以内|以下)?$"
)


@lru_cache(1 << 14)
def is_figure(text: str) -> bool:
    """Whether a cell's text is a figure, well-formed or not, rather than a label or a sentence."""
    plain = unicodedata.normalize("NFKC", text).strip()
    return len(plain) <= MAX_LENGTH and _FIGURE.match(plain) is not None


@dataclass(frozen=True, slots=True)
class Observation:
    """One value read from one place: observations of one fact row share `form_number`, `table_name` and `record`.

    `field_name` is the column of the fact table; `codes` holds the key columns of the fact row; `absence_code` says why
    there is no
    value (then `raw_text` is what stands in the cell). `is_figure` marks the places that the conservation count counts,
    each once.
    """

    form_number: int
    table_name: str
    record: str
    field_name: str
    raw_text: str
    source_label_zh: str | None
    column_label_zh: str | None
    locator: Locator
    codes: dict[str, str | int | None] = field(default_factory=dict)
    absence_code: str | None = None
    unit: str | None = None
    is_figure: bool = False
    confidence: float = 1.0  # below 1 only where the cell was recognised in a picture


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A figure under a label that no synonym covers."""

    form_number: int
    label_zh: str
    column_label_zh: str | None
    raw_text: str
    locator: Locator


@dataclass(slots=True)
class FormRecord:
    """One form of a document; number 0 is the narrative. `figures` counts its figure-bearing places."""

    form_number: int
    form_kind: str
    template_id: str
    title_zh: str | None = None
    stated_year: int | None = None
    attachment_number: int | None = None
    table_number: int | None = None
    project_name: str | None = None
    heads: dict[str, str] = field(default_factory=dict)
    figures: int = 0
    is_off_template: bool = False  # read by labels alone, or with a template that is not in use there and then


@dataclass(slots=True)
class Extraction:
    """Everything that one Document yields."""

    document_kind: str
    title_zh: str | None
    stated_year: int | None
    fiscal_year: int | None
    department_name: str | None
    forms: list[FormRecord]
    observations: list[Observation]
    unmapped: list[Unmapped]
    warnings: list[str]
