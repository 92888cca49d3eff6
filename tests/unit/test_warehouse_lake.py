"""Merging runs into the lake."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.archive import plan, planning, register
from pipelines.archive.planning import report_id
from pipelines.catalogue import catalogue
from pipelines.catalogue.schemas import polars_schema
from pipelines.home import LakeError, lake_files, lake_partitions
from pipelines.settings import Settings
from pipelines.warehouse import merge, start_run
from pipelines.warehouse.lake import lake_digest, lake_row_counts
from tests.support.frames import READERS, TEMPLATES, extract, merge_night, put, report_frames, write_facts


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(register, "RACY_NS", -1)
    (tmp_path / "raw").mkdir()
    return Settings.load(raw=tmp_path / "raw", home=tmp_path / "home", project=tmp_path, workers=2)


def lake(settings: Settings, table: str) -> pl.DataFrame:
    return pl.read_parquet(lake_files(settings.home, table))


def amounts(settings: Settings) -> list[Decimal]:
    return lake(settings, "fact_expenditures")["amount_wanyuan"].sort().to_list()


def outcomes(settings: Settings) -> dict[str, tuple[object, ...]]:
    """Of every revision in `reports`: is_current, whether it is superseded, its reason."""
    return {
        f"{row['file_name']} {row['byte_count']}": (row["is_current"], row["superseded_by"] is not None, row["reason"])
        for row in lake(settings, "reports").iter_rows(named=True)
    }


def test_first_night_fills_every_table_of_every_partition(settings: Settings) -> None:
    put(settings, "zhuzhou/2024/a.txt", "1.5")
    put(settings, "zhuzhou/2023/a.txt", "2.5")
    put(settings, "stray.txt", "3")
    counts = merge_night(settings)
    assert counts == {"partitions_written": 3, "reports_merged": 3, "reports_retired": 0}
    assert list(lake_partitions(settings.home)) == ["_misplaced/0", "zhuzhou/2023", "zhuzhou/2024"]
    assert amounts(settings) == [Decimal("1.5"), Decimal("2.5")]
    for table in catalogue().tables:
        assert dict(lake(settings, table).schema) == polars_schema(table)
    assert lake_row_counts(settings)["reports"] == 3


def test_night_without_changes_writes_nothing(settings: Settings) -> None:
    put(settings, "zhuzhou/2024/a.txt", "1.5")
    merge_night(settings)
    manifest = settings.home / "lake" / "manifest.json"
    before, digest = manifest.stat().st_mtime_ns, lake_digest(settings)
    assert merge_night(settings) == {"partitions_written": 0, "reports_merged": 0, "reports_retired": 0}
    assert (manifest.stat().st_mtime_ns, lake_digest(settings)) == (before, digest)


def test_same_run_again_gives_the_same_lake(settings: Settings) -> None:
    put(settings, "zhuzhou/2024/a.txt", "1.5")
    run = start_run(settings)
    plan(settings, run, READERS, TEMPLATES)
    extract(settings, run)
    merge(settings, run)
    digest = lake_digest(settings)
    assert merge(settings, run)["partitions_written"] == 0
    assert lake_digest(settings) == digest


def test_order_of_arrival_does_not_matter(settings: Settings) -> None:
    put(settings, "zhuzhou/2024/a.txt", "1")
    put(settings, "zhuzhou/2024/b.txt", "2")
    run = start_run(settings)
    plan(settings, run, READERS, TEMPLATES)
    extract(settings, run)
    merge(settings, run)
    digest = lake_digest(settings)
    for path in (run / "facts").iterdir():
        pl.read_parquet(path).reverse().write_parquet(path)
    merge(settings, run)
    assert lake_digest(settings) == digest


def test_changed_file_replaces_its_facts_and_keeps_its_history(settings: Settings) -> None:
    put(settings, "zhuzhou/2024/a.txt", "1")
    put(settings, "zhuzhou/2023/b.txt", "2")
    merge_night(settings)
    untouched = lake_partitions(settings.home)["zhuzhou/2023"]["version"]
    former = lake_partitions(settings.home)["zhuzhou/2024"]["version"]
    put(settings, "zhuzhou/2024/a.txt", "3.5")
    assert merge_night(settings) == {"partitions_written": 1, "reports_merged": 1, "reports_retired": 1}
    assert amounts(settings) == [Decimal(2), Decimal("3.5")]
    assert lake(settings, "forms").height == lake(settings, "figure_cells").height == 2
    assert outcomes(settings) == {
        "zhuzhou/2024/a.txt 1": (False, True, None),
        "zhuzhou/2024/a.txt 3": (True, False, None),
        "zhuzhou/2023/b.txt 1": (True, False, None),
    }
    assert lake_partitions(settings.home)["zhuzhou/2023"]["version"] == untouched
    assert not (settings.home / "lake" / "zhuzhou" / "2024" / former).exists()


def test_gone_file_loses_its_facts_and_keeps_its_row(settings: Settings) -> None:
    path = put(settings, "zhuzhou/2024/a.txt", "1")
    put(settings, "zhuzhou/2024/b.txt", "2")
    merge_night(settings)
    path.unlink()
    assert merge_night(settings)["reports_retired"] == 1
    assert amounts(settings) == [Decimal(2)]
    assert outcomes(settings)["zhuzhou/2024/a.txt 1"] == (False, False, None)


def test_moved_to_another_year_moves_its_facts(settings: Settings) -> None:
    path = put(settings, "zhuzhou/2024/a.txt", "1")
    put(settings, "zhuzhou/2024/b.txt", "2")
    merge_night(settings)
    put(settings, "zhuzhou/2023/a.txt", "1")
    path.unlink()
    assert merge_night(settings)["partitions_written"] == 2
    assert amounts(settings) == [Decimal(1), Decimal(2)]
    assert outcomes(settings)["zhuzhou/2024/a.txt 1"] == (False, True, None)
    assert outcomes(settings)["zhuzhou/2023/a.txt 1"] == (True, False, None)


def test_duplicate_has_a_row_and_no_facts(settings: Settings) -> None:
    put(settings, "zhuzhou/2024/a.txt", "1")
    put(settings, "zhuzhou/2024/b.txt", "1")
    merge_night(settings)
    assert amounts(settings) == [Decimal(1)]
    assert outcomes(settings)["zhuzhou/2024/b.txt 1"] == (False, True, "duplicate_content")
    (settings.raw / "zhuzhou" / "2024" / "a.txt").unlink()
    merge_night(settings)
    assert amounts(settings) == [Decimal(1)]
    assert outcomes(settings)["zhuzhou/2024/b.txt 1"] == (True, False, None)
    assert outcomes(settings)["zhuzhou/2024/a.txt 1"] == (False, True, None)


def test_lost_register_retires_what_is_no_longer_there(settings: Settings) -> None:
    path = put(settings, "zhuzhou/2024/a.txt", "1")
    put(settings, "zhuzhou/2024/b.txt", "2")
    merge_night(settings)
    path.unlink()
    register.register_path(settings.home).unlink()
    merge_night(settings)
    assert amounts(settings) == [Decimal(2)]
    assert outcomes(settings)["zhuzhou/2024/a.txt 1"] == (False, False, None)


def test_partition_of_an_older_catalogue_gets_todays_columns(settings: Settings) -> None:
    put(settings, "zhuzhou/2024/a.txt", "1")
    merge_night(settings)
    manifest = settings.home / "lake" / "manifest.json"
    content = json.loads(manifest.read_bytes())
    del content["partitions"]["zhuzhou/2024"]["rows"]["fact_goals"]
    manifest.write_text(json.dumps(content))
    (path,) = lake_files(settings.home, "fact_expenditures")
    (path.parent / "fact_goals.parquet").unlink()
    pl.read_parquet(path).drop("project_name").with_columns(retired=pl.lit(1)).write_parquet(path)
    put(settings, "zhuzhou/2024/b.txt", "2")
    merge_night(settings)
    assert dict(lake(settings, "fact_expenditures").schema) == polars_schema("fact_expenditures")
    assert amounts(settings) == [Decimal(1), Decimal(2)]
    assert lake(settings, "fact_goals").height == 0


def test_run_without_a_planned_report_is_refused(settings: Settings) -> None:
    put(settings, "zhuzhou/2024/a.txt", "1")
    run = start_run(settings)
    plan(settings, run, READERS, TEMPLATES)
    with pytest.raises(LakeError, match=r"1 of its files, first zhuzhou/2024/a\.txt"):
        merge(settings, run)
    assert lake_partitions(settings.home) == {}


def test_frame_with_other_columns_is_refused(settings: Settings) -> None:
    put(settings, "zhuzhou/2024/a.txt", "1")
    run = start_run(settings)
    plan(settings, run, READERS, TEMPLATES)
    extract(settings, run)
    path = run / "facts" / "fact_expenditures.parquet"
    pl.read_parquet(path).cast({"amount_wanyuan": pl.Float64}).write_parquet(path)
    with pytest.raises(LakeError, match="amount_wanyuan"):
        merge(settings, run)


def test_rows_of_an_unknown_report_are_refused(settings: Settings) -> None:
    put(settings, "zhuzhou/2024/a.txt", "1")
    run = start_run(settings)
    plan(settings, run, READERS, TEMPLATES)
    extract(settings, run)
    path = run / "facts" / "forms.parquet"
    pl.read_parquet(path).with_columns(report_id=pl.lit("elsewhere")).write_parquet(path)
    with pytest.raises(LakeError, match=r"forms\.parquet.*elsewhere"):
        merge(settings, run)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"partitions": {"zhuzhou/2024": {}}}'])
def test_corrupt_manifest_is_told_with_its_remedy(settings: Settings, text: str) -> None:
    put(settings, "zhuzhou/2024/a.txt", "1")
    merge_night(settings)
    (settings.home / "lake" / "manifest.json").write_text(text)
    with pytest.raises(LakeError, match=r"manifest\.json cannot be read.*Restore"):
        lake_partitions(settings.home)


@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_damaged_partition_is_told_with_its_remedy(settings: Settings, damage: str) -> None:
    put(settings, "zhuzhou/2024/a.txt", "1")
    merge_night(settings)
    run = start_run(settings)
    put(settings, "zhuzhou/2024/b.txt", "2")
    plan(settings, run, READERS, TEMPLATES)
    extract(settings, run)
    (path,) = lake_files(settings.home, "fact_expenditures")
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(LakeError, match=r"fact_expenditures\.parquet.*again"):
        merge(settings, run)


# files that hold several reports --------------------------------------------------------------------------------------------


def bring(settings: Settings, amounts_of_parts: list[str], templates: str = TEMPLATES) -> dict[str, object]:
    """A night that finds reports of these amounts in every file that has work."""
    run = start_run(settings)
    plan(settings, run, READERS, templates)
    found = []
    for row in pl.read_parquet(run / "plan.parquet").filter(work="extract").iter_rows(named=True):
        for number, amount in enumerate(amounts_of_parts, start=1):
            own = {**row, "report_id": report_id(row["file_name"], row["sha256"], number)}
            part = report_frames(own, amount)
            part["reports"][0] |= {"part_number": number, "parts_count": len(amounts_of_parts), "template_version": templates}
            found.append(part)
    write_facts(run, found)
    return merge(settings, run)


def has_documents(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the plan find a stored Document for every file."""
    there = settings.project / "document"
    there.touch()
    monkeypatch.setattr(planning, "document_path", lambda *arguments: there)


