"""`jixiao nightly`: the whole night in process.

Belongs here: the command and what it tells at its end. Does not belong here: the night (`pipelines.defs.nightly`).
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from pipelines.commands.telling import (
    FAILED,
    FINDINGS,
    OK,
    SOME,
    SUMMARY,
    WORST,
    finding_line,
    named,
    tell_counts,
    tell_more,
    unreadable,
)
from pipelines.console import SEVERITY_STYLES, Voice, plain, to_json

from pipelines.settings import LOG_FORMATS
if TYPE_CHECKING:
    from pipelines.commands.telling import Add
    from pipelines.defs.nightly import NightlyResult
    from pipelines.settings import Settings


def add(command: Add, voice: Voice) -> None:
    """Add `nightly`."""
    nightly = command("nightly", _nightly, "exit_nightly")
    nightly.add_argument("--raw", metavar="DIR", help=voice.text("option_raw"))
    nightly.add_argument("--workers", metavar="N", help=voice.text("option_workers"))

    nightly.add_argument("--log-format", choices=LOG_FORMATS, help=voice.text("option_log_format"))

def _nightly(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from pipelines.defs.nightly import run_nightly
    from pipelines.warehouse import LockedError

    started = time.perf_counter()
    try:
        # The bar would stand between the lines of the log.
        with voice.progress(is_shown=settings.log_format == "plain") as on_event:
            result = run_nightly(settings, on_event)
    except LockedError as error:
        voice.error(voice.text("not_published", reason=error))
        return FAILED
    seconds = round(time.perf_counter() - started, 1)
    if given.json:
        print(to_json({**vars(result), "total_seconds": seconds}))
    else:
        _tell_night(result, settings, voice)
        voice.say(voice.text("seconds", seconds=seconds), "dim")
    if result.errors:
        return FAILED
    return SOME if result.published and result.rejected else OK


def _tell_night(result: NightlyResult, settings: Settings, voice: Voice) -> None:
    if result.errors:
        for error in result.errors:
            voice.error(voice.text("not_published", reason=error))
        return
    if not result.published:
        voice.say(voice.text("nothing_to_do", release=result.release_id))
        return
    _tell_loaded(result, settings, voice)
    _tell_warehouse(settings, voice)


def _tell_loaded(result: NightlyResult, settings: Settings, voice: Voice) -> None:
    plan = result.counts["raw_reports"]
    voice.title("loaded_title")
    extracted = plan["read"] + plan["extract"]
    voice.say(voice.text("read_line", read=plan["read"], extracted=extracted, unchanged=plan["unchanged"]))
    if result.rejected:
        voice.title("rejected_title")
        for entry in result.rejected:
            voice.say("  " + unreadable(entry["file_name"], entry["reason"], entry["detail"], voice), "red")
    voice.title("warehouse_title")
    path = settings.home / "current" / "warehouse.duckdb"
    voice.say(voice.text("published", release=result.release_id, path=path), "green")


def _tell_warehouse(settings: Settings, voice: Voice) -> None:
    from pipelines.warehouse.reading import connect, rows_of

    with connect(settings) as connection:
        counts = rows_of(connection, SUMMARY)[0]
        findings = rows_of(connection, FINDINGS)
        held = rows_of(connection, "select * from facts.quarantine order by all")
        files = dict(connection.execute("select report_id, file_name from facts.reports").fetchall())
    outcomes = {name: sum(entry["outcome"] == name for entry in findings) for name in ("fail", "round", "flag", "deferred")}
    tell_counts(counts, voice)
    voice.say(voice.text("findings_line", **outcomes))
    if held:
        voice.title("quarantined_title")
        for entry in held[:WORST]:
            rule = named("quarantine_rule", entry["rule"], voice)
            voice.say(f"  {files[entry['report_id']]}  {voice.place(entry['locator'])}  「{plain(entry['raw_text'])}」  {rule}")
        tell_more(len(held), voice)
    if findings:
        voice.title("worst_title")
        for entry in findings[:WORST]:
            voice.say("  " + finding_line(entry, voice), SEVERITY_STYLES[entry["severity"]])
        tell_more(len(findings), voice)
    voice.title("next_title")
    row_id = next((ids[0] for entry in findings if (ids := entry["left_row_ids"] or entry["right_row_ids"])), "ROW_ID")
    for key in ("next_query", "next_overview", "next_trace", "next_docs"):
        voice.say("  " + voice.text(key, row_id=row_id, data_docs=settings.home / "data_docs"))
