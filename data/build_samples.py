"""Writes `data/raw`, the sample reports of invented departments, from the inputs in `data/samples`.

    python data/build_samples.py            rewrite every sample report
    python data/build_samples.py --check    exit 1 where a committed file differs, is missing or is left over

Belongs here: the walk over departments and years, seeding of contradictions, and the files' bytes. Does not belong here:
figures (`sampling.figures`), identities (`sampling.identities`), layout (`sampling.layout`).
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import zipfile
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
DEPARTMENTS = ROOT / "data" / "reference" / "departments.csv"


@dataclass(frozen=True)
class Sample:
    """One sample report: path below `data/raw`, content as printed, flattened text, bytes, and what must be found in it."""

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
    with DEPARTMENTS.open(encoding="utf-8", newline="") as file:
        departments = {row["department_id"]: row for row in csv.DictReader(file)}
    for path in sorted(INPUTS.glob("[!_]*.yml")):
        inputs = load(path)
        known = departments[inputs["department_id"]]
        yield from _samples_of(inputs | {"name": known["name_zh"], "city": known["city_slug"]}, wording)


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
    """Paths below `folder` whose content is not what the inputs give, missing and left-over files among them."""
    wanted = {sample.path: sample.data for sample in samples()}
    present = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return sorted(path for path in wanted.keys() | present.keys() if _parts(wanted.get(path)) != _parts(present.get(path)))


def _parts(data: bytes | None) -> dict[str, bytes]:
    """Content of a file: a docx by its parts, because zlib builds pack the same part into different bytes."""
    if data is None or not data.startswith(b"PK"):
        return {} if data is None else {"": data}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(folder: Path) -> list[str]:
    """Make the files below `folder` those of the inputs, touching only the ones that differ; returns their paths."""
    changed = differences(folder)
    wanted = {sample.path: sample.data for sample in samples()}
    for path in changed:
        target = folder / path
        if path in wanted:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(wanted[path])
        else:
            target.unlink()
    return changed


def main() -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Build the sample reports in data/raw.")
    parser.add_argument("--check", action="store_true", help="compare with the committed files instead of writing")
    if not parser.parse_args().check:
        print(f"{len(write(RAW))} files changed in {RAW.relative_to(ROOT)}")
        return 0
    different = differences(RAW)
    for path in different:
        print(f"differs: {path}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
