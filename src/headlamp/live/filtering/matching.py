"""Rows against the conditions of a filter; ages against the server's clock."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from math import inf
from typing import NamedTuple

from msgspec import UNSET

from headlamp.live.ages import holds_text_with_age
from headlamp.live.filtering.candidate import Candidate, RowText
from headlamp.live.filtering.grammar import MOST_CONDITIONS, TOO_MANY, Condition
from headlamp.live.ordering import Sense, duration_of, fraction_of, percent_of, quantity_of, sense_of
from headlamp.live.protocol import Cell, Column, Instant, Key
from headlamp.live.statuses import StatusReader, fixed_text

ValuesOf = Callable[[Key], Cell]
"""The cell that a column beside the table's own has for a row; None where it is not known."""
FindColumn = Callable[[str], ValuesOf | None]
"""A column beside the table's own by its id; None when there is no such column."""


class Operand(NamedTuple):
    """The value of a comparison: as a size, and in seconds."""

    size: float | None
    seconds: float | None


Test = Callable[[Candidate, float], bool]
Read = Callable[[Candidate], Cell]
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def dashed(name: str) -> str:
    """A column's name as filters write it."""
    return "-".join(name.lower().split())


class Matcher:
    """The test for one filter. `problem` says what of it was not understood, and is looked for as words."""

    def __init__(
        self,
        conditions: tuple[Condition, ...],
        columns: Sequence[Column],
        status: StatusReader | None,
        find: FindColumn = lambda _: None,
    ) -> None:
        self._status = status
        self._find = find
        self._columns = columns
        self._text = RowText(columns)
        self._indexes = {dashed(column.name): index for index, column in reversed(list(enumerate(columns)))}
        self._problems: list[str] = []
        self._tests: list[Test] = []
        # Where instants are compared: from when on an answer may be another one.
        self._ages: list[tuple[Read, float]] = []
        for condition in conditions:
            if condition.value or not condition.field:
                test = self._test(condition)
                self._tests.append(_negation(test) if condition.negated else test)
        if TOO_MANY in conditions:
            self._problems.append(f"Only the first {MOST_CONDITIONS} conditions are looked at.")
        self.problem = " ".join(self._problems)
        self.matches: Test = _all(self._tests)
        """Whether a row meets all conditions at a time, in seconds since the epoch."""

    @property
    def timed(self) -> bool:
        """Whether rows may come and go as time goes by."""
        return bool(self._ages)

    def flips_at(self, row: Candidate, now: float) -> float:
        """The next moment at which `matches` may say something else of the same row; infinity for never."""
        moments = (_instant(read(row)) + seconds for read, seconds in self._ages)
        return min((moment for moment in moments if moment >= now), default=inf)

    def _test(self, condition: Condition) -> Test:
        field, sign = condition.field, condition.operator
        if not field:
            return self._contains(condition.value)
        if field in ("ns", "namespace", "name", "status"):
            if sign not in (":", "="):
                return self._as_word(condition, f"“{field}” can't be compared")
            return self._own(field, condition.value.lower(), exact=sign == "=")
        if field in self._indexes:
            index = self._indexes[field]
            column = self._columns[index]
            aging = column.instant and not holds_text_with_age(column.name)
            return self._cell_test(condition, lambda row: row.cells[index], sense_of(column), aging=aging)
        if values := self._find(field):
            return self._cell_test(condition, lambda row: values((row.namespace, row.name)), "plain", aging=True)
        if not self._columns:
            return self._contains(condition.word)
        if field in ("label", "field") and sign in (":", "="):
            return self._as_word(condition, "No selector says the opposite of this one")
        return self._as_word(condition, f"There is no column “{field}”")

    def _own(self, field: str, value: str, *, exact: bool) -> Test:
        if field == "status":
            read = self._status
            if read is None:
                return lambda _row, _now: False
            if exact:
                return lambda row, _: read(row.cells).word.lower() == value
            return lambda row, _: read(row.cells).word.lower().startswith(value)
        if field == "name":
            return (lambda row, _: row.name.lower() == value) if exact else (lambda row, _: value in row.name.lower())
        if exact:
            return lambda row, _: row.namespace.lower() == value
        return lambda row, _: value in row.namespace.lower()

    def _cell_test(self, condition: Condition, read: Read, sense: Sense, *, aging: bool) -> Test:
        value, sign = condition.value.lower(), condition.operator
        if sign == ":":
            return lambda row, _: value in fixed_text(read(row)).lower()
        wanted = operand_of(condition.value)
        if sign == "=":
            return lambda row, now: (
                fixed_text(read(row)).lower() == value or _holds(operator.eq, read(row), wanted, sense, now)
            )
        if wanted.size is None and wanted.seconds is None:
            return self._as_word(condition, f"“{condition.value}” is no number, quantity or duration")
        if aging and wanted.seconds is not None:
            self._ages.append((read, wanted.seconds))
        compare = _COMPARE[sign]
        return lambda row, now: _holds(compare, read(row), wanted, sense, now)

    def _as_word(self, condition: Condition, why: str) -> Test:
        self._problems.append(f"{why}: “{condition.word}” is looked for as it stands.")
        return self._contains(condition.word)

    def _contains(self, word: str) -> Test:
        text, sought = self._text, word.lower()
        return lambda row, _: sought in text.of(row)


def operand_of(value: str) -> Operand:
    """What a cell is compared with; both None for a value that is neither a size nor a duration.

    A number is a duration too, of so many seconds, since that is what ages are in.
    """
    size, seconds = size_of(value), duration_of(value)
    if seconds is None and size is not None and value.replace(".", "", 1).isdecimal():
        seconds = size
    return Operand(size, seconds)


def size_of(text: str) -> float | None:
    """The share of a fraction, the size of a quantity, or the number of a percentage; None for anything else."""
    if fraction := fraction_of(text):
        return fraction[0]
    size = quantity_of(text)
    return percent_of(text) if size is None else size


def _holds(compare: Callable[[float, float], bool], cell: Cell, wanted: Operand, sense: Sense, now: float) -> bool:
    if isinstance(cell, Instant):
        if cell.text is UNSET:
            return wanted.seconds is not None and compare(now - cell.at, wanted.seconds)
        cell = cell.text
    if cell is None or isinstance(cell, bool):
        return False
    found: float | None
    if isinstance(cell, str):
        seconds, found = duration_of(cell), size_of(cell)
        if seconds is not None and (sense == "duration" or found is None):
            return wanted.seconds is not None and compare(seconds, wanted.seconds)
    else:
        found = cell
    return found is not None and wanted.size is not None and compare(found, wanted.size)


def _instant(cell: Cell) -> float:
    return cell.at if isinstance(cell, Instant) and cell.text is UNSET else inf


def _all(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def test(row: Candidate, now: float) -> bool:
        # For each of very many rows: `all` takes as long again to make its generator.
        for each in tests:  # noqa: SIM110
            if not each(row, now):
                return False
        return True

    return test


def _negation(test: Test) -> Test:
    return lambda row, now: not test(row, now)
