"""Ours and public tools measured on the same files in one run: `python -m benchmarks.readers [--peers PYTHON] [--write]`.

Belongs here: starting each tool in a process of its own, and the tables. `--peers` names the interpreter of the environment
that requirements.txt beside this file was installed into; a tool that it lacks is reported as missing. `--write` puts the
results into docs/benchmarks.md, those of `benchmarks.fixed_costs` with them.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import fixed_costs
from benchmarks.readers.peers import TOOLS
from benchmarks.readers.sample import figures, write_files
from benchmarks.readers.scoring import count_right

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
OURS = "jixiao"
SECONDS = 600  # for all files of one tool
NOTHING_FETCHED = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}

Results = dict[str, Any]


def ask(tool: str, python: str, request: dict[str, Any]) -> Results:
    """What `peers.answer` gives in a fresh process of this interpreter."""
    done = subprocess.run(
        [python, "-m", "benchmarks.readers.peers"],
        input=json.dumps({**request, "tool": tool}),
        env={**os.environ, **NOTHING_FETCHED},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode:
        return {"missing": done.stderr.strip().rpartition("\n")[2]}
    answered: Results = json.loads(done.stdout)
    return answered


def run(peers: str | None, runs: int, seconds: float) -> Results:
    """Versions and, for each format and tool, milliseconds and right figures, or why there are none."""
    known = figures()
    found: Results = {"figures": len(known), "tools": {}, "formats": {}}
    with tempfile.TemporaryDirectory() as folder:
        files = {name: str(path) for name, path in write_files(Path(folder)).items()}
        found["formats"] = {name: {} for name in files}
        for tool in TOOLS:
            python = sys.executable if tool == OURS else peers
            request = {"files": files, "runs": runs, "seconds": seconds}
            answered = ask(tool, python, request) if python else {"missing": "--peers is not given"}
            found["tools"][tool] = answered.get("version") or f"missing: {answered['missing']}"
            for name, result in answered.get("results", {}).items():
                right = {"right": count_right(known, result.pop("grids"))} if "grids" in result else {}
                found["formats"][name][tool] = result | right
    return found


def remarks(found: Results) -> list[str]:
    """What a table hides: where ours is not first, what failed, and what was missing."""
    lines = []
    for name, results in found["formats"].items():
        ours = results[OURS]
        read = {tool: result for tool, result in results.items() if "right" in result}
        for tool, result in sorted(read.items(), key=lambda entry: entry[1]["ms"]):
            if result["right"] > ours["right"]:
                lines.append(f"{name}: {tool} has {result['right'] - ours['right']} figures more than ours")
            elif result["right"] == ours["right"] and result["ms"] < ours["ms"]:
                lines.append(f"{name}: {tool} is {ours['ms'] / result['ms']:.1f} times as fast as ours, with as many figures")
        lines += [f"{name}: {tool} failed: {result['error']}" for tool, result in results.items() if "error" in result]
    return lines + [f"{tool} is {version}" for tool, version in found["tools"].items() if version.startswith("missing")]


def table(found: Results) -> list[list[str]]:
    """Rows of texts, a header first: a format, then milliseconds and right figures of each tool that is there."""
    tools = [tool for tool, version in found["tools"].items() if not version.startswith("missing")]
    rows = [["format", *tools]]
    for name, results in found["formats"].items():
        cells = [results.get(tool, {}) for tool in tools]
        rows.append([name, *(_cell(cell) for cell in cells)])
    return rows


def _cell(result: Results) -> str:
    if "error" in result:
        return "failed"
    return f"{result['right']} in {_short(result['ms'])}" if result else "–"


def _short(number: float) -> str:
    return f"{number:.2g}" if number < 10 else f"{number:,.0f}"


def markdown(rows: list[list[str]]) -> str:
    """A pipe table."""
    head, *body = rows
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *body])


def readers_part(found: Results) -> str:
    """The results as a part of the page."""
    versions = ", ".join(
        f"{tool} {version}" for tool, version in found["tools"].items() if tool != OURS and not version.startswith("missing")
    )
    facts = f"Measured on {datetime.date.today()} with Python {platform.python_version()}, {os.cpu_count()} cores: {versions}."
    head = f"Right figures of {found['figures']}, in milliseconds; – where a tool does not read the format."
    return "\n\n".join([facts, head, markdown(table(found)), "\n".join(f"- {line}" for line in remarks(found))]).strip()


def fixed_costs_part() -> str:
    """The results of `benchmarks.fixed_costs` as a part of the page."""
    found = {**fixed_costs.reading(), **fixed_costs.commands()}
    rows = [["what", "measured"], *([name, _short(value)] for name, value in found.items())]
    return f"Measured on {datetime.date.today()}.\n\n{markdown(rows)}"


def replace_part(page: str, name: str, content: str) -> str:
    """The page with what stands between a part's two marks exchanged; raises ValueError where it has no such marks."""
    marks = re.compile(rf"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)", re.DOTALL)
    if not marks.search(page):
        raise ValueError(f"{PAGE.name} has no part {name!r}")
    return marks.sub(lambda found: f"{found[1]}{content}\n{found[2]}", page)


def main() -> None:
    """Measure, print, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter of the environment that holds the other tools")
    parser.add_argument("--runs", type=int, default=25, help="readings of each file after one that warms up (default 25)")
    parser.add_argument("--seconds", type=float, default=8, help="begin no further reading of a file after so long (default 8)")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="put the results into docs/benchmarks.md")
    given = parser.parse_args()
    found = run(given.peers, given.runs, given.seconds)
    if given.write:
        page = replace_part(PAGE.read_text(encoding="utf-8"), "readers", readers_part(found))
        PAGE.write_text(replace_part(page, "fixed costs", fixed_costs_part()), encoding="utf-8")
    if given.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    rows = table(found)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    print(f"right figures of {found['figures']}, in milliseconds")
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    print(*remarks(found), sep="\n")


if __name__ == "__main__":
    main()
