"""All rows of a long list by namespace and name."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from operator import attrgetter

from headlamp.live.items import Change, Item
from headlamp.live.protocol import Key, Row

_by_tie = attrgetter("tie")


class SortedRows:
    """The rows as they are, in `items`, ordered by `Item.tie`.

    A row is found by halving: a table of keys beside it would take about as much memory as the items do.
    """

    def __init__(self, items: list[Item]) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def get(self, key: Key) -> Item | None:
        """The row as it is; None when there is none."""
        return self._find(Item(*key, []))[1]

    def apply(self, changed: Sequence[Row], gone: Sequence[Key], *, read: bool) -> list[Change]:
        """Take in rows that are new or other, and keys of those that are gone. Returns what that comes to.

        `read`: somebody goes through `items`, which must stay as they are for that.
        """
        if read:
            self.items = self.items.copy()
        changes = []
        for row in changed:
            after = Item(*row)
            place, before = self._find(after)
            self.items[place : place + (before is not None)] = [after]
            changes.append(Change(before, after))
        for key in gone:
            place, before = self._find(Item(*key, []))
            if before is not None:
                del self.items[place]
                changes.append(Change(before, None))
        return changes

    def _find(self, sought: Item) -> tuple[int, Item | None]:
        """The place where a row is or would be, and what is there of it."""
        place = bisect_left(self.items, sought.tie, key=_by_tie)
        there = self.items[place] if place < len(self.items) else None
        return place, there if there is not None and there.key == sought.key else None
