"""The column `jsonpath:EXPRESSION`: what an expression in kubectl's syntax finds in an object."""

from __future__ import annotations

from itertools import takewhile

import msgspec

from headlamp.live.extra.cells import ExtraCell, text_cell
from headlamp.live.extra.column import BadExtra, ExtraColumn, Json, Seen, is_secret
from headlamp.live.extra.hidden import ENVIRONMENT, is_hidden, without_hidden
from headlamp.live.extra.kubectl_path import parse_path
from headlamp.live.resources import Selection

MOST_RESULTS = 100
# Larger ones lose digits in a browser.
_SAFE_INTEGER = 2**53 - 1

# Leading fields beside which nothing is decoded. However many expressions there are, no part of an object is decoded
# more often than once for each of these levels and once for all of it.
_NARROW = 2

_fields_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])


def jsonpath_column(expression: str, kind: Selection) -> ExtraColumn:
    """The column of an expression. One that asks for what rows never carry is refused, or finds nothing."""
    path = parse_path(expression)
    for name in path.fields:
        if is_hidden(name):
            raise BadExtra(f"Rows never carry {name}.")
    whole = path.leading[:1] != ("metadata",)
    if is_secret(kind) and whole:
        raise BadExtra("Of secrets only the metadata can be shown: {.metadata…}.")
    # Up to an environment, which has to be seen in its place to be recognised.
    narrow = tuple(takewhile(lambda name: name not in ENVIRONMENT, path.leading[:_NARROW]))

    def cell(seen: Seen) -> ExtraCell:
        value = _value(seen, narrow)
        for name in path.leading[len(narrow) :]:
            value = value.get(name) if isinstance(value, dict) else None
        return _cell_of(path.search(value))

    name = path.fields[-1] if path.fields else expression
    return ExtraColumn(text_cell(name), "string", cell, whole=whole)


def _value(seen: Seen, names: tuple[str, ...]) -> Json:
    """What an object has below these fields, without what is hidden; the rest of it is not decoded."""
    raw = _narrowed(seen, names)
    return None if raw is None else seen.once(("value", names), lambda: without_hidden(msgspec.json.decode(raw)))


def _narrowed(seen: Seen, names: tuple[str, ...]) -> msgspec.Raw | bytes | None:
    if not names:
        return seen.raw
    outside = names[:-1]
    raw = _narrowed(seen, outside)
    return None if raw is None else seen.once(("fields", outside), lambda: _fields_decoder.decode(raw)).get(names[-1])


def _cell_of(found: list[Json]) -> ExtraCell:
    if not found:
        return None
    if len(found) > 1:
        return text_cell(" ".join(_text(item) for item in found[:MOST_RESULTS]))
    value = found[0]
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and abs(value) <= _SAFE_INTEGER:
        return value
    return text_cell(_text(value))


def _text(value: Json) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
