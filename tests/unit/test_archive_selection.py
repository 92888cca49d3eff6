"""Back-fills: what a night with a selection plans, and what it leaves as it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.archive import Selection, SelectionError, plan, register
from pipelines.archive.limits import are_higher
from pipelines.archive.planning import document_path
from pipelines.home import lake_files, lake_partitions
from pipelines.settings import Settings
from tests.support.frames import READERS, TEMPLATES, merge_night, put


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Two cities with two years each in the lake, their Documents stored."""
    monkeypatch.setattr(register, "RACY_NS", -1)
    settings = Settings.load(raw=tmp_path / "raw", home=tmp_path / "home", project=tmp_path, workers=2)
    for number, shelf in enumerate(("anlan/2023", "anlan/2024", "qinghe/2023", "qinghe/2024"), start=1):
        put(settings, f"{shelf}/a.txt", str(number))
    merge_night(settings)
    for sha256 in register.stored_objects(settings.home):
        path = document_path(settings.home, READERS, sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"read")
    return settings


def planned(settings: Settings, selection: Selection, templates: str = TEMPLATES) -> dict[str, str]:
    """Work by file name, of revisions that have any."""
    run = settings.home / "runs" / "1"
    plan(settings, run, READERS, templates, selection=selection)
    rows = pl.read_parquet(run / "plan.parquet").filter(pl.col("work") != "none")
    return dict(rows.select("file_name", "work").iter_rows())


def amounts(settings: Settings) -> list[Decimal]:
    return sorted(pl.read_parquet(lake_files(settings.home, "fact_expenditures"))["amount_wanyuan"])


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), {"anlan/2023/a.txt", "anlan/2024/a.txt", "qinghe/2023/a.txt", "qinghe/2024/a.txt"}),
        (Selection.of(["anlan"]), {"anlan/2023/a.txt", "anlan/2024/a.txt"}),
        (Selection.of(["anlan", "qinghe"], ["2023"]), {"anlan/2023/a.txt", "qinghe/2023/a.txt"}),
        (Selection.of(years=[2023, 2024], cities=["qinghe"]), {"qinghe/2023/a.txt", "qinghe/2024/a.txt"}),
        (Selection.of(since="2020-01-01"), {"anlan/2023/a.txt", "anlan/2024/a.txt", "qinghe/2023/a.txt", "qinghe/2024/a.txt"}),
        (Selection.of(["elsewhere"]), set()),
    ],
)
def test_a_new_template_is_applied_to_what_is_selected_without_reading(
    settings: Settings, selection: Selection, expected: set[str]
) -> None:
    assert planned(settings, selection, "templates-2") == dict.fromkeys(expected, "extract")


def test_rereading_takes_what_is_selected_whatever_is_stored(settings: Settings) -> None:
    assert planned(settings, Selection.of(["anlan"], reread=True)) == {"anlan/2023/a.txt": "read", "anlan/2024/a.txt": "read"}
    assert planned(settings, Selection()) == {}


def test_since_takes_what_was_first_seen_from_that_day_on_in_beijing(settings: Settings) -> None:
    path = register.register_path(settings.home)
    known = pl.read_parquet(path)
    # The evening of the 30th of June by UTC is the first of July where the reports are from.
    late, early = datetime(2024, 6, 30, 16, 0), datetime(2024, 6, 30, 15, 59)
    is_anlan = pl.col("file_name").str.starts_with("anlan")
    known.with_columns(first_seen_at=pl.when(is_anlan).then(pl.lit(late)).otherwise(pl.lit(early))).write_parquet(path)
    since = Selection.of(since="2024-07-01", reread=True)
    assert set(planned(settings, since)) == {"anlan/2023/a.txt", "anlan/2024/a.txt"}


def test_what_is_not_selected_stays_in_the_lake_as_it_is(settings: Settings) -> None:
    before = lake_partitions(settings.home)
    put(settings, "anlan/2024/a.txt", "20")
    put(settings, "anlan/2024/new.txt", "30")
    put(settings, "qinghe/2024/a.txt", "40")
    put(settings, "qinghe/2019/late.txt", "50")
    (settings.raw / "qinghe" / "2023" / "a.txt").unlink()
    assert merge_night(settings, Selection.of(["anlan"]))["partitions_written"] == 1
    after = lake_partitions(settings.home)
    assert {name for name in after if after[name] != before.get(name)} == {"anlan/2024"}
    assert amounts(settings) == [1, 3, 4, 20, 30]
    # The next night without a selection takes up what was left.
    merge_night(settings)
    assert amounts(settings) == [1, 20, 30, 40, 50]
    assert "qinghe/2019" in lake_partitions(settings.home)


