"""Drawn reports as the pipelines read them, and what differs from what they state.

Belongs here: the way from a drawn report to frames without a child process, and the verdicts on them. Does not belong here:
drawing (`data.generation`), and what tests demand of the verdicts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from data.generation import Printed, write
from pipelines.archive.planning import report_id
from pipelines.documents.limits import Limits
from pipelines.documents.registry import read
from pipelines.evaluation.comparing import Judged, judge
from pipelines.evaluation.gold import Case
from pipelines.facts.extraction import build, read_reports
from pipelines.facts.settlement import count_figures
from tests.support.reports import REFERENCE

Frames = dict[str, pl.DataFrame]


def file_of(report: Printed, kind: str) -> tuple[dict[str, Any], str, bytes]:
    """What a night knows of a drawn report's file in a format, its name, its bytes."""
    name, data = write(report, kind)
    sha256 = hashlib.sha256(data).hexdigest()
    path = f"{report.city}/{report.folder_year}/{name}"
    file = {
        "report_id": report_id(path, sha256),
        "file_name": path,
        "sha256": sha256,
        "byte_count": len(data),
        "city_slug": report.city,
        "folder_year": report.folder_year,
        "first_seen_at": datetime(2025, 1, 1),
        "superseded_by": None,
        "is_current": True,
    }
    return file, name, data


def frames_of(reports: Sequence[tuple[Printed, str]]) -> Frames:
    """Frames of every table of schema `facts` for drawn reports, each in its format, as one night would make them."""
    found = []
    for report, kind in reports:
        file, name, data = file_of(report, kind)
        found.extend(read_reports(file, read(data, file["sha256"], name, Limits()), 0.0, REFERENCE))
    return count_figures(build(found))


def case_of(report: Printed) -> Case:
    """A drawn report and its facts as a case of gold."""
    content = {"city": report.city, "folder_year": report.folder_year, "reports": [report.gold]}
    return Case(report.drawn.family, report.name, (Path(report.name),), content)


def verdicts(report: Printed, kind: str) -> list[Judged]:
    """Verdicts on every value that a drawn report states in a format, and on every one that was read beside them."""
    return judge(case_of(report), frames_of([(report, kind)]))
