"""What is rendered from the catalogue: dbt doc blocks and sources, the data dictionary, the list of rules, and its tables.

Belongs here: pure renderers, the paths of what they render, and the frames of schema `catalogue`. Does not belong here: the
definitions themselves, and Great Expectations suites (`pipelines.quality`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.catalogue.definitions import Catalogue, Check, Field, Table, catalogue, read_yaml

if TYPE_CHECKING:
    import polars as pl

_NOTICE = "Rendered from pipelines/catalogue by `python -m pipelines.catalogue render`; do not edit."
_AMOUNT = "amount_wanyuan"
_BETWEEN = ("staging", "intermediate", "rules")
_DESCRIPTION = re.compile(r"(?P<zh>.*。)\s*(?P<en>.*?)\s*Grain: (?P<grain>.*?)\.?")
PROJECT = Path(__file__).resolve().parents[2]
DICTIONARY = Path("docs/dictionary.md")


def frames(project: Path = PROJECT) -> dict[str, pl.DataFrame]:
    """Tables of schema `catalogue`: codes, fields, tables (one row per column), rules, checks and check_terms.

    `tables` holds the tables of schemas `facts` and `reference` and every model of the dbt project that `project` holds.
    Checks that are sums or equalities carry `compare`, `scope`, `phases`, `tolerance_kind` and `each_level1`; for the others
    these are null. A term has one row; a constant term has `constant` and no `field_name`.
    """
    import polars as pl

    known = catalogue()
    text, whole, flag, number = pl.String(), pl.Int32(), pl.Boolean(), pl.Decimal(18, 6)
    schemas: dict[str, dict[str, Any]] = {
        "codes": {
            **dict.fromkeys(("vocabulary", "code", "zh", "en", "definition", "parent", "source"), text),
            "labels": pl.List(text),
        },
        "fields": {
            **dict.fromkeys(("field_name", "type", "unit", "vocabulary", "zh", "en", "formula", "source"), text),
            "min": pl.Float64(),
            "max": pl.Float64(),
        },
        "tables": {
            **dict.fromkeys(("schema_name", "table_name", "zh", "en", "grain", "column_name"), text),
            **{"column_position": whole, "is_key": flag, "is_required": flag},
        },
        "rules": dict.fromkeys(("rule_id", "zh", "en", "formula", "tolerance", "basis", "severity"), text),
        "checks": {
            **dict.fromkeys(("check_id", "rule_id", "severity", "compare", "scope", "phases", "tolerance_kind"), text),
            **{"each_level1": flag, "unless_check_id": text, "subject_item_code": text, "subject_field_name": text},
            **{"message_zh": text, "message_en": text},
        },
        "check_terms": {
            **{"check_id": text, "side": text, "term_number": whole, "form_kind": text, "field_name": text, "item_code": text},
            **{"fund_source_code": text, "level1_code": text, "sign": whole, "constant": number, "is_required": flag},
        },
    }
    rows: dict[str, Iterable[tuple[Any, ...]]] = {
        "codes": _code_rows(known),
        "fields": (
            (
                field.name,
                field.type,
                field.unit,
                field.codes,
                field.zh,
                field.en,
                field.formula,
                field.source,
                field.min,
                field.max,
            )
            for field in known.fields.values()
        ),
        "tables": (*_table_rows(known), *_model_rows(project)),
        "rules": (
            (rule.rule_id, rule.zh, rule.en, rule.formula, rule.tolerance, rule.basis, rule.severity)
            for rule in known.rules.values()
        ),
        "checks": (_check_row(check) for check in _checks(known)),
        "check_terms": (row for check in _checks(known) for row in _term_rows(check)),
    }
    return {name: pl.DataFrame(list(rows[name]), schema=schema, orient="row") for name, schema in schemas.items()}


def _checks(known: Catalogue) -> Iterator[Check]:
    return (check for rule in known.rules.values() for check in rule.checks)


def _code_rows(known: Catalogue) -> Iterator[tuple[Any, ...]]:
    for vocabulary, codes in known.codes.items():
        for code in codes.values():
            yield vocabulary, code.code, code.zh, code.en, code.definition, code.parent, code.source, list(code.labels)


def _table_rows(known: Catalogue) -> Iterator[tuple[Any, ...]]:
    for schema, tables in (("facts", known.tables), ("facts", known.decisions), ("reference", known.reference)):
        for table in tables.values():
            for position, name in enumerate(table.column_names, start=1):
                identity = (schema, table.name, table.zh, table.en, table.grain, name)
                yield *identity, position, name in table.key, name in table.required


def _model_rows(project: Path) -> Iterator[tuple[Any, ...]]:
    for layer in (*_BETWEEN, "marts"):
        for model in read_models(project, layer):
            key = _key(model)
            identity = (layer, model["name"], *_parts(model.get("description", "")))
            for position, column in enumerate(model.get("columns", ()), start=1):
                yield *identity, column["name"], position, column["name"] in key, False


def _parts(description: str) -> tuple[str, str, str | None]:
    """Chinese text, English text and grain of a model's description; one of another form stands whole in both languages."""
    text = " ".join(description.split())
    found = _DESCRIPTION.fullmatch(text)
    return (text, text, None) if found is None else (found["zh"], found["en"], found["grain"])


