"""What a night stands on gives way: disk, rights, lock, project. It is told with its remedy; nothing is lost or half done."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines import cli, warehouse
from pipelines.obstacles import HomeError, obstacle, try_home
from pipelines.settings import Settings
from tests.support import mounts
from tests.support.contents import Content, contents, differing
from tests.support.killing import Ended, Judge, Nights, copy_home, leftovers
from tests.support.nights import CLEAN, CONTRADICTORY, PROJECT, jixiao

KILOBYTE, MEGABYTE = 1 << 10, 1 << 20


@dataclass
class House:
    """A home where one report is published, two reports to be loaded, and what an undisturbed night makes of them."""

    folder: Path
    nights: Nights
    raw: Path
    template: Path
    judge: Judge

    def home(self) -> Path:
        """A home of its own in which the one report is published."""
        return copy_home(self.template, self.folder / "home")

    def finish(self, home: Path) -> Ended:
        """The next night, undisturbed and without any repair, makes what it would have made without the fault."""
        ended = self.nights.run(self.raw, home)
        assert ended.code == 0, ended.output + ended.errors
        assert self.judge.verdict(home) == "new"
        assert leftovers(home) == []
        return ended

    def fails(self, home: Path, **variables: object) -> str:
        """A night that must fail and leave the release as it was; what it said."""
        ended = self.nights.run(self.raw, home, **variables)
        assert ended.code == 2, ended.output + ended.errors
        assert self.judge.verdict(home) == "old"
        assert "Traceback" not in ended.errors
        return "; ".join(ended.told["errors"]) if ended.output else ended.errors


@pytest.fixture(scope="module")
def _mounts() -> str | None:
    return mounts.leave_the_others()


@pytest.fixture
def may_mount(_mounts: str | None) -> None:
    if _mounts is not None:
        pytest.skip(_mounts)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, _mounts: str | None) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("surroundings")
    first, both = folder / "first", folder / "both"
    for raw in (first, both):
        (raw / "anlan" / "2024").mkdir(parents=True)
        shutil.copy(CLEAN, raw / "anlan" / "2024")
    (both / "qinghe" / "2024").mkdir(parents=True)
    shutil.copy(CONTRADICTORY, both / "qinghe" / "2024")
    found: list[dict[str, Content]] = []
    with Nights(folder) as nights:
        for raw, home in ((first, folder / "template"), (both, folder / "home")):
            if raw is both:
                copy_home(folder / "template", home)
            ended = nights.run(raw, home)
            assert ended.code == 0, ended.output + ended.errors
            found.append(contents(home / "current" / "warehouse.duckdb"))
        assert differing(*found)
        yield House(folder, nights, both, folder / "template", Judge(*found))


# Free bytes, from hardly any to what is too little for the new warehouse only.
@pytest.mark.usefixtures("may_mount")
def test_full_disk(house: House) -> None:
    disk = mounts.mount_disk(house.folder / "disk", "400m")
    home = copy_home(house.template, disk / "home")
    stages = []
    for free in (16 * KILOBYTE, 300 * KILOBYTE, 1 * MEGABYTE, 6 * MEGABYTE):
        ballast = mounts.fill(disk, free)
        said = house.fails(home)
        assert "the disk is full. Free space there" in said
        stages.append(said.partition(":")[0])
        ballast.unlink()
    assert len(set(stages)) > 1, stages
    house.finish(home)
    mounts.unmount(disk)


def test_file_size_limit(house: House) -> None:
    home = house.home()
    done = jixiao("nightly", "--raw", str(house.raw), home=home, preexec_fn=lambda: _limit_files(4 * MEGABYTE), timeout=600)
    assert done.returncode == 2
    assert "may not grow that large" in done.stderr, done.stderr
    assert house.judge.verdict(home) == "old"
    house.finish(home)


def _limit_files(byte_count: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (byte_count, byte_count))


@pytest.mark.usefixtures("may_mount")
def test_read_only_home(house: House) -> None:
    home = house.home()
    mounts.make_read_only(home)
    said = house.fails(home)
    mounts.unmount(home)
    assert "the file system is read-only. Mount it writable, or name another home" in said
    assert str(home) in said
    house.finish(home)


def test_two_nights_at_once(house: House) -> None:
    home = house.home()
    with warehouse.writer_lock(Settings.load(home=home)):
        said = house.fails(home)
    assert f"another run (process {os.getpid()}, since " in said
    assert "Wait until it has ended, or end it." in said
    house.finish(home)


def break_suite(project: Path) -> str:
    path = project / "expectations" / "fact_expenditures.json"
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    return "fact_expenditures: fact_expenditures.json: the suite cannot be read"


def break_expectation(project: Path) -> str:
    path = project / "expectations" / "fact_expenditures.json"
    path.write_text(path.read_text(encoding="utf-8").replace("expect_column_values_to", "expect_column_to"), encoding="utf-8")
    return "fact_expenditures"


def break_model(project: Path) -> str:
    path = project / "dbt_project" / "models" / "marts" / "mart_execution.sql"
    path.write_text(path.read_text(encoding="utf-8") + "\nand no_such_column = 1\n", encoding="utf-8")
    return "mart_execution"


@pytest.mark.parametrize("break_", [break_suite, break_expectation, break_model])
def test_broken_project(house: House, tmp_path: Path, break_: Callable[[Path], str]) -> None:
    home, project = house.home(), tmp_path / "project"
    project.mkdir()
    shutil.copy(PROJECT / "dagster.yaml", project)
    (project / "data").symlink_to(PROJECT / "data")
    for name in ("expectations", "dbt_project"):
        shutil.copytree(PROJECT / name, project / name, ignore=shutil.ignore_patterns("target", "logs"))
    named = break_(project)
    assert named in house.fails(home, JIXIAO_PROJECT=project)
    house.finish(home)


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_file_system_without_symlinks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    home = tmp_path / "home"
    monkeypatch.setattr(os, "symlink", refuse)
    assert cli.main(["nightly", "--home", str(home), "--raw", str(tmp_path), "--lang", "en"]) == 2
    assert f"the file system of {home} refuses symbolic links" in capsys.readouterr().err
    assert list(home.iterdir()) == []


def test_a_good_home_is_left_as_it_was(tmp_path: Path) -> None:
    try_home(tmp_path / "home")
    assert list((tmp_path / "home").iterdir()) == []


def test_a_file_in_place_of_the_home(tmp_path: Path) -> None:
    (tmp_path / "home").write_bytes(b"")
    with pytest.raises(HomeError, match=r"cannot be used: .* Name another one"):
        try_home(tmp_path / "home")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("[Errno 28] No space left on device: '/home/x'", "the disk is full"),
        ("Traceback …\n  File …\nOSError: [Errno 122] Disk quota exceeded", "quota is used up"),
        ("IO Error: Could not write file: Read-only file system", "Mount it writable"),
        ("a model failed", None),
    ],
)
def test_obstacles_are_recognised_in_any_text(tmp_path: Path, said: str, told: str | None) -> None:
    found = obstacle(said, tmp_path)
    assert found is None if told is None else found is not None and told in found and said.splitlines()[-1] in found
