"""Whether a cluster still answers for what is watched of it.

A watch is silent when nothing happens, and also when the API server has lost its etcd: it keeps all watches open then,
and goes on sending bookmarks. So it is asked from time to time for something that it can only say with its etcd.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from weakref import WeakValueDictionary

from headlamp.clusters.errors import ClusterUnreachable
from headlamp.live.errors import Busy, Overloaded, Undecided
from headlamp.live.timing import Timing
from headlamp.problems import Problem

# One failure may be a connection that had gone idle for too long.
_FAILURES = 2


Source = tuple[str, str]
"""As whom something is read, and which kind it is."""


class Watching(Protocol):
    """Whoever has a watch open."""

    @property
    def source(self) -> Source: ...

    async def latest(self) -> str:
        """The version that the cluster is at. Raises a `Problem`."""
        ...

    def lost(self, problem: Problem) -> None:
        """The cluster does not answer any more, so that what the watch shows may be old."""
        ...

    def found(self) -> None:
        """It answers again."""
        ...


class Pulse:
    """Asks for all who watch something of one API group of one cluster, as one of them after the other.

    Where one gets no answer, two ask next, of different users and kinds if there are such: the key that a kind is
    encrypted with, or the connections of one user, are not the cluster.

    `problem` is why what they show may be old, None while the cluster answers. Watches are opened anew all the time, so
    it does not begin again when for a moment there is none.
    """

    def __init__(self, timing: Timing) -> None:
        self.problem: Problem | None = None
        self._timing = timing
        self._watching: dict[Watching, None] = {}
        self._failures = 0
        self._due: asyncio.TimerHandle | None = None
        self._asking: asyncio.Task[None] | None = None

    @contextmanager
    def felt_by(self, watching: Watching) -> Iterator[None]:
        """Tell `watching` for as long as the block lasts; `problem` says how it is at the beginning."""
        self._watching[watching] = None
        if self._due is None and self._asking is None:
            self._ask_in(self._timing.pulse)
        try:
            yield
        finally:
            del self._watching[watching]

    def _ask_in(self, seconds: float) -> None:
        self._due = asyncio.get_running_loop().call_later(seconds, self._begin)

    def _begin(self) -> None:
        self._due = None
        if self._watching:
            self._asking = asyncio.create_task(self._beat())
        else:
            self._failures, self.problem = 0, None

    async def _beat(self) -> None:
        try:
            answers = await asyncio.gather(*map(self._ask, self._next()))
            if any(answer is not None for answer in answers):
                self._failures = 0 if any(answers) else self._failures + 1
                self._tell()
        finally:
            self._asking = None
            self._ask_in(self._timing.away_pause if self._failures else self._timing.pulse)

    def _tell(self) -> None:
        if self._failures >= _FAILURES and self.problem is None:
            self.problem = Busy("The cluster does not answer at the moment, so these rows may be old.")
            for one in list(self._watching):
                one.lost(self.problem)
        elif not self._failures and self.problem is not None:
            self.problem = None
            for one in list(self._watching):
                one.found()

    def _next(self) -> list[Watching]:
        """Whose turn it is to ask: after a failure also whoever has the least in common with that one."""
        asking = next(iter(self._watching), None)
        if asking is None:
            return []
        who, kind = asking.source

        def unlike(other: Watching) -> int:
            other_who, other_kind = other.source
            return (other_kind != kind) + (other_who != who)

        other = max(self._watching, key=unlike)
        return [asking, other] if self._failures and unlike(other) else [asking]

    async def _ask(self, asking: Watching) -> bool | None:
        """Whether it answers; None when that can't be told, since what came is about the one who asked."""
        if asking in self._watching:
            # Another one is next.
            self._watching[asking] = self._watching.pop(asking)
        try:
            async with asyncio.timeout(self._timing.opening):
                await asking.latest()
        except (Overloaded, Undecided):
            return None
        except (ClusterUnreachable, Busy, TimeoutError):
            return False
        except Problem:
            return None
        return True


class Pulses:
    """The pulses of one cluster. Each API group has one server behind it, and so a pulse of its own.

    A pulse is kept by those who watch: clients name groups as they like, and there is no end of names.
    """

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._of: WeakValueDictionary[str, Pulse] = WeakValueDictionary()

    def of(self, group: str) -> Pulse:
        """The pulse of an API group, "" for the core group."""
        if (known := self._of.get(group)) is None:
            known = self._of[group] = Pulse(self._timing)
        return known

    def __len__(self) -> int:
        return len(self._of)
