"""What every step of one night shares: settings, the run's folder, the quality engine's process, and who is told of progress.

Belongs here: the resource `night`, which holds the writer's lock while a run lives. Does not belong here: what the steps do.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

import dagster as dg

from pipelines.quality.inspector import Inspector
from pipelines.settings import Settings
from pipelines.warehouse import start_run, writer_lock

# Stage, done, total (0 where it is not known), and what is being done.
OnEvent = Callable[[str, int, int, str], None]

WRITER_POOL = "warehouse_writer"


def _tell_nobody(stage: str, done: int, total: int, text: str) -> None:
    """The default audience: a run under Dagster is followed by its own events."""


@dataclass(frozen=True)
class Night:
    """One run: `run` is its folder; `counts` and `seconds` collect what each stage returned and took."""

    settings: Settings
    run: Path
    inspector: Inspector
    on_event: OnEvent = _tell_nobody
    counts: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def stage(self, name: str, work: Callable[[Callable[..., None]], dict[str, Any]]) -> dict[str, Any]:
        """Do a stage's work, passing it a `progress(done, total, text="")`, and return its counts as Dagster metadata."""

        def progress(done: int, total: int, text: str = "") -> None:
            self.on_event(name, done, total, text)

        self.on_event(name, 0, 0, "")
        started = time.perf_counter()
        try:
            self.counts[name] = work(progress)
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - started, 3)
        self.on_event(name, 1, 1, "")
        return metadata(self.counts[name])


def metadata(counts: dict[str, Any]) -> dict[str, Any]:
    """Counts of a stage as Dagster metadata: lists and nested counts as JSON, everything else as it is."""
    return {
        name: dg.MetadataValue.json(value)
        if isinstance(value, (list, dict))
        else dg.MetadataValue.null()
        if value is None
        else value
        for name, value in counts.items()
    }


def import_ahead(*modules: str) -> None:
    """Import what a later stage needs in a thread, while this one waits for another process.

    The stage imports it again in any case, so what fails here fails there with its own message.
    """

    def load() -> None:
        with suppress(Exception):
            for module in modules:
                import_module(module)

    Thread(target=load, daemon=True, name="import-ahead").start()


@contextmanager
def start_night(settings: Settings, on_event: OnEvent = _tell_nobody) -> Iterator[Night]:
    """A new night with a fresh run folder and the writer's lock to its end. Raises LockedError where another run has it."""
    with writer_lock(settings), Inspector() as inspector:
        yield Night(settings, start_run(settings), inspector, on_event)


@dg.resource(description="The run's settings and folder; holds the home's file lock while the run lives.")
def night() -> Iterator[Night]:
    """The night of a run that Dagster started, with the settings of its environment."""
    with start_night(Settings.load()) as started:
        yield started
