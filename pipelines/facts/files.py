"""Frames of single files, without archive or lake: what `jixiao check` and `jixiao extract` read.

Belongs here: giving a file on its own the identity that a night would give it. Everything else is the night's own code.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from pipelines import documents
from pipelines.archive.planning import report_id
from pipelines.facts.extraction import build, read_reports
from pipelines.facts.reports import Report
from pipelines.facts.settlement import count_figures
from pipelines.home import place
from pipelines.settings import Settings


def read_files(paths: Iterable[Path], settings: Settings) -> dict[str, pl.DataFrame]:
    """Frames of every table of schema `facts` for the given files, counts and outcomes filled in.

    The members of an archive are files of their own, named `<file>/<member>`. City and year are those of the folders
    `<city>/<year>/` that a file lies in, if it does; a file below the raw folder has the report_id and row_ids that the
    warehouse has. A file that cannot be read is a rejected row of `reports`. Raises FileNotFoundError and IsADirectoryError.
    """
    return read_with_documents(paths, settings)[0]


def read_with_documents(
    paths: Iterable[Path], settings: Settings
) -> tuple[dict[str, pl.DataFrame], dict[str, documents.Document]]:
    """The same frames, and the Document that each report was read from, by report_id; one not read has none."""
    with documents.expand(paths, settings) as sources:
        read = [_read(source, settings) for source in sources]
    frames = count_figures(build([report for _, reports in read for report in reports]))
    held = {
        report.report_id: document
        for document, reports in read
        for report in reports
        if isinstance(document, documents.Document)
    }
    return frames, held


def _read(source: documents.Source, settings: Settings) -> tuple[documents.Document | documents.DocumentError, list[Report]]:
    path = source.given
    data = source.path.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    shelf = place("/".join(path.absolute().parts[-3:]))
    city_slug, folder_year = shelf or (None, None)
    whole = path.resolve()
    name = whole.relative_to(settings.raw).as_posix() if whole.is_relative_to(settings.raw) else str(path)
    if source.member is not None:
        name = f"{name}/{source.member}"
    file = {
        "report_id": report_id(name, sha256),
        "file_name": name,
        "sha256": sha256,
        "byte_count": 0 if source.member and source.error else len(data),
        "city_slug": city_slug,
        "folder_year": folder_year,
        "first_seen_at": datetime.now(UTC).replace(tzinfo=None),
        "superseded_by": None,
        "is_current": True,
    }
    started = time.perf_counter()
    document: documents.Document | documents.DocumentError
    try:
        document = documents.read_source(source, settings)
    except documents.DocumentError as error:
        document = error
    seconds = time.perf_counter() - started
    return document, read_reports(file, document, seconds, settings.project / "data" / "reference")
