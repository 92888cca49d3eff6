"""Layout of one report: its content as flattened text.

Belongs here: outline, labels and the order of rows, as departments vary them. Does not belong here: arithmetic.

A table is a list of rows, a row a list of cells: text, "" for a cell that is really empty (printed as U+3000) and None for a
place that is covered by the cell above it (printed as an empty cell).
"""

from __future__ import annotations

from data.sampling.figures import PHASES
from data.sampling.inputs import Tree

Row = list[str | None]
EMPTY = "　"
BASE_ROWS = (
    ("three_public", "三公经费"),
    ("vehicles", "1、公务用车购置和维护经费"),
    ("vehicle_purchase", "其中：公车购置"),
    ("vehicle_operation", "公车运行维护"),
    ("abroad", "2、出国经费"),
    ("reception", "3、公务接待"),
    ("project_expenditure", "项目支出："),
    ("operating_work", "1、业务工作经费"),
    ("maintenance", "2、运行维护经费"),
    ("special", ""),
    ("public_funds", "公用经费："),
    ("office_cost", "其中：办公经费"),
    ("utilities_travel", "水费、电费、差旅费"),
    ("meeting_training", "会议费、培训费"),
    ("procurement", "政府采购金额"),
)
SOURCES = ("一般公共预算：", "政府性基金拨款：", "纳入专户管理的非税收入拨款：", "其他资金")
FUNDS = (("fiscal", "其中:当年财政拨款"), ("carry", "上年结转金额"), ("other", "其他资金"))
NUMERALS = "一二三四五六七八九"


def render(content: Tree, wording: Tree) -> str:
    """The report as flattened text (TAB-led cells, a blank line after each row, U+3000 for empty cells)."""
    lines = [*_narrative(content, wording), "", ""]
    projects = [_project_table(content, project) for project in content["projects"]]
    for number, rows in enumerate([_base_table(content), _department_table(content), *projects]):
        lines += _attachment(content, number, rows)
    return "\n".join(lines).rstrip("\n") + "\n"


def _attachment(content: Tree, number: int, rows: list[Row]) -> list[str]:
    """One table with its title and its number, before the table or after it."""
    layout = content["layout"]
    mark = f"附件{NUMERALS[number]}" if layout.get("chinese_attachments", True) else f"附件{number + 1}"
    title = ("部门整体支出绩效评价基础数据表", "部门整体支出绩效自评表", "项目支出绩效自评表")[min(number, 2)]
    if layout.get("short_titles"):
        title = ("基础数据表", "整体支出绩效自评表", "项目支出绩效自评表")[min(number, 2)]
    if layout.get("titled_year", True):
        title = f"{content['form_years'][number]}年度{title}"
    in_table = layout.get("title_in_table") and number < 2
    table = _flattened([[title], *rows] if in_table else rows)
    head = [] if in_table else [title]
    if number == 0 and layout.get("attachment_after"):
        return [*head, *table, "", "", mark, ""]
    return [mark, *head, *table, "", ""]


def _flattened(rows: list[Row]) -> list[str]:
    lines = []
    for row in rows:
        cells = ["" if cell is None else cell or EMPTY for cell in row]
        lines += [f"\t{cell}" for cell in cells] + [""]
    return "\n".join(lines).split("\n")


def _narrative(content: Tree, wording: Tree) -> list[str]:
    texts, name = content["texts"], content["name"]
    words = wording[content["layout"].get("wording", "plain")]
    sentences = _sentences(content, words)
    heads = content["headings"]
    bodies = [
        [
            "1.主要职能",
            *(f"（{place}）{text}；" for place, text in enumerate(texts["functions"], start=1)),
            "2.机构情况",
            texts["organisation"],
            "3.人员情况",
            sentences["staff"],
        ],
        ["（一）基本支出情况", sentences["basic"], "（二）项目支出情况", sentences["project"]],
        [sentences["gov_fund"]],
        [words["no_soc_budget"]],
        [words["no_social_insurance"]],
        ["（一）整体支出绩效情况", texts["overall"], "（二）项目支出绩效情况", texts["projects"]],
        [texts["problems"]],
        texts["measures"],
        [texts["result_use"]],
    ]
    lines = [f"{content['title_year']}年度{name}", "部门整体支出绩效自评报告", ""]
    for head, body in zip(heads, bodies, strict=True):
        lines += [head, *body]
    listed = [f"{number}.{title}" for number, title in enumerate(content["attachments"], start=1)]
    return [*lines, "", f"附件：{listed[0]}", *listed[1:]]


def _sentences(content: Tree, words: Tree) -> Tree:
    narrative, year = content["narrative"], content["year"]
    gov_fund = narrative["gov_fund"]
    about = {"year": year}
    return {
        "staff": words["staff"].format(**about, **narrative["staff"]) + content["texts"].get("staff", ""),
        "basic": words["basic"].format(**about, **narrative["basic"]),
        "project": words["project"].format(**about, **narrative["project"]) + content["texts"].get("project_note", ""),
        "gov_fund": words["gov_fund"].format(**about, **gov_fund) if gov_fund else words["no_gov_fund"],
    }


