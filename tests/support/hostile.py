"""Reads hostile files the way a night does: in confined children, all in one go."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipelines.documents import DocumentError
from pipelines.documents.limits import MEGABYTE, Limits
from pipelines.documents.record import unpack
from pipelines.documents.sandbox import Request, read_all

Case = tuple[str, Callable[[], bytes], str | None]  # file name, content, expected reason (None: it is read)
Outcome = tuple[str | None, str]  # reason and detail


def examples(count: int) -> int:
    """How many examples a fuzz test tries: `count`, times FUZZ_FACTOR where that is set for a longer run by hand."""
    return count * int(os.environ.get("FUZZ_FACTOR", "1"))


def read_cases(folder: Path, cases: Mapping[str, Case], workers: int = 2, **limits: Any) -> dict[str, Outcome]:
    """Reason and detail of every case by name; `limits` tighten the defaults further."""
    requests = []
    for number, (name, (file_name, build, _)) in enumerate(cases.items()):
        path = folder / str(number)
        path.write_bytes(build())
        requests.append(Request(path, name, file_name))
    tight = Limits(**{"child_cpu_seconds": 20, "child_memory_bytes": 1024 * MEGABYTE} | limits)
    found = {}
    for reading in read_all(requests, tight, workers=workers):
        result, _ = unpack(reading.record)
        found[reading.request.sha256] = (reading.reason, result.detail if isinstance(result, DocumentError) else "")
    return found
