"""Decisions of people on single figures: the YAML files that they stand in, read strictly, and written one file per decision.

Belongs here: folders, form and validation of the files, ids, the hash by which a night notices a change. Does not belong here:
what a decision does to facts (`facts.decisions`, `lifecycle`), words for people (`commands`).

Files are read from `<project>/expectations/corrections/` (reviewed and committed) and from the folder of the setting
`corrections` (decided at run time; the command writes there). A file holds one key, `corrections`, with a list of entries:

    corrections:
      - file: anlan/2024/report.txt       # path below the raw folder; or sha256: of the bytes, wherever they lie
        form: base_data                   # form_kind
        table: fact_expenditures
        field: amount_wanyuan             # left out where a row as a whole is meant
        place: table 2 row 5 column 3     # locator
        expected: "7,00.0,77"             # what the source shows there; white space counts as one space
        decision: correct                 # or release, reject
        value: "700.077"                  # of correct only; in the unit of the column
        reason: typing error, the paper form says so
        by: Li Ming
        date: 2026-03-02
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path, PurePosixPath

import polars as pl
import yaml

from pipelines.catalogue import catalogue
from pipelines.facts.decisions import FILE, SCHEMA, no_decisions, text_key, value_column
from pipelines.home import replace_atomically
from pipelines.quality.suites import extra_expectations, fact_tables, suite
from pipelines.settings import Settings

COMMITTED = Path("expectations") / "corrections"
SUFFIXES = (".yml", ".yaml")
MAX_FILE_BYTES = 1 << 20
MAX_DEPTH = 3  # the file's mapping, its list, an entry
MAX_TOLD = 10
_ROOT = "corrections"
_REQUIRED = ("form", "table", "place", "expected", "decision", "reason", "by", "date")
_OPTIONAL = ("file", "sha256", "field", "value")
_LONGEST = {"expected": 20_000, "reason": 1_000, "by": 100, "file": 1_000, "place": 300}
_VALUE = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,6})?")
_LARGEST_COUNT = 2**31 - 1
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class CorrectionError(ValueError):
    """A file of decisions that cannot be used, or a decision that cannot be taken; `problems` has one text each."""

    def __init__(self, problems: list[str]) -> None:
        """Keep the problems; the message joins the first of them."""
        more = f"; and {len(problems) - MAX_TOLD} more" if len(problems) > MAX_TOLD else ""
        super().__init__("; ".join(problems[:MAX_TOLD]) + more)
        self.problems = problems


@dataclass(frozen=True)
class _Entry:
    """The texts of one entry by key, and where they stand."""

    texts: dict[str, str]
    source: str
    line: int

    @property
    def where(self) -> str:
        return f"{self.source} line {self.line}"


def folders(settings: Settings) -> list[Path]:
    """Folders that decisions are read from: the project's, then the one that the command writes to."""
    return list(dict.fromkeys([settings.project / COMMITTED, settings.corrections]))


def read_corrections(settings: Settings) -> pl.DataFrame:
    """Every decision (columns `facts.decisions.SCHEMA`), sorted by id. Raises CorrectionError, which names file and line."""
    entries: list[_Entry] = []
    problems: list[str] = []
    for folder in folders(settings):
        for path in _files(folder):
            try:
                entries += _entries(path, _shown(path, settings))
            except CorrectionError as error:
                problems += error.problems
    known, wrong = _frame(entries)
    if problems or wrong:
        raise CorrectionError([*problems, *wrong])
    return known


def take_up(settings: Settings, run: Path) -> pl.DataFrame:
    """Read every decision and keep them for the run, so that all of its steps see the same. Raises CorrectionError."""
    decisions = read_corrections(settings)
    run.mkdir(parents=True, exist_ok=True)
    replace_atomically(run / FILE, decisions.write_parquet)
    return decisions


