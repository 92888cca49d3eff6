"""Reads the headline figures of final accounts, so that a self-evaluation can be held against them.

Belongs here: sentences and official tables of final accounts, as told by templates/FINAL-ACCOUNTS.yml. Does not belong here:
the chapter on performance (prose), the grammar of sentences (sentences). What is read here is no actual of a self-evaluation:
it goes to the table `final_accounts` alone. Figures that a self-evaluation does not state are left where they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from pipelines.catalogue import catalogue
from pipelines.catalogue.definitions import normalise_label
from pipelines.documents import Cell, Document, Locator, Paragraph, Table
from pipelines.forms.narrative import sections
from pipelines.forms.observations import FormRecord, Observation, is_figure
from pipelines.forms.prose import heading_of, performance_chapters
from pipelines.forms.sentences import compact, figures
from pipelines.forms.templates import accounts_template

TABLE = "final_accounts"
TITLE_LINES = 4
_SENTENCE_END = re.compile(r"[。；;]")


@dataclass(frozen=True)
class TitledTable:
    """A table or the part of one below a title in it: its number in the document, title lines, and rows `first` to `last`."""

    table: Table
    table_number: int
    title: str
    first: int
    last: int


def titled_tables(document: Document) -> list[TitledTable]:
    """Tables of a document with the short lines above them; a row that is a title of its own begins another."""
    found: list[TitledTable] = []
    above: list[str] = []
    number = 0
    for block in document.blocks:
        if isinstance(block, Paragraph):
            above.append(_plain(block.text))
            continue
        number += 1
        title, first = "".join(line for line in above[-TITLE_LINES:] if not _SENTENCE_END.search(line)), 0
        above = []
        for index, row in enumerate(block.rows):
            texts = {_plain(cell.text) for cell in row} - {""}
            line = next(iter(texts)) if len(texts) == 1 else ""
            if re.search(accounts_template()["titles"], line):
                found.append(TitledTable(block, number, title, first, index))
                title, first = line, index + 1
        found.append(TitledTable(block, number, title, first, len(block.rows)))
    return [table for table in found if table.first < table.last]


@dataclass
class AccountsReader:
    """Reads final accounts as one form; `form.figures` counts what was taken."""

    form: FormRecord
    fiscal_year: int | None
    observations: list[Observation] = field(default_factory=list)

    def read_text(self, paragraphs: Sequence[Paragraph]) -> None:
        """Take the sentences outside chapters on performance and explanations of words."""
        for part in _parts(_without_left_out(paragraphs)):
            headings: dict[tuple[str, ...], str] = {}
            for section in sections(part):
                headings[section.path] = section.heading or ""
                outer = [headings.get(section.path[:length], "") for length in range(len(section.path), 0, -1)]
                for paragraph in section.paragraphs:
                    self._sentences(paragraph, outer)

    def _sentences(self, paragraph: Paragraph, headings: Sequence[str]) -> None:
        phase: str = accounts_template()["phase"]
        for figure in figures(paragraph.text, self.fiscal_year, None, phase):
            if figure.kind != "amount" or figure.item is None or figure.item not in accounts_template()["items"]:
                continue
            before = _SENTENCE_END.split(compact(paragraph.text[: figure.start])[0])
            fund = _fund(figure.item, [*reversed(before), *headings])
            if fund is not None:
                told = phase if figure.phase == "executed" else figure.phase
                locator = replace(paragraph.locator, column=figure.start + 1)
                label = catalogue().name("item", figure.item)
                place = f"line {paragraph.locator.line} {figure.start}"
                self._take(place, figure.raw, label, None, locator, figure.unit, (figure.item, fund, told, figure.year))

    def read_tables(self, tables: Iterable[TitledTable]) -> None:
        """Take the figures of official tables whose row and column name one item and one phase."""
        for table in tables:
            own = _plain("".join(cell.text for row in table.table.rows[table.first : table.last] for cell in row))
            unit = re.search(accounts_template()["units"], table.title) or re.search(accounts_template()["units"], own)
            is_official = re.search(accounts_template()["titles"], table.title) is not None
            if is_official and unit is not None and not re.search(accounts_template()["no_titles"], table.title):
                self._table(table, unit["unit"])

    def _table(self, table: TitledTable, unit: str) -> None:
        for index in range(table.first, table.last):
            for cell in dict.fromkeys(cell for cell in table.table.grid[index] if cell is not None and cell.row == index):
                if not is_figure(cell.text):
                    continue
                label = _label(table, cell)
                headers = _headers(table, cell)
                item, phase = _item(table, label, headers), _phase(table, headers)
                if item is None or phase is None:
                    continue
                fund = _fund(item, [*headers, table.title])
                if fund is not None:
                    printed = label or next((header for header in headers), None)
                    column = headers[0] if headers else None
                    codes = (item, fund, phase, self.fiscal_year)
                    self._take(
                        str(cell.locator), cell.text.strip(), printed, column, cell.locator, unit, codes, cell.confidence
                    )

    def _take(
        self, place: str, raw: str, label: str | None, column: str | None, locator: Locator, unit: str | None,
        key: tuple[str, str, str | None, int | None], confidence: float = 1.0,
    ) -> None:  # fmt: skip
        item, fund, phase, year = key
        codes: dict[str, str | int | None] = {"item_code": item, "fund_source_code": fund, "phase_code": phase}
        codes["amount_year"] = year
        number = self.form.form_number
        self.form.figures += 1
        self.observations.append(
            Observation(
                number, TABLE, place, "amount_wanyuan", raw, label, column, locator, codes, None, unit,
                is_figure=True, confidence=confidence,
            )
        )  # fmt: skip


def _without_left_out(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    performance = set(map(id, performance_chapters(paragraphs)))
    kept: list[Paragraph] = []
    level: int | None = None
    for paragraph in paragraphs:
        told = heading_of(paragraph)
        if told is not None and (level is None or told[0] <= level):
            level = told[0] if re.search(accounts_template()["left_out"], told[1]) else None
        if level is None and id(paragraph) not in performance:
            kept.append(paragraph)
    return kept


def _parts(paragraphs: Iterable[Paragraph]) -> list[list[Paragraph]]:
    """Paragraphs by part (第二部分), so that no heading reaches into the next."""
    found: list[list[Paragraph]] = [[]]
    for paragraph in paragraphs:
        told = heading_of(paragraph)
        if told is not None and told[0] < 0:
            found.append([])
        else:
            found[-1].append(paragraph)
    return found


def _fund(item: str, contexts: Iterable[str]) -> str | None:
    """Fund that the nearest of several texts names, `all` where none does; None where one names several."""
    grammar = accounts_template()
    named: set[str] = set()
    for text in contexts:
        rest = _plain(text)
        for entry in grammar["funds"]:
            if re.search(entry["match"], rest):
                named.add(entry["fund"])
                rest = re.sub(entry["match"] + r"(?:预算)?(?:财政拨款)?", "", rest)
        if named:
            break
    if item in grammar["unsplit"]:
        named -= set(grammar["usual_funds"])
    if len(named) > 1:
        return None
    return named.pop() if named else "all"


def _label(table: TitledTable, cell: Cell) -> str | None:
    """The nearest text left of a cell in its row."""
    row = table.table.grid[cell.row][: cell.column]
    texts = [found.text for found in reversed(row) if found is not None and found.text.strip() and not is_figure(found.text)]
    return texts[0] if texts else None


def _headers(table: TitledTable, cell: Cell) -> list[str]:
    """The texts above a cell in its column, the nearest first."""
    above = [table.table.grid[index][cell.column] for index in range(cell.row - 1, table.first - 1, -1)]
    cells = dict.fromkeys(found for found in above if found is not None and found.row < cell.row)
    return [found.text for found in cells if found.text.strip() and not is_figure(found.text)]


def _item(table: TitledTable, label: str | None, headers: Sequence[str]) -> str | None:
    grammar = accounts_template()
    by_label = None if label is None else _item_of(label)
    if by_label is not None:
        return by_label
    if label is not None and not re.fullmatch(grammar["totals"], normalise_label(label)):
        return None
    by_header = next(filter(None, map(_item_of, headers)), None)
    subject = next((entry["item"] for entry in grammar["subjects"] if re.search(entry["match"], table.title)), None)
    if by_header is None:
        return subject if label or any(re.fullmatch(grammar["totals"], normalise_label(text)) for text in headers) else None
    return by_header if label or subject else None  # without a label only the one row of figures of a small table


def _item_of(text: str) -> str | None:
    grammar = accounts_template()
    label = normalise_label(text)
    named = next((entry["item"] for entry in grammar["labels"] if re.fullmatch(entry["match"], label)), None)
    return named or _vocabulary().get(label)


@cache
def _vocabulary() -> dict[str, str]:
    grammar, items = accounts_template(), catalogue().codes["item"]
    return {label: code for code in grammar["items"] if code != "total" for label in items[code].labels}


def _phase(table: TitledTable, headers: Sequence[str]) -> str | None:
    grammar = accounts_template()
    plain = [normalise_label(header) for header in headers]
    if any(re.search(grammar["no_columns"], header) for header in plain):
        return None
    named = {
        entry["phase"]
        for header in plain
        for entry in [one for one in grammar["columns"] if re.fullmatch(one["match"], header)][:1]
    }
    if not named and re.search(r"决算.{0,14}表", table.title):
        return str(grammar["phase"])
    return str(named.pop()) if len(named) == 1 else None


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", text)
