"""Drawn reports of every family, in every format: the facts are what a person reads on the page.

`GENERATED=1000` draws that many reports instead of a few.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from data.generation import FORMATS, families, printed
from data.generation.__main__ import main
from data.generation.writing import LOSSLESS, LOSSY
from pipelines.evaluation.gold import cases
from tests.support.drawn import frames_of, verdicts

COUNT = int(os.environ.get("GENERATED", "60"))


def _drawn(formats: tuple[str, ...], count: int) -> list[tuple[str, str, int]]:
    """Family, format and seed of so many reports: all families in turn, the formats in turn from family to family."""
    names = families()
    return [(names[n % len(names)], formats[(n + n // len(names)) % len(formats)], n // len(names) + 1) for n in range(count)]


@pytest.mark.parametrize(("family", "kind", "seed"), _drawn(LOSSLESS, COUNT))
def test_every_fact_comes_back(family: str, kind: str, seed: int) -> None:
    report = printed(seed, family)
    judged = verdicts(report, kind)
    assert sum(one.verdict == "right" for one in judged) >= 10  # somebody did look
    assert [one for one in judged if one.verdict != "right"] == []


@pytest.mark.parametrize(("family", "kind", "seed"), _drawn(LOSSLESS, COUNT))
def test_every_figure_is_accepted(family: str, kind: str, seed: int) -> None:
    drawn = printed(seed, family)
    found = frames_of([(drawn, kind)])
    report = found["reports"].row(0, named=True)
    without_place = [entry["raw_text"] for entry in drawn.gold.get("flagged", ())]
    assert found["unmapped_labels"]["raw_text"].to_list() == without_place
    assert found["quarantine"].is_empty()
    assert report["figures_extracted_count"] == report["figures_accepted_count"] + len(without_place)


@pytest.mark.parametrize(("family", "kind", "seed"), _drawn(LOSSY, max(COUNT // 4, len(families()))))
def test_formats_that_lose_cells_give_no_wrong_fact(family: str, kind: str, seed: int) -> None:
    judged = verdicts(printed(seed, family), kind)
    assert [one for one in judged if one.verdict in ("wrong", "extra") and one.table_name != "forms"] == []


def test_the_same_seed_gives_the_same_report() -> None:
    for name in families():
        one, other = printed(11, name), printed(11, name)
        assert (one.blocks, one.gold, one.name) == (other.blocks, other.gold, other.name)


def test_all_formats_are_drawn() -> None:
    assert {kind for _, kind, _ in _drawn(FORMATS, 60)} == set(FORMATS)


def test_the_command_writes_documents_and_their_gold(tmp_path: Path) -> None:
    assert main(["--seed", "3", "--count", "4", "--families", "SC,YN", "--formats", "html,txt", "--out", str(tmp_path)]) == 0
    found = cases(tmp_path / "gold")
    assert [(case.family, case.files[0].suffix) for case in found] == [
        ("SC", ".html"),
        ("SC", ".txt"),
        ("YN", ".txt"),
        ("YN", ".html"),
    ]
    for case in found:
        documents = (tmp_path / str(case.content["city"]) / str(case.content["folder_year"])).iterdir()
        assert case.files[0].read_bytes() in [path.read_bytes() for path in documents]
