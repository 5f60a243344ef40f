"""What an API server sends, as far as rows are made of it, decoded with bounds.

The forms: a list is one Table, or a list of objects; a watch is one JSON event a line, each with a Table of one row;
a refusal is a `Status`. Servers are not trusted with our memory: few bytes of JSON must not become very many of it.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from headlamp.live.errors import UNREADABLE, BrokenStream

MAX_COLUMNS = 1000
# A thousand definitions with descriptions of a kilobyte each; what is larger is not decoded at all.
_MAX_DEFINITIONS_BYTES = 1024 * 1024
# An object of a cluster has at most 1.5 MB, and its row is made of that.
_MAX_ODD_CELLS_BYTES = 2 * 1024 * 1024
_MAX_MESSAGE_LENGTH = 1000


class ObjectMeta(Struct, rename="camel", frozen=True, gc=False):
    """What is read of an object, or of a list."""

    name: str = ""
    namespace: str = ""
    creation_timestamp: str | None = None
    resource_version: str = ""
    continue_token: str = field(name="continue", default="")


class Object(Struct, gc=False):
    """An object without all that rows don't need."""

    metadata: ObjectMeta = ObjectMeta()


class Definition(Struct, gc=False):
    """A column, as the Table defines it."""

    name: str = ""
    type: str = "string"
    format: str = ""
    description: str = ""
    priority: int = 0


class TableRow(Struct, gc=False):
    """A row, as the Table has it: not always as wide as the columns."""

    cells: Annotated[list[str | int | float | bool | None], Meta(max_length=MAX_COLUMNS)]
    object: Object | None = None


class Listing(Struct, rename="camel"):
    """A Table, or a list of objects. `definitions` are read when they are needed: few answers bring them."""

    kind: str = ""
    metadata: ObjectMeta = ObjectMeta()
    column_definitions: msgspec.Raw = msgspec.Raw(b"null")
    rows: list[TableRow] | None = None
    items: list[Object] | None = None

    def definitions(self) -> list[Definition]:
        """The columns; none when the answer does not bring them. Raises `BrokenStream`."""
        if len(self.column_definitions) > _MAX_DEFINITIONS_BYTES:
            raise BrokenStream("The cluster sent columns that are too large.")
        try:
            return _definitions_decoder.decode(self.column_definitions) or []
        except UNREADABLE as error:
            raise BrokenStream("The cluster sent columns of an unknown form.") from error


class _OddRow(Struct, gc=False):
    cells: msgspec.Raw
    object: Object | None = None


class _OddListing(Struct, rename="camel"):
    """A Table with cells that are lists or maps, as aggregated APIs print them."""

    kind: str = ""
    metadata: ObjectMeta = ObjectMeta()
    column_definitions: msgspec.Raw = msgspec.Raw(b"null")
    rows: list[_OddRow] | None = None


class WatchEvent(Struct):
    """One line of a watch."""

    type: str
    object: msgspec.Raw


class Status(Struct):
    """What a cluster says of a request that it did not do, or not to the end."""

    message: str = ""
    reason: str = ""
    code: int | None = None


_listing_decoder = msgspec.json.Decoder(Listing)
_odd_listing_decoder = msgspec.json.Decoder(_OddListing)
_odd_cells_decoder = msgspec.json.Decoder(Annotated[list[Any], Meta(max_length=MAX_COLUMNS)])
_definitions_decoder = msgspec.json.Decoder(Annotated[list[Definition], Meta(max_length=MAX_COLUMNS)] | None)
_event_decoder = msgspec.json.Decoder(WatchEvent)
_status_decoder = msgspec.json.Decoder(Status)


def listing_in(body: bytes | msgspec.Raw) -> Listing:
    """Decode a list, or the object of an event. Raises `BrokenStream`."""
    try:
        return _listing_decoder.decode(body)
    except msgspec.ValidationError:
        return _odd_listing_in(body)
    except UNREADABLE as error:
        raise BrokenStream("The cluster sent a list that is not valid JSON.") from error


def _odd_listing_in(body: bytes | msgspec.Raw) -> Listing:
    try:
        odd = _odd_listing_decoder.decode(body)
        rows = [TableRow(_cells_in(row.cells), row.object) for row in odd.rows or ()]
    except UNREADABLE as error:
        raise BrokenStream("The cluster sent a list of an unknown form.") from error
    if odd.kind != "Table":
        raise BrokenStream("The cluster sent objects of an unknown form.")
    return Listing(odd.kind, odd.metadata, odd.column_definitions, rows)


def _cells_in(raw: msgspec.Raw) -> list[str | int | float | bool | None]:
    """The cells of a row. Lists and maps become their JSON text."""
    if len(raw) > _MAX_ODD_CELLS_BYTES:
        raise BrokenStream("The cluster sent a row that is too large.")
    cells = _odd_cells_decoder.decode(raw)
    return [msgspec.json.encode(cell).decode() if isinstance(cell, list | dict) else cell for cell in cells]


def event_in(line: bytes) -> WatchEvent:
    """Decode one line of a watch. Raises `BrokenStream`."""
    try:
        return _event_decoder.decode(line)
    except UNREADABLE as error:
        raise BrokenStream("The cluster sent a watch event that is not valid.") from error


def status_in(body: bytes | msgspec.Raw) -> Status:
    """Decode a `Status`, with a message of a length that may be shown.

    An empty one when the body is something else, a load balancer's page, say.
    """
    try:
        status = _status_decoder.decode(body)
    except UNREADABLE:
        return Status()
    if len(status.message) > _MAX_MESSAGE_LENGTH:
        status.message = status.message[: _MAX_MESSAGE_LENGTH - 1] + "…"
    return status
