"""`jixiao releases`, `rollback` and `diff`: what is published, going back, and what changed.

Belongs here: the commands and how they tell releases and differences. Does not belong here: doing it (`pipelines.warehouse`).
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from pipelines.commands.telling import FAILED, OK, named
from pipelines.console import Voice, plain, to_json

if TYPE_CHECKING:
    from pipelines.commands.telling import Add
    from pipelines.settings import Settings

SHOWN = 20
STATES = {"current": "release_current", "pinned": "release_pinned", "held": "release_held"}
CHANGES = {"opened": "diff_opened", "closed": "diff_closed", "changed": "diff_changed"}


def add(command: Add, voice: Voice) -> None:
    """Add `releases`, `rollback` and `diff`."""
    listed = command("releases", _releases, "exit_reading")
    listed.add_argument("action", nargs="?", choices=("pin", "unpin"), metavar="ACTION", help=voice.text("option_pin"))
    listed.add_argument("release_id", nargs="?", metavar="ID", help=voice.text("option_release"))
    back = command("rollback", _rollback, "exit_reading")
    back.add_argument("release_id", nargs="?", metavar="ID", help=voice.text("option_rollback"))
    compared = command("diff", _diff, "exit_reading")
    compared.add_argument("before", nargs="?", metavar="A", help=voice.text("option_before"))
    compared.add_argument("after", nargs="?", metavar="B", help=voice.text("option_after"))
    compared.add_argument("--all", action="store_true", help=voice.text("option_all"))


def _releases(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from pipelines.warehouse import releases

    if given.action and not given.release_id:
        voice.error(voice.text("release_missing", action=given.action))
        return FAILED
    try:
        if given.action == "pin":
            releases.pin(settings.home, given.release_id)
        elif given.action == "unpin" and not releases.unpin(settings.home, given.release_id):
            raise releases.UnknownReleaseError(voice.text("release_not_pinned", release=given.release_id))
    except (releases.UnknownReleaseError, OSError) as error:
        voice.error(str(error))
        return FAILED
    entries = releases.listed(settings.home)
    if given.json:
        print(to_json(entries))
        return OK
    if not entries:
        voice.say(voice.text("status_none", home=settings.home))
        return OK
    states = {name: voice.text(key) for name, key in STATES.items()}
    columns = ("release_id", "created_at", "rows", "reports", "findings")
    voice.table(
        [*columns, "state"],
        [
            (*(entry[name] for name in columns), ", ".join(text for name, text in states.items() if entry[name]))
            for entry in entries
        ],
    )
    for entry in entries:
        for reason in entry["reasons"]:
            voice.say(voice.text("release_held_because", release=entry["release_id"], reason=reason), "yellow")
    return OK


def _rollback(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from pipelines.warehouse import LockedError
    from pipelines.warehouse.releases import OpenError, UnknownReleaseError, roll_back

    try:
        done = roll_back(settings, given.release_id)
    except (LockedError, UnknownReleaseError, OpenError, OSError) as error:
        voice.error(str(error))
        return FAILED
    if given.json:
        print(to_json(done))
        return OK
    voice.say(voice.text("rolled_back", release=done["release_id"], former=done["former_release_id"]), "green")
    if done["withdrawn"]:
        voice.say(voice.text("rolled_back_until", release=done["withdrawn"][-1]))
    return OK


def _diff(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    import duckdb

    from pipelines.warehouse.differences import differences, pair
    from pipelines.warehouse.releases import UnknownReleaseError

    try:
        found = differences(*pair(settings, given.before, given.after), limit=None if given.all else SHOWN)
    except (UnknownReleaseError, duckdb.Error) as error:
        voice.error(str(error))
        return FAILED
    if given.json:
        print(to_json(found))
        return OK
    voice.say(voice.text("diff_head", before=found["before"], after=found["after"]), "bold")
    if not found["tables"]:
        voice.say(voice.text("diff_none"))
        return OK
    voice.title("diff_tables_title")
    columns = ("table", "rows_before", "rows_after", "added", "removed", "changed")
    voice.table(columns, [tuple(entry[name] for name in columns) for entry in found["tables"]])
    for entry in found["tables"]:
        for sign, names in (("+", entry["columns_added"]), ("-", entry["columns_removed"])):
            if names:
                voice.say(f"  {entry['table']}  {sign} {', '.join(names)}", "dim")
    if found["departments"]:
        voice.title("diff_departments_title")
        columns = ("department_name", "fiscal_year", "state", "figures_added", "figures_removed", "figures_changed")
        voice.table(columns, [tuple(entry[name] for name in columns) for entry in found["departments"]])
        _tell_rest(found, "departments", found["counts"]["departments"], voice)
    if found["figures"]:
        voice.title("diff_figures_title")
        for entry in found["figures"]:
            voice.say("  " + figure_line(entry, voice))
        _tell_rest(found, "figures", found["counts"]["figures"], voice)
    _tell_findings(found, voice)
    return OK


def figure_line(entry: dict[str, Any], voice: Voice) -> str:
    """One figure that differs on one line: department, form, what it is, old and new value, file and place."""
    form = named("form_kind", entry["form_kind"], voice) if entry["form_kind"] else ""
    who = " ".join(plain(entry[name]) for name in ("department_name", "fiscal_year", "project_name") if entry[name] is not None)
    what = f"{plain(entry['subject'])} {entry['column']}".strip()
    values = f"{_shown(entry['old'])} → {_shown(entry['new'])}"
    return f"{who} {form}  {what}  {values}  {entry['file_name']}  {voice.place(plain(entry['locator']))}"


def _shown(value: str | None) -> str:
    return "∅" if value is None else plain(value)


def _tell_findings(found: dict[str, Any], voice: Voice) -> None:
    counts = {change: found["counts"][f"findings_{change}"] for change in ("opened", "closed", "changed")}
    if not any(counts.values()):
        return
    voice.title("diff_findings_title")
    voice.say(voice.text("diff_findings_line", **counts))
    for entry in found["findings"]:
        who = f"{plain(entry.get('department_name'))} {plain(entry['fiscal_year'])}"
        change = voice.text(CHANGES[entry["change"]])
        voice.say(f"  [{change}] {entry['check_id']} {who}：{plain(entry.get(f'message_{voice.language}'))}")
    _tell_rest(found, "findings", sum(counts.values()), voice)


def _tell_rest(found: dict[str, Any], name: str, total: int, voice: Voice) -> None:
    """Say how many more there are; all of them are shown with --all."""
    if total > len(found[name]):
        voice.say("  " + voice.text("diff_more", count=total - len(found[name])), "dim")
