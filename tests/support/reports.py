"""Reports in miniature for tests: flattened tables of the Hunan forms, and what a report's text yields.

Belongs here: rows to start from, and the way from text (or docx bytes) to frames without a child process.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.documents import Document, docx, text
from pipelines.facts.extraction import build, read_reports
from pipelines.facts.settlement import count_figures

REFERENCE = Path(__file__).resolve().parents[2] / "data" / "reference"
EMPTY = "\u3000"
TITLE = "2024年度甲市乙局\n部门整体支出绩效自评报告\n\n"
PROJECT = [
    ["项目支出名称", "甲项目"],
    ["主管部门", "甲市乙局", "实施单位", "乙局中心"],
    ["项目资金\n(万元)", "资金来源", "年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分"],
    ["", "其中:当年财政拨款", "8", "9", "8.5", EMPTY, EMPTY, EMPTY],
    ["", "上年结转金额", "2", "2", "2", EMPTY, EMPTY, EMPTY],
    ["", "其他资金", "0", "0", "0", EMPTY, EMPTY, EMPTY],
    ["", "年度资金总额", "10", "11", "10.5", "10", "95.45%", "9.55"],
    ["年度总体目标", "预期目标", "实际完成情况"],
    ["", "完成三轮培训", "完成3轮培训"],
    ["绩效指标", "一级指标", "二级指标", "三级指标", "年度指标值", "实际完成值", "分值", "得分", "偏差原因分析及改进措施"],
    ["", "产出指标", "数量指标", "培训次数", "≥3次", "3次", "50", "50", EMPTY],
    ["", "效益指标", "社会效益指标", "社会影响", "提升", "已提升", "40", "39", "宣传不足"],
    ["总分", "100", "98.55"],
]
DEPARTMENT = [
    ["预算部门名称", "甲市乙局"],
    [
        "年度预算申请\n(万元)",
        EMPTY,
        "年初预算数\n(万元)",
        "全年预算数\n（万元）",
        "全年执行数\n（万元）",
        "分值",
        "执行率",
        "得分",
    ],
    ["", "年度资金总额：", "100", "110", "105", "10", "95.45%", "9.55"],
    ["", "按收入性质分：", "按支出性质分："],
    ["", "一般公共预算：", "100", "其中:基本支出：", "60"],
    ["", "政府性基金拨款：", "5", "", ""],
    ["", "纳入专户管理的非税收入拨款：", "0", "项目支出：", "45"],
    ["", "其他资金", "0", "", ""],
    *PROJECT[7:],
]
BASE = [
    ["财政供养人员情况", "编制数", "2024年实际在职人数", "控制率"],
    ["", "23", "22", "95.65%"],
    ["经费控制情况(万元)", "2023年决算数", "2024年预算数", "2024年决算数"],
    ["三公经费", "37.11", "14", "10.11"],
    ["1、公务用车购置和维护经费", "36.98", "12", "9.92"],
    ["其中：公车购置", "24.98", "0", "0"],
    ["公车运行维护", "12", "12", "9.92"],
    ["2、出国经费", "0", "0", "0"],
    ["3、公务接待", "0.13", "2", "0.19"],
    ["项目支出：", "10", "11", "12"],
    ["3、本级专项资金（一个专项一行）", EMPTY, EMPTY, EMPTY],
    ["（1）城乡环境整治", "1", "2", "3"],
    ["公用经费：", "214.76", "112.05", "98.77"],
    ["政府采购金额", "67.71", "101.98", "41.28"],
    ["部门基本支出预算调整", EMPTY, EMPTY, EMPTY],
]

Rows = list[list[str]]
Frames = dict[str, pl.DataFrame]


def table(rows: Rows) -> str:
    """Rows as flattened text."""
    return "".join("".join(f"\t{cell}\n" for cell in row) + "\n" for row in rows)


def changed(rows: Rows, *changes: tuple[str, str]) -> Rows:
    """The rows with every cell of one text replaced by another text."""
    texts = dict(changes)
    return [[texts.get(cell, cell) for cell in row] for row in rows]


def document(content: str | bytes) -> Document:
    """Document of flattened text or of docx bytes."""
    data = content.encode() if isinstance(content, str) else content
    return (docx if data.startswith(b"PK") else text).read(data, hashlib.sha256(data).hexdigest())


def frames(*contents: str | bytes, year: int | None = 2024, decisions: pl.DataFrame | None = None) -> Frames:
    """Frames of every table of schema `facts` for reports of one city and year, `decisions` applied, counts filled in."""
    found = []
    for number, content in enumerate(contents, start=1):
        read = document(content)
        file: dict[str, Any] = {
            "report_id": hashlib.sha256(f"{number}\n{read.sha256}".encode()).hexdigest()[:16],
            "file_name": f"anlan/{year}/{number}",
            "sha256": read.sha256,
            "byte_count": 1,
            "city_slug": "anlan",
            "folder_year": year,
            "first_seen_at": datetime(2025, 1, 1),
            "superseded_by": None,
            "is_current": True,
        }
        found.extend(read_reports(file, read, 0.0, REFERENCE))
    return count_figures(build(found, decisions))


def counts(found: Frames) -> tuple[int, int, int, int]:
    """Figures extracted, accepted, quarantined and unmapped, over all reports."""
    names = [f"figures_{name}_count" for name in ("extracted", "accepted", "quarantined", "unmapped")]
    return found["reports"].select(pl.col(names).sum()).row(0)  # type: ignore[return-value]


def amounts(found: Frames, form_kind: str) -> dict[tuple[Any, ...], str]:
    """Amounts of one kind of form by item, fund source, phase and year."""
    rows = found["fact_expenditures"].filter(form_kind=form_kind)
    columns = ("item_code", "fund_source_code", "phase_code", "amount_year", "amount_wanyuan")
    return {tuple(key): f"{amount.normalize():f}" for *key, amount in rows.select(columns).iter_rows()}
