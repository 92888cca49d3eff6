"""The documents of the golden corpus are those of their sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.golden import FOLDER, documents, parts, read_source, sources


@pytest.mark.parametrize("source", sources(), ids=lambda path: str(path.relative_to(FOLDER)))
def test_documents_are_those_of_their_source(source: Path) -> None:
    for path, data in documents(source):
        assert parts(path.read_bytes()) == parts(data), f"{path.name}: run python -m tests.support.golden"


def test_a_source_is_read_as_it_is_written() -> None:
    above, (first, second), below = read_source(
        "<p>题</p><table><tr><td rowspan=2>甲<td colspan=2>1<br>2</tr><tr><td>3<td></tr></table><p>注：x &lt; y</p>"
    )
    assert (above, below) == ("题", "注：x < y")
    assert [(cell.text, cell.start, cell.span, cell.merge) for cell in first] == [
        ("甲", 0, 1, "restart"),
        ("1\n2", 1, 2, None),
    ]
    assert [(cell.text, cell.start, cell.span, cell.merge) for cell in second] == [
        ("", 0, 1, "continue"),
        ("3", 1, 1, None),
        ("", 2, 1, None),
    ]


@pytest.mark.parametrize("rows", ["<td>1<td>2<tr><td>3", "<td>1<tr><td>2<td>3", "<td rowspan=2>1"])
def test_a_table_with_holes_is_refused(rows: str) -> None:
    with pytest.raises(ValueError):
        read_source(f"<table><tr>{rows}</table>")
