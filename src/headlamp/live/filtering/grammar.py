"""The filter's grammar (`docs/filter.md`), read without ever failing: what is no condition is a word.

The page reads it too (`ui/src/list/filter.ts`); `tests/vectors/filter.json` holds both to the same reading.
"""

from __future__ import annotations

import re
from typing import Literal, cast

from msgspec import Struct

Operator = Literal["", ":", "=", ">", ">=", "<", "<="]

# White space is spelt out, since Python and JavaScript differ in what they take for it.
# A column's name, or the id of an extra column that takes an argument. "label:app=web" is a selector; what no selector
# can say, that a label contains a text, is "label:app:we".
_FIELD = (
    r"(?:requests|limits|usage|annotation):[a-z0-9][a-z0-9._/-]*|label:[a-z0-9][a-z0-9._/-]*(?=:)"
    r"|jsonpath:\{[^{} \t\r\n]*\}|[a-z][a-z0-9()._/%-]*"
)
# "age>=" is not "age>" with "=".
_TOKEN = re.compile(
    rf'(-?)(?:({_FIELD})(:|>=|<=|>(?!=)|<(?!=)|=))?(?:"([^"]*)"?|([^ \t\r\n]+))', re.IGNORECASE | re.ASCII
)
_UNFINISHED = re.compile(rf"({_FIELD})(:|>=|<=|>|<|=)", re.IGNORECASE | re.ASCII)
# Selectors of which there is an opposite: one requirement, and no comparison of numbers. Those on fields know equality
# alone.
_EQUALITY = r"[^=!<>, \t\r\n()]+(?:==?|!=)[^=!<>, \t\r\n()]*"
_SET = r"[^=!<>, \t\r\n()]+[ \t\r\n]+(?:not)?in[ \t\r\n]*\([^()]*\)"
_OPPOSED = {
    "label": re.compile(rf"{_EQUALITY}|{_SET}|!?[^=!<>, \t\r\n()]+"),
    "field": re.compile(_EQUALITY),
}


class Condition(Struct, frozen=True):
    """One condition: a word (without a field), or a field, in lower case, compared with a value, as it was typed.

    Of a field that is the id of an extra column the argument is as it was typed too, since case matters there.
    An empty value is a condition that is still being typed: every row meets it.
    """

    negated: bool
    field: str
    operator: Operator
    value: str

    @property
    def selects(self) -> bool:
        """Whether the API server is asked for it, by a selector, and no row is tested."""
        if self.field not in _OPPOSED or self.operator not in (":", "="):
            return False
        return not self.negated or _OPPOSED[self.field].fullmatch(self.value) is not None

    def implies(self, other: Condition) -> bool:
        """Whether each row that meets this one meets the other as well: it is the same, or a part of a longer word."""
        words = not (self.field or self.negated or other.field or other.negated)
        return self == other or (words and other.value.lower() in self.value.lower())

    @property
    def word(self) -> str:
        """The condition as a word, for when the field is not known."""
        return f"{self.field}{self.operator}{self.value}"


MOST_CONDITIONS = 32
"""More are not looked at, since each costs time for every row. A filter that is typed has five or six."""
TOO_MANY = Condition(False, "@more", ":", "")
"""In the place of those that are too many. Every row meets it, and nobody can type it."""


def parse(text: str) -> tuple[Condition, ...]:
    """The conditions that rows are tested for; those on labels and fields are the subscription's selectors.

    There are at most `MOST_CONDITIONS`, and then `TOO_MANY` where the text has more.
    """
    conditions: list[Condition] = []
    for match in _TOKEN.finditer(text):
        minus, field, operator, quoted, bare = match.groups()
        value = quoted if quoted is not None else bare
        if unfinished := None if bare is None else _UNFINISHED.fullmatch(f"{field or ''}{operator or ''}{bare}"):
            field, operator, value = unfinished[1], unfinished[2], ""
        name, colon, argument = (field or "").partition(":")
        field = name.lower() + colon + argument
        condition = Condition(minus == "-", field, cast("Operator", operator or ""), value)
        if condition.selects or not (field or value not in ("", "-")):
            continue
        if len(conditions) == MOST_CONDITIONS:
            return (*conditions, TOO_MANY)
        conditions.append(condition)
    return tuple(conditions)


def without_status(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """All but the conditions on the status: what facets are counted of."""
    return tuple(c for c in conditions if c.field != "status")
