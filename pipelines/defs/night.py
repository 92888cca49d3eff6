"""What every step of one night shares: settings, the run's folder, the quality engine's process, and who is told of progress.

Belongs here: the resource `night`, which holds the writer's lock while a run lives; what is tried again and what is not; and
handing the night's record over at its end. Does not belong here: what the steps do, and what is told of them (`nights`).
"""

import errno
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

import dagster as dg

from pipelines.defs.orders import CONFIG, USUAL, Orders, orders
from pipelines.home import current_release
from pipelines.nights import history, logs
from pipelines.nights.page import render
from pipelines.obstacles import HomeError, obstacle
from pipelines.quality.inspector import Inspector
from pipelines.settings import Settings
from pipelines.warehouse import LockedError, start_run, writer_lock

# Stage, done, total (0 where it is not known), and what is being done.
OnEvent = Callable[[str, int, int, str], None]

WRITER_POOL = "warehouse_writer"

# Seconds before a stage is tried again after an error that can pass; nothing else is tried again.
PAUSES = (2, 10, 60)
# Publishing is not done twice: after the rename of the built folder there is nothing left to publish.
DONE_ONCE = frozenset({"release"})
_PASSING = frozenset(
    {
        errno.EAGAIN,
        errno.EBUSY,
        errno.EINTR,
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENETDOWN,
        errno.ENETUNREACH,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ECONNRESET,
        errno.ESTALE,
        errno.ETIMEDOUT,
        errno.ENOLCK,
    }
)
# How long a run of Dagster's waits for a writer that is none of Dagster's, and how often it looks.
LOCK_SECONDS, LOCK_LOOK_SECONDS = 900, 5


def _tell_nobody(stage: str, done: int, total: int, text: str) -> None:
    """The default audience: a run under Dagster is followed by its own events."""


def can_pass(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, may be gone in a minute: a busy file, a file system or mount that does not answer,
    another program's lock on a DuckDB file. A full disk, a missing right, a bad file and a failed check stay what they are."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _PASSING:
            return True
        if type(error).__module__.endswith("duckdb") and "Could not set lock on file" in str(error):
            return True
        error = error.__cause__
    return False


@dataclass(frozen=True)
class Night:
    """One run: `run` is its folder; `counts` and `seconds` collect what each stage returned and took, `failures` what failed.

    `checks` has what each check said, null where it passed. `former` is the manifest of the release that was current before;
    `run_id` is Dagster's.
    """

    settings: Settings
    run: Path
    inspector: Inspector
    on_event: OnEvent = _tell_nobody
    orders: Orders = USUAL
    run_id: str | None = None
    former: dict[str, Any] | None = None
    counts: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    checks: dict[str, str | None] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)

    @property
    def log(self) -> logs.Log:
        """Says events of this night."""
        return logs.Log(self.run.name)

    def stage(self, name: str, work: Callable[[Callable[..., None]], dict[str, Any]]) -> dict[str, Any]:
        """Do a stage's work, passing it a `progress(done, total, text="")`, and return its counts as Dagster metadata.

        Asks Dagster to do the step again, after one of `PAUSES`, where it fails with what can pass.
        """

        def progress(done: int, total: int, text: str = "") -> None:
            self.on_event(name, done, total, text)

        self.on_event(name, 0, 0, "")
        self.log("stage.started", stage=name)
        started = time.perf_counter()
        try:
            self.counts[name] = work(progress)
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            tried = self.attempts.get(name, 0)
            if name not in DONE_ONCE and tried < len(PAUSES) and can_pass(error):
                self.attempts[name] = tried + 1
                self.log("stage.again", stage=name, level=logging.WARNING, error=told, pause_seconds=PAUSES[tried])
                raise dg.RetryRequested(max_retries=len(PAUSES), seconds_to_wait=PAUSES[tried]) from error
            refused = obstacle(str(error), self.settings.home)
            self.failures[name] = refused or str(error)
            self.log("stage.failed", stage=name, level=logging.ERROR, error=refused or told)
            if refused is not None:
                raise HomeError(refused) from error
            raise
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - started, 3)
        self.log("stage.ended", stage=name, counts=self.counts[name], seconds=self.seconds[name])
        self.on_event(name, 1, 1, "")
        return metadata(self.counts[name]) | {"seconds": self.seconds[name]}

    def check(self, name: str, said: str | None, *, stops: bool = False) -> None:
        """Note what a check said: null where it passed. `stops` where the run cannot go on with it."""
        self.checks[name] = said
        if said is not None:
            self.log("check.failed", level=logging.ERROR if stops else logging.INFO, check=name, error=said)
        if said is not None and stops:
            self.failures[name] = said


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
def start_night(
    settings: Settings,
    on_event: OnEvent = _tell_nobody,
    asked: Orders = USUAL,
    run_id: str | None = None,
    lock_seconds: float = 0,
) -> Iterator[Night]:
    """A new night with a fresh run folder and the writer's lock to its end; then its record and its page are written.

    Raises LockedError where another run has the lock and does not release it within `lock_seconds`.
    """
    with ExitStack() as held:
        _wait_for_lock(held, settings, lock_seconds)
        held.enter_context(logs.opened(settings))
        for killed in history.record_killed(settings.home):
            logs.Log(killed["night_id"])("night.killed", level=logging.WARNING)
        inspector = held.enter_context(Inspector())
        former = current_release(settings.home)
        night = Night(settings, start_run(settings), inspector, on_event, asked, run_id, former)
        night.log("night.started", dagster_run_id=run_id, home=settings.home, raw=settings.raw)
        try:
            yield night
        except BaseException as error:
            night.failures.setdefault("run", f"{type(error).__name__}: {error}")
            raise
        finally:
            _record(night)


def _wait_for_lock(held: ExitStack, settings: Settings, seconds: float) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            held.enter_context(writer_lock(settings))
        except LockedError:
            if time.monotonic() >= until:
                raise
            time.sleep(LOCK_LOOK_SECONDS)
        else:
            return


def _record(night: Night) -> None:
    """Write the night's record and page. What fails here is logged: the night has ended, and ends as it did."""
    home, run = night.settings.home, night.run
    record = history.outline(run, night.run_id, night.counts, night.seconds, night.failures, night.checks)
    try:
        record |= history.details(home, run, night.former)
        page = history.write_page(home, record, render(record, history.read(home), history.coverage(home)))
        night.log("page.written", page=page)
    except Exception as error:
        night.log("page.failed", level=logging.WARNING, error=f"{type(error).__name__}: {error}")
    try:
        history.write(home, record, night.settings.keep_nights)
    except OSError as error:
        night.log("record.failed", level=logging.WARNING, error=str(error))
    night.log("night.ended", outcome=record["outcome"], counts={"seconds": record["total_seconds"]})


@dg.resource(
    config_schema=CONFIG,
    description="The run's settings, folder and orders; holds the home's file lock while the run lives.",
)
def night(context: dg.InitResourceContext) -> Iterator[Night]:
    """The night of a run that Dagster started, with the settings of its environment."""
    run_id = context.run.run_id if context.run else None
    asked = orders(context.resource_config)
    with start_night(Settings.load(), asked=asked, run_id=run_id, lock_seconds=LOCK_SECONDS) as started:
        yield started
