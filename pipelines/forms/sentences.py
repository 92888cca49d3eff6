"""Reads budget sentences: which amount, rate or change belongs to which item, phase and year; and counts, staff and scores.

Belongs here: applying the grammar of templates/HN-NARRATIVE.yml to a text. Does not belong here: the words of that grammar,
headings and chapters (narrative), sentences about one project (prose).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Any

from pipelines.catalogue import catalogue
from pipelines.catalogue.definitions import normalise_label
from pipelines.forms.templates import narrative_template

# A figure with everything that stands in it, so that a malformed one is seen whole: signs, masks, thousands, ranges,
# approximations.
_RUN = r"(?<![\d.*×])(?<!\d )(?:[-−](?=\d))?[\d*×](?:[\d.,*×]|，(?=\d{3}(?!\d))| (?=\d))*+(?:[-~～—至][\d.,*×]++)?"
_UNIT = r"亿元|万元|元|[万亿](?=[，,。；;、）)]|$)"
_UNITS = {"万": "万元", "亿": "亿元"}
_WHOLE = r"(?<![\d.,*×-])(?:\d{1,3}(?:,\d{3})+|\d+)(?![\d.,*×余多])"
_PRINTED = r"(?<![\d.,*×-])[\d*×][\d.,*×]*+"
# Spelt in ASCII one character for one, so that places stay; the full-width comma parts clauses.
_ASCII = str.maketrans("０１２３４５６７８９．％－＊", "0123456789.%-*")
_YEAR = re.compile(r"(20\d{2})年(?!\d{1,2}月|成立|设立|组建|以来)")
LONGEST_GAP = 40
UNKNOWN = ""  # the whole of parts that no item is named for
_SENTENCE_END = "。；;"
_CLAUSE_END = "，,。；;"


@dataclass(frozen=True, slots=True)
class Figure:
    """What a sentence tells at one place. `kind`: amount, rate, change or unmapped; `raw` is the figure as printed, `start`
    counts its characters from 0."""

    kind: str
    raw: str
    start: int
    item: str | None = None
    phase: str | None = None
    year: int | None = None
    unit: str | None = None
    basis: str | None = None
    sign: int = 1


@dataclass(frozen=True, slots=True)
class Statement:
    """A value that a pattern reads whole: a column of a fact table or a count code, its text, its place and the words around
    it. `item` is None where a score's subject is not clear."""

    name: str
    raw: str
    start: int
    label: str
    year: int | None = None
    item: str | None = None


@dataclass(frozen=True, slots=True)
class _Token:
    """A word of a budget sentence. `begin` and `end` are places in the text without white space."""

    kind: str
    value: str
    begin: int
    end: int
    start: int
    unit: str | None = None
    entry: dict[str, Any] = field(default_factory=dict)
    figure_begin: int = 0


@dataclass(frozen=True)
class _Subject:
    """What a sentence is about at one place: the item, what its parts belong to (UNKNOWN where nothing said so), and the basis
    of a comparison."""

    item: str | None
    whole: str | None = None
    compared: bool = False
    basis: str | None = None


@lru_cache(256)  # each paragraph is read for amounts, staff, counts and scores
def compact(text: str) -> tuple[str, list[int]]:
    """The text without white space, except one where it parts digits, digits in ASCII; and the place of each character in
    the text."""
    kept = list(text)
    for run in re.finditer(r"\s+", text):
        parts_digits = text[max(0, run.start() - 1) : run.start()].isdigit() and text[run.end() : run.end() + 1].isdigit()
        kept[run.start() : run.end()] = [" " * parts_digits, *[""] * (len(run[0]) - 1)]
    places = [place for place, character in enumerate(kept) if character]
    return "".join(kept).translate(_ASCII), places


def has_amount(text: str) -> bool:
    """Whether a text states an amount of money with its unit."""
    return re.search(rf"{_RUN}[余多]?(?:{_UNIT})", compact(text)[0]) is not None


def figures(text: str, fiscal_year: int | None, usual: str | None = None, usual_phase: str | None = None) -> list[Figure]:
    """Amounts, rates and changes of a text in order; `usual` is the item of sentences that name none, `usual_phase` the phase
    of amounts that name none."""
    return list(_Reader(text, fiscal_year, usual, usual_phase).read())


