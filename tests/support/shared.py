"""What several tests share: where the real report lies, for those that use it when it is there, and the columns of places."""

from __future__ import annotations

from pathlib import Path

import pytest

REAL_REPORT = Path(__file__).resolve().parents[2].parent / "shared" / "reports" / "zhuzhou_xunchaban_2024.txt"

needs_real_report = pytest.mark.skipif(not REAL_REPORT.is_file(), reason="the real report is not on this machine")

# What says where a row was read, and by which name it is stored.
PLACE = {
    "row_id",
    "report_id",
    "form_id",
    "locator",
    *(f"{name}_number" for name in ("page", "table", "row", "column", "line")),
}
