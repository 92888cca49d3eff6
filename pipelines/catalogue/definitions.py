"""Typed access to the catalogue's YAML files.

Belongs here: parsing and cross-checking of codes, fields, tables and rules. Rendering lives in `rendering`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent


def read_yaml(path: Path) -> Any:
    """Parse one YAML file with libyaml's safe loader where it is built in (ten times faster)."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)


LABEL_LENGTH = 200
_RESIDUE = re.compile(r"\[bookmark:[^\]]*\]|[“”\"'‘’]|\s")
_UNPRINTED = re.compile(r"\[bookmark:[^\]]*\]|\s+")
_PREFIX = re.compile(r"^(?:其中[:,：，]?|[(（]?[0-9一二三四五六七八九十]{1,3}(?:[、.．)）](?![0-9])|、))+")
_SUFFIX = re.compile(r"(?:\([^()]*\)|[:：;。,])+$")
_STOP = re.compile(r"[:：;。,]+$")
_COMPATIBLE = str.maketrans({"，": ",", "：": ":", "；": ";", "（": "(", "）": ")", "．": ".", "％": "%"})


@lru_cache(1 << 16)
def normalise_label(text: str, keep_brackets: bool = False) -> str:
    """A label as vocabularies spell it: no white space, quotes, numbering, 其中, trailing brackets or colon; 其它 becomes 其他.

    With `keep_brackets` brackets that end it stay. A text longer than LABEL_LENGTH is no label and stays as it is.
    """
    if len(text) > LABEL_LENGTH:
        return text
    label = _RESIDUE.sub("", unicodedata.normalize("NFC", text)).translate(_COMPATIBLE).replace("其它", "其他")
    label = _PREFIX.sub("", label)
    stripped = (_STOP if keep_brackets else _SUFFIX).sub("", label)
    return stripped or label


@lru_cache(1 << 14)
def on_one_line(text: str) -> str:
    """A label without white space and bookmarks, as printed otherwise."""
    return _UNPRINTED.sub("", text)


def without_numbering(text: str) -> str:
    """A label on one line without its numbering or 其中, as printed otherwise."""
    return _PREFIX.sub("", on_one_line(text))


@dataclass(frozen=True)
class Code:
    """One value of a vocabulary; `labels` are its normalised spellings on forms."""

    code: str
    zh: str
    en: str
    definition: str = ""
    parent: str | None = None
    source: str | None = None
    labels: tuple[str, ...] = ()
    remedy_zh: str | None = None
    remedy_en: str | None = None


@dataclass(frozen=True)
class Field:
    """One column: DuckDB type, unit, vocabulary, believable bounds, how it is calculated and where the forms print it.

    `formula` speaks of other columns by name; `source` names label, row or column of a form in Chinese and English. A column
    that is printed in one table and calculated in another has both.
    """

    name: str
    type: str
    zh: str
    en: str
    unit: str | None = None
    codes: str | None = None
    min: float | None = None
    max: float | None = None
    formula: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class Table:
    """One table of schema `facts`: its grain, key, columns in order, and the columns that are never null."""

    name: str
    zh: str
    en: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Field, ...]
    required: frozenset[str]

    @property
    def column_names(self) -> list[str]:
        """Names of the columns in order."""
        return [column.name for column in self.columns]

    @property
    def holds_values(self) -> bool:
        """Whether its rows hold values read from cells, each led to by figure_cells: the fact tables and the final accounts."""
        return self.name.startswith("fact_") or self.name == "final_accounts"


@dataclass(frozen=True)
class Check:
    """One check of a rule; `definition` is the YAML of a sum or equality, empty where the check is a model of its own."""

    check_id: str
    rule_id: str
    severity: str
    definition: dict[str, Any]
    message_zh: str
    message_en: str


