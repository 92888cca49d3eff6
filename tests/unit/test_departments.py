"""Unknown departments are listed with rows that, once added, make them known."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.cli import main
from pipelines.evaluation.departments import COLUMNS, unknown_departments
from pipelines.facts.places import resolve
from tests.support.reports import PROJECT, REFERENCE, changed, table


def reports(*entries: tuple[str, str, int]) -> pl.DataFrame:
    """Reports of departments by city folder, printed name and year, resolved as a night does."""
    rows: list[dict[str, Any]] = []
    for slug, name, year in entries:
        found = resolve(REFERENCE, slug, name, year)
        assert found is not None
        rows.append(
            {"city_slug": slug, "department_name": name, "fiscal_year": year, "is_current": True}
            | {f"department_{key}": getattr(found, key) for key in ("match_code", "level_code", "line_code")}
            | {"department_id": found.department_id}
        )
    return pl.DataFrame(rows)


def parsed(line: str) -> dict[str, str]:
    return dict(zip(COLUMNS, next(csv.reader([line])), strict=True))


def test_spellings_that_are_one_are_listed_once_with_the_fullest_name() -> None:
    (unknown,) = unknown_departments(
        reports(("anlan", "教育局", 2023), ("anlan", "安澜市教育局", 2024), ("anlan", "市教育局", 2024)), REFERENCE
    )
    assert unknown.names == ("安澜市教育局", "市教育局", "教育局")
    assert (unknown.fiscal_years, unknown.reports_count, unknown.proposals) == ((2023, 2024), 3, ())
    row = parsed(unknown.csv)
    assert (row["name_zh"], row["aliases"]) == ("安澜市教育局", "市教育局|教育局")
    assert (row["level_code"], row["line_code"]) == ("prefecture", "education")
    assert row["department_id"] == unknown.department_id


def test_known_departments_are_not_listed() -> None:
    known = reports(("anlan", "安澜市史志档案馆", 2024), ("anlan", "市史志档案馆", 2024), ("anlan", "史志档案馆", 2024))
    assert unknown_departments(known, REFERENCE) == []


def test_what_it_may_be_is_proposed_known_or_not() -> None:
    first, second = unknown_departments(
        reports(("anlan", "安澜市史志档案馆（本级）", 2024), ("anlan", "安澜市史志档案馆（机关）", 2024)), REFERENCE
    )
    nearest = first.proposals[0]
    assert nearest.department_id == "anlan-archive" and nearest.csv is not None
    assert parsed(nearest.csv)["aliases"].endswith("|安澜市史志档案馆（本级）")
    assert first.department_id in {entry.department_id for entry in second.proposals if entry.csv is None}


@pytest.mark.parametrize("takes_alias", [False, True])
def test_a_row_that_was_added_makes_the_department_known(tmp_path: Path, takes_alias: bool) -> None:
    (unknown,) = unknown_departments(reports(("anlan", "安澜市史志档案馆（本级）", 2024)), REFERENCE)
    for name in ("cities.csv", "lines.csv"):
        (tmp_path / name).write_bytes((REFERENCE / name).read_bytes())
    lines = (REFERENCE / "departments.csv").read_text(encoding="utf-8").splitlines()
    alias = unknown.proposals[0].csv or ""
    kept = [line for line in lines if not (takes_alias and line.startswith("anlan-archive,"))]
    (tmp_path / "departments.csv").write_text("\n".join([*kept, alias if takes_alias else unknown.csv]), encoding="utf-8")
    found = resolve(tmp_path, "anlan", "安澜市史志档案馆（本级）", 2024)
    assert found is not None
    assert (found.department_id, found.match_code) == (
        ("anlan-archive", "alias") if takes_alias else (unknown.department_id, "exact")
    )


def test_the_command_lists_the_departments_of_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "anlan" / "2024" / "报告.txt"
    path.parent.mkdir(parents=True)
    text = "2024年度安澜市教育局\n部门整体支出绩效自评报告\n\n" + table(changed(PROJECT, ("甲市乙局", "安澜市教育局")))
    path.write_text(text, encoding="utf-8")
    assert main(["departments", str(path), "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["city_slug"], told["names"]) == ("anlan", ["安澜市教育局"])
    assert main(["departments", str(path), "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert told["csv"] in out and "1 unknown departments" in out


def test_the_command_needs_a_file_that_is_there_or_a_published_warehouse(tmp_path: Path) -> None:
    assert main(["departments", str(tmp_path / "none.txt")]) == 2
    assert main(["departments", "--home", str(tmp_path)]) == 2
