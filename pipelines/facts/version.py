"""The version of everything between a Document and its facts.

Belongs here: one hash over templates, vocabularies, reference tables and the code that applies them. The ledger extracts anew
where it changes.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from pipelines.settings import Settings

ROOMS = Path(__file__).resolve().parents[1]
SOURCES = (
    "forms/*.py",
    "forms/*.yml",
    "forms/templates/*.yml",
    "facts/*.py",
    "catalogue/definitions.py",
    "catalogue/schemas.py",
)
VOCABULARIES = ("catalogue/codes.yml", "catalogue/fields.yml", "catalogue/tables.yml")


@cache
def template_version() -> str:
    """Hash over the templates, the vocabularies, the reference tables and the code of the rooms `forms` and `facts`."""
    digest = hashlib.sha256()
    for path in sorted((Settings.load().project / "data" / "reference").glob("*.csv")):
        digest.update(f"{path.name}\n".encode() + path.read_bytes())
    for pattern in (*SOURCES, *VOCABULARIES):
        for path in sorted(ROOMS.glob(pattern)):
            digest.update(f"{path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]
