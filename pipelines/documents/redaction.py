"""Drops phone numbers and personal names of contact lines from a Document before it is stored.

Belongs here: what a contact line or a contact cell looks like. Does not belong here: figures; a value is only taken out where a
label asks for a person or a phone and the value has the shape of one, so that amounts and counts beside such words stay.
"""

from __future__ import annotations

import re
from dataclasses import replace

from pipelines.documents.model import Block, Cell, Document, Table

VERSION = "redaction-1"
REDACTED = "［已隐去］"

_HAN = r"\u4e00-\u9fff"
_PERSON = (
    r"(?:项目|单位|部门|财务|科室|主要|分管|业务|主管|具体){0,3}"
    r"(?:联系人|联络人|联络员|负责人|填报人|填表人|填写人|报送人|经办人|审核人|复核人|制表人|法定代表人)(?:姓名|签字|签章|签名)?"
)
_PHONE = r"(?:联系|办公|移动|固定)?(?:电话|手机)(?:号码)?|联系方式|传真"
_SIGN = r"(?:[（(][^（）()]{0,8}[）)])?"  # 填报人（签字）
_BOTH = rf"(?:{_PERSON})(?:及|和|与|、|/)?(?:{_PHONE})"
_COLON = r"[ \t\n　]*[:：][ \t\n　]*"
_NO_NAME = rf"{_PERSON}|{_PHONE}|填报日期|填表日期|日期|时间|年[ 　]*月|单位|部门|盖章|公章"

_MOBILE = r"(?<![\d.,])1[3-9]\d{9}(?!\d|[.,]\d|\s*[元万亿㎡])"
_AREA_NUMBER = r"(?<![\d.,])[（(]?0\d{2,3}[）)]?[ \-－—]?[2-8]\d{6,7}(?:[\-－—转]\d{1,6})?(?!\d|[.,]\d|\s*[元万亿㎡])"
_BARE_NUMBER = r"[2-8]\d{6,7}(?:[\-－—转]\d{1,6})?(?!\d|[.,]\d|\s*[元万亿㎡])"
_ANY_NUMBER = rf"(?:{_MOBILE}|1[3-9]\d(?:[ \-]\d{{4}}){{2}}(?!\d)|{_AREA_NUMBER}|{_BARE_NUMBER})"
_NUMBERS = rf"{_ANY_NUMBER}(?:[ 　、，,/;；\n]+{_ANY_NUMBER})*"
_SPACED_NAME = rf"[{_HAN}](?:[ 　]+[{_HAN}]){{1,2}}(?![{_HAN}])"  # 张 三
_NAME = rf"(?:{_SPACED_NAME}|(?:(?!{_NO_NAME})[{_HAN}A-Za-z·、])+)"

# One quick look spares nearly every text the patterns below.
_HINT = re.compile(r"人|员|姓名|电话|手机|联系|传真|1[3-9]\d{9}")
_PERSON_LABELLED = re.compile(rf"((?:{_BOTH}|{_PERSON}){_SIGN}{_COLON})(?!{_NO_NAME}){_NAME}")
_PHONE_LABELLED = re.compile(rf"((?:{_PHONE}){_SIGN}{_COLON}){_NUMBERS}")
_CONTACT = re.compile(rf"(?:{_PERSON}|{_PHONE}){_SIGN}{_COLON}")
_NUMBER_IN_CONTACT = re.compile(rf"{_MOBILE}|{_AREA_NUMBER}")
_CODE_BEFORE = re.compile(r"(?:编码|代码|编号|号)[^\d]{0,3}$")

