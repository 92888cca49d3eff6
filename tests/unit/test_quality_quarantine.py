"""The quality step of a run folder: rows move to quarantine, figures stay counted, pages are written, twice is as once."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.catalogue.schemas import polars_schema
from pipelines.quality import SuiteError, check_table, datadocs, quarantine
from pipelines.settings import Settings
from tests.support.facts import fact_frame, figure_cells, write_run

TABLE = "fact_personnel"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(home=tmp_path / "home")


@pytest.fixture
def run(settings: Settings) -> Path:
    frame = fact_frame(TABLE, {}, {"in_post_count": -1, "raw_text": "-1"}, {})
    cells = pl.concat(
        [
            figure_cells(TABLE, frame, "staffing_quota_count"),
            figure_cells(TABLE, frame, "in_post_count"),
            figure_cells(TABLE, frame, "retirees_count", is_figure=False),
            figure_cells("fact_goals", frame, "quantity_value"),
        ]
    )
    return write_run(settings.home / "runs" / "night-1", {TABLE: frame, "figure_cells": cells})


def read(run: Path) -> dict[str, pl.DataFrame]:
    return {path.stem: pl.read_parquet(path) for path in sorted((run / "facts").glob("*.parquet"))}


def test_failing_row_moves_to_quarantine_with_its_figures(settings: Settings, run: Path) -> None:
    counts = check_table(settings, run, TABLE)
    after = read(run)
    assert counts["rows_checked_count"] == 3
    assert counts["rows_quarantined_count"] == 1
    assert counts["figures_quarantined_count"] == 2
    assert counts["expectations_failed_count"] == 1
    assert after[TABLE]["row_id"].to_list() == [f"{1:020x}", f"{3:020x}"]
    (row,) = after["quarantine"].to_dicts()
    assert after["quarantine"].schema == polars_schema("quarantine")
    assert (row["rule"], row["state"], row["table_name"], row["field_name"]) == (
        "failed_expectation",
        "open",
        TABLE,
        "in_post_count",
    )
    assert (row["row_id"], row["raw_text"], row["locator"], row["figures_quarantined_count"]) == (
        f"{2:020x}",
        "-1",
        "table 1 row 2 column 3",
        2,
    )
    assert (
        row["reason"] == "expect_column_values_to_be_between(in_post_count, min_value=0, max_value=100000): in_post_count = -1"
    )
    assert json.loads(row["record"])["in_post_count"] == -1


def test_figure_cells_of_the_row_go_and_those_of_others_stay(settings: Settings, run: Path) -> None:
    check_table(settings, run, TABLE)
    left = read(run)["figure_cells"].filter(pl.col("row_id") == f"{2:020x}")
    assert left["table_name"].to_list() == ["fact_goals"]


def test_second_check_finds_nothing_and_changes_nothing(settings: Settings, run: Path) -> None:
    check_table(settings, run, TABLE)
    once = read(run)
    counts = check_table(settings, run, TABLE)
    assert counts["rows_quarantined_count"] == 0
    assert {name: frame.to_dicts() for name, frame in read(run).items()} == {
        name: frame.to_dicts() for name, frame in once.items()
    }


@pytest.mark.parametrize("written", [1, 2])
def test_interrupted_check_is_completed_by_the_next(
    settings: Settings, run: Path, written: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = quarantine.replace_atomically
    calls: list[Path] = []

    def interrupted(path: Path, write: object) -> None:
        if len(calls) == written:
            raise KeyboardInterrupt
        calls.append(path)
        replace(path, write)  # type: ignore[arg-type]

    monkeypatch.setattr(quarantine, "replace_atomically", interrupted)
    with pytest.raises(KeyboardInterrupt):
        check_table(settings, run, TABLE)
    monkeypatch.setattr(quarantine, "replace_atomically", replace)
    check_table(settings, run, TABLE)
    after = read(run)
    assert after["quarantine"]["figures_quarantined_count"].to_list() == [2]
    assert len(after[TABLE]) == 2


def test_quarantine_of_the_extraction_is_kept(settings: Settings, run: Path) -> None:
    check_table(settings, run, TABLE)
    earlier = read(run)["quarantine"]
    goals = fact_frame("fact_goals", {"quantity_value": Decimal(-3)})
    goals.write_parquet(run / "facts" / "fact_goals.parquet")
    check_table(settings, run, "fact_goals")
    after = read(run)["quarantine"]
    assert after[:1].equals(earlier)
    assert after["table_name"].to_list() == [TABLE, "fact_goals"]
    assert json.loads(after["record"][1])["quantity_value"] == "-3.000000"


def test_rows_of_one_row_id_become_one_quarantine_row_that_keeps_both_records() -> None:
    failing = fact_frame(TABLE, {"row_id": "a" * 20}, {"row_id": "a" * 20}).with_columns(
        pl.lit("row_id").alias("field_name"), pl.lit("twice").alias("reason")
    )
    (row,) = quarantine.quarantine_rows(TABLE, failing, figure_cells(TABLE, failing[:0], "in_post_count")).to_dicts()
    assert [record["form_id"][-2:] for record in json.loads(row["record"])] == ["01", "02"]
    assert row["figures_quarantined_count"] == 0


def test_broken_suite_leaves_the_run_untouched(settings: Settings, run: Path, tmp_path: Path) -> None:
    before = read(run)
    (tmp_path / "expectations").mkdir()
    broken = Settings.load(home=settings.home, project=tmp_path)
    with pytest.raises(SuiteError):
        check_table(broken, run, TABLE)
    assert all(frame.equals(before[name]) for name, frame in read(run).items())


def test_empty_table_is_checked_without_a_page(settings: Settings, run: Path) -> None:
    assert check_table(settings, run, "fact_goals")["rows_checked_count"] == 0
    assert not (settings.home / "data_docs").exists()


def test_pages_are_listed_and_fetch_nothing(settings: Settings, run: Path) -> None:
    check_table(settings, run, TABLE)
    folder = settings.home / "data_docs"
    (entry,) = json.loads((folder / datadocs.NIGHTS).read_text(encoding="utf-8"))
    assert (entry["run"], entry["table"], entry["rows"], entry["quarantined"]) == ("night-1", TABLE, 3, 1)
    assert entry["page"] in (folder / "index.html").read_text(encoding="utf-8")
    pages = sorted(folder.rglob("*.html"))
    assert folder / entry["page"] in pages
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert datadocs.POLICY in text
        assert not any(mark in text for mark in ("<script", "<link", "<img", "url(http", "url('http"))
    assert not (folder / "static").exists()
    assert not datadocs.rendering_folder(folder).exists()


def test_old_nights_leave_the_index_and_the_disk(settings: Settings, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datadocs, "NIGHTS_KEPT", 1)
    check_table(settings, run, TABLE)
    check_table(settings, run.rename(run.with_name("night-2")), TABLE)
    folder = settings.home / "data_docs"
    assert [entry["run"] for entry in json.loads((folder / datadocs.NIGHTS).read_text(encoding="utf-8"))] == ["night-2"]
    assert len(list((folder / "validations").rglob("*.html"))) == 1
