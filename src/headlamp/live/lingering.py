"""Readings that go on for a little while after their last viewer: a page is reloaded, or somebody goes back to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from headlamp.live.seat import Seat

MOST = 20
"""So many go on for one credential: more than a page has lists, and few beside the lists that it may have open."""


class Lingering:
    """Seats without subscriptions, each until `seconds` are over or its credential has `MOST` younger ones.

    `end` is called with a seat then.
    """

    def __init__(self, seconds: float, end: Callable[[Seat], None]) -> None:
        self._seconds = seconds
        self._end = end
        self._timers: dict[str, dict[Seat, asyncio.TimerHandle]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._timers.values()))

    def begin(self, seat: Seat) -> None:
        """Keep a seat for a while."""
        timers = self._timers.setdefault(seat.member.identity, {})
        timers[seat] = asyncio.get_running_loop().call_later(self._seconds, self._over, seat)
        if len(timers) > MOST:
            self._over(next(iter(timers)))

    def forget(self, seat: Seat) -> None:
        """Somebody looks again, or never ceased to."""
        timers = self._timers.get(seat.member.identity, {})
        if timer := timers.pop(seat, None):
            timer.cancel()
            if not timers:
                del self._timers[seat.member.identity]

    def close(self) -> None:
        """Wait for nobody any more."""
        for timers in self._timers.values():
            for timer in timers.values():
                timer.cancel()
        self._timers.clear()

    def _over(self, seat: Seat) -> None:
        self.forget(seat)
        self._end(seat)
