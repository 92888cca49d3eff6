"""What a document and its forms are: a self-evaluation, or something that holds no actual figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.catalogue.definitions import read_yaml
from pipelines.documents import Paragraph
from pipelines.facts.files import read_files
from pipelines.forms.classification import is_placeholder, is_placeholder_name, kind_of_form, kind_of_lines, kind_of_title
from pipelines.settings import Settings
from tests.support.reports import DEPARTMENT, EMPTY, PROJECT, TITLE, Frames, changed, counts, frames, table

NEGATIVES = Path(__file__).parents[1] / "golden" / "negatives"
FACTS = ("fact_expenditures", "fact_indicators", "fact_evaluations", "fact_personnel", "fact_narratives", "figure_cells")


def outcome(found: Frames) -> tuple[str | None, ...]:
    """Outcome, reason and kind of the only report."""
    return found["reports"].select("outcome", "reason", "document_kind").row(0)


def blanked(rows: list[list[str]], first: int, columns: dict[int, str]) -> list[list[str]]:
    """The rows from `first` on with other texts in some columns."""
    return [
        [columns.get(column, cell) if number >= first else cell for column, cell in enumerate(row)]
        for number, row in enumerate(rows)
    ]


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("2024年度项目支出绩效自评表", "self_evaluation"),
        ("绩效目标自评表", "self_evaluation"),
        ("项目支出绩效目标申报表", "target"),
        ("2024年 项目支出绩效目标表（二级项目）", "target"),
        ("部门整体支出绩效目标批复表", "target"),
        ("绩效目标完成情况表", None),
        ("项目支出绩效运行监控表", "monitoring"),
        ("（三）绩效运行监控情况", None),
        ("视频监控项目支出绩效自评表", "self_evaluation"),
        ("收入支出决算总表", "final_accounts"),
        ("二、部门决算情况说明", None),
        ("重点项目评价评分表", "evaluation_by_others"),
        ("基础数据表", None),
    ],
)
def test_titles_of_forms(title: str, kind: str | None) -> None:
    assert kind_of_title(title) == kind


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (["2024年度甲市乙局", "部门整体支出绩效自评报告"], "self_evaluation"),
        (["甲市财政局", "关于开展2024年度部门整体支出", "绩效自评工作的通知", "各预算单位："], "notice"),
        (["关于报送2024年度绩效自评报告的函"], "self_evaluation"),
        (["甲市重点项目服务中心", "2019年度部门整体支出绩效评价报告"], "self_evaluation"),
        (["甲市财政绩效评价中心", "2024年度部门整体支出绩效自评报告"], "self_evaluation"),
        (["2023年度产业资金第三方绩效评价报告"], "evaluation_by_others"),
        (["甲市教育补助财政重点评价报告"], "evaluation_by_others"),
        (["自评结果抽查复核情况"], "evaluation_by_others"),
        (["甲市财政局关于批复2024年部门预算的通知"], "approval"),
        (["甲市乙局2023年度部门决算"], "final_accounts"),
        (["甲市乙局绩效运行监控报告"], "monitoring"),
        (["一、部门决算情况"], None),
        (["根据市财政局关于开展绩效自评工作的通知，我局开展了自评。", "关于开展绩效自评的通知"], None),
        ([], None),
    ],
)
def test_first_lines_of_documents(lines: list[str], kind: str | None) -> None:
    assert kind_of_lines(Paragraph(line) for line in lines) == kind


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (["三级指标", "年度指标值", "实际完成值"], "self_evaluation"),
        (["三级指标", "指标值", "分值"], "target"),
        (["预算执行率", "≥95%", "指标值"], "target"),
        (["年初预算数", "1-7月执行数"], "monitoring"),
        (["全年预计\n完成情况", "得分"], "monitoring"),
        (["上年决算数"], "self_evaluation"),
    ],
)
def test_labels_of_forms_without_a_title(labels: list[str], kind: str) -> None:
    assert kind_of_form(None, labels) == kind


@pytest.mark.parametrize(
    "text", ["（100字以内）", "XX%", "≥XX%", "……", "如：培训3次", "指标1：", "××", "请填写完成情况", "(字数不限，据实填写)"]
)
def test_hints_are_placeholders(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize("text", ["已完成", "100%", "3次", "指标1：3次", "提升", "0", "2024年12月", "如期完成", "优"])
def test_values_are_no_placeholders(text: str) -> None:
    assert not is_placeholder(text)


def test_names_that_the_form_prints() -> None:
    assert all(map(is_placeholder_name, ["XX局", "××单位", "部门名称", "某局"]))
    assert not any(map(is_placeholder_name, ["甲市乙局", "市委办"]))


# whole documents ------------------------------------------------------------------------------------------------------------


def test_a_form_that_nobody_filled_in_is_a_blank_template() -> None:
    rows = blanked(blanked(PROJECT, 3, {4: EMPTY, 6: EMPTY, 7: EMPTY}), 10, {5: EMPTY})
    found = frames(TITLE + "项目支出绩效自评表\n" + table(rows))
    assert outcome(found) == ("rejected", "blank_template", "blank_template")
    assert all(found[name].is_empty() for name in FACTS)


@pytest.mark.parametrize("actual", ["3次", "未完成", "0次", "***"])
def test_one_actual_value_makes_a_form_filled_in(actual: str) -> None:
    rows = blanked(blanked(PROJECT, 3, {4: EMPTY, 6: EMPTY, 7: EMPTY}), 10, {5: EMPTY})
    rows[10][5] = actual
    assert outcome(frames(TITLE + "项目支出绩效自评表\n" + table(rows)))[2] == "self_evaluation"


def test_a_figure_under_an_unknown_label_keeps_a_form_from_being_blank() -> None:
    rows = [*blanked(blanked(PROJECT, 3, {4: EMPTY, 6: EMPTY, 7: EMPTY}), 10, {5: EMPTY}), ["折合当量", "3412.5"]]
    found = frames(TITLE + "项目支出绩效自评表\n" + table(rows))
    assert outcome(found) == ("partial", None, "self_evaluation")
    assert found["unmapped_labels"]["raw_text"].to_list() == ["3412.5"]


def test_a_form_without_places_for_what_happened_holds_targets_whatever_its_indicators_are_called() -> None:
    rows = [
        ["项目名称", "甲项目"],
        ["主管部门", "甲市乙局"],
        ["项目资金\n(万元)", "资金来源", "年初预算数"],
        ["", "年度资金总额", "10"],
        ["绩效指标", "一级指标", "二级指标", "三级指标", "指标值"],
        ["", "产出指标", "成本指标", "预算执行率", "≥95%"],
    ]
    found = frames("甲市乙局\n\n" + table(rows))
    assert outcome(found) == ("rejected", "not_self_evaluation", "target")
    assert found["reports"]["warnings"].to_list() == ["table 1 (without a title) is of kind target: not read"]


def test_nothing_in_a_notice_counts_however_its_forms_are_filled_in() -> None:
    found = frames(f"关于开展2024年度绩效自评工作的通知\n各单位：\n项目支出绩效自评表\n{table(PROJECT)}")
    assert outcome(found) == ("rejected", "not_self_evaluation", "notice")
    assert all(found[name].is_empty() for name in FACTS)


def test_a_self_evaluation_may_name_anything_and_attach_other_forms() -> None:
    text = "一、工作开展情况\n根据关于开展绩效自评工作的通知，配合财政评价和绩效运行监控，按部门决算填报。\n"
    blank = blanked(blanked(changed(PROJECT, ("甲项目", "丁项目")), 3, {4: EMPTY, 6: EMPTY, 7: EMPTY}), 10, {5: EMPTY})
    found = frames(
        f"{TITLE}{text}项目支出绩效目标申报表\n{table(changed(PROJECT, ('甲项目', '丙项目')))}"
        f"项目支出绩效运行监控表\n{table(changed(PROJECT, ('甲项目', '戊项目')))}"
        f"项目支出绩效自评表\n{table(PROJECT)}项目支出绩效自评表\n{table(blank)}整体支出绩效自评表\n{table(DEPARTMENT)}"
    )
    assert found["forms"]["form_kind"].to_list() == ["narrative", "project_evaluation", "department_evaluation"]
    assert found["forms"]["form_number"].to_list() == [0, 1, 2]
    assert counts(found) == (43, 43, 0, 0)
    assert found["reports"]["warnings"][0].splitlines() == [
        "table 1 (项目支出绩效目标申报表) is of kind target: not read",
        "table 2 (项目支出绩效运行监控表) is of kind monitoring: not read",
        "table 4 (项目支出绩效自评表) is of kind blank_template: not read",
    ]


GOLD = sorted(NEGATIVES.glob("*.gold.yml"))


@pytest.mark.parametrize("gold", GOLD, ids=lambda path: path.name.removesuffix(".gold.yml"))
def test_documents_that_are_no_self_evaluation(gold: Path, tmp_path: Path) -> None:
    expected = read_yaml(gold)["expect"]
    stem = gold.name.removesuffix(".gold.yml")
    files = [path for path in sorted(gold.parent.glob(f"{stem}.*")) if not path.name.endswith((".yml", ".source.html"))]
    found = read_files(files, Settings.load(home=tmp_path))
    assert found["reports"].select("outcome", "reason", "document_kind").rows() == [tuple(expected.values())] * len(files)
    # Final accounts give figures for the comparison, and nothing else.
    kept = {"reports"} | (
        {"final_accounts", "figure_cells", "forms"} if expected.get("document_kind") == "final_accounts" else set()
    )
    assert all(frame.is_empty() for name, frame in found.items() if name not in kept)
    assert set(found["figure_cells"]["table_name"]) <= {"final_accounts"}


def test_every_kind_is_met_in_two_documents() -> None:
    kinds = [read_yaml(gold)["expect"]["document_kind"] for gold in GOLD]
    named = ("target", "approval", "evaluation_by_others", "final_accounts", "notice", "monitoring", "blank_template")
    assert all(kinds.count(kind) >= 2 for kind in named)
