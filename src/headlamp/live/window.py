"""Windows: of a list that is too long to be sent whole, each viewer is sent what is in sight and the counts.

What a viewer has been sent is remembered as it was, so the next message says the difference, whenever the viewer takes
it: nobody is queued for, and a slow reader misses steps in between and nothing else. Viewers of the same window who
have been sent the same share each message, encoded once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf

from headlamp.live.frames import Payload
from headlamp.live.items import Item
from headlamp.live.plan import Plan
from headlamp.live.protocol import Column, Columns, Facet, Key, Row, Window, on_wire
from headlamp.live.rows import RowTable
from headlamp.live.shelf import Shelf
from headlamp.live.viewport import Onlooker, Viewport

WINDOW_FROM = 20_000
"""Rows that a page can still filter, sort and keep by itself; a longer list is sent in windows. See docs/live.md."""
# A list whose length goes to and fro about the threshold must not change its ways each time.
_BACK_BELOW = 0.8
# The soonest that rows are looked at again for their age, in seconds.
_SOONEST = 0.25
# What is shown, and messages, that are remembered for others who need the same, until something changes.
_SHARED = 64
_REFUSED = "The server failed to sort and filter the rows in this way. They can be looked at in another."


class Shown:
    """What one window shows at one moment."""

    __slots__ = ("facets", "first", "items", "keys", "matching", "problem", "total")

    def __init__(
        self, first: int, items: list[Item], total: int, matching: int, facets: list[Facet] | None, problem: str
    ) -> None:
        self.first = first
        self.items = items
        self.keys = [item.key for item in items]
        self.total = total
        self.matching = matching
        self.facets = facets
        self.problem = problem

    def same_counts(self, other: Shown) -> bool:
        """Whether nothing but rows differs."""
        return (self.total, self.matching, self.problem) == (other.total, other.matching, other.problem)


class Windows:
    """All windows into one table; as long as nobody has one, nothing is done and nothing kept."""

    def __init__(
        self, table: RowTable, plural: str, *, now: Callable[[], float], window_from: int = WINDOW_FROM
    ) -> None:
        self.on = False
        """Whether viewers who gave a view are sent windows."""
        self.shelf = Shelf(plural, now=now, changed=self._changed)
        self.now = now
        self.table = table
        self.columns = Payload(Columns.telling(None))
        """The message that goes ahead of a viewer's first window."""
        self._shelved = False
        self._begun_with: tuple[Column, ...] = ()
        self._window_from = window_from
        self._viewports: set[Viewport] = set()
        self._shown: dict[tuple[Plan, int, int], Shown] = {}
        self._shared: dict[tuple[int, bool, int, int], tuple[Shown | None, Shown, Payload | None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = inf
        self._opened = 0

    def resize(self, expected: int = 0, *, loaded: bool = True) -> None:
        """Choose by the number of rows that there are, or that are `expected`.

        `loaded`: there are no fewer rows only because they are still being read.
        """
        if not self._viewports:
            return
        columns, rows = self.table.columns, len(self.table)
        if self.on and columns is not self._begun_with:
            self.clear()
        if not self.on and max(rows, expected) > self._window_from and columns is not None:
            self.on = True
            self._begun_with = columns
            self.columns = Payload(Columns.telling(columns))
            for viewport in self._viewports:
                viewport.bring_out()
        if self.on and loaded:
            if rows < _BACK_BELOW * self._window_from:
                self.clear()
            elif not self._shelved and columns is not None:
                # Not sooner: what is shelved while more rows arrive would have to be put in order again and again.
                self._shelved = True
                self.shelf.begin(columns, self.table.by_namespace())

    def apply(self, changed: list[Row], gone: list[Key]) -> None:
        """Take in what has changed in the table."""
        if self._shelved:
            self.shelf.apply(changed, gone)

    def clear(self) -> None:
        """Forget all rows, and send no windows until `resize` says so."""
        if not self.on:
            return
        self.on = self._shelved = False
        self.shelf.clear()
        self._forget()
        self._arm()
        for viewport in self._viewports:
            viewport.put_away()

    def close(self) -> None:
        """Stop working."""
        self.shelf.close()
        if self._timer is not None:
            self._timer.cancel()

    def open(self, onlooker: Onlooker) -> Viewport:
        """A window for one more viewer. `resize` is to be called when it shows something."""
        self._opened += 1
        viewport = Viewport(self, self._opened, onlooker)
        self._viewports.add(viewport)
        return viewport

    def leave(self, viewport: Viewport) -> None:
        """A viewer has gone."""
        self._viewports.discard(viewport)
        if not self._viewports:
            self.clear()

    def shown(self, plan: Plan, first: int, count: int) -> Shown | None:
        """What is in sight now; None while it is being worked out."""
        known, refused = self._shown.get((plan, first, count)), self.shelf.is_refused(plan)
        # Whoever comes back to what was refused waits for another try.
        if known is not None and (known.problem == _REFUSED) is refused:
            return known
        if refused:
            return self._remembered(plan, first, count, Shown(0, [], len(self.shelf), 0, None, _REFUSED))
        index, counted = self.shelf.index(plan), self.shelf.index(plan.facets)
        if index is None or counted is None:
            return None
        matching = len(index.items)
        first = max(0, min(first, matching - count))
        items = index.items[first : first + count]
        shown = Shown(first, items, len(self.shelf), matching, counted.facets(), index.matcher.problem)
        return self._remembered(plan, first, count, shown)

    def _remembered(self, plan: Plan, first: int, count: int, shown: Shown) -> Shown:
        """For others who look at the same; the oldest is forgotten where there are many."""
        if len(self._shown) >= _SHARED:
            del self._shown[next(iter(self._shown))]
        self._shown[(plan, first, count)] = shown
        return shown

    def difference(self, view: int, before: Shown | None, after: Shown, *, asked: bool) -> Payload | None:
        """The message for a viewer who has been sent `before`; None when there is nothing new and nothing was asked."""
        key = (view, asked, id(before), id(after))
        if key in self._shared:
            return self._shared[key][2]
        payload = self._difference(view, before, after, asked=asked)
        if len(self._shared) < _SHARED:
            self._shared[key] = (before, after, payload)
        return payload

    def _difference(self, view: int, before: Shown | None, after: Shown, *, asked: bool) -> Payload | None:
        known = set() if before is None else set(map(id, before.items))
        rows = on_wire(item.row for item in after.items if id(item) not in known)
        moved = before is None or before.first != after.first or before.keys != after.keys
        counted = before is None or before.facets != after.facets
        if before is not None and before.same_counts(after) and not (asked or rows or moved or counted):
            return None
        return Payload(
            Window(
                id=0,
                view=view,
                first=after.first,
                total=after.total,
                matching=after.matching,
                set=rows,
                order=after.keys if moved else None,
                facets=after.facets if counted else None,
                problem=after.problem,
                as_of=round(self.now(), 3),
            )
        )

    def _changed(self) -> None:
        self._forget()
        for viewport in self._viewports:
            viewport.onlooker.wake()
        self._arm()

    def _forget(self) -> None:
        self._shown.clear()
        self._shared.clear()

    def _arm(self) -> None:
        moment = self.shelf.next_flip
        if moment == self._timer_at:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_at = moment
        if moment < inf:
            wait = max(moment - self.now(), _SOONEST)
            self._timer = asyncio.get_running_loop().call_later(wait, self._grow_older)

    def _grow_older(self) -> None:
        self._timer, self._timer_at = None, inf
        self.shelf.grow_older()
