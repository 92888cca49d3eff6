"""Frames of facts: row ids, duplicates, absences, conservation, determinism, and files that have gone wrong."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines import forms
from pipelines.catalogue import catalogue
from pipelines.catalogue.schemas import polars_schema
from pipelines.documents import Document
from pipelines.facts import settle
from pipelines.facts.places import city, resolve
from pipelines.facts.settlement import count_figures
from tests.support.reports import (
    BASE,
    DEPARTMENT,
    EMPTY,
    PROJECT,
    REFERENCE,
    TITLE,
    Frames,
    amounts,
    changed,
    counts,
    frames,
    table,
)

REPORT = f"{TITLE}基础数据表\n{table(BASE)}整体支出绩效自评表\n{table(DEPARTMENT)}项目支出绩效自评表\n{table(PROJECT)}"
FACTS = tuple(name for name in catalogue().tables if name.startswith("fact_"))


@pytest.fixture(scope="module")
def found() -> Frames:
    return frames(REPORT)


@pytest.mark.parametrize("name", list(catalogue().tables))
def test_every_frame_has_the_catalogues_columns_and_types(found: Frames, name: str) -> None:
    assert dict(found[name].schema) == polars_schema(name)
    required = catalogue().tables[name].required
    assert {column for column in required if found[name][column].null_count()} == set()


@pytest.mark.parametrize("name", [name for name in catalogue().tables if "row_id" in catalogue().tables[name].column_names])
def test_row_ids_are_unique(found: Frames, name: str) -> None:
    key = catalogue().tables[name].key
    assert found[name].select(key).is_duplicated().sum() == 0
    if key == ("row_id",) or name in FACTS:
        assert found[name]["row_id"].n_unique() == found[name].height


def test_the_same_bytes_give_equal_frames() -> None:
    once, again = frames(REPORT), frames(REPORT)
    for name, frame in once.items():
        assert frame.equals(again[name], null_equal=True), name


def test_another_revision_has_other_row_ids(found: Frames) -> None:
    revised = frames(REPORT.replace("10.11", "10.12"))
    for name in FACTS:
        assert set(found[name]["row_id"]).isdisjoint(revised[name]["row_id"]), name


def test_reports_do_not_touch_each_other(found: Frames) -> None:
    both = frames(REPORT, REPORT.replace("10.11", "10.12"))
    first = both["reports"]["report_id"][0]
    for name in FACTS:
        assert both[name].filter(report_id=first).equals(found[name], null_equal=True), name


def test_every_cell_of_a_fact_is_a_figure_cell(found: Frames) -> None:
    cells = found["figure_cells"]
    for name in ("fact_expenditures", "fact_indicators", "fact_evaluations", "fact_personnel"):
        assert set(found[name]["row_id"]) <= set(cells.filter(table_name=name)["row_id"]), name
    wanted = cells.filter(pl.col("table_name") == "fact_expenditures").select("row_id", "raw_text", "locator")
    assert (
        wanted.join(found["fact_expenditures"], on=["row_id", "raw_text", "locator"]).height
        == found["fact_expenditures"].height
    )


def with_row(label: str, *cells: str) -> Frames:
    return frames(f"{TITLE}基础数据表\n{table([*BASE, [label, *cells]])}")


def test_an_equal_duplicate_is_one_fact_with_two_cells() -> None:
    found = with_row("三公经费", "37.11", "14.00", "10.11")
    rows = found["fact_expenditures"].filter(item_code="three_public")
    assert rows.height == 3
    cells = found["figure_cells"].filter(pl.col("row_id").is_in(rows["row_id"].implode()))
    assert sorted(cells["raw_text"]) == ["10.11", "10.11", "14", "14.00", "37.11", "37.11"]
    assert counts(found) == (36, 36, 0, 0)


def test_conflicting_duplicates_are_quarantined_both() -> None:
    found = with_row("三公经费", "37.11", "15", "10.11")
    assert found["quarantine"].select("rule", "raw_text").rows() == [
        ("conflicting_duplicate", "14"),
        ("conflicting_duplicate", "15"),
    ]
    assert ("three_public", "all", "budget", 2024) not in amounts(found, "base_data")
    assert amounts(found, "base_data")["three_public", "all", "final_accounts", 2024] == "10.11"
    assert (counts(found), found["reports"]["outcome"].to_list()) == ((36, 34, 2, 0), ["partial"])


@pytest.mark.parametrize(("cell", "code"), [(EMPTY, "blank"), ("无", "none"), ("—", "dash"), ("/", "dash"), ("***", "masked")])
def test_absences_are_kept_and_none_is_zero(cell: str, code: str) -> None:
    found = frames(f"{TITLE}基础数据表\n{table(changed(BASE, ('101.98', cell)))}")
    assert ("procurement", "all", "budget", 2024) not in amounts(found, "base_data")
    absent = found["absent_values"].filter(item_code="procurement")
    assert absent.select("absence_code", "phase_code", "amount_year").rows() == [(code, "budget", 2024)]
    assert counts(found) == (32, 32, 0, 0)


@pytest.mark.parametrize("cell", ["9" * 25, "1000000000000", "7,00.0,77", "10\n20", "3*"])
def test_no_cell_can_stop_the_others(cell: str) -> None:
    found = frames(f"{TITLE}基础数据表\n{table(changed(BASE, ('101.98', cell)))}", REPORT)
    assert found["quarantine"]["raw_text"].to_list() == [cell]
    assert found["reports"]["outcome"].to_list() == ["partial", "parsed"]


def test_a_count_beyond_its_column_is_quarantined() -> None:
    found = frames(f"{TITLE}基础数据表\n{table(changed(BASE, ('23', '99999999999')))}")
    assert found["quarantine"].select("field_name", "rule").rows() == [("staffing_quota_count", "malformed_number")]
    assert found["fact_personnel"].select("staffing_quota_count", "in_post_count").rows() == [(None, 22)]


def test_a_lost_figure_rejects_the_whole_report_and_no_other(found: Frames) -> None:
    both = frames(REPORT, REPORT.replace("10.11", "10.12"))
    first, second = both["reports"]["report_id"]
    lost = both["figure_cells"].filter("is_figure", pl.col("report_id") == first)["locator"][0]
    damaged = both | {"figure_cells": both["figure_cells"].filter((pl.col("report_id") != first) | (pl.col("locator") != lost))}
    settled = count_figures(damaged)
    assert settled["reports"].select("outcome", "reason").rows() == [("rejected", "not_conserved"), ("parsed", None)]
    for name in FACTS:
        if not both[name].is_empty():
            assert set(settled[name]["report_id"]) == {second}, name


def test_settling_a_run_counts_what_quality_has_moved(found: Frames, tmp_path: Path) -> None:
    folder = tmp_path / "facts"
    folder.mkdir()
    cell = found["figure_cells"].filter(table_name="fact_personnel", field_name="in_post_count")
    row = found["fact_personnel"].filter(pl.col("row_id").is_in(cell["row_id"].implode()))
    moved = {name: row[name][0] if name in row.columns else None for name in polars_schema("quarantine")}
    moved |= {
        "table_name": "fact_personnel",
        "rule": "failed_expectation",
        "reason": "-",
        "figures_quarantined_count": 3,
        "state": "open",
    }
    changes = {
        "figure_cells": found["figure_cells"].filter(~pl.col("row_id").is_in(row["row_id"].implode())),
        "fact_personnel": found["fact_personnel"].filter(~pl.col("row_id").is_in(row["row_id"].implode())),
        "quarantine": pl.concat([found["quarantine"], pl.DataFrame([moved], schema=polars_schema("quarantine"))]),
    }
    for name, frame in (found | changes).items():
        frame.write_parquet(folder / f"{name}.parquet")
    extracted = counts(found)[0]
    assert settle(tmp_path) == {
        "parsed": 0,
        "partial": 1,
        "rejected": 0,
        "figures_extracted_count": extracted,
        "figures_accepted_count": extracted - 3,
        "figures_rejected_count": 0,
        "figures_quarantined_count": 3,
        "figures_unmapped_count": 0,
    }
    assert pl.read_parquet(folder / "reports.parquet")["outcome"].to_list() == ["partial"]


def test_amounts_are_decimals_of_six_places(found: Frames) -> None:
    assert found["fact_expenditures"].schema["amount_wanyuan"] == pl.Decimal(18, 6)


def test_cities_and_departments() -> None:
    assert city(REFERENCE, "zhuzhou").code == "430200"
    assert (city(REFERENCE, "nowhere").code, city(REFERENCE, "nowhere").name) == ("nowhere", None)
    known = resolve(REFERENCE, "anlan", "安澜市 史志档案馆", 2024)
    assert known is not None and known.department_id == "anlan-archive"
    assert resolve(REFERENCE, "anlan", None, 2024) is None


def test_a_fault_of_the_engine_costs_its_file_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    extract = forms.extract

    def failing(document: Document, folder_year: int | None, province: str | None) -> list[forms.Extraction]:
        if "坏" in str(document.blocks):
            raise ValueError("no such section")
        return extract(document, folder_year, province)

    monkeypatch.setattr(forms, "extract", failing)
    reports = frames(REPORT, REPORT + "\n坏\n")["reports"].select("outcome", "reason", "detail").rows()
    assert reports == [("parsed", None, None), ("rejected", "crashed", "extraction: ValueError: no such section")]
