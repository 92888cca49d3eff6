"""Mounts of this process and its children alone: a small disk, and folders that cannot be written to.

Belongs here: what needs the right to mount, which root has. Does not belong here: what is tried on them.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from pathlib import Path

_CLONE_NEWNS = 0x00020000


def leave_the_others() -> str | None:
    """Take this process into a mount namespace of its own, for good; None, or why that is not possible."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNS) != 0:
        return f"mounts of its own: {os.strerror(ctypes.get_errno())}"
    done = subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True, text=True, check=False)
    return done.stderr.strip() or None


def mount_disk(folder: Path, size: str) -> Path:
    """A disk in memory of that size, mounted on the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    return folder


def make_read_only(folder: Path) -> None:
    """The folder as a mount of its own that nobody may write to."""
    subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
    subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)


def unmount(folder: Path) -> None:
    """Take the folder's mount away."""
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path, leave_bytes: int) -> Path:
    """Fill the disk of a folder but for so many bytes; returns the file that does."""
    path = folder / "ballast"
    path.unlink(missing_ok=True)
    space = os.statvfs(folder)
    free = space.f_bavail * space.f_frsize
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(free - leave_bytes, 1))
    return path
