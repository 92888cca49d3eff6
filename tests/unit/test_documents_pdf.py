"""A PDF gives the facts of the Word document that it was printed from, however its pages were printed."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from pipelines.documents import Document, DocumentError, Paragraph, Table, pdf, scan
from pipelines.documents.limits import Limits
from pipelines.facts.files import read_files
from pipelines.settings import Settings
from tests.support.flattened import Placed
from tests.support.pages import Press, raw_pdf
from tests.support.word import Paragraph as Printed
from tests.support.word import rebuild_as_docx

RAW = Path(__file__).parents[2] / "data" / "raw"
PLAIN = RAW / "anlan" / "2023" / "安澜市集贸市场服务局2023年度整体支出绩效自评报告.txt"
WITH_BUILDINGS = RAW / "qinghe" / "2023" / "清禾市林草园地局-2023年度自评报告.txt"
# What says where a row was read and from which file.
PLACE = {
    *(
        "row_id",
        "report_id",
        "form_id",
        "file_name",
        "sha256",
        "byte_count",
        "first_seen_at",
        "media_type",
        "reader",
        "read_seconds",
    ),
    *("locator", "page_number", "table_number", "row_number", "column_number", "line_number"),
}


def read(data: bytes) -> Document:
    return pdf.read(data, "0" * 64)


def tables(document: Document) -> list[Table]:
    return [block for block in document.blocks if isinstance(block, Table)]


def texts(document: Document) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Paragraph)]


def grid(document: Document) -> list[list[str]]:
    (table,) = tables(document)
    return [[cell.text for cell in row] for row in table.rows]


def facts(folder: Path, name: str, data: bytes) -> dict[str, pl.DataFrame]:
    path = folder / "anlan" / "2023" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    frames = read_files([path], Settings.load())
    return {table: frame.drop(PLACE & set(frame.columns)) for table, frame in frames.items()}


def figures(frames: dict[str, pl.DataFrame]) -> Counter[tuple[object, ...]]:
    """Figures of all facts with what they mean: form, item, source, phase, year, project, indicator and column."""
    names = ("form_kind", "item_code", "fund_source_code", "phase_code", "amount_year", "project_name", "level1_code")
    meanings = (*names, "level2_code", "indicator_number", "indicator_name", "goal_side_code", "quantity_object")
    no_figures = {*meanings, "fiscal_year", "read_seconds"}
    found: Counter[tuple[object, ...]] = Counter()
    for name, frame in frames.items():
        if not name.startswith("fact_"):
            continue
        numeric = [column for column, kind in frame.schema.items() if kind.is_numeric() and column not in no_figures]
        for row in frame.iter_rows(named=True):
            meaning = tuple(row.get(column) for column in meanings)
            found.update((name, *meaning, column, row[column]) for column in numeric if row[column] is not None)
    return found


@pytest.mark.parametrize("sample", [PLAIN, WITH_BUILDINGS], ids=["plain", "with buildings"])
def test_facts_equal_those_of_the_word_document(sample: Path, tmp_path: Path) -> None:
    text = sample.read_text(encoding="utf-8")
    expected = facts(tmp_path, "report.docx", rebuild_as_docx(text))
    found = facts(tmp_path, "report.pdf", Press().print_text(text))
    assert expected["figure_cells"].height > 300
    for table, frame in expected.items():
        assert frame.equals(found[table]), table


@pytest.mark.parametrize(
    ("press", "share"),
    [
        (Press(ruled=False), 1.0),
        (Press(ruled=False, align="centre"), 0.95),
        (Press(ruled=False, height=460.0), 0.8),
        (Press(ruled=False, height=460.0, splits_rows=True), 0.6),
        (Press(ruled=False, align="figures"), 0.0),
        (Press(ruled=False, row_gap=0.0), 0.0),
        (Press(ruled=False, is_level=True), 0.0),
    ],
    ids=["left", "centre", "short pages", "split rows", "figures to the right", "rows no farther apart", "half the height"],
)
@pytest.mark.parametrize("sample", [PLAIN, WITH_BUILDINGS], ids=["plain", "with buildings"])
def test_tables_without_lines_give_figures_of_the_word_document_or_none(
    sample: Path, press: Press, share: float, tmp_path: Path
) -> None:
    text = sample.read_text(encoding="utf-8")
    expected = figures(facts(tmp_path, "report.docx", rebuild_as_docx(text)))
    data = press.print_text(text)
    found = figures(facts(tmp_path, "report.pdf", data))
    assert expected.total() > 200
    assert not found - expected
    assert found.total() >= share * expected.total()
    if share < 1:
        kinds = {warning.partition(":")[0] for warning in read(data).warnings}
        assert found == expected or "unruled_table" in kinds


@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")
def test_facts_equal_those_of_the_word_document_printed_by_libreoffice(tmp_path: Path) -> None:
    word = rebuild_as_docx(PLAIN.read_text(encoding="utf-8"))
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    borders = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>' for side in sides)
    source = tmp_path / "report.docx"
    with zipfile.ZipFile(io.BytesIO(word)) as given, zipfile.ZipFile(source, "w") as ruled:
        for name in given.namelist():
            part = given.read(name).decode()
            ruled.writestr(name, part.replace("<w:tblPr/>", f"<w:tblPr><w:tblBorders>{borders}</w:tblBorders></w:tblPr>"))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    expected = facts(tmp_path, "report.docx", word)
    found = facts(tmp_path, "report.pdf", (tmp_path / "report.pdf").read_bytes())
    columns = ["form_kind", "item_code", "fund_source_code", "phase_code", "amount_year", "project_name", "amount_wanyuan"]
    assert found["fact_expenditures"].select(columns).rows() == expected["fact_expenditures"].select(columns).rows()
    points = ["form_kind", "level1_code", "level2_code", "indicator_number", "target_value", "actual_value", "score_points"]
    assert found["fact_indicators"].select(points).rows() == expected["fact_indicators"].select(points).rows()
    assert found["unmapped_labels"].height == found["quarantine"].height == 0


@pytest.mark.parametrize(
    "press",
    [
        Press(rotation=90),
        Press(rotation=180),
        Press(rotation=270),
        Press(lines_as="bars"),
        Press(splits_rows=True),
        Press(height=600.0, splits_rows=True),
        Press(height=460.0, repeated_rows=1, running_header="安澜市集贸市场服务局自评报告"),
    ],
    ids=["turned right", "upside down", "turned left", "bars for lines", "split rows", "short pages", "repeated header rows"],
)
def test_blocks_do_not_depend_on_how_pages_are_printed(press: Press) -> None:
    text = PLAIN.read_text(encoding="utf-8")
    plain, found = read(Press().print_text(text)), read(press.print_text(text))
    assert [block for block in texts(found) if block != press.running_header] == texts(plain)
    for expected, table in zip(tables(plain), tables(found), strict=True):
        assert [[cell.text for cell in row] for row in table.rows] == [[cell.text for cell in row] for row in expected.rows]


def test_places_are_pages_and_boxes() -> None:
    rows = [[Placed("合计", 0, 1), Placed("12.50", 1, 1)], [Placed("其中", 0, 1), Placed("1.50", 1, 1)]]
    document = read(Press().print([Printed("附件一"), rows]))
    title, table = document.blocks
    assert isinstance(title, Paragraph) and isinstance(table, Table)
    assert str(title.locator) == "page 1 box 274,72,322,91"
    assert [str(cell.locator) for cell in table.cells[2:]] == [
        "page 1 table 1 row 2 column 1 box 72,111,298,128",
        "page 1 table 1 row 2 column 2 box 298,111,523,128",
    ]
    assert (table.origin, document.reader, document.media_type) == ("lattice", "pdf", "application/pdf")


def test_a_table_goes_on_over_the_page_with_its_merged_cells() -> None:
    rows = [
        [
            Placed("产出指标" if n == 0 else "", 0, 1, "restart" if n == 0 else "continue"),
            Placed(f"指标{n}", 1, 1),
            Placed(f"{n}.5", 2, 1),
        ]
        for n in range(60)
    ]
    document = read(Press().print([rows]))
    (table,) = tables(document)
    first = table.cells[0]
    assert (first.text, first.row_span) == ("产出指标", 60)
    assert [row[2].text for row in table.rows] == [f"{n}.5" for n in range(60)]
    assert [row[2].locator.page for row in table.rows] == [1] * 42 + [2] * 18


def test_repeated_header_rows_are_dropped_and_said() -> None:
    rows = [
        [Placed("项目", 0, 1), Placed("金额", 1, 1)],
        *([Placed(f"项目{n}", 0, 1), Placed(f"{n}.00", 1, 1)] for n in range(60)),
    ]
    document = read(Press(repeated_rows=1).print([rows]))
    assert grid(document) == [[cell.text for cell in row] for row in rows]
    assert [warning.partition(":")[0] for warning in document.warnings] == ["repeated_header"]


def test_a_table_with_another_outline_or_text_before_it_is_another_table() -> None:
    rows = [[Placed(f"项目{n}", 0, 1), Placed("1.00", 1, 1)] for n in range(42)]
    assert len(tables(read(Press().print([rows, rows[:2]])))) == 1
    assert len(tables(read(Press().print([rows, Printed("附件二"), rows[:2]])))) == 2


def test_wrapped_lines_are_one_paragraph_also_over_a_page_break() -> None:
    long = "本单位严格执行预算，2024年支出897.93万元，执行率为99.98%，" * 40
    document = read(Press(height=300.0).print([Printed("一、基本情况", 1), Printed(long), Printed("二、支出情况", 1)]))
    assert texts(document) == ["一、基本情况", long, "二、支出情况"]


def test_running_headers_come_last_and_page_numbers_not_at_all() -> None:
    document = read(Press(height=300.0, running_header="绩效自评报告").print([Printed("正文" * 400)]))
    assert [(block.text, block.locator.part) for block in document.blocks if isinstance(block, Paragraph)] == [
        ("正文" * 400, None),
        ("绩效自评报告", "header"),
    ]


def test_slanted_and_invisible_text_is_left_out_and_said() -> None:
    content = (
        b"BT /F 12 Tf 72 700 Td (Report 12.50) Tj ET "
        b"BT /F 40 Tf 0.7 0.7 -0.7 0.7 200 300 Tm (DRAFT) Tj ET "
        b"BT /F 12 Tf 3 Tr 72 600 Td (99.99) Tj ET"
    )
    document = read(raw_pdf(content))
    assert texts(document) == ["Report 12.50"]
    assert sorted(warning.partition(":")[0] for warning in document.warnings) == ["hidden_text", "slanted_text"]


def drawn(rows: list[list[tuple[int, str]]], pitch: int = 20) -> Document:
    """A page of texts that begin at these places; an empty row is a gap."""
    return read(
        raw_pdf(
            b"".join(
                b"BT /F 10 Tf %d %d Td (%s) Tj ET " % (left, 700 - pitch * number, text.encode())
                for number, row in enumerate(rows)
                for left, text in row
            )
        )
    )


HEAD = [(72, "Level"), (150, "Name"), (250, "Budget"), (350, "Spent")]


def test_columns_are_inferred_from_where_texts_stand() -> None:
    first = [(72, "Output"), (150, "Roads"), (250, "12.50"), (350, "11.00")]
    document = drawn([HEAD, first, [(150, "Bridges"), (350, "3.00")], [(72, "Effect"), (150, "Trust"), (250, "1.50")]])
    assert grid(document) == [
        ["Level", "Name", "Budget", "Spent"],
        ["Output", "Roads", "12.50", "11.00"],
        ["Output", "Bridges", "", "3.00"],
        ["Effect", "Trust", "1.50", ""],
    ]
    (table,) = tables(document)
    assert (table.origin, table.confidence, table.cells[4].row_span) == ("inferred", 0.9, 2)
    assert str(table.cells[6].locator) == "page 1 table 1 row 2 column 3 box 250,152,275,164"
    assert document.warnings == ()


def test_a_row_whose_figures_are_out_of_line_is_not_as_long_as_the_header() -> None:
    document = drawn([HEAD, [(72, "Output"), (150, "Roads"), (250, "1.00")], [(72, "Effect"), (150, "Trust"), (262, "2.00")]])
    assert [len(row) for row in grid(document)] == [4, 4, 3]


def test_rows_as_near_to_each_other_as_lines_are_no_rows() -> None:
    rows = [HEAD, [(72, "Output"), (150, "Roads"), (250, "1.00")], [(72, "Effect"), (150, "Trust"), (250, "2.00")]]
    assert not tables(drawn([*rows, [], [(72, "Sum"), (250, "3.00")]], pitch=12))
    assert not tables(drawn([*rows, [(150, "Ways")]], pitch=12))


@pytest.mark.parametrize(
    "rows",
    [
        # Merged labels at half the height of their rows.
        [HEAD, [(150, "Roads"), (250, "1")], [(72, "Output"), (150, "Bridges"), (250, "2")], [(150, "Ways"), (250, "3")]],
        # A figure that stands below no header.
        [HEAD, [(72, "Output"), (150, "Roads"), (300, "1.00")], [(72, "Effect"), (150, "Trust"), (300, "2.00")]],
        # Contents with page numbers, text in two columns, a list.
        [[(72, "Chapter one"), (400, "1")], [(72, "Chapter two"), (400, "3")], [(72, "Chapter three"), (400, "12")]],
        [[(72, "In this year"), (300, "the second half")], [(72, "we spent 3"), (300, "was like it")], [(72, "a"), (300, "b")]],
        [[(72, "1."), (110, "List of projects")], [(72, "2."), (110, "Base data")], [(72, "3."), (110, "Approval")]],
    ],
    ids=["labels at half the height", "no header", "contents", "two columns", "list"],
)
def test_what_is_not_certain_stays_text(rows: list[list[tuple[int, str]]]) -> None:
    assert not tables(drawn(rows))


def test_a_table_without_lines_is_said_to_be_one() -> None:
    rows = b"".join(
        b"BT /F 10 Tf 72 %d Td (Item %d) Tj ET BT /F 10 Tf 300 %d Td (%d.50) Tj ET " % (700 - 20 * n, n, 700 - 20 * n, n)
        for n in range(5)
    )
    document = read(raw_pdf(rows))
    assert [warning.partition(":")[0] for warning in document.warnings] == ["unruled_table"]
    assert texts(document)[0].split() == ["Item", "0", "0.50"]


@pytest.mark.parametrize(("installed", "reason"), [(None, "unsupported_format"), (object(), scan.NEEDED)])
def test_a_page_that_is_a_picture_needs_recognition(installed: object, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "find_spec", lambda name: installed)
    kind = b"/Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8"
    picture = b"<<%s/Length 1>>stream\n0\nendstream" % kind
    with pytest.raises(DocumentError, match=reason):
        read(raw_pdf(b"595 0 0 842 0 0 cm /X Do", picture))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (Press(password="secret").print([Printed("正文")]), "encrypted"),
        (Press().print([Printed("正文")])[:-600], "corrupt"),
        (raw_pdf(b""), "empty"),
    ],
    ids=["password", "cut off", "no text"],
)
def test_files_that_give_no_document_have_their_reason(data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError) as error:
        read(data)
    assert error.value.reason == reason


def test_pages_are_limited() -> None:
    data = Press(height=300.0).print([Printed("正文" * 400)])
    with pytest.raises(DocumentError, match="too_large"):
        pdf.read(data, "0" * 64, replace(Limits(), pdf_pages=2))
