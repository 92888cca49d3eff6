"""A page for every rule, with examples that a run found.

Belongs here: the layout of docs/rules/*.md, and the choice of an example: a finding on the sample reports, else one on drawn
reports with planted contradictions, else the unit test of the rule's model. Does not belong here: the rules
(`pipelines/catalogue/rules.yml`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.catalogue import catalogue
from pipelines.catalogue.definitions import read_yaml
from pipelines.console import plain
from pipelines.warehouse.reading import rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import duckdb

    from pipelines.catalogue.definitions import Check, Rule

Row = dict[str, Any]

# The worst finding of every check. Ids are left out of the order: the bytes of a drawn document may change from day to day.
EXAMPLES = """
select findings.* from marts.mart_findings as findings
where outcome <> 'ok' and is_preferred
qualify row_number() over (
    partition by check_id
    order by list_position(['fail', 'flag', 'deferred', 'round'], outcome), abs(difference) desc nulls last,
        department_name, fiscal_year, form_kind, project_name, subject, stated_value
) = 1
"""
CELLS = """
select coalesce(source_label_zh, '') as label, coalesce(column_label_zh, '') as heading, raw_text, locator
from facts.figure_cells
where list_contains(?, row_id) and raw_text is not null
order by locator, field_name
"""
MOST_CELLS = 6


def pages(project: Path, warehouses: Sequence[duckdb.DuckDBPyConnection]) -> dict[str, str]:
    """Content of every page by its file name; an example comes from the first warehouse that has one."""
    found: dict[str, Row] = {}
    for warehouse in reversed(warehouses):
        for row in rows_of(warehouse, EXAMPLES):
            cells = {side: _cells(warehouse, row[f"{side}_row_ids"]) for side in ("left", "right")}
            found[row["check_id"]] = {**row, **cells}
    tests = _unit_tests(project)
    return {f"{rule.rule_id}.md": _page(rule, found, tests) for rule in catalogue().rules.values()}


def _cells(warehouse: duckdb.DuckDBPyConnection, row_ids: list[str]) -> list[Row]:
    return rows_of(warehouse, CELLS, [row_ids])


def _unit_tests(project: Path) -> dict[str, tuple[str, Row]]:
    """Description and row of a unit test that expects a finding, by check."""
    tests: dict[str, tuple[str, Row]] = {}
    for path in sorted((project / "dbt_project" / "models" / "rules").glob("*.yml")):
        for test in read_yaml(path).get("unit_tests", ()):
            for row in test["expect"]["rows"]:
                check_id, outcome = row.get("check_id", ""), row.get("outcome", "flag")
                if outcome == "fail" or (outcome not in ("ok", "not_applicable") and check_id not in tests):
                    tests[check_id] = (test["description"], row)
    return tests


def _page(rule: Rule, found: Mapping[str, Row], tests: Mapping[str, tuple[str, Row]]) -> str:
    is_flag = rule.rule_id.startswith("R")
    kind = "风险提示 — red flag (`flag`)" if is_flag else "恒等与勾稽关系 — identity"
    lines = [
        f"# {rule.rule_id} {rule.zh}",
        "",
        "<!-- Rendered from a run by `python -m data.pages render`; do not edit. -->",
        "",
    ]
    lines += [
        rule.en,
        "",
        f"- 类别 — Class: {kind}",
        f"- 公式 — Formula: {rule.formula}",
        f"- 容差 — Tolerance: {rule.tolerance}",
    ]
    lines += [f"- 依据 — Basis: {rule.basis}", f"- 严重程度 — Severity: {_named('severity', rule.severity)}"]
    lines += [f"- 怎么办 — What to do: {rule.remedy_zh} {rule.remedy_en}", ""]
    for check in rule.checks:
        lines += _check(check, found.get(check.check_id), tests.get(check.check_id))
    return "\n".join([*lines, "全部规则 — All rules: [rules.md](../rules.md)", ""])


def _check(check: Check, example: Row | None, test: tuple[str, Row] | None) -> list[str]:
    lines = [f"## {check.check_id}", "", f"严重程度 — Severity: {_named('severity', check.severity)}", ""]
    lines += [f"> {check.message_zh}", ">", f"> {check.message_en}", ""]
    if example is not None:
        return lines + _example(example)
    if test is None:
        return [*lines, "样例中没有 — No example in the samples.", ""]
    description, row = test
    values = {
        name: row[name] for name in ("stated_value", "computed_value", "difference", "outcome") if row.get(name) is not None
    }
    spelled = "；".join(f"`{name}` {value}" for name, value in values.items())
    return [*lines, f"单元测试中的例子 — Example of the unit test: {description}", "", *([spelled, ""] if spelled else [])]


def _example(row: Row) -> list[str]:
    form = f" · {_named('form_kind', row['form_kind'])}" if row["form_kind"] else ""
    project = f" · {row['project_name']}" if row["project_name"] else ""
    lines = [
        f"例 — Example: {row['department_name']} {row['fiscal_year']}{form}{project} · {_named('outcome', row['outcome'])}",
        "",
    ]
    lines += ["| 报告数 — stated | 推算数 — computed | 差额 — difference |", "|---|---|---|"]
    unit = row["unit"] or ""
    values = (
        f"{plain(row[name])} {unit}".strip() if row[name] is not None else ""
        for name in ("stated_value", "computed_value", "difference")
    )
    lines += [f"| {' | '.join(values)} |", "", f"> {row['message_zh']}", ">", f"> {row['message_en']}", ""]
    if any(cell["locator"] for cell in row["left"] + row["right"]):
        lines += ["| 边 — side | 标签 — label | 栏 — column | 原文 — printed | 出处 — place |", "|---|---|---|---|---|"]
        lines += _sources("报告 — stated", row["left"]) + _sources("推算 — computed", row["right"]) + [""]
    return lines


def _sources(side: str, cells: list[Row]) -> list[str]:
    lines = [
        f"| {side} | " + " | ".join(_cell(cell[name]) for name in ("label", "heading", "raw_text", "locator")) + " |"
        for cell in cells[:MOST_CELLS]
    ]
    rest = len(cells) - MOST_CELLS
    return [*lines, f"| {side} | … 另 {rest} 处 — {rest} more | | | |"] if rest > 0 else lines


def _cell(text: str) -> str:
    return plain(text).replace("|", "\\|").strip()


def _named(vocabulary: str, code: str) -> str:
    known = catalogue()
    return f"{known.name(vocabulary, code, 'zh')} — {known.name(vocabulary, code, 'en')} (`{code}`)"
