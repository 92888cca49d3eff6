"""The sample reports: every figure that the generator prints lands once, under the codes that its place on the form means."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from data.build_samples import Sample, samples
from data.sampling.figures import PHASES
from data.sampling.inputs import Tree
from tests.support.reports import Frames, frames
from tests.support.shared import PLACE
from tests.support.word import rebuild_as_docx

SAMPLES = tuple(samples())
BUDGET = dict(zip(PHASES, ("budget_initial", "budget_final", "executed"), strict=True))
FUNDS = {"fiscal": "fiscal_appropriation", "carry": "carry_over", "other": "other_funds"}
SOURCES = ("general_public_budget", "gov_fund_budget", "nontax_special_account", "other_funds")
NUMBER = re.compile(r"-?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?")
LEVELS = {"产出": "output", "效益": "benefit", "满意度": "satisfaction", "成本": "cost"}
FACTS = (
    "fact_expenditures",
    "fact_indicators",
    "fact_evaluations",
    "fact_personnel",
    "fact_buildings",
    "fact_narratives",
    "fact_goals",
)


def named(sample: Sample) -> str:
    return f"{sample.content['year']}-{sample.content['name']}"


@pytest.fixture(scope="module", params=SAMPLES, ids=named)
def sample(request: pytest.FixtureRequest) -> Sample:
    found: Sample = request.param
    return found


@pytest.fixture(scope="module")
def found(sample: Sample) -> Frames:
    return frames(sample.data, year=int(sample.content["year"]))


def decimal(printed: str, factor: Decimal = Decimal(1)) -> Decimal | None:
    """A figure as printed; None for a malformed one, which no fact may hold."""
    plain = printed.strip().removesuffix("%")
    return Decimal(plain.replace(",", "")) * factor if NUMBER.fullmatch(plain) else None


def expected_amounts(content: Tree) -> Counter[tuple[Any, ...]]:
    year = int(content["year"])
    rows: list[tuple[Any, ...]] = []

    def add(
        form: str,
        item: str,
        fund: str,
        phase: str,
        printed: str,
        in_year: int = year,
        project: str | None = None,
        factor: Decimal = Decimal(1),
    ) -> None:
        if printed and (amount := decimal(printed, factor)) is not None:
            rows.append((form, item, fund, phase, in_year, project, amount.quantize(Decimal("0.000001"))))

    base, department = content["base"], content["department"]
    special = [("special_fund", name, amounts) for name, *amounts in base["special"]]
    adjustment = [("basic_budget_adjustment", None, base["adjustment"])] if len(base["adjustment"]) == 3 else []
    for item, project, amounts in [*((item, None, amounts) for item, amounts in base["rows"].items()), *special, *adjustment]:
        phases = ("final_accounts", "budget", "final_accounts")
        for phase, in_year, printed in zip(phases, map(int, base["years"]), amounts, strict=True):
            add("base_data", item, "all", phase, printed, in_year, project)
    for phase, code in BUDGET.items():
        add("department_evaluation", "total", "all", code, department["execution"][phase])
    for fund, printed in zip(SOURCES, department["sources"], strict=True):
        add("department_evaluation", "total", fund, "unstated", printed)
    for item, printed in zip(("basic_expenditure", "project_expenditure"), department["nature"], strict=True):
        add("department_evaluation", item, "all", "unstated", printed)
    for form in content["projects"]:
        factor = Decimal("0.0001") if form["unit"] == "元" else Decimal(1)
        for position, (phase, code) in enumerate(BUDGET.items()):
            add("project_evaluation", "project_expenditure", "all", code, form["execution"][phase], year, form["name"], factor)
            for fund, amounts in form["funds"].items():
                add(
                    "project_evaluation",
                    "project_expenditure",
                    FUNDS[fund],
                    code,
                    amounts[position],
                    year,
                    form["name"],
                    factor,
                )
    narrative = content["narrative"]
    sections = [("basic", "basic_expenditure", SOURCES[0]), ("project", "project_expenditure", SOURCES[0])]
    sections += [("gov_fund", "project_expenditure", SOURCES[1])] if narrative["gov_fund"] else []
    for section, item, fund in sections:
        for phase, code in BUDGET.items():
            add("narrative", item, fund, code, narrative[section][phase])
    for item in ("personnel", "public"):
        add("narrative", f"{item}_funds", SOURCES[0], "executed", narrative["basic"][item])
    return Counter(rows)


def test_amounts(sample: Sample, found: Frames) -> None:
    columns = ("form_kind", "item_code", "fund_source_code", "phase_code", "amount_year", "project_name", "amount_wanyuan")
    assert Counter(found["fact_expenditures"].select(columns).iter_rows()) == expected_amounts(sample.content)


def test_units_are_those_of_the_forms(sample: Sample, found: Frames) -> None:
    units = {("project_evaluation", form["unit"]) for form in sample.content["projects"]}
    units |= {(form, "万元") for form in ("base_data", "department_evaluation", "narrative")}
    assert set(found["fact_expenditures"].select("form_kind", "unit_reported").iter_rows()) == units


def forms_of(content: Tree) -> list[tuple[str, str | None, Tree]]:
    projects = [("project_evaluation", form["name"], form) for form in content["projects"]]
    return [("department_evaluation", None, content["department"]), *projects]


def test_indicators(sample: Sample, found: Frames) -> None:
    layout = sample.content["layout"]
    expected = []
    for form_kind, project, form in forms_of(sample.content):
        for number, row in enumerate(form["indicators"], start=1):
            has_rule = form_kind == "department_evaluation" and layout.get("rule", False)
            expected.append(
                (
                    form_kind,
                    project,
                    number,
                    LEVELS[row["level1"].removesuffix("指标")],
                    row["name"],
                    row["target"],
                    row["actual"],
                    decimal(row["weight"]),
                    decimal(row["score"]),
                    (row["rule"] or None) if has_rule else None,
                    row["reason"] or None,
                )
            )
    columns = (
        "form_kind",
        "project_name",
        "indicator_number",
        "level1_code",
        "indicator_name",
        "target_raw",
        "actual_raw",
        "weight_points",
        "score_points",
        "deduction_rule",
        "deviation_reason",
    )
    assert found["fact_indicators"].select(columns).rows() == expected


def test_second_levels_and_bands(sample: Sample, found: Frames) -> None:
    layout = sample.content["layout"]
    expected = []
    for form_kind, _, form in forms_of(sample.content):
        has_level2 = form_kind == "project_evaluation" or layout.get("level2", True)
        for row in form["indicators"]:
            band = decimal(form["bands"][row["level1"]]) if layout.get("bands") else None
            expected.append((row["level2"] if has_level2 else None, band))
    assert found["fact_indicators"].select("level2_label_zh", "level1_band_points").rows() == expected
    coded = found["fact_indicators"].filter(pl.col("level2_label_zh").is_not_null())
    assert coded["level2_code"].null_count() == 0


def test_evaluations(sample: Sample, found: Frames) -> None:
    content, layout = sample.content, sample.content["layout"]
    expected = []
    for form_kind, project, form in forms_of(content):
        item = "project_expenditure" if project else "total"
        execution, total = form["execution"], form["total"]
        weight = decimal(total["weight"]) if layout.get("total_weight", True) else None
        numbers = (
            decimal(execution["rate"]),
            decimal(execution["weight"]),
            decimal(execution["score"]),
            weight,
            decimal(total["score"]),
        )
        expected.append((form_kind, project, item, "all", *numbers, form["grade"] if layout.get("grade") else None))
    narrative = content["narrative"]
    for section, item, fund in (
        ("basic", "basic_expenditure", 0),
        ("project", "project_expenditure", 0),
        ("gov_fund", "project_expenditure", 1),
    ):
        if narrative[section]:
            rate = decimal(narrative[section]["rate"])
            expected.append(("narrative", None, item, SOURCES[fund], rate, None, None, None, None, None))
    columns = (
        "form_kind",
        "project_name",
        "item_code",
        "fund_source_code",
        "execution_rate_reported_pct",
        "execution_weight_points",
        "execution_score_points",
        "total_weight_points",
        "total_score_points",
        "grade_reported",
    )
    assert Counter(found["fact_evaluations"].select(columns).iter_rows()) == Counter(expected)


def test_personnel_and_buildings(sample: Sample, found: Frames) -> None:
    content = sample.content
    table, told = content["base"]["staff"], content["narrative"]["staff"]
    columns = ("form_kind", "staffing_quota_count", "in_post_count", "control_rate_reported_pct", "retirees_count")
    assert set(found["fact_personnel"].select(columns).iter_rows()) == {
        ("base_data", int(table["quota"]), int(table["in_post"]), decimal(table["rate"]), None),
        ("narrative", int(told["quota"]), int(told["in_post"]), None, int(told["retirees"])),
    }
    building = tuple(map(decimal, content["base"]["building"]))
    columns = (
        "approved_area_sqm",
        "actual_area_sqm",
        "area_control_rate_reported_pct",
        "budgeted_investment_wanyuan",
        "actual_investment_wanyuan",
        "investment_control_rate_reported_pct",
    )
    assert found["fact_buildings"].select(columns).rows() == ([building] if any(building) else [])


def test_every_figure_is_accounted_for(sample: Sample, found: Frames) -> None:
    report = found["reports"].row(0, named=True)
    malformed = sum("7,00.0,77" in text for text in (sample.text,))
    assert found["quarantine"]["raw_text"].to_list() == ["7,00.0,77"] * malformed
    assert found["unmapped_labels"].is_empty()
    assert report["figures_extracted_count"] == report["figures_accepted_count"] + malformed
    assert (report["outcome"], report["department_name"]) == ("partial" if malformed else "parsed", sample.content["name"])
    assert report["fiscal_year"] == int(sample.content["title_year"])


@pytest.mark.parametrize("hand", ["word", "wps"])
def test_text_and_word_give_equal_facts(sample: Sample, hand: str) -> None:
    year = int(sample.content["year"])
    renderings = [frames(sample.text, year=year), frames(rebuild_as_docx(sample.text, wps=hand == "wps"), year=year)]
    for name in FACTS:
        facts = [rendering[name].drop(PLACE & set(rendering[name].columns)) for rendering in renderings]
        assert facts[0].equals(facts[1], null_equal=True), name
    absences = [
        Counter(
            rendering["absent_values"]
            .select("table_name", "field_name", "absence_code", "item_code", "fund_source_code")
            .iter_rows()
        )
        for rendering in renderings
    ]
    assert absences[0] == absences[1]
