"""The filter's grammar (`docs/filter.md`), read without ever failing: what is no condition is a word.

The page reads it too (`ui/src/list/filter.ts`); `tests/vectors/filter.json` holds both to the same reading.
"""

from __future__ import annotations

import re
from typing import Literal, cast

from msgspec import Struct

Operator = Literal["", ":", "=", ">", ">=", "<", "<="]

# White space is spelt out, since Python and JavaScript differ in what they take for it. "age>=" is not "age>" with "=".
_TOKEN = re.compile(
    r'(-?)(?:([a-z][a-z0-9()._/%-]*)(:|>=|<=|>(?!=)|<(?!=)|=))?(?:"([^"]*)"?|([^ \t\r\n]+))', re.IGNORECASE | re.ASCII
)
_UNFINISHED = re.compile(r"([a-z][a-z0-9()._/%-]*)(:|>=|<=|>|<|=)", re.IGNORECASE | re.ASCII)
# What the API server is asked for: no row is tested for it.
_SELECTORS = ("label", "field")


class Condition(Struct, frozen=True):
    """One condition: a word (without a field), or a field, in lower case, compared with a value, as it was typed.

    An empty value is a condition that is still being typed: every row meets it.
    """

    negated: bool
    field: str
    operator: Operator
    value: str

    @property
    def word(self) -> str:
        """The condition as a word, for when the field is not known."""
        return f"{self.field}{self.operator}{self.value}"


def parse(text: str) -> tuple[Condition, ...]:
    """The conditions that rows are tested for; those on labels and fields are the subscription's selectors."""
    conditions = []
    for match in _TOKEN.finditer(text):
        minus, field, operator, quoted, bare = match.groups()
        value = quoted if quoted is not None else bare
        if unfinished := _UNFINISHED.fullmatch(bare) if field is None and bare is not None else None:
            field, operator, value = unfinished[1], unfinished[2], ""
        field = (field or "").lower()
        if (field in _SELECTORS and operator in (":", "=")) or (not field and value in ("", "-")):
            continue
        conditions.append(Condition(minus == "-", field, cast("Operator", operator or ""), value))
    return tuple(conditions)


def without_status(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """All but the conditions on the status: what facets are counted of."""
    return tuple(c for c in conditions if c.field != "status")
