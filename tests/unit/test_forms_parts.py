"""How a file is divided into its reports, and which ids these have."""

from __future__ import annotations

import polars as pl
import pytest

from pipelines.archive.planning import report_id
from pipelines.documents import Paragraph
from pipelines.forms.parts import report_titles
from tests.support.reports import BASE, DEPARTMENT, PROJECT, TITLE, Frames, changed, frames, table

CHAPTERS = "一、单位基本情况\n{}承担全市相应职责。\n二、存在的问题\n指标不够细化。\n"
DEPARTMENT_FORM = "整体支出绩效自评表\n"
PROJECT_FORM = "项目支出绩效自评表\n"


def reports(found: Frames) -> list[tuple[object, ...]]:
    """Number of the report, department, year and forms besides the narrative, of every report."""
    return (
        found["reports"]
        .select("part_number", "department_name", "fiscal_year", pl.col("forms_count") - _narratives(found))
        .rows()
    )


def _narratives(found: Frames) -> pl.Series:
    counts = dict(found["forms"].filter(form_kind="narrative").group_by("report_id").len().iter_rows())
    return pl.Series([counts.get(one, 0) for one in found["reports"]["report_id"]], dtype=pl.Int32)


def report(name: str, year: int = 2024) -> str:
    """A report with a narrative that names its department, and a department form."""
    form = table(changed(DEPARTMENT, ("甲市乙局", name)))
    return f"{name}\n{year}年度部门整体支出绩效自评报告\n{CHAPTERS.format(name)}{DEPARTMENT_FORM}{form}"


def project_form(department: str, unit: str, name: str) -> str:
    """A project form that names who is responsible."""
    return table(changed(PROJECT, ("甲市乙局", department), ("乙局中心", unit), ("甲项目", name)))


def test_a_file_of_one_report_is_report_one_of_one() -> None:
    found = frames(report("甲市乙局"))
    row = found["reports"].row(0, named=True)
    assert (row["part_number"], row["parts_count"]) == (1, 1)
    assert found["reports"].height == 1


def test_three_reports_with_their_narratives_and_forms() -> None:
    names = ["甲市乙局", "甲市丁局", "甲市档案馆"]
    found = frames("".join(map(report, names)))
    assert reports(found) == [(number, name, 2024, 1) for number, name in enumerate(names, start=1)]
    file = found["reports"].row(0, named=True)
    ids = found["reports"]["report_id"].to_list()
    assert ids[1:] == [report_id(file["file_name"], file["sha256"], number) for number in (2, 3)]
    assert found["reports"]["parts_count"].to_list() == [3, 3, 3]
    texts = found["fact_narratives"].filter(section_code="basic_information").sort("report_id")
    assert dict(texts.select("report_id", "text").iter_rows()) == {
        one: f"{name}承担全市相应职责。" for one, name in zip(ids, names, strict=True)
    }
    assert set(found["fact_expenditures"]["report_id"]) == set(ids)
    assert found["forms"]["form_id"].is_unique().all()


def test_a_list_of_titles_at_the_front_is_no_report() -> None:
    names = ["甲市乙局", "甲市丁局"]
    contents = "目录\n" + "".join(f"{name}2024年度部门整体支出绩效自评报告\n" for name in names)
    assert reports(frames(contents + "".join(map(report, names)))) == [(1, "甲市乙局", 2024, 1), (2, "甲市丁局", 2024, 1)]


def test_a_title_printed_again_in_another_spelling_is_one_report() -> None:
    cover = "中共甲市委巡察工作领导小组办公室\n2024年度部门整体支出绩效自评报告\n"
    found = frames(cover + report("市委巡察办"))
    assert reports(found) == [(1, "市委巡察办", 2024, 1)]


def test_forms_of_projects_of_one_department_are_one_report() -> None:
    forms = "".join(PROJECT_FORM + project_form("甲市乙局", f"第{number}站", f"项目{number}") for number in range(15))
    assert reports(frames(TITLE + forms)) == [(1, "甲市乙局", 2024, 15)]
    assert reports(frames(forms)) == [(1, "甲市乙局", 2024, 15)]


def test_forms_of_projects_that_name_several_superiors_are_reports_of_these() -> None:
    owners = ["甲市乙局", "甲市丁局", "甲市乙局"]
    found = frames("".join(PROJECT_FORM + project_form(owner, "某站", f"项目{n}") for n, owner in enumerate(owners)))
    assert reports(found) == [(1, "甲市乙局", 2024, 2), (2, "甲市丁局", 2024, 1)]
    names = dict(found["reports"].select("report_id", "department_name").iter_rows())
    projects = found["forms"].select("project_name", pl.col("report_id").replace_strict(names))
    assert sorted(projects.drop_nulls().rows()) == [("项目0", "甲市乙局"), ("项目1", "甲市丁局"), ("项目2", "甲市乙局")]


