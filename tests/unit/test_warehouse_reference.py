"""The reference tables stand in the warehouse as in their files, and a broken file is named."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.catalogue import catalogue
from pipelines.settings import Settings
from pipelines.warehouse.models import build_in_memory
from pipelines.warehouse.reference import ReferenceTableError, reference_frames
from tests.support.frames import write_reference

PROJECT = Path(__file__).resolve().parents[2]


def test_tables_have_the_columns_and_types_of_the_catalogue() -> None:
    frames = reference_frames(PROJECT)
    assert set(frames) == set(catalogue().reference) == {"cities", "departments", "lines"}
    for name, frame in frames.items():
        header = (PROJECT / "data" / "reference" / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0]
        assert header.split(",") == frame.columns == catalogue().reference[name].column_names
        assert not frame.is_empty()
    assert frames["cities"].schema["is_fictional"] == pl.Boolean()
    assert frames["cities"]["is_fictional"].sum() == 10
    assert frames["cities"].filter(slug="zhuzhou")["city_code"].to_list() == ["430200"]
    assert frames["departments"].schema["valid_from"] == pl.Int32()


def test_marts_can_join_them() -> None:
    reports = pl.DataFrame({"report_id": ["r"], "city_code": ["990100"], "department_id": ["anlan-archive"]})
    with build_in_memory({"reports": reports}, Settings.load().project / "dbt_project") as connection:
        (row,) = connection.execute(
            "select cities.province_zh, lines.name_en from facts.reports join reference.cities using (city_code) "
            "join reference.departments using (department_id) join reference.lines using (line_code)"
        ).fetchall()
    assert row == ("湖南省", "archives and local history")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["finance,财政,finance"], "lines.csv: patterns is missing"),
        (["finance,财政,finance,a", "finance,财政,finance,b"], "lines.csv: a key stands twice"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, lines: list[str], says: str) -> None:
    write_reference(tmp_path)
    with (tmp_path / "data" / "reference" / "lines.csv").open("a", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))
    with pytest.raises(ReferenceTableError, match=says):
        reference_frames(tmp_path)


def test_a_file_without_a_column_is_named(tmp_path: Path) -> None:
    write_reference(tmp_path)
    (tmp_path / "data" / "reference" / "lines.csv").write_text("line_code,name_zh\n", encoding="utf-8")
    with pytest.raises(ReferenceTableError, match=r"lines\.csv: unable to find column"):
        reference_frames(tmp_path)
