"""Tables as the API server prints them, decoded into rows without ever holding an object.

The forms: a list is one Table; a watch is one JSON event a line, each with a Table of one row whose column
definitions come only with the first event; a bookmark has a dummy row. With `includeObject=None` a row does not know
its namespace, with `Metadata` it does. A server that can't print sends objects, of which only name, namespace and
creation time are read.
"""

from __future__ import annotations

from typing import Any, Literal, cast

import msgspec
from msgspec import Struct, field

from headlamp.live.ages import holds_ages, holds_text_with_age, instant_of, text_with_instant_of
from headlamp.live.durations import JobDuration, job_duration_among
from headlamp.live.errors import BrokenStream, Gone
from headlamp.live.protocol import Cell, Column, Row

Include = Literal["None", "Metadata"]

TABLE_ACCEPT = "application/json;as=Table;v=v1;g=meta.k8s.io"
OBJECT_ACCEPT = "application/json"


class _ObjectMeta(Struct, rename="camel", frozen=True, gc=False):
    name: str = ""
    namespace: str = ""
    creation_timestamp: str | None = None
    resource_version: str = ""
    continue_token: str = field(name="continue", default="")


class _Object(Struct, gc=False):
    metadata: _ObjectMeta = _ObjectMeta()


class _Definition(Struct, gc=False):
    name: str = ""
    type: str = "string"
    format: str = ""
    description: str = ""
    priority: int = 0


class _Row(Struct, gc=False):
    cells: list[str | int | float | bool | None]
    object: _Object | None = None


class _AnyRow(Struct, gc=False):
    cells: list[Any]
    object: _Object | None = None


class _Listing(Struct, rename="camel"):
    """A Table, or a list of objects."""

    kind: str = ""
    metadata: _ObjectMeta = _ObjectMeta()
    column_definitions: list[_Definition] | None = None
    rows: list[_Row] | None = None
    items: list[_Object] | None = None


class _AnyListing(Struct, rename="camel"):
    kind: str = ""
    metadata: _ObjectMeta = _ObjectMeta()
    column_definitions: list[_Definition] | None = None
    rows: list[_AnyRow] | None = None
    items: list[_Object] | None = None


class _Event(Struct):
    type: str
    object: msgspec.Raw


class _Status(Struct):
    message: str = ""
    reason: str = ""
    code: int | None = None


class Page(Struct, frozen=True):
    """One answer of a list. `version` is the list's resource version; `rest` the token of the next page, if any."""

    rows: list[Row]
    version: str
    rest: str


class Event(Struct, frozen=True):
    """One event of a watch. `row` is None for a bookmark."""

    type: str
    version: str
    row: Row | None


_OBJECT_COLUMNS = (
    Column("Name", "string", "name", 0, "The name of the object.", instant=False),
    Column("Age", "date", "", 0, "How long ago the object was created.", instant=True),
)

_listing_decoder = msgspec.json.Decoder(_Listing)
_any_listing_decoder = msgspec.json.Decoder(_AnyListing)
_event_decoder = msgspec.json.Decoder(_Event)
_status_decoder = msgspec.json.Decoder(_Status)


# A column with more values than this, or with mostly different ones (addresses, say), is not worth looking at.
_MOST_VALUES = 2048
_ROWS_A_LOOK = 512


class Values:
    """The texts that repeat in the columns of one kind, each kept once: a row is a third smaller for it.

    Shared by all who read that kind for one table. What it holds is bounded, by columns and by values of each.
    """

    def __init__(self) -> None:
        self._columns: tuple[Column, ...] | None = None
        self._known: dict[int, dict[str, str]] = {}

    def share(self, rows: list[Row], columns: tuple[Column, ...], name_index: int) -> None:
        """Put the known text in the place of each equal one. Numbers stay: 1 and True are equal, but not the same."""
        if columns is not self._columns and columns != self._columns:
            self._known = {i: {} for i, column in enumerate(columns) if i != name_index and not column.instant}
        self._columns = columns
        for index, texts in list(self._known.items()):
            known = texts.setdefault
            for start in range(0, len(rows), _ROWS_A_LOOK):
                before = len(texts)
                for _, _, cells in rows[start : start + _ROWS_A_LOOK]:
                    cell = cells[index]
                    if type(cell) is str:
                        cells[index] = known(cell, cell)
                if len(texts) > _MOST_VALUES or len(texts) - before > _ROWS_A_LOOK // 2:
                    del self._known[index]
                    break


