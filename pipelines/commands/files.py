"""`jixiao read`, `extract` and `check`: single files, without a home.

Belongs here: the commands and how they tell a document, its rows and its findings. Does not belong here: reading.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.commands.telling import FAILED, FINDINGS, OK, SOME, are_missing, finding_line, named, unreadable
from pipelines.console import SEVERITY_STYLES, Voice, plain, to_json

if TYPE_CHECKING:
    from pipelines.commands.telling import Add
    from pipelines.documents import Cell, Document
    from pipelines.settings import Settings


def add(command: Add, voice: Voice) -> None:
    """Add `extract`, `check` and `read`."""
    for name, run in (("extract", _extract), ("check", _check)):
        single = command(name, run, f"exit_{name}")
        single.add_argument("files", nargs="+", metavar="FILE", type=Path, help=voice.text("option_files"))
    single.add_argument("--html", metavar="OUT", type=Path, help=voice.text("option_html"))
    read = command("read", _read, "exit_extract")
    read.add_argument("files", nargs="+", metavar="FILE", type=Path, help=voice.text("option_files"))
    read.add_argument("--grid", action="store_true", help=voice.text("option_grid"))


def _read(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    import json

    from pipelines import documents

    if are_missing(given.files, voice):
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

    if are_missing(given.files, voice):
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
        voice.error(unreadable(_file_of(report, voice), report["reason"], report["detail"], voice))
    return FAILED if rejected else OK


def _file_of(report: dict[str, Any], voice: Voice) -> str:
    """File of a report, and which of the reports in it where it holds several."""
    number, count = report["part_number"], report["parts_count"]
    file_name = str(report["file_name"])
    return file_name if count == 1 else voice.text("part_of_file", file=file_name, number=number, count=count)


def _check(given: argparse.Namespace, settings: Settings, voice: Voice) -> int:
    from pipelines.facts.files import read_with_documents
    from pipelines.warehouse.models import build_in_memory
    from pipelines.warehouse.reading import rows_of

    if are_missing(given.files, voice):
        return FAILED
    frames, documents = read_with_documents(given.files, settings)
    connection = build_in_memory(frames, settings.project / "dbt_project")
    findings = rows_of(connection, FINDINGS)
    connection.close()
    if given.html is not None:
        from pipelines.dashboard import card

        given.html.write_text(card.page(card.cards(frames, documents, findings), frames, voice.language), encoding="utf-8")
    reports = frames["reports"].to_dicts()
    files = {report["report_id"]: report["file_name"] for report in reports}
    if given.json:
        print(to_json([{"file_name": files[entry["report_id"]], **entry} for entry in findings]))
    else:
        for report in reports:
            if report["outcome"] != "rejected":
                own = [entry for entry in findings if entry["report_id"] == report["report_id"]]
                _tell_check(report, own, _held(frames, report["report_id"]), voice)
        if given.html is not None:
            voice.say(voice.text("written", path=given.html))
    return _tell_rejected(reports, voice) or (SOME if findings else OK)


def _held(frames: dict[str, Any], report_id: str) -> list[dict[str, Any]]:
    return [
        row for name in ("quarantine", "unmapped_labels") for row in frames[name].to_dicts() if row["report_id"] == report_id
    ]


def _tell_check(report: dict[str, Any], findings: list[dict[str, Any]], held: list[dict[str, Any]], voice: Voice) -> None:
    department = report["department_name"] or voice.text("unknown_department")
    year, forms, figures = plain(report["fiscal_year"]), report["forms_count"], report["figures_extracted_count"]
    voice.say(
        voice.text("check_head", file=_file_of(report, voice), department=department, year=year, forms=forms, figures=figures),
        "bold",
    )
    if held:
        quarantined, unmapped = report["figures_quarantined_count"], report["figures_unmapped_count"]
        voice.say("  " + voice.text("check_held", quarantined=quarantined, unmapped=unmapped), "yellow")
        for row in held:
            rule = named("quarantine_rule", row["rule"], voice) if "rule" in row else ""
            voice.say(
                f"    {voice.place(row['locator'])}  {plain(row['source_label_zh'])}「{plain(row['raw_text'])}」  {rule}",
                "yellow",
            )
    voice.say("  " + (voice.text("check_count", count=len(findings)) if findings else voice.text("check_clean")))
    for entry in findings:
        line = finding_line({**entry, "department_name": None, "fiscal_year": None}, voice)
        voice.say("  " + line, SEVERITY_STYLES[entry["severity"]])
    voice.say()
