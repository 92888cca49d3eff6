"""The same report gives the same facts as Word 97, as WPS file, as RTF, as docx and as text."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from pipelines.documents import libreoffice
from pipelines.facts.files import read_files
from pipelines.settings import Settings
from tests.fixtures.make_word97 import FIXTURES, FOLDER, SOURCES, convert, sample_text
from tests.support.rtf import rebuild_as_rtf
from tests.support.shared import REAL_REPORT, needs_real_report
from tests.support.word import rebuild_as_docx

PLACE = {
    "row_id", "report_id", "form_id", "locator", "page_number", "table_number", "row_number", "column_number", "line_number",
    "sheet_name", "cell_address", "box",
}  # fmt: skip


def facts(folder: Path, name: str, data: bytes) -> dict[str, pl.DataFrame]:
    """Fact frames of one file without identities and places."""
    shelf = folder / "anlan" / "2024"
    shelf.mkdir(parents=True, exist_ok=True)
    path = shelf / name
    path.write_bytes(data)
    frames = read_files([path], Settings.load())
    assert frames["reports"]["outcome"].to_list() != ["rejected"]
    return {
        table: frame.drop(PLACE & set(frame.columns))
        for table, frame in frames.items()
        if table.startswith("fact_") or table in ("unmapped_labels", "absent_values")
    }


def assert_same(left: dict[str, pl.DataFrame], right: dict[str, pl.DataFrame]) -> None:
    assert sum(frame.height for frame in left.values()) > 100
    for table in left:
        assert left[table].equals(right[table], null_equal=True), table


@pytest.mark.parametrize("name", SOURCES)
def test_every_format_gives_the_facts_of_the_text(name: str, tmp_path: Path) -> None:
    text = sample_text(name)
    word = (FOLDER / f"{name}.doc").read_bytes()
    from_docx = facts(tmp_path, "report.docx", rebuild_as_docx(text))
    assert_same(facts(tmp_path, "report.txt", text.encode()), from_docx)
    assert_same(from_docx, facts(tmp_path, "report.doc", word))
    assert_same(from_docx, facts(tmp_path, "report.wps", word))
    assert_same(from_docx, facts(tmp_path, "report.rtf", gzip.decompress((FOLDER / f"{name}.rtf.gz").read_bytes())))
    assert_same(from_docx, facts(tmp_path, "gbk.rtf", rebuild_as_rtf(text)))


def test_fixtures_are_all_there_and_small() -> None:
    assert {path.name for path in FOLDER.iterdir() if path.suffix in (".doc", ".gz")} == set(FIXTURES)
    assert all((FOLDER / name).stat().st_size < 100_000 for name in FIXTURES)


@needs_real_report
def test_the_real_report_as_rtf_gives_the_facts_of_the_text(tmp_path: Path) -> None:
    text = REAL_REPORT.read_text(encoding="utf-8")
    assert_same(facts(tmp_path, "report.docx", rebuild_as_docx(text)), facts(tmp_path, "report.rtf", rebuild_as_rtf(text)))


@needs_real_report
@pytest.mark.skipif(not libreoffice.is_present(), reason="LibreOffice is not installed")
@pytest.mark.parametrize("ending", ["doc", "rtf"])
def test_the_real_report_through_an_office_gives_the_facts_of_the_text(ending: str, tmp_path: Path) -> None:
    docx = rebuild_as_docx(REAL_REPORT.read_text(encoding="utf-8"))
    assert_same(
        facts(tmp_path, "report.txt", REAL_REPORT.read_bytes()), facts(tmp_path, f"report.{ending}", convert(docx, ending))
    )
