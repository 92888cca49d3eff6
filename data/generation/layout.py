"""The page of a drawn report: paragraphs and grids with spans, and beside them the facts that a person reads there.

Belongs here: the interpreter of `families/*.yml`. A fact is noted where its cell is printed, so that what is not printed is not
expected. Does not belong here: figures (`drawing`), files (`writing`).

Keys of a family: `number` (another one for each), `cities`, `years` (first and last), `breaks` (checks that its forms fail by
their making), `file_names`, `title` and `narrative` (paragraphs above the forms; `facts`
beside one says what its amounts are), `project`, `department`, `base` (figures to draw: funds, bands with points and second
levels, execution_weight) and `forms`. Of a form: `of` (project, department or base), `template_id`, `unit`, `titles`, `item`,
`blocks`. Where a list of labels stands, one of them is drawn; `holds` says what a cell holds.

| block | what it is |
|---|---|
| `pairs` | a row of labels, each with its value at the right |
| `matrix` | columns of phases, rate, weight, score by rows of funds; `side` is merged down the left |
| `split` | executed amounts by source beside those by nature |
| `list` | a header row and one row of values below it, `side` left of both |
| `items` | columns of amounts by rows of items of the base data table |
| `goals` | expected beside achieved goal |
| `indicators` | header and one row an indicator; the level cells are merged down |
| `total` | the closing row of the indicators |
| `sources` | one row of amounts with the sources of funds in columns |
| `phases` | phases by rows, sources of funds in columns |

A drawn report may carry what it prints otherwise than its family would, as planted contradictions need it: `style` (choices of
the page), `always` (names of blocks that have a chance), `lines` (lines of the text and what stands in their place), `unlisted`
(attachments announced twice), `folder_year`; a form its `titles`, the `prior` year of its columns, or a `balance` of its own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from data.generation.drawing import PHASES, Drawn, Tree, draw, family
from tests.support.flattened import Placed
from tests.support.word import Paragraph, Table

SIGNS = {"ge": ("≥", ">=", "≧", "不少于", "不低于"), "le": ("≤", "<=", "≦", "不超过"), "eq": ("=", "＝")}
NATURES = {"ge": "≥", "le": "≤", "eq": "=", "qualitative": "定性"}
LEVELS = {
    "output": "产出指标", "benefit": "效益指标", "satisfaction": "满意度指标", "cost": "成本指标",
    "decision": "决策指标", "management": "管理指标", "performance": "绩效",
    "quantity": "数量指标", "quality": "质量指标", "timeliness": "时效指标", "output_cost": "成本指标",
    "economic_benefit": "经济效益指标", "social_benefit": "社会效益指标", "ecological_benefit": "生态效益指标",
    "sustainability": "可持续影响指标", "service_satisfaction": "服务对象满意度指标",
    "economic_cost": "经济成本指标", "social_cost": "社会成本指标", "environmental_cost": "生态环境成本指标",
}  # fmt: skip
WIDE = str.maketrans("()", "（）")
NUMERALS = "一二三四五六七八九十"
# What the phases of a column are made of: initial and final budget, and what was spent.
AMOUNTS: dict[str, Callable[[list[Decimal]], Decimal]] = {
    "budget_initial": lambda values: values[0],
    "budget_final": lambda values: values[1],
    "budget": lambda values: values[1],
    "received": lambda values: values[1],
    "executed": lambda values: values[2],
    "balance": lambda values: values[1] - values[2],
}


@dataclass
class Printed:
    """A report on paper: its blocks, the facts a person reads (a report of the gold format), its folder and file name."""

    drawn: Drawn
    blocks: list[Paragraph | Table]
    gold: Tree
    city: str
    folder_year: int
    name: str


def printed(seed: int, name: str, drawn: Drawn | None = None) -> Printed:
    """The page of a report: of `drawn`, or of the report that the seed draws."""
    drawn = drawn or draw(seed, name)
    described = family(name)
    content = drawn.content
    style = _Style(random.Random(f"page {name} {seed}"), content, described)
    blocks: list[Paragraph | Table] = []
    forms = _narrative(style, described, blocks) if "narrative" in described else []
    if "narrative" not in described and "title" in described:
        blocks += [Paragraph(line, None) for line in style.pick(described["title"]).split("\n")]
    number = 0
    for form in described.get("forms", []):
        contents = {"project": content["projects"], "department": [content.get("department")], "base": [content.get("base")]}
        for own in filter(None, contents[form["of"]]):
            number += 1
            forms.append(_form(style, form, own, blocks, number))
    gold = {"department": content["name"], "fiscal_year": content["year"], "forms": forms}
    if style.flagged:
        gold["flagged"] = style.flagged
    file_name = style.pick(described["file_names"])
    return Printed(drawn, blocks, gold, content["city"], content.get("folder_year", content["year"]), file_name)


def plain(value: Decimal) -> str:
    """A number as gold files write it."""
    return f"{value.normalize() + 0:f}"


class _Style:
    """The choices that one report makes all over: brackets, how numbers are spelled, what stands in empty places."""

    def __init__(self, rng: random.Random, content: Tree, described: Tree) -> None:
        self.rng = rng
        self.content = content
        self.flagged: list[Tree] = []  # figures that no fact has a place for
        year = content["year"]
        self.known: Tree = {"year": year, "prior": year - 1, "name": content["name"], "city_name": content["name"][:3]}
        self.is_wide = rng.random() < 0.6
        self.money = rng.choice(("fixed", "fixed", "short", "thousands"))
        self.percent_sign = rng.choice(("%", "%", "", "％"))
        self.points = rng.choice(("short", "short", "fixed"))
        self.nothing = rng.choice(("", "", "", "/", "—", "-"))
        self.zero = rng.choice(("0", "0", "0.00"))
        self.merges_levels = rng.random() < 0.85
        self.is_bare = rng.random() < 0.3
        self.signs = {operator: rng.choice(spellings) for operator, spellings in SIGNS.items()}
        self.band = rng.choice(described.get("band_labels", [""]))
        self.decimals = rng.choice(("stay", "stay", "whole"))
        vars(self).update(content.get("style", {}))

    def pick(self, labels: str | Sequence[str], **known: Any) -> str:
        """One of the labels with its placeholders filled in, in this report's brackets."""
        text = labels if isinstance(labels, str) else self.rng.choice(labels)
        if "{" in text:
            text = text.format_map(self.known | known)
        return text.translate(WIDE) if self.is_wide else text

    def amount(self, value: Decimal | None, factor: int) -> str:
        if value is None:
            return self.nothing
        value = value * factor
        if value == 0:
            return self.zero
        if self.money == "short":
            return plain(value)
        return f"{value:,.2f}" if self.money == "thousands" else f"{value:.2f}"

    def rate(self, value: Decimal | None) -> str:
        if value is None:
            return self.nothing
        return (f"{value:.2f}" if self.points == "fixed" else plain(value)) + self.percent_sign

    def score(self, value: Decimal | None) -> str:
        if value is None:
            return self.nothing
        return f"{value:.2f}" if self.points == "fixed" else plain(value)