def _base_table(content: Tree) -> list[Row]:
    base = content["base"]
    staff = base["staff"]
    prior, budget, final = base["years"]
    rows: list[Row] = [
        ["财政供养人员情况", "编制数", f"{staff['year']}年实际在职人数", "控制率"],
        [None, staff["quota"], staff["in_post"], staff["rate"]],
        ["经费控制情况(万元)", f"{prior}年决算数", f"{budget}年预算数", f"{final}年决算数"],
    ]
    for label, printed in BASE_ROWS:
        rows += _special_rows(content) if label == "special" else [[printed, *base["rows"].get(label, ["", "", ""])]]
    rows += [
        ["部门基本支出预算调整", *base["adjustment"]],
        [
            f"楼堂馆所控制情况\n（{final}年完工项目）",
            "批复规模\n（㎡）",
            "实际规模\n（㎡）",
            "规模控制率",
            "预算投资\n（万元）",
            "实际投资\n（万元）",
            "投资概算控制率",
        ],
        [None, *base["building"]],
        ["厉行节约保障措施", content["texts"]["thrift"]],
    ]
    return rows


def _special_rows(content: Tree) -> list[Row]:
    """The rows of earmarked funds: a blank head row above the funds' own rows, or the fund's name in the row's own label."""
    funds = content["base"]["special"]
    if funds and content["layout"].get("special_in_label"):
        return [[f"3、本级专项资金（{name}）", *values] for name, *values in funds]
    head: Row = ["3、本级专项资金（一个专项一行）", "", "", ""]
    return [head, *([f"（{number}）{name}", *values] for number, (name, *values) in enumerate(funds, start=1))]


def _department_table(content: Tree) -> list[Row]:
    form, layout = content["department"], content["layout"]
    execution = form["execution"]
    spent = [execution[phase] for phase in PHASES]
    basic, project = form["nature"]
    sources = list(zip(SOURCES, form["sources"], strict=True))
    nature: list[Row] = [["其中:基本支出：", basic], [None, None], ["项目支出：", project], [None, None]]
    columns = ["年初预算数\n(万元)", "全年预算数\n（万元）", "全年执行数\n（万元）"]
    score = "自评得分" if layout.get("self_score") else "得分"
    return [
        ["预算部门名称", content["name"]],
        ["年度预算申请\n(万元)", "", *columns, "分值", "执行率", score],
        [None, "年度资金总额：", *spent, execution["weight"], execution["rate"], execution["score"]],
        [None, "按收入性质分：", "按支出性质分："],
        *([None, *source, *beside] for source, beside in zip(sources, nature, strict=True)),
        *_goal_rows(form),
        *_indicator_rows(form, layout, layout.get("level2", True), layout.get("rule", False)),
        *_closing_rows(form, layout),
    ]


def _project_table(content: Tree, form: Tree) -> list[Row]:
    layout, unit = content["layout"], form["unit"]
    execution = form["execution"]
    total: Row = [None, "年度资金总额", *(execution[phase] for phase in PHASES)]
    total += [execution["weight"], execution["rate"], execution["score"]]
    parts: list[Row] = [[None, label, *form["funds"][source], "", "", ""] for source, label in FUNDS]
    return [
        ["项目支出名称", form["name"]],
        ["主管部门", content["name"], "实施单位", form["implementing_unit"] or content["name"]],
        [f"项目资金\n({unit})", "资金来源", "年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分"],
        *([total, *parts] if layout.get("total_first") else [*parts, total]),
        *_goal_rows(form),
        *_indicator_rows(form, layout, has_level2=True, has_rule=False),
        *_closing_rows(form, layout),
    ]


def _goal_rows(form: Tree) -> list[Row]:
    return [["年度总体目标", "预期目标", "实际完成情况"], [None, form["goal"]["expected"], form["goal"]["achieved"]]]


def _indicator_rows(form: Tree, layout: Tree, has_level2: bool, has_rule: bool) -> list[Row]:
    columns = ["level1", *(["level2"] if has_level2 else []), "name", "target", "actual"]
    columns += [*(["rule"] if has_rule else []), "weight", "score", "reason"]
    names = {
        "level1": "一级指标",
        "level2": "二级指标",
        "name": "三级指标",
        "target": "年度指标值",
        "actual": "实际完成值",
        "rule": "评扣分标准",
        "weight": "分值",
        "score": "得分",
        "reason": "偏差原因分析及改进措施",
    }
    rows: list[Row] = [["绩效指标", *(names[column] for column in columns)]]
    above: Tree = {}
    for indicator in form["indicators"]:
        rows.append([None, *(_indicator_cell(column, indicator, above, form, layout) for column in columns)])
        above = indicator
    return rows


def _indicator_cell(column: str, indicator: Tree, above: Tree, form: Tree, layout: Tree) -> str | None:
    """A level label stands once and covers the rows below it that share it."""
    text: str = indicator[column]
    levels = {"level1": ("level1",), "level2": ("level1", "level2")}.get(column)
    if levels and all(above.get(level) == indicator[level] for level in levels):
        return None
    if column == "level1" and layout.get("bands"):
        return f"{text}{layout['bands'].format(form['bands'][text])}"
    return text


def _closing_rows(form: Tree, layout: Tree) -> list[Row]:
    total = form["total"]
    rows: list[Row] = [["总分", *([total["weight"]] if layout.get("total_weight", True) else []), total["score"]]]
    if layout.get("grade"):
        rows.append([layout["grade"], form["grade"]])
    return rows
