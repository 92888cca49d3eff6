"""Nights that are killed: starting them, killing their whole process group, and judging what is left.

Belongs here: the harness of `tests/faults/test_killed_nights.py`. Does not belong here: which kills there are.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.contents import Content, contents, differing
from tests.support.nights import PROJECT, environment

PATIENCE_SECONDS = 600
# Of a few reports a single one that goes is a large share.
ALLOWED = {"JIXIAO_MAX_LOST_ROWS_PCT": "100", "JIXIAO_MAX_LOST_DEPARTMENTS_PCT": "100"}


@dataclass
class Ended:
    """A night that has ended: exit code (negative: by a signal), seconds, the stages it came to, what it printed."""

    code: int
    seconds: float
    stages: list[str]
    output: str
    errors: str

    @property
    def told(self) -> dict[str, Any]:
        """What `--json` told."""
        found: dict[str, Any] = json.loads(self.output)
        return found


class Nights:
    """Runs nights one at a time, each a fork of one process that has imported everything. A context manager."""

    def __init__(self, folder: Path) -> None:
        """Start the process; `folder` takes what nights print."""
        self._files = {name: folder / name for name in ("output", "errors", "stages")}
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.night_server"],
            cwd=PROJECT,
            env=environment() | ALLOWED,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Nights:
        """The runner itself."""
        return self

    def __exit__(self, *of: object) -> None:
        """End the process."""
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait()

    def run(
        self,
        raw: Path,
        home: Path,
        kill_at: tuple[str, str] | None = None,
        kill_after: float | None = None,
        **variables: object,
    ) -> Ended:
        """A night to its end, or until its group is killed: at a stage's `start` or `end`, or after so many seconds.

        `variables` go into its environment.
        """
        assert self._server.stdin is not None and self._server.stdout is not None
        for path in self._files.values():
            path.write_bytes(b"")
        arguments = ["nightly", "--raw", str(raw), "--home", str(home), "--lang", "en", "--json"]
        request: dict[str, Any] = {name: str(path) for name, path in self._files.items()}
        request |= {
            "arguments": arguments,
            "kill_at": kill_at,
            "environment": {name: str(of) for name, of in variables.items()},
        }
        started = time.monotonic()
        print(json.dumps(request), file=self._server.stdin, flush=True)
        pid = int(self._server.stdout.readline())
        ended = threading.Event()
        killer = threading.Thread(target=_kill_after, args=(pid, kill_after or PATIENCE_SECONDS, ended))
        killer.start()
        try:
            code = int(self._server.stdout.readline())
        finally:
            ended.set()
        killer.join()
        if code < 0:
            _wait_for_lock(home)
        seconds = time.monotonic() - started
        output, errors, stages = (path.read_text(encoding="utf-8") for path in self._files.values())
        return Ended(code, seconds, stages.splitlines(), output, errors)


def killed_command(raw: Path, home: Path, kill_after: float) -> int:
    """The command itself, with its imports, in a group of its own that is killed after so many seconds; its exit status."""
    command = [sys.executable, "-m", "pipelines.cli", "nightly", "--raw", str(raw), "--home", str(home)]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    night = subprocess.Popen(command, cwd=PROJECT, env=environment() | ALLOWED, start_new_session=True, **silent)  # type: ignore[call-overload]
    try:
        night.wait(kill_after)
    except subprocess.TimeoutExpired:
        os.killpg(night.pid, signal.SIGKILL)
    code = int(night.wait())
    _wait_for_lock(home)
    return code


def _kill_after(group: int, seconds: float, ended: threading.Event) -> None:
    if not ended.wait(seconds):
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            return  # it ended in this very moment


def _wait_for_lock(home: Path) -> None:
    """Until the last process of a killed group has let go of the home."""
    path = home / "lock"
    if path.exists():
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)


@dataclass
class Judge:
    """Knows what the releases hold before and after a night, and says which of them is published now."""

    old: dict[str, Content]
    new: dict[str, Content]
    seen: list[str] = field(default_factory=list)

    def verdict(self, home: Path) -> str:
        """`old` or `new`: what `current` holds, every table of it. Raises AssertionError where it is neither."""
        release = (home / "current").resolve(strict=True)
        manifest = json.loads((release / "manifest.json").read_bytes())
        assert manifest["release_id"] == release.name
        assert sorted(path.name for path in release.iterdir()) == ["dictionary.md", "manifest.json", "warehouse.duckdb"]
        found = contents(release / "warehouse.duckdb")
        from_old, from_new = differing(self.old, found), differing(self.new, found)
        assert not from_old or not from_new, f"neither the old release ({from_old}) nor the new one ({from_new})"
        self.seen.append("new" if from_old else "old")
        return self.seen[-1]


def copy_home(template: Path, target: Path) -> Path:
    """A home of its own like the template, in place of what was there."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(template, target, symlinks=True)
    return target


def leftovers(home: Path) -> list[str]:
    """What a night that came to its end should have removed: anything half made, hidden or temporary."""
    found = [path for path in home.rglob(".*") if "dbt" not in path.relative_to(home).parts]
    found += [*home.rglob("*.tmp"), *home.glob("build")]
    found += sorted((home / "runs").iterdir())[:-1]
    return sorted({path.relative_to(home).as_posix() for path in found})
