"""Answers in the form that was asked for: whole objects, metadata alone, or rows (Tables)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import msgspec

from headlamp.demo.cluster import status
from headlamp.demo.cluster.jsontypes import Json
from headlamp.demo.cluster.kinds import Kind
from headlamp.demo.cluster.printing import printer_of
from headlamp.demo.cluster.printing.cells import UNKNOWN, Column, printed
from headlamp.demo.cluster.store import Stored

_INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class Form(Enum):
    """What an answer consists of."""

    OBJECTS = "objects"
    METADATA = "metadata"
    TABLE = "table"


class Include(Enum):
    """What a row of a Table says about its object beside the cells."""

    NONE = "None"
    METADATA = "Metadata"
    OBJECT = "Object"


@dataclass(frozen=True, slots=True)
class Representation:
    """The form of an answer, as `Accept` and `includeObject` ask for it."""

    form: Form
    include: Include = Include.METADATA


def negotiate(accept: str, include_object: str = "") -> Representation:
    """Choose the first form of an `Accept` header that is served. Raises the API's 406 and 400."""
    try:
        include = Include(include_object or Include.METADATA.value)
    except ValueError:
        raise status.bad_request(f"unrecognized includeObject value: {include_object!r}") from None
    for choice in (accept or "application/json").split(","):
        media_type, *parameters = (part.strip() for part in choice.split(";"))
        wanted = dict(parameter.split("=", 1) for parameter in parameters if "=" in parameter)
        if media_type not in ("application/json", "application/*", "*/*"):
            continue
        match wanted.get("as"), wanted.get("g"), wanted.get("v"):
            case None, _, _:
                return Representation(Form.OBJECTS)
            case "Table", "meta.k8s.io", "v1" | "v1beta1":
                return Representation(Form.TABLE, include)
            case "PartialObjectMetadata" | "PartialObjectMetadataList", "meta.k8s.io", "v1":
                return Representation(Form.METADATA)
    raise status.not_acceptable()


class Renderer:
    """Renders objects of one kind in one representation, as things stand at the time that is given."""

    def __init__(self, kind: Kind, representation: Representation) -> None:
        self._kind = kind
        self._representation = representation

    def one(self, stored: Stored, now: float) -> bytes:
        """A single object."""
        match self._representation.form:
            case Form.OBJECTS:
                return stored.json()
            case Form.METADATA:
                return stored.metadata_json()
            case Form.TABLE:
                return self.table([stored], {"resourceVersion": str(stored.version)}, now)

    def many(self, items: Iterable[Stored], metadata: Json, now: float) -> bytes:
        """A list. `metadata` is the list's own."""
        match self._representation.form:
            case Form.OBJECTS:
                # Custom resources keep kind and API version in lists, built-in ones don't.
                custom = "." in self._kind.group and not self._kind.group.endswith(".k8s.io")
                bodies = (stored.json() if custom else stored.body for stored in items)
                return _list(f"{self._kind.kind}List", self._kind.api_version, metadata, bodies)
            case Form.METADATA:
                bodies = (stored.metadata_json() for stored in items)
                return _list("PartialObjectMetadataList", "meta.k8s.io/v1", metadata, bodies)
            case Form.TABLE:
                return self.table(items, metadata, now)

    def table(self, items: Iterable[Stored], metadata: Json, now: float, *, with_columns: bool = True) -> bytes:
        """A Table. In a watch only the first event has the columns; an empty one has no list of rows, but null."""
        rows = [{"cells": printed(stored.cells, now), "object": self._row_object(stored)} for stored in items]
        return self._table(metadata, rows, with_columns)

    def event(self, stored: Stored, now: float, *, with_columns: bool) -> bytes:
        """What a watch event says about an object."""
        if self._representation.form is Form.TABLE:
            return self.table([stored], {"resourceVersion": str(stored.version)}, now, with_columns=with_columns)
        return self.one(stored, now)

    def bookmark(self, version: int, *, initial_events_end: bool, with_columns: bool) -> bytes:
        """An object that says nothing but a version; in a Table it stands in a row without content."""
        metadata: Json = {"resourceVersion": str(version)}
        if initial_events_end:
            metadata["annotations"] = {_INITIAL_EVENTS_END: "true"}
        if self._representation.form is not Form.TABLE:
            whole = self._representation.form is Form.OBJECTS
            kind = self._kind.kind if whole else "PartialObjectMetadata"
            api_version = self._kind.api_version if whole else "meta.k8s.io/v1"
            return msgspec.json.encode({"kind": kind, "apiVersion": api_version, "metadata": metadata})
        row = {
            "cells": [_empty(column) for column in printer_of(self._kind).columns],
            "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata},
        }
        return self._table({"resourceVersion": str(version)}, [row], with_columns)

    def _table(self, metadata: Json, rows: list[Json], with_columns: bool) -> bytes:
        return msgspec.json.encode(
            {
                "kind": "Table",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": metadata,
                "columnDefinitions": printer_of(self._kind).definitions() if with_columns else None,
                "rows": rows or None,
            }
        )

    def _row_object(self, stored: Stored) -> msgspec.Raw | None:
        match self._representation.include:
            case Include.NONE:
                return None
            case Include.METADATA:
                return msgspec.Raw(stored.metadata_json())
            case Include.OBJECT:
                return msgspec.Raw(stored.json())


def _list(kind: str, api_version: str, metadata: Json, bodies: Iterable[bytes]) -> bytes:
    return b'{"kind":"%b","apiVersion":"%b","metadata":%b,"items":[%b]}' % (
        kind.encode(),
        api_version.encode(),
        msgspec.json.encode(metadata),
        b",".join(bodies),
    )


def _empty(column: Column) -> str | int | bool:
    if column.type == "integer":
        return 0
    if column.type == "boolean":
        return False
    return UNKNOWN if column.name == "Age" else ""