def _form(style: _Style, described: Tree, own: Tree, blocks: list[Paragraph | Table], number: int) -> Tree:
    """Print one form; returns its gold."""
    gold: Tree = {"form_kind": described["form_kind"], "template_id": described["template_id"]}
    page = _Page(style, described, own, gold)
    for block in described["blocks"]:
        (kind, inner), *_ = block.items()
        if style.rng.random() < block.get("chance", 1) or block.get("name") in style.content.get("always", ()):
            page.draw(kind, inner)
    table = page.table()
    if "marks" in described:
        blocks.append(Paragraph(style.pick(described["marks"], number=number, numeral=NUMERALS[number - 1]), None))
    title = style.pick(own.get("titles", described["titles"]), project=own.get("name", ""))
    unit = style.pick(described.get("unit_lines", [""]), unit=described["unit"])
    if described.get("title_in_table") and "\n" not in title and style.rng.random() < 0.3 and not unit:
        width = sum(cell.span for cell in table[0])
        table.insert(0, [Placed(title, 0, width)])
    else:
        blocks += [Paragraph(line, None) for line in title.split("\n")]
    if unit:
        blocks.append(Paragraph(unit, None))
    blocks.append(table)
    return gold


Cells = list[tuple[str, int, str | None]]  # text, columns, part in a vertical merge


