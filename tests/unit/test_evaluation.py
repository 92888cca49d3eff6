"""The judge is judged: errors planted in a document or in its gold are found, each as what it is, and none other."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipelines import evaluation
from pipelines.cli import main
from pipelines.evaluation.comparing import judge
from pipelines.evaluation.gold import Case, GoldError
from pipelines.evaluation.measures import SCHEMA
from tests.support.reports import PROJECT, TITLE, Frames, changed, frames, table

DOCUMENT = TITLE + table(PROJECT)
FORM: dict[str, Any] = {
    "form_kind": "project_evaluation",
    "template_id": "HN-PROJ",
    "project_name": "甲项目",
    "supervising_department_name": "甲市乙局",
    "expenditures": [
        {"item": "project_expenditure", "fund": fund, "budget_initial": first, "budget_final": second, "executed": third}
        for fund, first, second, third in (
            ("fiscal_appropriation", "8", "9", "8.5"),
            ("carry_over", "2", 2, "2.00"),
            ("other_funds", 0, 0, 0),
            ("all", 10, 11, 10.5),
        )
    ],
    "evaluations": [
        {
            "item": "project_expenditure",
            "execution_rate_reported_pct": "95.45",
            "execution_weight_points": 10,
            "execution_score_points": "9.55",
            "total_weight_points": 100,
            "total_score_points": "98.55",
        }
    ],
    "indicators": [
        {
            "level1": "output", "level2": "quantity", "name": "培训 次数", "target_raw": "≥3次", "target_operator": "ge",
            "target_value": 3, "target_unit": "次", "actual_raw": "3次", "actual_value": 3, "actual_unit": "次", "weight": 50,
            "score": 50,
        },
        {
            "level1": "benefit", "level2": "social_benefit", "name": "社会影响", "target_raw": "提升", "actual_raw": "已提升",
            "weight": 40, "score": 39, "reason": "宣传不足",
        },
    ],
}  # fmt: skip


def gold(form: dict[str, Any] | None = None, **content: Any) -> Case:
    report = {"department": "甲市乙局", "fiscal_year": 2024, "forms": [form or FORM]}
    return Case("HN", "report", (), {"city": "anlan", "folder_year": 2024, "reports": [report], **content})


def planted(*path: str | int, value: Any) -> dict[str, Any]:
    """The gold form with one value replaced, or removed where it is None."""
    form = copy.deepcopy(FORM)
    entry: Any = form
    for step in path[:-1]:
        entry = entry[step]
    if value is None:
        del entry[path[-1]]
    else:
        entry[path[-1]] = value
    return form


def missed(case: Case, found: Frames) -> list[tuple[str, str, str | None, str | None]]:
    rows = [entry for entry in judge(case, found) if entry.verdict != "right"]
    return [(f"{entry.table_name}.{entry.field_name}", entry.verdict, entry.gold, entry.got) for entry in rows]


def measured(case: Case, found: Frames) -> dict[str, Any]:
    known = {"family": case.family, "case": case.name, "file": "HN/report.txt", "format": "txt"}
    judged = pl.DataFrame([{**known, **vars(entry)} for entry in judge(case, found)], schema=SCHEMA)
    return evaluation.measure(judged).row(0, named=True)


def test_a_document_read_right_has_no_miss() -> None:
    counts = measured(gold(), frames(DOCUMENT))
    # 12 amounts, 5 of the evaluation, 12 + 8 of the indicators, 2 of the report;
    # of the form kind, template, project, supervisor and that it is not off-template
    assert counts["values"] == counts["right"] == 12 + 5 + 12 + 8 + 2 + 5
    assert (counts["precision"], counts["recall"], counts["exactness"]) == (100, 100, 100)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("expenditures", 0, "executed"), "8.51", ("fact_expenditures.amount_wanyuan", "wrong", "8.51", "8.5")),
        (("expenditures", 0, "executed"), None, ("fact_expenditures.amount_wanyuan", "extra", None, "8.5")),
        (("evaluations", 0, "total_score_points"), "98.56", ("fact_evaluations.total_score_points", "wrong", "98.56", "98.55")),
        (("evaluations", 0, "total_score_points"), None, ("fact_evaluations.total_score_points", "extra", None, "98.55")),
        (("indicators", 1, "reason"), None, ("fact_indicators.deviation_reason", "extra", None, "宣传不足")),
        (("indicators", 1, "reason"), "无", ("fact_indicators.deviation_reason", "wrong", "无", "宣传不足")),
        (("indicators", 1, "core"), True, ("fact_indicators.is_core_indicator", "lost", "true", None)),
        (("indicators", 0, "target_operator"), "le", ("fact_indicators.target_operator", "wrong", "le", "ge")),
        (("indicators", 1, "name"), "社会影响力", ("fact_indicators.indicator_name", "wrong", "社会影响力", "社会影响")),
        (("template_id",), "HN-DEPT", ("forms.template_id", "wrong", "HN-DEPT", "HN-PROJ")),
        (("project_name",), None, ("forms.project_name", "extra", None, "甲项目")),
        (("project_name",), "乙项目", ("forms.project_name", "wrong", "乙项目", "甲项目")),
        (("is_off_template",), True, ("forms.is_off_template", "wrong", "true", "false")),
    ],
)
def test_one_planted_error_is_found_and_none_other(path: tuple[Any, ...], value: Any, expected: tuple[Any, ...]) -> None:
    assert missed(gold(planted(*path, value=value)), frames(DOCUMENT)) == [expected]


def test_an_operator_that_gold_leaves_out_says_that_there_is_none() -> None:
    without = gold(planted("indicators", 0, "target_operator", value=None))
    assert missed(without, frames(DOCUMENT)) == [("fact_indicators.target_operator", "extra", None, "ge")]
    bare = frames(TITLE + table(changed(PROJECT, ("≥3次", "3次"))))
    assert [entry for entry in missed(without, bare) if entry[0].endswith("operator")] == []


def test_a_figure_in_quarantine_is_flagged_not_lost() -> None:
    found = frames(TITLE + table(changed(PROJECT, ("8.5", "8.5.0"), ("39", "3 9"))))
    assert sorted(missed(gold(), found)) == [
        ("fact_expenditures.amount_wanyuan", "flagged", "8.5", "8.5.0"),
        ("fact_indicators.score_points", "flagged", "39", "3 9"),
    ]
    counts = measured(gold(), found)
    assert (counts["silent"], counts["lost"], counts["flagged"]) == (0, 0, 2)
    assert counts["precision"] == 100 > counts["recall"]


def test_a_figure_under_an_unmapped_label_is_flagged_once() -> None:
    found = frames(TITLE + table(changed(PROJECT, ("上年结转金额", "甲乙丙丁"))))
    verdicts = [(gold, got, verdict) for _, verdict, gold, got in missed(gold(), found)]
    assert sorted(verdicts) == [("2", "2", "flagged"), ("2", "2", "flagged"), ("2.00", "2", "flagged")]
    # One figure on paper excuses one value of gold: a fourth 2 that is nowhere is lost.
    form = copy.deepcopy(FORM)
    form["expenditures"].append({"item": "maintenance", "executed": "2"})
    assert [verdict for _, verdict, *_ in missed(gold(form), found)].count("lost") == 1


def test_a_figure_that_is_nowhere_is_lost() -> None:
    form = copy.deepcopy(FORM)
    form["expenditures"].append({"item": "maintenance", "executed": "77"})
    assert missed(gold(form), frames(DOCUMENT)) == [("fact_expenditures.amount_wanyuan", "lost", "77", None)]


def test_a_figure_under_a_wrong_code_is_extra_and_lost() -> None:
    form = planted("expenditures", 0, "fund", value="general_public_budget")
    assert sorted(verdict for _, verdict, *_ in missed(gold(form), frames(DOCUMENT))) == ["extra"] * 3 + ["lost"] * 3


def test_an_indicator_more_or_less_does_not_shift_the_others() -> None:
    without = planted("indicators", 0, value=None)
    extra = missed(gold(without), frames(DOCUMENT))
    assert {verdict for _, verdict, *_ in extra} == {"extra"}
    assert ("fact_indicators.indicator_name", "extra", None, "培训次数") in extra
    more = copy.deepcopy(FORM)
    more["indicators"].insert(1, {"level1": "output", "name": "覆盖面"})
    lost = missed(gold(more), frames(DOCUMENT))
    assert [entry[1:3] for entry in lost] == [("lost", "output"), ("lost", "覆盖面")]


@pytest.mark.parametrize(
    ("raw_text", "why", "expected"),
    [
        ("8.5.0", "malformed_number", []),
        ("8.5.0", None, []),
        ("8.5.0", "masked_number", [("quarantine.rule", "flagged", "masked_number", "malformed_number")]),
        ("9", "malformed_number", [("quarantine.rule", "wrong", "malformed_number", "fact")]),
        ("0.77", "malformed_number", [("quarantine.rule", "lost", "malformed_number", None)]),
    ],
)
def test_what_must_be_held_back_is_judged(raw_text: str, why: str | None, expected: list[Any]) -> None:
    found = frames(TITLE + table(changed(PROJECT, ("8.5", "8.5.0"))))
    form = planted("expenditures", 0, "executed", value=None)
    assert missed(gold(form, flagged=[{"raw_text": raw_text, "why": why}]), found) == expected


def test_a_form_or_report_that_gold_does_not_list_is_extra_with_all_its_facts() -> None:
    found = frames(DOCUMENT)
    case = Case("HN", "report", (), {"reports": [{"department": "甲市乙局", "fiscal_year": 2024, "forms": []}]})
    verdicts = [entry.verdict for entry in judge(case, found) if entry.table_name not in ("reports",)]
    assert len(verdicts) == 1 + 12 + 5 + 12 + 8
    assert set(verdicts) == {"extra"}


def test_facts_from_a_negative_are_wrong_in_silence() -> None:
    expect = {"outcome": "rejected", "reason": "not_self_evaluation"}
    case = Case("negatives", "target", (), {"expect": expect})
    rejected = frames("2024年度甲市乙局预算绩效目标批复的通知\n\n请认真执行。\n")
    assert [entry for entry in missed(case, rejected) if entry[0] != "reports.reason"] == []
    found = frames(DOCUMENT)
    counts = measured(case, found)
    assert counts["from_negatives"] == sum(found[name].height for name in found if name.startswith("fact_"))
    assert counts["silent"] == counts["from_negatives"] + 1  # it was not rejected, either; that it has no reason is lost


def test_shares_and_the_verdict_on_a_family() -> None:
    known = {
        "family": "甲",
        "case": "a",
        "file": "a.txt",
        "format": "txt",
        "table_name": "t",
        "field_name": "f",
        "is_negative": False,
    }
    verdicts = ["right"] * 6 + ["wrong", "extra", "flagged", "lost"]
    judged = pl.DataFrame([{**known, "verdict": verdict} for verdict in verdicts], schema=SCHEMA)
    row = evaluation.measure(judged, "family").row(0, named=True)
    assert (row["documents"], row["values"], row["right"], row["silent"]) == (1, 9, 6, 2)
    assert (row["precision"], row["exactness"]) == (75, 60)
    assert evaluation.percent(row["recall"]) == "66.66"
    assert evaluation.fails(judged, 50)
    good = judged.filter(~pl.col("verdict").is_in(["wrong", "extra"]))
    assert not evaluation.fails(good, 75) and evaluation.fails(good, 75.1)
    assert evaluation.misses(judged)["verdict"].to_list() == ["wrong", "extra", "lost", "flagged"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "HN"
    place.mkdir()
    (place / "report.txt").write_text(DOCUMENT, encoding="utf-8")
    (place / "report.gold.yml").write_text(yaml.safe_dump(dict(gold().content), allow_unicode=True), encoding="utf-8")
    return tmp_path


def test_the_command_measures_writes_and_judges(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(folder), "--lang", "en", "--write", str(folder / "page.md")]) == 0
    assert "1 documents, 44 values: 44 right, 0 wrong in silence" in capsys.readouterr().out
    page = (folder / "page.md").read_text(encoding="utf-8")
    assert "| HN | 1 | 44 | 44 | 0 | 0 | 0 | 0 | 100.00 | 100.00 | 100.00 |" in page
    wrong = dict(gold(planted("expenditures", 0, "executed", value="8.51")).content)
    (folder / "HN" / "report.gold.yml").write_text(yaml.safe_dump(wrong, allow_unicode=True), encoding="utf-8")
    assert main(["evaluate", str(folder), "--json", "--at-least", "50"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["passed"], told["total"]["silent"], told["misses"][0]["got"]) == (False, 1, "8.5")


def test_the_command_measures_without_the_templates_of_a_family(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["evaluate", str(folder), "--without", "HN-PROJ", "--json"])
    (told,) = json.loads(capsys.readouterr().out)
    assert told["left_out"] == ["HN-PROJ"]
    assert (told["values"], told["right"] + told["flagged"] + told["lost"] + told["wrong"]) == (12, 12)
    assert code == (0 if told["right"] >= 10 and not told["silent"] and told["forms"] == told["forms_marked"] else 1)


@pytest.mark.parametrize(
    ("path", "key", "says"),
    [
        ((), "sauce", "gold has no key sauce"),
        (("reports", 0, "forms", 0, "indicators", 0), "socre", "indicator has no key socre"),
        (("reports", 0, "forms", 0, "expenditures", 0), "executd", "expenditures have no key executd"),
        (("reports", 0, "forms", 0, "evaluations", 0), "total_points", "fact_evaluations has no column total_points"),
    ],
)
def test_a_misspelt_key_is_an_error(folder: Path, path: tuple[Any, ...], key: str, says: str) -> None:
    content = copy.deepcopy(dict(gold().content))
    entry: Any = content
    for step in path:
        entry = entry[step]
    entry[key] = 1
    (folder / "HN" / "report.gold.yml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    with pytest.raises(GoldError, match=says):
        evaluation.cases(folder)
    assert main(["evaluate", str(folder)]) == 2


def test_gold_without_a_document_and_an_unknown_family_are_errors(folder: Path) -> None:
    with pytest.raises(GoldError, match=r"no .*of SC"):
        evaluation.cases(folder, ["SC"])
    with pytest.raises(GoldError, match="neither a family nor a template"):
        evaluation.templates_of(evaluation.cases(folder), "SC-PROJ")
    (folder / "HN" / "report.txt").unlink()
    with pytest.raises(GoldError, match="no document"):
        evaluation.cases(folder)
