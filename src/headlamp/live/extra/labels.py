"""The column `label:KEY`: the value of a label."""

from __future__ import annotations

from msgspec import Struct

from headlamp.live.extra.cells import text_cell
from headlamp.live.extra.column import BadExtra, ExtraColumn, Seen
from headlamp.live.resources import Selection


class _Metadata(Struct, gc=False):
    labels: dict[str, str] | None = None


class _Labelled(Struct, gc=False):
    metadata: _Metadata


def label_column(key: str, kind: Selection) -> ExtraColumn:
    """The column of one label; any text can be asked for, and what is no valid key is on no object."""
    if not key:
        raise BadExtra("Name the label, as in label:app.")

    def cell(seen: Seen) -> str | None:
        value = (seen.of(_Labelled).metadata.labels or {}).get(key)
        return None if value is None else text_cell(value)

    return ExtraColumn(key, "string", cell, whole=False)