class _Page:
    """One table while it is drawn, row by row, and the facts that its cells hold."""

    def __init__(self, style: _Style, described: Tree, own: Tree, gold: Tree) -> None:
        self.style, self.described, self.own, self.gold = style, described, own, gold
        self.year = style.content["year"]
        self.width = described["width"]
        self.factor = {"万元": 1, "元": 10000}[described["unit"]]
        self.rows: list[Cells] = []
        self.mark = ""
        self.columns: dict[str, tuple[int, int]] = {}  # start and span of what the indicators' columns hold
        self.known = {"unit": described["unit"], "project": own.get("name", ""), "prior": own.get("prior", self.year - 1)}

    def table(self) -> Table:
        placed = []
        for row in self.rows:
            start = 0
            cells = []
            for text, span, merge in row:
                cells.append(Placed(text, start, span, merge))  # type: ignore[arg-type]
                start += span
            if start != self.width:
                raise ValueError(f"{self.described['template_id']}: a row of {start} columns instead of {self.width}: {row}")
            placed.append(cells)
        return placed

    def draw(self, kind: str, inner: Any) -> None:
        blocks: dict[str, Callable[[Any], None]] = {
            "pairs": self.pairs, "matrix": self.matrix, "split": self.split, "list": self.list_, "items": self.items,
            "goals": self.goals, "indicators": self.indicators, "total": self.total, "sources": self.sources,
            "phases": self.phases,
        }  # fmt: skip
        blocks[kind](inner)

    def pick(self, labels: str | Sequence[str], **known: Any) -> str:
        return self.style.pick(labels, **self.known, **known)

    def spans(self, count: int, side: bool = False) -> list[int]:
        """Columns of `count` cells, of which a merged one at the left keeps one."""
        if count == 1:
            return [self.width]
        spare = self.width - count
        if side and count > 2:
            each, rest = divmod(spare, count - 2)
            return [1, 1 + spare, *[1] * (count - 2)] if spare < count - 2 else _even(self.width, count, each, rest)
        each, rest = divmod(self.width, count)
        return [each + (place < rest) for place in range(count)]

    def put(self, texts: Iterable[str], spans: Sequence[int], merges: dict[int, str] | None = None) -> None:
        row = [(text, span, (merges or {}).get(place)) for place, (text, span) in enumerate(zip(texts, spans, strict=True))]
        self.rows.append(row)

    # facts

    def amount_fact(self, item: str, fund: str, year: int, phase: str, value: Decimal, name: str | None = None) -> None:
        rows = self.gold.setdefault("expenditures", [])
        key = {"item": item, "fund": fund, "year": year} | ({"name": name} if name else {})
        row = next((row for row in rows if all(row.get(k) == v for k, v in key.items()) and row.get("name") == name), None)
        if row is None:
            row = key
            rows.append(row)
        row[phase] = plain(value)

    def evaluation_fact(self, fund: str, field: str, value: str) -> None:
        rows = self.gold.setdefault("evaluations", [])
        row = next((row for row in rows if row["fund"] == fund), None)
        if row is None:
            row = {"item": self.described["item"], "fund": fund}
            rows.append(row)
        row[field] = value

    # blocks

    def pairs(self, cells: list[list[Any]]) -> None:
        texts = []
        for labels, holds in cells:
            texts += [self.pick(labels), self.head(holds)]
        self.put(texts, _pair_spans(len(texts), self.width))

    def head(self, holds: str) -> str:
        """What stands beside a label; notes what the form then says about itself."""
        own, content = self.own, self.style.content
        if holds == "name":
            return str(content["name"])
        if holds == "project_name":
            self.gold["project_name"] = own["name"]
            return str(own["name"])
        if holds == "coded_name":
            self.gold |= {"project_name": own["name"], "project_code": own["code"]}
            return f"{own['code']}-{own['name']}"
        if holds == "code":
            self.gold["project_code"] = own["code"]
            return str(own["code"])
        if holds == "unit_name":
            return str(own["unit_name"])
        if holds == "evaluated_total":
            self.evaluation_fact("all", "total_score_points", plain(own["total_score"]))
            return self.style.score(own["total_score"])
        if holds == "grade":
            self.evaluation_fact("all", "grade_reported", own["grade"])
            return str(own["grade"])
        if holds.startswith("tick_"):
            key = holds.removeprefix("tick_")
            choices = self.described["ticks"][key]
            ticked = own["ticked"][key]
            self.gold[key] = ticked
            return "  ".join(f"{'☑' if choice == ticked else '□'}{choice}" for choice in choices)
        if holds == "budget_code":
            code = f"{300000 + self.style.rng.randrange(200) * 1000 + 14}"
            self.style.flagged.append({"raw_text": code, "why": "unmapped"})
            return code
        if holds in ("quota", "total_staff"):
            staff = content["staff"]
            value = staff["quota"] if holds == "quota" else staff["in_post"] + staff["retirees"]
            field = {"quota": "staffing_quota_count", "total_staff": "total_staff_count"}[holds]
            self.gold.setdefault("personnel", {})[field] = value
            return f"{value}"
        return self.pick(holds)  # words as they stand

    def matrix(self, block: Tree) -> None:
        style, own = self.style, self.own
        columns = [column for column in block["columns"] if style.rng.random() < (column[2] if len(column) > 2 else 1)]
        has_side = "side" in block
        count = has_side + 1 + len(columns)
        spans = self.spans(count, has_side)
        side = [self.pick(block["side"], points=plain(own["weight"]))] if has_side else []
        header = [*side, self.pick(block["stub"]), *(self.pick(labels, points=plain(own["weight"])) for labels, *_ in columns)]
        self.put(header, spans, {0: "restart"} if has_side else None)
        rows: list[tuple[str, str]] = [(fund, self.pick(labels)) for fund, labels in block.get("rows", {}).items()]
        total = ("all", self.pick(block["total"]))
        is_last = style.rng.choice(block.get("total_last", [False]))
        beside = style.rng.choice(block.get("beside", ["", "", "—", "-"]))
        has_own_rates = block.get("own_rates", False) and style.rng.random() < 0.4
        for fund, label in [*rows, total] if is_last else [total, *rows]:
            amounts = self.amounts_of(fund)
            texts = [self.matrix_cell(fund, holds, amounts, beside, has_own_rates) for _, holds, *_ in columns]
            self.put([*([""] if has_side else []), label, *texts], spans, {0: "continue"} if has_side else None)

    def matrix_cell(self, fund: str, holds: str, amounts: list[Decimal] | None, beside: str, has_own_rates: bool) -> str:
        style, own = self.style, self.own
        if holds in AMOUNTS:
            value = None if amounts is None else AMOUNTS[holds](amounts)
            if (fund, holds) == ("all", "balance"):
                value = own.get("balance", value)
            if value is not None:
                self.amount_fact(self.described["item"], fund, self.year, holds, value)
            return style.amount(value, self.factor)
        if holds == "rate":
            if fund == "all":
                self.evaluation_fact("all", "execution_rate_reported_pct", plain(own["rate"]))
                return style.rate(own["rate"])
            if has_own_rates and amounts is not None and amounts[1]:
                value = (100 * amounts[2] / amounts[1]).quantize(Decimal("0.01"), "ROUND_HALF_UP")
                self.evaluation_fact(fund, "execution_rate_reported_pct", plain(value))
                return style.rate(value)
            return beside
        if holds in ("weight", "score"):
            if fund != "all":
                return beside
            field = {"weight": "execution_weight_points", "score": "execution_score_points"}[holds]
            self.evaluation_fact("all", field, plain(own[holds]))
            return style.score(own[holds])
        if holds == "blank":
            return ""
        return self.pick(holds)

    def sources(self, block: Tree) -> None:
        """The budget by source in columns, the sum, and what was spent of it."""
        labels = block["columns"]
        spans = self.spans(2 + len(labels))
        header = [self.pick(block["side"]), *(self.pick(names) for names in labels.values()), self.pick(block["executed"])]
        self.put(header, spans, {0: "restart"})
        texts = []
        for fund in labels:
            values = self.amounts_of(fund)
            if values is not None:
                self.amount_fact(self.described["item"], fund, self.year, "budget", values[1])
            texts.append(self.style.amount(values and values[1], self.factor))
        self.amount_fact(self.described["item"], "all", self.year, "executed", self.own["total"][2])
        texts.append(self.style.amount(self.own["total"][2], self.factor))
        self.put(["", *texts], spans, {0: "continue"})

    def phases(self, block: Tree) -> None:
        """Phases by rows and sources in columns."""
        funds = block["columns"]
        spans = self.spans(1 + len(funds))
        self.put([self.pick(block["stub"]), *(self.pick(labels) for labels in funds.values())], spans)
        for phase, labels in block["rows"].items():
            texts = [self.matrix_cell(fund, phase, self.amounts_of(fund), "", False) for fund in funds]
            self.put([self.pick(labels), *texts], spans)

    def amounts_of(self, fund: str) -> list[Decimal] | None:
        """The three phases of a source of the form, or of all of them."""
        found: list[Decimal] | None = self.own["total"] if fund == "all" else self.own["funds"].get(fund)
        return found

    def split(self, block: Tree) -> None:
        """Executed amounts: sources at the left, natures of expenditure at the right, each of these over two rows."""
        style, own = self.style, self.own
        spans = self.spans(5, side=True)
        left = spans[1] + spans[2]
        self.rows.append([("", 1, "continue"), (self.pick(block["heads"][0]), left, None),
                          (self.pick(block["heads"][1]), self.width - 1 - left, None)])  # fmt: skip
        natures = list(block["natures"].items())
        for place, (fund, labels) in enumerate(block["sources"].items()):
            value = own["funds"][fund][2]
            self.amount_fact("total", fund, self.year, "unstated", value)
            texts = ["", self.pick(labels), style.amount(value, self.factor)]
            nature, is_first = place // 2, place % 2 == 0
            if is_first:
                item, item_labels = natures[nature]
                amount = own["nature"][item]
                self.amount_fact(item, "all", self.year, "unstated", amount)
                texts += [self.pick(item_labels), style.amount(amount, self.factor)]
            else:
                texts += ["", ""]
            merge = "restart" if is_first else "continue"
            self.put(texts, spans, {0: "continue", 3: merge, 4: merge})

    def list_(self, block: Tree) -> None:
        """A header row over one row of values: staff or buildings of the base data table."""
        columns = block["columns"]
        spans = self.spans(1 + len(columns), side=True)
        self.put([self.pick(block["side"]), *(self.pick(labels) for labels, _ in columns)], spans, {0: "restart"})
        texts = []
        for _, holds in columns:
            value, text = self.list_value(block["table"], holds)
            if value is not None:
                self.gold.setdefault(block["table"], {})[holds] = value
            texts.append(text)
        self.put(["", *texts], spans, {0: "continue"})

    def list_value(self, table: str, holds: str) -> tuple[int | str | None, str]:
        style = self.style
        if table == "personnel":
            staff = self.own["staff"] if "staff" in self.own else style.content["staff"]
            key = {"staffing_quota_count": "quota", "in_post_count": "in_post", "control_rate_reported_pct": "rate"}[holds]
            value = staff[key]
            return (plain(value), style.rate(value)) if key == "rate" else (value, str(value))
        if self.own["building"] is None:
            return None, ""
        order = ("approved_area_sqm", "actual_area_sqm", "area_control_rate_reported_pct", "budgeted_investment_wanyuan",
                 "actual_investment_wanyuan", "investment_control_rate_reported_pct")  # fmt: skip
        value = self.own["building"][order.index(holds)]
        return plain(value), style.rate(value) if holds.endswith("_pct") else style.amount(value, 1)

    def items(self, block: Tree) -> None:
        """Amounts of the base data table: items by three columns, funds of their own names, the adjustment row."""
        spans = self.spans(4, side=True)
        self.put([self.pick(labels) for labels in block["header"]], spans)
        for item, labels in block["rows"].items():
            if item == "special_fund":
                self.special(labels, spans)
            elif item == "basic_budget_adjustment":
                self.adjustment(labels)
            else:
                self.put([self.pick(labels), *self.three(item, self.own["rows"][item])], spans)

    def three(self, item: str, values: list[Decimal], name: str | None = None) -> list[str]:
        columns = ((self.known["prior"], "final_accounts"), (self.year, "budget"), (self.year, "final_accounts"))
        for (year, phase), value in zip(columns, values, strict=True):
            self.amount_fact(item, "all", year, phase, value, name)
        return [self.style.amount(value, 1) for value in values]

    def special(self, labels: Tree, spans: list[int]) -> None:
        if self.own["special"] and self.style.rng.random() < 0.4:
            for name, *values in self.own["special"]:
                self.put([f"{self.pick(labels['named'])}（{name}）", *self.three("special_fund", values, name)], spans)
            return
        self.put([self.pick(labels["head"]), "", "", ""], spans)
        for number, (name, *values) in enumerate(self.own["special"], start=1):
            self.put([f"（{number}）{name}", *self.three("special_fund", values, name)], spans)

    def adjustment(self, labels: list[str]) -> None:
        change, reason = self.own["change"], self.own["reason"]
        spans = self.spans(4, side=True)
        if reason is not None:
            self.put([self.pick(labels), reason], [spans[0], self.width - spans[0]])
        elif change is None:
            self.put([self.pick(labels), "", "", ""], spans)
        else:
            self.amount_fact("basic_budget_adjustment", "all", self.year, "final_accounts", change)
            self.put([self.pick(labels), "", "", self.style.amount(change, 1)], spans)

    def goals(self, block: Tree) -> None:
        half = (self.width - 1) // 2
        spans = [1, half, self.width - 1 - half]
        expected, achieved = block["heads"]
        self.put([self.pick(block["side"]), self.pick(expected), self.pick(achieved)], spans, {0: "restart"})
        self.put(["", self.own["goal"]["expected"], self.own["goal"]["achieved"]], spans, {0: "continue"})

    def indicators(self, block: Tree) -> None:
        style, own = self.style, self.own
        columns = [column for column in block["columns"] if style.rng.random() < (column[2] if len(column) > 2 else 1)]
        has_side = "side" in block and style.rng.random() < block.get("side_chance", 1)
        count = has_side + len(columns)
        spare = self.width - count
        wide = next(place for place, (_, holds, *_) in enumerate(columns) if holds == "name") + has_side
        spans = [1 + (spare if place == wide else 0) for place in range(count)]
        starts = [sum(spans[:place]) for place in range(count)]
        self.columns = {
            holds: (start, span)
            for (_, holds, *_), start, span in zip(columns, starts[has_side:], spans[has_side:], strict=True)
        }
        side = [self.pick(block["side"])] if has_side else []
        labels = [self.pick(labels) for labels, *_ in columns]
        over = block.get("over")
        if over:
            self.two_lines(side, columns, labels, spans, over)
        else:
            self.put([*side, *labels], spans, {0: "restart"} if has_side else None)
        self.gold["indicators"] = []
        self.mark = style.rng.choice(block.get("marks", [""]))
        above: Tree | None = None
        rows = _placed_in_level2(own["indicators"])
        for number, row in enumerate(rows):
            below = rows[number + 1] if number + 1 < len(rows) else None
            merges: dict[int, str] = {0: "continue"} if has_side else {}
            texts = [""] * has_side
            fact: Tree = {}
            for place, (_, holds, *_) in enumerate(columns, start=has_side):
                text = self.indicator_cell(holds, row, fact, block)
                if holds in ("level1", "level2") and style.merges_levels:
                    keys = ("level1",) if holds == "level1" else ("level1", "level2")
                    if above is not None and all(above[key] == row[key] for key in keys):
                        text, merges[place] = "", "continue"
                    elif below is not None and all(below[key] == row[key] for key in keys):
                        merges[place] = "restart"
                texts.append(text)
            self.put(texts, spans, merges)
            self.gold["indicators"].append(fact)
            above = row

    def two_lines(self, side: list[str], columns: list[Any], labels: list[str], spans: list[int], over: Tree) -> None:
        """A header in two lines: one label over several columns, the others merged down."""
        held = [holds for _, holds, *_ in columns]
        first, last = held.index(over["from"]) + len(side), held.index(over["to"]) + len(side)
        upper, lower = [], []
        for place, (text, span) in enumerate(zip([*side, *labels], spans, strict=True)):
            if place == first:
                upper.append((self.pick(over["label"]), sum(spans[first : last + 1]), None))
            if first <= place <= last:
                lower.append((text, span, None))
            else:
                upper.append((text, span, "restart"))
                lower.append(("", span, "continue"))
        self.rows += [upper, lower]

    def indicator_cell(self, holds: str, row: Tree, fact: Tree, block: Tree) -> str:
        """Text of one cell of an indicator's row; its meaning is noted in `fact`."""
        style = self.style
        if holds == "level2" and row["level2"] in block.get("no_level2", {}):
            return str(block["no_level2"][row["level2"]])  # a label of its own, of no second level that is known
        if holds in ("level1", "level2"):
            fact[holds] = row[holds]
            label = self.pick(block.get("levels", {}).get(row[holds], LEVELS[row[holds]]))
            if holds == "level1" and style.band:
                points = self.own["bands"][row["level1"]]
                fact["level1_band"] = plain(points)
                label += self.pick(style.band, points=plain(points))
            return label
        if holds == "name":
            fact["name"] = row["name"]
            return (self.pick(self.mark, number=row["place"]) if self.mark else "") + str(row["name"])
        if holds in ("weight", "score"):
            fact[holds] = plain(row[holds])
            return style.score(row[holds])
        if holds == "review":
            fact["review_score"] = plain(row["score"])
            return style.score(row["score"])
        if holds == "coefficient":
            fact["coefficient"] = plain(row["coefficient"])
            return plain(row["coefficient"])
        if holds == "core":
            fact["core"] = row["is_core"]
            return "是" if row["is_core"] else "否"
        if holds in ("reason", "rule"):
            if row[holds]:
                fact["reason" if holds == "reason" else "deduction_rule"] = row[holds]
                return str(row[holds])
            return ""
        if holds == "nature":
            fact["target_operator"] = row["operator"]
            return NATURES[row["operator"]]
        if holds == "measure":
            if row["unit"]:
                fact["target_unit"] = row["unit"]
            return row["unit"] or style.nothing
        if holds == "actual":
            return self.actual(row, fact)
        if holds in ("target", "bare_target"):
            return self.target(row, fact, holds == "bare_target")
        if holds == "adjusted":
            value = row["adjusted"]
            text = plain(value) if isinstance(value, Decimal) else str(value)
            fact["adjusted"] = text
            return text
        if holds == "blank":
            return ""
        raise KeyError(holds)

    def target(self, row: Tree, fact: Tree, is_bare: bool) -> str:
        """The target: with operator and unit, or the number alone where these have columns of their own."""
        value = row["target"]
        if not isinstance(value, Decimal):
            fact |= {"target_raw": value, "target_operator": "qualitative"}
            return str(value)
        fact["target_value"] = plain(value)
        number = plain(value)
        if is_bare:
            fact["target_raw"] = number
            return number
        unit = row["unit"] or ""
        if self.style.is_bare and row["operator"] == "ge":
            text, fact["target_operator"] = f"{number}{unit}", "bare"
        else:
            text, fact["target_operator"] = f"{self.style.signs[row['operator']]}{number}{unit}", row["operator"]
        fact |= {"target_raw": text} | ({"target_unit": unit} if unit else {})
        return text

    def actual(self, row: Tree, fact: Tree) -> str:
        value = row["actual"]
        if not isinstance(value, Decimal):
            fact["actual_raw"] = value
            return str(value)
        prints_unit = self.style.decimals == "stay" or row["unit"] == "%"
        text = plain(value) + (row["unit"] if prints_unit and row["unit"] else "")
        fact |= {"actual_raw": text, "actual_value": plain(value)}
        if prints_unit and row["unit"]:
            fact["actual_unit"] = row["unit"]
        return text

    def total(self, block: Tree) -> None:
        """The closing row: its figures stand below the weights and scores of the indicators."""
        style, own = self.style, self.own
        holds = [held for held in ("weight", "score", "review") if held in self.columns and held in block["holds"]]
        first = min(self.columns[held][0] for held in holds)
        cells: Cells = [(self.pick(block["label"]), first, None)]
        end = first
        for held in holds:
            start, span = self.columns[held]
            if start > end:
                cells.append(("", start - end, None))
            value, field = {
                "weight": (own["total_weight"], "total_weight_points"),
                "score": (own["total_score"], "total_score_points"),
                "review": (own["total_score"], "total_review_score_points"),
            }[held]
            self.evaluation_fact("all", field, plain(value))
            cells.append((style.score(value), span, None))
            end = start + span
        if "grade" in block["holds"] and end < self.width:
            self.evaluation_fact("all", "grade_reported", own["grade"])
            cells.append((own["grade"], self.width - end, None))
        elif end < self.width:
            cells.append(("", self.width - end, None))
        self.rows.append(cells)


