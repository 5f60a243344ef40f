"""Windows: of a list that is too long to be sent whole, each viewer is sent what is in sight and the counts.

What a viewer has been sent is remembered as it was, so the next message says the difference, whenever the viewer takes
it: nobody is queued for, and a slow reader misses steps in between and nothing else. Viewers of the same window who
have been sent the same share each message, encoded once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from math import inf

import msgspec

from headlamp.live.filtering.grammar import parse
from headlamp.live.filtering.matching import FindColumn
from headlamp.live.frames import Payload
from headlamp.live.index import Item
from headlamp.live.protocol import Facet, Key, Row, ViewSpec, Window
from headlamp.live.rows import RowTable
from headlamp.live.shelf import Plan, Shelf, needs_extras, no_extras

WINDOW_FROM = 20_000
"""Rows that a page can still filter, sort and keep by itself; a longer list is sent in windows. See docs/live.md."""
# A list whose length goes to and fro about the threshold must not change its ways each time.
_BACK_BELOW = 0.8
# The soonest that rows are looked at again for their age, in seconds.
_SOONEST = 0.25
# Messages that are remembered for others who need the same, until something changes.
_SHARED = 64


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
    """All windows into one table. `changed` and `begin` are told what happens there."""

    def __init__(
        self, table: RowTable, plural: str, *, now: Callable[[], float], window_from: int = WINDOW_FROM
    ) -> None:
        self.on = False
        """Whether viewers who gave a view are sent windows."""
        self.shelf = Shelf(plural, now=now, changed=self._changed)
        self.now = now
        self.table = table
        self._window_from = window_from
        self._seats: set[Seat] = set()
        self._shown: dict[tuple[Plan, int, int], Shown] = {}
        self._shared: dict[tuple[int, bool, int, int], tuple[Shown | None, Shown, Payload | None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = inf
        self._owners = 0

    def resize(self, expected: int = 0, *, loaded: bool = True) -> bool:
        """Choose by the number of rows there are, or that are `expected`. Returns whether the choice is another now."""
        rows = len(self.table)
        if not self.on and max(rows, expected) > self._window_from and self.table.columns is not None:
            self.on = True
            self.shelf.begin(self.table.columns, list(self.table))
            for seat in self._seats:
                seat.replan()
            return True
        if self.on and loaded and rows < _BACK_BELOW * self._window_from:
            self.clear()
            return True
        return False

    def apply(self, changed: list[Row], gone: list[Key]) -> None:
        """Take in what has changed in the table."""
        if self.on:
            self.shelf.apply(changed, gone)

    def clear(self) -> None:
        """Forget all rows, and send no windows until `resize` says so."""
        self.on = False
        self.shelf.clear()
        self._forget()
        for seat in self._seats:
            seat.reset()

    def close(self) -> None:
        """Stop working."""
        self.shelf.close()
        if self._timer is not None:
            self._timer.cancel()

    def seat(self, wake: Callable[[], None], find: FindColumn = no_extras) -> Seat:
        """A place for one more viewer. `wake` is called when `Seat.take` may have something."""
        self._owners += 1
        seat = Seat(self, self._owners, wake, find)
        self._seats.add(seat)
        return seat

    def leave(self, seat: Seat) -> None:
        """The viewer has gone."""
        self._seats.discard(seat)

    def shown(self, plan: Plan, first: int, count: int) -> Shown | None:
        """What is in sight now; None while it is being worked out."""
        known = self._shown.get((plan, first, count))
        if known is not None:
            return known
        index, counted = self.shelf.index(plan), self.shelf.index(plan.facets)
        if index is None or counted is None:
            return None
        matching = len(index.items)
        first = max(0, min(first, matching - count))
        items = index.items[first : first + count]
        shown = Shown(first, items, len(self.table), matching, counted.facets(), index.matcher.problem)
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
        rows = [item.row for item in after.items if id(item) not in known]
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
                as_of=self.now(),
            )
        )

    def _changed(self) -> None:
        self._forget()
        for seat in self._seats:
            seat.wake()
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


class Seat:
    """One viewer's window."""

    def __init__(self, windows: Windows, number: int, wake: Callable[[], None], find: FindColumn) -> None:
        self.wake = wake
        self._windows = windows
        self._number = number
        self._find = find
        self._view: ViewSpec | None = None
        self._plan: Plan | None = None
        self._sent: Shown | None = None
        self._answered = 0

    @property
    def waiting(self) -> bool:
        """Whether the viewer has not been sent anything yet."""
        return self._sent is None

    def show(self, view: ViewSpec) -> None:
        """Look at something else, or for the first time."""
        self._view = view
        self.replan()
        self.wake()

    def replan(self) -> None:
        """Look into the index that the view asks for, now that the columns are known."""
        view, shelf, columns = self._view, self._windows.shelf, self._windows.table.columns
        if view is None or columns is None or not self._windows.on:
            return
        plan = Plan(parse(view.filter), view.sort, view.descending, view.status)
        if needs_extras(plan, columns, self._find):
            plan = msgspec.structs.replace(plan, owner=self._number)
        former, self._plan = self._plan, plan
        if plan == former:
            return
        shelf.hold(plan.facets, self._find)
        shelf.hold(plan, self._find)
        self._release(former)

    def take(self) -> Payload | None:
        """What is to be sent now; None when there is nothing, or it is not ready yet."""
        view, plan = self._view, self._plan
        if view is None or plan is None:
            return None
        shown = self._windows.shown(plan, view.first, view.count)
        if shown is None:
            return None
        asked = view.number != self._answered
        payload = self._windows.difference(view.number, self._sent, shown, asked=asked)
        self._sent, self._answered = shown, view.number
        return payload

    def touch(self, keys: Iterable[Key]) -> None:
        """Extra columns of these rows have other values."""
        self._windows.shelf.touch(self._number, keys)

    def reset(self) -> None:
        """The viewer has forgotten all rows."""
        self._sent = None
        self._answered = 0

    def leave(self) -> None:
        """Nobody looks any more."""
        former, self._plan, self._view = self._plan, None, None
        self._release(former)
        self._windows.leave(self)

    def _release(self, plan: Plan | None) -> None:
        if plan is not None:
            self._windows.shelf.release(plan)
            self._windows.shelf.release(plan.facets)