def _key(model: dict[str, Any]) -> list[str]:
    """Columns that a model's data test holds unique; empty where it has none."""
    for test in model.get("data_tests", ()):
        if "unique_combination" in test:
            return list(test["unique_combination"]["arguments"]["columns"])
    return []


def _terms(check: Check, side: str) -> list[dict[str, Any]]:
    return list(check.definition.get(side, ()))


def _field_of(term: dict[str, Any]) -> str | None:
    return None if "constant" in term else term.get("field", _AMOUNT)


def _check_row(check: Check) -> tuple[Any, ...]:
    options = check.definition.get("options", {})
    names = [options.get(name) for name in ("scope", "phases", "tolerance")]
    identity = (check.check_id, check.rule_id, check.severity, check.definition.get("compare"), *names)
    each_level1 = options.get("each_level1", False) if check.definition else None
    return *identity, each_level1, options.get("unless"), *_subject(check), check.message_zh, check.message_en


def _subject(check: Check) -> tuple[str | None, str | None]:
    """Item and field that a sum is about: those of its stated side, or of the other where the stated one mixes items."""
    if not check.definition:
        return None, None
    stated = _terms(check, "stated")
    items = {term.get("item") for term in stated}
    if len(items) > 1:
        items = {term.get("item") for term in _terms(check, "computed")}
    return (items.pop() if len(items) == 1 else "total"), _field_of(stated[0])


def _term_rows(check: Check) -> Iterator[tuple[Any, ...]]:
    for side in ("stated", "computed"):
        for position, term in enumerate(_terms(check, side), start=1):
            field = _field_of(term)
            fund = term.get("fund", "all" if field == _AMOUNT else None)
            constant = Decimal(str(term["constant"])) if "constant" in term else None
            place = (check.check_id, side, position, term.get("form_kind"), field, term.get("item"), fund, term.get("level1"))
            yield *place, term.get("sign", 1), constant, term.get("required", True)


def rendered(project: Path) -> dict[Path, str]:
    """Content of every rendered file by its path below the project folder; marts are read from their dbt YAML."""
    known = catalogue()
    marts = read_marts(project)
    between = [model for layer in _BETWEEN for model in read_models(project, layer)]
    return {
        Path("dbt_project/models/catalogue.md"): doc_blocks(known),
        Path("dbt_project/models/staging/_sources.yml"): sources(known),
        DICTIONARY: dictionary(known, marts, between),
        Path("docs/rules.md"): rules(known),
    }


