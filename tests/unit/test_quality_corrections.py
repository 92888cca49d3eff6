"""Files of decisions: what is read, what is refused and how it is told, and what the command writes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from pipelines.quality.corrections import (
    MAX_FILE_BYTES,
    CorrectionError,
    digest,
    read_corrections,
    take_up,
    version_of,
    versions,
    write_correction,
)
from pipelines.settings import Settings

ENTRY = {
    "file": "anlan/2024/report.txt",
    "form": "base_data",
    "table": "fact_expenditures",
    "field": "amount_wanyuan",
    "place": "table 1 row 2 column 3, line 4",
    "expected": "7,00.0,77",
    "decision": "correct",
    "value": "700.077",
    "reason": "typing error",
    "by": "Li Ming",
    "date": "2026-03-02",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(project=tmp_path / "project", home=tmp_path / "home")


def put(settings: Settings, *entries: dict[str, str], name: str = "a.yml", committed: bool = False) -> Path:
    folder = settings.project / "expectations" / "corrections" if committed else settings.corrections
    return put_text(folder / name, yaml.safe_dump({"corrections": list(entries)}, allow_unicode=True, sort_keys=False))


def put_text(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def refused(settings: Settings) -> str:
    with pytest.raises(CorrectionError) as error:
        read_corrections(settings)
    return str(error.value)


def test_entries_of_both_folders_are_read_and_values_stay_exact(settings: Settings) -> None:
    other = {**ENTRY, "place": "line 9 character 3", "decision": "reject"}
    del other["value"]
    put(settings, ENTRY)
    put(settings, other, committed=True)
    put_text(settings.corrections / "README.md", "no YAML: {")
    rows = {row["locator"]: row for row in read_corrections(settings).to_dicts()}
    assert len(rows) == 2
    row = rows[ENTRY["place"]]
    assert (row["file_name"], row["sha256"], row["value"]) == (ENTRY["file"], None, Decimal("700.077000"))
    assert (row["decided_by"], row["decided_on"], row["decided_in"]) == ("Li Ming", date(2026, 3, 2), "corrections/a.yml")
    assert rows[other["place"]]["decided_in"] == "expectations/corrections/a.yml"


def test_a_number_without_quotes_is_not_made_a_float(settings: Settings) -> None:
    text = yaml.safe_dump({"corrections": [{**ENTRY, "value": "0"}]}).replace("value: '0'", "value: 0.100000")
    put_text(settings.corrections / "a.yml", text)
    assert read_corrections(settings)["value"][0] == Decimal("0.1")


def test_white_space_of_the_expected_text_does_not_matter(settings: Settings) -> None:
    first = put(settings, ENTRY | {"expected": "  7,00.0,77\n"})
    (one,) = read_corrections(settings)["correction_id"]
    first.unlink()
    put(settings, ENTRY)
    assert read_corrections(settings)["correction_id"][0] == one


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": "red"}, "no such key: 'colour'"),
        ({"reason": " "}, "reason must not be missing or empty"),
        ({"by": None}, "by must not be missing or empty"),
        ({"file": "/etc/passwd"}, "no path <city>/<year>/<file>"),
        ({"file": "anlan/2024/../../x"}, "no path <city>/<year>/<file>"),
        ({"sha256": "0" * 64}, "either file or sha256"),
        ({"file": None}, "either file or sha256"),
        ({"file": None, "sha256": "xyz"}, "64 hexadecimal digits"),
        ({"form": "poem"}, "'poem' is no kind of form"),
        ({"table": "reports"}, "'reports' is no fact table"),
        ({"field": "colour"}, "fact_expenditures has no column 'colour'"),
        ({"field": "item_code"}, "item_code holds no single number"),
        ({"field": None}, "the row holds no single number"),
        ({"decision": "ponder"}, "'ponder' is no decision"),
        ({"decision": "reject"}, "value does not go with reject"),
        ({"value": None}, "a correction needs a value"),
        ({"value": "7e5"}, "'7e5' is no value of amount_wanyuan"),
        ({"value": "nan"}, "'nan' is no value of amount_wanyuan"),
        ({"value": "1.2345678"}, "at most 12 before and 6 behind the point"),
        ({"value": "999999999999"}, "believable is -100000000 to 100000000"),
        ({"table": "fact_personnel", "field": "in_post_count", "value": "1.5"}, "it counts whole things"),
        ({"table": "fact_personnel", "field": "in_post_count", "value": "-1"}, "believable is 0 to"),
        ({"date": "2.3.2026"}, "is no day"),
        ({"date": "20260302"}, "is no day"),
        ({"reason": "a\x1b[2J"}, "control characters"),
        ({"by": "a\u202eb"}, "control characters"),
        ({"by": "x" * 101}, "by is longer than 100"),
    ],
)
def test_wrong_entries_are_told_with_file_and_line(settings: Settings, change: dict[str, str | None], said: str) -> None:
    entry = {name: text for name, text in (ENTRY | change).items() if text is not None}
    put(settings, ENTRY | {"place": "line 1"}, entry)
    told = refused(settings)
    assert said in told
    assert f"corrections/a.yml line {2 + len(ENTRY)}: " in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", "the file must be a mapping"),
        ("fixes: []\n", "the one key `corrections`"),
        ("corrections: 3\n", "must be a list"),
        ("corrections:\n- 3\n", "an entry must be a mapping"),
        ("corrections:\n- file: a\n  file: b\n", "line 3: 'file' stands twice"),
        ("corrections:\n- file: [a]\n", "line 2: an entry holds texts only"),
        ("corrections:\n- file: null\n", "line 2: 'file' must be a text"),
        ("corrections:\n- ? [a]\n  : b\n", "an entry holds texts only"),
        ("corrections: &a\n- *a\n", "anchors and aliases"),
        ("corrections:\n- file: !!python/name:os.system x\n", "tags are not allowed"),
        ("corrections:\n- file: 'a\n", "not valid YAML"),
        ("corrections: []\n---\ncorrections: []\n", "not valid YAML"),
        ("[" * 100_000, "texts only"),
        ("x" * (MAX_FILE_BYTES + 1), "larger than"),
    ],
)
def test_files_of_another_form_are_refused(settings: Settings, text: str, said: str) -> None:
    put_text(settings.corrections / "a.yml", text)
    assert said in refused(settings)


def test_bytes_that_are_no_text_are_refused(settings: Settings) -> None:
    put(settings, ENTRY).write_bytes(b"\xff\xfe\x00")
    assert "a.yml: cannot be read" in refused(settings)


def test_two_decisions_on_one_figure_are_refused_with_both_places(settings: Settings) -> None:
    put(settings, ENTRY)
    put(settings, ENTRY | {"value": "1"}, committed=True)
    assert refused(settings) == (
        "corrections/a.yml line 2: expectations/corrections/a.yml line 2 decides on the same figure; remove one of the two"
    )


def test_a_wrong_entry_stops_a_run_before_it_has_a_folder(settings: Settings, tmp_path: Path) -> None:
    put(settings, ENTRY | {"value": "x"})
    with pytest.raises(CorrectionError):
        take_up(settings, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_versions_change_with_what_was_decided_and_with_nothing_else(settings: Settings) -> None:
    put(settings, ENTRY)
    first, whole = versions(read_corrections(settings)), digest(settings)
    put(settings, ENTRY | {"reason": "as the paper form says"})
    assert versions(read_corrections(settings)) == first
    assert digest(settings) != whole
    put(settings, ENTRY | {"value": "700.07"})
    now = versions(read_corrections(settings))
    assert now.keys() == first.keys() == {ENTRY["file"]}
    assert now != first
    assert version_of(now, ENTRY["file"], "0" * 64) == now[ENTRY["file"]]
    assert version_of(now, "anlan/2024/other.txt", "0" * 64) is None


def test_writing_replaces_the_own_decision_and_leaves_others_alone(settings: Settings) -> None:
    correction_id, path = write_correction(settings, ENTRY)
    assert path == settings.corrections / f"{correction_id}.yml"
    again, same = write_correction(settings, ENTRY | {"value": "1"})
    assert (again, same) == (correction_id, path)
    assert read_corrections(settings)["value"].to_list() == [Decimal(1)]
    path.unlink()
    put(settings, ENTRY, committed=True)
    with pytest.raises(CorrectionError, match=r"expectations/corrections/a\.yml holds a decision on this figure already"):
        write_correction(settings, ENTRY)
    assert not path.exists()
    with pytest.raises(CorrectionError, match=r"^'x' is no value of amount_wanyuan"):
        write_correction(settings, ENTRY | {"value": "x", "place": "line 1"})
