"""The `jixiao` command.

Belongs here: arguments, exit codes, and one call into a room per command. Does not belong here: any work of its own. Heavy
libraries are imported by the command that needs them, so that `jixiao --help` is instant.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import __version__
from pipelines.catalogue import catalogue
from pipelines.console import SEVERITY_STYLES, Voice, formula_safe, plain, to_json
from pipelines.settings import Settings, SettingsError, documented_settings, language_of_locale

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from pipelines.defs.nightly import NightlyResult
    from pipelines.documents import Cell, Document
    from pipelines.evaluation import Evaluation

OK, SOME, FAILED = 0, 1, 2
WORST = 10
MISSES, AT_LEAST = 20, 99.0
FINDINGS = """
select * from marts.mart_findings
order by
    list_position(['critical', 'high', 'medium', 'low'], severity),
    list_position(['fail', 'deferred', 'flag', 'round'], outcome),
    rule_id, check_id, form_kind, subject
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    voice = Voice(_language(arguments))
    given = _parser(voice).parse_args(arguments)
    try:
        options = {"language": "lang", "raw": "raw", "home": "home", "workers": "workers"}
        settings = Settings.load(**{name: getattr(given, option, None) for name, option in options.items()})
        command: Callable[[argparse.Namespace, Settings, Voice], int] = given.run
        return command(given, settings, voice)
    except SettingsError as error:
        voice.error(str(error))
        return FAILED
    except BrokenPipeError:  # the reader of the pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def _language(arguments: Sequence[str]) -> str:
    """Language of help texts, needed before the arguments are parsed."""
    for index, argument in enumerate(arguments):
        if argument.startswith("--lang"):
            value = argument.partition("=")[2] or next(iter(arguments[index + 1 : index + 2]), "")
            if value in ("zh", "en"):
                return value
    chosen = os.environ.get("JIXIAO_LANG", "auto")
    return chosen if chosen in ("zh", "en") else language_of_locale(os.environ)


