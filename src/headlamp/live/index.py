"""The rows of a long list that match a filter, in order, kept so change by change and counted by status."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import NamedTuple

from headlamp.live.filtering.matching import Matcher
from headlamp.live.items import Change, Item
from headlamp.live.ordering import SortKey, precedes
from headlamp.live.protocol import Facet, Key
from headlamp.live.statuses import URGENCY, Status, StatusReader

# Different statuses that are counted for a viewer; a column with more than that is no status.
FACETS_SHOWN = 50
# Up to so many rows are put in place one by one; more are merged in.
_FEW = 200


class Ordering(NamedTuple):
    """What rows sort by, and which way. Equal keys are ordered by `Item.tie`, always upwards.

    `settled`: an item's key never changes, since it comes from the item alone.
    """

    key: Callable[[Item], SortKey]
    descending: bool
    settled: bool = True

    def sorted(self, entries: Iterable[tuple[SortKey, Item]]) -> list[tuple[SortKey, Item]]:
        """These rows, with what they sort by, in order."""
        by_ties = sorted(entries, key=lambda entry: entry[1].tie)
        # Texts and numbers don't compare; reversing keeps the order of what is equal.
        by_ties.sort(key=lambda entry: (isinstance(entry[0], str), entry[0]), reverse=self.descending)
        return by_ties


class RowIndex:
    """Matching rows in order, in `items`.

    What a row sorts by is worked out whenever it is asked for, since keys take several times the memory of a place;
    it is kept only where it would not come out the same again (`Ordering.settled`).
    """

    def __init__(self, matcher: Matcher, ordering: Ordering, status: StatusReader | None) -> None:
        self.matcher = matcher
        self.ordering = ordering
        self.items: list[Item] = []
        self._status = status
        self._words: dict[Status, int] = {}
        # Rows by the moment at which they may change by growing older, and these moments as a heap.
        self._flips: dict[float, list[Item]] = {}
        self._moments: list[float] = []
        self._watched = 0
        # What rows sort by that may sort otherwise by now.
        self._sorted_as: dict[Key, SortKey] = {}

    def count(self, items: Iterable[Item]) -> None:
        """Count these rows by status, ahead of `fill`."""
        if self._status is not None:
            read = self._status
            for status, count in Counter(read(item.cells) for item in items).items():
                self._words[status] = self._words.get(status, 0) + count

    def fill(self, items: list[Item], keys: Sequence[SortKey]) -> None:
        """Take the rows that match, in order; `keys` are what they sort by, and needed unless that is settled."""
        self.items = items
        if not self.ordering.settled:
            self._sorted_as = {item.key: key for item, key in zip(items, keys, strict=True)}

    def watch_age(self, items: Iterable[Item], now: float) -> None:
        """Note when these rows, matching or not, may change by growing older."""
        if not self.matcher.timed:
            return
        for item in items:
            moment = self.matcher.flips_at(item, now)
            if moment == inf:
                continue
            if moment not in self._flips:
                heapq.heappush(self._moments, moment)
            self._flips.setdefault(moment, []).append(item)
            self._watched += 1

    def renew_ages(self, items: Sequence[Item], now: float) -> None:
        """Drop what was noted of rows as they were, when that is most of it. `items` are all rows as they are."""
        if self._watched > 2 * len(items) + 1000:
            self._flips.clear()
            self._moments.clear()
            self._watched = 0
            self.watch_age(items, now)

    @property
    def next_flip(self) -> float:
        """When `due` has something; infinity for never."""
        return self._moments[0] if self._moments else inf

    def due(self, now: float) -> list[Item]:
        """The rows that have come to an age at which they may match or no longer match, each once; some may be gone."""
        items: dict[int, Item] = {}
        while self._moments and self._moments[0] <= now:
            come = self._flips.pop(heapq.heappop(self._moments))
            self._watched -= len(come)
            items |= {id(item): item for item in come}
        return list(items.values())

    def facets(self) -> list[Facet] | None:
        """How many rows there are by status, the most frequent first; None when rows have no status.

        One word may stand for ready and not ready rows: the tone is that of the worst only when all are so.
        """
        if self._status is None:
            return None
        counts: dict[str, tuple[int, str]] = {}
        for (word, tone), count in self._words.items():
            known = counts.get(word)
            best = tone if known is None or URGENCY[tone] > URGENCY[known[1]] else known[1]
            counts[word] = (count + (known[0] if known else 0), best)
        ranked = sorted(counts.items(), key=lambda entry: (-entry[1][0], entry[0]))
        return [Facet(word, count, tone) for word, (count, tone) in ranked[:FACETS_SHOWN]]

    def apply(self, changes: Sequence[Change], now: float, *, read: bool = False) -> None:
        """Take in changes of rows. `read`: somebody goes through `items`, which must stay as they are for that."""
        if read:
            self.items = self.items.copy()
        leaving: list[int] = []
        coming: list[tuple[SortKey, Item]] = []
        for before, after in changes:
            at = -1 if before is None else self.position(before)
            fits = after is not None and self.matcher.matches(after, now)
            if before is not None and at >= 0:
                self._count(before, -1)
            if after is None or not fits:
                if at >= 0:
                    leaving.append(at)
                continue
            self._count(after, 1)
            key = self.ordering.key(after)
            if at >= 0 and before is not None and self._key(before) == key:
                self.items[at] = after
                continue
            if at >= 0:
                leaving.append(at)
            coming.append((key, after))
        self.watch_age((after for _, after in changes if after is not None), now)
        if len(leaving) + len(coming) > _FEW:
            self._merge(set(leaving), self.ordering.sorted(coming))
        else:
            self._move(sorted(leaving, reverse=True), coming)

    def position(self, item: Item) -> int:
        """The place of an item; -1 when it is not there."""
        if not self.ordering.settled and item.key not in self._sorted_as:
            return -1
        place = self._place(self._key(item), item.tie)
        return place if place < len(self.items) and self.items[place] is item else -1

    def _key(self, item: Item) -> SortKey:
        """What an item that is there sorts by."""
        return self.ordering.key(item) if self.ordering.settled else self._sorted_as[item.key]

    def _place(self, key: SortKey, tie: str) -> int:
        """How many rows come before one with this key and tie."""
        items, descending = self.items, self.ordering.descending
        low, high = 0, len(items)
        while low < high:
            middle = (low + high) // 2
            there = self._key(items[middle])
            before = items[middle].tie < tie if there == key else precedes(there, key) is not descending
            if before:
                low = middle + 1
            else:
                high = middle
        return low

    def _move(self, leaving: list[int], coming: list[tuple[SortKey, Item]]) -> None:
        """Drop the places `leaving`, the last first, and put the rows `coming` where they belong, one by one."""
        for place in leaving:
            self._sorted_as.pop(self.items[place].key, None)
            del self.items[place]
        for key, item in coming:
            self.items.insert(self._place(key, item.tie), item)
            self._sort_as(item, key)

    def _merge(self, leaving: set[int], coming: list[tuple[SortKey, Item]]) -> None:
        """Drop the places `leaving` and put the rows `coming`, in order, where they belong: in one pass."""
        for place in leaving:
            self._sorted_as.pop(self.items[place].key, None)
        staying = self.items = [item for place, item in enumerate(self.items) if place not in leaving]
        merged: list[Item] = []
        at = 0
        for key, item in coming:
            place = self._place(key, item.tie)
            merged += staying[at:place]
            merged.append(item)
            at = place
        self.items = merged + staying[at:]
        for key, item in coming:
            self._sort_as(item, key)

    def _sort_as(self, item: Item, key: SortKey) -> None:
        if not self.ordering.settled:
            self._sorted_as[item.key] = key

    def _count(self, item: Item, difference: int) -> None:
        if self._status is None:
            return
        status = self._status(item.cells)
        count = self._words.get(status, 0) + difference
        if count:
            self._words[status] = count
        else:
            self._words.pop(status, None)
