"""Records of nights: what came in, what lasts, how long they are kept; and the page made of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.nights import history, page

EVIL = '<script>alert(1)</script>"\'>=HYPERLINK("x")\u202e{{ 7*7 }}'
FINDING = {
    "rule_id": "F01",
    "check_id": "F01.parts",
    "city_code": "990100",
    "department_name": EVIL,
    "fiscal_year": 2024,
    "form_kind": "narrative",
    "project_name": None,
    "subject": "total",
    "outcome": "fail",
    "severity": "high",
    "message_zh": EVIL,
    "message_en": EVIL,
}


def record(night: int, **given: Any) -> history.Record:
    """A record of a published night with nothing special."""
    return {
        "night_id": f"202611{night:02d}T020000.000000Z",
        "run_id": None,
        "started_at": f"2026-11-{night:02d}T02:00:00+00:00",
        "outcome": "published",
        "release_id": "r2",
        "previous_release_id": "r1",
        "total_seconds": 10.0 + night,
        "seconds": {"raw_reports": 1.0, "release": float(night)},
        "counts": {},
        "failures": {},
        "checks": {},
        "arrived": {"counts": {}},
        "rejected": [],
        "findings": None,
        "changes": None,
        "quarantine": {},
        **given,
    }


def warehouse(folder: Path, files: list[tuple[str, str]], findings: list[dict[str, Any]]) -> Path:
    """A warehouse file with what the history reads of one."""
    folder.mkdir(parents=True)
    path = folder / "warehouse.duckdb"
    frame = pl.DataFrame(
        [{**FINDING, **entry} for entry in findings], schema={**dict.fromkeys(FINDING, pl.String), "fiscal_year": pl.Int32}
    )
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema facts; create schema marts")
        connection.execute("create table facts.reports (file_name text, sha256 text, is_current boolean)")
        for name, sha256 in files:
            connection.execute("insert into facts.reports values ($1, $2, true)", [name, sha256])
        connection.execute("create table facts.quarantine as select 'malformed_number' as rule, 'open' as state")
        connection.register("frame", frame.to_arrow())
        connection.execute("create table marts.mart_findings as select * from frame")
    return path


def plan(folder: Path, files: list[tuple[str, str, str]]) -> Path:
    """A run folder with a plan of these files: name, hash, work."""
    folder.mkdir()
    rows = [{"file_name": name, "sha256": sha, "work": work, "is_current": True} for name, sha, work in files]
    pl.DataFrame(rows).write_parquet(folder / "plan.parquet")
    return folder


def test_arrivals_are_told_apart_by_name_and_content(tmp_path: Path) -> None:
    before = warehouse(tmp_path / "old", [("same", "1"), ("changed", "2"), ("old place", "3"), ("gone", "4")], [])
    now = [("same", "1", "extract"), ("changed", "5", "read"), ("new place", "3", "extract"), ("new", "6", "read")]
    found = history.arrivals(plan(tmp_path / "run", now), before)
    assert found.pop("counts") == {"new": 1, "changed": 1, "moved": 1, "gone": 1, "again": 1}
    assert found == {"new": ["new"], "changed": ["changed"], "moved": ["new place"], "gone": ["gone"], "again": ["same"]}


def test_everything_is_new_to_the_first_night_and_nothing_is_known_without_a_plan(tmp_path: Path) -> None:
    assert history.arrivals(plan(tmp_path / "run", [("a", "1", "read")]), None)["counts"]["new"] == 1
    assert history.arrivals(tmp_path / "nowhere", None) == {"counts": {}}


def test_a_release_is_counted_by_outcome_and_rule(tmp_path: Path) -> None:
    path = warehouse(tmp_path / "new", [], [{"subject": "a"}, {"subject": "b"}, {"subject": "c", "outcome": "round"}])
    assert history.release_state(path) == {"findings": {"fail": 2, "round": 1}, "quarantine": {"malformed_number": 1}}


def test_what_fails_is_counted_over_nights(tmp_path: Path) -> None:
    fails, passes = {"checks": {"c": "3 rows"}}, {"checks": {"c": None}}
    nothing = {"checks": {}, "outcome": "unchanged"}
    assert history.streaks([record(1, **fails), record(2, **fails)]) == {"c": 2}
    assert history.streaks([record(1, **fails), record(2, **nothing), record(3, **fails)]) == {"c": 3}
    assert history.streaks([record(1, **fails), record(2, **passes), record(3, **fails)]) == {"c": 1}
    assert history.streaks([record(1, **fails), record(2, **passes)]) == {}


def test_stages_files_quarantine_and_kills_are_counted_too() -> None:
    failed = {"outcome": "failed", "failures": {"lake": "no space"}, "seconds": {"raw_reports": 1.0, "lake": 1.0}}
    killed = {"outcome": "killed", "seconds": {}, "quarantine": None}
    file = {"rejected": [{"file_name": "a", "reason": "empty", "detail": ""}]}
    held = {"quarantine": {"malformed_number": 2}}
    assert history.streaks([record(1, **failed), record(2, **killed), record(3, **failed)]) == {"stage lake": 3}
    assert history.streaks([record(1, **failed), record(2)]) == {}
    assert history.streaks([record(1, **file), record(2, **file), record(3)]) == {}
    assert history.streaks([record(1, **file), record(2, **file)]) == {"file a": 2}
    assert history.streaks([record(1, **held), record(2, **held)]) == {"quarantine malformed_number": 2}
    assert history.streaks([record(1, **held), record(2, **killed)]) == {"quarantine malformed_number": 2, "killed": 1}


def test_only_the_newest_nights_are_kept(tmp_path: Path) -> None:
    for night in range(1, 6):
        history.write_page(tmp_path, record(night), f"page {night}")
        history.write(tmp_path, record(night), keep=3)
    assert [entry["night_id"][6:8] for entry in history.read(tmp_path)] == ["03", "04", "05"]
    assert history.latest_page(tmp_path).read_text(encoding="utf-8") == "page 5"
    assert len(list(history.folder(tmp_path).glob("*.html"))) == 4


def test_a_damaged_record_is_left_out(tmp_path: Path) -> None:
    history.write(tmp_path, record(1), keep=9)
    (history.folder(tmp_path) / "20261102T020000.000000Z.json").write_text("{", encoding="utf-8")
    assert len(history.read(tmp_path)) == 1


def test_a_run_without_a_record_was_killed(tmp_path: Path) -> None:
    (tmp_path / "runs" / "20261101T020000.000000Z").mkdir(parents=True)
    (tmp_path / "runs" / "20261102T020000.000000Z").mkdir()
    history.write(tmp_path, record(1), keep=9)
    (killed,) = history.record_killed(tmp_path)
    assert killed["outcome"] == "killed"
    assert history.started_at(Path(killed["night_id"])) == datetime(2026, 11, 2, 2, tzinfo=UTC)
    assert history.record_killed(tmp_path) == []
    assert history.read(tmp_path)[1] == killed


def test_secrets_do_not_reach_a_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIXIAO_SMTP_PASSWORD", "p4ssw0rd")
    made = history.outline(tmp_path / "20261101T020000.000000Z", None, {}, {}, {"lake": "p4ssw0rd"}, {"c": "p4ssw0rd"})
    assert "p4ssw0rd" not in str(made)


class Reader(HTMLParser):
    """Elements and attributes of a page, and its visible text by language."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def busy() -> str:
    """A page with something in every part, written by someone who means harm."""
    files = [EVIL, "b.docx"]
    night = record(
        9,
        outcome="failed",
        failures={"warehouse_models": EVIL},
        checks={EVIL: EVIL},
        arrived={"counts": {"new": 300, "gone": 0}, "new": files, "gone": []},
        rejected=[{"file_name": EVIL, "reason": "empty", "detail": EVIL}, {"file_name": "x", "reason": EVIL, "detail": None}],
        findings={"fail": 2},
        changes={
            "counts": {"findings_opened": 250, "findings_closed": 0, "figures": 7, "departments": 1},
            "tables": [{"table": EVIL, "rows_before": 1, "rows_after": 2, "added": 1, "removed": 0, "changed": None}],
            "departments": [
                {"department_name": EVIL, "fiscal_year": 2024, "figures_added": 1, "figures_removed": 2, "figures_changed": 3}
            ],
            "opened": [FINDING],
            "closed": [],
        },
        quarantine={EVIL: 3},
    )
    former = [record(number) for number in range(1, 8)]
    killed = {"night_id": "k", "outcome": "killed", "failures": {}, "checks": {}, "seconds": {}, "counts": {}}
    grid = [
        {"city_name": EVIL, "department_name": EVIL, "years": {2023: "parsed", 2024: None}},
        {"city_name": EVIL, "department_name": None, "years": {2023: "rejected", 2024: "missing"}},
    ]
    return page.render(night, [*former, killed], grid)