def versions(decisions: pl.DataFrame) -> dict[str, str]:
    """Hash of what was decided, by the file_name or sha256 that decisions name; a night notices its change."""
    found: dict[str, list[list[str]]] = {}
    for row in decisions.sort("correction_id").iter_rows(named=True):
        found.setdefault(row["file_name"] or row["sha256"], []).append(
            [row["correction_id"], row["decision_code"], str(row["value"])]
        )
    return {name: hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12] for name, parts in found.items()}


def version_of(known: Mapping[str, str], file_name: str, sha256: str) -> str | None:
    """Version of the decisions on a revision by `versions`, as the plan and `reports` have it; None where there are none."""
    return "-".join(known[name] for name in (file_name, sha256) if name in known) or None


def digest(settings: Settings) -> str:
    """Hash of everything that decisions say, reasons included. Raises CorrectionError."""
    rows = read_corrections(settings).drop("decided_in").rows()
    return hashlib.sha256(json.dumps(rows, default=str, ensure_ascii=False).encode()).hexdigest()[:12]


def write_correction(settings: Settings, texts: dict[str, str]) -> tuple[str, Path]:
    """Write one decision (the keys of an entry) into a file of its own; returns its correction_id and the path.

    A decision that this command made before on the same figure is replaced. Raises CorrectionError where the decision does not
    hold together, or where another file holds one on the figure, and OSError.
    """
    known = read_corrections(settings)
    frame, problems = _frame([_Entry(texts, "the decision", 1)])
    if problems:
        raise CorrectionError([problem.removeprefix("the decision line 1: ") for problem in problems])
    correction_id = str(frame["correction_id"][0])
    path = settings.corrections / f"{correction_id}.yml"
    elsewhere = known.filter(pl.col("correction_id") == correction_id, pl.col("decided_in") != _shown(path, settings))
    if elsewhere.height:
        raise CorrectionError([f"{elsewhere['decided_in'][0]} holds a decision on this figure already: change it there"])
    ordered = {name: texts[name] for name in ("file", "sha256", "form", "table", "field", *_REQUIRED[2:]) if name in texts}
    if "value" in texts:
        ordered["value"] = texts["value"]
    text = yaml.safe_dump({_ROOT: [ordered]}, allow_unicode=True, sort_keys=False, width=120)
    replace_atomically(path, lambda target: target.write_text(text, encoding="utf-8"))
    return correction_id, path


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and not path.name.startswith("."))


def _shown(path: Path, settings: Settings) -> str:
    """A file's path as messages and the warehouse tell it: relative to the project or the home where it lies below one."""
    base = next((base for base in (settings.home, settings.project) if path.is_relative_to(base)), path.parent)
    return path.relative_to(base).as_posix()


def _entries(path: Path, source: str) -> list[_Entry]:
    """Entries of one file as texts: numbers and dates are not interpreted. Raises CorrectionError."""
    node = _composed(path, source)
    if node is None:
        return []
    root = _mapping(node, source, "the file")
    if set(root) != {_ROOT}:
        raise CorrectionError(
            [f"{source}: the file must have the one key `{_ROOT}`, it has {', '.join(map(repr, root)) or 'none'}"]
        )
    listed = root[_ROOT]
    if not isinstance(listed, yaml.SequenceNode):
        raise CorrectionError([f"{_at(source, listed)}: `{_ROOT}` must be a list of entries"])
    found, problems = [], []
    for entry in listed.value:
        try:
            texts = {name: _text(name, value, source) for name, value in _mapping(entry, source, "an entry").items()}
        except CorrectionError as error:
            problems += error.problems
        else:
            found.append(_Entry(texts, source, entry.start_mark.line + 1))
    if problems:
        raise CorrectionError(problems)
    return found


