"""The documentation names everything that there is, its links lead somewhere, and nothing of a machine is in any file."""

from __future__ import annotations

import argparse
import re
import string
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

from pipelines.catalogue import catalogue
from pipelines.catalogue.definitions import read_yaml
from pipelines.catalogue.rendering import read_marts
from pipelines.cli import _parser
from pipelines.console import MESSAGES, Voice
from pipelines.documents import Locator
from pipelines.settings import Setting, documented_settings

PROJECT = Path(__file__).resolve().parents[2]
READMES = ("README.md", "README.zh-CN.md")
PAGES = (
    *READMES,
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *sorted(str(path.relative_to(PROJECT)) for path in (PROJECT / "docs").rglob("*.md")),
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
MACHINE_PATH = re.compile(r"(?<![\w.<])/(?:work|root|home/(?!<)\w+|Users/\w+)/")
REGISTRY = re.compile(r"https?://[\w.-]*(?:pypi|pythonhosted|artifactory|nexus|mirrors?\.)|--(?:extra-)?index-url\s+\S*://")


def _text(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def _commands() -> dict[str, argparse.ArgumentParser]:
    parser = _parser(Voice("en"))
    (choices,) = (action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return dict(choices)


def _sections(page: str) -> dict[str, str]:
    """Text of a page by its second-level headings."""
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


COMMANDS = _commands()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented_with_its_options_and_exit_codes(name: str) -> None:
    sections = _sections(_text("docs/commands.md"))
    common = sections["Options that every command takes"]
    for action in COMMANDS[name]._actions:
        for option in action.option_strings:
            assert f"`{option}" in sections[name] or f"`{option}" in common, f"{name} {option}"
        if not action.option_strings:
            assert f"`{action.metavar}" in sections[name], f"{name} {action.metavar}"
    for code in re.findall(r"(?:: |; )(\d) ", COMMANDS[name].epilog or ""):
        assert re.search(rf"^\| {code} \|", sections[name], re.MULTILINE), f"{name}: exit code {code}"
    assert re.search("[\u4e00-\u9fff]", sections[name]), f"{name} is described in Chinese too"


def test_no_command_or_option_is_documented_that_there_is_not() -> None:
    page = _text("docs/commands.md")
    options = {option for parser in COMMANDS.values() for action in parser._actions for option in action.option_strings}
    options |= {option for action in _parser(Voice("en"))._actions for option in action.option_strings}
    of_other_programs = {"--check"}  # data/build_samples.py
    assert set(re.findall(r"`(?:[^`]*\s)?\[?(--[a-z-]+)", page)) <= options | of_other_programs
    headings = set(_sections(page)) - {"Options that every command takes", "For maintainers"}
    assert headings == set(COMMANDS)


@pytest.mark.parametrize("setting", documented_settings(), ids=lambda setting: setting.name)
def test_every_setting_is_documented_as_it_is(setting: Setting) -> None:
    (line,) = re.findall(rf"^\| `{setting.name}` \|.*$", _text("docs/settings.md"), re.MULTILINE)
    cells = [cell.strip() for cell in line.replace("`", "").strip("|").split("|")]
    texts = (setting.name, setting.env, setting.default, setting.zh, setting.en)
    assert cells == [text.replace("`", "") for text in texts]


def test_no_setting_is_documented_that_there_is_not() -> None:
    documented = re.findall(r"^\| `(\w+)` \| `JIXIAO_", _text("docs/settings.md"), re.MULTILINE)
    assert documented == [setting.name for setting in documented_settings()]


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize(("key", "texts"), read_yaml(MESSAGES).items(), ids=lambda part: part if isinstance(part, str) else "")
def test_every_message_says_the_same_in_both_languages(key: str, texts: dict[str, str]) -> None:
    assert texts.keys() == {"zh", "en"}
    assert all(texts.values())
    assert _placeholders(texts["zh"]) == _placeholders(texts["en"]), key


def test_messages_are_those_that_the_command_asks_for() -> None:
    names = ["cli.py", "console.py", *(f"commands/{path.name}" for path in (PROJECT / "pipelines" / "commands").glob("*.py"))]
    sources = "".join(_text(f"pipelines/{name}") for name in names)
    known = {key for key in read_yaml(MESSAGES) if not key.startswith(("stage_", "place_"))}
    put_together = {f"command_{name}" for name in COMMANDS} | {"exit_extract", "exit_check"}
    put_together |= {f"trace_{name}" for name in ("place", "label", "column", "raw")}
    assert put_together <= known
    assert set(re.findall(r"""(?:text|title)\(\s*["'](\w+)["'][,)]""", sources)) <= known
    assert {key for key in known - put_together if not re.search(rf"""["']{key}["']""", sources)} == set()


def test_every_word_of_a_locator_has_a_name_for_people() -> None:
    place = Locator(page=1, table=1, row=1, column=1, line=1, sheet="甲", cell="A1", box=(1, 2, 3, 4))
    words = set(re.findall(r"[a-z]+", f"{place} {Locator(line=1, column=1)}"))
    assert {key.removeprefix("place_") for key in read_yaml(MESSAGES) if key.startswith("place_")} == words


def test_every_stage_of_the_night_has_a_name_for_people() -> None:
    defs = "".join(_text(f"pipelines/defs/{name}.py") for name in ("extraction", "release"))
    stages = set(re.findall(r'night\.stage\(\s*"(\w+)"', defs))
    assert stages
    assert {key.removeprefix("stage_") for key in read_yaml(MESSAGES) if key.startswith("stage_")} == stages


def test_every_table_and_mart_is_in_the_dictionary() -> None:
    headings = set(re.findall(r"^### `?(\w+)`?", _text("docs/dictionary.md"), re.MULTILINE))
    assert set(catalogue().tables) <= headings
    marts = {mart["name"] for mart in read_marts(PROJECT)}
    assert marts == {path.stem for path in (PROJECT / "dbt_project" / "models" / "marts").glob("*.sql")}
    assert marts <= headings


def test_every_mart_and_dimension_is_explained_once() -> None:
    explained = re.findall(r"^\| `(\w+)` \|", _text("docs/marts.md"), re.MULTILINE)
    assert sorted(explained) == sorted(path.stem for path in (PROJECT / "dbt_project" / "models" / "marts").glob("*.sql"))


def test_every_rule_is_on_the_page_of_rules() -> None:
    headings = re.findall(r"^## (\w\d\d)\b", _text("docs/rules.md"), re.MULTILINE)
    assert headings == list(catalogue().rules)


def test_every_key_of_a_template_is_explained() -> None:
    page = _text("docs/adding-a-template.md")

    def keys(part: object) -> set[str]:
        if isinstance(part, dict):
            # What stands below valid, text_rows and the like are names, not keys.
            named = {"valid", "text_rows"}
            return set(part).union(*(keys(value) for key, value in part.items() if key not in named))
        return set().union(*map(keys, part)) if isinstance(part, list) else set()

    folder = PROJECT / "pipelines" / "forms" / "templates"
    used = set().union(
        *(
            keys(read_yaml(path))
            for path in folder.glob("*.yml")
            if path.stem not in {"HN-NARRATIVE", "PROSE", "FINAL-ACCOUNTS"}
        )
    )
    used |= keys(list(read_yaml(folder / "shared.yml").values()))
    assert {key for key in used if f"`{key}`" not in page} == set()


def _anchor(heading: str) -> str:
    """Anchor that a heading gets on a page, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("name", PAGES)
def test_links_within_the_repository_lead_somewhere(name: str) -> None:
    for target in LINK.findall(FENCE.sub("", _text(name))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        page = (PROJECT / name).parent / path if path else PROJECT / name
        assert page.exists(), f"{name}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in map(_anchor, headings), f"{name}: {target}"


def test_readmes_carry_the_same_two_commands() -> None:
    def commands(name: str) -> dict[str, str]:
        return dict(re.findall(r"^<!-- command: (\w+) -->\n```\n(.+)\n```$", _text(name), re.MULTILINE))

    first, second = map(commands, READMES)
    assert first == second
    assert set(first) == {"run", "test"}
    for lock, command in (("requirements.lock", first["run"]), ("requirements-dev.lock", first["test"])):
        assert f" -r {lock} " in command
        assert (PROJECT / lock).is_file()
    assert first["run"].endswith("/jixiao nightly")


def test_readmes_show_the_same_run() -> None:
    def figures(name: str) -> set[str]:
        (block,) = (part for part in FENCE.findall(_text(name)) if "current/warehouse.duckdb\n" in part and "F01.parts" in part)
        return set(re.findall(r"\d+(?:\.\d+)?", block.replace("10 000 yuan", "")))

    assert figures("README.md") == figures("README.zh-CN.md")


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=False)
    names = listed.stdout.decode().split("\0") if listed.returncode == 0 else []
    # A checkout without its history, such as an unpacked archive, has only files of the repository but for these.
    own = [PROJECT / name for name in names if name] or [
        path for path in PROJECT.rglob("*") if not {".venv", ".jixiao", "__pycache__"} & set(path.relative_to(PROJECT).parts)
    ]
    return [path for path in own if path.is_file() and path != Path(__file__).resolve()]


def _machine_traces(text: str) -> list[str]:
    return [found[0] for pattern in (MACHINE_PATH, REGISTRY) for found in pattern.finditer(text)]


def test_no_file_holds_a_path_of_a_machine_or_the_address_of_a_registry() -> None:
    found = {}
    for path in _tracked():
        data = path.read_bytes()
        if b"\0" not in data and (traces := _machine_traces(data.decode("utf-8", "replace"))):
            found[str(path.relative_to(PROJECT))] = traces[:3]
    assert found == {}


# Put together here, so that this file holds none itself.
TRACES = (
    ("see ", "work/x"),
    ("open('", "root/.cache/y')"),
    ("path: ", "home/someone/z"),
    ('--index-url "https:/', 'mirror.example/x"'),
)


@pytest.mark.parametrize("text", ["/".join(parts) for parts in TRACES])
def test_a_machine_path_or_registry_would_be_noticed(text: str) -> None:
    assert _machine_traces(text)


@pytest.mark.parametrize(
    "text", ["<home>/current/x", "tests/somewhere/a", "https://www.apache.org/licenses/", "`/home/<user>/`"]
)
def test_what_is_no_machine_path_is_left_alone(text: str) -> None:
    assert _machine_traces(text) == []
