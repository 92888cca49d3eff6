"""The report card shows what was read, what disagrees and what to do, and lets nothing of a report act on the page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.dashboard import card
from pipelines.facts.files import read_with_documents
from pipelines.settings import Settings
from pipelines.warehouse.models import build_in_memory
from pipelines.warehouse.reading import rows_of

PROJECT = Path(__file__).parents[2]
CONTRADICTORY = PROJECT / "data/raw/qinghe/2024/清禾市公共安全宣教馆2024年度整体支出绩效自评报告.txt"
HOSTILE = """<meta charset="utf-8"><p>{name}2024年度整体支出绩效自评报告</p>
<table><tr><td colspan="4">项目支出绩效自评表</td></tr>
<tr><td>项目名称</td><td colspan="3"><b>&lt;img src=x onerror=alert(1)&gt;</b></td></tr>
<tr><td>主管部门</td><td colspan="3">{name}</td></tr>
<tr><td>资金来源</td><td>年初预算数</td><td>全年预算数</td><td>全年执行数</td></tr>
<tr><td>年度资金总额</td><td>10.00</td><td>1,0.00,0</td><td>9.00</td></tr></table>"""


class Page(HTMLParser):
    """Tags with their attributes, and the text of the marked places by their class."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.marked: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(str(dict(attrs).get("class", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("meta", "link"):
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1].startswith("mark "):
            self.marked.setdefault(self._open[-1].removeprefix("mark "), []).append(data)


@pytest.fixture(scope="module")
def cards() -> tuple[list[card.Card], str]:
    frames, documents = read_with_documents([CONTRADICTORY], Settings.load())
    with build_in_memory(frames, PROJECT / "dbt_project") as connection:
        findings = rows_of(connection, "select * from marts.mart_findings")
    found = card.cards(frames, documents, findings)
    return found, card.page(found, frames, "zh")


def test_both_sides_of_a_contradiction_are_marked_at_their_places(cards: tuple[list[card.Card], str]) -> None:
    (one,), _ = cards
    number, finding = next(
        (number, finding) for number, finding in enumerate(one.findings, start=1) if finding["check_id"] == "F01.parts"
    )
    assert finding["outcome"] == "fail"
    places = [place for place, mark in one.marks.items() if number in mark.findings]
    assert len(places) == 3  # the sum and its two parts
    assert all(one.marks[place].kind == "fail" for place in places)


def test_figures_of_text_and_tables_are_drawn_with_their_marks(cards: tuple[list[card.Card], str]) -> None:
    (one,), page = cards
    marked = Page(page).marked
    assert {"432.45万元", "432.45"} & set(marked["fail"])
    drawn = sum(map(len, marked.values())) - 4  # the legend
    assert drawn >= 0.95 * sum("read" in mark.kinds for mark in one.marks.values())
    assert "核对三个数，改正错的一个" in page


def test_findings_are_ordered_and_linked_from_their_figures(cards: tuple[list[card.Card], str]) -> None:
    (one,), page = cards
    assert [finding["outcome"] for finding in one.findings] == sorted(
        (finding["outcome"] for finding in one.findings), key=["fail", "deferred", "round", "flag"].index
    )
    targets = {attributes.get("id") for _, attributes in Page(page).tags}
    links = {attributes["href"] for tag, attributes in Page(page).tags if tag == "a"}
    assert links and {str(link).removeprefix("#") for link in links} <= targets


def test_nothing_of_a_report_acts_on_the_page(tmp_path: Path) -> None:
    path, out = tmp_path / "report.html", tmp_path / "card.html"
    path.write_text(HOSTILE.format(name='=HYPERLINK("x")&lt;script&gt;alert(1)&lt;/script&gt;局'), encoding="utf-8")
    assert main(["check", str(path), "--html", str(out), "--lang", "zh"]) in (0, 1)
    page = Page(out.read_text(encoding="utf-8"))
    assert {tag for tag, _ in page.tags} <= {
        "html", "head", "meta", "title", "style", "body", "main", "section", "h1", "h2", "p", "ul", "ol", "li", "b", "span",
        "a", "div", "table", "tr", "td",
    }  # fmt: skip
    assert "1,0.00,0" in page.marked["held"]
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!#)""", out.read_text(encoding="utf-8"))


def test_a_rejected_file_says_what_to_do(tmp_path: Path) -> None:
    path, out = tmp_path / "empty.docx", tmp_path / "card.html"
    path.write_bytes(b"")
    assert main(["check", str(path), "--html", str(out), "--lang", "en"]) == 2
    assert "upload the whole file again" in out.read_text(encoding="utf-8")
