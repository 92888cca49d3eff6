"""Paragraphs on projects and chapters of final accounts: which text is about which project, and what is read of it."""

from __future__ import annotations

import pytest

from pipelines.documents import Locator, Paragraph
from pipelines.forms.prose import performance_chapters, projects, read_project, title_of_accounts


def paragraphs(text: str) -> list[Paragraph]:
    return [Paragraph(line, locator=Locator(line=number)) for number, line in enumerate(text.split("\n"), start=1)]


def read(text: str) -> dict[str, set[tuple[str, str, str]]]:
    """Facts and unmapped figures of each project of a text, as printed."""
    found: dict[str, set[tuple[str, str, str]]] = {}
    for number, project in enumerate(projects(paragraphs(text))[0], start=1):
        reader = read_project(project, number, 2023)
        seen = [one for one in reader.observations if one.table_name != "fact_narratives"]
        assert reader.form.figures == sum(one.is_figure for one in seen) + len(reader.unmapped)
        facts = [(str(one.codes.get("phase_code", one.field_name)), str(one.codes["item_code"]), one.raw_text) for one in seen]
        found[project.name] = {*facts, *(("unmapped", "", one.raw_text) for one in reader.unmapped)}
    return found


ITEM = "project_expenditure"
FACTS = {
    ("budget_final", ITEM, "120万元"),
    ("executed", ITEM, "118万元"),
    ("execution_rate_reported_pct", ITEM, "98.33%"),
    ("total_score_points", ITEM, "97.5"),
    ("grade_reported", ITEM, "优"),
}


@pytest.mark.parametrize(
    "text",
    [
        "（1）粮情监测项目绩效自评情况：全年预算数120万元，执行数118万元，完成预算的98.33%。自评得分97.5分，评价结果为优。",
        "1.粮情监测项目绩效自评综述：根据年初设定的绩效目标，项目自评得分为97.5分，自评结果为“优”。全年预算数为120万元，执行数为118万元，"
        "完成预算的98.33%。发现的主要问题：点位偏少。下一步改进措施：增设点位。",
        "“粮情监测项目”绩效自评结果：全年预算数120万元，执行数118万元，执行率98.33%；自评得分97.5，评价等级：优。",
        "粮情监测项目：全年预算数120万元，全年执行数118万元，预算执行率为98.33%，自评得分97.5分，等次为优。",
        "粮情监测项目绩效自评情况：\n全年预算数120万元，执行数118万元，完成预算的98.33%。\n自评得分97.5分，评价结果为优。",
    ],
)
def test_wordings_of_a_project(text: str) -> None:
    if "\n" in text:
        text = text.replace("：\n", "：")
    assert read(text) == {"粮情监测项目": FACTS}


def test_a_score_of_some_indicators_is_not_the_total() -> None:
    text = "甲项目绩效自评情况：执行数9万元，完成预算的90%。其中产出指标自评得分49分，自评得分97分。"
    found = {value for name, _, value in read(text)["甲项目"] if name == "total_score_points"}
    assert found == {"97"}


def test_each_project_has_its_own_figures_and_a_heading_ends_the_last() -> None:
    found = read(
        "1.甲项目绩效自评情况：全年预算数10万元，执行数9万元，完成预算的90%。\n完成检测30次，惠及群众5万人，带动增收20万元。\n"
        "2.乙项目绩效自评情况：全年预算数20万元，执行数20万元，完成预算的100%。\n（三）其他\n基本支出执行数7万元。"
    )
    assert found == {
        "甲项目": {
            ("budget_final", ITEM, "10万元"),
            ("executed", ITEM, "9万元"),
            ("execution_rate_reported_pct", ITEM, "90%"),
            ("unmapped", "", "20万元"),
        },
        "乙项目": {
            ("budget_final", ITEM, "20万元"),
            ("executed", ITEM, "20万元"),
            ("execution_rate_reported_pct", ITEM, "100%"),
        },
    }


def test_words_in_a_name_are_no_items() -> None:
    text = "公务用车购置项目绩效自评情况：全年预算数120万元，执行数118万元，完成预算的98.33%。自评得分97.5分，评价结果为优。"
    assert read(text) == {"公务用车购置项目": FACTS}


@pytest.mark.parametrize(
    "text",
    [
        "本部门绩效自评情况：共对12个项目开展绩效自评，自评得分均在90分以上。",
        "部门整体支出绩效自评情况：自评得分98分。",
        "存在的问题：项目自评得分偏高。",
        "项目绩效自评情况：全年预算数120万元，执行数118万元。",
        "甲项目绩效自评情况：已按要求开展。",
        "主要项目：粮情监测120万元，仓储118万元。",
        "根据自评结果，甲项目执行数118万元。",
    ],
)
def test_what_is_no_project(text: str) -> None:
    assert read(text) == {}


ACCOUNTS = """第二部分 2023年度部门决算情况说明
一、收入支出决算总体情况说明
2023年收入总计500万元。
七、其他重要事项的情况说明
（一）机关运行经费支出情况
2023年机关运行经费支出98万元。
（二）预算绩效管理工作开展情况
本部门共对2个项目开展绩效自评。
1.甲项目绩效自评情况：全年预算数10万元，执行数9万元，完成预算的90%。
（三）国有资产占用情况
公务用车3辆。
第三部分 名词解释
绩效自评：略。"""


def test_of_final_accounts_only_the_chapter_on_performance_is_taken() -> None:
    chapter = performance_chapters(paragraphs(ACCOUNTS))
    assert [paragraph.locator.line for paragraph in chapter] == [7, 8, 9]
    others = paragraphs(ACCOUNTS.replace("（二）预算绩效管理工作开展情况", "（二）其他情况"))
    assert performance_chapters([*others[:8], *others[9:]]) == []


def test_a_chapter_on_performance_ends_at_the_next_part() -> None:
    text = "十、预算绩效情况说明\n（一）绩效自评\n略。\n第三部分 名词解释\n略。"
    assert [paragraph.locator.line for paragraph in performance_chapters(paragraphs(text))] == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "name", "year"),
    [
        ("明塘市粮食局2023年度部门决算\n目录", "明塘市粮食局", 2023),
        ("2023年度\n明塘市粮食局部门决算公开\n", "明塘市粮食局", 2023),
        ("浙溪市图书馆2022年度单位决算情况说明", "浙溪市图书馆", 2022),
    ],
)
def test_titles_of_accounts(text: str, name: str, year: int) -> None:
    found = title_of_accounts(paragraphs(text))
    assert found is not None and (found.department_name, found.year) == (name, year)


@pytest.mark.parametrize("text", ["明塘市粮食局2023年度绩效自评报告", "一、部门决算情况", "我局部门决算如下：略。"])
def test_what_is_no_title_of_accounts(text: str) -> None:
    assert title_of_accounts(paragraphs(text)) is None
