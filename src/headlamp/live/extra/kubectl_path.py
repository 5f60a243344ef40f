r"""kubectl's JSONPath, as far as a column needs it, put into JMESPath (https://jmespath.org/specification.html).

    {.spec.nodeName}  {.metadata.labels.example\.com/x}  {.metadata.labels['example.com/x']}    fields
    {.spec.containers[0].image}  {.spec.containers[-1].image}                                   one element
    {.spec.containers[*].image}  {.status.addresses.*}                                          all of a list, of a map
    {.status.conditions[?(@.type=="Ready")].status}                                             elements that compare so

One expression, with or without its braces. A comparison is of a field with a text, number, true or false. There is no
recursive descent, union, range, function or pattern, so that the time it takes grows with the object alone.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import jmespath
from jmespath.parser import ParsedResult

from headlamp.live.extra.column import BadExtra, Json

MAX_LENGTH = 512
MAX_STEPS = 24

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


@dataclass(frozen=True, slots=True)
class KubectlPath:
    """An expression, ready to be evaluated: `leading` are the fields that it begins with, `fields` all it names."""

    leading: tuple[str, ...]
    fields: tuple[str, ...]
    _rest: ParsedResult | None
    _projections: int

    def search(self, value: Json) -> list[Json]:
        """All that is found below `value`, which is what the leading fields lead to."""
        found = value if self._rest is None else self._rest.search(value)
        if found is None:
            return []
        if not self._projections:
            return [found]
        for _ in range(self._projections - 1):
            found = [item for inner in found if isinstance(inner, list) for item in inner]
        return list(found)


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
    rest: list[str] = []
    projections = at = steps = 0
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
                rest.append("." + json.dumps(name))
            else:
                leading.append(name)
            continue
        if step["index"] is not None:
            rest.append(f"[{int(step['index'])}]")
            continue
        projections += 1
        if step["every"] is not None:
            rest.append(step["every"].replace(" ", ""))
            continue
        path = [_unescaped(name) for name in _FIELD.findall(step["path"])]
        fields += path
        rest.append(f"[?{'.'.join(map(json.dumps, path))} {step['operator']} {_literal(step['operand'])}]")
    if not steps:
        raise BadExtra("The expression is empty; one looks like {.spec.nodeName}.")
    parsed = jmespath.compile("@" + "".join(rest)) if rest else None
    return KubectlPath(tuple(leading), tuple(fields), parsed, projections)


def _field_of(step: re.Match[str]) -> str | None:
    if step["name"] is not None:
        return _unescaped(step["name"])
    return None if step["quoted"] is None else _unescaped(step["quoted"][1:-1])


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _literal(operand: str) -> str:
    """A JMESPath literal: JSON between backquotes."""
    value = json.dumps(_unescaped(operand[1:-1])) if operand[0] in "'\"" else operand
    return "`" + value.replace("`", "\\u0060") + "`"
