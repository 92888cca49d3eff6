"""A folder of gold to verdicts: documents read once in the sandbox, extracted as the night does, judged.

Belongs here: giving a gold document the place that it would have in the raw folder. Does not belong here: judging.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import documents
from pipelines.archive.planning import report_id
from pipelines.documents.limits import Limits
from pipelines.documents.record import unpack
from pipelines.documents.sandbox import Request, read_all
from pipelines.evaluation import comparing
from pipelines.evaluation.comparing import Frames, Judged
from pipelines.evaluation.gold import Case
from pipelines.evaluation.measures import SCHEMA
from pipelines.facts.extraction import build, read_reports
from pipelines.facts.settlement import count_figures
from pipelines.forms.templates import leaving_out
from pipelines.settings import Settings

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Read:
    """One document of a case: as read, or the reason why not. `file` holds the columns of `reports` known before reading."""

    case: Case
    path: Path
    file: dict[str, Any]
    document: documents.Document | documents.DocumentError
    seconds: float


@dataclass(frozen=True)
class Evaluation:
    """What came of a run: `judged` has a row per value (`measures.SCHEMA`), `left_out` names the templates left out."""

    judged: pl.DataFrame
    left_out: tuple[str, ...] = ()


def read(cases: Iterable[Case], settings: Settings, progress: Progress | None = None) -> list[Read]:
    """Read every document of the cases, members of archives one by one, in `settings.workers` children.

    Raises OSError where a file cannot be opened, SandboxError.
    """
    found: dict[int, Read] = {}
    case_of = {path: case for case in cases for path in case.files}
    with documents.expand(case_of, settings) as sources:
        files = [_file(case_of[source.given], source) for source in sources]
        requests = {}
        for number, (source, file) in enumerate(zip(sources, files, strict=True)):
            if source.error is None:
                requests[Request(source.path.resolve(), file["sha256"], source.file_name)] = number
            else:
                found[number] = Read(case_of[source.given], source.given, file, source.error, 0.0)
        readings = read_all(requests, Limits.of(settings), settings.workers, settings.documents_per_child)
        for done, reading in enumerate(readings, start=1):
            number = requests[reading.request]
            given = sources[number].given
            document, seconds = unpack(reading.record)
            found[number] = Read(case_of[given], given, files[number], document, seconds)
            if progress is not None:
                progress(done, len(requests), reading.request.file_name)
    return [found[number] for number in sorted(found)]


def _file(case: Case, source: documents.Source) -> dict[str, Any]:
    """The columns of `reports` that a night would know of the file before reading it."""
    data = source.path.read_bytes()
    city, year = str(case.content["city"]), int(case.content["folder_year"])
    name = f"{city}/{year}/{source.given.name}" + ("" if source.member is None else f"/{source.member}")
    sha256 = hashlib.sha256(data).hexdigest()
    return {
        "report_id": report_id(name, sha256),
        "file_name": name,
        "sha256": sha256,
        "byte_count": len(data),
        "city_slug": city,
        "folder_year": year,
        "first_seen_at": datetime.now(UTC).replace(tzinfo=None),
        "superseded_by": None,
        "is_current": True,
    }


def extract(found: Iterable[Read], settings: Settings) -> Frames:
    """Frames of documents as a night makes them, counts filled in."""
    reference = settings.project / "data" / "reference"
    reports = (read_reports(one.file, one.document, one.seconds, reference) for one in found)
    return count_figures(build([report for of_file in reports for report in of_file]))


def evaluate(found: Sequence[Read], settings: Settings) -> Evaluation:
    """Judge documents that were read, whole."""
    return Evaluation(_judged(found, lambda case, frames: comparing.judge(case, frames), settings))


def evaluate_without(found: Sequence[Read], left_out: Iterable[str], settings: Settings) -> Evaluation:
    """Judge the amounts of the forms printed by some templates, read without those templates."""
    names = frozenset(left_out)
    concerned = [one for one in found if names & one.case.template_ids]
    with leaving_out(*names):
        judged = _judged(concerned, lambda case, frames: comparing.judge_amounts(case, frames, names), settings)
    return Evaluation(judged, tuple(sorted(names)))


def _judged(found: Sequence[Read], judge: Callable[[Case, Frames], list[Judged]], settings: Settings) -> pl.DataFrame:
    """Verdicts on every document: the members of an archive are judged together, as one document."""
    together: dict[Path, list[Read]] = {}
    for one in found:
        together.setdefault(one.path, []).append(one)
    rows = []
    for path, parts in together.items():
        case = parts[0].case
        known = {
            "family": case.family,
            "case": case.name,
            "file": f"{case.family}/{path.name}",
            "format": path.suffix.removeprefix(".").lower(),
        }
        rows += [{**known, **asdict(entry)} for entry in judge(case, extract(parts, settings))]
    return pl.DataFrame(rows, schema=SCHEMA)
