"""Nights over a self-evaluation and the final accounts of the same department: one contradiction, which follows its file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.nights import jixiao, nightly, rows

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
NAME = "anlan_fire_2022"
FINDINGS = """
    select subject, stated_value::varchar, computed_value::varchar, department_name, left_row_ids, right_row_ids
    from marts.mart_findings
    where rule_id = 'F24'
"""
OUTCOMES = "select outcome, count(*) from rules.rule_outcomes where check_id = 'F24.final_accounts' group by all order by all"


@dataclass
class Story:
    """Three nights: final accounts that contradict in one figure, the same corrected, and the file gone."""

    raw: Path
    home: Path
    findings: list[list[tuple[Any, ...]]] = field(default_factory=list)
    outcomes: list[list[tuple[Any, ...]]] = field(default_factory=list)
    reports: list[list[tuple[Any, ...]]] = field(default_factory=list)
    accounts: list[list[tuple[Any, ...]]] = field(default_factory=list)
    facts: list[int] = field(default_factory=list)
    traced: str = ""

    def sleep(self) -> None:
        """One night and what there is after it."""
        nightly(self.raw, self.home)
        self.findings.append(rows(self.home, FINDINGS))
        self.outcomes.append(rows(self.home, OUTCOMES))
        columns = "outcome, reason, document_kind, is_current, detail, report_id"
        query = f"select {columns} from facts.reports where file_name like '%决算%' order by first_seen_at"
        self.reports.append(rows(self.home, query))
        query = "select report_id, amount_wanyuan::varchar from facts.final_accounts where item_code = 'procurement'"
        self.accounts.append(rows(self.home, query))
        ((count,),) = rows(self.home, "select count(*) from facts.fact_expenditures where form_kind = 'final_accounts'")
        self.facts.append(count)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("accounts")
    told = Story(folder / "raw", folder / "home")
    shelf = told.raw / "anlan" / "2022"
    shelf.mkdir(parents=True)
    (shelf / "自评.html").write_bytes((GOLDEN / "HN" / f"{NAME}.html").read_bytes())
    accounts = shelf / "决算.html"
    page = (GOLDEN / "ACCOUNTS" / f"{NAME}.html").read_text(encoding="utf-8")
    accounts.write_text(page, encoding="utf-8")
    told.sleep()
    ((_, _, _, _, _, (right,)),) = told.findings[0]
    told.traced = jixiao("trace", right, "--lang", "en", home=told.home).stdout
    accounts.write_text(page.replace("政府采购支出总额46.2万元", "政府采购支出总额42.6万元"), encoding="utf-8")
    told.sleep()
    accounts.unlink()
    told.sleep()
    yield told


def test_the_one_figure_that_differs_is_one_finding(story: Story) -> None:
    (found,) = story.findings[0]
    assert found[:4] == ("procurement", "42.600000", "46.200000", "安澜市消防宣传站")
    # 三公 and four of its parts, total and project expenditure agree; 基本支出 has no phase in the self-evaluation, and its
    # 公用经费 are those of all funds
    assert dict(story.outcomes[0]) == {"fail": 1, "ok": 7}


def test_the_finding_leads_to_the_sentence_of_the_final_accounts(story: Story) -> None:
    assert "决算.html" in story.traced
    assert "2022年度政府采购支出总额【46.2万元】" in story.traced


def test_final_accounts_stay_rejected_and_out_of_the_facts(story: Story) -> None:
    ((outcome, reason, kind, is_current, detail, _),) = story.reports[0]
    assert (outcome, reason, kind, is_current) == ("rejected", "not_self_evaluation", "final_accounts", True)
    assert detail.endswith("read for the comparison with it: 30")
    assert story.facts == [0, 0, 0]


def test_a_corrected_file_takes_the_place_of_the_former(story: Story) -> None:
    former, latter = story.reports[1]
    assert (former[3], latter[3]) == (False, True)
    assert story.accounts[1] == [(latter[5], "42.600000")]
    assert story.findings[1] == []
    assert dict(story.outcomes[1]) == {"ok": 8}


def test_a_file_that_is_gone_takes_its_figures_along(story: Story) -> None:
    assert story.accounts[2] == []
    assert dict(story.outcomes[2]) == {"not_applicable": 1}