def test_a_superior_in_a_report_that_names_its_department_begins_nothing() -> None:
    found = frames(report("甲市乙局") + PROJECT_FORM + project_form("甲市人民政府", "乙局中心", "甲项目"))
    assert reports(found) == [(1, "甲市乙局", 2024, 2)]


def test_a_form_that_names_nobody_belongs_to_the_report_it_stands_in() -> None:
    found = frames(report("甲市乙局") + report("甲市丁局") + f"基础数据表\n{table(BASE)}")
    assert reports(found) == [(1, "甲市乙局", 2024, 1), (2, "甲市丁局", 2024, 2)]


def test_a_form_of_another_department_begins_a_report_with_the_narrative_that_began_anew() -> None:
    nameless = "2024年度部门整体支出绩效自评报告\n" + CHAPTERS.format("本局")
    found = frames(report("甲市乙局") + nameless + DEPARTMENT_FORM + table(changed(DEPARTMENT, ("甲市乙局", "甲市丁局"))))
    assert reports(found) == [(1, "甲市乙局", 2024, 1), (2, "甲市丁局", 2024, 1)]
    second = found["reports"]["report_id"][1]
    texts = found["fact_narratives"].filter(report_id=second, section_code="basic_information")["text"].to_list()
    assert texts == ["本局承担全市相应职责。"]


def test_two_years_of_one_department_are_two_reports() -> None:
    found = frames(report("甲市乙局", 2023) + report("甲市乙局", 2024))
    assert reports(found) == [(1, "甲市乙局", 2023, 1), (2, "甲市乙局", 2024, 1)]
    forms = [f"{year}年度{DEPARTMENT_FORM}{table(DEPARTMENT)}" for year in (2022, 2023)]
    assert reports(frames("".join(forms))) == [(1, "甲市乙局", 2022, 1), (2, "甲市乙局", 2023, 1)]


def test_a_form_titled_with_another_year_stays_in_its_report() -> None:
    found = frames(report("甲市乙局") + f"2023年度{PROJECT_FORM}{project_form('甲市乙局', '中心', '甲项目')}")
    assert reports(found) == [(1, "甲市乙局", 2024, 2)]


def test_a_unit_below_the_department_is_a_report_of_its_own() -> None:
    found = frames(report("甲市乙局") + report("甲市乙局水政监察支队"))
    assert reports(found) == [(1, "甲市乙局", 2024, 1), (2, "甲市乙局水政监察支队", 2024, 1)]
    assert reports(frames(report("甲市乙局") + report("甲市乙局（本级）")))[0][3] == 2


@pytest.mark.parametrize("name", ["部门名称", "XX局", "××单位"])
def test_a_name_that_the_form_prints_begins_nothing(name: str) -> None:
    assert len(reports(frames(report("甲市乙局") + DEPARTMENT_FORM + table(changed(DEPARTMENT, ("甲市乙局", name)))))) == 1


def test_a_list_of_evidence_that_names_reports_begins_nothing() -> None:
    evidence = "佐证材料\n1.河道治理项目绩效评价报告\n2.甲市丁局2024年度绩效自评报告\n丙项目绩效自评报告\n"
    assert reports(frames(report("甲市乙局") + evidence)) == [(1, "甲市乙局", 2024, 1)]


def test_a_report_without_forms_among_others_is_rejected_alone() -> None:
    text_alone = "甲市丁局\n2024年度绩效运行监控报告\n"
    formless = f"甲市戊局\n2024年度部门整体支出绩效自评报告\n一、其他\n无。\n{text_alone}"
    found = frames(report("甲市乙局") + formless)["reports"]
    assert found["outcome"].to_list()[0] == "parsed"
    assert found["parts_count"].to_list() == [2, 2]


def test_titles_take_the_lines_above_that_belong_to_them() -> None:
    lines = ["附件2", "甲市乙局", "2024年度部门", "整体支出绩效自评报告", "一、基本情况", "甲市丁局2023年度绩效自评报告"]
    found = report_titles([Paragraph(line) for line in lines])
    assert [(title.first, title.last, title.name, title.year) for title in found] == [
        (1, 4, "甲市乙局", 2024),
        (5, 6, "甲市丁局", 2023),
    ]
