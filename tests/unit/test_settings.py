"""Settings: precedence, documentation, and errors that say what to do."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from pipelines.settings import Settings, SettingsError, documented_settings, language_of_locale


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("JIXIAO_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_defaults_lie_in_the_checkout() -> None:
    settings = Settings.load()
    assert (settings.project / "pipelines" / "settings.py").is_file()
    assert settings.raw == settings.project / "data" / "raw"
    assert settings.home == settings.project / ".jixiao"
    assert settings.limit_file_bytes == 50 * 1024 * 1024
    assert settings.keep_releases == 5


def test_call_beats_environment_beats_file_beats_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert Settings.load().limit_table_rows == 20_000
    (tmp_path / "jixiao.toml").write_text('limit_table_rows = 3\nlimit_part_bytes = "2 MB"\nraw = "reports"\n')
    assert Settings.load().limit_table_rows == 3
    assert Settings.load().limit_part_bytes == 2 * 1024 * 1024
    monkeypatch.setenv("JIXIAO_LIMIT_TABLE_ROWS", "2")
    assert Settings.load().limit_table_rows == 2
    assert Settings.load(limit_table_rows=1, raw=None).limit_table_rows == 1
    assert Settings.load(raw=None).raw == tmp_path / "reports"


def test_paths_of_a_named_file_start_at_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "city.toml").write_text('raw = "reports"\n')
    monkeypatch.setenv("JIXIAO_CONFIG", "etc/city.toml")
    assert Settings.load().raw == folder / "reports"
    monkeypatch.setenv("JIXIAO_RAW", "other")
    assert Settings.load().raw == tmp_path / "other"


def test_raw_and_home_follow_the_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JIXIAO_PROJECT", str(tmp_path / "elsewhere"))
    assert Settings.load().raw == tmp_path / "elsewhere" / "data" / "raw"


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("JIXIAO_WORKERS", "0", "workers = '0' (from environment variable JIXIAO_WORKERS)"),
        ("JIXIAO_WORKERS", "many", "whole number"),
        ("JIXIAO_LIMIT_FILE_BYTES", "-5 MB", "limit_file_bytes"),
        ("JIXIAO_LANG", "fr", "zh, en or auto"),
    ],
)
def test_bad_value_names_setting_source_and_remedy(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as error:
        Settings.load()
    assert said in str(error.value)
    assert "correct it" in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("limit_tabel_rows = 3", "limit_tabel_rows: no such setting"),
        ("workers = ", "not valid TOML"),
        ("workers = true", "workers = True"),
    ],
)
def test_bad_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "jixiao.toml").write_text(text)
    with pytest.raises(SettingsError) as error:
        Settings.load()
    assert said in str(error.value)
    assert "jixiao.toml" in str(error.value)


def test_named_file_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIXIAO_CONFIG", "absent.toml")
    with pytest.raises(SettingsError, match="JIXIAO_CONFIG"):
        Settings.load()


def test_unknown_override_is_refused() -> None:
    with pytest.raises(SettingsError, match="wokers"):
        Settings.load(wokers=3)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW", "LC_ALL": ""}, "zh"),
    ],
)
def test_language_follows_the_locale(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], language: str) -> None:
    assert language_of_locale(environment) == language
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.setenv(name, environment.get(name, ""))
    assert Settings.load().language == language
    assert Settings.load(language="zh").language == "zh"


def test_every_setting_is_documented_in_both_languages() -> None:
    documented = documented_settings()
    assert [setting.name for setting in documented] == [field.name for field in dataclasses.fields(Settings)]
    for setting in documented:
        assert setting.env.startswith("JIXIAO_")
        assert setting.default
        assert not setting.zh.isascii()
        assert setting.en.isascii()
    assert len({setting.env for setting in documented}) == len(documented)
