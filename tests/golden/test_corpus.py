"""The golden corpus: every family is read exactly, nothing is wrong in silence, nothing comes from negatives.

The judge itself is judged in tests/unit/test_evaluation.py.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from pipelines import evaluation
from pipelines.evaluation import Case, Evaluation
from pipelines.settings import Settings

FOLDER = Path(__file__).parent
PAGE = FOLDER.parents[1] / "docs" / "accuracy.md"
FAMILIES = sorted({path.parent.name for path in FOLDER.glob("*/*.gold.yml")})
# Texts, text without cell borders (which only a form's template can put together again), files of many reports, negatives.
NO_TEMPLATES_OF_THEIR_OWN = {"ACCOUNTS", "PROSE", "FLAT", "MULTI", evaluation.NEGATIVES}
BORROWED = {"FLAT"}  # a kind of text in the templates of several families, which are left out one by one elsewhere
LEAST_EXACT = 99.0


@cache
def _cases(family: str) -> tuple[Case, ...]:
    return tuple(evaluation.cases(FOLDER, [family]))


@cache
def _runs(family: str) -> tuple[Evaluation, Evaluation | None]:
    """The family read whole, and without its templates."""
    settings = Settings.load()
    found = evaluation.read(_cases(family), settings)
    names = evaluation.templates_of(_cases(family), family)
    return evaluation.evaluate(found, settings), evaluation.evaluate_without(found, names, settings) if names else None


def _misses(run: Evaluation) -> str:
    missed = evaluation.misses(run.judged).select("verdict", "file", "table_name", "field_name", "key", "gold", "got", "place")
    return "\n".join(" | ".join("" if part is None else str(part) for part in row) for row in missed.head(20).iter_rows())


@pytest.mark.parametrize("family", FAMILIES)
def test_family_is_read_exactly_and_nothing_is_wrong_in_silence(family: str) -> None:
    run, _ = _runs(family)
    measured = evaluation.measure(run.judged, "family").row(0, named=True)
    assert measured["silent"] == 0, _misses(run)
    assert measured["from_negatives"] == 0, _misses(run)
    assert measured["exactness"] >= LEAST_EXACT, _misses(run)


@pytest.mark.parametrize("family", FAMILIES)
def test_family_has_differing_documents_in_several_formats(family: str) -> None:
    cases = _cases(family)
    assert len(cases) >= 2
    assert len({path.suffix for case in cases for path in case.files}) >= 2


@pytest.mark.parametrize("family", [family for family in FAMILIES if family not in NO_TEMPLATES_OF_THEIR_OWN | BORROWED])
def test_labels_alone_give_most_amounts_marked_and_none_wrong_in_silence(family: str) -> None:
    _, run = _runs(family)
    assert run is not None, "a family of forms names its templates"
    assert evaluation.is_enough_without(run), f"{evaluation.leave_one_out(run)}\n{_misses(run)}"


@pytest.mark.parametrize("family", FAMILIES)
def test_page_says_what_is_measured(family: str) -> None:
    run, without = _runs(family)
    lines = evaluation.page(run, {} if without is None else {family: without}, "").splitlines()
    of_family = [line for line in lines if line.startswith(f"| {family} |")]
    assert of_family
    published = PAGE.read_text(encoding="utf-8").splitlines()
    assert set(of_family) <= set(published), "run `jixiao evaluate tests/golden --write docs/accuracy.md`"