def read_marts(project: Path) -> list[dict[str, Any]]:
    """dbt's YAML entries of the marts (name, description, columns), by name."""
    return read_models(project, "marts")


def read_models(project: Path, layer: str) -> list[dict[str, Any]]:
    """dbt's YAML entries of the models in a folder of the project, by name."""
    paths = sorted((project / "dbt_project" / "models" / layer).glob("*.yml"))
    return [entry for path in paths for entry in read_yaml(path).get("models", ())]


def describe(field: Field) -> str:
    """Bilingual one-line description of a field: 中文（单位） — English, with formula and source where it has them."""
    unit = f"（{field.unit}）" if field.unit and f"（{field.unit}）" not in field.zh else ""
    return " ".join([f"{field.zh}{unit} — {field.en}", *_origin(field)])


def _origin(field: Field) -> list[str]:
    """How a field is calculated and where the forms print it, a sentence each."""
    told = (("公式 — Formula", field.formula), ("出处 — Source", field.source))
    return [f"{name}: {text}." for name, text in told if text]


def doc_blocks(known: Catalogue) -> str:
    """dbt doc blocks, one per field."""
    blocks = (f"{{% docs {field.name} %}}\n{describe(field)}\n{{% enddocs %}}\n" for field in known.fields.values())
    return f"<!-- {_NOTICE} -->\n\n" + "\n".join(blocks)


def sources(known: Catalogue) -> str:
    """dbt sources: the tables of schemas `facts`, `reference` and `catalogue`.

    They stand in the database that is built, or, for a build beside it (target published), in the published one.
    """
    database = "    database: \"{{ 'warehouse' if target.name == 'published' else target.database }}\""
    lines = [f"# {_NOTICE}", "sources:", "  - name: facts", "    schema: facts", database]
    lines += ["    description: 从报告读出的事实 — Facts read from reports, current revisions.", "    tables:"]
    for table in (*known.tables.values(), *known.decisions.values()):
        lines += _source_table(table)
    lines += ["  - name: reference", "    schema: reference", database]
    lines += ["    description: 参照表 — Reference tables of data/reference.", "    tables:"]
    for table in known.reference.values():
        lines += _source_table(table)
    lines += ["  - name: catalogue", "    schema: catalogue", database]
    lines += ["    description: 目录：代码、字段、表、规则 — The catalogue's codes, fields, tables and rules.", "    tables:"]
    lines += [f"      - name: {name}" for name in ("codes", "fields", "tables", "rules", "checks", "check_terms")]
    return "\n".join(lines) + "\n"


def _source_table(table: Table) -> list[str]:
    import json

    columns = [
        f"          - {{name: {column.name}, description: \"{{{{ doc('{column.name}') }}}}\"}}" for column in table.columns
    ]
    description = json.dumps(f"{table.zh} — {table.en}", ensure_ascii=False)
    return [f"      - name: {table.name}", f"        description: {description}", "        columns:", *columns]


