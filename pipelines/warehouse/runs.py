"""One writer at a time, and the folder of its run.

Belongs here: the file lock, and removing what a killed run left behind. Does not belong here: the order of the stages (`defs`).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from pipelines.obstacles import try_home
from pipelines.settings import Settings


class LockedError(RuntimeError):
    """Another run is writing to the home folder; the message says which and since when."""


@contextmanager
def writer_lock(settings: Settings) -> Iterator[None]:
    """Hold `<home>/lock`. The system releases it when the process ends, however it ends.

    Raises LockedError at once where another process, or another part of this one, holds it; HomeError where the home is no
    place to write to.
    """
    try_home(settings.home)
    path = settings.home / "lock"
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockedError(
                f"another run ({_holder(file.read())}) is writing to {settings.home}. Wait until it has ended, or end it."
            ) from error
        file.truncate(0)
        # Who holds the lock is for people to read: on a full disk the run goes on without, and makes room first.
        with suppress(OSError):
            file.write(json.dumps({"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}))
            file.flush()
        yield
        file.truncate(0)


def _holder(text: str) -> str:
    try:
        held = json.loads(text)
    except ValueError:
        return "just started"
    return f"process {held['pid']}, since {held['since']}"


def start_run(settings: Settings) -> Path:
    """Remove what killed runs left behind and make the folder `runs/<run_id>` of a new one. The caller holds the lock."""
    home = settings.home
    for folder in (home / "runs", home / "build", *(home / "releases").glob(".*")):
        if folder.exists():
            shutil.rmtree(folder)
    for folder in (home, home / "archive", home / "lake", *(home / "documents").glob("*/*")):
        for temporary in folder.glob(".*.tmp"):
            temporary.unlink()
    run = home / "runs" / datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    run.mkdir(parents=True)
    return run
