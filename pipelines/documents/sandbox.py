"""Reads and unpacks untrusted files in child processes, so that a bad file costs itself alone.

Belongs here: starting, feeding, watching and killing children. Does not belong here: reading (`registry`), the limits that a
child sets on itself (`child`), keeping results (`store`).

A child reads up to `documents_per_child` files, one at a time. One that dies, passes its time or answers nonsense is killed
with its process group. A file that crashed a child or ran out of memory is tried once more in a fresh child, unless it was the
first of its child. A file whose pages turn out to be pictures is read again by a child of its own, which may take longer.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.documents.limits import MEGABYTE, Limits
from pipelines.documents.model import DocumentError
from pipelines.documents.record import pack_rejection
from pipelines.documents.scan import NEEDED
from pipelines.documents.spool import Spool

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-P", "-m", "pipelines.documents.child")
# Secrets of the parent's environment are not for a process that reads untrusted files.
KEPT_VARIABLES = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "PYTHONHOME",
    "PYTHONPYCACHEPREFIX",
)
CHUNK = MEGABYTE
MAX_HEADER_BYTES = 4096
START_SECONDS = 60
WORTH_A_RETRY = ("crashed", "out_of_memory")


class SandboxError(RuntimeError):
    """Reading processes cannot be started; the message holds what they said. No file is to blame."""


@dataclass(frozen=True)
class Request:
    """One file to read; `path` is where its bytes are, `file_name` the name to report and to compare with the content.

    With `parts` the file is unpacked: its members are written into that folder, named by their number from 0.
    """

    path: Path
    sha256: str
    file_name: str
    parts: Path | None = None


@dataclass(frozen=True)
class Reading:
    """What came of one request: `record` is what the store keeps, `reason` is None where it holds a Document.

    Of a file to unpack the record is a JSON list of its members, see `child`.
    """

    request: Request
    record: bytes
    reason: str | None


def read_all(requests: Iterable[Request], limits: Limits, workers: int = 1, documents_per_child: int = 25) -> Iterator[Reading]:
    """Read files in up to `workers` children; exactly one Reading for each request, in order of completion.

    Raises SandboxError where children cannot be started. All children are gone when the iterator ends or is closed.
    """
    waiting = deque(requests)
    children: set[_Child] = set()
    with selectors.DefaultSelector() as selector:

        def start(request: Request, allowed: Limits = limits) -> None:
            child = _Child(allowed)
            children.add(child)
            selector.register(child, selectors.EVENT_READ)
            child.give(request)

        def retire(child: _Child) -> None:
            selector.unregister(child)
            children.discard(child)
            child.kill()

        try:
            while waiting or any(child.request for child in children):
                for child in [child for child in children if child.request is None][: len(waiting)]:
                    child.give(waiting.popleft())
                while waiting and len(children) < workers:
                    start(waiting.popleft())
                now = time.monotonic()
                events = selector.select(max(0.0, min(child.deadline for child in children) - now))
                ready = {key.fileobj for key, _ in events}
                late = {child for child in children if child not in ready and child.deadline <= time.monotonic()}
                for child in [child for child in children if child in ready or child in late]:
                    reading = child.give_up() if child in late else child.receive()
                    if reading is None:
                        continue
                    is_shaken = reading.reason in WORTH_A_RETRY
                    is_picture = reading.reason == NEEDED
                    if (
                        child.is_broken
                        or is_shaken
                        or is_picture
                        or child.limits != limits
                        or child.given >= documents_per_child
                    ):
                        retire(child)
                    if is_picture:
                        start(reading.request, limits.for_recognition())
                    elif is_shaken and child.given > 1:
                        start(reading.request, child.limits)
                    else:
                        yield reading
        finally:
            for child in list(children):
                retire(child)


class _Child:
    """One reading process and the request that it is at work on."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.request: Request | None = None
        self.given = 0
        self.is_broken = False
        self.deadline = time.monotonic() + START_SECONDS
        self._is_ready = False
        self._given_at = 0.0
        self._buffer = bytearray()
        self._spool: Spool | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed in `kill`)
        environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        self._process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment | {"PYTHONPATH": str(ROOT)},
            bufsize=0,
            start_new_session=True,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        self._send(limits.as_json())

    def fileno(self) -> int:
        """Descriptor that replies come from."""
        return self._output.fileno()

    def give(self, request: Request) -> None:
        """Have a file read."""
        self.request = request
        self.given += 1
        self._given_at = time.monotonic()
        self.deadline = self._given_at + self.limits.child_wall_seconds + (0 if self._is_ready else START_SECONDS)
        allowed = (self.limits.inflated_bytes, self.limits.zip_entries)
        self._spool = None if request.parts is None else Spool(request.parts, *allowed)
        entry = {"path": str(request.path), "sha256": request.sha256, "file_name": request.file_name}
        self._send({**entry, "is_to_unpack": request.parts is not None})

    def _send(self, message: object) -> None:
        with suppress(BrokenPipeError):  # the child has died, and the end of its output is about to say so
            self._input.write(json.dumps(message).encode() + b"\n")

    def receive(self) -> Reading | None:
        """Take what the child has sent: a finished reading, or None. Call when `fileno` is readable; never waits.

        The death of the child is a rejection of the file at work. Raises SandboxError where the child never got ready.
        """
        chunk = os.read(self.fileno(), CHUNK)
        if not chunk:
            return self._died()
        self._buffer += chunk
        if not self._is_ready:
            self._is_ready = True
            self.deadline = time.monotonic() + self.limits.child_wall_seconds
            del self._buffer[:1]
        while self._spool is None or self._spool.take(self._buffer):
            end = self._buffer.find(b"\n", 0, MAX_HEADER_BYTES)
            if end < 0:
                return self._reject("crashed", "senseless reply") if len(self._buffer) >= MAX_HEADER_BYTES else None
            header = json.loads(self._buffer[:end])
            if "reason" in header or self._spool is None:
                return self._finish(header, end + 1)
            del self._buffer[: end + 1]
            if not self._spool.begin(header["byte_count"]):
                return self._reject("too_large", "more members or bytes than allowed")
        return None

    def _finish(self, header: dict[str, Any], start: int) -> Reading | None:
        """The reading whose record begins at `start` of what came; None until it is there whole."""
        if header["byte_count"] > self.limits.child_output_bytes + MEGABYTE:
            return self._reject("too_large", f"the result has more than {self.limits.child_output_bytes:,} bytes")
        if len(self._buffer) - start < header["byte_count"]:
            return None
        assert self.request is not None
        reading = Reading(self.request, bytes(self._buffer[start:]), header["reason"])
        self._buffer.clear()
        self.request = None
        return reading

    def give_up(self) -> Reading:
        """Reject the file at work because its time is over."""
        if not self._is_ready:
            raise SandboxError(f"a reading process was not ready after {START_SECONDS} s; is the machine overloaded?")
        return self._reject("timeout", f"reading took more than {self.limits.child_wall_seconds} s")

    def _died(self) -> Reading | None:
        status = self._process.wait()
        if not self._is_ready:
            raise SandboxError(f"a reading process could not start (exit status {status}): {self._said()}")
        if status == -signal.SIGXCPU:
            return self._reject("timeout", f"reading took more than {self.limits.child_cpu_seconds} s of processor time")
        cause = f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        return self._reject("crashed", f"the reading process ended by {cause} {self._said()}".rstrip())

    def _said(self) -> str:
        """The last line that the child wrote to standard error."""
        self._errors.seek(0)
        lines = self._errors.read(MEGABYTE).decode(errors="replace").split("\n")
        return next((line[:500] for line in reversed(lines) if line.strip()), "")

    def _reject(self, reason: str, detail: str) -> Reading:
        """Rejection of the file at work; the child is of no more use."""
        assert self.request is not None
        self.is_broken = True
        record = pack_rejection(DocumentError(reason, detail), time.monotonic() - self._given_at)
        reading, self.request = Reading(self.request, record, reason), None
        return reading

    def kill(self) -> None:
        """End the child and all that it may have started."""
        with suppress(ProcessLookupError):  # it may be gone already
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._input, self._output, self._errors):
            stream.close()
        if self._spool is not None:
            self._spool.close()
