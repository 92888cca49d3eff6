"""The sample reports are what their inputs give, clean where they claim to be, and the same cells in text and in Word."""

import io
import zipfile
from copy import deepcopy
from pathlib import Path
from xml.etree import ElementTree

import pytest

from data.build_samples import RAW, Sample, differences, samples, write
from data.sampling.identities import findings
from data.sampling.inputs import put
from tests.support.flattened import EMPTY, lay_out, parse
from tests.support.word import Paragraph, rebuild_as_docx, write_docx

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
SAMPLES = tuple(samples())
CLEAN = [sample for sample in SAMPLES if not sample.expected_findings]
CONTRADICTORY = [sample for sample in SAMPLES if sample.expected_findings]
RULES = {*(f"F{number:02d}" for number in range(1, 23)), "F30"}


def _named(sample: Sample) -> str:
    return f"{sample.content['year']}-{sample.content['name']}"


def _xml(docx: bytes) -> ElementTree.Element:
    with zipfile.ZipFile(io.BytesIO(docx)) as archive:
        return ElementTree.fromstring(archive.read("word/document.xml"))


def _text(container: ElementTree.Element) -> str:
    paragraphs = [container] if container.tag == f"{W}p" else container.findall(f"{W}p")
    return "\n".join("".join(text.text or "" for text in paragraph.iter(f"{W}t")) for paragraph in paragraphs)


def _cell(cell: ElementTree.Element) -> str:
    """Text of a cell in the notation of flattened text."""
    merge = cell.find(f"{W}tcPr/{W}vMerge")
    if merge is not None and merge.get(f"{W}val") != "restart":
        return ""
    return _text(cell) or EMPTY


def _blocks(docx: bytes) -> list[str | list[list[str]]]:
    body = _xml(docx).find(f"{W}body")
    assert body is not None
    return [
        _text(block) if block.tag == f"{W}p" else [[_cell(cell) for cell in row.iter(f"{W}tc")] for row in block.iter(f"{W}tr")]
        for block in body
        if block.tag in (f"{W}p", f"{W}tbl")
    ]


def test_committed_files_are_what_the_inputs_give() -> None:
    assert differences(RAW) == []


def test_a_changed_a_missing_and_a_left_over_file_are_found_and_put_right(tmp_path: Path) -> None:
    write(tmp_path)
    changed, missing = SAMPLES[0].path, SAMPLES[1].path
    (tmp_path / changed).write_bytes(b"changed")
    (tmp_path / missing).unlink()
    (tmp_path / "left_over.txt").write_text("left over", encoding="utf-8")
    assert differences(tmp_path) == sorted([changed, missing, "left_over.txt"])
    assert write(tmp_path) == sorted([changed, missing, "left_over.txt"])
    assert differences(tmp_path) == []


def test_the_collection_has_its_promised_breadth() -> None:
    departments = {sample.content["name"] for sample in SAMPLES}
    folders = {tuple(Path(sample.path).parts[:2]) for sample in SAMPLES}
    assert len(departments) >= 6
    assert folders == {(city, year) for city in ("anlan", "qinghe") for year in ("2023", "2024")}
    assert len(CLEAN) >= 8
    assert len(CONTRADICTORY) >= 5
    assert {finding.rule_id for sample in CONTRADICTORY for finding in sample.expected_findings} == RULES


@pytest.mark.parametrize("sample", CONTRADICTORY, ids=_named)
def test_a_contradictory_sample_breaks_several_rules(sample: Sample) -> None:
    assert len({finding.rule_id for finding in sample.expected_findings}) >= 3


def test_one_sample_holds_a_number_that_cannot_be_read_for_certain() -> None:
    assert [_named(sample) for sample in SAMPLES if "\t7,00.0,77\n" in sample.text] == ["2024-清禾市职业技能指导中心"]


@pytest.mark.parametrize("sample", CLEAN, ids=_named)
def test_a_clean_sample_breaks_a_rule_as_soon_as_one_figure_is_wrong(sample: Sample) -> None:
    assert findings(sample.content) == []
    content = deepcopy(sample.content)
    put(content, "narrative.basic.personnel", "1.00")
    assert {finding.rule_id for finding in findings(content)} == {"F01"}


def test_last_years_column_repeats_last_years_own_final_accounts() -> None:
    years = {(sample.content["name"], sample.content["year"]): sample.content for sample in CLEAN}
    pairs = [
        (content, years[name, "2024"]) for (name, year), content in years.items() if year == "2023" and (name, "2024") in years
    ]
    assert len(pairs) >= 3
    for earlier, later in pairs:
        own, repeated = earlier["base"]["rows"], later["base"]["rows"]
        assert {label: values[2] for label, values in own.items()} == {label: repeated[label][0] for label in own}


@pytest.mark.parametrize("wps", [False, True], ids=["word", "wps"])
@pytest.mark.parametrize("sample", SAMPLES, ids=_named)
def test_a_report_rebuilt_as_docx_keeps_every_paragraph_and_cell(sample: Sample, wps: bool) -> None:
    assert _blocks(rebuild_as_docx(sample.text, wps)) == parse(sample.text)


@pytest.mark.parametrize("sample", SAMPLES, ids=_named)
def test_every_row_of_a_table_fills_its_grid(sample: Sample) -> None:
    for block in parse(sample.text):
        if isinstance(block, str):
            continue
        ends = {row[-1].start + row[-1].span for row in lay_out(block)}
        assert ends == {max(map(len, block))}


def test_merges_of_a_small_table_are_those_that_word_would_have() -> None:
    text = "\t标题\n\n\t指标\n\t名称\n\t分值\n\t得分\n\n\t\n\t甲\n\t10\n\t9\n\n\t\n\t\n\t\n\t\n\n\t总分\n\t9\n"
    (table,) = parse(text)
    assert not isinstance(table, str)
    placed = [[(cell.text, cell.start, cell.span, cell.merge) for cell in row] for row in lay_out(table)]
    assert placed == [
        [("标题", 0, 4, None)],
        [("指标", 0, 1, "restart"), ("名称", 1, 1, None), ("分值", 2, 1, None), ("得分", 3, 1, None)],
        [("", 0, 1, "continue"), ("甲", 1, 1, "restart"), ("10", 2, 1, "restart"), ("9", 3, 1, "restart")],
        [("", 0, 1, "continue"), ("", 1, 1, "continue"), ("", 2, 1, "continue"), ("", 3, 1, "continue")],
        [("总分", 0, 3, None), ("9", 3, 1, None)],
    ]


def test_a_covered_cell_without_a_cell_above_it_is_an_error() -> None:
    with pytest.raises(ValueError, match="no cell above"):
        lay_out([["", "甲"]])


def test_equal_blocks_give_equal_bytes_and_wps_hides_the_text_in_pieces() -> None:
    blocks = [Paragraph("一、基本情况", 1), Paragraph("支出1234.56万元")]
    assert write_docx(blocks) == write_docx(blocks)
    word, wps = (_xml(write_docx(blocks, wps)) for wps in (False, True))
    assert [_text(paragraph) for paragraph in word.iter(f"{W}p")] == [_text(paragraph) for paragraph in wps.iter(f"{W}p")]
    assert len(list(word.iter(f"{W}t"))) == 2
    assert len(list(wps.iter(f"{W}t"))) > 4
    assert [mark.get(f"{W}name") for mark in wps.iter(f"{W}bookmarkStart")] == ["_GoBack"]
