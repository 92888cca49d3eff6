"""Releases over the sample reports as a user meets them: two cold runs, a back-fill, comparing, losses, a roll-back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.archive import Selection
from pipelines.defs.assembly import definitions
from pipelines.defs.automation import JOB
from pipelines.defs.orders import CONFIG, USUAL, orders
from pipelines.home import current_release
from pipelines.settings import Settings
from pipelines.warehouse.content import RUN_COLUMNS, content_hashes
from tests.support.nights import SAMPLES, jixiao, nightly, rows

FILE = "qinghe/2024/清禾市公共安全宣教馆2024年度整体支出绩效自评报告.txt"


@dataclass
class Story:
    """One home over a copy of the samples; `told` has what each step printed as JSON, `codes` how it ended."""

    raw: Path
    home: Path
    other: Path
    told: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    hashes: dict[str, dict[str, str]] = field(default_factory=dict)

    def step(self, name: str, *arguments: str) -> None:
        """One command over the home."""
        raw = ("--raw", str(self.raw)) if arguments[0] == "nightly" else ()
        done = jixiao(*arguments, *raw, "--json", home=self.home)
        self.codes[name] = done.returncode
        assert done.stdout, done.stderr
        self.told[name] = json.loads(done.stdout)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("releases")
    story = Story(folder / "raw", folder / "home", folder / "elsewhere" / "home")
    shutil.copytree(SAMPLES, story.raw)
    story.step("first", "nightly")
    assert story.told["first"]["errors"] == []
    nightly(SAMPLES, story.other)
    story.hashes = {
        name: content_hashes(home / "current" / "warehouse.duckdb")
        for name, home in (("one", story.home), ("two", story.other))
    }
    path = story.raw / FILE
    path.write_text(path.read_text(encoding="utf-8").replace("全年执行432.45万元", "全年执行432.99万元"), encoding="utf-8")
    for shelf in ("anlan/2023", "qinghe/2023"):
        for gone in sorted((story.raw / shelf).iterdir()):
            gone.unlink()
    story.step("back-fill", "nightly", "--city", "qinghe", "--year", "2024", "--reread")
    story.step("diff", "diff")
    story.step("held", "nightly")
    story.step("list", "releases")
    story.step("back", "rollback")
    story.step("accepted", "nightly", "--accept-losses")
    yield story


def test_two_cold_runs_in_different_folders_give_the_same_tables(story: Story) -> None:
    first, second = story.hashes["one"], story.hashes["two"]
    assert first == second
    assert len(first) > 40
    assert {"first_seen_at", "read_seconds"} == RUN_COLUMNS


def test_a_back_fill_reads_its_part_and_leaves_the_rest(story: Story) -> None:
    told = story.told["back-fill"]
    assert story.codes["back-fill"] == 0
    files = len(list((SAMPLES / "qinghe" / "2024").iterdir()))
    assert told["counts"]["raw_reports"]["read"] == files
    # What was removed in other years is still there.
    assert told["counts"]["lake"]["reports_retired"] == 1


def test_the_difference_names_the_figure_and_the_finding(story: Story) -> None:
    told = story.told["diff"]
    assert (told["before"], told["after"]) == (story.told["first"]["release_id"], story.told["back-fill"]["release_id"])
    changed = [entry for entry in told["figures"] if (entry["old"], entry["new"]) == ("432.45", "432.99")]
    assert {entry["file_name"] for entry in told["figures"]} == {FILE}
    (figure,) = changed
    assert (figure["change"], figure["column"], figure["form_kind"]) == ("changed", "amount_wanyuan", "narrative")
    assert "line 15" in figure["locator"]
    assert [entry["department_name"] for entry in told["departments"]] == ["清禾市公共安全宣教馆"]
    assert "F01.parts" in {entry["check_id"] for entry in told["findings"] if entry["change"] == "closed"}


def test_losing_files_holds_the_release_back_until_it_is_accepted(story: Story) -> None:
    assert story.codes["held"] == 2
    (error,) = story.told["held"]["errors"]
    assert "max_lost_rows_pct" in error and "--accept-losses" in error
    held, current = story.told["list"][:2]
    assert (held["held"], current["current"]) == (True, True)
    assert current["release_id"] == story.told["back-fill"]["release_id"]
    assert story.codes["accepted"] == 0
    assert rows(story.home, "select count(*) from facts.reports where is_current and folder_year = 2023") == [(0,)]


def test_a_roll_back_is_followed_by_readers_and_ended_by_what_comes_next(story: Story) -> None:
    assert story.told["back"]["release_id"] == story.told["first"]["release_id"]
    manifest = current_release(story.home)
    assert manifest is not None
    assert manifest["release_id"] == story.told["accepted"]["release_id"]
    assert manifest["previous_release_id"] == story.told["first"]["release_id"]
    assert manifest["losses"]


def test_the_launchpad_takes_the_same_orders() -> None:
    config = {"cities": ["anlan"], "years": [2023], "since": "2024-07-01", "reread": True, "accept_losses": True}
    job = definitions(Settings.load()).resolve_job_def(JOB)
    checked = dg.validate_run_config(job, {"resources": {"night": {"config": config}}})
    found = orders(checked["resources"]["night"]["config"])
    assert found.selection == Selection.of(["anlan"], [2023], "2024-07-01", reread=True)
    assert found.accept_losses
    usual = dg.validate_run_config(job, {})
    assert orders(usual["resources"]["night"]["config"]) == USUAL
    assert all(entry.description for entry in CONFIG.values())
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.validate_run_config(job, {"resources": {"night": {"config": {"city": "anlan"}}}})
