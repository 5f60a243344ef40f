"""What the server says in the live protocol, version 1: rows of Kubernetes lists over one WebSocket.

`docs/live.md` describes the messages for people who write a client; a test holds its examples to these structs, and to
those of `live.client_messages`. A cell is a string, number, boolean, null or an `Instant`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

VERSION = 1

Name = Annotated[str, Meta(max_length=253)]


class Instant(Struct, frozen=True, kw_only=True, gc=False):
    """A moment that the API server printed as an age. The page prints the age again, and again.

    `at` is in seconds since the epoch. With `text` the cell reads "`text` (`age` ago)".
    """

    text: str | UnsetType = UNSET
    at: float


Cell = str | int | float | bool | Instant | None
Row = tuple[str, str, list[Cell]]
"""Namespace ("" for cluster-scoped kinds), name, cells in the order of the columns."""
WireRow = tuple[str, list[Cell]]
"""A row as it is sent: its name is one of its cells, and is not said twice."""
Key = tuple[str, str]
"""Namespace and name: what makes a row the same row."""


class ResourceRef(Struct, frozen=True):
    """A kind as its REST path names it."""

    group: Name
    version: Name
    plural: Name
    namespaced: bool


class Column(Struct, frozen=True):
    """A column as the API server defines it. `priority` above 0: for wide tables; `instant`: cells may be instants."""

    name: str
    type: str
    format: str
    priority: int
    description: str
    instant: bool


def name_column(columns: Sequence[Column]) -> int:
    """The place of the column that has the rows' names: the first one of that format, or else the first of all."""
    return next((at for at, column in enumerate(columns) if column.format == "name"), 0)


def on_wire(rows: Iterable[Row]) -> list[WireRow]:
    """Rows as they are sent."""
    return [(namespace, cells) for namespace, _, cells in rows]


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
    """Comes before the first rows, and again before every snapshot.

    `name_column` is the place of the column whose cell is the row's name.
    """

    id: int
    name_column: int
    columns: list[Column]

    @classmethod
    def telling(cls, columns: Sequence[Column] | None) -> Columns:
        """The message about these columns, for a `Payload`; None: there are none yet."""
        columns = columns or ()
        return cls(0, name_column(columns), list(columns))


class Rows(Struct, frozen=True, tag_field="type", tag="rows"):
    """A piece of a snapshot. `reset`: forget all earlier rows of this subscription first."""

    id: int
    reset: bool
    rows: list[WireRow]


class Synced(Struct, frozen=True, tag_field="type", tag="synced"):
    """The snapshot is complete. `took` is the time in seconds that it was waited for."""

    id: int
    count: int
    as_of: float
    took: float


class Changes(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="changes"):
    """What became of the rows since the last message, at most four times a second. Empty lists are left out."""

    id: int
    as_of: float
    set: list[WireRow] = []
    gone: list[Key] = []


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
    set: list[WireRow]
    order: list[Key] | None
    facets: list[Facet] | None
    problem: str
    as_of: float


class Located(Struct, frozen=True, tag_field="type", tag="located"):
    """The place of a row among those that match, as of the window before; None when it is not among them.

    None too for lists that are not sent in windows: the page has all of their rows. `view` as in `Window`, 0 when no
    window was sent.
    """

    id: int
    view: int
    key: Key
    index: int | None


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


ServerMessage = Hello | Columns | Rows | Synced | Changes | Window | Located | Extra | Found | State | Error | SignedOut

CLOSE_SIGNED_OUT = 4401
CLOSE_TOO_LARGE = 1009
CLOSE_TOO_SLOW = 4408
CLOSE_TOO_MANY = 4429

_encoder = msgspec.json.Encoder()


def encode(message: Any) -> bytes:
    """A message as JSON, without spaces."""
    return _encoder.encode(message)
