"""The tour: a few questions in the order that an analyst asks them, each with its query and a picture of the answer.

Belongs here: the steps, and the layout of docs/tour.md. Does not belong here: how a chart is drawn (`charts`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.pages.charts import Mark, bars, points
from pipelines.warehouse.reading import rows_of

if TYPE_CHECKING:
    import duckdb

    from data.pages.charts import Rows

Found = list[dict[str, Any]]

HEAD = Path(__file__).with_name("heads") / "tour.md"


@dataclass(frozen=True)
class Step:
    """A step of the tour: a title and what to see in the picture, in both languages, the query, and the chart."""

    name: str
    title: str
    sql: str
    chart: Callable[[Found], str]
    seen_zh: str
    seen_en: str


def page() -> str:
    """docs/tour.md."""
    parts = [HEAD.read_text(encoding="utf-8")]
    for number, step in enumerate(STEPS, start=1):
        parts += [f"## {number}. {step.title}", "", "```sql", step.sql, "```", "", f"![{step.title}](tour/{step.name}.svg)", ""]
        parts += [step.seen_zh, "", step.seen_en, ""]
    return "\n".join(parts)


def pictures(warehouse: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Content of every picture by its file name."""
    return {f"{step.name}.svg": step.chart(rows_of(warehouse, step.sql)) for step in STEPS}


def _rows(found: Found, *columns: str) -> Rows:
    """A row of a chart for every row of a result: its name, and its columns as series; what is null is not drawn."""
    return [
        (
            row["name"],
            [
                Mark(float(row[name]), index, row["has_open_fail"])
                for index, name in enumerate(columns)
                if row[name] is not None
            ],
        )
        for row in found
    ]


def _budgets(found: Found) -> str:
    rows = _rows(found, "final_to_initial_pct", "executed_to_initial_pct")
    return points(
        "2024年：全年预算与执行数，占年初预算的百分比", ["全年预算 final budget", "全年执行 executed"], rows, "%", (96, 104)
    )


def _per_head(found: Found) -> str:
    rows = _rows(found, "without_purchase", "per_head")
    return bars("2024年：人均“三公”经费", ["不含购车 without purchases", "合计 total"], rows, "万元/人")


def _scores(found: Found) -> str:
    names = dict.fromkeys(row["name"] for row in found)
    rows = [
        (
            name,
            [Mark(float(row["score"]), int(row["is_project"]), row["has_open_fail"]) for row in found if row["name"] == name],
        )
        for name in names
    ]
    return points("自评总分：满分 100，每点一张表", ["整体支出 department", "项目支出 project"], rows, "分", (98.5, 100))


def _contradictions(found: Found) -> str:
    rows = [(row["name"], [Mark(float(row["flags"]), 0), Mark(float(row["fails"]), 1)]) for row in found]
    return bars("2024年：每份报告的矛盾与风险提示", ["提示 flags", "矛盾 contradictions"], rows, "处")


STEPS = (
    Step(
        "budgets",
        "年初预算后来改了多少，花了多少？ How was the initial budget changed, and how much was spent?",
        """select
    regexp_replace(adjustments.department_name, '^..市', '') as name,
    round(100 * adjustments.budget_final_wanyuan / adjustments.budget_initial_wanyuan, 2) as final_to_initial_pct,
    round(100 * execution.executed_wanyuan / adjustments.budget_initial_wanyuan, 2) as executed_to_initial_pct,
    adjustments.has_open_fail or execution.has_open_fail as has_open_fail
from marts.mart_budget_adjustments as adjustments
inner join marts.mart_execution as execution
    on
        adjustments.report_id = execution.report_id
        and adjustments.item_code = execution.item_code
        and execution.is_preferred
where adjustments.is_preferred and adjustments.item_code = 'total' and adjustments.fiscal_year = 2024
order by final_to_initial_pct desc, name""",
        _budgets,
        "执行率几乎处处接近 100%，因为分母是调整后的预算：先看预算改了多少，再看执行率。两点之间的距离才是没花完的钱。",
        "Execution is close to 100 % nearly everywhere because it is measured against the adjusted budget: look at the "
        "adjustment first. What was not spent is the distance between the two dots.",
    ),
    Step(
        "per_head",
        "人均“三公”经费，含与不含购车 Three-public expenses per head, with and without purchases",
        """select
    regexp_replace(department_name, '^..市', '') as name,
    round(without_purchase_per_head_wanyuan, 2) as without_purchase,
    round(per_head_wanyuan, 2) as per_head,
    has_open_fail
from marts.mart_three_public_per_head
where is_preferred and fiscal_year = 2024 and per_head_wanyuan is not null
order by per_head desc, name""",
        _per_head,
        "排名第一的可能只是当年买了一辆车：去掉购车再排一次。人数是在职人数。",
        "The first of the ranking may have bought a vehicle in that year: rank once more without. Heads are staff in post.",
    ),
    Step(
        "scores",
        "分数能区分好坏吗？ Do scores tell good from bad?",
        """select
    regexp_replace(reports.department_name, '^..市', '') as name,
    evaluations.total_score_points as score,
    evaluations.form_kind = 'project_evaluation' as is_project,
    list_contains(flatten(list(outcomes.left_row_ids) filter (where outcomes.outcome = 'fail')), evaluations.row_id) is true
        as has_open_fail
from marts.dim_report as reports
inner join facts.fact_evaluations as evaluations
    on list_contains(reports.file_report_ids, evaluations.report_id)
left join marts.mart_findings as outcomes
    on reports.report_id = outcomes.report_id and list_contains(outcomes.left_row_ids, evaluations.row_id)
where reports.is_preferred and reports.fiscal_year = 2024 and evaluations.total_score_points is not null
group by reports.department_name, evaluations.row_id, evaluations.total_score_points, evaluations.form_kind
order by name, is_project, score, evaluations.row_id""",
        _scores,
        "横轴从 98.5 分开始：在这样的分布里，分数本身几乎不含信息，要看指标（`mart_indicator_quality`）和矛盾。",
        "The axis starts at 98.5 points: scores so distributed say next to nothing; look at the indicators "
        "(`mart_indicator_quality`) and at the contradictions instead.",
    ),
    Step(
        "contradictions",
        "哪些报告自相矛盾？ Which reports contradict themselves?",
        """select
    regexp_replace(department_name, '^..市', '') as name,
    fails_count as fails,
    flags_count as flags
from marts.mart_report_quality
where is_preferred and fiscal_year = 2024
order by fails desc, flags desc, name""",
        _contradictions,
        "矛盾集中在少数报告里，有的一处也没有。用前者的数字之前，先查 `mart_findings` 里两边各写了什么，"
        "再用 `jixiao trace` 看原文。",
        "Contradictions come together in some reports, and others have none. Before using a figure of the former, see in "
        "`mart_findings` what the two sides say, and with `jixiao trace` where.",
    ),
)
