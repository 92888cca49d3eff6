"""What several commands tell: counts, findings, files that could not be read.

Belongs here: exit codes, lines that look the same wherever they stand, and the queries behind them. Does not belong here: a
command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.catalogue import catalogue
from pipelines.console import Voice, plain

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    from pipelines.settings import Settings

    Run = Callable[[argparse.Namespace, Settings, Voice], int]
    Add = Callable[[str, Run, str], argparse.ArgumentParser]

OK, SOME, FAILED = 0, 1, 2
WORST = 10
FINDINGS = """
select * from marts.mart_findings
order by
    list_position(['critical', 'high', 'medium', 'low'], severity),
    list_position(['fail', 'deferred', 'flag', 'round'], outcome),
    rule_id, check_id, form_kind, subject
"""
SUMMARY = """
select
    count(*) as reports,
    count(*) filter (where outcome = 'parsed') as parsed,
    count(*) filter (where outcome = 'partial') as partial,
    count(*) filter (where outcome = 'rejected') as rejected,
    coalesce(sum(figures_extracted_count), 0)::bigint as extracted,
    coalesce(sum(figures_accepted_count), 0)::bigint as accepted,
    coalesce(sum(figures_quarantined_count), 0)::bigint as quarantined,
    coalesce(sum(figures_unmapped_count), 0)::bigint as unmapped
from facts.reports
where is_current
"""


def tell_more(total: int, voice: Voice) -> None:
    """Say how many more there are than were shown."""
    if total > WORST:
        voice.say("  " + voice.text("more", count=total - WORST), "dim")


def tell_counts(counts: dict[str, Any], voice: Voice) -> None:
    """Say how many reports and figures there are, and what became of them."""
    voice.say(voice.text("reports_line", **counts))
    voice.say(voice.text("figures_line", **counts))


def named(vocabulary: str, code: str, voice: Voice) -> str:
    """Chinese or English name of a code, as the voice speaks."""
    return catalogue().name(vocabulary, code, voice.language)


def finding_line(entry: dict[str, Any], voice: Voice) -> str:
    """One finding on one line: severity, outcome, rule, report, message."""
    head = f"[{named('severity', entry['severity'], voice)}·{named('outcome', entry['outcome'], voice)}] {entry['check_id']}"
    who = " ".join(
        plain(entry[name]) for name in ("department_name", "fiscal_year", "project_name") if entry.get(name) is not None
    )
    form = named("form_kind", entry["form_kind"], voice) if entry["form_kind"] else ""
    return f"{head} {who} {form}：{entry[f'message_{voice.language}']}"


def unreadable(file_name: str, reason: str, detail: str | None, voice: Voice) -> str:
    """Why a file was rejected and what to do about it."""
    code = catalogue().codes["reason"][reason]
    name, remedy = (code.zh, code.remedy_zh) if voice.language == "zh" else (code.en, code.remedy_en)
    return voice.text("unreadable", file=file_name, reason=reason, name=name, detail=(detail or "").rstrip("."), remedy=remedy)


def are_missing(files: list[Path], voice: Voice) -> bool:
    """Name the files that are not there; whether there are any."""
    missing = [path for path in files if not path.is_file()]
    for path in missing:
        voice.error(voice.text("no_such_file", file=path))
    return bool(missing)
