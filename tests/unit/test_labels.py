"""Unknown labels are counted, and what is proposed for them is YAML that names them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest
import yaml

from pipelines.catalogue import catalogue
from pipelines.catalogue.definitions import normalise_label
from pipelines.cli import main
from pipelines.evaluation.labels import count, likeness, propose
from tests.support.reports import PROJECT, TITLE, changed, table

PROJECT_ROOT = Path(__file__).resolve().parents[2]


def test_labels_are_counted_the_most_frequent_first() -> None:
    rows = [("甲类经费", "预算数", "r1")] * 2 + [
        ("乙类经费", "预算数", "r1"),
        ("乙类经费", "预算数", "r2"),
        ("丙类经费", None, "r1"),
    ]
    unmapped = pl.DataFrame(
        [
            {
                "form_kind": "base_data", "template_id": "HN-BASE", "label_zh": label, "column_label_zh": column,
                "raw_text": "1", "locator": f"row {number}", "report_id": report,
            }
            for number, (label, column, report) in enumerate(rows)
        ]
    )  # fmt: skip
    counted = count(unmapped).select("label_zh", "figures_count", "reports_count", "locator").rows()
    assert counted == [("乙类经费", 2, 2, "row 2"), ("甲类经费", 2, 1, "row 0"), ("丙类经费", 1, 1, "row 4")]


def test_the_nearest_code_is_proposed_with_its_labels_and_the_new_one() -> None:
    first, *_, last = propose("维修维护经费", "年初预算数")
    assert (first.file, first.key) == ("pipelines/catalogue/codes.yml", "item.codes.maintenance")
    assert (PROJECT_ROOT / first.file).is_file()
    known = catalogue().codes["item"]["maintenance"].labels
    assert yaml.safe_load(first.yaml)["labels"] == [*known, "维修维护经费"]
    assert 0 < (first.similarity or 0) < 1
    assert (last.code, last.similarity) == (None, None)


def test_a_label_like_no_other_gets_a_code_of_its_own() -> None:
    (new,) = propose("甲乙丙丁")
    assert yaml.safe_load(new.yaml)[0]["labels"] == ["甲乙丙丁"]


def test_an_unknown_column_is_proposed_as_a_column_that_fits_it() -> None:
    proposals = propose("一般公共预算拨款", "预算批复数")
    assert {entry.file for entry in proposals} == {"pipelines/forms/templates/shared.yml"}
    (column,) = yaml.safe_load(proposals[0].yaml)
    assert re.fullmatch(column["match"], normalise_label("预算批复数"))
    assert column["phase"] in catalogue().codes["phase"]


@pytest.mark.parametrize(
    ("label", "column"),
    [
        ("年度资金总额", "全年预算数"),
        ("2024年，本单位严格执行各项财经纪律，共支出", None),
        ("12", None),
        ("服务群众3100人次，印刷费", None),
    ],
)
def test_what_is_known_or_no_label_has_no_proposal(label: str, column: str | None) -> None:
    assert propose(label, column) == []


def test_likeness() -> None:
    assert likeness("公用经费", "公用经费") == 1
    assert likeness("日常公用经费支出", "公用经费") >= 0.8
    assert likeness("公用经费", "甲乙丙丁") == 0


def test_the_command_lists_the_labels_of_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "报告.txt"
    path.write_text(TITLE + table(changed(PROJECT, ("上年结转金额", "结存结转款"))), encoding="utf-8")
    assert main(["labels", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {row["label_zh"] for row in told} == {"结存结转款"}
    assert sum(row["figures_count"] for row in told) == 3
    assert all(row["proposals"] for row in told)
    assert main(["labels", str(path), "--lang", "zh"]) == 0
    out = capsys.readouterr().out
    assert "未识别的标签" in out and "结存结转款" in out and "pipelines/catalogue/codes.yml" in out


def test_the_command_needs_a_file_that_is_there_or_a_published_warehouse(tmp_path: Path) -> None:
    assert main(["labels", str(tmp_path / "none.txt")]) == 2
    assert main(["labels", "--home", str(tmp_path)]) == 2
