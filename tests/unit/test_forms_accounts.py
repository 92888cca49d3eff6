"""Final accounts: which sentences and cells serve the comparison, and that nothing else of them is taken."""

from __future__ import annotations

import pytest

from pipelines.documents import Cell, Document, Locator, Paragraph, Table
from pipelines.forms.accounts import AccountsReader, titled_tables
from pipelines.forms.observations import FormRecord

Taken = set[tuple[str | int | None, ...]]


def reader() -> AccountsReader:
    return AccountsReader(FormRecord(1, "final_accounts", "FINAL-ACCOUNTS"), 2023)


def taken(found: AccountsReader) -> Taken:
    assert found.form.figures == len(found.observations)
    assert {seen.table_name for seen in found.observations} <= {"final_accounts"}
    names = ("item_code", "fund_source_code", "phase_code", "amount_year")
    return {(*(seen.codes[name] for name in names), seen.raw_text, seen.unit) for seen in found.observations}


def of_text(text: str) -> Taken:
    found = reader()
    found.read_text([Paragraph(line, None, Locator(line=number)) for number, line in enumerate(text.splitlines(), start=1)])
    return taken(found)


def of_table(title: str, *rows: list[str]) -> Taken:
    """What a table below a title gives; each text is a cell, <text is one with the cell to its left."""
    cells: list[Cell] = []
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            if text == "<":
                last = cells.pop()
                cells.append(Cell(row, last.column, 1, last.column_span + 1, last.text, last.locator))
            else:
                cells.append(Cell(row, column, 1, 1, text, Locator(table=1, row=row + 1, column=column + 1)))
    blocks = (*(Paragraph(line, None, Locator()) for line in title.splitlines()), Table(tuple(cells), "native"))
    found = reader()
    found.read_tables(titled_tables(Document("0" * 64, "text/html", "html", "1", None, blocks)))
    return taken(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "三、支出决算情况说明\n2023年度支出合计110万元，其中：基本支出70万元，占63.64%；项目支出40万元。",
            {("total", "all", "110万元"), ("basic_expenditure", "all", "70万元"), ("project_expenditure", "all", "40万元")},
        ),
        ("2023年度收、支总计均为120万元，其中年末结转10万元。", set()),
        ("2023年度支出总计120万元。", set()),
        (
            "六、一般公共预算财政拨款基本支出情况\n基本支出70万元。其中人员经费60万元。",
            {("basic_expenditure", "general_public_budget", "70万元"), ("personnel_funds", "general_public_budget", "60万元")},
        ),
        (
            "一般公共预算财政拨款基本支出70万元。其中人员经费60万元。",
            {("basic_expenditure", "general_public_budget", "70万元"), ("personnel_funds", "general_public_budget", "60万元")},
        ),
        ("一般公共预算和政府性基金预算项目支出40万元。", set()),
        ("财政拨款“三公”经费支出决算为3.1万元。", {("three_public", "all", "3.1万元")}),
        ("政府性基金预算财政拨款“三公”经费支出决算为0万元。", {("three_public", "gov_fund_budget", "0万元")}),
        ("机关运行经费支出57.4万元，比2022年增加3万元。", {("org_operating_cost", "all", "57.4万元")}),
    ],
)
def test_sentences(text: str, expected: set[tuple[str, str, str]]) -> None:
    assert of_text(text) == {(item, fund, "final_accounts", 2023, raw, "万元") for item, fund, raw in expected}


def test_budgets_and_other_years_keep_their_phase_and_year() -> None:
    text = "“三公”经费支出年初预算为4万元，支出决算为3.1万元。2022年“三公”经费支出决算为3.5万元。"
    assert of_text(text) == {
        ("three_public", "all", "budget_initial", 2023, "4万元", "万元"),
        ("three_public", "all", "final_accounts", 2023, "3.1万元", "万元"),
        ("three_public", "all", "final_accounts", 2022, "3.5万元", "万元"),
    }


def test_chapters_on_performance_and_explanations_of_words_are_left_out() -> None:
    text = (
        "第三部分 决算情况说明\n一、支出情况\n基本支出70万元。\n二、预算绩效情况说明\n项目支出40万元。\n"
        "三、其他\n公务接待费1万元。\n第四部分 名词解释\n一、基本支出\n如基本支出10万元。"
    )
    assert {row[0] for row in of_text(text)} == {"basic_expenditure", "reception"}


def test_a_table_of_items_by_phase() -> None:
    found = of_table(
        "“三公”经费支出决算表\n金额单位：元",
        ["项目", "行次", "预算数", "决算数", "上年决算数"],
        ["合计", "1", "40,000.00", "31,000.00", "35,000.00"],
        ["1.公务接待费", "2", "10,000.00", "4,000.00", "6,000.00"],
        ["国内公务接待批次（个）", "3", "9", "6", "7"],
    )
    assert found == {
        ("three_public", "all", "budget", 2023, "40,000.00", "元"),
        ("three_public", "all", "final_accounts", 2023, "31,000.00", "元"),
        ("reception", "all", "budget", 2023, "10,000.00", "元"),
        ("reception", "all", "final_accounts", 2023, "4,000.00", "元"),
    }


def test_a_table_of_items_in_columns_gives_its_total_alone() -> None:
    found = of_table(
        "支出决算表\n公开03表\n单位：万元",
        ["科目编码", "科目名称", "本年支出合计", "基本支出", "经营支出"],
        ["栏次", "<", "1", "2", "3"],
        ["合计", "<", "110", "70", "0"],
        ["204", "公共安全支出", "90", "60", "0"],
    )
    assert found == {
        ("total", "all", "final_accounts", 2023, "110", "万元"),
        ("basic_expenditure", "all", "final_accounts", 2023, "70", "万元"),
    }


def test_two_lines_of_heads_over_one_row_of_figures() -> None:
    found = of_table(
        "财政拨款“三公”经费支出决算表\n单位：万元",
        ["预算数", "<", "决算数", "<"],
        ["合计", "公务接待费", "合计", "公务接待费"],
        ["4", "1", "3.1", "0.4"],
    )
    assert {row[:3] + row[4:5] for row in found} == {
        ("three_public", "all", "budget", "4"),
        ("reception", "all", "budget", "1"),
        ("three_public", "all", "final_accounts", "3.1"),
        ("reception", "all", "final_accounts", "0.4"),
    }


@pytest.mark.parametrize(
    "title",
    ["“三公”经费支出决算表", "“三公”经费支出预算表\n单位：万元", "项目支出绩效自评表\n单位：万元", "基本情况\n单位：万元"],
)
def test_tables_without_a_unit_or_of_another_kind_are_left(title: str) -> None:
    assert of_table(title, ["项目", "决算数"], ["公务接待费", "0.4"]) == set()
