"""Build, audit and publish, over a dbt project of two models."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines import warehouse
from pipelines.archive import register
from pipelines.catalogue import catalogue
from pipelines.home import current_release, lake_files
from pipelines.settings import Settings
from pipelines.warehouse import AuditError, LakeError, LockedError, ModelError, PublishError, needs_release, writer_lock
from pipelines.warehouse.build import warehouse_path
from tests.support.frames import merge_night, put, write_project


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(register, "RACY_NS", -1)
    settings = Settings.load(raw=tmp_path / "raw", home=tmp_path / "home", project=tmp_path, workers=2, keep_releases=2)
    put(settings, "zhuzhou/2024/a.txt", "1.5")
    write_project(tmp_path)
    return settings


def built(settings: Settings) -> Settings:
    merge_night(settings)
    warehouse.load(settings)
    warehouse.run_models(settings)
    return settings


def stand_in_models(settings: Settings) -> None:
    """The marts of the tiny project without dbt, for tests of what comes after."""
    with duckdb.connect(str(warehouse_path(settings))) as connection:
        connection.execute(
            "create schema marts; create table marts.mart_amounts as select amount_wanyuan from facts.fact_expenditures"
        )


def release(settings: Settings) -> dict[str, Any]:
    merge_night(settings)
    warehouse.load(settings)
    stand_in_models(settings)
    return warehouse.publish(settings)


def ask(path: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path.resolve()), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_whole_way_from_raw_file_to_release(settings: Settings) -> None:
    assert needs_release(settings)
    built(settings)
    assert warehouse.audit(settings)["checks"] > 0
    done = warehouse.publish(settings)
    path = settings.home / "current" / "warehouse.duckdb"
    assert ask(path, "select amount_wanyuan from marts.mart_amounts") == [(Decimal("1.500000"),)]
    storage = "select tags['storage_version'] from duckdb_databases() where database_name = 'warehouse'"
    assert ask(path, storage) == [("v1.4.0+",)]
    manifest = current_release(settings.home)
    assert manifest is not None
    assert manifest["release_id"] == done["release_id"]
    assert manifest["row_counts"]["facts.reports"] == 1
    assert (settings.home / "current").readlink() == Path("releases") / done["release_id"]
    names = sorted(file.name for file in (settings.home / "current").iterdir())
    assert names == ["dictionary.md", "manifest.json", "warehouse.duckdb"]
    assert "### fact_expenditures" in (settings.home / "current" / "dictionary.md").read_text(encoding="utf-8")
    assert manifest["files"] == ["warehouse.duckdb", "dictionary.md"]
    assert not needs_release(settings)


def test_facts_have_the_catalogues_types_and_bilingual_comments(settings: Settings) -> None:
    merge_night(settings)
    counts = warehouse.load(settings)
    assert counts["fact_expenditures"] == 1
    assert counts["fact_goals"] == 0
    path = warehouse_path(settings)
    columns = ask(
        path,
        "select table_name, column_name, data_type from information_schema.columns where table_schema = 'facts' "
        "order by table_name, ordinal_position",
    )
    known = catalogue().tables | catalogue().decisions
    assert columns == [(name, column.name, column.type) for name, table in sorted(known.items()) for column in table.columns]
    of_expenditures = "from duckdb_columns() where schema_name = 'facts' and table_name = 'fact_expenditures'"
    comments = dict(ask(path, f"select column_name, comment {of_expenditures}"))
    assert comments["amount_wanyuan"].startswith("金额（万元） — Amount in 10 000 yuan. 出处 — Source: 项目行与金额栏相交处")
    tables = dict(ask(path, "select table_name, comment from duckdb_tables() where schema_name = 'facts'"))
    assert all(tables[name] == f"{table.zh} — {table.en}" for name, table in known.items())
    basic = "select zh from catalogue.codes where vocabulary = 'item' and code = 'basic_expenditure'"
    assert ask(path, basic) == [("基本支出",)]


def test_load_builds_anew_over_what_a_killed_run_left(settings: Settings) -> None:
    merge_night(settings)
    path = warehouse_path(settings)
    path.parent.mkdir()
    path.write_text("half a file")
    path.with_name("warehouse.duckdb.wal").write_text("stray")
    warehouse.load(settings)
    assert ask(path, "select count(*) from facts.reports") == [(1,)]


def test_load_refuses_a_lake_that_lost_rows(settings: Settings) -> None:
    merge_night(settings)
    (path,) = lake_files(settings.home, "fact_expenditures")
    pl.read_parquet(path).clear().write_parquet(path)
    with pytest.raises(LakeError, match="fact_expenditures 0 instead of 1"):
        warehouse.load(settings)


def test_empty_lake_gives_empty_tables(settings: Settings) -> None:
    assert set(warehouse.load(settings).values()) == {0}


@pytest.mark.parametrize(
    ("mart", "said"),
    [
        ("select * from facts.absent", r"mart_amounts: (?s:.)*facts\.absent"),
        ("select report_id, 1 as amount_wanyuan from facts.reports, range(2)", "mart_amounts unique_combination: 1 rows fail"),
        ("{{ broken", "dbt could not run"),
    ],
)
def test_failing_model_or_test_is_named(settings: Settings, mart: str, said: str) -> None:
    write_project(settings.project, mart)
    with pytest.raises(ModelError, match=said):
        built(settings)
    assert not warehouse_path(settings).with_name("warehouse.duckdb.wal").exists()


_FAULTS: list[tuple[str, str]] = [
    ("drop table facts.forms", "table facts.forms is missing"),
    ("drop table marts.mart_findings", "table marts.mart_findings is missing"),
    ("delete from facts.fact_expenditures", "facts.fact_expenditures has 0 rows, the lake 1"),
    ("update facts.forms set figures_extracted_count = 2", "figures of forms are not conserved: 1"),
    ("update facts.forms set figures_accepted_count = 0, figures_unmapped_count = 1", "figures of forms are not conserved: 1"),
    ("insert into facts.fact_expenditures from facts.fact_expenditures", "facts.fact_expenditures has row_ids twice: 1"),
    ("update facts.fact_expenditures set amount_wanyuan = null", "facts.fact_expenditures has rows without amount_wanyuan: 1"),
    ("update facts.figure_cells set row_id = 'x'", "facts.fact_expenditures has rows without a source cell: 1"),
    ("update facts.figure_cells set row_id = 'x'", "facts.figure_cells leads to no fact: 1, first x"),
    (
        "update marts.mart_findings set left_row_ids = ['nowhere']",
        "marts.mart_findings names row_ids that no fact has: 1, first nowhere",
    ),
    (
        "alter table marts.mart_amounts add column share double",
        "columns that hold measures are floats: 1, first marts.mart_amounts.share",
    ),
]


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("audited")
    settings = Settings.load(raw=folder / "raw", home=folder / "home", project=folder, workers=1)
    put(settings, "zhuzhou/2024/a.txt", "1.5")
    write_project(folder)
    return built(settings)


@pytest.mark.parametrize(("fault", "said"), _FAULTS)
def test_audit_tells_every_fault(audited: Settings, fault: str, said: str) -> None:
    path = warehouse_path(audited)
    sound = path.read_bytes()
    try:
        known = catalogue()
        assert warehouse.audit(audited)["tables"] == len(known.tables) + len(known.decisions) + len(known.reference) + 2
        with duckdb.connect(str(path)) as connection:
            connection.execute(fault)
        with pytest.raises(AuditError) as error:
            warehouse.audit(audited)
        assert [failure for failure in error.value.failures if failure.startswith(said)]
    finally:
        path.write_bytes(sound)


def test_changed_lake_or_code_needs_a_release(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    release(settings)
    assert not needs_release(settings)
    (settings.project / "dbt_project" / "target").mkdir()
    (settings.project / "dbt_project" / "target" / "manifest.json").write_text("{}")
    assert not needs_release(settings)
    put(settings, "zhuzhou/2024/a.txt", "2.5")
    merge_night(settings)
    assert needs_release(settings)
    release(settings)
    assert not needs_release(settings)
    write_project(settings.project, "select 1 as one")
    assert needs_release(settings)


def _without_manifest(current: Path) -> None:
    (current / "manifest.json").unlink()


def _with_torn_manifest(current: Path) -> None:
    (current / "manifest.json").unlink()  # files of a release are read-only
    (current / "manifest.json").write_text('{"release_id":')


def _without_warehouse(current: Path) -> None:
    (current / "warehouse.duckdb").unlink()


@pytest.mark.parametrize("damage", [_without_manifest, _with_torn_manifest, _without_warehouse])
def test_damaged_release_is_replaced(settings: Settings, damage: Callable[[Path], None]) -> None:
    release(settings)
    damage(settings.home / "current")
    assert needs_release(settings)
    release(settings)
    assert not needs_release(settings)


def test_old_releases_go_and_the_former_one_stays(settings: Settings) -> None:
    ids = []
    for number in range(4):
        put(settings, "zhuzhou/2024/a.txt", f"{number}.25")
        ids.append(release(settings)["release_id"])
    assert sorted(path.name for path in (settings.home / "releases").iterdir()) == ids[-2:]
    manifest = current_release(settings.home)
    assert manifest is not None
    assert manifest["previous_release_id"] == ids[-2]


def test_lake_keeps_what_the_current_release_was_made_of(settings: Settings) -> None:
    release(settings)
    released = set((settings.home / "lake" / "zhuzhou" / "2024").iterdir())
    put(settings, "zhuzhou/2024/a.txt", "2.5")
    merge_night(settings)
    assert released < set((settings.home / "lake" / "zhuzhou" / "2024").iterdir())
    release(settings)
    merge_night(settings)
    assert not released & set((settings.home / "lake" / "zhuzhou" / "2024").iterdir())


def test_nothing_built_is_not_published(settings: Settings) -> None:
    release(settings)
    before = current_release(settings.home)
    with pytest.raises(PublishError, match="nothing was built"):
        warehouse.publish(settings)
    assert current_release(settings.home) == before


def test_lock_is_held_by_one_run_at_a_time(settings: Settings) -> None:
    with writer_lock(settings), pytest.raises(LockedError, match=r"process \d+, since 20"), writer_lock(settings):
        pass
    with pytest.raises(RuntimeError, match="stage failed"), writer_lock(settings):
        raise RuntimeError("stage failed")
    with writer_lock(settings):
        assert json.loads((settings.home / "lock").read_text())["pid"] > 0


def test_start_removes_what_killed_runs_left(settings: Settings) -> None:
    for name in ("runs/old/facts", "build", "releases/.half", "releases/whole", "documents/readers-1/ab"):
        (settings.home / name).mkdir(parents=True)
    (settings.home / "documents" / "readers-1" / "ab" / ".abc.json.gz.1.tmp").touch()
    run = warehouse.start_run(settings)
    assert list((settings.home / "documents").rglob("*.tmp")) == []
    assert list((settings.home / "runs").iterdir()) == [run]
    assert not (settings.home / "build").exists()
    assert [path.name for path in (settings.home / "releases").iterdir()] == ["whole"]
