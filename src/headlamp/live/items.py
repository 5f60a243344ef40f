"""The rows of a long list as windows look at them."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from headlamp.live.ordering import tie_key
from headlamp.live.protocol import Cell, Key, Row


class Item(Struct, gc=False):
    """One row as it is at a moment: a row that changes is another item."""

    namespace: str
    name: str
    cells: list[Cell]

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
