"""One report gives the same facts whatever it was saved as."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from data.build_samples import Sample, samples
from pipelines.facts.files import read_files
from pipelines.settings import Settings
from tests.support.shared import PLACE
from tests.support.web import rebuild_as_html, rebuild_as_mht
from tests.support.word import rebuild_as_docx
from tests.support.workbooks import rebuild_as_sheets, write_csv, write_xls, write_xlsx

FORMATS: dict[str, Callable[[str], bytes]] = {
    "html": rebuild_as_html,
    "gb2312.html": lambda text: rebuild_as_html(text, "gb2312"),
    "mht": rebuild_as_mht,
    "xlsx": lambda text: write_xlsx(rebuild_as_sheets(text)),
    "one_sheet.xlsx": lambda text: write_xlsx(rebuild_as_sheets(text, is_one_sheet=True)),
    "xls": lambda text: write_xls(rebuild_as_sheets(text)),
    "et": lambda text: write_xls(rebuild_as_sheets(text, is_one_sheet=True)),
}
SAMPLES = {Path(sample.path).stem: sample for sample in samples()}
# Records keep nothing of merges: two of the three kinds of forms can still be read without a doubt.
PLAIN = "安澜市史志档案馆2024年度部门整体支出绩效自评报告"


@pytest.fixture(scope="module", params=SAMPLES)
def sample(request: pytest.FixtureRequest) -> Sample:
    return SAMPLES[request.param]


def facts(folder: Path, name: str, data: bytes) -> dict[str, pl.DataFrame]:
    """Frames of all facts of one file without its places, in an order of their own."""
    path = folder / "anlan" / "2024" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    frames = read_files([path], Settings.load())
    found = {}
    for table, frame in frames.items():
        if table.startswith("fact_") or table == "unmapped_labels":
            plain = frame.select(column for column in frame.columns if column not in PLACE)
            found[table] = plain.sort(plain.columns)
    return found


@pytest.fixture(scope="module")
def expected(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    found = facts(tmp_path_factory.mktemp("docx"), "report.docx", rebuild_as_docx(sample.text))
    assert found["fact_expenditures"].height > 50
    return found


@pytest.mark.parametrize("form", FORMATS)
def test_facts_are_those_of_the_docx(form: str, sample: Sample, expected: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    found = facts(tmp_path, f"report.{form}", FORMATS[form](sample.text))
    assert found.keys() == expected.keys()
    for table in expected:
        assert found[table].equals(expected[table]), table


def test_records_give_the_facts_of_the_docx(tmp_path: Path) -> None:
    text = SAMPLES[PLAIN].text
    expected = facts(tmp_path, "report.docx", rebuild_as_docx(text))
    found = facts(tmp_path, "report.csv", write_csv(rebuild_as_sheets(text, is_one_sheet=True)[0]))
    for table in expected:
        assert found[table].equals(expected[table]), table