def test_page_holds_no_script_and_fetches_nothing(busy: str) -> None:
    reader = Reader()
    reader.feed(busy)
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & set(reader.tags)
    assert not [name for name, _ in reader.attributes if name.startswith("on") or name == "src"]
    assert {value for name, value in reader.attributes if name == "href"} == {"../data_docs/index.html"}
    assert "default-src 'none'" in busy
    assert "url(" not in busy and "@import" not in busy


def test_texts_of_reports_stay_texts(busy: str) -> None:
    reader = Reader()
    reader.feed(busy)
    shown = EVIL.replace("\u202e", "�")
    assert sum(shown in text for text in reader.texts) > 10
    assert "49" not in "".join(text for text in reader.texts if "HYPERLINK" in text)
    assert "\u202e" not in busy


def test_page_says_everything_in_both_languages(busy: str) -> None:
    assert len(re.findall(r'<span lang="zh">', busy)) == len(re.findall(r'<span lang="en">', busy)) > 50
    for key, texts in page.wording().items():
        assert texts.keys() == {"zh", "en"} and all(texts.values()), key
        assert set(re.findall(r"{\w+}", texts["zh"])) == set(re.findall(r"{\w+}", texts["en"])), key


def test_every_wording_is_used() -> None:
    folder = Path(page.__file__).parent
    used = "".join((folder / name).read_text(encoding="utf-8") for name in ("page.html.j2", "notices.py"))
    prefixes = ("stage_", "outcome_", "arrived_", "cell_", "opened", "closed")
    unused = [key for key in page.wording() if not key.startswith(prefixes) and f'"{key}"' not in used]
    assert unused == []


def test_lists_say_how_much_they_leave_out(busy: str) -> None:
    assert "298 more" in busy
    assert "249 more" in busy


def test_durations_are_held_against_nights_of_the_same_kind() -> None:
    former = [record(1), record(2), record(3), record(4, outcome="unchanged", seconds={"release": 99.0})]
    raw, release = page.durations(record(6), former)
    assert (raw["usual"], release["usual"], release["seconds"]) == (1.0, 2.0, 6.0)
    assert release["share"] == 100
    assert [row["usual"] for row in page.durations(record(6), [])] == [None, None]


def test_a_first_night_that_failed_has_a_page() -> None:
    night = record(1, outcome="failed", release_id=None, previous_release_id=None, failures={"raw_reports": "x"}, seconds={})
    assert "尚无已发布版本" in page.render({**night, "quarantine": None}, [], [])
