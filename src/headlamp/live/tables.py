"""Tables as the API server prints them, decoded into rows without ever holding an object.

The forms: a list is one Table; a watch is one JSON event a line, each with a Table of one row whose column
definitions come only with the first event; a bookmark has a dummy row. With `includeObject=None` a row does not know
its namespace, with `Metadata` it does. A server that can't print sends objects, of which only name, namespace and
creation time are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import UNSET, Struct
from msgspec.structs import replace

from headlamp.live.ages import holds_ages, holds_text_with_age, instant_of, text_with_instant_of
from headlamp.live.durations import JobDuration, job_duration_among
from headlamp.live.errors import BrokenStream, Gone
from headlamp.live.listings import Definition, Listing, Object, ObjectMeta, Status, event_in, listing_in, status_in
from headlamp.live.protocol import Cell, Column, Instant, Row, name_column

Include = Literal["None", "Metadata"]

TABLE_ACCEPT = "application/json;as=Table;v=v1;g=meta.k8s.io"
OBJECT_ACCEPT = "application/json"


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


# A column with more values than this, or with mostly different ones (addresses, say), is not worth looking at.
_MOST_VALUES = 2048
_ROWS_A_LOOK = 512


class Values:
    """The texts and instants that repeat in the columns of one kind, each kept once: a row is half as large for it.

    Shared by all who read that kind for one table. What it holds is bounded, by columns and by values of each.
    """

    def __init__(self) -> None:
        self._columns: tuple[Column, ...] | None = None
        self._known: dict[int, dict[str, str]] = {}
        self._instants: dict[float, Instant] = {}

    def instant(self, cell: Cell) -> Cell:
        """The known instant in the place of an equal one; any other cell as it is."""
        if not isinstance(cell, Instant) or cell.text is not UNSET:
            return cell
        if len(self._instants) >= _MOST_VALUES:
            self._instants.clear()
        return self._instants.setdefault(cell.at, cell)

    def share(self, rows: list[Row], columns: tuple[Column, ...], name_index: int) -> None:
        """Put the known text in the place of each equal one. Numbers stay: 1 and True are equal, but not the same."""
        if columns is not self._columns and columns != self._columns:
            self._known = {i: {} for i, column in enumerate(columns) if i != name_index and _has_texts(column)}
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


def _has_texts(column: Column) -> bool:
    return not column.instant or holds_text_with_age(column.name)


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
        listing = listing_in(body)
        meta = listing.metadata
        return Page(self._rows(listing, namespace, now, skew), meta.resource_version, meta.continue_token)

    def event(self, line: bytes, *, namespace: str, now: float, skew: float = 0.0) -> Event:
        """Decode one line of a watch. Raises `Gone` for an ERROR of code 410, `BrokenStream` for any other."""
        event = event_in(line)
        if event.type == "ERROR":
            raise _error_of(status_in(event.object))
        listing = listing_in(event.object)
        version = listing.metadata.resource_version
        if event.type == "BOOKMARK":
            # Its row is a dummy, but it can be the stream's first event and bring the column definitions.
            self._define(listing)
            return Event(event.type, version, None)
        if listing.kind != "Table":
            listing.items = [Object(listing.metadata)]
        rows = self._rows(listing, namespace, now, skew)
        if len(rows) != 1 or event.type not in ("ADDED", "MODIFIED", "DELETED"):
            raise BrokenStream(f"The cluster sent a watch event of an unknown form ({event.type[:20]}).")
        return Event(event.type, version, rows[0])

    def _rows(self, listing: Listing, namespace: str, now: float, skew: float) -> list[Row]:
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
            # A copy is as long as the row; what was decoded has room for more.
            cells: list[Cell] = list(row.cells)
            if len(cells) != width:
                _fit(cells, width, name_index)
            for index in ages:
                cell = cells[index]
                if cell in instants:
                    cells[index] = instants[cell]
                else:
                    cells[index] = instants[cell] = self._values.instant(instant_of(cell, now, skew))
            for index in texts:
                cells[index] = text_with_instant_of(cells[index], now)
            if duration is not None and duration.runs_on(cells):
                cells[duration.index] = instant_of(cells[duration.index], now, skew)
            place = row.object.metadata.namespace if row.object is not None else namespace
            name = cells[name_index]
            if not isinstance(name, str):
                # Viewers take the name from this cell.
                name = cells[name_index] = str(name)
            rows.append((place, name, cells))
        self._values.share(rows, self.columns, name_index)
        return rows

    def _define(self, listing: Listing) -> None:
        if listing.kind != "Table":
            self.columns = _OBJECT_COLUMNS
        elif definitions := listing.definitions():
            self._define_by(definitions)

    def _define_by(self, definitions: Sequence[Definition]) -> None:
        columns = [Column(d.name, d.type, d.format, d.priority, d.description, instant=False) for d in definitions]
        self._name_index = name_column(columns)
        # A name stays a name, whatever it reads like.
        others = [index for index in range(len(columns)) if index != self._name_index]
        self._ages = [index for index in others if holds_ages(columns[index].name, columns[index].type)]
        self._texts_with_age = [index for index in others if holds_text_with_age(columns[index].name)]
        duration = job_duration_among([definition.name for definition in definitions])
        self._duration = duration if duration is not None and duration.index in others else None
        timed = {*self._ages, *self._texts_with_age}
        if self._duration is not None:
            timed.add(self._duration.index)
        self.columns = tuple(replace(column, instant=index in timed) for index, column in enumerate(columns))


def _fit(cells: list[Cell], width: int, name_index: int) -> None:
    """Make a row as wide as its columns, as kubectl does. API servers have printers that count wrongly.

    (kube-apiserver 1.37 gives IP addresses a third cell for two columns.) Raises `BrokenStream` without a name.
    """
    if len(cells) <= name_index:
        raise BrokenStream("The cluster sent a row without a name.")
    del cells[width:]
    cells.extend([None] * (width - len(cells)))


def _error_of(status: Status) -> Gone | BrokenStream:
    if status.code == 410 or status.reason in ("Expired", "Gone"):
        return Gone(status.message)
    return BrokenStream(status.message or "The cluster ended the stream of changes with an error.")


def _object_row(meta: ObjectMeta, namespace: str, now: float, skew: float) -> Row:
    return (meta.namespace or namespace, meta.name, [meta.name, instant_of(meta.creation_timestamp, now, skew)])
