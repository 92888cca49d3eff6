"""`jixiao quarantine`: what is in quarantine, one entry with its surroundings, and decisions of people.

Belongs here: the command and how it tells entries. Does not belong here: queries and decisions (`pipelines.warehouse.held`).
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from pipelines.catalogue import catalogue
from pipelines.commands.telling import FAILED, OK, named
from pipelines.console import Voice, plain, to_json

if TYPE_CHECKING:
    from pipelines.commands.telling import Add
    from pipelines.settings import Settings

ACTIONS = ("list", "show", "release", "reject", "correct")
PER_PAGE = 20


def add(command: Add, voice: Voice) -> None:
    """Add `quarantine`."""
    added = command("quarantine", _quarantine, "exit_quarantine")
    added.add_argument("action", metavar="ACTION", choices=ACTIONS, help=voice.text("option_quarantine_action"))
    added.add_argument("row_id", metavar="ID", nargs="?", help=voice.text("option_quarantine_id"))
    added.add_argument("--city", metavar="CITY", help=voice.text("option_quarantine_city"))
    added.add_argument("--year", metavar="YEAR", type=int, help=voice.text("option_quarantine_year"))
    added.add_argument("--rule", choices=tuple(catalogue().codes["quarantine_rule"]), help=voice.text("option_quarantine_rule"))
    added.add_argument(
        "--state", choices=tuple(catalogue().codes["quarantine_state"]), help=voice.text("option_quarantine_state")
    )
    added.add_argument("--stale", action="store_true", help=voice.text("option_quarantine_stale"))
    added.add_argument("--page", metavar="N", type=_positive, default=1, help=voice.text("option_page"))
    added.add_argument("--per-page", metavar="N", type=_positive, default=PER_PAGE, help=voice.text("option_per_page"))
    added.add_argument("--value", metavar="VALUE", help=voice.text("option_value"))
    added.add_argument("--field", metavar="COLUMN", help=voice.text("option_field"))
    added.add_argument("--reason", metavar="TEXT", help=voice.text("option_reason"))
    added.add_argument("--by", metavar="NAME", help=voice.text("option_by"))


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _quarantine(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from pipelines.quality.corrections import CorrectionError
    from pipelines.warehouse.reading import NotPublishedError, UnknownRowError

    if given.action != "list" and given.row_id is None:
        voice.error(voice.text("quarantine_needs_id", action=given.action))
        return FAILED
    missing = [name for name in ("reason", "by") if not getattr(given, name)]
    if given.action not in ("list", "show") and missing:
        voice.error(voice.text("quarantine_needs", options=", ".join(f"--{name}" for name in missing)))
        return FAILED
    try:
        if given.action == "list":
            return _decisions(given, settings, voice) if given.stale else _list(given, settings, voice)
        if given.action == "show":
            return _show(given, settings, voice)
        return _decide(given, settings, voice)
    except (NotPublishedError, UnknownRowError, CorrectionError, OSError) as error:
        voice.error(str(error))
        return FAILED


def _list(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from pipelines.warehouse.held import Asked, held

    found = held(settings, Asked(given.city, given.year, given.rule, given.state), given.page, given.per_page)
    if given.json:
        print(to_json({"total": found.total, "counts": found.counts, "page": given.page, "rows": found.rows}))
        return OK
    pages = -(-found.total // given.per_page)
    voice.say(voice.text("quarantine_count", count=found.total, page=given.page, pages=max(pages, 1)), "bold")
    for entry in found.counts:
        state, rule = named("quarantine_state", entry["state"], voice), named("quarantine_rule", entry["rule"], voice)
        voice.say(f"  {state}  {rule}  {entry['rows']}")
    for row in found.rows:
        voice.say(entry_line(row, voice), "yellow" if row["state"] == "open" else "dim")
    return OK


def entry_line(row: dict[str, Any], voice: Voice) -> str:
    """One entry on one line: id, state, file, place, label, text, rule."""
    state = named("quarantine_state", row["state"], voice)
    if row["pending"]:
        state = voice.text("quarantine_pending", decision=named("decision", row["pending"], voice))
    rule = named("quarantine_rule", row["rule"], voice)
    text = f"{plain(row['source_label_zh'])}「{plain(row['raw_text'])}」"
    return f"{row['row_id']}  [{state}]  {row['file_name']}  {voice.place(row['locator'])}  {text}  {rule}"


def _decisions(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from pipelines.warehouse.held import decisions

    found = decisions(settings, ("stale",))
    if given.json:
        print(to_json(found))
        return OK
    voice.say(voice.text("stale_count", count=len(found)), "bold")
    for row in found:
        voice.say("  " + stale_line(row, voice), "yellow")
    return OK


def stale_line(row: dict[str, Any], voice: Voice) -> str:
    """One decision that the source has left behind, on one line."""
    return voice.text(
        "stale_line",
        file=row["file_name"] or row["sha256"],
        place=voice.place(row["locator"]),
        decision=named("decision", row["decision_code"], voice),
        expected=plain(row["expected_text"]),
        found=plain(row["found_text"]),
        by=plain(row["decided_by"]),
        source=row["decided_in"],
    )


def _show(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from pipelines.warehouse.held import entry

    found = entry(settings, given.row_id)
    if given.json:
        print(to_json(vars(found)))
        return OK
    row, rule = found.row, catalogue().codes["quarantine_rule"][found.row["rule"]]
    field = catalogue().fields.get(row["field_name"] or "")
    voice.say(entry_line(row, voice), "bold")
    who = " ".join(plain(row[name]) for name in ("city_name", "department_name", "fiscal_year", "project_name") if row[name])
    voice.say(f"{voice.text('trace_form')}: {named('form_kind', row['form_kind'], voice)} {plain(row['title_zh'])}  {who}")
    if field is not None:
        unit = f"（{field.unit}）" if field.unit and voice.language == "zh" else f" ({field.unit})" if field.unit else ""
        name = field.zh if voice.language == "zh" else field.en
        voice.say(f"{voice.text('trace_table')}: facts.{row['table_name']}.{field.name}  {name}{unit if field.unit else ''}")
    voice.say(f"{voice.text('quarantine_wanted')}: {rule.zh if voice.language == 'zh' else rule.en}. {plain(row['reason'])}")
    if found.grid:
        voice.title("trace_around")
        for line in found.grid:
            voice.say("  " + " | ".join(line))
    if found.decision is not None:
        voice.say()
        voice.say(decision_line(found.decision, voice), "green")
    voice.title("quarantine_commands")
    for action in found.allowed:
        value = " --value VALUE" if action == "correct" else ""
        voice.say(f"  jixiao quarantine {action} {row['row_id']}{value} --reason TEXT --by NAME")
    return OK


def decision_line(decision: dict[str, Any], voice: Voice) -> str:
    """One decision in force on one line: what, value, why, who, when, where it stands."""
    return voice.text(
        "decision_line",
        decision=named("decision", decision["decision_code"], voice),
        value=plain(decision["corrected_value"]),
        reason=plain(decision["decision_reason"]),
        by=plain(decision["decided_by"]),
        day=plain(decision["decided_on"]),
        source=decision["decided_in"],
        id=decision["correction_id"],
    )


def _decide(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from pipelines.warehouse.held import decide

    correction_id, path = decide(
        settings, given.row_id, given.action, reason=given.reason, by=given.by, value=given.value, field=given.field
    )
    if given.json:
        print(to_json({"correction_id": correction_id, "decision": given.action, "path": path}))
    else:
        voice.say(voice.text("decision_written", path=path), "green")
    return OK
