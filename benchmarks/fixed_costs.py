"""Fixed costs and reading speed, measured on this machine in one run: `python -m benchmarks.fixed_costs [--json]`.

Belongs here: what a person waits for (help, check, a night over the samples, a night with nothing new) as whole commands, and
reading as a ratio to the physical floor (decode and one regex for text, inflate and expat for docx). Medians; nothing is
asserted.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.parsers import expat

from pipelines import forms
from pipelines.documents import docx, text
from pipelines.documents.limits import Limits

ROOT = Path(__file__).resolve().parents[1]
RUNS = 7


def seconds(work: Callable[[], object], runs: int = RUNS) -> float:
    """Median seconds of a call."""
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def command(*arguments: str, expect: tuple[int, ...] = (0, 1)) -> Callable[[], None]:
    """A whole `jixiao` command in a fresh process; raises RuntimeError on an unexpected exit code."""

    def run() -> None:
        done = subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode not in expect:
            raise RuntimeError(f"jixiao {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-500:]}")

    return run


def text_floor(data: bytes) -> int:
    """Decode and one regex pass over the cells: the least that reading flattened text can cost."""
    return len(re.findall(r"(?m)^\t(.*)$", data.decode("utf-8")))


def docx_floor(path: Path) -> None:
    """Inflate the document part and run expat over it: the least that reading docx can cost."""
    with zipfile.ZipFile(path) as package:
        content = package.read("word/document.xml")
    parser = expat.ParserCreate()
    parser.Parse(content, True)


def reading() -> dict[str, float]:
    """Milliseconds and ratios of reading and extraction over the sample reports."""
    texts = [path.read_bytes() for path in sorted((ROOT / "data/raw").rglob("*.txt"))]
    word = sorted((ROOT / "data/raw").rglob("*.docx"))
    limits = Limits()

    def read_texts() -> list[object]:
        return [text.read(data, hashlib.sha256(data).hexdigest(), limits) for data in texts]

    def read_word() -> list[object]:
        return [docx.read(path.read_bytes(), "", limits) for path in word]

    documents = [text.read(data, "", limits) for data in texts]
    floor_text = seconds(lambda: [text_floor(data) for data in texts]) / len(texts)
    floor_word = seconds(lambda: [docx_floor(path) for path in word]) / len(word)
    read_text = seconds(read_texts) / len(texts)
    read_docx = seconds(read_word) / len(word)
    extract = seconds(lambda: [forms.extract(document, 2024) for document in documents]) / len(documents)
    return {
        "text: decode + regex floor, ms": floor_text * 1000,
        "text: read, ms": read_text * 1000,
        "text: read / floor": read_text / floor_text,
        "docx: inflate + expat floor, ms": floor_word * 1000,
        "docx: read, ms": read_docx * 1000,
        "docx: read / floor": read_docx / floor_word,
        "extraction of a read report, ms": extract * 1000,
    }


def commands() -> dict[str, float]:
    """Seconds of whole commands."""
    report = str(min((ROOT / "data/raw").rglob("*.txt")))
    with tempfile.TemporaryDirectory() as home:
        at_home = ("--home", home)
        cold = seconds(command("nightly", *at_home, "--raw", str(ROOT / "data/raw")), runs=1)
        unchanged = seconds(command("nightly", *at_home, "--raw", str(ROOT / "data/raw")), runs=3)
    return {
        "jixiao --help, s": seconds(command("--help"), runs=5),
        "jixiao check of one text report, s": seconds(command("check", report), runs=5),
        "jixiao nightly of the samples, empty home, s": cold,
        "jixiao nightly, nothing changed, s": unchanged,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    results = {name: round(value, 3) for name, value in {**reading(), **commands()}.items()}
    if given.json:
        print(json.dumps(results, indent=2))
        return
    for name, value in results.items():
        print(f"{name:55}{value:10.3f}")


if __name__ == "__main__":
    main()
