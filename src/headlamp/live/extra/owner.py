"""The column `owner`: the controller of an object, or whoever else owns it."""

from __future__ import annotations

from msgspec import Struct

from headlamp.live.extra.cells import Owner, text_cell
from headlamp.live.extra.column import ExtraColumn, Seen, no_argument
from headlamp.live.resources import Selection


class _Reference(Struct, rename="camel", gc=False):
    kind: str
    name: str
    api_version: str = ""
    controller: bool | None = None


class _Metadata(Struct, rename="camel", gc=False):
    owner_references: list[_Reference] | None = None


class _Owned(Struct, gc=False):
    metadata: _Metadata


def owner_column(argument: str, kind: Selection) -> ExtraColumn:
    """The column of owners."""
    no_argument(argument, "owner")
    return ExtraColumn("Owner", "owner", _owner, whole=False)


def _owner(seen: Seen) -> Owner | None:
    references = seen.of(_Owned).metadata.owner_references or ()
    chosen = next((one for one in references if one.controller), references[0] if references else None)
    if chosen is None:
        return None
    return Owner(text_cell(chosen.api_version), text_cell(chosen.kind), text_cell(chosen.name))
