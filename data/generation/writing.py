"""Bytes of a drawn report in every format that reports come in.

Belongs here: which writer makes which format of the blocks. The writers themselves are those of the tests.
Does not belong here: what the blocks hold (`layout`).
"""

from __future__ import annotations

from collections.abc import Callable

from data.generation.layout import Printed
from tests.support.golden import WRITERS, Blocks
from tests.support.word import Paragraph, write_docx
from tests.support.workbooks import place_on_sheets, write_csv

# Kept as it was printed: merges, empty cells and the ends of rows.
LOSSLESS = ("docx", "wps", "doc", "rtf", "html", "html-gbk", "mht", "pdf", "xlsx", "xlsx-sheets", "xls", "txt")
# Nothing is left of merges, and of what they covered.
LOSSY = ("csv", "piped")
FORMATS = (*LOSSLESS, *LOSSY)


def write(report: Printed, kind: str) -> tuple[str, bytes]:
    """File name and bytes of a report in one of FORMATS. Raises KeyError for another one."""
    if kind in ("docx", "wps"):
        return f"{report.name}.docx", write_docx(report.blocks, wps=kind == "wps")
    if kind == "pdf":
        from tests.support.pages import Press  # reportlab is slow to import

        return f"{report.name}.pdf", Press(is_packed=False).print(report.blocks)
    blocks: Blocks = [block.text if isinstance(block, Paragraph) else block for block in report.blocks]
    extension, writer = _writers()[kind]
    return f"{report.name}.{extension}", writer(blocks)


def _writers() -> dict[str, tuple[str, Callable[[Blocks], bytes]]]:
    return WRITERS | {"csv": ("csv", lambda blocks: write_csv(place_on_sheets(blocks, is_one_sheet=True)[0]))}