@dataclass(frozen=True)
class Rule:
    """One identity or red flag: formula, tolerance, the form or regulation it rests on, and what to do about a finding."""

    rule_id: str
    zh: str
    en: str
    formula: str
    tolerance: str
    basis: str
    severity: str
    remedy_zh: str
    remedy_en: str
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Catalogue:
    """Every definition, by name; `reference` are the tables of data/reference, `decisions` those of schema `facts` that no
    report holds. `version` changes whenever a definition does."""

    codes: dict[str, dict[str, Code]]
    vocabulary_names: dict[str, tuple[str, str]]
    fields: dict[str, Field]
    tables: dict[str, Table]
    rules: dict[str, Rule]
    reference: dict[str, Table]
    decisions: dict[str, Table]
    version: str
    _labels: dict[str, dict[str, str]] = dataclass_field(default_factory=dict)

    def code_of_label(self, vocabulary: str, text: str) -> str | None:
        """Code of a label as printed, or None where no synonym of the vocabulary covers it."""
        return self._labels[vocabulary].get(normalise_label(text))

    def name(self, vocabulary: str, code: str, language: str = "zh") -> str:
        """Chinese or English name of a code; the code itself where it is unknown."""
        entry = self.codes[vocabulary].get(code)
        return code if entry is None else (entry.zh if language == "zh" else entry.en)


def _table(name: str, entry: dict[str, Any], groups: dict[str, list[str]], fields: dict[str, Field]) -> Table:
    names: list[str] = []
    for column in entry["columns"]:
        names.extend(groups.get(column, [column]))
    identity = {"row_id", "report_id", "form_id"} & set(names)
    required = frozenset(entry.get("required", [])) | frozenset(entry["key"]) & identity | identity
    columns = tuple(fields[column] for column in names)
    return Table(name, entry["zh"], entry["en"], entry["grain"], tuple(entry["key"]), columns, required)


def _rule(rule_id: str, entry: dict[str, Any]) -> Rule:
    checks = tuple(
        Check(
            check_id=check["check_id"],
            rule_id=rule_id,
            severity=check.get("severity", entry["severity"]),
            definition={key: check[key] for key in ("compare", "stated", "computed", "options") if key in check},
            message_zh=check["message_zh"],
            message_en=check["message_en"],
        )
        for check in entry["checks"]
    )
    texts = {key: entry[key] for key in ("zh", "en", "formula", "tolerance", "basis", "severity", "remedy_zh", "remedy_en")}
    return Rule(rule_id=rule_id, checks=checks, **texts)


@cache
def catalogue() -> Catalogue:
    """Load and cross-check the catalogue once per process.

    Raises KeyError where a table names an unknown field and ValueError where one label means two codes of a vocabulary.
    """
    vocabularies = read_yaml(FOLDER / "codes.yml")
    codes = {
        vocabulary: {entry["code"]: Code(**{**entry, "labels": tuple(entry.get("labels", ()))}) for entry in content["codes"]}
        for vocabulary, content in vocabularies.items()
    }
    labels: dict[str, dict[str, str]] = {}
    for vocabulary, entries in codes.items():
        index: dict[str, str] = {}
        for code in entries.values():
            for label in map(normalise_label, code.labels):
                if index.setdefault(label, code.code) != code.code:
                    raise ValueError(f"codes.yml: label {label} of vocabulary {vocabulary} means two codes")
        labels[vocabulary] = index
    fields = {name: Field(name=name, **entry) for name, entry in read_yaml(FOLDER / "fields.yml").items()}
    tables_file = read_yaml(FOLDER / "tables.yml")
    tables, reference, decisions = (
        {name: _table(name, entry, tables_file["groups"], fields) for name, entry in tables_file[part].items()}
        for part in ("tables", "reference", "decisions")
    )
    rules = {rule_id: _rule(rule_id, entry) for rule_id, entry in read_yaml(FOLDER / "rules.yml").items()}
    digest = hashlib.sha256()
    for path in sorted(FOLDER.glob("*.yml")):
        digest.update(path.read_bytes())
    names = {vocabulary: (content["zh"], content["en"]) for vocabulary, content in vocabularies.items()}
    return Catalogue(codes, names, fields, tables, rules, reference, decisions, digest.hexdigest()[:12], labels)
