"""One viewer's window: what it looks at, what it has been sent of that, and so what it still has to be sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

import msgspec

from headlamp.live.client_messages import ViewSpec
from headlamp.live.filtering.grammar import parse
from headlamp.live.filtering.matching import ValuesOf
from headlamp.live.frames import Payload
from headlamp.live.plan import Plan, extras_of
from headlamp.live.protocol import Key

if TYPE_CHECKING:
    from headlamp.live.window import Shown, Windows


class Onlooker(Protocol):
    """Whom a viewport belongs to."""

    def wake(self) -> None:
        """`Viewport.take` may have something."""
        ...

    def switched(self) -> None:
        """Windows are sent from now on instead of all rows, or the other way round."""
        ...

    def find_extra(self, extra_id: str) -> ValuesOf | None:
        """See `FindColumn`."""
        ...

    def hold_extras(self, extra_ids: list[str]) -> None:
        """These extra columns, and no others, are sorted or filtered by: they are to be known of all rows."""
        ...


class Viewport:
    """Made by `Windows.open`, with a number that no other viewport of these windows has."""

    def __init__(self, windows: Windows, number: int, onlooker: Onlooker) -> None:
        self.onlooker = onlooker
        self._windows = windows
        self._number = number
        self._view: ViewSpec | None = None
        self._plan: Plan | None = None
        self._extras: list[str] = []
        self._sent: Shown | None = None
        self._answered = 0

    def show(self, view: ViewSpec) -> None:
        """Look at something else, or for the first time."""
        self._view = view
        self.replan()
        self.onlooker.wake()

    def replan(self) -> None:
        """Look into the index that the view asks for, now that the columns are known."""
        view, shelf, columns = self._view, self._windows.shelf, self._windows.table.columns
        if view is None or columns is None or not self._windows.on:
            return
        plan = Plan(parse(view.filter), view.sort, view.descending, view.status)
        self._extras = extras_of(plan, columns, self.onlooker.find_extra)
        if self._extras:
            plan = msgspec.structs.replace(plan, owner=self._number)
        self.onlooker.hold_extras(self._extras)
        former, self._plan = self._plan, plan
        if plan == former:
            return
        shelf.hold(plan.facets, self._find)
        shelf.hold(plan, self._find)
        self._release(former)

    def take(self) -> list[Payload] | None:
        """What is to be sent now: nothing when all has been sent; None when it is not ready yet."""
        view, plan = self._view, self._plan
        if view is None or plan is None:
            return None
        shown = self._windows.shown(plan, view.first, view.count)
        asked = view.number != self._answered
        if shown is None:
            if asked:
                self._windows.shelf.want(plan)
            return None
        payload = self._windows.difference(view.number, self._sent, shown, asked=asked)
        first = self._sent is None
        self._sent, self._answered = shown, view.number
        if payload is None:
            return []
        return [self._windows.columns, payload] if first else [payload]

    def ask_again(self) -> None:
        """Let the next window come although nothing is different, and its index be built if it was dropped."""
        self._answered = 0

    def place(self, key: Key) -> int | None:
        """The place of a row among those that match; None when it is not among them. Holds for what `take` told."""
        return None if self._plan is None else self._windows.shelf.place(self._plan, key)

    @property
    def total(self) -> int:
        """How many rows there are as of the last window."""
        return 0 if self._sent is None else self._sent.total

    @property
    def answered(self) -> int:
        """The number of the view that was answered last; 0 for none."""
        return self._answered

    def touch(self, keys: Iterable[Key]) -> None:
        """Extra columns of these rows have other values."""
        self._windows.shelf.touch(self._number, keys)

    def reset(self) -> None:
        """The viewer is to forget all rows."""
        self._sent = None
        self._answered = 0

    def bring_out(self) -> None:
        """Windows are sent from now on."""
        self.replan()
        self.onlooker.switched()

    def put_away(self) -> None:
        """No windows are sent for now: all rows are."""
        self.reset()
        self.onlooker.hold_extras([])
        self.onlooker.switched()

    def close(self) -> None:
        """Nobody looks any more."""
        former, self._plan, self._view = self._plan, None, None
        self._release(former)
        self._windows.leave(self)

    def _find(self, extra_id: str) -> ValuesOf | None:
        """See `FindColumn`: those that are held."""
        return self.onlooker.find_extra(extra_id) if extra_id in self._extras else None

    def _release(self, plan: Plan | None) -> None:
        if plan is not None:
            self._windows.shelf.release(plan)
            self._windows.shelf.release(plan.facets)
