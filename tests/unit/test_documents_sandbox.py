"""Children that read files: what they return, what becomes of theirs that die, and that none is left behind."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from pipelines import documents
from pipelines.archive import object_path
from pipelines.archive.planning import document_path
from pipelines.documents import DocumentError, SandboxError, sandbox
from pipelines.documents.limits import Limits
from pipelines.documents.record import unpack
from pipelines.documents.sandbox import Reading, Request, read_all
from pipelines.settings import Settings
from tests.support.packages import package, paragraph

TEXT = "整体支出绩效自评报告\n\t基本支出\n\t536.42\n"


def requests(folder: Path, contents: dict[str, bytes]) -> list[Request]:
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return [Request(folder / name, f"{number:064x}", name) for number, name in enumerate(contents)]


def outcomes(readings: list[Reading]) -> dict[str, str | None]:
    return {reading.request.file_name: reading.reason for reading in readings}


def processes_with(word: str) -> list[int]:
    """Ids of the running processes whose command line holds the word."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and word.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def wait_until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a child in place whose `read` is this body; names of files tell it what to do."""

    def put(body: str) -> None:
        lines = "\n".join(f"    {line}" for line in body.splitlines())
        script = tmp_path / "stand_in_child.py"
        script.write_text(
            "import os, signal, sys, time\nfrom pipelines.documents import child, registry\noriginal = registry.read\n"
            f"count = 0\ndef read(data, sha256, file_name, limits):\n    global count\n    count += 1\n{lines}\n"
            "    return original(data, sha256, file_name, limits)\nregistry.read = read\nchild.main()\n"
        )
        monkeypatch.setattr(sandbox, "COMMAND", (sys.executable, str(script)))

    return put


def test_documents_and_rejections_come_back(tmp_path: Path) -> None:
    files = {"a.txt": TEXT.encode(), "b.docx": package(paragraph("正文")), "c.txt": b"", "d.docx": b"Rar!\x1a\x07\x00"}
    readings = list(read_all(requests(tmp_path, files), Limits(), workers=2))
    assert outcomes(readings) == {"a.txt": None, "b.docx": None, "c.txt": "empty", "d.docx": "wrong_extension"}
    found = {reading.request.file_name: unpack(reading.record)[0] for reading in readings}
    assert isinstance(found["d.docx"], DocumentError)
    assert found["d.docx"].detail == "the name ends in .docx, the content is a RAR archive"
    text = found["a.txt"]
    assert isinstance(text, documents.Document)
    assert (text.sha256, text.reader) == (f"{0:064x}", "text")


def test_a_child_is_replaced_after_its_share(tmp_path: Path, stand_in: Callable[[str], None]) -> None:
    stand_in("if count > 2: os._exit(9)")
    files = {f"{number}.txt": TEXT.encode() for number in range(5)}
    readings = list(read_all(requests(tmp_path, files), Limits(), documents_per_child=2))
    assert set(outcomes(readings).values()) == {None}


def test_a_crash_costs_one_file_only(tmp_path: Path, stand_in: Callable[[str], None]) -> None:
    stand_in("if file_name == 'bad.txt': os.kill(os.getpid(), signal.SIGSEGV)")
    files = {name: TEXT.encode() for name in ("a.txt", "bad.txt", "b.txt", "c.txt")}
    readings = list(read_all(requests(tmp_path, files), Limits()))
    assert outcomes(readings) == {"a.txt": None, "bad.txt": "crashed", "b.txt": None, "c.txt": None}
    rejection = next(unpack(reading.record)[0] for reading in readings if reading.reason)
    assert isinstance(rejection, DocumentError)
    assert "SIGSEGV" in rejection.detail


def test_a_file_that_crashed_a_used_child_is_tried_again_alone(tmp_path: Path, stand_in: Callable[[str], None]) -> None:
    stand_in("if file_name == 'second.txt' and count > 1: os._exit(3)")
    files = {name: TEXT.encode() for name in ("first.txt", "second.txt")}
    assert outcomes(list(read_all(requests(tmp_path, files), Limits()))) == {"first.txt": None, "second.txt": None}


def test_a_fault_of_a_reader_is_reported_with_its_file(tmp_path: Path, stand_in: Callable[[str], None]) -> None:
    stand_in("raise KeyError('column')")
    (reading,) = read_all(requests(tmp_path, {"a.txt": TEXT.encode()}), Limits())
    rejection, _ = unpack(reading.record)
    assert isinstance(rejection, DocumentError)
    assert (rejection.reason, rejection.detail) == ("crashed", "KeyError: 'column'")


