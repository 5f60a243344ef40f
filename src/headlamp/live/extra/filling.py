"""Reads the objects of the rows that are due, and knows which of them can't be read, and why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from headlamp.clusters.errors import AnswerTooLarge
from headlamp.live.errors import CannotPrint, Forbidden, IdentityChanged, NoSuchKind, Rejected, SignInAgain
from headlamp.live.extra.agenda import Agenda
from headlamp.live.extra.column import Seen
from headlamp.live.extra.reading import ObjectReader, Read, plan_reads
from headlamp.live.protocol import Key
from headlamp.live.rows import RowTable
from headlamp.live.timing import Backoff, Timing
from headlamp.problems import Problem

# Nothing that passes by itself in a moment.
_LASTING = (Forbidden, Rejected, SignInAgain, IdentityChanged, NoSuchKind, CannotPrint, AnswerTooLarge)


class Wishes(Protocol):
    """Whoever wants the objects."""

    @property
    def whole(self) -> bool:
        """Whether more is needed of an object than its metadata."""
        ...

    def wants(self, key: Key) -> bool:
        """Whether the row's object is wanted (still)."""
        ...

    def put(self, key: Key, seen: Seen | None) -> None:
        """The object of a row; None when it is gone, or may not be read."""
        ...


class Filling:
    """Reads for `wishes` what `agenda` says is due. `at_once`: all namespaces may be tried as one list."""

    def __init__(
        self,
        reader: ObjectReader,
        agenda: Agenda,
        wishes: Wishes,
        *,
        timing: Timing,
        random: Callable[[], float],
        at_once: bool,
    ) -> None:
        self._reader = reader
        self._agenda = agenda
        self._wishes = wishes
        self._refused_pause = timing.refused_pause
        self._backoff = Backoff(timing, random)
        self._at_once = at_once
        self._failing: dict[Key, str] = {}

    @property
    def trouble(self) -> str:
        """Why rows could not be read; "" when all could."""
        return next(iter(self._failing.values()), "")

    def reset(self) -> None:
        """Forget what failed."""
        self._agenda.interrupt()
        self._failing.clear()

    async def read_due(self, table: RowTable) -> None:
        """Read the rows that are due, each into `Wishes.put` or, when it fails, onto the agenda again."""
        self._failing = {k: message for k, message in self._failing.items() if k in table and self._wishes.wants(k)}
        keys = [key for key in self._agenda.begin() if key in table]
        reads = plan_reads(keys, table.counts(), at_once=self._at_once)
        await asyncio.gather(*map(self._read, reads))
        self._agenda.end()
        if reads and not self._failing:
            self._backoff.reset()

    async def _read(self, read: Read) -> None:
        missing = set(read.keys)
        try:
            async for key, seen in self._reader.objects(read, whole=self._wishes.whole):
                missing.discard(key)
                self._put(key, seen)
        except Forbidden as problem:
            if read.namespace is None and self._at_once:
                self._at_once = False
                self._agenda.postpone(missing, 0.0)
                return
            self._put_nothing(missing)
            self._failed(missing, problem)
        except Problem as problem:
            self._failed(missing, problem)
        else:
            self._put_nothing(missing)

    def _put(self, key: Key, seen: Seen | None) -> None:
        self._failing.pop(key, None)
        self._wishes.put(key, seen)

    def _put_nothing(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self._put(key, None)

    def _failed(self, keys: Iterable[Key], problem: Problem) -> None:
        again = [key for key in keys if self._wishes.wants(key)]
        self._failing |= dict.fromkeys(again, problem.message)
        lasting = isinstance(problem, _LASTING)
        self._agenda.postpone(again, self._refused_pause if lasting else self._backoff.next(problem.retry_after))
