"""Puts figures back into the columns that they lost, where the arithmetic of a form leaves one way to do so.

Belongs here: ways to cut a run of digits into printed numbers, ways to place numbers in columns, and the identities that both
must satisfy (rate = executed / budget, score = weight × rate, parts add up to the whole): pure functions over texts and
Decimals. Does not belong here: labels, templates and documents (`flattened`).

Nothing is guessed: a row is placed only where every reading that satisfies the identities of its block places it alike. The
identities are held exactly to the printed places, so a block that contradicts itself has no reading and stays as it is.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

# Roles of columns: what the identities know them by. A column of another role is bound by no identity.
BUDGET, EXECUTED, WEIGHT, RATE, SCORE, AMOUNT, OTHER = "budget", "executed", "weight", "rate", "score", "amount", "other"
MONEY = (BUDGET, EXECUTED, AMOUNT)
LEAST_DIGITS = 2  # of a budget that is cut from a run
USUAL_DECIMALS = 2  # of amounts in 万元
MOST_STEPS = 200_000  # of one search: what needs more has too many readings to be certain
MOST_READINGS = 5_000  # of one row
_NUMBER = re.compile(r"(?:0|[1-9]\d{0,11}|[1-9]\d{0,2}(?:,\d{3})+)(?:\.\d{1,6})?%?")
_BEGUN = re.compile(r"(?:0|[1-9][\d,]*)(?:\.\d*)?%?")
_WEIGHTS = frozenset(map(Decimal, (5, 10, 15, 20, 25, 30)))
_UNIT = re.compile(r"(?:万元|元|分)$")

Reading = tuple[str | None, ...]  # one text a column, None where the cell is empty


@dataclass(frozen=True)
class Row:
    """The figures of a row as printed. `is_run`: the first text holds several numbers without separators, the others are cells.
    `part`: "whole", "part" of it, or "" for a row outside the sum."""

    texts: tuple[str, ...]
    is_run: bool = False
    part: str = ""


class _TooMany(Exception):
    """A search that would not end soon."""


def value(text: str | None) -> Decimal | None:
    """Number that a text prints, or None where it prints none or allows no certain reading."""
    plain = _UNIT.sub("", unicodedata.normalize("NFKC", text or "").strip())
    return Decimal(plain.replace(",", "").rstrip("%")) if _NUMBER.fullmatch(plain) else None


def splits(run: str, count: int) -> Iterator[tuple[str, ...]]:
    """Every way to cut a run into `count` numbers as forms print them: no leading zero, at most six decimals."""
    if count <= 1:
        if count == 1 and _NUMBER.fullmatch(run):
            yield (run,)
        return
    for end in range(1, len(run) - count + 2):
        first = run[:end]
        if not _BEGUN.fullmatch(first):
            return
        if _NUMBER.fullmatch(first):
            for rest in splits(run[end:], count - 1):
                yield (first, *rest)


def agreeing(roles: Sequence[str], reading: Reading, *, is_cut: bool = False) -> int | None:
    """Number of identities inside a row that a reading satisfies; None where it contradicts one or misuses a per-cent sign.

    In a reading that was cut from a run the weight must be one that forms give the execution rate: any digits fit some weight.
    """
    texts = dict(zip(roles, reading, strict=True))
    if any(text and text.endswith(("%", "％")) and role != RATE for role, text in zip(roles, reading, strict=True)):
        return None
    numbers = {role: value(texts.get(role)) for role in (BUDGET, EXECUTED, WEIGHT, RATE, SCORE)}
    budget, executed, weight, rate, score = numbers.values()
    count = 0
    if rate is not None and executed is not None and budget is not None:
        if not budget or not _rounds_to(executed / budget * 100, rate):
            return None
        if is_cut and len(texts[BUDGET] or "") < LEAST_DIGITS:
            return None  # 88 is 8 and 8 as often as not
        count += bool(rate)  # a rate of 0 fits every budget and every weight: it proves nothing
    if is_cut and (
        weight not in (None, *_WEIGHTS)
        or not _are_alike([text for role, text in zip(roles, reading, strict=True) if role in MONEY])
    ):
        return None
    if weight is not None and score is not None and rate is not None:
        if not _rounds_to(weight * min(rate, Decimal(100)) / 100, score):
            return None
        count += bool(rate and score)
    return count


def _are_alike(amounts: Sequence[str | None]) -> bool:
    """Whether amounts are printed alike: with two decimals at most, or all with the same number of them."""
    places = {len(text.partition(".")[2]) for text in amounts if text and value(text)}
    return len(places) <= 1 or max(places) <= USUAL_DECIMALS


def _rounds_to(exact: Decimal, printed: Decimal) -> bool:
    exponent = printed.as_tuple().exponent
    return abs(exact - printed) * 2 <= Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)


def solve(roles: Sequence[str], rows: Sequence[Row]) -> list[Reading | None]:
    """One reading a row, None where it is not certain. `roles` are those of the columns, in order.

    A row with as many texts as columns is read as it stands. Of the others, that of the whole must satisfy both the rate and
    the score, and where the block has parts, each column of money must add up.
    """
    has_parts = any(row.part == "part" for row in rows)
    try:
        choices = [_choices(roles, row, has_parts) for row in rows]
    except _TooMany:
        choices = [_as_printed(roles, row) for row in rows]
    found: list[Reading | None] = [
        options[0] if _is_complete(roles, row) and options else None for row, options in zip(rows, choices, strict=True)
    ]
    wholes = [number for number, row in enumerate(rows) if row.part == "whole"]
    parts = [number for number, row in enumerate(rows) if row.part == "part"]
    if len(wholes) != 1 or not any(found[number] is None for number in (*wholes, *parts)):
        return found
    whole = wholes[0]
    if not parts or not all(choices[number] for number in parts):
        certain = [reading for reading in choices[whole] if agreeing(roles, reading) == 2]
        if found[whole] is None and len(certain) == 1 and not _lacks_amount(roles, certain[0]):
            found[whole] = certain[0]
        return found
    money = [column for column, role in enumerate(roles) if role in MONEY]
    if len(money) < 2:
        return found
    try:
        solutions = list(itertools.islice(_sums(money, choices[whole], [choices[number] for number in parts]), MOST_READINGS))
    except _TooMany:
        return found
    for place, number in enumerate((whole, *parts)):
        readings = {solution[place] for solution in solutions}
        if found[number] is None and len(readings) == 1 and len(solutions) < MOST_READINGS:
            reading = readings.pop()
            found[number] = None if number == whole and _lacks_amount(roles, reading) else reading
    return found


def _lacks_amount(roles: Sequence[str], reading: Reading) -> bool:
    """Whether an amount is missing: an empty budget of one phase leaves that of the other to explain the rate."""
    return any(text is None and role in MONEY for role, text in zip(roles, reading, strict=True))


def _is_complete(roles: Sequence[str], row: Row) -> bool:
    return not row.is_run and len(row.texts) in (0, len(roles))


def _as_printed(roles: Sequence[str], row: Row) -> list[Reading]:
    if not _is_complete(roles, row):
        return []
    reading: Reading = row.texts or (None,) * len(roles)
    has_sign = any(text and text.endswith(("%", "％")) and role in MONEY for role, text in zip(roles, reading, strict=True))
    return [] if has_sign else [reading]


def _choices(roles: Sequence[str], row: Row, has_parts: bool) -> list[Reading]:
    """Readings of a row by itself: where it stands complete the one, else every placing that no identity contradicts."""
    if _is_complete(roles, row):
        return _as_printed(roles, row)
    if not row.part or any(value(text) is None and not _is_empty(text) for text in row.texts if not row.is_run):
        return []
    found: list[Reading] = []
    steps = 0
    if row.is_run and len(row.texts) > 1:
        if row.part == "part":
            for numbers in splits(_plain(row.texts[0]), len(roles) - len(row.texts) + 1):
                cut: Reading = (*_printed(row, numbers), *row.texts[1:])
                found += [cut] if agreeing(roles, cut) is not None else []
        return found
    least = 1 if has_parts and not row.is_run else 2  # identities of the whole: sums of parts stand in for the score
    for columns in _filled(roles, row, least):
        for texts in splits(_plain(row.texts[0]), len(columns)) if row.is_run else iter([row.texts]):
            steps += 1
            if steps > MOST_STEPS or len(found) > MOST_READINGS:
                raise _TooMany
            placed = dict(zip(columns, _printed(row, texts), strict=True))
            reading = tuple(placed.get(column) for column in range(len(roles)))
            agreed = agreeing(roles, reading, is_cut=row.is_run and row.part == "whole")
            if agreed is not None and (row.part == "part" or agreed >= least):
                found.append(reading)
    return found


def _plain(run: str) -> str:
    """A run in ASCII, one character for one."""
    return "".join(unicodedata.normalize("NFKC", character)[:1] for character in run)


def _printed(row: Row, texts: tuple[str, ...]) -> tuple[str, ...]:
    """The texts as the row prints them: a split of a run is cut from the run itself."""
    if not row.is_run:
        return texts
    ends = list(itertools.accumulate(map(len, texts)))
    return tuple(row.texts[0][end - len(text) : end] for text, end in zip(texts, ends, strict=True))


def _filled(roles: Sequence[str], row: Row, least: int) -> Iterator[tuple[int, ...]]:
    """Which columns the figures may stand in. The whole fills at least all that its identities name; a part fills columns of
    money, as forms leave weight and score to the whole, or all of them."""
    columns = range(len(roles))
    money = tuple(column for column in columns if roles[column] in MONEY)
    bound = {
        column
        for column in columns
        if roles[column] in (BUDGET, EXECUTED, RATE) or (least > 1 and roles[column] in (WEIGHT, SCORE))
    }
    if row.part == "whole":
        sizes = range(1, len(roles) + 1) if row.is_run else range(len(row.texts), len(row.texts) + 1)
        for size in sizes:
            yield from (chosen for chosen in itertools.combinations(columns, size) if bound <= set(chosen))
        return
    if not row.is_run and any(map(_is_empty, row.texts)):  # dashes may stand in any column
        for chosen in itertools.combinations(columns, len(row.texts)):
            if all(_is_empty(text) or column in money for text, column in zip(row.texts, chosen, strict=True)):
                yield chosen
        return
    sizes = range(1, len(money) + 1) if row.is_run else range(len(row.texts), len(row.texts) + 1)
    for size in sizes:
        yield from itertools.combinations(money, size)
    with_rate = tuple(column for column in columns if roles[column] in (*MONEY, RATE))
    for wider in dict.fromkeys((with_rate, tuple(columns))):
        if len(wider) > len(money) and (row.is_run or len(row.texts) == len(wider)):
            yield wider


def _sums(money: Sequence[int], wholes: list[Reading], parts: list[list[Reading]]) -> Iterator[tuple[Reading, ...]]:
    """Every choice of one reading a row in which the parts add up to the whole in each column of money."""
    steps = itertools.count()
    order = sorted(range(len(parts)), key=lambda place: len(parts[place]))

    def amounts(reading: Reading) -> tuple[Decimal, ...] | None:
        found = [Decimal(0) if _is_empty(reading[column]) else value(reading[column]) for column in money]
        return None if None in found else tuple(number for number in found if number is not None)

    sized = [[(reading, numbers) for reading in parts[place] if (numbers := amounts(reading)) is not None] for place in order]

    def fitting(depth: int, left: tuple[Decimal, ...]) -> Iterator[tuple[Reading, ...]]:
        if depth == len(sized):
            if not any(left):
                yield ()
            return
        for reading, numbers in sized[depth]:
            if next(steps) > MOST_STEPS:
                raise _TooMany
            rest = tuple(total - number for total, number in zip(left, numbers, strict=True))
            if all(number >= 0 for number in rest):
                for others in fitting(depth + 1, rest):
                    yield (reading, *others)

    for whole in wholes:
        totals = amounts(whole)
        if totals is None:
            continue
        for chosen in fitting(0, totals):
            by_place = dict(zip(order, chosen, strict=True))
            yield (whole, *(by_place[place] for place in range(len(parts))))


def _is_empty(text: str | None) -> bool:
    return text is None or not re.search(r"\d", text)
