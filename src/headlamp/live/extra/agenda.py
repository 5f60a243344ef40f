"""Which rows are to be read, and when: at once when they come into view, and not too often when they change."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable

from headlamp.live.protocol import Key
from headlamp.live.timing import Timing


class Agenda:
    """Rows that are due, each at a time of the loop's clock; `hasten` is told of a time sooner than the one before.

    A row is read at most once in `Timing.extra` seconds. Rows that change come together for `Timing.batch` seconds.
    """

    def __init__(self, timing: Timing, hasten: Callable[[float], None]) -> None:
        self._timing = timing
        self._hasten = hasten
        self._now = asyncio.get_running_loop().time
        self._due: dict[Key, float] = {}
        self._reading: set[Key] = set()
        self._read_at: dict[Key, float] = {}
        self._batch_at = -math.inf

    @property
    def next_at(self) -> float:
        """When the first row is due; infinity when none is."""
        return min(self._due.values(), default=math.inf)

    def want(self, keys: Iterable[Key]) -> None:
        """Read these for the first time, unless that is under way."""
        now, soonest = self._now(), math.inf
        for key in keys:
            if key not in self._due and key not in self._reading:
                self._due[key] = due = self._earliest(key, now)
                soonest = min(soonest, due)
        if soonest < math.inf:
            self._hasten(soonest)

    def mention(self, key: Key) -> None:
        """The row may have changed."""
        now = self._now()
        if self._batch_at <= now:
            self._batch_at = now + self._timing.batch
        self._set(key, self._batch_at)

    def postpone(self, keys: Iterable[Key], pause: float) -> None:
        """Try again later to read what could not be read."""
        due = self._now() + pause
        for key in keys:
            self._due[key] = due
        self._hasten(due)

    def begin(self) -> list[Key]:
        """Take the rows that are due: they are being read from now on, until `end`."""
        now = self._now()
        keys = [key for key, due in self._due.items() if due <= now]
        for key in keys:
            del self._due[key]
        self._read_at = {key: at for key, at in self._read_at.items() if at + self._timing.extra > now}
        self._read_at |= dict.fromkeys(keys, now)
        self._reading.update(keys)
        return keys

    def end(self) -> None:
        """What was being read has been read, or postponed."""
        self._reading.clear()

    def interrupt(self) -> None:
        """What was being read was not: it is due again."""
        self._due |= dict.fromkeys(self._reading, self._now())
        self._reading.clear()

    def retain(self, wanted: Callable[[Key], bool]) -> None:
        """Forget all other rows."""
        self._due = {key: due for key, due in self._due.items() if wanted(key)}

    def _set(self, key: Key, due: float) -> None:
        due = self._due[key] = min(self._earliest(key, due), self._due.get(key, math.inf))
        self._hasten(due)

    def _earliest(self, key: Key, due: float) -> float:
        """`due`, or when the row may be read again."""
        return max(due, self._read_at[key] + self._timing.extra) if key in self._read_at else due
