"""What a client says in the live protocol, version 1 (`docs/live.md`)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from headlamp.live.protocol import Name, ResourceRef

MAX_MESSAGE_BYTES = 64 * 1024

SubscriptionId = Annotated[int, Meta(ge=1, le=2**53 - 1)]


class ViewSpec(Struct, frozen=True):
    """What a page shows of a list: which rows match, in which order, and which of those are in sight.

    `number` counts a page's views up, so that an answer to an older one can be told. `filter` is of the grammar of
    `live.filtering`; `sort` is a column's name, "@namespace", "@urgent" (what is broken first) or an extra column's
    id; `status` names the column that says how a row is, "" the usual one (`live.statuses`). `first` and `count` are
    the place of the rows in sight within those that match.
    """

    number: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    filter: Annotated[str, Meta(max_length=2048)] = ""
    sort: Annotated[str, Meta(max_length=600)] = "@urgent"
    descending: bool = False
    status: Name = ""
    first: Annotated[int, Meta(ge=0, le=10_000_000)] = 0
    count: Annotated[int, Meta(ge=1, le=500)] = 100


class Subscribe(Struct, frozen=True, tag_field="type", tag="subscribe"):
    """Asks for the rows of one kind. `namespaces` None means all that there are.

    With a `view` the server may send windows of a long list instead of all of it; without one it sends all rows.
    `known_namespaces` are those that the client knows of: where neither all rows nor the namespaces may be listed,
    these are read instead of nothing.
    """

    id: SubscriptionId
    cluster: Name
    resource: ResourceRef
    namespaces: list[Name] | None = None
    label_selector: str = ""
    field_selector: str = ""
    view: ViewSpec | None = None
    known_namespaces: list[Name] = []


class View(Struct, frozen=True, tag_field="type", tag="view"):
    """The page shows something else of the list now."""

    id: SubscriptionId
    view: ViewSpec


class Unsubscribe(Struct, frozen=True, tag_field="type", tag="unsubscribe"):
    """Ends a subscription; an id that is not in use is ignored, since its end may be on the way."""

    id: SubscriptionId


ExtraId = Annotated[str, Meta(min_length=1, max_length=600)]
MAX_EXTRAS = 20
MAX_LOOKED_AT = 500


class Look(Struct, frozen=True, tag_field="type", tag="look"):
    """Asks for extra columns ("label:app", "containers"; see `live.extra.registry`) of the rows in view.

    It replaces the look before; no extras end it. `rows` None means all rows: for a page that holds all of them and
    sorts or filters by an extra column.
    """

    id: SubscriptionId
    extra: Annotated[list[ExtraId], Meta(max_length=MAX_EXTRAS)]
    rows: Annotated[list[tuple[Name, Name]], Meta(max_length=MAX_LOOKED_AT)] | None


class Locate(Struct, frozen=True, tag_field="type", tag="locate"):
    """Asks for the place of one row, by its namespace and name, in the order of the newest view.

    A subscription has one of these at a time: the next takes the place of one that is not answered yet.
    """

    id: SubscriptionId
    key: tuple[Name, Name]


class Search(Struct, frozen=True, tag_field="type", tag="search"):
    """Asks for objects whose namespace and name have all words of `text`, in the lists that this session has open.

    With kinds in `everything` those are read too, in `namespaces` (None: all). The search before is given up.
    """

    search: SubscriptionId
    cluster: Name
    text: Annotated[str, Meta(max_length=253)]
    everything: Annotated[list[ResourceRef], Meta(max_length=500)] = []
    namespaces: list[Name] | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


ClientMessage = Subscribe | Unsubscribe | View | Look | Locate | Search

_client_decoder: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)


def decode_client(text: str | bytes) -> ClientMessage:
    """A message of the page. Raises `msgspec.DecodeError` (its subclass `ValidationError` when the shape is wrong)."""
    return _client_decoder.decode(text)
