"""Cities by folder, departments by name: what is certain is one department, what is not is a proposal."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from pipelines.catalogue import catalogue
from pipelines.facts.places import City, city, likeness, line_of, normalised_name, resolve
from tests.support.reports import REFERENCE

ANLAN = City("990100", "安澜市", "湖南省", "prefecture")
YUSHAN = City("990800", "屿山区", "重庆市", "county")


def rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("place", "name", "expected"),
    [
        (ANLAN, "安澜市档案馆", "档案馆"),
        (ANLAN, " 安澜市\n档案馆", "档案馆"),
        (ANLAN, "市档案馆", "档案馆"),
        (ANLAN, "档案馆", "档案馆"),
        (ANLAN, "湖南省安澜市档案馆", "档案馆"),
        (ANLAN, "湖南省档案馆", "湖南省档案馆"),
        (ANLAN, "荷塘区档案馆", "荷塘区档案馆"),
        (ANLAN, "县档案馆", "县档案馆"),
        (ANLAN, "安澜市市场服务局", "市场服务局"),
        (ANLAN, "市市场服务局", "市场服务局"),
        (ANLAN, "市场服务局", "市场服务局"),
        (ANLAN, "市民政局", "民政局"),
        (ANLAN, "市民服务中心", "市民服务中心"),
        (ANLAN, "市政设施养护处", "市政设施养护处"),
        (ANLAN, "市政府办公室", "政府办公室"),
        (ANLAN, "中共安澜市委员会组织部", "委组织部"),
        (ANLAN, "中共安澜市委组织部", "委组织部"),
        (ANLAN, "市委组织部", "委组织部"),
        (ANLAN, "安澜市档案馆（本级）", "档案馆(本级)"),
        (ANLAN, "安澜市", "安澜市"),
        (YUSHAN, "屿山区教师发展中心", "教师发展中心"),
        (YUSHAN, "区教师发展中心", "教师发展中心"),
        (YUSHAN, "区域合作中心", "区域合作中心"),
        (City("nowhere", None), "市档案馆", "市档案馆"),
    ],
)
def test_names_are_normalised_without_their_own_city(place: City, name: str, expected: str) -> None:
    assert normalised_name(place, name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("安澜市史志档案馆", ("anlan-archive", "exact")),
        ("安澜市 史志档案馆", ("anlan-archive", "exact")),
        ("市史志档案馆", ("anlan-archive", "alias")),
        ("史志档案馆", ("anlan-archive", "normalised")),
        ("湖南省安澜市档案馆", ("anlan-archive", "normalised")),
    ],
)
def test_a_department_is_found_by_name_alias_or_normalised_name(name: str, expected: tuple[str, str]) -> None:
    found = resolve(REFERENCE, "anlan", name, 2024)
    assert found is not None
    assert (found.department_id, found.match_code) == expected
    assert (found.proposals, found.level_code, found.line_code) == (None, "prefecture", "archives")


def test_the_accounts_of_the_office_alone_are_proposed_never_merged() -> None:
    own = resolve(REFERENCE, "anlan", "安澜市史志档案馆（本级）", 2024)
    assert own is not None and (own.match_code, own.department_id[0]) == ("new", "d")
    assert (own.proposals or "").startswith("anlan-archive 安澜市史志档案馆 (0.8")


def test_an_unknown_department_has_one_id_however_its_city_is_spelt() -> None:
    found = [resolve(REFERENCE, "anlan", name, 2024) for name in ("安澜市教育局", "市教育局", "教育局", "安澜市 教育局")]
    ids = {entry.department_id for entry in found if entry is not None}
    assert len(ids) == 1
    elsewhere = resolve(REFERENCE, "qinghe", "教育局", 2024)
    district = resolve(REFERENCE, "anlan", "荷塘区教育局", 2024)
    assert elsewhere is not None and district is not None
    assert len(ids | {elsewhere.department_id, district.department_id}) == 3
    assert {entry.match_code for entry in found if entry is not None} == {"new"}
    # 教育局 alone does not say whose it is.
    assert [entry.level_code for entry in found if entry is not None] == ["prefecture", "prefecture", None, "prefecture"]
    assert {entry.line_code for entry in found if entry is not None} == {"education"}


@pytest.fixture
def renamed(tmp_path: Path) -> Path:
    """Reference tables of a city in which one name was handed on, and two departments share another."""
    for name in ("cities.csv", "lines.csv"):
        (tmp_path / name).write_bytes((REFERENCE / name).read_bytes())
    head = "department_id,city_slug,name_zh,name_en,aliases,valid_from,valid_to,level_code,line_code,supervising_department_id"
    lines = [
        head,
        "old,anlan,安澜市农业局,,,,2018,prefecture,agriculture,",
        "new,anlan,安澜市农业农村局,,安澜市农业局,2019,,prefecture,agriculture,",
        "one,anlan,安澜市服务中心,,,,,prefecture,,",
        "two,anlan,安澜市事务中心,,安澜市服务中心,,,prefecture,,",
        "three,anlan,安澜市服务 中心,,,,,prefecture,,",
    ]
    (tmp_path / "departments.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(("year", "expected"), [(2018, "old"), (2019, "new"), (2024, "new")])
def test_a_name_means_the_department_that_bore_it_in_the_year(renamed: Path, year: int, expected: str) -> None:
    found = resolve(renamed, "anlan", "安澜市农业局", year)
    assert found is not None and found.department_id == expected


def test_a_department_of_another_year_is_proposed_with_that(renamed: Path) -> None:
    found = resolve(renamed, "anlan", "安澜市农业农村局", 2017)
    assert found is not None and found.match_code == "new"
    assert "new 安澜市农业农村局 (1.00, not in 2017)" in (found.proposals or "")


def test_a_name_of_several_departments_is_for_a_person(renamed: Path) -> None:
    found = resolve(renamed, "anlan", "安澜市服务中心", 2024)
    assert found is not None and found.match_code == "new"
    assert {line.split()[0] for line in (found.proposals or "").splitlines()} == {"one", "two", "three"}


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("财政局", "finance"),
        ("委巡察工作领导小组办公室", "inspection"),
        ("荷塘区妇女联合会", "womens_federation"),
        ("科学技术协会", "federations"),
        ("交通警察支队", None),
        ("服务中心", None),
    ],
)
def test_a_line_is_told_where_one_alone_fits(name: str, line: str | None) -> None:
    assert line_of(REFERENCE, name) == line


def test_likeness_of_names() -> None:
    assert likeness("档案馆", "档案馆") == 1
    assert likeness("档案馆", "史志档案馆") >= 0.8
    assert likeness("档案馆", "水利局") == 0


def test_cities_are_those_of_the_standard_and_the_invented_ones() -> None:
    cities = rows("cities.csv")
    slugs, codes = [row["slug"] for row in cities], [row["city_code"] for row in cities]
    assert len(set(slugs)) == len(slugs) and len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", slug) for slug in slugs)
    real = [row for row in cities if row["is_fictional"] == "false"]
    levels = [row["level_code"] for row in real]
    assert (levels.count("province"), levels.count("prefecture")) == (34, 333)
    assert levels.count("county") > 2800
    assert set(levels) <= set(catalogue().codes["administrative_level"])
    provinces = {row["city_code"]: row["name_zh"] for row in real if row["level_code"] == "province"}
    for row in cities:
        assert provinces[row["province_code"]] == row["province_zh"]
        assert row["parent_code"] in set(codes) or row["level_code"] == "province"
        assert row["is_fictional"] == "true" or row["city_code"].startswith(row["province_code"][:2])
    by_slug = {row["slug"]: row["city_code"] for row in cities}
    known = {"zhuzhou": "430200", "luohe": "411100", "jiangsu-suzhou": "320500", "anhui-suzhou": "341300", "jilin": "220000"}
    known |= {"jilin-jilin": "220200", "beijing-chaoyang": "110105", "xingtai-qinghe": "130534", "qinghe": "990200"}
    assert {slug: by_slug[slug] for slug in known} == known
    assert city(REFERENCE, "yushan") == YUSHAN


def test_departments_and_lines_name_codes_and_places_that_exist() -> None:
    slugs = {row["slug"] for row in rows("cities.csv")}
    lines = {row["line_code"] for row in rows("lines.csv")}
    departments = rows("departments.csv")
    ids = [row["department_id"] for row in departments]
    assert len(set(ids)) == len(ids)
    for row in departments:
        assert row["city_slug"] in slugs
        assert row["level_code"] in catalogue().codes["administrative_level"]
        assert row["line_code"] in lines
        assert row["supervising_department_id"] in {"", *ids}
    assert len(lines) == len(rows("lines.csv"))
    assert all(row["name_zh"] and row["name_en"] and re.compile(row["patterns"]) for row in rows("lines.csv"))
