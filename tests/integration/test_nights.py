"""Nights end to end over sample reports and bad files: what is loaded, told, superseded and left alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.archives import ENCRYPTED, Entry, archive
from tests.support.nights import CLEAN, CONTRADICTORY, jixiao, nightly, rows
from tests.support.packages import package

BAD = {
    "empty.txt": ("empty", b""),
    "noise.docx": ("unknown_format", bytes(range(256)) * 20),
    "gzip_by_content.docx": ("wrong_extension", b"\x1f\x8b\x08\x00" + bytes(60)),
    "cut_off.pdf": ("corrupt", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"),
    "formless.txt": ("no_forms", "会议通知\n请各部门按时参加会议。\n".encode()),
    "target.txt": (
        "not_self_evaluation",
        "2024年度整体支出绩效目标申报表\n\n\t年度绩效目标\n\t预期目标\n\n\t绩效指标\n\t一级指标\n\t三级指标\n\t指标值\n".encode(),
    ),
}

PACKED = "qinghe/2024/packed.zip/附件/contradictory.txt"


@dataclass
class Story:
    """Three nights over one home: everything new, nothing new, one file changed."""

    raw: Path
    home: Path
    nights: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    loaded: list[set[str]] = field(default_factory=list)
    is_undisturbed: bool = False

    def sleep(self) -> None:
        """One night, and the files that are loaded after it."""
        self.nights.append(nightly(self.raw, self.home))
        query = "select file_name from facts.reports where outcome <> 'rejected' and is_current"
        self.loaded.append({name for (name,) in rows(self.home, query)})


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("nights")
    told = Story(folder / "raw", folder / "home")
    anlan, qinghe = told.raw / "anlan" / "2024", told.raw / "qinghe" / "2024"
    anlan.mkdir(parents=True)
    qinghe.mkdir(parents=True)
    shutil.copy(CLEAN, anlan / "clean.txt")
    shutil.copy(CLEAN, anlan / "copy_of_clean.txt")
    packed = Entry("附件/contradictory.txt".encode("gbk"), CONTRADICTORY.read_bytes())
    (qinghe / "packed.zip").write_bytes(archive(packed, Entry("locked.txt", flags=ENCRYPTED)))
    (told.raw / "stray.txt").write_text("stray", encoding="utf-8")
    for name, (_, content) in BAD.items():
        (anlan / name).write_bytes(content)
    word = next(CLEAN.parents[1].rglob("*.docx")).read_bytes()
    (anlan / "truncated.docx").write_bytes(word[: len(word) // 2])
    (anlan / "bomb.docx").write_bytes(package("<w:p/>" * 60_000_000))
    told.sleep()
    with duckdb.connect(str((told.home / "current" / "warehouse.duckdb").resolve()), read_only=True) as reader:
        before = reader.execute("select * from marts.mart_findings order by all").fetchall()
        told.sleep()
        changed = anlan / "clean.txt"
        changed.write_text(changed.read_text(encoding="utf-8").replace("924.63", "924.36"), encoding="utf-8")
        told.sleep()
        told.is_undisturbed = reader.execute("select * from marts.mart_findings order by all").fetchall() == before
    yield told


def test_the_first_night_publishes_and_names_every_rejected_file(story: Story) -> None:
    code, told = story.nights[0]
    assert (code, told["published"], told["errors"]) == (1, True, [])
    expected = {f"anlan/2024/{name}": reason for name, (reason, _) in BAD.items()} | {
        "anlan/2024/truncated.docx": "corrupt",
        "anlan/2024/bomb.docx": "too_large",
        "anlan/2024/copy_of_clean.txt": "duplicate_content",
        "stray.txt": "misplaced",
        "qinghe/2024/packed.zip/locked.txt": "encrypted",
    }
    assert {entry["file_name"]: entry["reason"] for entry in told["rejected"]} == expected
    assert story.loaded[0] == {"anlan/2024/clean.txt", PACKED}


def test_a_night_with_nothing_new_reads_and_publishes_nothing(story: Story) -> None:
    (_, first), (code, told), _ = story.nights
    assert (code, told["published"], told["release_id"]) == (0, False, first["release_id"])
    assert (told["counts"]["raw_reports"]["read"], told["counts"]["raw_reports"]["extract"]) == (0, 0)


def test_a_changed_file_alone_is_read_and_supersedes_its_former_revision(story: Story) -> None:
    code, told = story.nights[2]
    assert (code, told["published"]) == (1, True)  # the bad files of the first night are still there, and still told
    assert {entry["reason"] for entry in told["rejected"]} == {reason for reason, _ in BAD.values()} | {
        "corrupt",
        "too_large",
        "misplaced",
        "encrypted",
    }
    assert told["counts"]["raw_reports"]["read"] == 1
    revisions = rows(
        story.home, "select is_current, report_id, superseded_by from facts.reports where file_name = 'anlan/2024/clean.txt'"
    )
    (current,) = (row[1] for row in revisions if row[0])
    (former,) = (row for row in revisions if not row[0])
    assert former[2] == current
    facts = rows(story.home, "select distinct report_id from facts.fact_expenditures where city_code = '990100'")
    # The unchanged copy of the former bytes is no duplicate any more: it is a report of its own.
    (copy,) = rows(story.home, "select report_id, outcome from facts.reports where file_name like '%copy%' and is_current")
    assert copy[1] == "parsed"
    assert {row[0] for row in facts} == {current, copy[0]}


def test_a_reader_of_the_old_release_is_undisturbed(story: Story) -> None:
    assert story.is_undisturbed


def test_check_and_warehouse_find_the_same(story: Story) -> None:
    path = story.raw / "qinghe" / "2024" / "packed.zip"
    done = jixiao("check", str(path), "--json", home=story.home)
    assert done.returncode == 2  # for the locked one in it
    assert {entry["file_name"] for entry in json.loads(done.stdout)} == {f"{path}/附件/contradictory.txt"}
    columns = ("check_id", "form_kind", "subject", "stated_value", "computed_value", "outcome", "message_zh")
    found = [tuple(str(entry[name]) for name in columns) for entry in json.loads(done.stdout)]
    mart = f"select {', '.join(columns)} from marts.mart_findings"
    published = jixiao("query", f"{mart} where fiscal_year = 2024 and city_code = '990200'", "--json", home=story.home)
    entries = json.loads(published.stdout)
    assert sorted(row["message_zh"] for row in entries) == sorted(row[6] for row in found)
    assert len(found) > 3


def test_trace_leads_from_a_finding_to_its_cell(story: Story) -> None:
    findings = "select left_row_ids[1] from marts.mart_findings where len(left_row_ids) > 0 and city_code = '990200'"
    row_id = rows(story.home, f"{findings} order by all limit 1")[0][0]
    done = jixiao("trace", row_id, "--lang", "zh", home=story.home)
    assert done.returncode == 0
    assert PACKED in done.stdout
    assert "【" in done.stdout and "出处" in done.stdout
    unknown = jixiao("trace", "0" * 20, home=story.home)
    assert unknown.returncode == 2 and "0" * 20 in unknown.stderr


def test_queries_are_read_only_and_reach_no_other_file(story: Story) -> None:
    for query in ("delete from facts.reports", "select * from read_csv('/etc/hostname')", "attach 'x.duckdb'"):
        assert jixiao("query", query, home=story.home).returncode == 2
    listed = jixiao(
        "query", "select outcome, count(*) as n from facts.reports group by all order by all", "--csv", home=story.home
    )
    assert listed.stdout.splitlines()[0] == "outcome,n"


def test_status_tells_the_release_and_every_setting(story: Story) -> None:
    told = json.loads(jixiao("status", "--json", home=story.home).stdout)
    assert told["release"]["release_id"] == story.nights[2][1]["release_id"]
    assert told["settings"]["home"] == str(story.home)
