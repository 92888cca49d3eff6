"""The log of a night: one JSON object per line.

Belongs here: the file `<home>/logs/jixiao.jsonl` with its rotation, and the same on standard error. Does not belong here: what
happens in a night, and the words of the command.

A line has ts (UTC), level, run_id (name of the run's folder, null before there is one), stage (or null), event, and what the
event brings: counts, seconds, error, … Secrets never stand in it.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from pipelines.settings import Settings, without_secrets

FILE_BYTES, FILES_KEPT = 10_000_000, 5
_LOGGER = logging.getLogger("jixiao")


def log_path(home: Path) -> Path:
    """The log that is being written; older ones have .1 (the newest) to .5 behind their names."""
    return home / "logs" / "jixiao.jsonl"


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        line = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            **record.__dict__["told"],
        }
        return without_secrets(json.dumps(line, ensure_ascii=False, default=str))


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Level, event and what it brings, for people."""
        told = {name: value for name, value in record.__dict__["told"].items() if value is not None}
        event = told.pop("event")
        brought = " ".join(f"{name}={value}" for name, value in told.items())
        return without_secrets(f"jixiao: {record.levelname.lower()}: {event} {brought}")


class _File(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:
        """Say on standard error that the log cannot be written; the night goes on."""
        print(f"jixiao: warning: the log {self.baseFilename} cannot be written: {sys.exc_info()[1]}", file=sys.stderr)

    def close(self) -> None:
        """Close the file; what a full disk did not take has been told of when it was written."""
        with suppress(OSError):
            super().close()


class Log:
    """Says events of one run."""

    def __init__(self, run_id: str | None = None) -> None:
        """Events of the run `run_id`, none of a run where it is null."""
        self.run_id = run_id

    def __call__(self, event: str, *, stage: str | None = None, level: int = logging.INFO, **brought: Any) -> None:
        """Write one event with what it brings."""
        _LOGGER.log(level, event, extra={"told": {"run_id": self.run_id, "stage": stage, "event": event, **brought}})


@contextmanager
def opened(settings: Settings) -> Iterator[None]:
    """Send events to the file and to standard error: there all of them as JSON, or warnings and errors for people.

    Lines of several processes do not mix; only the holder of the writer's lock writes enough to make the file rotate.
    """
    path = log_path(settings.home)
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    is_json = settings.log_format == "json"
    handlers[0].setLevel(logging.INFO if is_json else logging.WARNING)
    handlers[0].setFormatter(_JsonLines() if is_json else _Plain())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(_File(path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8"))
        handlers[1].setFormatter(_JsonLines())
    except OSError as error:
        print(f"jixiao: warning: the log {path} cannot be written: {error}", file=sys.stderr)
    _LOGGER.setLevel(logging.INFO)
    _LOGGER.propagate = False
    for handler in handlers:
        _LOGGER.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            _LOGGER.removeHandler(handler)
            handler.close()