class _Reader:
    """State of reading one text from word to word."""

    def __init__(self, text: str, fiscal_year: int | None, usual: str | None, usual_phase: str | None) -> None:
        self.text, self.fiscal_year, self.usual, self.usual_phase = text, fiscal_year, usual, usual_phase
        self.compact, self.places = compact(text)
        self.subject = _Subject(usual)
        self.outside = self.subject  # as it was before the brackets
        self.phase: str | None = None
        self.is_fresh = False  # a phase was named since the last figure
        self.year = self.year_of_clause = fiscal_year
        self.open: list[_Token] = []  # items and phases named since the last figure, for 分别为
        self.is_list = False  # they are joined by 和 or 、: an amount behind them belongs to none of them alone
        self.previous: _Token | None = None
        self.amounts: list[tuple[str | None, str | None]] | None = None  # what 分别为 says of the amounts behind it
        self.needs_phase = False
        self.is_loose = False  # a clause behind the last word for an item or a phase speaks of something else
        self.is_carried = False  # the last amount of a part had the phase of its whole
        self.is_reason = False  # of a change or a result: what it names is no more than that
        self.sentence_from = 0

    def read(self) -> Iterator[Figure]:
        tokens = list(_tokens(self.text, self.compact, self.places))
        for number, token in enumerate(tokens):
            match token.kind:
                case "item" | "word":
                    self._item(token)
                case "phase":
                    self._phase(token)
                case "year":
                    self.year = self.year if self.subject.compared else int(token.value)
                    self.subject = _with(self.subject, basis=None)
                case "comparison":
                    self._comparison(token)
                case "respectively":
                    self._respectively(tokens[number + 1 :])
                case "part":
                    self.subject, self.open, self.is_list = _Subject(None, self.subject.item or UNKNOWN), [], False
                case "reason":
                    self.subject, self.is_reason = _Subject(None), True
                case "other":
                    self.subject = _with(self.subject, item=None)
                    self.phase = self.phase if self.is_fresh else None
                case "bound":
                    yield Figure("unmapped", token.value, token.start)
                case "open":
                    self.outside = self.subject
                case "close":
                    self.subject = self.outside
                case "clause":
                    self.is_loose = self.is_loose or not self._is_near(token.begin)
                    self.subject = _with(self.subject, compared=False)
                    self.year_of_clause = self.year
                case "sentence":
                    self._sentence(token)
                case _:
                    yield from self._figure(token)
            if token.kind not in ("amount", "clause"):
                self.amounts = self.amounts if token.kind == "respectively" else None
            self.previous = token

    def _item(self, token: _Token) -> None:
        entry = token.entry
        is_about = self._is_within(entry.get("within")) and self._is_needed(entry.get("needs"), token)
        if not is_about or self._is_named_otherwise(token):
            self.subject = _with(self.subject, item=None, basis=None)
            return
        self._name(token)
        code = token.value
        if code in narrative_template()["separate_items"] and not self.is_fresh:
            self.phase = None
        if "phase" in entry:
            self.phase, self.is_fresh = entry["phase"], True
        self.needs_phase = entry.get("is_phased", False) and self.usual_phase is None
        self.is_carried = False
        item = None if code == self.subject.whole or self.is_reason else code
        self.subject = _with(self.subject, item=item, basis=None)

    def _is_within(self, family: str | None) -> bool:
        if family is None:
            return True
        named = (self.subject.item, self.subject.whole, self.outside.item, self.outside.whole)
        items = catalogue().codes["item"]
        return any(code in items and family in (code, items[code].parent) for code in named)

    def _is_needed(self, pattern: str | None, token: _Token) -> bool:
        return pattern is None or re.search(pattern, self.compact[self.sentence_from : token.begin]) is not None

    def _is_named_otherwise(self, token: _Token) -> bool:
        """Whether words before an item make it the name of one project (信息化项目支出)."""
        grammar = narrative_template()
        begin = self.sentence_from if self.previous is None else self.previous.end
        before = re.search(r"[\u4e00-\u9fff]+$", self.compact[begin : token.begin])
        if token.value not in grammar["named_items"] or before is None:
            return False
        is_filled = re.fullmatch(rf"(?:{grammar['fillers']})*", before[0]) or re.search(grammar["own_words"], before[0])
        return not is_filled

    def _name(self, token: _Token) -> None:
        """Take a word for an item or a phase; words joined by 和 or 、 (人员经费和公用经费) are a list."""
        same = [one for one in self.open if (one.kind == "phase") == (token.kind == "phase")]
        others = [one for one in self.open if (one.kind == "phase") != (token.kind == "phase")]
        is_joined = (
            bool(same)
            and self.previous is same[-1]
            and re.fullmatch(narrative_template()["conjunctions"], self.compact[same[-1].end : token.begin]) is not None
        )
        self.is_loose = False
        self.open = [*others, *(same if is_joined else []), token]
        self.is_list = is_joined or len(others) > 1

    def _phase(self, token: _Token) -> None:
        if token.entry.get("is_bare") and (self.is_loose or not self._is_near(token.begin)):
            return
        self._name(token)
        if not self.subject.compared:
            self.phase, self.is_fresh = token.value, True
            if self.is_carried:  # 其中基本支出8万元，项目支出4万元，决算数11万元: of the whole, or of its last part
                self.subject = _with(self.subject, item=None)
        self.subject = _with(self.subject, basis=None)

    def _comparison(self, token: _Token) -> None:
        self.year = self.year_of_clause
        basis = token.entry.get("basis")
        if token.unit is not None and (self.year is None or int(token.unit) != self.year - 1):
            basis = None  # 较2021年 in a report on 2024
        if basis is not None and not self._is_clear(token.begin):
            self.subject = _with(self.subject, compared=True, basis=None)  # 游客同比增长
        else:
            self.subject = _with(self.subject, compared=True, basis=basis or self.subject.basis)

    def _respectively(self, behind: list[_Token]) -> None:
        """Hand the amounts behind 分别为 to the items, or to the phases, of the list before it where they are as many."""
        items = [token.value for token in self.open if token.kind != "phase"]
        phases = [token.value for token in self.open if token.kind == "phase"]
        count = 0
        for token, before in zip(behind, [None, *behind], strict=False):
            begin = self.compact.rfind("别", 0, token.begin) if before is None else before.end
            gap = self.compact[begin : token.begin]
            if token.kind == "clause" and before is not None and before.kind == "amount":
                continue
            if token.kind != "amount" or (before is not None and not re.fullmatch(r"[、和及与]?", gap)):
                break
            count += 1
        item = self.subject.item
        if self.is_list and len(items) == count > 1 and len(phases) <= 1:
            self.amounts = [(code, self.phase) for code in items]
        elif self.is_list and len(phases) == count > 1 and len(items) <= 1:
            self.amounts = [(item, code) for code in phases]
        else:
            self.subject = _Subject(None, self.subject.item)  # a part, as any other
        self.open, self.is_list = [], False

    def _sentence(self, token: _Token) -> None:
        self.year = self.year_of_clause = self.fiscal_year
        if token.value not in "；;":
            self.subject = _Subject(self.usual)
            self.sentence_from = token.end
            self.is_reason = self.is_carried = self.is_loose = False
        is_part = self.subject.whole is not None  # behind 其中…； the whole may go on, or its last part
        item = None if is_part else self.subject.item
        self.subject = _with(self.subject, item=item, compared=False, basis=None)
        self.outside = self.subject
        self.open, self.is_list, self.needs_phase = [], False, False

    def _figure(self, token: _Token) -> Iterator[Figure]:
        item, phase, is_clear = self.subject.item, self.phase, self._is_clear(token.figure_begin)
        if token.kind == "amount" and self.amounts:
            (item, phase), is_clear = self.amounts[0], True
            self.amounts = self.amounts[1:]
        elif token.kind == "amount" and (self.is_loose or (self.needs_phase and not self.is_fresh)):
            is_clear = False
        if token.kind == "change":
            yield from self._change(token, item, phase)
        elif token.kind == "share":
            if item is not None and not self.subject.compared:
                yield Figure("unmapped", token.value, token.start)
        elif token.kind == "rate":
            is_clear = self._is_clear(token.begin) and not self.subject.compared and self.year == self.fiscal_year
            kind = "rate" if item is not None and is_clear else "unmapped"
            yield Figure(kind, token.value, token.start, item, basis=token.entry.get("basis"))
        elif item is None or self.subject.compared or not is_clear:
            if token.value[-1] not in _UNITS or is_clear:  # 5万 of something else may be heads
                yield Figure("unmapped", token.value, token.start)
            if not self.subject.compared:
                self.subject = _with(self.subject, item=None)  # what follows is of the same unknown thing
        else:
            self.subject = _with(self.subject, basis=None)
            self.is_carried = self.subject.whole is not None and not self.is_fresh
            yield Figure(
                "amount", token.value, token.start, item, phase or self.usual_phase or "unstated", self.year, token.unit
            )
        if token.kind not in ("share", "change"):
            self.is_fresh = False
        self.open, self.is_list = [], False

    def _change(self, token: _Token, item: str | None, phase: str | None) -> Iterator[Figure]:
        basis = token.entry.get("basis") or self.subject.basis
        is_clear = item is not None and basis is not None and self._is_clear(token.begin)
        if is_clear:
            is_added = token.entry.get("basis") is not None
            told = "budget_final" if is_added else phase or "unstated"
            yield Figure(
                "change", token.value, token.start, item, told, self.year_of_clause, token.unit, basis, token.entry["sign"]
            )
        elif token.unit is not None:  # a percentage of something else is no figure of the budget
            yield Figure("unmapped", token.value, token.start)

    def _is_clear(self, begin: int) -> bool:
        """Whether the figure at a place is of the item named before it."""
        return not self.is_list and self._is_near(begin)

    def _is_near(self, begin: int) -> bool:
        """Whether only fillers stand between the word before and a place: with other words there, it is of something else."""
        end = self.sentence_from if self.previous is None else self.previous.end
        fillers = rf"(?:{narrative_template()['fillers']})*+"
        return begin - end <= LONGEST_GAP and re.fullmatch(fillers, self.compact[end:begin]) is not None


