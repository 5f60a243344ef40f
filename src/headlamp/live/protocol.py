"""The messages of the live protocol, version 1: rows of Kubernetes lists over one WebSocket.

`docs/live.md` describes them for people who write a client; a test holds its examples to these structs. A cell
is a string, number, boolean, null or an `Instant`.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

VERSION = 1
MAX_MESSAGE_BYTES = 64 * 1024

SubscriptionId = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Name = Annotated[str, Meta(max_length=253)]
Selector = Annotated[str, Meta(max_length=4096)]


class Instant(Struct, frozen=True, kw_only=True, gc=False):
    """A moment that the API server printed as an age. The page prints the age again, and again.

    `at` is in seconds since the epoch. With `text` the cell reads "`text` (`age` ago)".
    """

    text: str | UnsetType = UNSET
    at: float


Cell = str | int | float | bool | Instant | None
Row = tuple[str, str, list[Cell]]
"""Namespace ("" for cluster-scoped kinds), name, cells in the order of the columns."""
Key = tuple[str, str]
"""Namespace and name: what makes a row the same row."""


class ResourceRef(Struct, frozen=True):
    """A kind as its REST path names it."""

    group: Name
    version: Name
    plural: Name
    namespaced: bool


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
    label_selector: Selector = ""
    field_selector: Selector = ""
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


class Column(Struct, frozen=True):
    """A column as the API server defines it. `priority` above 0: for wide tables; `instant`: cells may be instants."""

    name: str
    type: str
    format: str
    priority: int
    description: str
    instant: bool


class Missing(Struct, frozen=True):
    """A namespace ("" for all of the subscription) whose rows can't be shown, and why."""

    namespace: str
    code: str
    message: str


class Hello(Struct, frozen=True, tag_field="type", tag="hello"):
    """The first message of every connection. `now` lets a page correct for a clock that is off.

    `stream` names a stream of server-sent events for what the client says from then on.
    """

    version: int
    now: float
    stream: str | UnsetType = UNSET


class Columns(Struct, frozen=True, tag_field="type", tag="columns"):
    """Comes before the first rows, and again before a snapshot whose columns are others."""

    id: int
    columns: list[Column]


class Rows(Struct, frozen=True, tag_field="type", tag="rows"):
    """A piece of a snapshot. `reset`: forget all earlier rows of this subscription first."""

    id: int
    reset: bool
    rows: list[Row]


class Synced(Struct, frozen=True, tag_field="type", tag="synced"):
    """The snapshot is complete. `took` is the time in seconds that it was waited for."""

    id: int
    count: int
    as_of: float
    took: float


class Changes(Struct, frozen=True, tag_field="type", tag="changes"):
    """What became of the rows since the last message, at most four times a second."""

    id: int
    set: list[Row]
    gone: list[Key]
    as_of: float


class Facet(Struct, frozen=True):
    """A status, and how many of the rows that match everything else have it; `tone` as in `live.statuses`."""

    value: str
    count: int
    tone: str


class Window(Struct, frozen=True, tag_field="type", tag="window"):
    """What is in sight of a list that is too long to be sent whole, as far as it is not known already.

    `view` is the number of the view that it answers. `order` holds the keys of the rows in sight, from `first` on, or
    is None when they are the same as before; `set` has those rows of it that are new or other. `total` counts all
    rows, `matching` those that the filter lets through. `facets` are those of the status column, None when unchanged.
    `problem` says what of the filter is not understood (it is then taken as words).
    """

    id: int
    view: int
    first: int
    total: int
    matching: int
    set: list[Row]
    order: list[Key] | None
    facets: list[Facet] | None
    problem: str
    as_of: float


class ExtraDefinition(Struct, frozen=True):
    """An extra column. `type` says what its cells are: "string", "quantity", "usage", "containers", "restart", "owner".

    `problem` says in words why its cells are empty, or older than the rows.
    """

    id: str
    name: str
    type: str
    problem: str = ""


ExtraRow = tuple[str, str, list[Any]]
"""Namespace, name, cells (`live.extra.cells`) in the order of the extras asked for."""


class Extra(Struct, frozen=True, tag_field="type", tag="extra"):
    """Extra columns of rows that are in view: of each once, and again when a value changes.

    `columns` is there in the first message after a look that asks for other extras than the one before, and when what
    is said of a column changes. `reset`: forget the extra cells of all rows first.
    """

    id: int
    reset: bool
    columns: list[ExtraDefinition] | None
    rows: list[ExtraRow]


class Hit(Struct, frozen=True):
    """An object that was found."""

    resource: ResourceRef
    namespace: str
    name: str


class Found(Struct, frozen=True, tag_field="type", tag="found"):
    """What a search has found up to now: the best `hits` of `total`, when `read` of `kinds` kinds have been read.

    It comes again while more is read. `missing` names kinds that can't be searched, each by `plural.group`.
    """

    search: int
    hits: list[Hit]
    total: int
    read: int
    kinds: int
    missing: list[Missing]


class State(Struct, frozen=True, tag_field="type", tag="state"):
    """How fresh and how complete the rows are.

    `state` is "loading", "live", "reconnecting", "partial", "forbidden" or "failed".
    """

    id: int
    state: str
    since: float
    message: str = ""
    missing: list[Missing] = []
    retry_at: float | None = None


class Error(Struct, frozen=True, tag_field="type", tag="error"):
    """The subscription does not exist (any more); id 0 when the fault is in no one subscription."""

    id: int
    code: str
    message: str
    remedy: str


class SignedOut(Struct, frozen=True, tag_field="type", tag="signed_out"):
    """The last message; the connection is closed with `CLOSE_SIGNED_OUT` after it."""

    code: str
    message: str


ClientMessage = Subscribe | Unsubscribe | View | Look | Search
ServerMessage = Hello | Columns | Rows | Synced | Changes | Window | Extra | Found | State | Error | SignedOut

CLOSE_SIGNED_OUT = 4401
CLOSE_TOO_LARGE = 1009
CLOSE_TOO_SLOW = 4408
CLOSE_TOO_MANY = 4429

_client_decoder: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)
_encoder = msgspec.json.Encoder()


def decode_client(text: str | bytes) -> ClientMessage:
    """A message of the page. Raises `msgspec.DecodeError` (its subclass `ValidationError` when the shape is wrong)."""
    return _client_decoder.decode(text)


def encode(message: Any) -> bytes:
    """A message as JSON, without spaces."""
    return _encoder.encode(message)
