"""`jixiao evaluate`: how right the reading is, against gold documents.

Belongs here: the command and how it tells the measures. Does not belong here: measuring (`pipelines.evaluation`).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.commands.telling import FAILED, OK, SOME
from pipelines.console import Voice, to_json

if TYPE_CHECKING:
    from pipelines.commands.telling import Add
    from pipelines.evaluation import Evaluation
    from pipelines.settings import Settings

MISSES, AT_LEAST = 20, 99.0
MEASURES = ("values", "right", "wrong", "extra", "flagged", "lost", "precision", "recall", "exactness")


def add(command: Add, voice: Voice) -> None:
    """Add `evaluate`."""
    measured = command("evaluate", _evaluate, "exit_evaluate")
    measured.add_argument("gold", metavar="GOLD_DIR", type=Path, help=voice.text("option_gold"))
    measured.add_argument("--family", metavar="FAMILY", action="append", help=voice.text("option_family"))
    measured.add_argument("--without", metavar="NAME", action="append", help=voice.text("option_without"))
    measured.add_argument("--misses", metavar="N", type=int, default=MISSES, help=voice.text("option_misses"))
    measured.add_argument("--at-least", metavar="PCT", type=float, default=AT_LEAST, help=voice.text("option_at_least"))
    measured.add_argument("--write", metavar="FILE", type=Path, help=voice.text("option_write"))
    measured.add_argument("--workers", metavar="N", help=voice.text("option_workers"))


def _evaluate(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from pipelines import evaluation

    try:
        cases = evaluation.cases(given.gold, given.family)
        left_out = {name: evaluation.templates_of(cases, name) for name in given.without or ()}
    except evaluation.GoldError as error:
        voice.error(str(error))
        return FAILED
    if left_out:
        cases = [case for case in cases if any(names & case.template_ids for names in left_out.values())]
    with voice.progress() as on_event:
        found = evaluation.read(cases, settings, lambda done, total, name: on_event("parsed_documents", done, total, name))
    if left_out:
        return _evaluate_without(
            given, [evaluation.evaluate_without(found, names, settings) for names in left_out.values()], voice
        )
    whole = evaluation.evaluate(found, settings)
    passed = not evaluation.fails(whole.judged, given.at_least)
    if given.write:
        by_family = {
            family: evaluation.evaluate_without([one for one in found if one.case.family == family], names, settings)
            for family in dict.fromkeys(case.family for case in cases)
            if (names := evaluation.templates_of(cases, family))
        }
        given.write.write_text(
            evaluation.page(whole, by_family, f"jixiao evaluate {given.gold} --write {given.write}"), "utf-8"
        )
    if given.json:
        print(to_json({"passed": passed, "at_least": given.at_least, **_measured(whole, given.misses)}))
        return OK if passed else SOME
    for by, name in {"family": "evaluate_family", "format": "evaluate_format", "table_name": "evaluate_table"}.items():
        voice.title("evaluate_by", what=voice.text(name))
        shares = evaluation.measure(whole.judged, by)
        voice.table([by, *MEASURES], [[row[by], *(_measure(row[name]) for name in MEASURES)] for row in shares.to_dicts()])
    _tell_misses(whole, given.misses, voice)
    voice.say()
    voice.say(voice.text("evaluate_total", **evaluation.measure(whole.judged).row(0, named=True)))
    if passed:
        voice.say(voice.text("evaluate_passed"), "green")
    else:
        voice.say(voice.text("evaluate_failed", at_least=given.at_least), "red")
    if given.write:
        voice.say(voice.text("written", path=given.write))
    return OK if passed else SOME


def _evaluate_without(given: argparse.Namespace, runs: list[Evaluation], voice: Voice) -> int:
    from pipelines.evaluation import is_enough_without, leave_one_out

    if given.json:
        print(to_json([{**leave_one_out(run), **_measured(run, given.misses)} for run in runs]))
    else:
        for run in runs:
            counts = leave_one_out(run)
            voice.say(voice.text("evaluate_without", templates=", ".join(run.left_out), **counts), "bold")
            _tell_misses(run, given.misses, voice)
    return OK if all(map(is_enough_without, runs)) else SOME


def _measured(run: Evaluation, count: int) -> dict[str, Any]:
    from pipelines.evaluation import measure, misses

    groups = {"families": ["family"], "formats": ["format"], "tables": ["table_name"], "columns": ["table_name", "field_name"]}
    return {
        "total": measure(run.judged).row(0, named=True),
        **{name: measure(run.judged, *by).to_dicts() for name, by in groups.items()},
        "misses": misses(run.judged).head(count).to_dicts(),
    }


def _tell_misses(run: Evaluation, count: int, voice: Voice) -> None:
    from pipelines.evaluation import misses

    missed = misses(run.judged)
    if missed.is_empty() or count <= 0:
        return
    voice.title("evaluate_misses", shown=min(count, missed.height), count=missed.height)
    shown = ["verdict", "file", "form_kind", "table_name", "field_name", "key", "gold", "got", "place"]
    rows = missed.head(count).select(shown).to_dicts()
    voice.table(shown, [[*(row[name] for name in shown[:-1]), voice.place(row["place"] or "")] for row in rows])


def _measure(value: object) -> object:
    from pipelines.evaluation import percent

    return percent(value) if value is None or isinstance(value, float) else value
