"""The gold format: what a person read from a document, beside the document.

Belongs here: finding gold files and their documents, checking their keys, and the values of a form as one flat mapping. Does
not belong here: comparing (`comparing`).

`<GOLD_DIR>/<FAMILY>/<name>.gold.yml` describes every `<name>.<format>` beside it; a `<name>.source.html` is what such documents
are written from and no document itself. A key that the format does not know is an error: a misspelt key would otherwise judge
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.catalogue import catalogue
from pipelines.catalogue.definitions import read_yaml
from pipelines.forms.templates import form_templates

SUFFIX = ".gold.yml"
_NO_DOCUMENTS = (".yml", ".source.html")
NEGATIVES = "negatives"

# Keys of an indicator in gold, and the column that each stands for. A key left out means that the column is null.
INDICATOR = {
    "level1": "level1_code",
    "level2": "level2_code",
    "level1_band": "level1_band_points",
    "name": "indicator_name",
    "target_raw": "target_raw",
    "target_operator": "target_operator",
    "target_value": "target_value",
    "target_unit": "target_unit",
    "adjusted": "target_adjusted_raw",
    "adjusted_value": "target_adjusted_value",
    "actual_raw": "actual_raw",
    "actual_operator": "actual_operator",
    "actual_value": "actual_value",
    "actual_unit": "actual_unit",
    "weight": "weight_points",
    "score": "score_points",
    "review_score": "review_score_points",
    "coefficient": "score_coefficient",
    "core": "is_core_indicator",
    "shares_score_with": "shares_score_with",
    "deduction_rule": "deduction_rule",
    "reason": "deviation_reason",
}
# Columns that are judged only where gold names them, for they follow from a text that is judged in any case; but a target whose
# operator gold leaves out has none.
JUDGED_IF_NAMED = frozenset({"target_operator", "actual_operator", "target_adjusted_value"})
NO_OPERATOR = frozenset({"bare", "qualitative"})
FORM_COLUMNS = ("project_name", "project_code", "project_category", "project_attribute", "project_type")
FORM_COLUMNS_IF_NAMED = (
    "form_kind",
    "template_id",
    "is_off_template",
    "stated_department_name",
    "supervising_department_name",
    "implementing_unit_name",
)
WIDE = {"personnel": "fact_personnel", "buildings": "fact_buildings"}
_AMOUNT = frozenset({"item", "fund", "name", "year"})
_KEYS = {
    "gold": {"family", "city", "folder_year", "source", "formats", "expect", "reports", "flagged", "final_accounts"},
    "expect": {"outcome", "reason", "document_kind"},
    "report": {"department", "fiscal_year", "forms", "flagged"},
    "form": {*FORM_COLUMNS, *FORM_COLUMNS_IF_NAMED, "expenditures", "evaluations", "indicators", "counts", "changes", *WIDE},
    "indicator": set(INDICATOR),
    "count": {"count", "year", "value"},
    "change": {"item", "fund", "phase", "year", "basis", "wanyuan", "pct"},
    "flagged": {"raw_text", "why"},
}

Key = tuple[str, tuple[str | None, ...], str]  # table, key of the row, column
Values = dict[Key, Any]


class GoldError(ValueError):
    """A gold file that cannot be used; the message names file and key."""


@dataclass(frozen=True)
class Case:
    """One gold file with the documents that it describes."""

    family: str
    name: str
    files: tuple[Path, ...]
    content: Mapping[str, Any]

    @property
    def is_negative(self) -> bool:
        """Whether the documents are such that nothing may be read from them."""
        return "expect" in self.content

    @property
    def reports(self) -> list[dict[str, Any]]:
        """Reports of the document in order."""
        return list(self.content.get("reports") or ())

    @property
    def flagged(self) -> list[dict[str, Any]]:
        """Figures that allow no certain reading, whether listed by report or for the document."""
        return [entry for part in (self.content, *self.reports) for entry in part.get("flagged") or ()]

    @property
    def template_ids(self) -> frozenset[str]:
        """Templates that the forms were printed by; not those of texts, which are no form templates."""
        named = {form.get("template_id") for report in self.reports for form in report["forms"]}
        return frozenset(template.template_id for template in form_templates() if template.template_id in named)


def cases(folder: Path, families: Iterable[str] | None = None) -> list[Case]:
    """Cases of a folder in order of family and name; of the named families, if any are named.

    Raises GoldError where a gold file has no document, an unknown key or a wrong code, or where a family has no case.
    """
    wanted = None if families is None else set(families)
    found = [_case(path) for path in sorted(folder.rglob(f"*{SUFFIX}")) if wanted is None or path.parent.name in wanted]
    missing = sorted((wanted or set()) - {case.family for case in found})
    if missing or not found:
        raise GoldError(f"{folder}: no *{SUFFIX} of {', '.join(missing) or 'any family'}")
    return found


def templates_of(cases: Iterable[Case], name: str) -> frozenset[str]:
    """Templates of a family, as its gold names them, or the one template of that name; none where a family has only texts.

    Raises GoldError where the name is neither.
    """
    known = list(cases)
    of_family = [case.template_ids for case in known if case.family == name]
    if of_family:
        return frozenset().union(*of_family)
    if any(name in case.template_ids for case in known):
        return frozenset({name})
    raise GoldError(f"neither a family nor a template of the gold: {name}")


def _case(path: Path) -> Case:
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise GoldError(f"{path}: not a mapping")
    _check(path, "gold", content)
    _check(path, "expect", content.get("expect", {}))
    if "outcome" not in content.get("expect", {"outcome": None}):
        raise GoldError(f"{path}: expect has no outcome")
    for name in ("city", "folder_year"):
        if name not in content:
            raise GoldError(f"{path}: {name} is missing")
    if ("expect" in content) == ("reports" in content):
        raise GoldError(f"{path}: either expect or reports must be there")
    for report in content.get("reports") or ():
        _check_report(path, report)
    _check_amounts(path, "final_accounts", content.get("final_accounts") or (), content["folder_year"])
    name = path.name.removesuffix(SUFFIX)
    beside = (other for other in sorted(path.parent.iterdir()) if other.name.startswith(f"{name}."))
    files = tuple(other for other in beside if not other.name.endswith(_NO_DOCUMENTS))
    if not files:
        raise GoldError(f"{path}: there is no document {name}.* beside it")
    case = Case(path.parent.name, name, files, content)
    for entry in case.flagged:
        _check(path, "flagged", entry)
    return case


def _check_report(path: Path, report: Mapping[str, Any]) -> None:
    _check(path, "report", report)
    known = catalogue()
    year = report.get("fiscal_year")
    for form in report["forms"]:
        _check(path, "form", form)
        if form.get("form_kind") not in known.codes["form_kind"]:
            raise GoldError(f"{path}: no code of form_kind: {form.get('form_kind')}")
        _check_amounts(path, "expenditures", form.get("expenditures") or (), year)
        for row in form.get("evaluations") or ():
            _check_codes(path, row)
            _check_columns(path, "fact_evaluations", row.keys() - {"item", "fund"})
        for name, table in WIDE.items():
            _check_columns(path, table, (form.get(name) or {}).keys())
        for kind in ("indicator", "count", "change"):
            for row in form.get(f"{kind}s") or ():
                _check(path, kind, row)


def _check_amounts(path: Path, name: str, rows: Iterable[Mapping[str, Any]], year: int | None) -> None:
    for row in rows:
        unknown = row.keys() - _AMOUNT - catalogue().codes["phase"].keys()
        if unknown:
            raise GoldError(f"{path}: {name} have no key {', '.join(map(str, sorted(unknown)))}")
        _check_codes(path, row)
        if row.get("year", year) is None:
            raise GoldError(f"{path}: {name} of {row.get('item')} have no year")


def _check(path: Path, kind: str, entry: Mapping[str, Any]) -> None:
    unknown = sorted(str(key) for key in entry.keys() - _KEYS[kind])
    if unknown:
        raise GoldError(f"{path}: {kind} has no key {', '.join(unknown)}")


def _check_codes(path: Path, row: Mapping[str, Any]) -> None:
    known = catalogue().codes
    if row.get("item") not in known["item"]:
        raise GoldError(f"{path}: no code of item: {row.get('item')}")
    if row.get("fund", "all") not in known["fund_source"]:
        raise GoldError(f"{path}: no code of fund_source: {row['fund']}")


def _check_columns(path: Path, table: str, names: Iterable[str]) -> None:
    unknown = sorted(set(names) - set(catalogue().tables[table].column_names))
    if unknown:
        raise GoldError(f"{path}: {table} has no column {', '.join(unknown)}")


def values(form: Mapping[str, Any], fiscal_year: int | None) -> Values:
    """What gold says of one form, but for its indicators: value by table, key of the row and column. Nulls are left out."""
    found: Values = {}

    def add(table: str, key: tuple[Any, ...], columns: Mapping[str, Any]) -> None:
        texts = tuple(None if part is None else str(part) for part in key)
        found.update({(table, texts, column): value for column, value in columns.items() if value is not None})

    for row in form.get("expenditures") or ():
        item, fund, name, year = row["item"], row.get("fund", "all"), row.get("name"), row.get("year", fiscal_year)
        for phase in row.keys() - _AMOUNT:
            add("fact_expenditures", (item, fund, phase, year, name), {"amount_wanyuan": row[phase]})
    for row in form.get("evaluations") or ():
        columns = {name: value for name, value in row.items() if name not in ("item", "fund")}
        add("fact_evaluations", (row["item"], row.get("fund", "all")), columns)
    for name, table in WIDE.items():
        add(table, (), form.get(name) or {})
    for row in form.get("counts") or ():
        add("fact_counts", (row["count"], row.get("year", fiscal_year)), {"count_value": row["value"]})
    for row in form.get("changes") or ():
        key = (row["item"], row.get("fund", "all"), row["phase"], row.get("year", fiscal_year), row["basis"])
        add("fact_changes", key, {"change_wanyuan": row.get("wanyuan"), "change_pct": row.get("pct")})
    return found


def accounts(content: Mapping[str, Any]) -> Values:
    """What gold says of the document's final accounts, which serve the comparison: as `values`, the year else the folder's."""
    return {
        (
            "final_accounts",
            (row["item"], row.get("fund", "all"), phase, str(row.get("year", content["folder_year"]))),
            "amount_wanyuan",
        ): row[phase]
        for row in content.get("final_accounts") or ()
        for phase in row.keys() - _AMOUNT
    }


def indicators(form: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Indicators of a form in order, by column; keys left out are left out."""
    return [{INDICATOR[key]: value for key, value in row.items()} for row in form.get("indicators") or ()]
