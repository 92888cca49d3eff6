"""Places are real: what stands at the place that a figure names is the figure, by another way of reading the file."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pypdfium2

from pipelines.facts.files import read_files
from pipelines.settings import Settings
from tests.support.archives import zip_of
from tests.support.nights import CLEAN
from tests.support.pages import Press
from tests.support.workbooks import Number, place_name, rebuild_as_sheets, write_xlsx

TEXT = CLEAN.read_text(encoding="utf-8")


def figures(path: Path) -> list[tuple[str, str]]:
    """Raw text and locator of every amount that stands in a table."""
    cells = read_files([path], Settings.load())["figure_cells"].filter("is_figure", table_name="fact_expenditures")
    return [(raw, place) for raw, place in cells.select("raw_text", "locator").iter_rows() if "table" in place]


def test_cells_of_a_workbook(tmp_path: Path) -> None:
    sheets = rebuild_as_sheets(TEXT)
    path = tmp_path / "a.xlsx"
    path.write_bytes(write_xlsx(sheets))
    values = {(sheet.name, place_name(*place)): value for sheet in sheets for place, value in sheet.values.items()}
    found = figures(path)
    assert len(found) > 40
    for raw, locator in found:
        match = re.search(r"sheet (?P<sheet>.+?) cell (?P<cell>[A-Z]+\d+)", locator)
        assert match, locator
        value = values[match["sheet"], match["cell"]]
        assert isinstance(value, Number)
        printed = Decimal(raw.replace(",", ""))  # a workbook stores 10.7 as 10.699999999999999
        assert Decimal(value.stored).quantize(printed) == printed, locator


def test_boxes_of_a_pdf(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(Press().print_text(TEXT))
    # Without the font that the pages name, PDFium leaves out texts of one character; longer ones are where they are.
    found = [(raw, locator) for raw, locator in figures(path) if len(raw) > 1]
    assert len(found) > 40
    document = pypdfium2.PdfDocument(path)
    for raw, locator in found:
        match = re.search(r"page (?P<page>\d+).* box (?P<box>[\d,]+)", locator)
        assert match, locator
        page = document[int(match["page"]) - 1]
        left, top, right, bottom = map(int, match["box"].split(","))
        height = page.get_height()
        inside = page.get_textpage().get_text_bounded(left, height - bottom, right, height - top)
        assert raw in re.sub(r"\s", "", inside), locator


def test_members_of_a_zip(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    path.write_bytes(zip_of({"附件/甲局.txt": TEXT}))
    reports = read_files([path], Settings.load())["reports"]
    assert [name.endswith("all.zip/附件/甲局.txt") for name in reports["file_name"]] == [True]
