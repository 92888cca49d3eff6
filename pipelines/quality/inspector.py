"""A child process that imports the quality engine while the night reads files, and then checks tables.

Belongs here: the child, its life, the hand-over of results and errors. Does not belong here: the check itself (`quarantine`).
The import alone takes 5 s of one core; in a child it runs beside the reading, and its 270 MB go when the child ends.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

from pipelines.quality import quarantine
from pipelines.quality.validation import SuiteError, import_engine
from pipelines.settings import Settings

_END_SECONDS = 10


class Inspector:
    """Checks the tables of a run, in a child once `start` has been called, else in this process. A context manager."""

    def __init__(self) -> None:
        """No child yet."""
        self._process: BaseProcess | None = None
        self._requests: Connection | None = None

    def __enter__(self) -> Self:
        """The inspector itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the child."""
        self.close()

    @property
    def is_started(self) -> bool:
        """Whether a child is there to serve a check."""
        return self._requests is not None

    def start(self) -> None:
        """Start the child, which begins importing at once; does nothing where it runs already."""
        if self._process is not None:
            return
        spawn = multiprocessing.get_context("spawn")
        self._requests, child_end = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(child_end,), daemon=True, name="quality-inspector")
        self._process.start()
        # With this end closed here, the child sees the end of its requests when this process dies.
        child_end.close()

    def check_tables(self, settings: Settings, run: Path, table_names: Sequence[str]) -> dict[str, dict[str, int] | SuiteError]:
        """As `quality.check_tables`. A child serves one call, then ends beside whatever comes next.

        Raises SuiteError where the child dies or the check fails in any other way.
        """
        if self._requests is None:
            return quarantine.check_tables(settings, run, table_names)
        try:
            self._requests.send((settings, run, table_names))
            answer: dict[str, dict[str, int] | SuiteError] | SuiteError = self._requests.recv()
        except (EOFError, OSError) as error:
            raise SuiteError("the process of the quality engine died") from error
        finally:
            self._requests.close()
            self._requests = None
        if isinstance(answer, SuiteError):
            raise answer
        return answer

    def close(self) -> None:
        """Wait for the child's end; one that does not end by itself is stopped."""
        if self._requests is not None:
            self._requests.close()
        if self._process is not None:
            self._process.join(_END_SECONDS)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
        self._process, self._requests = None, None


def _end_with_parent() -> None:
    """End at once when the parent is killed: the next run may begin, and nobody reads the answer."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _serve(requests: Connection) -> None:
    # An interrupt at the terminal reaches the child too; it is for the parent to end it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    import_engine()
    with suppress(EOFError):
        settings, run, table_names = requests.recv()
        try:
            requests.send(quarantine.check_tables(settings, run, table_names))
        # The parent must hear of whatever happened here: without an answer it would wait for ever.
        except Exception:
            requests.send(SuiteError(f"the check failed: {traceback.format_exc()}"))
