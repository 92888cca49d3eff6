"""Value by value: what gold says against what the frames hold.

Belongs here: which gold report, form and indicator belongs to which row, and the verdict on every value; pure functions over
the frames of one document. Does not belong here: shares and counts (`measures`).

A value is `right`, `wrong` (the fact holds another one), `extra` (a fact that gold does not list), `flagged` (no fact, but its
place or its raw text is in quarantine or under an unmapped label, or a warning names it) or `lost` (no fact and no trace).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher
from typing import Any

import polars as pl

from pipelines.catalogue import catalogue
from pipelines.evaluation import gold
from pipelines.evaluation.gold import Case, Key

Frames = Mapping[str, pl.DataFrame]
Row = dict[str, Any]
Found = dict[Key, tuple[Any, str | None]]  # value and place

_PLACES = Decimal("0.000001")
_MOST_DIGITS = 17  # before the point, of any value of a fact
_EVALUATION_KEY = {"item_code", "fund_source_code"}
_CODES = ("item_code", "fund_source_code", "phase_code", "amount_year")
_QUANTITY = re.compile(r"^[^\d.+-]*(?P<number>[+-]?(?:\d[\d,]*(?:\.\d+)?|\.\d+))\D*$")
_SCALES = (Decimal(1), Decimal("0.0001"), Decimal(10000))  # 万元, 元 and 亿元 of a raw text
# Where a value stands and what a person decided on it.
_NOT_FACTS = frozenset({"raw_text", "source_label_zh", "column_label_zh", "locator", "correction_id", "is_corrected"})


@dataclass(frozen=True)
class Judged:
    """The verdict on one value."""

    table_name: str
    field_name: str
    verdict: str
    gold: str | None = None
    got: str | None = None
    key: str = ""
    place: str | None = None
    form_kind: str | None = None
    template_id: str | None = None
    is_negative: bool = False


@dataclass
class _Trace:
    """A figure that became no fact; it excuses one missing value."""

    raw_text: str
    place: str | None
    rule: str | None  # None: under an unmapped label
    form_id: str | None
    table_name: str | None = None
    field_name: str | None = None
    codes: Mapping[str, Any] | None = None
    is_used: bool = False


def judge(case: Case, frames: Frames) -> list[Judged]:
    """Verdicts on one document of a case, given the frames of that document alone."""
    traces = _traces(frames)
    judged = [_judge_flagged(entry, traces, frames) for entry in case.flagged] + _judge_accounts(case, frames, traces)
    if case.is_negative:
        return judged + _judge_negative(case.content["expect"], frames)
    judged += [
        Judged("reports", "outcome", "lost", "parsed", f"{row['reason']}: {row['detail']}")
        for row in _rows(frames, "reports")
        if row["outcome"] == "rejected"
    ]
    found = [row for row in _rows(frames, "reports") if row["outcome"] != "rejected"]
    warnings = _plain(" ".join(row["warnings"] or "" for row in frames["reports"].to_dicts()))
    for expected, report in _pair(case.reports, found, (_same_report, lambda *_: True)):
        judged += _judge_report(expected, report, frames, traces, warnings)
    return judged


def judge_amounts(case: Case, frames: Frames, left_out: frozenset[str]) -> list[Judged]:
    """Verdicts on the amounts of the forms printed by the templates left out, and on whether the forms are marked off-template.

    Facts of forms that gold does not list count as extra: they may be what became of such a form.
    """
    traces = _traces(frames)
    for entry in case.flagged:
        _judge_flagged(entry, traces, frames)
    judged = []
    found = [row for row in _rows(frames, "reports") if row["outcome"] != "rejected"]
    for expected, report in _pair(case.reports, found, (_same_report, lambda *_: True)):
        year = None if expected is None else expected.get("fiscal_year")
        for form, got in _pair_forms(expected, report, frames):
            if form is not None and form.get("template_id") not in left_out:
                continue
            is_amount = {"fact_expenditures"}
            rows = [entry for entry in _judge_form(form, got, year, frames, traces) if entry.table_name in is_amount]
            if form is not None and got is not None and any(entry.verdict == "right" for entry in rows):
                mark = bool(got.get("is_off_template"))
                rows.append(Judged("forms", "is_off_template", "right" if mark else "wrong", "true", str(mark).lower()))
            judged += [_of_form(entry, form, got) for entry in rows]
    return judged


def _judge_negative(expect: Mapping[str, Any], frames: Frames) -> list[Judged]:
    judged = []
    for report in frames["reports"].to_dicts():
        for name, value in expect.items():
            judged.append(_verdict("reports", name, value, report[name], None, is_negative=True))
    for table in (name for name in frames if name.startswith("fact_")):
        for row in _rows(frames, table):
            judged.append(
                Judged(
                    table, "row", "extra", None, _shown(row.get("raw_text")), "", row.get("locator"), row["form_kind"],
                    row["template_id"], is_negative=True,
                )
            )  # fmt: skip
    return judged


def _judge_accounts(case: Case, frames: Frames, traces: Sequence[_Trace]) -> list[Judged]:
    """Verdicts on the figures of final accounts, which are no facts of a report; any that gold does not list is extra."""
    expected = gold.accounts(case.content)
    found: Found = {}
    for row in _rows(frames, "final_accounts"):
        texts = tuple(str(row[name]) for name in _CODES)
        found["final_accounts", texts, "amount_wanyuan"] = (row["amount_wanyuan"], row["locator"])
    judged = []
    for key in dict.fromkeys([*expected, *found]):
        value, place = found.get(key, (None, None))
        verdict = _verdict(key[0], key[2], expected.get(key), value, place, "/".join(part or "" for part in key[1]))
        trace = _excuse(key, expected[key], None, traces) if verdict.verdict == "lost" else None
        if trace is not None:
            trace.is_used = True
            verdict = replace(verdict, verdict="flagged", got=trace.raw_text, place=trace.place)
        judged.append(replace(verdict, form_kind="final_accounts"))
    return judged


# traces --------------------


def _traces(frames: Frames) -> list[_Trace]:
    held = [
        _Trace(
            row["raw_text"] or "",
            row["locator"],
            row["rule"],
            row["form_id"],
            row["table_name"],
            row["field_name"],
            json.loads(row["record"] or "{}"),
        )
        for row in _rows(frames, "quarantine")
    ]
    unmapped = [_Trace(row["raw_text"] or "", row["locator"], None, row["form_id"]) for row in _rows(frames, "unmapped_labels")]
    return held + unmapped


def _judge_flagged(entry: Mapping[str, Any], traces: Sequence[_Trace], frames: Frames) -> Judged:
    """Whether a figure that allows no certain reading is held back, for the reason that gold gives."""
    raw, why = _plain(entry["raw_text"]), entry.get("why")
    alike = [trace for trace in traces if not trace.is_used and _plain(trace.raw_text) == raw]
    right = [trace for trace in alike if why is None or why == (trace.rule or "unmapped")]
    for trace in right[:1] or alike[:1]:
        trace.is_used = True
        verdict = "right" if right else "flagged"
        return Judged("quarantine", "rule", verdict, why, trace.rule or "unmapped", entry["raw_text"], trace.place)
    for row in _rows(frames, "figure_cells"):
        if _plain(row["raw_text"]) == raw:
            return Judged("quarantine", "rule", "wrong", why, "fact", entry["raw_text"], row["locator"])
    return Judged("quarantine", "rule", "lost", why, None, entry["raw_text"])


def _excuse(key: Key, value: Any, form_id: str | None, traces: Iterable[_Trace]) -> _Trace | None:
    """The trace of a value that is in no fact: its own place in quarantine, else its raw text in the same form."""
    free = [trace for trace in traces if not trace.is_used and form_id in (None, trace.form_id)]
    for trace in free:
        if trace.rule is not None and _is_place_of(trace, key):
            return trace
    for trace in free:
        if _says(trace.raw_text, value):
            return trace
    return None


def _is_place_of(trace: _Trace, key: Key) -> bool:
    table, row, column = key
    codes = trace.codes or {}
    if table != trace.table_name or trace.field_name not in (column, column.replace("_value", "_raw")):
        return False
    if table == "fact_indicators":
        return str(codes.get("indicator_number")) == row[0]
    return all(str(codes[name]) == part for name, part in zip(_CODES, row, strict=False) if codes.get(name) is not None)


def _says(raw_text: str, value: Any) -> bool:
    number = _number(value)
    if number is None:
        return _plain(raw_text) == _plain(value)
    quantity = _QUANTITY.match(_plain(raw_text))
    stated = None if quantity is None else _number(quantity["number"].replace(",", ""))
    if stated is None or stated.adjusted() > _MOST_DIGITS:
        return False  # a run of several numbers says none of them
    return any((stated * scale).quantize(_PLACES) == number.quantize(_PLACES) for scale in _SCALES)


# reports and forms --------------------


def _same_report(expected: Mapping[str, Any], report: Row) -> bool:
    return (
        _plain(expected.get("department")) == _plain(report["department_name"])
        and expected.get("fiscal_year") == report["fiscal_year"]
    )


def _same_form(expected: Mapping[str, Any], form: Row) -> bool:
    return _same_kind(expected, form) and _plain(expected.get("project_name")) == _plain(form["project_name"])


def _same_kind(expected: Mapping[str, Any], form: Row) -> bool:
    return bool(expected.get("form_kind") == form["form_kind"])


def _neither_is_narrative(expected: Mapping[str, Any], form: Row) -> bool:
    return expected.get("form_kind") != "narrative" and form["form_kind"] != "narrative"


def _pair(expected: Sequence[Any], found: Sequence[Row], tests: Sequence[Any]) -> list[tuple[Any, Row | None]]:
    """Pairs by the first test that holds, each side once and in order; then what is left over of either side."""
    pairs: dict[int, int] = {}
    for test in tests:
        for index, entry in enumerate(expected):
            if index in pairs:
                continue
            free = (place for place, row in enumerate(found) if place not in pairs.values() and test(entry, row))
            place = next(free, None)
            if place is not None:
                pairs[index] = place
    paired = [(entry, found[pairs[index]] if index in pairs else None) for index, entry in enumerate(expected)]
    return paired + [(None, row) for place, row in enumerate(found) if place not in pairs.values()]


def _pair_forms(expected: Mapping[str, Any] | None, report: Row | None, frames: Frames) -> list[tuple[Any, Row | None]]:
    wanted = [] if expected is None else expected["forms"]
    # What figures of final accounts were read from is no form of the report.
    forms = [row for row in _rows(frames, "forms") if row["form_kind"] != "final_accounts"]
    rows = [] if report is None else [row for row in forms if row["report_id"] == report["report_id"]]
    return _pair(wanted, sorted(rows, key=lambda row: row["form_number"]), (_same_form, _same_kind, _neither_is_narrative))


def _judge_report(
    expected: Mapping[str, Any] | None, report: Row | None, frames: Frames, traces: Sequence[_Trace], warnings: str
) -> list[Judged]:
    columns = {"department": "department_name", "fiscal_year": "fiscal_year"}
    judged = []
    for name, column in columns.items():
        verdict = _verdict("reports", column, (expected or {}).get(name), (report or {}).get(column), None)
        is_named = verdict.verdict == "wrong" and verdict.gold is not None and _plain(verdict.gold) in warnings
        judged.append(replace(verdict, verdict="flagged") if is_named else verdict)
    year = None if expected is None else expected.get("fiscal_year")
    for form, got in _pair_forms(expected, report, frames):
        rows = _judge_head(form, got) + _judge_form(form, got, year, frames, traces)
        judged += [_of_form(entry, form, got) for entry in rows]
    return [entry for entry in judged if entry.verdict]


def _of_form(entry: Judged, form: Mapping[str, Any] | None, got: Row | None) -> Judged:
    said = {**(got or {}), **(form or {})}
    return replace(entry, form_kind=said.get("form_kind"), template_id=said.get("template_id"))


def _judge_head(form: Mapping[str, Any] | None, got: Row | None) -> list[Judged]:
    """Verdicts on what the form is. A narrative from which nothing was read is no form of its own."""
    if "narrative" in {(form or {}).get("form_kind"), (got or {}).get("form_kind")}:
        names = [name for name in ("form_kind", "template_id") if form is not None and name in form]
    elif form is None:
        names = ["form_kind"]
    else:
        names = [*gold.FORM_COLUMNS, *(name for name in gold.FORM_COLUMNS_IF_NAMED if name in form)]
    expected = dict(form or {})
    if form is not None and form.get("form_kind") != "narrative":
        expected.setdefault("is_off_template", False)
        names = [*names, *({"is_off_template"} - set(names))]
    return [_verdict("forms", name, expected.get(name), (got or {}).get(name), None) for name in names]


# values of a form --------------------


def _judge_form(
    form: Mapping[str, Any] | None, got: Row | None, year: int | None, frames: Frames, traces: Sequence[_Trace]
) -> list[Judged]:
    expected = gold.values(form or {}, year)
    found = _values(got, frames)
    indicators = [] if got is None else [row for row in _rows(frames, "fact_indicators") if row["form_id"] == got["form_id"]]
    _add_indicators(gold.indicators(form or {}), sorted(indicators, key=lambda row: row["indicator_number"]), expected, found)
    form_id = None if got is None else got["form_id"]
    judged = []
    missing = []
    for key in list(dict.fromkeys([*expected, *found])):
        table, row, column = key
        value, place = found.get(key, (None, None))
        verdict = _verdict(table, column, expected.get(key), value, place, "/".join(part or "" for part in row))
        if verdict.verdict == "lost":
            missing.append((key, verdict))
        elif verdict.verdict:
            judged.append(verdict)
    # What names its own place takes its trace before what is only alike.
    for key, verdict in sorted(missing, key=lambda entry: not any(_is_place_of(trace, entry[0]) for trace in traces)):
        trace = _excuse(key, expected[key], form_id, traces)
        if trace is not None:
            # One raw text holds value, unit and operator of a target: all of them are flagged by it.
            trace.is_used = not _is_place_of(trace, key)
            verdict = replace(verdict, verdict="flagged", got=trace.raw_text, place=trace.place)
        judged.append(verdict)
    return judged


def _values(form: Row | None, frames: Frames) -> Found:
    """What the facts say of one form, but for its indicators, in the keys of gold."""
    if form is None:
        return {}
    found: Found = {}

    def rows(table: str) -> list[Row]:
        return [row for row in _rows(frames, table) if row["form_id"] == form["form_id"]]

    def add(table: str, row: Row, key: tuple[Any, ...], columns: Iterable[str]) -> None:
        texts = tuple(None if part is None else str(part) for part in key)
        for name in columns:
            if row[name] is not None:
                found[table, texts, name] = (row[name], row["locator"])

    for row in rows("fact_expenditures"):
        name = None if row["project_name"] == form["project_name"] else row["project_name"]
        key = (row["item_code"], row["fund_source_code"], row["phase_code"], row["amount_year"], name)
        add("fact_expenditures", row, key, ["amount_wanyuan"])
    for row in rows("fact_evaluations"):
        columns = _own_columns("fact_evaluations") - _EVALUATION_KEY
        add("fact_evaluations", row, (row["item_code"], row["fund_source_code"]), sorted(columns))
    for table in gold.WIDE.values():
        for row in rows(table):
            add(table, row, (), sorted(_own_columns(table)))
    for row in rows("fact_counts"):
        add("fact_counts", row, (row["count_code"], row["count_year"]), ["count_value"])
    for row in rows("fact_changes"):
        names = ("item_code", "fund_source_code", "phase_code", "amount_year", "change_basis_code")
        add("fact_changes", row, tuple(row[name] for name in names), ["change_wanyuan", "change_pct"])
    return found


def _own_columns(table: str) -> set[str]:
    """Columns of a fact table that hold what it is about: neither identity nor place."""
    common = set(catalogue().tables["unmapped_labels"].column_names)
    return set(catalogue().tables[table].column_names) - common - _NOT_FACTS


def _add_indicators(expected: list[Row], found: list[Row], values: dict[Key, Any], facts: Found) -> None:
    """Indicators side by side, aligned by name and, between those that agree, by order."""
    pairs = list(
        _aligned([_plain(row.get("indicator_name")) for row in expected], [_plain(row["indicator_name"]) for row in found])
    )
    number_of = {left: found[right]["indicator_number"] for left, right in pairs if left is not None and right is not None}
    for left, right in pairs:
        said = {} if left is None else expected[left]
        # The row's own number where it was found, so that quarantine can be asked for it; else one that no row has.
        number = f"-{(left or 0) + 1}" if right is None else str(found[right]["indicator_number"])
        if "shares_score_with" in said:
            said = {**said, "shares_score_with": number_of.get(said["shares_score_with"] - 1, said["shares_score_with"])}
        for column in gold.INDICATOR.values():
            key = ("fact_indicators", (number,), column)
            if said.get(column) is not None:
                values[key] = said[column]
            got = None if right is None else found[right].get(column)
            is_direction = column == "target_operator" and got not in gold.NO_OPERATOR
            if right is not None and got is not None and (column in said or column not in gold.JUDGED_IF_NAMED or is_direction):
                facts[key] = (got, found[right]["locator"])


def _aligned(expected: list[str], found: list[str]) -> Iterable[tuple[int | None, int | None]]:
    for _, left, left_end, right, right_end in SequenceMatcher(None, expected, found, autojunk=False).get_opcodes():
        for step in range(max(left_end - left, right_end - right)):
            yield (
                left + step if left + step < left_end else None,
                right + step if right + step < right_end else None,
            )


# values --------------------


def _verdict(
    table: str, column: str, expected: Any, got: Any, place: str | None, key: str = "", is_negative: bool = False
) -> Judged:
    """Verdict on one value; an empty verdict where neither side has one."""
    if expected in (None, "") and got in (None, ""):
        verdict = ""
    elif got in (None, ""):
        verdict = "lost"
    elif expected in (None, ""):
        # A form or report that is not off-template or the like is none that gold needs to list.
        verdict = "extra"
    else:
        verdict = "right" if _is_same(expected, got) else "wrong"
    return Judged(table, column, verdict, _shown(expected), _shown(got), key, place, is_negative=is_negative)


def _is_same(expected: Any, got: Any) -> bool:
    if isinstance(got, bool):
        return bool(expected) is got
    if isinstance(got, Decimal | int | float):
        number = _number(expected)
        return number is not None and number.quantize(_PLACES) == Decimal(str(got)).quantize(_PLACES)
    return _plain(expected) == _plain(got)


def _number(value: Any) -> Decimal | None:
    try:
        return None if isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        return None


def _plain(value: Any) -> str:
    return "" if value is None else re.sub(r"\s+", "", str(value))


def _shown(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return None if value is None else str(value)


def _rows(frames: Frames, table: str) -> list[Row]:
    return frames[table].to_dicts() if table in frames else []