class TableReader:
    """Reads the pages of a list and then the events of its watch; keeps the column definitions in between."""

    def __init__(self, values: Values | None = None) -> None:
        self.columns: tuple[Column, ...] | None = None
        self._values = values or Values()
        self._name_index = 0
        self._ages: list[int] = []
        self._texts_with_age: list[int] = []
        self._duration: JobDuration | None = None

    def page(self, body: bytes, *, namespace: str, now: float, skew: float = 0.0) -> Page:
        """Decode a list. Rows that don't say their namespace are in `namespace`. Raises `BrokenStream`.

        `skew` is how many seconds our clock is ahead of the API server's.
        """
        listing = _decode_listing(body)
        meta = listing.metadata
        return Page(self._rows(listing, namespace, now, skew), meta.resource_version, meta.continue_token)

    def event(self, line: bytes, *, namespace: str, now: float, skew: float = 0.0) -> Event:
        """Decode one line of a watch. Raises `Gone` for an ERROR of code 410, `BrokenStream` for any other."""
        try:
            event = _event_decoder.decode(line)
        except msgspec.DecodeError as error:
            raise BrokenStream("The cluster sent a watch event that is not valid.") from error
        if event.type == "ERROR":
            raise _error_in(bytes(event.object))
        listing = _decode_listing(event.object)
        version = listing.metadata.resource_version
        if event.type == "BOOKMARK":
            # Its row is a dummy, but it can be the stream's first event and bring the column definitions.
            self._define(listing)
            return Event(event.type, version, None)
        if listing.kind != "Table":
            listing.items = [_Object(listing.metadata)]
        rows = self._rows(listing, namespace, now, skew)
        if len(rows) != 1 or event.type not in ("ADDED", "MODIFIED", "DELETED"):
            raise BrokenStream(f"The cluster sent a watch event of an unknown form ({event.type[:20]}).")
        return Event(event.type, version, rows[0])

    def _rows(self, listing: _Listing | _AnyListing, namespace: str, now: float, skew: float) -> list[Row]:
        self._define(listing)
        if listing.kind != "Table":
            return [_object_row(item.metadata, namespace, now, skew) for item in listing.items or ()]
        if self.columns is None:
            raise BrokenStream("The cluster sent rows without columns.")
        name_index, width = self._name_index, len(self.columns)
        ages, texts, duration = self._ages, self._texts_with_age, self._duration
        # Few different ages are printed in one answer: each is worked out once.
        instants: dict[Cell, Cell] = {}
        rows: list[Row] = []
        for row in listing.rows or ():
            cells = cast("list[Cell]", row.cells)
            if len(cells) != width:
                _fit(cells, width, name_index)
            for index in ages:
                cell = cells[index]
                if cell in instants:
                    cells[index] = instants[cell]
                else:
                    cells[index] = instants[cell] = instant_of(cell, now, skew)
            for index in texts:
                cells[index] = text_with_instant_of(cells[index], now)
            if duration is not None and duration.runs_on(cells):
                cells[duration.index] = instant_of(cells[duration.index], now, skew)
            place = row.object.metadata.namespace if row.object is not None else namespace
            rows.append((place, str(cells[name_index]), cells))
        self._values.share(rows, self.columns, name_index)
        return rows

    def _define(self, listing: _Listing | _AnyListing) -> None:
        if listing.kind != "Table":
            self.columns = _OBJECT_COLUMNS
            return
        definitions = listing.column_definitions
        if not definitions:
            return
        columns = []
        self._duration = job_duration_among([definition.name for definition in definitions])
        for index, definition in enumerate(definitions):
            instant = holds_ages(definition.name, definition.type) or holds_text_with_age(definition.name)
            instant = instant or (self._duration is not None and index == self._duration.index)
            columns.append(
                Column(
                    definition.name,
                    definition.type,
                    definition.format,
                    definition.priority,
                    definition.description,
                    instant=instant,
                )
            )
        self.columns = tuple(columns)
        formats = [definition.format for definition in definitions]
        self._name_index = formats.index("name") if "name" in formats else 0
        self._ages = [i for i, d in enumerate(definitions) if holds_ages(d.name, d.type) and i != self._name_index]
        self._texts_with_age = [i for i, d in enumerate(definitions) if holds_text_with_age(d.name)]


def _fit(cells: list[Cell], width: int, name_index: int) -> None:
    """Make a row as wide as its columns, as kubectl does. API servers have printers that count wrongly.

    (kube-apiserver 1.37 gives IP addresses a third cell for two columns.) Raises `BrokenStream` without a name.
    """
    if len(cells) <= name_index:
        raise BrokenStream("The cluster sent a row without a name.")
    del cells[width:]
    cells.extend([None] * (width - len(cells)))


def message_of(body: bytes) -> str:
    """The message of a `Status`, or "" when the body is something else (a load balancer's page, say)."""
    try:
        return _status_decoder.decode(body).message
    except msgspec.DecodeError:
        return ""


def _decode_listing(body: bytes | msgspec.Raw) -> _Listing | _AnyListing:
    try:
        return _listing_decoder.decode(body)
    except msgspec.ValidationError:
        return _decode_odd_listing(body)
    except msgspec.DecodeError as error:
        raise BrokenStream("The cluster sent a list that is not valid JSON.") from error


def _decode_odd_listing(body: bytes | msgspec.Raw) -> _AnyListing:
    """Aggregated APIs may print lists or maps into cells, which become their JSON text."""
    try:
        listing = _any_listing_decoder.decode(body)
    except msgspec.DecodeError as error:
        raise BrokenStream("The cluster sent a list of an unknown form.") from error
    for row in listing.rows or ():
        row.cells = [msgspec.json.encode(c).decode() if isinstance(c, list | dict) else c for c in row.cells]
    return listing


def _error_in(body: bytes) -> Gone | BrokenStream:
    try:
        status = _status_decoder.decode(body)
    except msgspec.DecodeError:
        return BrokenStream("The cluster ended the stream of changes with an error.")
    if status.code == 410 or status.reason in ("Expired", "Gone"):
        return Gone(status.message)
    return BrokenStream(status.message or "The cluster ended the stream of changes with an error.")


def _object_row(meta: _ObjectMeta, namespace: str, now: float, skew: float) -> Row:
    return (meta.namespace or namespace, meta.name, [meta.name, instant_of(meta.creation_timestamp, now, skew)])
