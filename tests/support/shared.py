"""Where the real report lies, for tests that use it when it is there."""

from __future__ import annotations

from pathlib import Path

import pytest

REAL_REPORT = Path(__file__).resolve().parents[2].parent / "shared" / "reports" / "zhuzhou_xunchaban_2024.txt"

needs_real_report = pytest.mark.skipif(not REAL_REPORT.is_file(), reason="the real report is not on this machine")