def _with(subject: _Subject, **changes: Any) -> _Subject:
    kept = {"item": subject.item, "whole": subject.whole, "compared": subject.compared, "basis": subject.basis}
    return _Subject(**{**kept, **changes})


@cache
def _token_pattern() -> tuple[re.Pattern[str], dict[str, str]]:
    """One pattern for everything that matters in a budget sentence, and the code that each matched label stands for."""
    grammar = narrative_template()
    vocabulary = catalogue().codes["item"]
    labels = {label: code for code in grammar["items"] for label in vocabulary[code].labels}
    items = "|".join(re.escape(label) for label in sorted(labels, key=len, reverse=True))
    amount = rf"{_RUN}[余多]?(?:{_UNIT})"

    def alternatives(kind: str, behind: str = "") -> str:
        entries = enumerate(grammar[f"{kind}s"])
        if behind:
            return "|".join(f"(?:{entry['match']})(?P<{kind}_{number}>{behind})" for number, entry in entries)
        return "|".join(
            f"(?P<{kind}_{number}>{entry['match'].replace('(?P<year>', f'(?P<year_{number}>')})" for number, entry in entries
        )

    pattern = "|".join([
        alternatives("rate", rf"{_RUN}(?:%|(?![\d年月个分万亿元]))"),
        rf"{grammar['share']}(?P<share>{_RUN}%)",
        alternatives("change", rf"{amount}|{_RUN}%(?!点|以)"),
        rf"(?P<amount>{amount})",
        rf"(?P<respectively>{grammar['respectively']})",
        rf"(?P<reason>{grammar['reasons']})",  # before years, as 2022年至2024年 is one
        rf"(?P<year>{_YEAR.pattern})",  # a date is no budget year
        alternatives("phase"), alternatives("item_word"), rf"(?P<item>{items})(?!绩效)", alternatives("comparison"),
        rf"(?P<part>{grammar['parts']})", rf"(?P<other>{grammar['others']})",
        r"(?P<sentence>[。；;])", r"(?P<clause>[，,])", r"(?P<open>[（(])", r"(?P<close>[)）])",
    ])  # fmt: skip
    return re.compile(pattern), {normalise_label(label): code for label, code in labels.items()}


