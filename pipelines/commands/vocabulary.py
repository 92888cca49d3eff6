"""`jixiao labels` and `departments`: what the catalogue and the reference tables do not know yet.

Belongs here: the commands and how they tell proposals for a person. Does not belong here: making the proposals.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.commands.telling import FAILED, OK, are_missing, named
from pipelines.console import Voice, plain, to_json

if TYPE_CHECKING:
    import polars as pl

    from pipelines.commands.telling import Add
    from pipelines.settings import Settings


def add(command: Add, voice: Voice) -> None:
    """Add `labels` and `departments`."""
    for name, run in (("labels", _labels), ("departments", _departments)):
        added = command(name, run, "exit_reading")
        added.add_argument("files", nargs="*", metavar="FILE", type=Path, help=voice.text("option_some_files"))


def _facts(given: argparse.Namespace, settings: Settings, voice: Voice, *tables: str) -> list[pl.DataFrame] | None:
    """Tables of schema `facts`, of the given files or else of the published warehouse; None where there are none."""
    from pipelines.facts.files import read_files
    from pipelines.warehouse.reading import NotPublishedError, connect

    if are_missing(given.files, voice):
        return None
    if given.files:
        frames = read_files(given.files, settings)
        return [frames[name] for name in tables]
    try:
        with connect(settings) as connection:
            return [connection.sql(f"select * from facts.{name}").pl() for name in tables]
    except NotPublishedError as error:
        voice.error(str(error))
        return None


def _departments(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from dataclasses import asdict

    from pipelines.evaluation.departments import FILE, unknown_departments

    found = _facts(given, settings, voice, "reports")
    if found is None:
        return FAILED
    unknown = unknown_departments(found[0], settings.project / "data" / "reference")
    if given.json:
        print(to_json([asdict(entry) for entry in unknown]))
        return OK
    voice.say(voice.text("departments_count", count=len(unknown), file=FILE), "bold")
    for entry in unknown:
        years = ", ".join(map(str, entry.fiscal_years))
        voice.say(f"{plain(entry.city_slug)}  {' = '.join(entry.names)}  {years}", "bold")
        voice.say(f"  {voice.text('departments_new')}")
        voice.say(f"    {entry.csv}", "green")
        for other in entry.proposals:
            key = "departments_like" if other.csv is None else "departments_alias"
            voice.say("  " + voice.text(key, name=other.name_zh, id=other.department_id, alike=f"{other.similarity:.0%}"))
            if other.csv is not None:
                voice.say(f"    {other.csv}", "yellow")
    return OK


def _labels(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from pipelines.evaluation.labels import count, propose

    found = _facts(given, settings, voice, "unmapped_labels", "reports")
    if found is None:
        return FAILED
    unmapped, reports = found
    files = dict(reports.select("report_id", "file_name").iter_rows())
    counted = [
        {**row, "file_name": files[row["report_id"]], "proposals": propose(row["label_zh"], row["column_label_zh"])}
        for row in count(unmapped).to_dicts()
    ]
    if given.json:
        print(to_json([{**row, "proposals": [vars(entry) for entry in row["proposals"]]} for row in counted]))
        return OK
    voice.say(voice.text("labels_count", labels=len(counted), figures=unmapped.height), "bold")
    for row in counted:
        label = " × ".join(plain(row[name]) for name in ("label_zh", "column_label_zh") if row[name])
        form = f"{named('form_kind', row['form_kind'], voice)} ({row['template_id']})"
        voice.say(voice.text("labels_line", label=label, form=form, figures=row["figures_count"], reports=row["reports_count"]))
        voice.say(f"  {row['file_name']}  {voice.place(row['locator'])}  「{plain(row['raw_text'])}」", "dim")
        for entry in row["proposals"]:
            alike = voice.text("labels_new") if entry.similarity is None else f"{entry.similarity:.0%}"
            voice.say(f"  {entry.file}  {entry.key}  ({alike})", "green")
            voice.say(f"    {entry.yaml}")
    return OK
