"""`jixiao trace`, `query`, `questions` and `status`: the published warehouse, read-only.

Belongs here: the commands and how they tell rows and places. Does not belong here: opening the warehouse.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from pipelines.commands.quarantine import decision_line
from pipelines.commands.telling import FAILED, OK, SUMMARY, named, tell_counts
from pipelines.console import Voice, formula_safe, plain, to_json
from pipelines.settings import SECRETS, documented_settings, secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.commands.telling import Add
    from pipelines.settings import Settings


def add(command: Add, voice: Voice) -> None:
    """Add `trace`, `query`, `questions` and `status`."""
    command("trace", _trace, "exit_reading").add_argument("row_id", metavar="ROW_ID", help=voice.text("option_row_id"))
    query = command("query", _query, "exit_reading")
    query.add_argument("sql", metavar="SQL", help=voice.text("option_sql"))
    query.add_argument("--csv", action="store_true", help=voice.text("option_csv"))
    questions = command("questions", _questions, "exit_reading")
    questions.add_argument("number", metavar="NUMBER", type=int, nargs="?", help=voice.text("option_number"))
    questions.add_argument("--csv", action="store_true", help=voice.text("option_csv"))
    command("status", _status, "exit_reading")


def _trace(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from pipelines.documents import DamagedDocumentError
    from pipelines.warehouse.reading import NotPublishedError, UnknownRowError, trace

    try:
        origin = trace(settings, given.row_id)
    except (NotPublishedError, UnknownRowError, DamagedDocumentError) as error:
        voice.error(str(error))
        return FAILED
    if given.json:
        print(to_json(vars(origin)))
        return OK
    form = (
        f"{named('form_kind', origin.form['form_kind'], voice)} ({origin.form['template_id']}) {plain(origin.form['title_zh'])}"
    )
    voice.say(f"{voice.text('trace_file')}: {origin.report['file_name']}  sha256 {origin.report['sha256']}", "bold")
    voice.say(f"{voice.text('trace_form')}: {form}  {plain(origin.row.get('project_name'))}")
    voice.say(f"{voice.text('trace_table')}: facts.{origin.table}")
    for index, cell in enumerate(origin.cells):
        voice.say()
        field = cell.get("field_name") or origin.table
        voice.say(f"{field} = {plain(origin.row.get(field))}", "green")
        for key, column in (
            ("place", "locator"),
            ("label", "source_label_zh"),
            ("column", "column_label_zh"),
            ("raw", "raw_text"),
        ):
            if cell.get(column):
                shown = voice.place(cell[column]) if column == "locator" else plain(cell[column])
                voice.say(f"  {voice.text('trace_' + key)}: {shown}")
        if origin.surroundings:
            voice.say(f"  {voice.text('trace_around')}: {origin.surroundings[index]}")
        for decision in origin.decisions:
            if decision["correction_id"] == cell.get("correction_id"):
                voice.say("  " + decision_line(decision, voice), "yellow")
    return OK


def _query(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    return _answer(given.sql, given, settings, voice)


def _questions(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from pipelines.warehouse.questions import read_questions

    known = {question.number: question for question in read_questions(settings.project)}
    is_chinese = voice.language == "zh"
    if given.number is None:
        columns = ("number", "question", "asked_by", "mart")
        rows = [(one.number, one.zh if is_chinese else one.en, one.asked_by, one.mart) for one in known.values()]
        tell_rows(columns, rows, given, voice)
        return OK
    if given.number not in known:
        voice.error(voice.text("no_such_question", number=given.number, last=max(known)))
        return FAILED
    question = known[given.number]
    if not (given.json or given.csv):
        voice.say(f"{question.number}. {question.zh if is_chinese else question.en}", "bold")
    code = _answer(question.sql, given, settings, voice)
    if code == OK and not (given.json or given.csv):
        voice.say(question.reading_zh if is_chinese else question.reading_en, "dim")
    return code


def _answer(sql: str, given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    """Run a query on the published warehouse and tell its rows."""
    import duckdb

    from pipelines.warehouse.reading import NotPublishedError, columns_and_rows, connect

    try:
        with connect(settings) as connection:
            columns, rows = columns_and_rows(connection, sql)
    except (NotPublishedError, duckdb.Error) as error:
        voice.error(str(error))
        return FAILED
    tell_rows(columns, rows, given, voice)
    return OK


def tell_rows(columns: Sequence[str], rows: Sequence[Sequence[object]], given: argparse.Namespace, voice: Voice) -> None:
    """Print rows as a table, or as JSON or CSV where that is asked for."""
    if given.json:
        print(to_json([dict(zip(columns, row, strict=True)) for row in rows]))
    elif given.csv:
        import csv

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(map(formula_safe, row) for row in rows)
    else:
        voice.table(columns, rows)


def _status(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from pipelines.home import current_release

    release = current_release(settings.home)
    entries = [(entry, getattr(settings, entry.name)) for entry in documented_settings()]
    if given.json:
        secrets = {name: secret(name) is not None for name in SECRETS}
        print(to_json({"release": release, "settings": {entry.name: value for entry, value in entries}, "secrets": secrets}))
        return OK
    if release is None:
        voice.say(voice.text("status_none", home=settings.home))
    else:
        voice.say(voice.text("status_release", release=release["release_id"], created=release["created_at"]), "bold")
        _tell_warehouse_counts(settings, voice)
    voice.title("settings_title")
    voice.table(
        ["name", "environment", "value", "zh" if voice.language == "zh" else "en"],
        [(entry.name, entry.env, value, entry.zh if voice.language == "zh" else entry.en) for entry, value in entries],
    )
    voice.title("secrets_title")
    voice.table(
        ["environment", "value", "zh" if voice.language == "zh" else "en"],
        [
            (name, voice.text("secret_set" if secret(name) else "secret_not_set"), zh if voice.language == "zh" else en)
            for name, (zh, en) in SECRETS.items()
        ],
    )
    return OK


def _tell_warehouse_counts(settings: Settings, voice: Voice) -> None:
    from pipelines.warehouse.reading import connect, rows_of

    with connect(settings) as connection:
        counts = rows_of(connection, SUMMARY)[0]
    tell_counts(counts, voice)
