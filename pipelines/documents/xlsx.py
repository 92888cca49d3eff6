"""Reads Excel workbooks (xlsx, xlsm) in one streaming pass over each sheet's XML.

Belongs here: SpreadsheetML to the cells of sheets, with the texts that Excel shows. Does not belong here: the zip (`package`),
format codes (`number_format`), what is text and what is table on a sheet (`sheets`).

Values are taken from the XML and shown with their number formats: 0.999 in a cell of format 0.00% is 99.90%. Cells that have
borders or colours but no value cost nothing. Hidden sheets, rows and columns are read, with a warning.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

from pipelines.documents import number_format, sheets
from pipelines.documents.limits import Limits
from pipelines.documents.model import Document, DocumentError
from pipelines.documents.package import Attributes, Package, attribute, local_name, parse_xml
from pipelines.documents.sheets import Place, Sheet

VERSION = f"xlsx-1+{sheets.VERSION}+{number_format.VERSION}"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DEFAULT_MAIN = "xl/workbook.xml"
PLACE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
ON = ("1", "true", "on")
BORDER_SIDES = ("left", "right", "top", "bottom", "start", "end")
LAST_ROW, LAST_COLUMN = 1 << 20, 1 << 14


@dataclass
class Formats:
    """Format code and whether there is a border, by the number that cells name as their style."""

    codes: list[str] = field(default_factory=lambda: ["General"])
    is_ruled: list[bool] = field(default_factory=lambda: [False])


def read(data: bytes, sha256: str, limits: Limits | None = None) -> Document:
    """Document of an xlsx; tables are `native`, locators name sheet and cell.

    Raises DocumentError: corrupt, encrypted, too_large, unsafe_content, unsupported_format for a binary workbook (xlsb), or
    empty where no cell holds a text.
    """
    limits = limits or Limits()
    package = Package(data, limits)
    mains = [target for kind, target in package.relationships() if kind == "officeDocument"]
    main = next((name for name in (*mains, DEFAULT_MAIN) if name in package), None)
    if main is None:
        raise DocumentError("corrupt", "the package names no workbook")
    if main.endswith(".bin"):
        raise DocumentError("unsupported_format", "a binary workbook (xlsb)")
    relationships = package.relationships_by_id(main)
    targets = {kind: target for kind, target in relationships.values() if target in package}
    strings = _read_strings(package.read(targets["sharedStrings"])) if "sharedStrings" in targets else []
    formats = _read_formats(package.read(targets["styles"])) if "styles" in targets else Formats()
    entries, counts_from_1904 = _read_entries(package.read(main))
    found: list[Sheet] = []
    warnings: list[str] = []
    for name, state, relationship in entries:
        kind, target = relationships.get(relationship, ("", ""))
        if kind != "worksheet" or target not in package:
            continue  # charts and macros
        room = sheets.FULL_TABLES * limits.table_cells - sum(len(sheet.texts) for sheet in found)
        reader = _SheetReader(name, strings, formats, counts_from_1904, room)
        reader.read(package.read(target))
        if reader.sheet.texts:
            found.append(reader.sheet)
            warnings += [f"hidden_sheet: sheet {name} is hidden"] if state != "visible" else []
            warnings += reader.warnings()
    blocks, further = sheets.lay_out(found, limits)
    if not blocks:
        raise DocumentError("empty", "no cell of the workbook holds a text")
    return Document(sha256, MEDIA_TYPE, "xlsx", VERSION, None, tuple(blocks), tuple(warnings + further))


def _read_entries(data: bytes) -> tuple[list[tuple[str, str, str]], bool]:
    """Name, state and relationship of each sheet in order; whether dates count from 1904."""
    entries: list[tuple[str, str, str]] = []
    counts_from_1904 = False

    def start(element: str, attributes: Attributes) -> None:
        nonlocal counts_from_1904
        match local_name(element):
            case "sheet":
                name = attributes.get("name", "")
                entries.append((name, attributes.get("state", "visible"), attribute(attributes, "id") or ""))
            case "workbookPr":
                counts_from_1904 = attributes.get("date1904") in ON

    parse_xml(data, start)
    return entries, counts_from_1904


def _read_strings(data: bytes) -> list[str]:
    """Texts that cells name by number; what stands over characters as a reading aid (`rPh`) is left out."""
    found: list[str] = []
    parts: list[str] = []
    in_reading_aid = False
    parsers: list[expat.XMLParserType] = []

    def configure(parser: expat.XMLParserType) -> None:
        parsers.append(parser)
        parser.EndElementHandler = end

    def start(element: str, attributes: Attributes) -> None:
        nonlocal in_reading_aid
        match local_name(element):
            case "si":
                parts.clear()
            case "rPh":
                in_reading_aid = True
            case "t" if not in_reading_aid:
                parsers[0].CharacterDataHandler = parts.append

    def end(element: str) -> None:
        nonlocal in_reading_aid
        match local_name(element):
            case "t":
                parsers[0].CharacterDataHandler = None
            case "rPh":
                in_reading_aid = False
            case "si":
                found.append(_unescaped("".join(parts)))

    parse_xml(data, start, configure)
    return found


def _read_formats(data: bytes) -> Formats:
    """Formats of styles.xml."""
    own: dict[str, str] = {}
    borders: list[bool] = []
    styles: list[tuple[str, str]] = []
    path: list[str] = []

    def start(element: str, attributes: Attributes) -> None:
        name = local_name(element)
        parent = path[-1] if path else ""
        path.append(name)
        if name == "numFmt" and parent == "numFmts":
            own[attributes.get("numFmtId", "")] = attributes.get("formatCode", "General")
        elif name == "border" and parent == "borders":
            borders.append(False)
        elif name in BORDER_SIDES and parent == "border" and borders:
            borders[-1] |= attributes.get("style", "none") != "none"
        elif name == "xf" and parent == "cellXfs":
            styles.append((attributes.get("numFmtId", "0"), attributes.get("borderId", "0")))

    def configure(parser: expat.XMLParserType) -> None:
        parser.EndElementHandler = lambda element: path.pop()

    parse_xml(data, start, configure)
    if not styles:
        return Formats()
    codes = [own.get(number) or number_format.BUILT_IN.get(_number(number, 0), "General") for number, _ in styles]
    return Formats(codes, [_number(border, -1) in range(len(borders)) and borders[int(border)] for _, border in styles])


class _SheetReader:
    """Handlers for one sheet: XML events in, a `Sheet` out."""

    def __init__(self, name: str, strings: list[str], formats: Formats, counts_from_1904: bool, room: int) -> None:
        self.sheet = Sheet(name)
        self._strings = strings
        self._formats = formats
        self._counts_from_1904 = counts_from_1904
        self._room = room
        self._notes: Counter[str] = Counter()
        self._first_places: dict[str, str] = {}
        self._row = -1
        self._column = -1
        self._place: Place = (0, 0)
        self._type = "n"
        self._style = 0
        self._value: list[str] = []
        self._has_formula = False
        self._in_reading_aid = False

    def read(self, data: bytes) -> None:
        """Read the sheet's XML to its end."""
        starts: dict[str, Callable[[Attributes], None]] = {
            "row": self._start_row,
            "c": self._start_cell,
            "v": self._start_value,
            "t": self._start_value,
            "rPh": self._start_reading_aid,
            "f": self._start_formula,
            "col": self._start_column,
            "mergeCell": self._merge,
        }
        ends: dict[str, Callable[[], None]] = {
            "c": self._end_cell,
            "v": self._end_value,
            "t": self._end_value,
            "rPh": self._end_reading_aid,
        }

        def start(element: str, attributes: Attributes) -> None:
            if (handler := starts.get(element)) is not None or (handler := starts.get(local_name(element))) is not None:
                handler(attributes)

        def end(element: str) -> None:
            if (handler := ends.get(element)) is not None or (handler := ends.get(local_name(element))) is not None:
                handler()

        def configure(parser: expat.XMLParserType) -> None:
            self._parser = parser
            parser.EndElementHandler = end

        parse_xml(data, start, configure)

    def warnings(self) -> list[str]:
        """One warning for each kind of thing that was met, with its count and the first place."""
        sheet, first = self.sheet.name, self._first_places
        return [f"{kind}: sheet {sheet}, {count} times, first {first[kind]}" for kind, count in self._notes.items()]

    def _start_row(self, attributes: Attributes) -> None:
        self._row = _number(attributes.get("r", ""), self._row + 2) - 1
        self._column = -1
        if not 0 <= self._row < LAST_ROW:
            raise DocumentError("corrupt", f"sheet {self.sheet.name} has a row {self._row + 1}")
        if attributes.get("hidden") in ON:
            self._note("hidden_rows", f"row {self._row + 1}")

    def _start_column(self, attributes: Attributes) -> None:
        if attributes.get("hidden") in ON:
            self._note("hidden_columns", f"column {_number(attributes.get('min', ''), 1)}")

    def _start_cell(self, attributes: Attributes) -> None:
        self._place = self._place_of(attributes.get("r"))
        self._row, self._column = self._place
        self._type = attributes.get("t", "n")
        self._style = _number(attributes.get("s", ""), 0)
        self._value = []
        self._has_formula = False
        if self._style < len(self._formats.is_ruled) and self._formats.is_ruled[self._style]:
            self.sheet.ruled_rows.add(self._row)

    def _place_of(self, name: str | None) -> Place:
        """Place of a cell by its name; one without a name stands to the right of the one before."""
        if name is None:
            return max(self._row, 0), self._column + 1
        found = PLACE.fullmatch(name)
        place = (-1, -1) if found is None else (int(found[2]) - 1, _column(found[1]))
        if not (0 <= place[0] < LAST_ROW and 0 <= place[1] < LAST_COLUMN):
            raise DocumentError("corrupt", f"sheet {self.sheet.name} names a cell {name[:20]!r}")
        return place

    def _start_value(self, attributes: Attributes) -> None:
        if not self._in_reading_aid:
            self._parser.CharacterDataHandler = self._value.append

    def _end_value(self) -> None:
        self._parser.CharacterDataHandler = None

    def _start_reading_aid(self, attributes: Attributes) -> None:
        self._in_reading_aid = True

    def _end_reading_aid(self) -> None:
        self._in_reading_aid = False

    def _start_formula(self, attributes: Attributes) -> None:
        self._has_formula = True

    def _end_cell(self) -> None:
        stored = "".join(self._value)
        if not stored:
            if self._has_formula and self._type not in ("str", "inlineStr"):
                self._note("formula_without_value", sheets.cell_name(*self._place))
            return
        self.sheet.texts[self._place] = self._text(stored)
        if len(self.sheet.texts) > self._room:
            raise DocumentError("too_large", f"the workbook has too many cells; sheet {self.sheet.name} passes the limit")

    def _text(self, stored: str) -> str:
        """What the cell shows."""
        match self._type:
            case "s":
                number = _number(stored.strip(), -1)
                if not 0 <= number < len(self._strings):
                    raise DocumentError("corrupt", f"sheet {self.sheet.name} names a text {stored[:20]!r} that is not there")
                return self._strings[number]
            case "str" | "inlineStr":
                return _unescaped(stored)
            case "b":
                return "TRUE" if stored.strip() in ON else "FALSE"
            case "e" | "d":
                return stored
        try:
            value = float(stored)
        except ValueError as error:
            raise DocumentError("corrupt", f"sheet {self.sheet.name} holds a number {stored[:20]!r}") from error
        if value - value != 0:
            raise DocumentError("corrupt", f"sheet {self.sheet.name} holds a number {stored[:20]!r}")
        code = self._formats.codes[self._style] if self._style < len(self._formats.codes) else "General"
        text, note = number_format.show(value, code, self._counts_from_1904)
        if note is not None:
            self._note(f"{note}_number", f"{sheets.cell_name(*self._place)}: {stored[:30]} shown as {text[:30]}")
        return text

    def _merge(self, attributes: Attributes) -> None:
        first, _, last = attributes.get("ref", "").partition(":")
        start, end = self._place_of(first), self._place_of(last or first)
        self.sheet.merges.append((min(start[0], end[0]), min(start[1], end[1]), max(start[0], end[0]), max(start[1], end[1])))

    def _note(self, kind: str, place: str) -> None:
        self._notes[kind] += 1
        self._first_places.setdefault(kind, place)


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def _unescaped(text: str) -> str:
    """Text with the characters that XML cannot hold (_x000D_) in place of their codes; line ends are newlines."""
    if "_x" in text:
        text = ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")  # two codes may be one character
    return text.replace("\r\n", "\n").replace("\r", "\n")
