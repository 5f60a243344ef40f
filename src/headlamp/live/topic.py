"""One selection as many viewers see it: read once, encoded once, compressed once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from headlamp.live.errors import SessionEnded, SignInAgain
from headlamp.live.frames import Payload
from headlamp.live.protocol import Changes, Columns, Row, Rows, State
from headlamp.live.reflector import Overall, Reflector
from headlamp.live.resources import Selection
from headlamp.live.rows import RowTable
from headlamp.live.subscription import Subscription
from headlamp.live.timing import Timing
from headlamp.live.upstream import Upstream
from headlamp.live.viewer import Access, OpenAccess
from headlamp.problems import Problem

ROWS_A_MESSAGE = 2000
# More changes than this at once, or than half of the rows, are sent as a snapshot.
MOST_CHANGES = 1000


class Topic:
    """The shared reading of one selection. Made by `Hub`; runs from `start` until `stop`."""

    def __init__(
        self,
        access: Access,
        open_access: OpenAccess,
        selection: Selection,
        *,
        timing: Timing,
        now: Callable[[], float],
        random: Callable[[], float],
        over: Callable[[], None],
    ) -> None:
        self.now = now
        self.open_access = open_access
        self.table = RowTable()
        self.subscriptions: set[Subscription] = set()
        self.loaded = False
        self.state = _state_of(Overall("loading", now()))
        self._timing = timing
        self._ended = access.credential.ended
        self._over = over
        self._shown = False
        self._snapshot: list[Payload] | None = None
        self._flush_due: asyncio.TimerHandle | None = None
        self._flushed = 0.0
        # Through `open_access` as it is then: the viewer who opened the topic may be gone before the topic is.
        upstream = Upstream(lambda: self.open_access(), access=access, timing=timing, now=now)
        self._reflector = Reflector(upstream, selection, self.table, self, random=random)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to read."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End reading; returns when all requests are closed."""
        if self._flush_due is not None:
            self._flush_due.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def snapshot(self) -> list[Payload]:
        """Columns and rows as messages, made once for all who need them until something changes."""
        if not self._shown:
            return []
        if self._snapshot is None:
            self._snapshot = self._rows(list(self.table), reset=True)
        return self._snapshot

    def changed(self) -> None:
        """See `ReflectorListener`."""
        if self._flush_due is not None or not self.table.has_changes:
            return
        loop = asyncio.get_running_loop()
        pause = self._timing.batch if self.loaded else self._timing.loading_batch
        # The first change after a quiet time goes out at once.
        self._flush_due = loop.call_at(max(loop.time(), self._flushed + pause), self._flush)

    def overall(self, overall: Overall) -> None:
        """See `ReflectorListener`."""
        self.state = _state_of(overall)
        if self.loaded or not overall.loaded:
            for subscription in self.subscriptions:
                subscription.offer(self.state)
            return
        self._flush()
        if not self._shown:
            self._show([])
        self.loaded = True
        for subscription in self.subscriptions:
            subscription.offer()

    def restarted(self) -> None:
        """See `ReflectorListener`."""
        self.loaded = False
        self.state = _state_of(Overall("loading", self.now()))
        self._shown = False
        self._snapshot = None
        for subscription in self.subscriptions:
            subscription.fall_behind()

    def _flush(self) -> None:
        if self._flush_due is not None:
            self._flush_due.cancel()
            self._flush_due = None
        self._flushed = asyncio.get_running_loop().time()
        changed, gone = self.table.take_changes()
        if not changed and not gone:
            return
        self._snapshot = None
        if not self._shown:
            self._show(changed)
        elif len(changed) + len(gone) > max(MOST_CHANGES, len(self.table) // 2) and self.loaded:
            for subscription in self.subscriptions:
                subscription.fall_behind()
        elif self.subscriptions:
            if self.loaded or gone:
                payloads = [Payload(Changes(0, changed, gone, self.now()))]
            else:
                payloads = self._rows(changed, reset=False)
            for subscription in self.subscriptions:
                subscription.offer(*payloads)

    def _show(self, rows: list[Row]) -> None:
        """The first rows of a load, to those who have been waiting for them."""
        self._shown = True
        payloads = self._rows(rows, reset=True)
        for subscription in self.subscriptions:
            subscription.offer(*payloads)

    def _rows(self, rows: list[Row], *, reset: bool) -> list[Payload]:
        payloads = []
        if reset:
            payloads.append(Payload(Columns(0, list(self.table.columns or ()))))
        for start in range(0, max(len(rows), 1), ROWS_A_MESSAGE):
            first = reset and start == 0
            payloads.append(Payload(Rows(0, first, rows[start : start + ROWS_A_MESSAGE])))
        return payloads

    async def _run(self) -> None:
        reading = asyncio.create_task(self._reflector.run())
        ended = asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait({reading, ended}, return_when=asyncio.FIRST_COMPLETED)
            problem = SessionEnded() if ended.done() else _cause_of(reading)
        finally:
            reading.cancel()
            ended.cancel()
            await asyncio.gather(reading, ended, return_exceptions=True)
        self._over()
        for subscription in list(self.subscriptions):
            if isinstance(problem, SessionEnded | SignInAgain):
                subscription.sign_out(problem)
            else:
                subscription.fail(problem)


def _cause_of(reading: asyncio.Task[None]) -> Problem:
    error = reading.exception()
    if isinstance(error, Problem):
        return error
    logging.getLogger("headlamp.live").error("reading rows failed", exc_info=error)
    return Problem("The server failed to read these rows.")


def _state_of(overall: Overall) -> Payload:
    return Payload(State(0, overall.state, overall.since, overall.message, list(overall.missing), overall.retry_at))