def _placed_in_level2(rows: list[Tree]) -> list[Tree]:
    """Indicators with their place below their second level, by which some forms mark them."""
    placed: list[Tree] = []
    for row in rows:
        is_same = placed and all(placed[-1][key] == row[key] for key in ("level1", "level2"))
        placed.append(row | {"place": placed[-1]["place"] + 1 if is_same else 1})
    return placed


def _even(width: int, count: int, each: int, rest: int) -> list[int]:
    """Spans of a merged cell at the left, a label that takes what is left over, and equal columns."""
    columns = [1 + each] * (count - 2)
    return [1, width - 1 - sum(columns), *columns]


def _pair_spans(count: int, width: int) -> list[int]:
    if count == 2:
        return [1, width - 1]
    pairs = count // 2
    each, rest = divmod(width, pairs)
    spans: list[int] = []
    for place in range(pairs):
        room = each + (place < rest)
        spans += [1, room - 1]
    return spans


def _narrative(style: _Style, described: Tree, blocks: list[Paragraph | Table]) -> list[Tree]:
    """Print the text of the report; returns the gold of the text and of the projects that it tells of."""
    content = style.content
    gold: Tree = {"form_kind": "narrative", "template_id": described["narrative"]["template_id"]}
    forms = [gold]
    narrative = content["narrative"]
    known: Tree = {"texts": content["words"], "staff": narrative["staff"], "title_year": narrative["title_year"]}
    known |= {key: _said(style, values) for key, values in narrative.items() if key not in ("staff", "title_year")}
    known["count"] = len(content["projects"])
    if "department" in content:
        known |= {key: content["department"][key] for key in ("grade",)} | {
            "score": plain(content["department"]["total_score"])
        }
    listed = [form for form in described.get("forms", []) for _ in range(_copies(form, content))]
    for entry in described["narrative"]["paragraphs"]:
        if isinstance(entry, (str, list)):
            entry = {"text": entry}
        if style.rng.random() >= entry.get("chance", 1):
            continue
        each = entry.get("each")
        if each == "attachments":
            again = listed[len(listed) - content.get("unlisted", 0) :]
            titles = [f"{content['year']}年度{form['listed_as']}" for form in [*listed, *again]]
            blocks += [Paragraph(f"{'附件：' if n == 1 else ''}{n}.{title}", None) for n, title in enumerate(titles, start=1)]
        elif each == "functions":
            blocks += [Paragraph(f"（{n}）{text}；", None) for n, text in enumerate(content["functions"], start=1)]
        elif each == "projects":
            text = style.rng.choice(entry["text"])
            for number, project in enumerate(content["projects"], start=1):
                said = _said(style, dict(zip(PHASES, project["total"], strict=True)) | {"rate": project["rate"]})
                said |= {"name": project["name"], "score": plain(project["total_score"]), "grade": project["grade"]}
                blocks.append(Paragraph(style.pick(text["text"], number=number, project=said), None))
                forms.append(_told_project(text, project, content["year"], described["narrative"]["projects_as"]))
        else:
            alternatives = entry["text"] if isinstance(entry["text"], list) else [entry["text"]]
            for line in style.pick(alternatives, **known).split("\n"):
                blocks.append(Paragraph(content.get("lines", {}).get(line, line), entry.get("level")))
            for fact in entry.get("facts", ()):
                _narrative_fact(gold, fact, content)
    return forms


