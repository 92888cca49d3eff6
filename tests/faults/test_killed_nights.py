"""A night killed at any moment leaves the old release or the new one, whole, and the next night comes to the same content.

By default a few kills over a few reports. The long run: `KILLS=200 REPORTS=200 pytest tests/faults/test_killed_nights.py -s`.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.contents import Content, contents, differing
from tests.support.killing import Ended, Judge, Nights, copy_home, killed_command, leftovers
from tests.support.nights import PROJECT, STAGES, environment

KILLS = int(os.environ.get("KILLS", "3"))
REPORTS = int(os.environ.get("REPORTS", "8"))
IS_LONG = KILLS > 3
FORMATS = "txt,html,docx,xlsx" if IS_LONG else "txt,docx"
SEED = 20_260

BOUNDARIES = [(stage, edge) for stage in STAGES for edge in ("start", "end")]


@dataclass
class Scene:
    """A home in which the first of three collections of reports is published, and what whole nights make of the others.

    `raw` has the collections: `first`, `few` (one file changed, one gone, one new) and `all` (every file changed).
    """

    folder: Path
    nights: Nights
    raw: dict[str, Path]
    template: Path
    contents: dict[str, dict[str, Content]]
    whole: dict[str, Ended]

    def judge(self, other: str) -> Judge:
        """The judge over a night that goes from `first` to `other`."""
        return Judge(self.contents["first"], self.contents[other])

    def home(self) -> Path:
        """A home of its own in which `first` is published."""
        return copy_home(self.template, self.folder / "home")

    def finish(self, home: Path, other: str) -> Ended:
        """The next night, undisturbed, which must come to the content that it would have had without any kill."""
        ended = self.nights.run(self.raw[other], home)
        assert ended.code == 0, ended.output + ended.errors
        assert ended.told["errors"] == []
        assert differing(contents(home / "current" / "warehouse.duckdb"), self.contents[other]) == []
        assert leftovers(home) == []
        return ended


def draw(folder: Path, seed: int, count: int) -> Path:
    """Generated reports."""
    command = [sys.executable, "-m", "data.generation", "--count", str(count), "--seed", str(seed), "--formats", FORMATS]
    subprocess.run([*command, "--no-gold", "--out", str(folder)], cwd=PROJECT, env=environment(), check=True)
    return folder


def files(folder: Path) -> list[Path]:
    """Files below a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def change(path: Path) -> None:
    """Other bytes, and one more paragraph where that is as simple as that."""
    if path.suffix in (".docx", ".xlsx"):
        with zipfile.ZipFile(path, "a") as package:
            package.comment = b"changed"
    else:
        path.write_bytes(path.read_bytes() + "\n附件\n".encode())


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("killed")
    raw = {"first": draw(folder / "first", SEED, REPORTS), "few": folder / "few", "all": folder / "all"}
    for name in ("few", "all"):
        shutil.copytree(raw["first"], raw[name])
    changed, *others = files(raw["few"])
    change(changed)
    others[-1].unlink()
    shutil.copytree(draw(folder / "one", SEED - 1, 1), raw["few"], dirs_exist_ok=True)
    for path in files(raw["all"]):
        change(path)
    with Nights(folder) as nights:
        found, whole = {}, {}
        template = folder / "template"
        for name in ("first", "few", "all"):
            home = template if name == "first" else copy_home(template, folder / "home")
            whole[name] = nights.run(raw[name], home)
            assert whole[name].code == 0, whole[name].output + whole[name].errors
            assert whole[name].told["published"]
            found[name] = contents(home / "current" / "warehouse.duckdb")
        assert differing(found["first"], found["few"]) and differing(found["first"], found["all"])
        yield Scene(folder, nights, raw, template, found, whole)


def test_the_boundaries_are_those_of_a_night(scene: Scene) -> None:
    assert scene.whole["few"].stages == [f"{stage} {edge}" for stage, edge in BOUNDARIES]


def test_killed_at_every_boundary_on_the_way(scene: Scene) -> None:
    """One home, killed at each boundary in turn: each night starts from what the killed one before it left."""
    home, judge = scene.home(), scene.judge("all")
    # The end of a stage and the start of the next lie side by side: the long run below tells them apart.
    for boundary in [*((stage, "start") for stage in STAGES), (STAGES[-1], "end")]:
        assert scene.nights.run(scene.raw["all"], home, kill_at=boundary).code == -signal.SIGKILL
        assert judge.verdict(home) == ("new" if boundary == (STAGES[-1], "end") else "old"), boundary
    assert not scene.finish(home, "all").told["published"]


@pytest.mark.skipif(not IS_LONG, reason="part of the long run: set KILLS and REPORTS")
@pytest.mark.parametrize("boundary", BOUNDARIES, ids="-".join)
def test_killed_once_at_a_boundary(scene: Scene, boundary: tuple[str, str]) -> None:
    other = random.Random(str(boundary)).choice(("few", "all"))
    home = scene.home()
    killed = scene.nights.run(scene.raw[other], home, kill_at=boundary)
    assert killed.code == -signal.SIGKILL
    found = scene.judge(other).verdict(home)
    assert found == ("new" if boundary == (STAGES[-1], "end") else "old")
    ended = scene.finish(home, other)
    assert ended.told["published"] == (found == "old")
    print(f"\n{'-'.join(boundary)}: {found} release; killed after {killed.seconds:.1f} s, then {ended.seconds:.1f} s")


def test_killed_at_random_moments(scene: Scene) -> None:
    """Every fourth of these nights is killed once more on its way back."""
    moments = random.Random(SEED)
    places: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    seconds, kills, number = 0.0, 0, 0
    while kills < KILLS:
        number += 1
        other = ("few", "all")[number % 2]
        home, judge = scene.home(), scene.judge(other)
        for _ in range(2 if number % 4 == 0 else 1):
            killed = scene.nights.run(scene.raw[other], home, kill_after=moments.uniform(0, scene.whole[other].seconds))
            seconds += killed.seconds
            if killed.code != -signal.SIGKILL:
                break  # it was over before the moment came
            kills += 1
            places[killed.stages[-1] if killed.stages else "before the first stage"] += 1
            verdicts[judge.verdict(home)] += 1
        assert judge.seen == sorted(judge.seen, reverse=True)  # never back from the new release to the old one
        seconds += scene.finish(home, other).seconds
    print(f"\n{kills} random kills, {seconds / kills:.1f} s each; releases {dict(verdicts)}; last event before: {dict(places)}")


def test_the_command_itself_killed(scene: Scene) -> None:
    home = scene.home()
    code = killed_command(scene.raw["few"], home, 0.4 * scene.whole["few"].seconds)
    assert code == -signal.SIGKILL
    scene.judge("few").verdict(home)
    scene.finish(home, "few")
