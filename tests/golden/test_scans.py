"""A scanned report gives the figures of the printed one, and says where it is not sure.

Needs the extra `scan`, and a Chinese font to print with (PRINTABLE_FONT names its file where Debian has not installed one).
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest

from pipelines.facts.files import read_files
from pipelines.settings import Settings
from tests.support.pages import Press, printable_font, scanned

SAMPLE = Path(__file__).parents[2] / "data" / "raw" / "anlan" / "2024" / "安澜市史志档案馆2024年度部门整体支出绩效自评报告.txt"
FONT = printable_font()
pytestmark = pytest.mark.skipif(
    find_spec("rapidocr") is None or find_spec("cv2") is None or FONT is None, reason="needs the extra scan and a Chinese font"
)
KEY = ["form_kind", "item_code", "fund_source_code", "phase_code", "amount_year"]


def frames(folder: Path, name: str, data: bytes) -> dict[str, pl.DataFrame]:
    path = folder / "anlan" / "2024" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return read_files([path], Settings.load())


def figures(found: dict[str, pl.DataFrame]) -> dict[tuple[object, ...], object]:
    """Amounts by what they are, and points of indicators by their order."""
    amounts = found["fact_expenditures"].select(*KEY, "amount_wanyuan").rows()
    indicators = found["fact_indicators"]
    points = [
        ((kind, number, name), value)
        for name in ("weight_points", "score_points", "target_value", "actual_value")
        for kind, number, value in indicators.select("form_kind", "indicator_number", name).rows()
        if value is not None
    ]
    return {tuple(row[:-1]): row[-1] for row in amounts} | dict(points)


@pytest.fixture(scope="module")
def printed() -> bytes:
    assert FONT is not None
    return Press(font=FONT).print_text(SAMPLE.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("is_worn", "least"), [(False, 0.98), (True, 0.85)], ids=["clean", "worn"])
def test_figures_of_a_scan_are_right_or_flagged(is_worn: bool, least: float, printed: bytes, tmp_path: Path) -> None:
    expected = figures(frames(tmp_path, "printed.pdf", printed))
    found = frames(tmp_path, "scan.pdf", scanned(printed, is_worn=is_worn))
    assert found["reports"]["reason"].to_list() == [None], found["reports"]["detail"].to_list()
    read = figures(found)
    right = sum(read.get(key) == value for key, value in expected.items())
    wrong = {key: (value, read[key]) for key, value in expected.items() if key in read and read[key] != value}
    print(f"{right} of {len(expected)} figures right, {len(wrong)} wrong, {found['quarantine'].height} in quarantine")
    assert right >= least * len(expected)
    assert wrong == {}