@pytest.mark.parametrize(
    ("body", "limits", "reason"),
    [
        ("time.sleep(60)", Limits(child_wall_seconds=1), "timeout"),
        ("while True: pass", Limits(child_cpu_seconds=1), "timeout"),
        ("bytes(400 << 20)", Limits(child_memory_bytes=300 << 20), "out_of_memory"),
        ("pass", Limits(child_output_bytes=50), "too_large"),
    ],
)
def test_limits_of_a_child(tmp_path: Path, stand_in: Callable[[str], None], body: str, limits: Limits, reason: str) -> None:
    stand_in(f"if file_name == 'bad.txt': {body}" if body.startswith(("time", "bytes", "pass")) else body)
    readings = list(read_all(requests(tmp_path, {"bad.txt": TEXT.encode()}), limits))
    assert outcomes(readings) == {"bad.txt": reason}


def test_what_a_reader_prints_or_writes_does_no_harm(tmp_path: Path, stand_in: Callable[[str], None]) -> None:
    stand_in("print('noise' * 99999)\nos.write(1, b'noise')\nsys.stderr.write('noise')")
    assert outcomes(list(read_all(requests(tmp_path, {"a.txt": TEXT.encode()}), Limits()))) == {"a.txt": None}


def test_secrets_of_the_environment_stay_outside(
    tmp_path: Path, stand_in: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    stand_in("if 'SECRET_TOKEN' in os.environ: raise ValueError('seen')")
    assert outcomes(list(read_all(requests(tmp_path, {"a.txt": TEXT.encode()}), Limits()))) == {"a.txt": None}


def test_children_that_cannot_start_are_no_fault_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "COMMAND", (sys.executable, "-c", "raise SystemExit('no such module')"))
    with pytest.raises(SandboxError, match="no such module"):
        list(read_all(requests(tmp_path, {"a.txt": TEXT.encode()}), Limits()))


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_closing_the_iterator_ends_all_children(tmp_path: Path, stand_in: Callable[[str], None]) -> None:
    stand_in("if file_name != 'a.txt': time.sleep(60)")
    files = {name: TEXT.encode() for name in ("a.txt", "b.txt", "c.txt")}
    readings = read_all(requests(tmp_path, files), Limits(), workers=3)
    assert next(readings).request.file_name == "a.txt"
    assert processes_with(str(tmp_path))
    readings.close()  # type: ignore[attr-defined]
    assert processes_with(str(tmp_path)) == []


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_children_end_with_a_killed_parent(tmp_path: Path, stand_in: Callable[[str], None]) -> None:
    stand_in("os.write(2, b'x')\nwhile True: pass")
    (tmp_path / "a.txt").write_text(TEXT)
    script = (
        "import sys; from pathlib import Path; from pipelines.documents import sandbox\n"
        f"sandbox.COMMAND = (sys.executable, {str(tmp_path / 'stand_in_child.py')!r})\n"
        f"request = sandbox.Request(Path({str(tmp_path / 'a.txt')!r}), '', 'a.txt')\n"
        "list(sandbox.read_all([request], sandbox.Limits()))"
    )
    environment = os.environ | {"PYTHONPATH": str(sandbox.ROOT)}
    parent = subprocess.Popen([sys.executable, "-c", script], env=environment)
    # The parent's own command line names the script too.
    assert wait_until(lambda: len(processes_with(str(tmp_path))) == 2)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert wait_until(lambda: processes_with(str(tmp_path)) == [])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(home=tmp_path / "home", raw=tmp_path / "raw", workers=2)