def _said(style: _Style, values: Any) -> Any:
    """Figures of the text as this report spells them."""
    if isinstance(values, dict):
        return {key: style.rate(value) if key == "rate" else style.amount(value, 1) for key, value in values.items()}
    return style.amount(values, 1)


def _told_project(text: Tree, project: Tree, year: int, template_id: str) -> Tree:
    """Gold of a project that a paragraph tells of: `phases`, and `evaluation` as column and what it holds."""
    item = {"item": "project_expenditure", "fund": "all"}
    amounts = {phase: plain(AMOUNTS[phase](project["total"])) for phase in text["phases"]}
    told = {"rate": plain(project["rate"]), "score": plain(project["total_score"]), "grade": project["grade"]}
    return {
        "form_kind": "project_evaluation",
        "template_id": template_id,
        "project_name": text["called"].format(name=project["name"]),
        "expenditures": [item | {"year": year} | amounts],
        "evaluations": [item | {column: told.get(holds, holds) for column, holds in text["evaluation"].items()}],
    }


def _copies(form: Tree, content: Tree) -> int:
    return len(content["projects"]) if form["of"] == "project" else 1


def _narrative_fact(gold: Tree, fact: Tree, content: Tree) -> None:
    """Note what a sentence says: `personnel`, `counts`, `result`, or the amounts (and the rate) that `of` names."""
    narrative, year = content["narrative"], content["year"]
    if "personnel" in fact:
        gold["personnel"] = {field: narrative["staff"][key] for field, key in fact["personnel"].items()}
    elif "count" in fact:
        gold.setdefault("counts", []).append({"count": fact["count"], "year": year, "value": len(content["projects"])})
    elif "result" in fact:
        told = {
            "total_score_points": plain(content["department"]["total_score"]),
            "grade_reported": content["department"]["grade"],
        }
        gold.setdefault("evaluations", []).append({"item": fact["result"], "fund": fact["fund"]} | told)
    else:
        row: Tree = {"item": fact["item"], "fund": fact["fund"], "year": year}
        values = narrative[fact["of"]]
        if isinstance(values, Decimal):
            row["executed"] = plain(values)
        else:
            row |= {phase: plain(values[phase]) for phase in PHASES if phase in values}
        if isinstance(values, dict) and "rate" in values:
            rate = {"item": fact["item"], "fund": fact["fund"], "execution_rate_reported_pct": plain(values["rate"])}
            gold.setdefault("evaluations", []).append(rate)
        gold.setdefault("expenditures", []).append(row)
