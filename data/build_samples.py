"""Writes `data/raw`, the sample reports of invented departments, from the inputs in `data/samples`.

    python data/build_samples.py            rewrite every sample report
    python data/build_samples.py --check    exit 1 where a committed file differs, is missing or is left over

Belongs here: the walk over departments and years, seeding of contradictions, and the files' bytes. Does not belong here: figures
(`sampling.figures`), identities (`sampling.identities`), layout (`sampling.layout`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # run as a script, only data/ is on the path

from data.sampling.figures import content_of  # noqa: E402
from data.sampling.identities import Finding, findings  # noqa: E402
from data.sampling.inputs import Tree, for_year, load, put  # noqa: E402
from data.sampling.layout import render  # noqa: E402
from tests.support.word import rebuild_as_docx  # noqa: E402

INPUTS = ROOT / "data" / "samples"
RAW = ROOT / "data" / "raw"


@dataclass(frozen=True)
class Sample:
    """One sample report: its path below `data/raw`, its content as printed, its text, its bytes and what must be found in it."""

    path: str
    content: Tree
    text: str
    data: bytes
    expected_findings: tuple[Finding, ...]


def samples() -> Iterator[Sample]:
    """Every sample report, in order of department and year.

    Raises ValueError where a report breaks an identity that its inputs do not announce, or keeps one that they say is broken.
    """
    wording = load(INPUTS / "_wording.yml")
    for path in sorted(INPUTS.glob("[!_]*.yml")):
        yield from _samples_of(load(path), wording)


def _samples_of(department: Tree, wording: Tree) -> Iterator[Sample]:
    earlier: Tree | None = None
    for year in department["years"]:
        report = for_year({"headings": wording["headings"]} | department, year) | {"year": year}
        content = content_of(department, report, earlier)
        earlier = content
        for seed in report.get("seeds") or []:
            put(content, seed["at"], seed["value"])
        yield _sample(department, report, content, wording)


def _sample(department: Tree, report: Tree, content: Tree, wording: Tree) -> Sample:
    kind, name = report["file"]["format"], report["file"]["name"]
    path = f"{department['city']}/{report['year']}/{name}.{'txt' if kind == 'txt' else 'docx'}"
    expected = tuple(Finding.from_input(entry) for entry in report.get("expected_findings") or [])
    found = findings(content)
    if sorted(found) != sorted(expected):
        surplus, missing = set(found) - set(expected), set(expected) - set(found)
        raise ValueError(f"{path}: found but not announced {sorted(surplus)}; announced but not found {sorted(missing)}")
    text = render(content, wording)
    data = text.encode() if kind == "txt" else rebuild_as_docx(text, wps=kind == "wps")
    return Sample(path, content, text, data, expected)


def differences(folder: Path) -> list[str]:
    """Paths below `folder` whose bytes are not what the inputs give."""
    wanted = {sample.path: sample.data for sample in samples()}
    present = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.*") if path.is_file()}
    changed = [path for path in wanted if path not in present or present[path].read_bytes() != wanted[path]]
    return sorted({*changed, *(present.keys() - wanted.keys())})


def write(folder: Path) -> int:
    """Make the files below `folder` those of the inputs; returns how many there are."""
    for path in differences(folder):
        (folder / path).unlink(missing_ok=True)
    count = 0
    for sample in samples():
        target = folder / sample.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(sample.data)
        count += 1
    return count


def main() -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Build the sample reports in data/raw.")
    parser.add_argument("--check", action="store_true", help="compare with the committed files instead of writing")
    if not parser.parse_args().check:
        print(f"{write(RAW)} sample reports in {RAW.relative_to(ROOT)}")
        return 0
    different = differences(RAW)
    for path in different:
        print(f"differs: {path}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
