"""The rows of one subscription as they are now, and which of them viewers have not been told of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from headlamp.live.ages import refined
from headlamp.live.errors import ColumnsChangedError, TooManyRows
from headlamp.live.paging import MAX_ROWS
from headlamp.live.protocol import Cell, Column, Instant, Key, Row, name_column

# So many tables are looked into for a row that they have too.
_MOST_LIKE_IT = 8


NamespaceRows = tuple[str, list[str], list[list[Cell]]]
"""The rows of one namespace: its name, the rows' names, and their cells."""


class RowTable:
    """Rows by namespace and name. Applying what is known already changes nothing, so lists can be applied as diffs.

    `like_it` are tables that are likely to have the same rows, for other people (this one may be among them). A row
    that is the same there is kept in memory once: nine tenths of what a row takes are its cells. So the lists of cells
    are never changed once they are in a table. `most` bounds what a cluster can make it hold.
    """

    def __init__(self, like_it: Callable[[], Iterable[RowTable]] = tuple, *, most: int = MAX_ROWS) -> None:
        self.columns: tuple[Column, ...] | None = None
        self._like_it = like_it
        self._most = most
        self._count = 0
        self._name_column = 0
        self._instants: list[int] = []
        self._namespaces: dict[str, dict[str, list[Cell]]] = {}
        # Whether the row was there when `take_changes` was called last.
        self._dirty: dict[Key, bool] = {}
        self.mentioned: set[Callable[[Key], None]] = set()
        """Told of each row that the cluster speaks of, before it is put here; also when its cells stay as they are: the
        object may not."""

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Row]:
        for namespace, rows in self._namespaces.items():
            for name, cells in rows.items():
                yield (namespace, name, cells)

    def __contains__(self, key: Key) -> bool:
        return key[1] in self._namespaces.get(key[0], ())

    def by_namespace(self) -> list[NamespaceRows]:
        """All rows as they are now."""
        return [(namespace, list(rows), list(rows.values())) for namespace, rows in self._namespaces.items()]

    def counts(self) -> dict[str, int]:
        """How many rows each namespace has."""
        return {namespace: len(rows) for namespace, rows in self._namespaces.items()}

    def define(self, columns: tuple[Column, ...] | None) -> None:
        """Take note of the columns. Raises `ColumnsChangedError` when there are rows with other ones."""
        if columns is None or columns == self.columns:
            return
        if self.columns is not None and len(self):
            raise ColumnsChangedError
        self.columns = columns
        self._name_column = name_column(columns)
        self._instants = [i for i, column in enumerate(columns) if column.instant]

    def put(self, row: Row, now: float) -> None:
        """Add or replace a row. Raises `TooManyRows` when there is no room for another."""
        namespace, name, cells = row
        for tell in self.mentioned:
            tell((namespace, name))
        rows = self._namespaces.get(namespace, {})
        old = rows.get(name)
        if old is None:
            if self._count >= self._most:
                raise TooManyRows(f"The cluster has more than {self._most} rows for this list.")
            self._namespaces.setdefault(namespace, rows)
            self._count += 1
        else:
            self._refine(old, cells, now)
            if old == cells:
                return
        cells = self._kept(namespace, name, cells, now)
        told = cells[self._name_column]
        # Of two equal texts that which is among the cells anyway.
        rows[told if isinstance(told, str) and told == name else name] = cells
        self._dirty.setdefault((namespace, name), old is not None)

    def _refine(self, old: list[Cell], cells: list[Cell], now: float) -> None:
        for index in self._instants:
            before, after = old[index], cells[index]
            if isinstance(before, Instant) and isinstance(after, Instant):
                cells[index] = refined(before, after, now)

    def _kept(self, namespace: str, name: str, cells: list[Cell], now: float) -> list[Cell]:
        """The cells of the same row in a table like this one; `cells` where it is not the same in any."""
        for table in islice(self._like_it(), _MOST_LIKE_IT):
            other = table._namespaces.get(namespace, {}).get(name)
            if other is None or len(other) != len(cells) or table is self:
                continue
            same = cells.copy()
            self._refine(other, same, now)
            if same == other:
                return other
        return cells

    def remove(self, namespace: str, name: str) -> None:
        """Drop a row, if it is there."""
        rows = self._namespaces.get(namespace)
        if rows is not None and rows.pop(name, None) is not None:
            self._count -= 1
            self._dirty.setdefault((namespace, name), True)
            if not rows:
                del self._namespaces[namespace]

    def retain(self, namespace: str | None, seen: set[Key]) -> None:
        """Drop the rows of a namespace (None: of all) that a complete list did not contain."""
        namespaces = list(self._namespaces) if namespace is None else [namespace]
        for place in namespaces:
            for name in list(self._namespaces.get(place, ())):
                if (place, name) not in seen:
                    self.remove(place, name)

    def clear(self) -> None:
        """Forget rows and columns."""
        self.columns = None
        self._instants = []
        self._namespaces = {}
        self._count = 0
        self._dirty = {}

    def take_changes(self) -> tuple[list[Row], list[Key]]:
        """The rows that are new or other, and the keys of those that are gone, since the last call."""
        changed: list[Row] = []
        gone: list[Key] = []
        for key in self._dirty:
            cells = self._namespaces.get(key[0], {}).get(key[1])
            if cells is None:
                gone.append(key)
            else:
                changed.append((key[0], key[1], cells))
        self._dirty.clear()
        return changed, gone

    @property
    def has_changes(self) -> bool:
        """Whether `take_changes` would return any."""
        return bool(self._dirty)

    @property
    def has_only_grown(self) -> bool:
        """Whether `take_changes` would return only rows that were not there when it was called last."""
        return not any(self._dirty.values())