def planned(settings: Settings, run: Path, rows: list[tuple[str, str, bytes, str]]) -> None:
    """Archive the bytes and write a plan of rows (file_name, sha256, bytes, work)."""
    run.mkdir(parents=True)
    for _, sha256, data, _ in rows:
        path = object_path(settings.home, sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    frame = pl.DataFrame(
        [(name, sha256, work) for name, sha256, _, work in rows], ["file_name", "sha256", "work"], orient="row"
    )
    frame.write_parquet(run / "plan.parquet")


def test_pending_files_are_read_once_and_stored(settings: Settings, tmp_path: Path) -> None:
    text, bad, done = "a" * 64, "b" * 64, "c" * 64
    rows = [
        ("x/2024/a.txt", text, TEXT.encode(), "read"),
        ("x/2023/a.txt", text, TEXT.encode(), "read"),
        ("x/2024/b.docx", bad, b"PK\x03\x04[Content_Types].xml", "read"),
        ("x/2024/c.txt", done, TEXT.encode(), "extract"),
    ]
    planned(settings, tmp_path / "run", rows)
    seen: list[tuple[int, int]] = []
    counts = documents.read_pending(settings, tmp_path / "run", lambda done, total, name: seen.append((done, total)))
    assert counts == {"read": 2, "rejected": 1, "reasons": {"corrupt": 1}}
    assert seen == [(1, 2), (2, 2)]
    found, seconds = documents.load(settings, text)
    assert isinstance(found, documents.Document)
    assert found.sha256 == text
    assert seconds > 0
    rejection, _ = documents.load(settings, bad)
    assert isinstance(rejection, DocumentError)
    assert rejection.reason == "corrupt"
    with pytest.raises(FileNotFoundError):
        documents.load(settings, done)
    stored = [path.name for path in (settings.home / "documents").rglob("*") if path.is_file()]
    assert sorted(stored) == [f"{text}.json.gz", f"{bad}.json.gz"]


def test_reading_again_gives_the_same_document(settings: Settings, tmp_path: Path) -> None:
    sha256 = "a" * 64
    planned(settings, tmp_path / "run", [("x/2024/a.txt", sha256, TEXT.encode(), "read")])
    documents.read_pending(settings, tmp_path / "run")
    first, _ = documents.load(settings, sha256)
    document_path(settings.home, documents.READERS_VERSION, sha256).unlink()
    documents.read_pending(settings, tmp_path / "run")
    assert documents.load(settings, sha256)[0] == first


def test_lost_bytes_of_the_archive_stop_the_stage(settings: Settings, tmp_path: Path) -> None:
    planned(settings, tmp_path / "run", [("x/2024/a.txt", "a" * 64, TEXT.encode(), "read")])
    object_path(settings.home, "a" * 64).unlink()
    with pytest.raises(FileNotFoundError, match=r"x/2024/a\.txt"):
        documents.read_pending(settings, tmp_path / "run")


def test_a_single_file_is_read_without_being_stored(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "报告.docx"
    path.write_bytes(package(paragraph("正文")))
    assert [block.text for block in documents.read_file(path, settings).blocks] == ["正文"]  # type: ignore[union-attr]
    path.write_bytes(b"")
    with pytest.raises(DocumentError, match="empty"):
        documents.read_file(path, settings)
    assert not settings.home.exists()


@pytest.mark.parametrize(
    "damage",
    [b"", b"no gzip", gzip.compress(b"[]"), gzip.compress(b'{"document": {}}')],
    ids=["empty", "no gzip", "a list", "no document"],
)
def test_a_damaged_record_is_named_and_read_anew_where_it_is_needed(settings: Settings, tmp_path: Path, damage: bytes) -> None:
    sha256 = "a" * 64
    planned(settings, tmp_path / "run", [("x/2024/a.txt", sha256, TEXT.encode(), "read")])
    documents.read_pending(settings, tmp_path / "run")
    first, _ = documents.load(settings, sha256)
    document_path(settings.home, documents.READERS_VERSION, sha256).write_bytes(damage)
    with pytest.raises(documents.DamagedDocumentError, match=f"{sha256}.*--reread"):
        documents.load(settings, sha256)
    assert documents.load_or_read(settings, sha256, "x/2024/a.txt")[::2] == (first, True)
    assert documents.load_or_read(settings, sha256, "x/2024/a.txt")[::2] == (first, False)


def test_a_rejection_for_a_limit_knows_the_limits(settings: Settings, tmp_path: Path) -> None:
    large, empty = "a" * 64, "b" * 64
    rows = [("x/2024/a.txt", large, TEXT.encode(), "read"), ("x/2024/b.txt", empty, b"", "read")]
    planned(settings, tmp_path / "run", rows)
    tight = replace(settings, limit_file_bytes=3)
    assert documents.read_pending(tight, tmp_path / "run")["reasons"] == {"empty": 1, "too_large": 1}
    assert not documents.is_outdated(tight, large)
    assert not documents.is_outdated(replace(settings, limit_file_bytes=2), large)
    assert documents.is_outdated(settings, large)
    assert documents.is_outdated(settings, empty)  # a record that does not say: it is never asked for where no limit counted
    documents.read_pending(settings, tmp_path / "run")
    assert isinstance(documents.load(settings, large)[0], documents.Document)
