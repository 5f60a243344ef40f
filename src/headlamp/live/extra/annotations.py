"""The column `annotation:KEY`: the value of an annotation."""

from __future__ import annotations

from msgspec import Struct

from headlamp.live.extra.cells import text_cell
from headlamp.live.extra.column import BadExtra, ExtraColumn, Seen
from headlamp.live.extra.hidden import MANIFEST_ANNOTATIONS
from headlamp.live.resources import Selection


class _Metadata(Struct, gc=False):
    annotations: dict[str, str] | None = None


class _Annotated(Struct, gc=False):
    metadata: _Metadata


def annotation_column(key: str, kind: Selection) -> ExtraColumn:
    """The column of one annotation. Those in which a tool keeps the whole object are refused."""
    if not key:
        raise BadExtra("Name the annotation, as in annotation:example.com/team.")
    if key in MANIFEST_ANNOTATIONS:
        raise BadExtra(f"{key} holds the whole object, which rows never carry.")

    def cell(seen: Seen) -> str | None:
        value = (seen.of(_Annotated).metadata.annotations or {}).get(key)
        return None if value is None else text_cell(value)

    return ExtraColumn(key, "string", cell, whole=False)
