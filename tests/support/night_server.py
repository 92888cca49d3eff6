"""Nights without seconds of import: `python -m tests.support.night_server` imports everything once and forks a night per line.

Belongs here: a fork of this process that is the command `jixiao nightly`, in a session and process group of its own, and that
may kill its group at the boundary of a stage. Does not belong here: what is asserted of it (`killing` is the other end).

A line of the standard input is JSON: arguments (of `jixiao`), environment (variables beside those of this process), output and
errors (files for what it prints), stages (a file for the stages that it came to) and kill_at: null, or a stage and `start` or
`end`. The answers are two lines: the process id, and the exit status once it has ended.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from pipelines import cli
from pipelines.console import Voice
from pipelines.quality import inspector
from pipelines.quality.validation import import_engine

AHEAD = ("duckdb", "dbt.adapters.duckdb", "dbt.cli.main", "pipelines.defs.nightly")


def serve() -> None:
    """Fork a night for each request until the input ends."""
    for module in AHEAD:
        import_module(module)
    import_engine()
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _be_a_night(request)
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def _be_a_night(request: dict[str, Any]) -> None:
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor, name in ((1, "output"), (2, "errors")):
        os.dup2(os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    os.environ.update(request["environment"])
    Voice.progress = _watched(Path(request["stages"]), request["kill_at"])  # type: ignore[method-assign]
    _fork_the_inspector()
    code = 70
    try:
        code = cli.main(request["arguments"])
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _watched(stages: Path, kill_at: list[str] | None) -> Callable[[Voice], Any]:
    """In place of a progress bar: notes every stage, and kills the whole group at the boundary."""
    events = {(0, 0): "start", (1, 1): "end"}

    def on_event(stage: str, done: int, total: int, text: str) -> None:
        boundary = events.get((done, total))
        if boundary is None or text:
            return
        with stages.open("a", encoding="utf-8") as file:
            file.write(f"{stage} {boundary}\n")
        if kill_at == [stage, boundary]:
            os.killpg(0, signal.SIGKILL)

    @contextmanager
    def progress(voice: Voice, **options: object) -> Iterator[Callable[[str, int, int, str], None]]:
        yield on_event

    return progress


def _fork_the_inspector() -> None:
    """The child that checks tables is forked at once, while this process has no threads, with the engine imported."""
    fork = multiprocessing.get_context("fork")
    multiprocessing.get_context = lambda method=None: fork  # type: ignore[assignment,method-assign]
    inspector._END_SECONDS = 0

    def enter(self: inspector.Inspector) -> inspector.Inspector:
        self.start()
        return self

    inspector.Inspector.__enter__ = enter  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    serve()