_PERSON_CELL = re.compile(rf"(?:{_PERSON}|{_BOTH}|姓名){_SIGN}[:：]?")
_PHONE_CELL = re.compile(rf"(?:{_PHONE}){_SIGN}[:：]?")
_NO_NAME_CELL = re.compile(
    r"无|合计|小计|总计|姓名|性别|年龄|学历|专业|职务|职称|备注|签[字名章]|意见|序号|日期|.*(?:单位|部门|盖章|公章|职务|时间)"
)
_NAMES = rf"(?:[{_HAN}·]{{2,6}}|[{_HAN}·]{{2,4}}(?:[、，,/;；][{_HAN}·]{{2,4}})+)"
_PERSON_VALUE_CELL = re.compile(rf"{_NAMES}(?:[、，,/;；（(]*{_ANY_NUMBER}[）)]?)?|{_MOBILE}|{_AREA_NUMBER}")
_PHONE_VALUE_CELL = re.compile(rf"[（(]?{_NUMBERS}[）)]?")
_SPACE = re.compile(r"\s+")


def redact(document: Document) -> Document:
    """The same Document with names and phones of contact lines and contact cells replaced by ［已隐去］."""
    blocks = tuple(_redact_block(block) for block in document.blocks)
    return document if blocks == document.blocks else replace(document, blocks=blocks)


def _redact_block(block: Block) -> Block:
    if isinstance(block, Table):
        return _redact_table(block)
    text = redact_text(block.text, is_prose=True)
    return block if text == block.text else replace(block, text=text)


def redact_text(text: str, is_prose: bool = False) -> str:
    """Text without what follows contact labels; in prose (not in cells) mobile numbers go wherever they stand."""
    if not _HINT.search(text):
        return text
    is_contact = _CONTACT.search(text) is not None
    if is_contact:
        text = _PERSON_LABELLED.sub(rf"\1{REDACTED}", text)
        text = _PHONE_LABELLED.sub(rf"\1{REDACTED}", text)
        text = _NUMBER_IN_CONTACT.sub(_redact_number, text)
    elif is_prose:
        text = re.sub(_MOBILE, _redact_number, text)
    return text


def _redact_number(match: re.Match[str]) -> str:
    # A project code may look like a mobile number.
    return match[0] if _CODE_BEFORE.search(match.string[max(0, match.start() - 8) : match.start()]) else REDACTED


def _redact_table(table: Table) -> Table:
    labels = {id(cell): kind for cell in table.cells if (kind := _label_kind(cell.text)) is not None}
    values: set[int] = set()
    if labels:
        for row in table.rows:
            for place, cell in enumerate(row):
                kind = labels.get(id(cell))
                if kind is None:
                    continue
                neighbour = row[place + 1] if place + 1 < len(row) else None
                if neighbour is not None and id(neighbour) not in labels and _has_shape(kind, neighbour.text):
                    values.add(id(neighbour))
                elif neighbour is None or id(neighbour) in labels or _NO_NAME_CELL.fullmatch(_compact(neighbour.text)):
                    values.update(_values_below(table, cell, kind))
    cells = tuple(replace(cell, text=REDACTED if id(cell) in values else redact_text(cell.text)) for cell in table.cells)
    return table if cells == table.cells else replace(table, cells=cells)


def _values_below(table: Table, label: Cell, kind: str) -> set[int]:
    """Ids of the cells below a column's heading, as far down as they look like names or phones."""
    found: set[int] = set()
    for row in table.grid[label.row + label.row_span :]:
        cell = row[label.column]
        if cell is None or not _has_shape(kind, cell.text):
            break
        found.add(id(cell))
    return found


def _label_kind(text: str) -> str | None:
    if len(text) > 40 or not _HINT.search(text):
        return None
    label = _compact(text)
    if _PERSON_CELL.fullmatch(label):
        return "person"
    return "phone" if _PHONE_CELL.fullmatch(label) else None


def _has_shape(kind: str, text: str) -> bool:
    if kind == "phone":
        return _PHONE_VALUE_CELL.fullmatch(text.strip()) is not None
    value = _compact(text)
    return _PERSON_VALUE_CELL.fullmatch(value) is not None and not _NO_NAME_CELL.fullmatch(value)


def _compact(text: str) -> str:
    return _SPACE.sub("", text)
