"""What lies in the home is damaged: the next night mends it, or says what is wrong and which step mends it. The figures stay.

Every damage is done to a home in which two reports are published; what a whole night makes of it is held against their content.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.contents import Content, contents, differing
from tests.support.killing import Nights, copy_home, leftovers
from tests.support.nights import CLEAN, CONTRADICTORY


class House:
    """A published home, and what it holds."""

    def __init__(self, folder: Path, nights: Nights) -> None:
        """Publish two reports."""
        self.folder, self.nights = folder, nights
        self.raw, self.template = folder / "raw", folder / "template"
        for city, path in (("anlan", CLEAN), ("qinghe", CONTRADICTORY)):
            (self.raw / city / "2024").mkdir(parents=True)
            shutil.copy(path, self.raw / city / "2024")
        ended = nights.run(self.raw, self.template)
        assert ended.code == 0, ended.output + ended.errors
        self.content: dict[str, Content] = contents(self.template / "current" / "warehouse.duckdb")

    def home(self) -> Path:
        """A home of its own like the published one."""
        return copy_home(self.template, self.folder / "home")

    def is_whole(self, home: Path) -> bool:
        """Whether the published release holds what it should."""
        return differing(contents(home / "current" / "warehouse.duckdb"), self.content) == []


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("damage")
    with Nights(folder) as nights:
        yield House(folder, nights)


def any_file(home: Path, pattern: str) -> Path:
    """The first file that fits the pattern."""
    return min(path for path in home.glob(pattern) if path.is_file())


def tear(path: Path) -> None:
    """Leave the first half of a file."""
    data = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(data[: len(data) // 2])


def flip(path: Path) -> None:
    """Turn one byte in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.chmod(0o644)
    path.write_bytes(data)


MENDED: dict[str, Callable[[Path], None]] = {
    "lake partition torn": lambda home: tear(any_file(home, "lake/anlan/2024/*/fact_expenditures.parquet")),
    "lake partition with a turned byte": lambda home: flip(any_file(home, "lake/anlan/2024/*/figure_cells.parquet")),
    "lake partition gone": lambda home: shutil.rmtree(home / "lake" / "anlan"),
    "lake gone": lambda home: shutil.rmtree(home / "lake"),
    "what dbt remembers": lambda home: tear(home / "dbt" / "target" / "partial_parse.msgpack"),
    "manifest of the release": lambda home: tear(home / "current" / "manifest.json"),
    "warehouse of the release gone": lambda home: (home / "current" / "warehouse.duckdb").unlink(),
    "link without its release": lambda home: shutil.rmtree((home / "current").resolve()),
}


@pytest.mark.parametrize("name", MENDED)
def test_what_the_next_night_mends(house: House, name: str) -> None:
    home = house.home()
    MENDED[name](home)
    ended = house.nights.run(house.raw, home)
    assert ended.code == 0, ended.output + ended.errors
    assert house.is_whole(home)
    assert leftovers(home) == []
    assert not house.nights.run(house.raw, home).told["published"]


@pytest.mark.parametrize("damage", [tear, flip])
def test_a_damaged_document_is_read_again_when_it_is_needed(house: House, damage: Callable[[Path], None]) -> None:
    home = house.home()
    for path in home.glob("documents/*/*/*.json.gz"):
        damage(path)
    shutil.rmtree(home / "lake")  # now they are needed
    ended = house.nights.run(house.raw, home)
    assert ended.code == 0, ended.output + ended.errors
    assert house.is_whole(home)


def test_damaged_bytes_are_archived_again(house: House) -> None:
    home = house.home()
    for path in home.glob("archive/objects/*/*"):
        flip(path)
    shutil.rmtree(home / "documents")
    shutil.rmtree(home / "lake")
    ended = house.nights.run(house.raw, home)
    assert ended.code == 0, ended.output + ended.errors
    assert house.is_whole(home)


# The file, and the path that the message tells to remove.
NAMED = {"archive/register.parquet": "archive/register.parquet", "lake/manifest.json": "lake"}


@pytest.mark.parametrize("name", NAMED)
def test_what_the_message_tells_to_remove(house: House, name: str) -> None:
    home = house.home()
    tear(home / name)
    ended = house.nights.run(house.raw, home)
    assert ended.code == 2, ended.output + ended.errors
    assert "Traceback" not in ended.errors
    said = "; ".join(ended.told["errors"])
    removed = home / NAMED[name]
    assert f"{home / name} cannot be read" in said
    assert f"remove {removed}" in said or "remove it and run" in said
    assert house.is_whole(home)
    (shutil.rmtree if removed.is_dir() else Path.unlink)(removed)
    again = house.nights.run(house.raw, home)
    assert again.code == 0, again.output + again.errors
    assert house.is_whole(home)
    assert json.loads((home / "lake" / "manifest.json").read_bytes())["partitions"]


def test_two_cold_runs_in_different_folders_are_equal(house: House, tmp_path: Path) -> None:
    raw = tmp_path / "elsewhere"
    for path in sorted((path for path in house.raw.rglob("*") if path.is_file()), reverse=True):
        target = raw / path.relative_to(house.raw)
        target.parent.mkdir(parents=True)
        target.write_bytes(path.read_bytes())
    assert house.nights.run(raw, tmp_path / "another" / "home", JIXIAO_WORKERS=1).code == 0
    assert house.is_whole(tmp_path / "another" / "home")
