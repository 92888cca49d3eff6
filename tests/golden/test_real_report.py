"""The real report, as text and rebuilt as Word: every figure and finding, against a table that a person read from it."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipelines.facts.files import read_files
from pipelines.settings import Settings
from pipelines.warehouse.models import build_in_memory
from pipelines.warehouse.reading import rows_of
from tests.support.shared import PLACE, REAL_REPORT, needs_real_report
from tests.support.word import rebuild_as_docx

pytestmark = needs_real_report

GOLD: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("zhuzhou_xunchaban_2024.yml").read_text(encoding="utf-8"))


def decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text).quantize(Decimal("0.000001"))


@pytest.fixture(scope="module", params=["text", "docx", "wps"])
def frames(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    folder = tmp_path_factory.mktemp("raw") / "zhuzhou" / "2024"
    folder.mkdir(parents=True)
    if request.param == "text":
        path = folder / REAL_REPORT.name
        shutil.copyfile(REAL_REPORT, path)
    else:
        path = folder / f"{REAL_REPORT.stem}.docx"
        path.write_bytes(rebuild_as_docx(REAL_REPORT.read_text(encoding="utf-8"), wps=request.param == "wps"))
    return read_files([path], Settings.load())


def test_report(frames: dict[str, pl.DataFrame]) -> None:
    report = frames["reports"].row(0, named=True)
    assert (report["outcome"], report["department_name"]) == ("parsed", GOLD["department_name"])
    assert (report["fiscal_year"], report["city_code"], report["forms_count"]) == (2024, "430200", 4)
    assert report["figures_extracted_count"] == report["figures_accepted_count"] == 119
    assert frames["quarantine"].is_empty() and frames["unmapped_labels"].is_empty()


def test_expenditures(frames: dict[str, pl.DataFrame]) -> None:
    columns = [("final_accounts", 2023), ("budget", 2024), ("final_accounts", 2024)]
    expected = {
        ("base_data", item, "all", phase, year, decimal(amount))
        for item, amounts in GOLD["base_data"].items()
        for (phase, year), amount in zip(columns, amounts, strict=True)
    }
    for form in ("department_evaluation", "project_evaluation", "narrative"):
        expected |= {(form, item, fund, phase, 2024, decimal(amount)) for item, fund, phase, amount in GOLD[form]}
    key = ("form_kind", "item_code", "fund_source_code", "phase_code", "amount_year", "amount_wanyuan")
    facts = frames["fact_expenditures"]
    assert facts.height == 36 + 9 + 12 + 8
    assert set(facts.select(key).iter_rows()) == expected
    assert set(facts["unit_reported"]) == {"万元"}


def test_absences(frames: dict[str, pl.DataFrame]) -> None:
    absent = frames["absent_values"].filter(table_name="fact_expenditures")
    blank = absent.filter(absence_code="blank")
    assert sorted(blank["item_code"]) == sorted(GOLD["base_data_blank"] * 3)
    assert set(absent.filter(absence_code="none")["fund_source_code"]) == set(GOLD["narrative_none"])
    assert absent.height == 12 + 3


def test_evaluations_and_personnel(frames: dict[str, pl.DataFrame]) -> None:
    columns = [
        "execution_rate_reported_pct",
        "execution_weight_points",
        "execution_score_points",
        "total_weight_points",
        "total_score_points",
    ]
    found = frames["fact_evaluations"].select("form_kind", "item_code", *columns)
    assert set(found.iter_rows()) == {(form, item, *map(decimal, values)) for form, item, *values in GOLD["evaluations"]}
    staff = ["staffing_quota_count", "in_post_count", "control_rate_reported_pct", "quota_cut_count"]
    expected = {(form, quota, post, decimal(rate), cut) for form, (quota, post, rate, cut) in GOLD["personnel"].items()}
    assert set(frames["fact_personnel"].select("form_kind", *staff).iter_rows()) == expected


@pytest.mark.parametrize("form", ["department_evaluation", "project_evaluation"])
def test_indicators(frames: dict[str, pl.DataFrame], form: str) -> None:
    columns = [
        "level1_code",
        "level2_code",
        "indicator_name",
        "target_raw",
        "target_value",
        "actual_raw",
        "actual_value",
        "weight_points",
        "score_points",
    ]
    found = frames["fact_indicators"].filter(form_kind=form).sort("indicator_number").select(columns).rows()
    numbers = (4, 6, 7, 8)
    expected = [
        tuple(decimal(value) if index in numbers else value for index, value in enumerate(row))
        for row in GOLD["indicators"][form]
    ]
    assert found == expected


def test_findings(frames: dict[str, pl.DataFrame]) -> None:
    connection = build_in_memory(frames, Settings.load().project / "dbt_project")
    findings = rows_of(connection, "select * from marts.mart_findings")
    connection.close()
    judged = [
        (row["rule_id"], row["form_kind"], row["stated_value"], row["computed_value"], row["outcome"])
        for row in findings
        if row["rule_id"].startswith("F") and row["rule_id"] != "F30"
    ]
    expected = [
        (rule, form, decimal(stated), decimal(computed), outcome)
        for _, rule, form, stated, computed, outcome in GOLD["findings"]
    ]
    key = str
    assert sorted(judged, key=key) == sorted(expected, key=key)
    flags = [row["rule_id"] for row in findings if row["rule_id"] in GOLD["flags"]]
    assert {rule: flags.count(rule) for rule in GOLD["flags"]} == GOLD["flags"]
    places = {row_id for row in findings for row_id in row["left_row_ids"] + row["right_row_ids"]}
    assert places <= set(frames["figure_cells"]["row_id"]) | set(frames["absent_values"]["row_id"]) | set(
        frames["fact_narratives"]["row_id"]
    )


@needs_real_report
def test_word_and_text_give_the_same_facts(tmp_path: Path) -> None:
    folder = tmp_path / "zhuzhou" / "2024"
    folder.mkdir(parents=True)
    text, word = folder / "report.txt", folder / "report.docx"
    shutil.copyfile(REAL_REPORT, text)
    word.write_bytes(rebuild_as_docx(REAL_REPORT.read_text(encoding="utf-8")))
    from_text, from_word = (read_files([path], Settings.load()) for path in (text, word))
    for table in (name for name in from_text if name.startswith("fact_")):
        facts = [frames[table].drop(PLACE & set(frames[table].columns)) for frames in (from_text, from_word)]
        assert facts[0].equals(facts[1], null_equal=True), table
