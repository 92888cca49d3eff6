"""The process that reads untrusted files: `python -m pipelines.documents.child`, started and fed by `sandbox`.

Belongs here: limits on this process, and the exchange with its parent. Does not belong here: what to read when, and what
becomes of results (`sandbox`). Only light modules are imported: a child must start fast.

Exchange: the first line of standard input holds the limits as JSON, each further line a file {"path", "sha256", "file_name",
"is_to_unpack"}. Standard output holds one empty line when the child is ready, then for each file a JSON line
{"reason", "byte_count"}, reason being null for a Document, and `byte_count` bytes: the record that the store keeps. Of a file
to unpack the record is a JSON list of its members {"name", "reason", "detail"}, or null where it is no archive; before it, each
member that is not refused comes as a JSON line {"byte_count"} and its bytes. The process ends when its input ends.
"""

from __future__ import annotations

import json
import math
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

from pipelines.documents import registry, zips
from pipelines.documents.limits import MEGABYTE, Limits
from pipelines.documents.model import DocumentError
from pipelines.documents.record import pack_document, pack_rejection

WATCH_SECONDS = 0.5
MAX_DETAIL = 500


def main() -> None:
    """Serve until standard input ends."""
    requests, replies = sys.stdin.buffer, _private_output()
    first = requests.readline()
    if not first:
        return
    limits = Limits(**json.loads(first))
    registry.readers_version()  # imports the readers before the limits apply, so that their bytecode can be written
    _confine(limits)
    _end_with_parent()

    def send(content: bytes, **header: str | None) -> None:
        replies.write(json.dumps({**header, "byte_count": len(content)}).encode() + b"\n")
        replies.write(content)
        replies.flush()

    replies.write(b"\n")
    replies.flush()
    for line in requests:
        _allow_cpu_seconds(limits.child_cpu_seconds)
        reason, record = _serve(json.loads(line), limits, send)
        send(record, reason=reason)


def _serve(request: dict[str, Any], limits: Limits, send: Callable[[bytes], None]) -> tuple[str | None, bytes]:
    """Reason (None for a Document) and record of one file; members of an archive go to `send` meanwhile."""
    start = time.perf_counter()
    path, file_name = Path(request["path"]), request["file_name"]
    try:
        limits.check_file(path.stat().st_size)
        if request["is_to_unpack"]:
            members = zips.unpack(path.read_bytes(), file_name, limits, send)
            return None, json.dumps(None if members is None else [asdict(member) for member in members]).encode()
        document = registry.read(path.read_bytes(), request["sha256"], file_name, limits).to_json()
        limits.check_output(len(document.encode()))
        return None, pack_document(document, time.perf_counter() - start)
    except DocumentError as error:
        rejection = error
    except MemoryError:
        rejection = DocumentError("out_of_memory", f"reading needs more than {limits.child_memory_bytes:,} bytes of memory")
    except Exception as error:  # a fault of a reader costs this file alone; it is recorded and reported with it
        rejection = DocumentError("crashed", f"{type(error).__name__}: {error}"[:MAX_DETAIL])
    return rejection.reason, pack_rejection(rejection, time.perf_counter() - start)


def _private_output() -> BinaryIO:
    """Standard output for replies alone: whatever a library prints goes nowhere."""
    replies = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return replies


def _confine(limits: Limits) -> None:
    """Limit what this process may take: memory, files written, core dumps."""
    sys.dont_write_bytecode = True
    if sys.platform == "linux":  # elsewhere the address space is shared with the system's libraries, and cannot be limited
        _limit(resource.RLIMIT_AS, limits.child_memory_bytes)
    _limit(resource.RLIMIT_FSIZE, MEGABYTE)
    _limit(resource.RLIMIT_CORE, 0)


def _limit(kind: int, value: int) -> None:
    """Lower a limit of this process, never past what it already is."""
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _allow_cpu_seconds(seconds: int) -> None:
    """Let the kernel end this process once it has used so many more seconds of processor time."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, math.ceil(usage.ru_utime + usage.ru_stime) + seconds)


def _end_with_parent() -> None:
    """End soon after the parent is gone, also in the middle of a file; between files the end of the input says so."""
    parent = os.getppid()

    def look(number: int, frame: FrameType | None) -> None:
        if os.getppid() != parent:
            os._exit(1)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, WATCH_SECONDS, WATCH_SECONDS)


if __name__ == "__main__":
    main()
