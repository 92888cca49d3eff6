"""Names and phones of contact lines go, figures beside them stay."""

from __future__ import annotations

import pytest

from pipelines.documents import Cell, Document, Locator, Paragraph, Table
from pipelines.documents.redaction import REDACTED, redact


def document(*blocks: Paragraph | Table) -> Document:
    return Document("0" * 64, "text/plain", "text", "text-1", None, blocks)


def table(rows: list[list[str]]) -> Table:
    cells = [
        Cell(r, c, 1, 1, text, Locator(table=1, row=r + 1, column=c + 1))
        for r, row in enumerate(rows)
        for c, text in enumerate(row)
    ]
    return Table(tuple(cells), "native")


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("联系人：张三 联系电话：13800000000", "联系人：# 联系电话：#"),
        ("填报人：李 四　　联系电话：0731-28680000", "填报人：#　　联系电话：#"),
        ("填报人（签字）：王五负责人：赵六", "填报人（签字）：#负责人：#"),
        ("联系人: 欧阳震华、李四（13800000000）", "联系人: #（#）"),
        ("项目负责人：张三，项目金额：28680000元", "项目负责人：#，项目金额：28680000元"),
        ("填报人：张三 填报日期：2025年3月1日", "填报人：# 填报日期：2025年3月1日"),
        ("如有疑问请拨打13900001111咨询", "如有疑问请拨打#咨询"),
    ],
)
def test_contact_lines(text: str, redacted: str) -> None:
    (block,) = redact(document(Paragraph(text, 2, Locator(line=3)))).blocks
    assert block == Paragraph(redacted.replace("#", REDACTED), 2, Locator(line=3))


@pytest.mark.parametrize(
    "text",
    [
        "本单位现共有编制人数23人",
        "单位主要负责人为第一责任人",
        "审核人员：3人",
        "填表人：        审核人：",
        "填表人（签字）：    年   月   日",
        "共投入13800000000元",
        "项目编码：13800000000",
        "移交问题线索452件，立案365件",
        "支出28680000.00元",
    ],
)
def test_other_lines_stay(text: str) -> None:
    unchanged = document(Paragraph(text))
    assert redact(unchanged) is unchanged


@pytest.mark.parametrize(
    ("rows", "redacted"),
    [
        ([["项目负责人", "张三", "联系电话", "28680000"]], [["项目负责人", "#", "联系电话", "#"]]),
        ([["负责人及电话：", "张三13800000000", "得分", "9.99"]], [["负责人及电话：", "#", "得分", "9.99"]]),
        (
            [["姓名", "职务", "联系电话"], ["张三", "主任", "28680000"], ["合计", "2", "310.75"]],
            [["姓名", "职务", "联系电话"], ["#", "主任", "#"], ["合计", "2", "310.75"]],
        ),
        ([["联系人：王五", "310.75"]], [["联系人：#", "310.75"]]),
        ([["编制数", "23", "负责人", "3"], ["负责人", "28680000", "负责人", ""]],) * 2,
        ([["单位负责人", "", "填表人", ""], ["手机", "310.75", "传真", "无"]],) * 2,
    ],
)
def test_contact_cells(rows: list[list[str]], redacted: list[list[str]]) -> None:
    (block,) = redact(document(table(rows))).blocks
    assert block == table([[text.replace("#", REDACTED) for text in row] for row in redacted])