def _tokens(text: str, plain: str, places: list[int]) -> Iterator[_Token]:
    """Every word that matters, in order; white space counts only between digits."""
    pattern, items = _token_pattern()
    grammar = narrative_template()
    bounds = re.compile(grammar["bounds"])
    for match in pattern.finditer(plain):
        group = match.lastgroup or ""
        begin, end = match.span(group)
        value = text[places[begin] : places[end - 1] + 1]
        kind, _, number = group.rpartition("_")
        kind, entry = (kind, grammar[f"{kind}s"][int(number)]) if number.isdigit() else (group, {})
        unit = None
        if kind == "item_word":
            kind, value = "word", entry["item"]
        elif kind == "phase":
            value = entry["phase"]
        elif kind == "item":
            value = items[normalise_label(value)]
        elif kind == "year":
            value = plain[begin : begin + 4]
        elif kind == "comparison":
            unit = match.groupdict().get(f"year_{number}")
        elif kind in ("amount", "change"):
            written = re.search(r"(?:亿元|万元|元|万|亿)$", plain[begin:end])
            unit = None if written is None else _UNITS.get(written[0], written[0])
        if kind in ("amount", "change", "rate") and bounds.match(plain, match.end()):
            kind = "bound"
        yield _Token(kind, value, match.start(), match.end(), places[begin], unit, entry, begin)


