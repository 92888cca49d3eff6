"""What a night costs by how much has changed: `python -m benchmarks.increments [--reports N] [--changed K …] [--write]`.

Belongs here: whole nights over drawn reports, the first one, one with nothing new, and some with a few changed files; what each
read, and how long its stages took. Does not belong here: the speed of readers (`readers`) and of the models (`marts`).

A night in which anything has changed builds the whole warehouse anew: that is its fixed cost, measured with one changed report.
What each further changed report adds is told beside what a report cost in the first night.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.readers.__main__ import PAGE, markdown, replace_part

ROOT = Path(__file__).resolve().parents[1]
SEED = 600_000
# What grows with the changed reports; all stages after these build the warehouse as a whole.
BY_REPORT = ("raw_reports", "parsed_documents", "extracted_facts", "checked_facts", "settled_facts", "lake")


def run(*arguments: str) -> str:
    """Output of a Python module run to its end; raises RuntimeError where it fails."""
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}: {(done.stdout + done.stderr)[-800:]}")
    return done.stdout


def processor_seconds() -> float:
    """Processor time of all children so far, with their own: it says more than the clock where other programs run too."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def night(raw: Path, home: Path) -> dict[str, Any]:
    """One night: files read, reports extracted, seconds of the stages by report, of the others and of the command,
    and its processor time."""
    started, used = time.perf_counter(), processor_seconds()
    told = json.loads(run("pipelines.cli", "nightly", "--raw", str(raw), "--home", str(home), "--json"))
    total, used = time.perf_counter() - started, processor_seconds() - used
    if told["errors"]:
        raise RuntimeError("; ".join(told["errors"]))
    by_report = sum(told["seconds"].get(name, 0.0) for name in BY_REPORT)
    return {
        "read": told["counts"]["parsed_documents"]["read"],
        "extracted": told["counts"]["extracted_facts"]["reports"],
        "by_report": by_report,
        "building": sum(told["seconds"].values()) - by_report,
        "total": total,
        "processor": used,
    }


def measure(reports: int, changes: list[int]) -> dict[str, dict[str, Any]]:
    """Nights over so many drawn reports by name: the first, an unchanged one, and one for each number of changed reports."""
    with tempfile.TemporaryDirectory() as folder:
        raw, home = Path(folder) / "raw", Path(folder) / "home"
        run("data.generation", "--count", str(reports), "--seed", str(SEED), "--formats", "txt", "--no-gold", "--out", str(raw))
        left = sorted(raw.rglob("*.txt"))
        random.Random(SEED).shuffle(left)  # over all cities and years
        nights = {"first": night(raw, home), "unchanged": night(raw, home)}
        for count in changes:
            for _ in range(count):
                path = left.pop()
                path.write_bytes(path.read_bytes() + "\n附件\n".encode())
            nights[f"{count} changed"] = night(raw, home)
    return nights


def told(nights: dict[str, dict[str, Any]], reports: int) -> tuple[list[list[str]], list[str]]:
    """Rows of a table, and what follows from them."""
    head = ["night", "files read", "reports extracted", "stages by report, s", "building the warehouse, s", "whole command, s"]
    head.append("processor time, s")
    figures = ("by_report", "building", "total", "processor")
    rows = [
        [name, str(of["read"]), str(of["extracted"]), *(f"{of[figure]:.1f}" for figure in figures)]
        for name, of in nights.items()
    ]
    few, *more = sorted((int(name.split()[0]), of) for name, of in nights.items() if name.endswith(" changed"))
    remarks = [f"first night: {nights['first']['processor'] / reports * 1000:.0f} ms of processor time for each report"]
    remarks += [
        f"{count} changed: {(of['processor'] - few[1]['processor']) / (count - few[0]) * 1000:.0f} ms more for each report "
        f"beyond {few[0]}; {of['processor'] / few[1]['processor']:.2f} times the night with {few[0]}"
        for count, of in more
    ]
    return [head, *rows], remarks


def main() -> None:
    """Measure, print, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=300, help="how many reports are drawn (default 300)")
    parser.add_argument(
        "--changed", type=int, nargs="+", default=[1, 10, 100], help="nights by changed reports (default 1 10 100)"
    )
    parser.add_argument("--write", action="store_true", help="put the results into docs/benchmarks.md")
    given = parser.parse_args()
    if sum(given.changed) > given.reports or len(given.changed) < 2:
        parser.error("--changed takes two numbers or more, together no more than the reports")
    rows, remarks = told(measure(given.reports, given.changed), given.reports)
    page = f"Measured on {datetime.date.today()} with {given.reports} reports, Python {platform.python_version()}.\n\n"
    page += f"{markdown(rows)}\n\n" + "\n".join(f"- {line}" for line in remarks)
    print(page)
    if given.write:
        PAGE.write_text(replace_part(PAGE.read_text(encoding="utf-8"), "increments", page), encoding="utf-8")


if __name__ == "__main__":
    main()