def test_what_the_register_forgot_stays_where_it_is_not_selected(settings: Settings) -> None:
    register.register_path(settings.home).unlink()
    (settings.raw / "qinghe" / "2023" / "a.txt").unlink()
    merge_night(settings, Selection.of(["anlan"]))
    assert amounts(settings) == [1, 2, 3, 4]
    merge_night(settings, Selection.of(["qinghe"]))
    assert amounts(settings) == [1, 2, 4]


def test_a_file_that_moved_into_the_selection_is_not_loaded_twice(settings: Settings) -> None:
    (settings.raw / "anlan" / "2023" / "a.txt").rename(settings.raw / "qinghe" / "2023" / "moved.txt")
    merge_night(settings, Selection.of(["qinghe"]))
    assert amounts(settings) == [1, 2, 3, 4]
    reports = pl.read_parquet(lake_files(settings.home, "reports"))
    assert set(reports.filter(~pl.col("is_current"))["file_name"]) == {"anlan/2023/a.txt"}


def test_a_late_file_of_an_old_year_touches_its_partition_alone(settings: Settings) -> None:
    before = lake_partitions(settings.home)
    put(settings, "anlan/2016/late.txt", "9")
    assert merge_night(settings)["partitions_written"] == 1
    after = lake_partitions(settings.home)
    assert set(after) - set(before) == {"anlan/2016"}
    assert {name: after[name] for name in before} == before


def test_bytes_that_lost_their_hash_are_archived_anew(settings: Settings) -> None:
    path = next(path for path in (settings.home / "archive" / "objects").glob("*/*") if path.read_text() == "1")
    path.write_text("?")
    run = settings.home / "runs" / "1"
    counts = plan(settings, run, READERS, TEMPLATES, selection=Selection(reread=True))
    assert counts["rearchived"] == 1
    assert path.read_text() == "1"
    assert path.with_name(f"{path.name}.damaged").read_text() == "?"


def test_a_rejection_for_a_limit_is_work_where_the_limit_was_raised(settings: Settings) -> None:
    (path,) = (path for path in lake_files(settings.home, "reports") if "anlan/2023" in str(path))
    rejected = pl.read_parquet(path).with_columns(outcome=pl.lit("rejected"), reason=pl.lit("too_large"))
    rejected.write_parquet(path)
    asked: list[str] = []

    def is_outdated(settings: Settings, sha256: str) -> bool:
        asked.append(sha256)
        return True

    run = settings.home / "runs" / "1"
    assert plan(settings, run, READERS, TEMPLATES)["read"] == 0
    counts = plan(settings, run, READERS, TEMPLATES, is_outdated=is_outdated)
    assert (counts["read"], asked) == (1, rejected["sha256"].to_list())
    # Not where it lies outside the selection.
    assert plan(settings, run, READERS, TEMPLATES, None, None, Selection.of(["qinghe"]), is_outdated)["read"] == 0


def test_limits_are_compared_by_name() -> None:
    assert are_higher({"file_bytes": 2}, {"file_bytes": 1})
    assert not are_higher({"file_bytes": 1}, {"file_bytes": 1})
    assert not are_higher({"file_bytes": 1}, {"file_bytes": 2})
    assert not are_higher({"file_bytes": 1, "new": 5}, {"file_bytes": 1})
    assert are_higher({"file_bytes": 1}, None)


@pytest.mark.parametrize(("given", "said"), [({"since": "July"}, "July"), ({"years": ["24"]}, "24"), ({"years": ["x"]}, "x")])
def test_what_cannot_be_understood_is_named(given: dict[str, object], said: str) -> None:
    with pytest.raises(SelectionError, match=said):
        Selection.of(**given)  # type: ignore[arg-type]


def test_a_day_is_a_day_of_beijing() -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    since = Selection(since=date.today() + timedelta(days=2))
    frame = pl.DataFrame({"city_slug": ["anlan"], "folder_year": [2024], "first_seen_at": [now]})
    assert frame.filter(since.condition()).height == 0
