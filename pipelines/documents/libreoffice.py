"""Has LibreOffice turn a document into docx: the way for Word 6 and 95, where it is installed.

Belongs here: running the office and checking what it made. Does not belong here: reading the result (`docx`).

The office runs below a watching process (`python -m pipelines.documents.libreoffice`), which holds the temporary folder with a
profile of this one run. When the time is over, or the reader at the other end of its input is gone, the watching process kills
the office's process group and removes the folder; the reader itself may be killed at any time. The limits of the reading
process hold for the office too, but for the one on the size of files, which is too tight and is raised for it alone.

Exchange: standard input holds a line of JSON {"suffix", "byte_count", "seconds", "file_bytes"} and the document;
standard output gets the docx, or nothing.
"""

from __future__ import annotations

import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pipelines.documents import docx
from pipelines.documents.limits import Limits
from pipelines.documents.model import Document, DocumentError, Table

VERSION = "libreoffice-1"
ROOT = Path(__file__).resolve().parents[2]
COMMAND = "soffice"
NAMES = {"doc": "a document of Word 6 or 95", "rtf": "a rich text document"}
SECONDS = 40
GRACE_SECONDS = 5
LOOK_SECONDS = 0.05
TOO_LATE = 3  # exit status of the watching process
ZIP = b"PK\x03\x04"
# The profile of each run: no macros, no links followed, no recovery files.
SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse">\
<value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse">\
<value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse">\
<value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


def is_present() -> bool:
    """Whether LibreOffice is installed."""
    return shutil.which(COMMAND) is not None


def read(data: bytes, sha256: str, suffix: str, limits: Limits, *, has_tables: bool = False) -> Document:
    """Document of what LibreOffice makes of the bytes; `suffix` says the format to it, `has_tables` that some must come out.

    Raises DocumentError: unsupported_format where LibreOffice is missing, timeout, corrupt where it makes nothing or loses the
    tables, and those of `docx`.
    """
    document = docx.read(as_docx(data, suffix, limits), sha256, limits)
    if has_tables and not any(isinstance(block, Table) for block in document.blocks):
        name = NAMES[suffix]
        raise DocumentError("corrupt", f"LibreOffice finds no table in {name} that has marks of table cells")
    return replace(document, reader="libreoffice", reader_version=VERSION)


def as_docx(data: bytes, suffix: str, limits: Limits) -> bytes:
    """Bytes of the docx that LibreOffice makes. Raises DocumentError: unsupported_format, timeout, corrupt."""
    name = NAMES[suffix]
    if not is_present():
        raise DocumentError("unsupported_format", f"{name}, which only LibreOffice reads, and it is not installed")
    request = {
        "suffix": suffix,
        "byte_count": len(data),
        "seconds": SECONDS,
        "file_bytes": limits.inflated_bytes,
    }
    watch = subprocess.Popen(
        (sys.executable, "-P", "-m", "pipelines.documents.libreoffice"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ} | {"PYTHONPATH": str(ROOT)},
    )
    assert watch.stdin is not None and watch.stdout is not None
    with watch:
        try:
            with suppress(BrokenPipeError):  # its exit status says more
                watch.stdin.write(json.dumps(request).encode() + b"\n" + data)
                watch.stdin.flush()
            made = watch.stdout.read(limits.file_bytes + 1)
        finally:
            watch.stdin.close()
        status = watch.wait(GRACE_SECONDS)
    if status == TOO_LATE:
        raise DocumentError("timeout", f"LibreOffice took more than {SECONDS} s")
    if not made.startswith(ZIP):
        raise DocumentError("corrupt", f"LibreOffice makes nothing of {name}")
    limits.check_file(len(made))
    return made


def main() -> int:
    """Run the office once; the exit status is TOO_LATE where it had to be killed."""
    request = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read(request["byte_count"])
    if len(data) < request["byte_count"]:
        return 0
    with tempfile.TemporaryDirectory(prefix="jixiao-office-") as name:
        folder = Path(name)
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        most = request["file_bytes"] if hard == resource.RLIM_INFINITY else min(request["file_bytes"], hard)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
        source = folder / f"document.{request['suffix']}"
        source.write_bytes(data)
        (folder / "profile" / "user").mkdir(parents=True)
        (folder / "profile" / "user" / "registrymodifications.xcu").write_text(SETTINGS, encoding="utf-8")
        is_done = _run(folder, source, request["seconds"])
        made = folder / "made" / "document.docx"
        if is_done and made.is_file():
            sys.stdout.buffer.write(made.read_bytes())
            sys.stdout.buffer.flush()
    return 0 if is_done else TOO_LATE


def _run(folder: Path, source: Path, seconds: float) -> bool:
    """Whether the office ended by itself before its time was over and while the reader was there."""
    office = subprocess.Popen(
        (
            COMMAND,
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            *("--headless", "--invisible", "--norestore", "--nolockcheck", "--nodefault", "--nologo"),
            *("--convert-to", "docx", "--outdir", str(folder / "made"), str(source)),
        ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8"},
        start_new_session=True,
    )
    deadline = time.monotonic() + seconds
    try:
        while office.poll() is None:
            reader_says, _, _ = select.select([sys.stdin.fileno()], [], [], LOOK_SECONDS)
            if reader_says or time.monotonic() > deadline:  # it says nothing but that it is gone
                return False
        return True
    finally:
        with suppress(ProcessLookupError):  # it may be gone already
            os.killpg(office.pid, signal.SIGKILL)
        office.wait()


if __name__ == "__main__":
    sys.exit(main())
