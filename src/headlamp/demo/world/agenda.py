"""What will happen when: an agenda by the simulation's clock, without any waiting of its own."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable

_LONGEST_SLEEP = 1.0


class Agenda:
    """Things to be done at their time. `step` does what is due, so tests walk through time as they like."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def after(self, delay: float, action: Callable[[], None]) -> None:
        """Do something `delay` seconds from now; what is due at the same time is done in the order of asking."""
        heapq.heappush(self._due, (self.now() + delay, next(self._order), action))

    def step(self) -> int:
        """Do everything that is due, what becomes due by it too; returns how many things that were."""
        done = 0
        now = self.now()
        while self._due and self._due[0][0] <= now:
            _, _, action = heapq.heappop(self._due)
            action()
            done += 1
        return done

    def next_due(self) -> float | None:
        """The time of the next thing; None when there is none."""
        return self._due[0][0] if self._due else None

    async def run(self) -> None:
        """Do things at their time until cancelled."""
        while True:
            self.step()
            due = self.next_due()
            wait = _LONGEST_SLEEP if due is None else min(max(due - self.now(), 0.01), _LONGEST_SLEEP)
            await asyncio.sleep(wait)