def statements(text: str, name: str, fiscal_year: int | None) -> list[Statement]:
    """What the patterns of a list of the grammar (`staff`, `counts`, `scores`) read in a text, in order.

    Each place is read by the first pattern that fits. A statement of a clause that compares, or after another clause's word
    that the pattern excludes, is not read; `year` is the last one named before it in the sentence.
    """
    plain, places = compact(text)
    if name != "scores" and not any(map(str.isdigit, plain)):
        return []
    found: list[Statement] = []
    taken: list[tuple[int, int]] = []
    for pattern, entry in _statement_patterns()[name]:
        for match in pattern.finditer(plain):
            if any(start < match.end() and match.start() < end for start, end in taken):
                continue
            sentence = plain[_after(plain, match.start(), _SENTENCE_END) : match.start()]
            clause = plain[_after(plain, match.start(), _CLAUSE_END) : match.start()]
            if not _is_stated(entry, sentence, clause, match[0]):
                continue
            taken.append(match.span())
            years = _YEAR.findall(sentence)
            for group, raw in match.groupdict().items():
                if raw is not None:
                    begin, end = match.span(group)
                    printed = text[places[begin] : places[end - 1] + 1]
                    year = int(years[-1]) if years else fiscal_year
                    found.append(Statement(group, printed, places[begin], match[0], year))
    return sorted(found, key=lambda statement: statement.start)


def scores(text: str, fiscal_year: int | None, usual: str | None) -> list[Statement]:
    """Scores and grades of a text with the item that they are about: the subject named in the sentence, else `usual` where
    the sentence does not speak of projects."""
    grammar = narrative_template()
    plain, places = compact(text)
    found = []
    for stated in statements(text, "scores", fiscal_year):
        place = places.index(stated.start)
        sentence = plain[_after(plain, place, _SENTENCE_END) : place]
        named = [entry for entry in grammar["subjects"] if _is_subject(entry, stated, sentence)]
        is_usual = usual == "project_expenditure" or re.search(grammar["no_subject"], sentence) is None
        clause = plain[_after(plain, place, _CLAUSE_END) : place]
        is_partial = stated.name == "total_score_points" and re.search(grammar["no_score"], clause) is not None
        item = named[0]["item"] if named else usual if is_usual and stated.name != "mean_score_reported_points" else None
        item = None if is_partial else item
        found.append(replace(stated, item=item if stated.year == fiscal_year else None))
    return found


def _is_subject(entry: dict[str, Any], stated: Statement, sentence: str) -> bool:
    if "field" in entry:
        return bool(entry["field"] == stated.name)
    return re.search(entry["match"], sentence) is not None and stated.name != "mean_score_reported_points"


def _is_stated(entry: dict[str, Any], sentence: str, clause: str, matched: str) -> bool:
    if re.search(narrative_template()["other_year"], clause):
        return False
    if "unless" in entry and re.search(entry["unless"], clause + matched):
        return False
    return "needs" not in entry or re.search(entry["needs"], sentence + matched) is not None


def _after(text: str, place: int, ends: str) -> int:
    """Place behind the last of the `ends` before a place."""
    return max(text.rfind(end, 0, place) for end in ends) + 1


@cache
def _statement_patterns() -> dict[str, list[tuple[re.Pattern[str], dict[str, Any]]]]:
    def compiled(match: str) -> re.Pattern[str]:
        return re.compile(match.replace(">N)", f">{_WHOLE})").replace(">P)", f">{_PRINTED})"))

    grammar = narrative_template()
    return {name: [(compiled(entry["match"]), entry) for entry in grammar[name]] for name in ("staff", "counts", "scores")}
