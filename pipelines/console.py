"""How the command speaks: messages in Chinese or English, tables, progress, and exact JSON.

Belongs here: presentation. Does not belong here: what is presented (`cli` asks the rooms for it).
"""

from __future__ import annotations

import json
import re
import secrets
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.catalogue.definitions import read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

MESSAGES = Path(__file__).with_name("messages.yml")
_TOKEN = secrets.token_hex(8)  # a text of a report cannot guess it
_DECIMAL = re.compile(rf'"{_TOKEN}(-?[0-9.]+)"')
# C0, C1 and bidirectional control characters: a report's text must not steer the terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
SEVERITY_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "dim"}


@cache
def _messages() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = read_yaml(MESSAGES)
    return found


class Voice:
    """Says messages in one language to a terminal, or plainly to a pipe."""

    def __init__(self, language: str) -> None:
        """Speak `language`: zh or en."""
        self.language = language

    def text(self, key: str, **values: object) -> str:
        """Message of messages.yml with its placeholders filled in. Raises KeyError for an unknown key."""
        return _messages()[key][self.language].format(**values)

    @property
    def _console(self) -> Console:
        from rich.console import Console

        width = None if sys.stdout.isatty() else 10_000  # a pipe gets every line whole
        return Console(highlight=False, soft_wrap=True, width=width)

    def say(self, text: str = "", style: str | None = None) -> None:
        """Print one line; brackets in it are text, not markup."""
        from rich.text import Text

        self._console.print(Text(printable(text), style=style or ""))

    def title(self, key: str, **values: object) -> None:
        """Print a heading."""
        self.say()
        self.say(self.text(key, **values), "bold")

    def error(self, text: str) -> None:
        """Print an error to standard error."""
        print(self.text("error", text=printable(text)), file=sys.stderr)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print a table; in a pipe, tab-separated."""
        if not sys.stdout.isatty():
            print("\t".join(columns))
            for row in rows:
                print("\t".join(plain(value) for value in row))
            return
        from rich.table import Table
        from rich.text import Text

        rows = list(rows)
        table = Table(header_style="bold")
        for index, column in enumerate(columns):
            # A column of numbers reads from the right; a flag is no number.
            values = [row[index] for row in rows if row[index] is not None]
            is_number = all(isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in values)
            table.add_column(Text(column), justify="right" if values and is_number else "left")
        for row in rows:
            table.add_row(*(Text(plain(value)) for value in row))
        self._console.print(table)

    @contextmanager
    def progress(self, is_shown: bool = True) -> Iterator[Callable[[str, int, int, str], None]]:
        """Callback `(stage, done, total, text)` that draws a progress bar on a terminal's standard error, nothing in a pipe."""
        if not is_shown or not sys.stderr.isatty():
            yield lambda stage, done, total, text: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[what]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=None, what="")

            def show(stage: str, done: int, total: int, text: str) -> None:
                key = f"stage_{stage}"
                name = self.text(key) if key in _messages() else stage
                bar.update(task, description=name, completed=done, total=total or None, what=printable(text)[-60:])

            yield show

    def place(self, locator: str) -> str:
        """A locator in the language: `table 2 row 5` becomes 表 2 行 5 in Chinese."""
        words = {
            key.removeprefix("place_"): texts[self.language] for key, texts in _messages().items() if key.startswith("place_")
        }
        return re.sub(rf"\b({'|'.join(words)})\b(?= )", lambda match: words[match[0]], locator)


def printable(text: str) -> str:
    """Text without control characters."""
    return _CONTROL.sub("�", text)


def plain(value: object) -> str:
    """A value as people read it: decimals without trailing zeros, nothing for null, lists joined."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format_decimal(value)
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    return printable(str(value)).replace("\n", " ").replace("\t", " ")


def formula_safe(value: object) -> str:
    """A value for a spreadsheet: a text that a spreadsheet would run as a formula gets an apostrophe in front."""
    text = plain(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(("=", "+", "-", "@")) else text


def format_decimal(value: Decimal) -> str:
    """A decimal in plain notation without trailing zeros: 610.940000 → 610.94, 100.000000 → 100."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def to_json(value: Any) -> str:
    """Indented JSON; decimals become JSON numbers with their exact digits, times ISO 8601."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=_encode)
    return _DECIMAL.sub(r"\1", text)


def _encode(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{_TOKEN}{format_decimal(value)}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