def dictionary(known: Catalogue, marts: list[dict[str, Any]], between: list[dict[str, Any]]) -> str:
    """The data dictionary: every fact table and mart with every column, the models between them, then every vocabulary."""
    lines = ["# 数据字典 — Data dictionary", "", f"<!-- {_NOTICE} -->", ""]
    lines += ["## 事实表 — Fact tables (schema `facts`)", ""]
    for table in (*known.tables.values(), *known.decisions.values()):
        lines += _table_section(known, table)
    lines += ["## 参照表 — Reference tables (schema `reference`)", ""]
    for table in known.reference.values():
        lines += _table_section(known, table)
    lines += ["## 集市表 — Marts (schema `marts`)", ""]
    for mart in marts:
        lines += [f"### {mart['name']}", "", mart.get("description", "").strip(), ""]
        lines += _column_table(known, [column["name"] for column in mart.get("columns", ())], frozenset())
    lines += ["## 中间表 — Models between facts and marts (schemas `staging`, `intermediate`, `rules`)", ""]
    for model in between:
        columns = ", ".join(f"`{column['name']}`" for column in model.get("columns", ()))
        lines += [f"### {model['name']}", "", model.get("description", "").strip(), "", f"列 — Columns: {columns}.", ""]
    of_models = sorted({column["name"] for model in between for column in model.get("columns", ())} - _columns_of(known, marts))
    lines += ["### 仅见于中间表的列 — Columns of these models alone", "", *_column_table(known, of_models, frozenset())]
    lines += ["## 代码 — Codes", ""]
    for vocabulary, codes in known.codes.items():
        zh, en = known.vocabulary_names[vocabulary]
        is_printed = any(code.labels for code in codes.values())
        lines += [
            f"### {vocabulary}",
            "",
            f"{zh} — {en}",
            "",
            f"| 代码 — code | 中文 | English | 定义 — definition |{' 表中写法 — printed as |' * is_printed}",
            f"|---|---|---|---|{'---|' * is_printed}",
        ]
        for code in codes.values():
            cells = [f"`{code.code}`", code.zh, code.en, code.definition] + ["；".join(code.labels)] * is_printed
            lines.append(f"| {' | '.join(map(_cell, cells))} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _columns_of(known: Catalogue, marts: list[dict[str, Any]]) -> set[str]:
    """Columns that facts, decisions, reference tables or marts have."""
    tables = (*known.tables.values(), *known.decisions.values(), *known.reference.values())
    of_tables = {name for table in tables for name in table.column_names}
    return of_tables | {column["name"] for mart in marts for column in mart.get("columns", ())}


def _table_section(known: Catalogue, table: Table) -> list[str]:
    key = ", ".join(f"`{name}`" for name in table.key)
    head = [f"### {table.name}", "", f"{table.zh}。{table.en}", "", f"粒度 — Grain: {table.grain}. 主键 — Key: {key}.", ""]
    return head + _column_table(known, table.column_names, table.required)


def _column_table(known: Catalogue, names: Iterable[str], required: frozenset[str]) -> list[str]:
    lines = [
        "| 列 — column | 类型 — type | 单位 — unit | 中文 | English | 公式与出处 — formula and source |",
        "|---|---|---|---|---|---|",
    ]
    for name in names:
        field = known.fields[name]
        kind = field.type + (", not null" if name in required else "")
        english = " ".join([field.en, *([f"Codes: `{field.codes}`."] if field.codes else [])])
        told = (kind, field.unit or "", field.zh, english, "<br>".join(_origin(field)))
        lines.append(f"| `{name}` | {' | '.join(map(_cell, told))} |")
    return [*lines, ""]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def rules(known: Catalogue) -> str:
    """The list of rules: formula, tolerance with its reason, basis, severity, and what each check says when it fails."""
    lines = ["# 核对规则 — Rules", "", f"<!-- {_NOTICE} -->", ""]
    lines += ["核对结果 — Outcomes:", ""]
    lines += [f"- `{code.code}` {code.zh} — {code.en}. {code.definition}" for code in known.codes["outcome"].values()]
    for rule in known.rules.values():
        lines += ["", f"## {rule.rule_id} {rule.zh}", "", rule.en, ""]
        lines += [f"- 公式 — Formula: {rule.formula}", f"- 容差 — Tolerance: {rule.tolerance}"]
        lines += [f"- 依据 — Basis: {rule.basis}", f"- 严重程度 — Severity: `{rule.severity}`", ""]
        lines += ["| 核对 — check | 说明 — message |", "|---|---|"]
        for check in rule.checks:
            lines.append(f"| `{check.check_id}` | {_cell(check.message_zh)}<br>{_cell(check.message_en)} |")
        lines += ["", f"例子 — Examples: [{rule.rule_id}](rules/{rule.rule_id}.md)"]
    return "\n".join(lines) + "\n"
