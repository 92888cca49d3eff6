"""What the system refuses under the home folder, told with cause and remedy: a full disk, missing rights, no symlinks.

Belongs here: recognising such an error in whatever shape a library hands it on, and trying the home before a run needs it.
Does not belong here: faults of files, of the code or of the data.
"""

from __future__ import annotations

import os
from pathlib import Path

# What the C library says, with the remedy. Libraries that are not Python's hand on only this text, often within a longer one.
_REMEDIES = {
    "No space left on device": "the disk is full. Free space there (fewer releases: JIXIAO_KEEP_RELEASES) or move the home",
    "Disk quota exceeded": "the user's disk quota is used up. Free space there, have it raised, or move the home",
    "File too large": "a file may not grow that large there. Raise the limit (`ulimit -f`) or move the home",
    "Read-only file system": "the file system is read-only. Mount it writable, or name another home",
    "Permission denied": "the user that runs this may not write there. Grant it the folder, or name another home",
    "Too many open files": "too many files are open. Raise the limit (`ulimit -n`)",
    "Input/output error": "the disk does not answer as it should. See the system's log; restore from a backup if it is failing",
}
_AGAIN = "and run again: nothing that was published or archived is lost"


# Some libraries do not say why a write failed: with less room than this it is for want of it.
_SCARCE_BYTES = 1 << 20


class HomeError(RuntimeError):
    """The system refuses something under the home folder; the message names cause and remedy."""


def obstacle(said: str, home: Path) -> str | None:
    """Cause and remedy where `said`, the text of any error, tells of something that the system refused; else None.

    The line that tells it is quoted, for it may name the file. A disk with hardly any room left is taken for the cause.
    """
    lines = said.strip().splitlines() or [""]
    for line in reversed(lines):
        for text, remedy in _REMEDIES.items():
            if text in line:
                return _told(remedy, home, line)
    return _told(_REMEDIES["No space left on device"], home, lines[-1]) if _free_bytes(home) < _SCARCE_BYTES else None


def _told(remedy: str, home: Path, line: str) -> str:
    return f"{remedy} (JIXIAO_HOME is {home}) {_AGAIN}. The system said: {line.strip()}"


def _free_bytes(home: Path) -> int:
    try:
        space = os.statvfs(home)
    except OSError:
        return _SCARCE_BYTES  # not known: no reason to take it for the cause
    return space.f_bavail * space.f_frsize


def try_home(home: Path) -> None:
    """Make the home and do there once what a run depends on: a file, a rename, a symbolic link put in another's place.

    Raises HomeError before a run has done anything.
    """
    first, second = (home / f".{name}.{os.getpid()}.tmp" for name in ("first", "second"))
    try:
        home.mkdir(parents=True, exist_ok=True)
        first.touch()  # empty: what killed runs left is yet to be removed, and there may be no room before that
        first.replace(second)
        second.unlink()
    except OSError as error:
        raise HomeError(obstacle(str(error), home) or f"the home {home} cannot be used: {error}. Name another one.") from error
    try:
        for path in (first, second):
            path.symlink_to("releases", target_is_directory=True)
        first.replace(second)
    except OSError as error:
        raise HomeError(
            f"the file system of {home} refuses symbolic links ({error}), and `current` is one. Name a home on a local disk "
            "that has them with --home or JIXIAO_HOME (not FAT, exFAT or such a share)."
        ) from error
    finally:
        for path in (first, second):
            path.unlink(missing_ok=True)
