r"""kubectl's JSONPath (https://kubernetes.io/docs/reference/kubectl/jsonpath/), as far as a column needs it.

    {.spec.nodeName}  {.metadata.labels.example\.com/x}  {.metadata.labels['example.com/x']}    fields
    {.spec.containers[0].image}  {.spec.containers[-1].image}                                   one element
    {.spec.containers[*].image}  {.status.addresses.*}                                          all of a list, of a map
    {.status.conditions[?(@.type=="Ready")].status}                                             elements that compare so

One expression, with or without its braces. A comparison is of a field with a text, number, true or false. There is no
recursive descent, union, range, function or pattern, so that the time it takes grows with the object alone.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from headlamp.live.extra.column import BadExtra, Json

MAX_LENGTH = 512
MAX_STEPS = 24
MOST_ELEMENTS = 10_000
"""Elements that one step looks at: work on an object has an end, however large it is."""

_NAME = r"(?:\\.|[^\\.\[\](){}'\"?*@=!<>\s])+"
_TEXT = r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\""
_STEP = re.compile(
    rf"""
      \.(?P<name>{_NAME})
    | \[\s*(?P<quoted>{_TEXT})\s*\]
    | \[\s*(?P<index>-?\d{{1,9}})\s*\]
    | (?P<every>\[\s*\*\s*\]|\.\*)
    | \[\s*\?\s*\(\s*@(?P<path>(?:\.{_NAME})+)\s*(?P<operator>==|!=|<=|>=|<|>)\s*
      (?P<operand>{_TEXT}|-?\d{{1,15}}(?:\.\d{{1,15}})?|true|false)\s*\)\s*\]
    """,
    re.VERBOSE | re.ASCII,
)
_FIELD = re.compile(rf"\.({_NAME})", re.ASCII)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ORDERED: dict[str, Callable[[Json, Json], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_Step = Callable[[Iterable[Json]], Iterator[Json]]
"""From what has been found to what is found in that."""


@dataclass(frozen=True, slots=True)
class KubectlPath:
    """An expression, ready to be evaluated: `leading` are the fields that it begins with, `fields` all it names."""

    leading: tuple[str, ...]
    fields: tuple[str, ...]
    _steps: tuple[_Step, ...]

    def search(self, value: Json) -> list[Json]:
        """All that is found below `value`, which is what the leading fields lead to. What is null is not there."""
        found = [] if value is None else [value]
        for step in self._steps:
            found = list(step(found))
        return found


def parse_path(expression: str) -> KubectlPath:
    """Read an expression. Raises `BadExtra` naming the place from which on it is not understood."""
    if len(expression) > MAX_LENGTH:
        raise BadExtra(f"The expression is longer than {MAX_LENGTH} characters.")
    text = expression.strip()
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1].strip()
    text = text.removeprefix("$")
    leading: list[str] = []
    fields: list[str] = []
    rest: list[_Step] = []
    at = steps = 0
    while at < len(text):
        step = _STEP.match(text, at)
        steps += 1
        if step is None:
            raise BadExtra(f'The expression is not understood from "{text[at : at + 40]}" on.')
        if steps > MAX_STEPS:
            raise BadExtra(f"The expression has more than {MAX_STEPS} steps.")
        at = step.end()
        name = _field_of(step)
        if name is not None:
            fields.append(name)
            if rest:
                rest.append(_field(name))
            else:
                leading.append(name)
        elif step["index"] is not None:
            rest.append(_element(int(step["index"])))
        elif step["every"] is not None:
            rest.append(_values if step["every"] == ".*" else _elements)
        else:
            path = [_unescaped(name) for name in _FIELD.findall(step["path"])]
            fields += path
            rest.append(_those_that(path, step["operator"], _operand(step["operand"])))
    if not steps:
        raise BadExtra("The expression is empty; one looks like {.spec.nodeName}.")
    return KubectlPath(tuple(leading), tuple(fields), tuple(rest))


def _field_of(step: re.Match[str]) -> str | None:
    if step["name"] is not None:
        return _unescaped(step["name"])
    return None if step["quoted"] is None else _unescaped(step["quoted"][1:-1])


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _operand(text: str) -> str | float | bool:
    if text[0] in "'\"":
        return _unescaped(text[1:-1])
    if text in ("true", "false"):
        return text == "true"
    return float(text) if "." in text else int(text)


def _field(name: str) -> _Step:
    return lambda found: (inner for value in found if (inner := _below(value, name)) is not None)


def _below(value: Json, name: str) -> Json:
    return value.get(name) if isinstance(value, dict) else None


def _element(index: int) -> _Step:
    def step(found: Iterable[Json]) -> Iterator[Json]:
        for value in found:
            if isinstance(value, list) and -len(value) <= index < len(value) and value[index] is not None:
                yield value[index]

    return step


def _elements(found: Iterable[Json]) -> Iterator[Json]:
    elements = (element for value in found if isinstance(value, list) for element in value)
    return (element for element in islice(elements, MOST_ELEMENTS) if element is not None)


def _values(found: Iterable[Json]) -> Iterator[Json]:
    values = (inner for value in found if isinstance(value, dict) for inner in value.values())
    return (inner for inner in islice(values, MOST_ELEMENTS) if inner is not None)


def _those_that(path: list[str], sign: str, operand: str | float | bool) -> _Step:
    def step(found: Iterable[Json]) -> Iterator[Json]:
        for element in _elements(found):
            value = element
            for name in path:
                value = _below(value, name)
            if _compares(value, sign, operand):
                yield element

    return step


def _compares(value: Json, sign: str, operand: str | float | bool) -> bool:
    """Only what is of the operand's type equals it, or has an order with it; true and 1 are of different types."""
    alike = _type_of(value) is _type_of(operand)
    if sign in ("==", "!="):
        return (alike and value == operand) is (sign == "==")
    return alike and not isinstance(operand, bool) and _ORDERED[sign](value, operand)


def _type_of(value: Json) -> type:
    return float if type(value) is int else type(value)
