"""The rows of a long list as windows look at them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct

from headlamp.live.filtering.matching import text_of
from headlamp.live.ordering import tie_key
from headlamp.live.protocol import Cell, Key, Row


class Item(Struct, gc=False):
    """One row as it is at a moment: a row that changes is another item.

    `text` is what words are looked for in, "" until `spell_out`: few lists are ever searched.
    """

    namespace: str
    name: str
    cells: list[Cell]
    text: str = ""

    def spell_out(self) -> None:
        """Make `text`."""
        if not self.text:
            self.text = text_of(self.namespace, self.name, self.cells)

    @property
    def tie(self) -> str:
        """What decides between rows that sort alike (`ordering.tie_key`); worked out each time, to keep rows small."""
        return tie_key(self.namespace, self.name)

    @property
    def key(self) -> Key:
        """What makes it the same row."""
        return (self.namespace, self.name)

    @property
    def row(self) -> Row:
        """As it is sent."""
        return (self.namespace, self.name, self.cells)


class Change(NamedTuple):
    """A row before and after; None where there was or is none. The same item twice: look at it again."""

    before: Item | None
    after: Item | None


def coalesced(changes: list[Change]) -> list[Change]:
    """Each row once: as it was at first, and as it is at last."""
    first: dict[Key, Change] = {}
    for before, after in changes:
        item = before if before is not None else after
        assert item is not None
        known = first.get(item.key)
        first[item.key] = Change(before if known is None else known.before, after)
    return list(first.values())


class ItemTable:
    """Items by namespace and name, without a key for each: there may be very many."""

    def __init__(self) -> None:
        self._namespaces: dict[str, dict[str, Item]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._namespaces.values()))

    def __iter__(self) -> Iterator[Item]:
        for items in self._namespaces.values():
            yield from items.values()

    def get(self, key: Key) -> Item | None:
        """The row as it is; None when there is none."""
        return self._namespaces.get(key[0], {}).get(key[1])

    def put(self, item: Item) -> Item | None:
        """Add or replace a row. Returns it as it was."""
        items = self._namespaces.setdefault(item.namespace, {})
        before = items.get(item.name)
        items[item.name] = item
        return before

    def pop(self, key: Key) -> Item | None:
        """Drop a row. Returns it as it was."""
        items = self._namespaces.get(key[0])
        if items is None:
            return None
        before = items.pop(key[1], None)
        if not items:
            del self._namespaces[key[0]]
        return before