def test_all_reports_of_a_file_are_current_with_it(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    has_documents(settings, monkeypatch)
    path = put(settings, "zhuzhou/2024/a.txt", "x")
    assert bring(settings, ["1", "2", "3"]) == {"partitions_written": 1, "reports_merged": 3, "reports_retired": 0}
    assert amounts(settings) == [Decimal(1), Decimal(2), Decimal(3)]
    assert bring(settings, []) == {"partitions_written": 0, "reports_merged": 0, "reports_retired": 0}

    put(settings, "zhuzhou/2024/a.txt", "xx")
    assert bring(settings, ["4", "5"]) == {"partitions_written": 1, "reports_merged": 2, "reports_retired": 3}
    assert amounts(settings) == [Decimal(4), Decimal(5)]
    reports = lake(settings, "reports")
    now = reports.filter("is_current").sort("part_number")["report_id"].to_list()
    assert len(now) == 2
    assert reports.filter(~pl.col("is_current"))["superseded_by"].to_list() == now[:1] * 3

    path.unlink()
    put(settings, "zhuzhou/2024/b.txt", "y")
    assert bring(settings, ["6"])["reports_retired"] == 2
    assert amounts(settings) == [Decimal(6)]
    assert lake(settings, "reports").filter("is_current").height == 1


@pytest.mark.parametrize("after", [["1"], ["1", "2", "3", "4"], ["7", "8"]])
def test_a_revision_that_is_divided_anew_leaves_nothing_of_the_former_division(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, after: list[str]
) -> None:
    has_documents(settings, monkeypatch)
    put(settings, "zhuzhou/2024/a.txt", "x")
    bring(settings, ["1", "2", "3"])
    bring(settings, after, "templates-2")
    assert amounts(settings) == [Decimal(amount) for amount in after]
    reports = lake(settings, "reports").sort("part_number")
    assert reports["part_number"].to_list() == list(range(1, len(after) + 1))
    assert reports["is_current"].all()
    for table in ("forms", "figure_cells"):
        assert set(lake(settings, table)["report_id"]) == set(reports["report_id"])


def test_a_report_of_a_file_whose_first_report_is_not_brought_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_documents(settings, monkeypatch)
    put(settings, "zhuzhou/2024/a.txt", "x")
    run = start_run(settings)
    plan(settings, run, READERS, TEMPLATES)
    row = pl.read_parquet(run / "plan.parquet").row(0, named=True)
    write_facts(run, [report_frames({**row, "report_id": report_id(row["file_name"], row["sha256"], 2)}, "1")])
    with pytest.raises(LakeError, match="brings no row"):
        merge(settings, run)
