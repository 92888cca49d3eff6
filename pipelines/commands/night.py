"""`jixiao nightly`: the whole night in process.

Belongs here: the command and what it tells at its end. Does not belong here: the night (`pipelines.defs.nightly`).
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from pipelines.commands.quarantine import stale_line
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
    nightly.add_argument("--city", metavar="SLUG", action="append", default=[], help=voice.text("option_city"))
    nightly.add_argument("--year", metavar="YEAR", action="append", default=[], help=voice.text("option_year"))
    nightly.add_argument("--since", metavar="DATE", help=voice.text("option_since"))
    nightly.add_argument("--reread", action="store_true", help=voice.text("option_reread"))
    nightly.add_argument("--accept-losses", action="store_true", help=voice.text("option_accept_losses"))
    nightly.add_argument("--log-format", choices=LOG_FORMATS, help=voice.text("option_log_format"))


def _nightly(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from pipelines.archive import Selection, SelectionError

    try:
        selection = Selection.of(given.city, given.year, given.since, given.reread)
    except SelectionError as error:
        voice.error(str(error))
        return FAILED
    from pipelines.defs.nightly import run_nightly
    from pipelines.defs.orders import Orders
    from pipelines.warehouse import LockedError

    started = time.perf_counter()
    try:
        # The bar would stand between the lines of the log.
        with voice.progress(is_shown=settings.log_format == "plain") as on_event:
            result = run_nightly(settings, on_event, Orders(selection, given.accept_losses))
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
    from pipelines.warehouse.releases import rolled_back

    if result.errors:
        for error in result.errors:
            voice.error(voice.text("not_published", reason=error))
        return
    _tell_mended(result, voice)
    if not result.published:
        back = rolled_back(settings.home)
        if back is None:
            voice.say(voice.text("nothing_to_do", release=result.release_id))
        else:
            voice.say(voice.text("still_rolled_back", release=result.release_id, former=back["former_release_id"]), "yellow")
        return
    _tell_loaded(result, settings, voice)
    _tell_warehouse(settings, voice)


def _tell_mended(result: NightlyResult, voice: Voice) -> None:
    """Say what was damaged and has been made anew."""
    partitions = result.counts["raw_reports"]["partitions_mended"]
    if partitions:
        voice.say(voice.text("mended_partitions", partitions=", ".join(partitions)), "yellow")
    objects, records = result.counts["raw_reports"]["rearchived"], result.counts["extracted_facts"]["documents_repaired"]
    if objects or records:
        voice.say(voice.text("mended_files", objects=objects, records=records), "yellow")


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
        held = rows_of(connection, "select * from facts.quarantine where state = 'open' order by all")
        stale = rows_of(connection, "select * from facts.corrections where correction_state_code = 'stale' order by all")
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
    if stale:
        voice.title("stale_title")
        for entry in stale[:WORST]:
            voice.say("  " + stale_line(entry, voice), "yellow")
        tell_more(len(stale), voice)
    if findings:
        voice.title("worst_title")
        for entry in findings[:WORST]:
            voice.say("  " + finding_line(entry, voice), SEVERITY_STYLES[entry["severity"]])
        tell_more(len(findings), voice)
    voice.title("next_title")
    row_id = next((ids[0] for entry in findings if (ids := entry["left_row_ids"] or entry["right_row_ids"])), "ROW_ID")
    for key in ("next_query", "next_overview", "next_trace", "next_docs"):
        voice.say("  " + voice.text(key, row_id=row_id, data_docs=settings.home / "data_docs"))