def _parser(voice: Voice) -> argparse.ArgumentParser:
    layout = argparse.RawDescriptionHelpFormatter
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--lang", choices=("zh", "en", "auto"), default=argparse.SUPPRESS, help=voice.text("option_lang"))
    common.add_argument("--home", metavar="DIR", default=argparse.SUPPRESS, help=voice.text("option_home"))
    parser = argparse.ArgumentParser(
        prog="jixiao", description=voice.text("help"), epilog=voice.text("epilog"), formatter_class=layout, parents=[common]
    )
    parser.add_argument("--version", action="version", version=f"jixiao {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: Callable[..., int], exit_codes: str) -> argparse.ArgumentParser:
        text = voice.text(f"command_{name}")
        added = commands.add_parser(
            name, help=text, description=text, epilog=voice.text(exit_codes), formatter_class=layout, parents=[common]
        )
        added.set_defaults(run=run)
        return added

    nightly = command("nightly", _nightly, "exit_nightly")
    nightly.add_argument("--raw", metavar="DIR", help=voice.text("option_raw"))
    nightly.add_argument("--workers", metavar="N", help=voice.text("option_workers"))
    for name, run in (("extract", _extract), ("check", _check)):
        single = command(name, run, f"exit_{name}")
        single.add_argument("files", nargs="+", metavar="FILE", type=Path, help=voice.text("option_files"))
    read = command("read", _read, "exit_extract")
    read.add_argument("files", nargs="+", metavar="FILE", type=Path, help=voice.text("option_files"))
    read.add_argument("--grid", action="store_true", help=voice.text("option_grid"))
    unknown = command("labels", _labels, "exit_reading")
    unknown.add_argument("files", nargs="*", metavar="FILE", type=Path, help=voice.text("option_some_files"))
    unsure = command("departments", _departments, "exit_reading")
    unsure.add_argument("files", nargs="*", metavar="FILE", type=Path, help=voice.text("option_some_files"))
    measured = command("evaluate", _evaluate, "exit_evaluate")
    measured.add_argument("gold", metavar="GOLD_DIR", type=Path, help=voice.text("option_gold"))
    measured.add_argument("--family", metavar="FAMILY", action="append", help=voice.text("option_family"))
    measured.add_argument("--without", metavar="NAME", action="append", help=voice.text("option_without"))
    measured.add_argument("--misses", metavar="N", type=int, default=MISSES, help=voice.text("option_misses"))
    measured.add_argument("--at-least", metavar="PCT", type=float, default=AT_LEAST, help=voice.text("option_at_least"))
    measured.add_argument("--write", metavar="FILE", type=Path, help=voice.text("option_write"))
    measured.add_argument("--workers", metavar="N", help=voice.text("option_workers"))
    command("trace", _trace, "exit_reading").add_argument("row_id", metavar="ROW_ID", help=voice.text("option_row_id"))
    query = command("query", _query, "exit_reading")
    query.add_argument("sql", metavar="SQL", help=voice.text("option_sql"))
    query.add_argument("--csv", action="store_true", help=voice.text("option_csv"))
    command("status", _status, "exit_reading")
    for added in commands.choices.values():
        added.add_argument("--json", action="store_true", help=voice.text("option_json"))
    return parser


# nightly --------------------


def _nightly(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from pipelines.defs.nightly import run_nightly
    from pipelines.warehouse import LockedError

    started = time.perf_counter()
    try:
        with voice.progress() as on_event:
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
    _tell_counts(counts, voice)
    voice.say(voice.text("findings_line", **outcomes))
    if held:
        voice.title("quarantined_title")
        for entry in held[:WORST]:
            rule = _name("quarantine_rule", entry["rule"], voice)
            voice.say(f"  {files[entry['report_id']]}  {voice.place(entry['locator'])}  「{plain(entry['raw_text'])}」  {rule}")
        _tell_more(len(held), voice)
    if findings:
        voice.title("worst_title")
        for entry in findings[:WORST]:
            voice.say("  " + finding_line(entry, voice), SEVERITY_STYLES[entry["severity"]])
        _tell_more(len(findings), voice)
    voice.title("next_title")
    row_id = next((ids[0] for entry in findings if (ids := entry["left_row_ids"] or entry["right_row_ids"])), "ROW_ID")
    for key in ("next_query", "next_overview", "next_trace", "next_docs"):
        voice.say("  " + voice.text(key, row_id=row_id, data_docs=settings.home / "data_docs"))


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


def _tell_more(total: int, voice: Voice) -> None:
    if total > WORST:
        voice.say("  " + voice.text("more", count=total - WORST), "dim")


def _name(vocabulary: str, code: str, voice: Voice) -> str:
    return catalogue().name(vocabulary, code, voice.language)


def finding_line(entry: dict[str, Any], voice: Voice) -> str:
    """One finding on one line: severity, outcome, rule, report, message."""
    head = f"[{_name('severity', entry['severity'], voice)}·{_name('outcome', entry['outcome'], voice)}] {entry['check_id']}"
    who = " ".join(
        plain(entry[name]) for name in ("department_name", "fiscal_year", "project_name") if entry.get(name) is not None
    )
    form = _name("form_kind", entry["form_kind"], voice) if entry["form_kind"] else ""
    return f"{head} {who} {form}：{entry[f'message_{voice.language}']}"


def unreadable(file_name: str, reason: str, detail: str | None, voice: Voice) -> str:
    """Why a file was rejected and what to do about it."""
    code = catalogue().codes["reason"][reason]
    name, remedy = (code.zh, code.remedy_zh) if voice.language == "zh" else (code.en, code.remedy_en)
    return voice.text("unreadable", file=file_name, reason=reason, name=name, detail=(detail or "").rstrip("."), remedy=remedy)


# single files --------------------


def _missing(files: list[Path], voice: Voice) -> bool:
    missing = [path for path in files if not path.is_file()]
    for path in missing:
        voice.error(voice.text("no_such_file", file=path))
    return bool(missing)


def _read(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    import json

    from pipelines import documents

    if _missing(given.files, voice):
        return FAILED
    code = OK
    read = []
    with documents.expand(given.files, settings) as sources:
        for source in sources:
            started = time.perf_counter()
            try:
                document = documents.read_source(source, settings)
            except documents.DocumentError as error:
                voice.error(unreadable(source.file_name, error.reason, error.detail, voice))
                code = FAILED
                continue
            seconds = round(time.perf_counter() - started, 3)
            if given.json:
                read.append({"file_name": source.file_name, "read_seconds": seconds, **json.loads(document.to_json())})
            else:
                _tell_document(source.file_name, document, seconds, given.grid, voice)
    if given.json:
        print(to_json(read))
    return code


def _tell_document(file_name: str, document: Document, seconds: float, as_grid: bool, voice: Voice) -> None:
    from pipelines.documents import Paragraph

    encoding = document.encoding or "-"
    head = voice.text(
        "read_head", file=file_name, media_type=document.media_type, reader=document.reader_version, encoding=encoding
    )
    voice.say(f"{head}  {voice.text('seconds', seconds=seconds)}", "bold")
    for warning in document.warnings:
        voice.say(f"  ! {warning}", "yellow")
    for block in document.blocks:
        if isinstance(block, Paragraph):
            level = "" if block.level is None else f" #{block.level}"
            voice.say(f"{voice.place(str(block.locator))}{level}  {block.text}")
            continue
        grid, first = block.grid, voice.place(str(block.cells[0].locator)) if block.cells else ""
        size = voice.text("read_table", rows=len(grid), columns=len(grid[0]) if grid else 0, origin=block.origin)
        voice.say(f"{first}  {size}", "bold")
        if as_grid:
            voice.table([str(number) for number in range(1, len(grid[0]) + 1)], map(_grid_row, range(len(grid)), grid))
        else:
            for index, row in enumerate(block.rows):
                voice.say("  " + " | ".join(plain(cell.text) + _spans(cell) for cell in row if cell.row == index))


def _grid_row(index: int, places: list[Cell | None]) -> list[str]:
    """Texts of one row of a dense grid; a place covered from the left shows ←, one covered from above ↑."""
    texts = []
    for column, cell in enumerate(places):
        if cell is None:
            texts.append("")
        elif cell.row < index:
            texts.append("↑")
        else:
            texts.append(plain(cell.text) if cell.column == column else "←")
    return texts


def _spans(cell: Cell) -> str:
    return f" [{cell.row_span}×{cell.column_span}]" if cell.row_span * cell.column_span > 1 else ""


def _extract(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from pipelines.facts.files import read_files

    if _missing(given.files, voice):
        return FAILED
    frames = read_files(given.files, settings)
    reports = frames["reports"].to_dicts()
    if given.json:
        print(to_json([{"table": name, **row} for name, frame in frames.items() for row in frame.to_dicts()]))
    else:
        for name, frame in frames.items():
            if not frame.is_empty():
                voice.say(f"{name} ({frame.height})", "bold")
                shown = [column for column in frame.columns if not frame[column].is_null().all() and column not in IDENTITY]
                voice.table(shown, frame.select(shown).iter_rows())
    return _tell_rejected(reports, voice)


IDENTITY = frozenset(
    {"report_id", "form_id", "template_id", "city_code", "department_id", "table_number", "row_number", "column_number"}
)


def _tell_rejected(reports: list[dict[str, Any]], voice: Voice) -> int:
    rejected = [report for report in reports if report["outcome"] == "rejected"]
    for report in rejected:
        voice.error(unreadable(_named(report, voice), report["reason"], report["detail"], voice))
    return FAILED if rejected else OK


def _named(report: dict[str, Any], voice: Voice) -> str:
    """File of a report, and which of the reports in it where it holds several."""
    number, count = report["part_number"], report["parts_count"]
    file_name = str(report["file_name"])
    return file_name if count == 1 else voice.text("part_of_file", file=file_name, number=number, count=count)


def _check(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from pipelines.facts.files import read_files
    from pipelines.warehouse.models import build_in_memory
    from pipelines.warehouse.reading import rows_of

    if _missing(given.files, voice):
        return FAILED
    frames = read_files(given.files, settings)
    connection = build_in_memory(frames, settings.project / "dbt_project")
    findings = rows_of(connection, FINDINGS)
    connection.close()
    reports = frames["reports"].to_dicts()
    files = {report["report_id"]: report["file_name"] for report in reports}
    if given.json:
        print(to_json([{"file_name": files[entry["report_id"]], **entry} for entry in findings]))
    else:
        for report in reports:
            if report["outcome"] != "rejected":
                own = [entry for entry in findings if entry["report_id"] == report["report_id"]]
                _tell_check(report, own, _held(frames, report["report_id"]), voice)
    return _tell_rejected(reports, voice) or (SOME if findings else OK)


def _held(frames: dict[str, Any], report_id: str) -> list[dict[str, Any]]:
    return [
        row for name in ("quarantine", "unmapped_labels") for row in frames[name].to_dicts() if row["report_id"] == report_id
    ]


def _tell_check(report: dict[str, Any], findings: list[dict[str, Any]], held: list[dict[str, Any]], voice: Voice) -> None:
    department = report["department_name"] or voice.text("unknown_department")
    year, forms, figures = plain(report["fiscal_year"]), report["forms_count"], report["figures_extracted_count"]
    voice.say(
        voice.text("check_head", file=_named(report, voice), department=department, year=year, forms=forms, figures=figures),
        "bold",
    )
    if held:
        quarantined, unmapped = report["figures_quarantined_count"], report["figures_unmapped_count"]
        voice.say("  " + voice.text("check_held", quarantined=quarantined, unmapped=unmapped), "yellow")
        for row in held:
            rule = _name("quarantine_rule", row["rule"], voice) if "rule" in row else ""
            voice.say(
                f"    {voice.place(row['locator'])}  {plain(row['source_label_zh'])}「{plain(row['raw_text'])}」  {rule}",
                "yellow",
            )
    voice.say("  " + (voice.text("check_count", count=len(findings)) if findings else voice.text("check_clean")))
    for entry in findings:
        line = finding_line({**entry, "department_name": None, "fiscal_year": None}, voice)
        voice.say("  " + line, SEVERITY_STYLES[entry["severity"]])
    voice.say()


# how right it is --------------------

MEASURES = ("values", "right", "wrong", "extra", "flagged", "lost", "precision", "recall", "exactness")


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


def _facts(given: argparse.Namespace, settings: Settings, voice: Voice, *tables: str) -> list[pl.DataFrame] | None:
    """Tables of schema `facts`, of the given files or else of the published warehouse; None where there are none."""
    from pipelines.facts.files import read_files
    from pipelines.warehouse.reading import NotPublishedError, connect

    if _missing(given.files, voice):
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
        form = f"{_name('form_kind', row['form_kind'], voice)} ({row['template_id']})"
        voice.say(voice.text("labels_line", label=label, form=form, figures=row["figures_count"], reports=row["reports_count"]))
        voice.say(f"  {row['file_name']}  {voice.place(row['locator'])}  「{plain(row['raw_text'])}」", "dim")
        for entry in row["proposals"]:
            alike = voice.text("labels_new") if entry.similarity is None else f"{entry.similarity:.0%}"
            voice.say(f"  {entry.file}  {entry.key}  ({alike})", "green")
            voice.say(f"    {entry.yaml}")
    return OK


# reading what is published --------------------


def _trace(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from pipelines.warehouse.reading import NotPublishedError, UnknownRowError, trace

    try:
        origin = trace(settings, given.row_id)
    except (NotPublishedError, UnknownRowError) as error:
        voice.error(str(error))
        return FAILED
    if given.json:
        print(to_json(vars(origin)))
        return OK
    form = (
        f"{_name('form_kind', origin.form['form_kind'], voice)} ({origin.form['template_id']}) {plain(origin.form['title_zh'])}"
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
    return OK


def _query(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    import duckdb

    from pipelines.warehouse.reading import NotPublishedError, columns_and_rows, connect

    try:
        with connect(settings) as connection:
            columns, rows = columns_and_rows(connection, given.sql)
    except (NotPublishedError, duckdb.Error) as error:
        voice.error(str(error))
        return FAILED
    if given.json:
        print(to_json([dict(zip(columns, row, strict=True)) for row in rows]))
    elif given.csv:
        import csv

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(map(formula_safe, row) for row in rows)
    else:
        voice.table(columns, rows)
    return OK


def _status(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from pipelines.home import current_release

    release = current_release(settings.home)
    entries = [(entry, getattr(settings, entry.name)) for entry in documented_settings()]
    if given.json:
        print(to_json({"release": release, "settings": {entry.name: value for entry, value in entries}}))
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
    return OK


def _tell_warehouse_counts(settings: Settings, voice: Voice) -> None:
    from pipelines.warehouse.reading import connect, rows_of

    with connect(settings) as connection:
        counts = rows_of(connection, SUMMARY)[0]
    _tell_counts(counts, voice)


def _tell_counts(counts: dict[str, Any], voice: Voice) -> None:
    voice.say(voice.text("reports_line", **counts))
    voice.say(voice.text("figures_line", **counts))


if __name__ == "__main__":
    sys.exit(main())
