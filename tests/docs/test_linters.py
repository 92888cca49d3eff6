"""The linters and the type checker pass, so that a build that tests is a build that is clean."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
COMMANDS = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "mypy": ("mypy",),
    "sqlfluff": ("sqlfluff", "lint", "dbt_project"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_linter_passes(name: str) -> None:
    done = subprocess.run([sys.executable, "-m", *COMMANDS[name]], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
