"""The way through LibreOffice: without it, with a stand-in that misbehaves, and with the real one where it is installed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.documents import DocumentError, Paragraph, Table, doc, libreoffice
from pipelines.documents.limits import Limits
from pipelines.documents.record import unpack
from pipelines.documents.sandbox import Request, read_all
from tests.support.packages import package, paragraph
from tests.support.word97 import P, cell, word97

FIXTURE = Path(__file__).parents[1] / "fixtures" / "anlan_archive_2023.doc"
OLD = word97([P("旧\r"), cell("甲")], kind=0xA5DC)
PATIENCE_SECONDS = 20
needs_office = pytest.mark.skipif(not libreoffice.is_present(), reason="LibreOffice is not installed")


# The last argument is the file to convert, the one before it the folder to write to.
COPYING = """for argument; do folder=$source; source=$argument; done
test -s "$source" && mkdir -p "$folder" && cp {made} "$folder/document.docx"
"""


def install(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Put a stand-in for the office on the path."""
    office = folder / "soffice"
    office.write_text(f"#!/bin/sh\n{script}\n")
    office.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(folder))


def rejection(data: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as error:
        doc.read(data, "0" * 64)
    return error.value


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith("jixiao-office")]


def test_word_6_without_an_office_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = rejection(OLD)
    assert found.reason == "unsupported_format"
    assert "Word 6 or 95" in found.detail and "LibreOffice" in found.detail


def test_what_the_office_makes_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = tmp_path / "made.docx"
    made.write_bytes(package(paragraph("转换")))
    install(monkeypatch, tmp_path, COPYING.format(made=made))
    found = doc.read(word97([P("旧\r")], kind=0xA5DC), "0" * 64)
    assert [block.text for block in found.blocks if isinstance(block, Paragraph)] == ["转换"]
    assert (found.reader, found.reader_version) == ("libreoffice", libreoffice.VERSION)
    assert leftovers(tmp_path) == []


def test_an_office_that_loses_the_tables_is_not_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = tmp_path / "made.docx"
    made.write_bytes(package(paragraph("转换")))
    install(monkeypatch, tmp_path, COPYING.format(made=made))
    with pytest.raises(DocumentError, match="no table") as error:
        libreoffice.read(b"old", "0" * 64, "doc", Limits(), has_tables=True)
    assert error.value.reason == "corrupt"


def test_an_office_that_makes_nothing_is_a_corrupt_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install(monkeypatch, tmp_path, "exit 0")
    assert rejection(OLD).reason == "corrupt"
    assert leftovers(tmp_path) == []


def is_alive(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(process_id: int) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while is_alive(process_id) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_alive(process_id)


HANGING = "sleep 600 &\necho $! > {note}.part && mv {note}.part {note}\nwait"


def test_an_office_that_hangs_is_killed_with_all_that_it_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    note = tmp_path / "note"
    install(monkeypatch, tmp_path, HANGING.format(note=note))
    monkeypatch.setattr(libreoffice, "SECONDS", 1)
    assert rejection(OLD).reason == "timeout"
    assert wait_until_gone(int(note.read_text()))
    assert leftovers(tmp_path) == []


def test_an_office_ends_with_the_reader_that_asked_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    note = tmp_path / "note"
    install(monkeypatch, tmp_path, HANGING.format(note=note))
    path = tmp_path / "old.doc"
    path.write_bytes(OLD)
    code = "import pathlib, sys; from pipelines.documents import doc; doc.read(pathlib.Path(sys.argv[1]).read_bytes(), '0')"
    reader = subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=Path(__file__).parents[2])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not note.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    started = int(note.read_text())
    reader.send_signal(signal.SIGKILL)
    reader.wait()
    assert wait_until_gone(started)
    while leftovers(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert leftovers(tmp_path) == []


@needs_office
def test_the_office_gives_the_grids_that_the_own_reader_gives() -> None:
    data = FIXTURE.read_bytes()
    own, office = doc.read(data, "0" * 64), libreoffice.read(data, "0" * 64, "doc", Limits(), has_tables=True)
    mine, theirs = ([block for block in found.blocks if isinstance(block, Table)] for found in (own, office))
    # LibreOffice 7.4 reads the last table of this file, which it wrote itself, as paragraphs.
    assert 2 <= len(theirs) <= len(mine) == 3
    for ours, its in zip(mine, theirs, strict=False):
        assert [(c.row, c.column, c.row_span, c.column_span, c.text) for c in ours.cells] == [
            (c.row, c.column, c.row_span, c.column_span, c.text) for c in its.cells
        ]


@needs_office
def test_the_office_runs_inside_the_limits_of_a_reading_process(tmp_path: Path) -> None:
    path = tmp_path / "old.doc"
    path.write_bytes(OLD)
    (reading,) = read_all([Request(path, "0" * 64, "old.doc")], Limits())
    found, _ = unpack(reading.record)
    # The bytes are no true Word 6 file: that the office has looked at them is all that shows here.
    assert getattr(found, "reader", None) == "libreoffice" or getattr(found, "reason", None) in ("corrupt", "empty")