def _composed(path: Path, source: str) -> yaml.Node | None:
    """The file's YAML nodes. Nothing that makes a small file large or gives a text another meaning is allowed."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise CorrectionError([f"{source}: the file is larger than {MAX_FILE_BYTES} bytes; divide it"])
        text = path.read_text(encoding="utf-8")
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise CorrectionError([f"{source} line {line}: anchors and aliases are not allowed; write it out"])
            if getattr(event, "tag", None):
                raise CorrectionError([f"{source} line {line}: tags are not allowed; write a plain text"])
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                raise CorrectionError([f"{source} line {line}: an entry holds texts only, no lists or mappings"])
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise CorrectionError([f"{source}: cannot be read: {error}"]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{source} line {mark.line + 1}" if mark else source
        raise CorrectionError([f"{where}: not valid YAML: {getattr(error, 'problem', None) or error}"]) from error


def _at(source: str, node: yaml.Node) -> str:
    return f"{source} line {node.start_mark.line + 1}"


def _mapping(node: yaml.Node, source: str, what: str) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        raise CorrectionError([f"{_at(source, node)}: {what} must be a mapping of keys to values"])
    found: dict[str, yaml.Node] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise CorrectionError([f"{_at(source, key)}: a key must be a text"])
        if key.value in found:
            raise CorrectionError([f"{_at(source, key)}: {key.value!r} stands twice"])
        found[key.value] = value
    return found


def _text(name: str, node: yaml.Node, source: str) -> str:
    if not isinstance(node, yaml.ScalarNode) or node.tag == "tag:yaml.org,2002:null":
        raise CorrectionError([f"{_at(source, node)}: {name!r} must be a text"])
    return str(node.value)


def _frame(entries: list[_Entry]) -> tuple[pl.DataFrame, list[str]]:
    """The decisions that are sound, and what is wrong with the others."""
    problems: list[str] = []
    rows, sound = [], []
    for entry in entries:
        wrong = list(_problems(entry.texts))
        problems += [f"{entry.where}: {problem}" for problem in wrong]
        if not wrong:
            rows.append(_row(entry))
            sound.append(entry)
    if not rows:
        return no_decisions(), problems
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row").with_columns(expected_text=text_key("expected_text"))
    identity = ("file_name", "sha256", "form_kind", "table_name", "field_name", "locator", "expected_text")
    ids = [hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16] for key in frame.select(identity).iter_rows()]
    first: dict[str, _Entry] = {}
    for correction_id, entry in zip(ids, sound, strict=True):
        if first.setdefault(correction_id, entry) is not entry:
            problems.append(f"{entry.where}: {first[correction_id].where} decides on the same figure; remove one of the two")
    return frame.with_columns(correction_id=pl.Series(ids, dtype=pl.String)).sort("correction_id"), problems


def _row(entry: _Entry) -> dict[str, object]:
    texts = entry.texts
    return {
        "file_name": unicodedata.normalize("NFC", texts["file"]) if "file" in texts else None,
        "sha256": texts.get("sha256"),
        "form_kind": texts["form"],
        "table_name": texts["table"],
        "field_name": texts.get("field"),
        "locator": texts["place"],
        "expected_text": texts["expected"],
        "decision_code": texts["decision"],
        "value": Decimal(texts["value"]) if "value" in texts else None,
        "decision_reason": texts["reason"].strip(),
        "decided_by": texts["by"].strip(),
        "decided_on": date.fromisoformat(texts["date"]),
        "decided_in": entry.source,
    }


def _problems(texts: dict[str, str]) -> Iterator[str]:
    """What is wrong with an entry, in words; what depends on a wrong key is left out."""
    unknown = sorted(set(texts) - {*_REQUIRED, *_OPTIONAL})
    if unknown:
        yield f"no such key: {', '.join(map(repr, unknown))}; known are {', '.join((*_REQUIRED, *_OPTIONAL))}"
    missing = [name for name in _REQUIRED if not texts.get(name, "").strip()]
    if missing:
        yield f"{', '.join(missing)} must not be missing or empty"
    for name, longest in _LONGEST.items():
        if len(texts.get(name, "")) > longest:
            yield f"{name} is longer than {longest} characters"
    steering = [name for name in sorted(texts) if name != "expected" and _CONTROL.search(texts[name])]
    if steering:
        yield f"{', '.join(steering)}: control characters are not allowed"
    yield from _revision_problems(texts)
    if missing or unknown:
        return
    yield from _figure_problems(texts)
    try:
        well_formed = date.fromisoformat(texts["date"]).isoformat() == texts["date"]
    except ValueError:
        well_formed = False
    if not well_formed:
        yield f"{texts['date']!r} is no day; write it as 2026-03-02"


def _revision_problems(texts: dict[str, str]) -> Iterator[str]:
    if ("file" in texts) == ("sha256" in texts):
        yield "either file or sha256 must name the revision"
    elif "sha256" in texts and not re.fullmatch(r"[0-9a-f]{64}", texts["sha256"]):
        yield "sha256 must be 64 hexadecimal digits"
    elif "file" in texts:
        path = PurePosixPath(texts["file"])
        if path.is_absolute() or ".." in path.parts or len(path.parts) < 3:
            yield f"{texts['file']!r} is no path <city>/<year>/<file> below the raw folder"


def _figure_problems(texts: dict[str, str]) -> Iterator[str]:
    if texts["form"] not in catalogue().codes["form_kind"]:
        yield f"{texts['form']!r} is no kind of form; known are {', '.join(catalogue().codes['form_kind'])}"
    if texts["decision"] not in catalogue().codes["decision"]:
        yield f"{texts['decision']!r} is no decision; known are {', '.join(catalogue().codes['decision'])}"
        return
    if texts["table"] not in fact_tables():
        yield f"{texts['table']!r} is no fact table; known are {', '.join(fact_tables())}"
        return
    columns = (*catalogue().tables[texts["table"]].column_names, *extra_expectations(texts["table"]).derived)
    if "field" in texts and texts["field"] not in columns:
        yield f"{texts['table']} has no column {texts['field']!r}"
    elif texts["decision"] != "correct":
        if "value" in texts:
            yield f"value does not go with {texts['decision']}"
    elif "value" not in texts:
        yield "a correction needs a value"
    else:
        yield from value_problems(texts["table"], texts.get("field"), texts["value"])


def value_problems(table_name: str, field_name: str | None, value: str) -> Iterator[str]:
    """Why a value cannot be put into a field: the field holds no number, or type or believable bounds do not allow it."""
    column = value_column(field_name) if field_name else None
    known = catalogue().tables[table_name].column_names
    if column is None or column not in known:
        yield f"{field_name or 'the row'} holds no single number that a correction could give"
        return
    field = catalogue().fields[column]
    unit = f" in {field.unit}" if field.unit else ""
    if not _VALUE.fullmatch(value):
        yield f"{value!r} is no value of {column}; write digits with at most 12 before and 6 behind the point{unit}"
        return
    number = Decimal(value)
    if field.type == "INTEGER" and (number != number.to_integral_value() or abs(number) > _LARGEST_COUNT):
        yield f"{value} is no value of {column}: it counts whole things"
    low, high = _bounds(table_name, column)
    if (low is not None and number < low) or (high is not None and number > high):
        shown = (f"{'' if bound is None else format(bound, 'f')}" for bound in (low, high))
        yield f"{value} is no value of {column}{unit}: believable is {' to '.join(shown)}"


@cache
def _bounds(table_name: str, column: str) -> tuple[Decimal | None, Decimal | None]:
    """The narrowest bounds that the table's suite has for a column."""
    lows, highs = [], []
    for entry in suite(table_name)["expectations"]:
        kwargs = entry["kwargs"]
        if entry["type"] == "expect_column_values_to_be_between" and kwargs["column"] == column:
            lows += [Decimal(str(kwargs["min_value"]))] if "min_value" in kwargs else []
            highs += [Decimal(str(kwargs["max_value"]))] if "max_value" in kwargs else []
    return max(lows, default=None), min(highs, default=None)
