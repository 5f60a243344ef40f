"""One selection as many viewers see it: read once, encoded once, compressed once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from headlamp.live.frames import Payload
from headlamp.live.members import Member, Members
from headlamp.live.pacing import Pacing
from headlamp.live.protocol import Changes, Columns, Key, Row, Rows, State, on_wire
from headlamp.live.pulse import Pulses
from headlamp.live.reflector import Overall, Reflector
from headlamp.live.resources import Selection
from headlamp.live.rows import RowTable
from headlamp.live.sharing import CLUSTER
from headlamp.live.snapshot import Snapshot
from headlamp.live.subscription import Subscription
from headlamp.live.timing import Timing
from headlamp.live.upstream import Upstream
from headlamp.live.window import WINDOW_FROM, Windows
from headlamp.problems import Problem

ROWS_A_MESSAGE = 2000
# More changes than this at once, or than half of the rows, are sent as a snapshot.
MOST_CHANGES = 1000


class Topic:
    """The shared reading of one selection. Made by `Hub`; runs from `start` until `stop`.

    `company` names those who may read it together, "" when it is for one of them alone. `refused` and `lost`: see
    `Members`. `over` is called when the reading has come to its end by itself. Of more rows than `window_from`, those
    who say what is in sight are sent windows. `like_it`: see `RowTable`.
    """

    def __init__(
        self,
        selection: Selection,
        company: str,
        *,
        timing: Timing,
        now: Callable[[], float],
        random: Callable[[], float],
        pulses: Pulses,
        refused: Callable[[Member, Problem], None],
        lost: Callable[[Member, Problem], None],
        over: Callable[[Topic], None],
        window_from: int = WINDOW_FROM,
        like_it: Callable[[], Iterable[RowTable]] = tuple,
    ) -> None:
        self.now = now
        self.selection = selection
        self.company = company
        self.members = Members(strangers=company == CLUSTER, refused=refused, lost=lost)
        self.table = RowTable(like_it)
        self.windows = Windows(self.table, selection.plural, now=now, window_from=window_from)
        self.subscriptions: set[Subscription] = set()
        self.loaded = False
        self.how = Overall("loading", now())
        self.state = _state_of(self.how)
        self.count = 0
        """How many rows have been told of."""
        self._timing = timing
        self._over = over
        self.shown = False
        """Whether viewers have been told of rows, or that there are none."""
        self._columns = self.table.columns
        self._only_grown = True
        """Whether all that was told of since the load began are rows that had not been told of."""
        self._snapshot = Snapshot()
        self._expected = 0
        self._flush_due: asyncio.TimerHandle | None = None
        self._flushed = 0.0
        self.pacing = Pacing(timing)
        upstream = Upstream(self.members, timing=timing, now=now)
        self._reflector = Reflector(
            upstream, selection, self.table, self, random=random, pacing=self.pacing, pulses=pulses
        )
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to read."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End reading; returns when all requests are closed."""
        if self._flush_due is not None:
            self._flush_due.cancel()
        self.windows.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def snapshot(self) -> list[Payload]:
        """Columns and rows as messages, made once for all who need them until something changes."""
        if not self.shown:
            return []
        if (messages := self._snapshot.messages) is not None:
            return messages
        # Whoever reads along must not be sent rows of this snapshot as further ones of the same load.
        self._flush()
        if self.table.columns is not self._columns:
            # All rows went, and the cluster has other columns since: the others have to learn of them too.
            for subscription in self.subscriptions:
                subscription.fall_behind()
        return self._snapshot.begin(self._rows(list(self.table), reset=True), len(self.table))

    @property
    def settled(self) -> bool:
        """Whether the first reading is over: there are rows, or it is known why there are none."""
        return self.loaded or self.how.state in ("forbidden", "failed", "reconnecting")

    @property
    def snapshot_count(self) -> int:
        """How many rows `snapshot` tells of."""
        return self._snapshot.count if self.shown else 0

    def goodbye(self) -> list[Payload]:
        """Messages after which nothing of what was shown is left with a viewer."""
        return [Payload(Columns.telling(self._columns)), Payload(Rows(0, True, []))]

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
        self.how = overall
        self.state = _state_of(overall)
        if self.loaded:
            # So that no word of how the rows are comes before the rows that it is about.
            self._flush()
        if self.loaded or not overall.loaded:
            for subscription in self.subscriptions:
                subscription.tell(self.state)
            return
        self._flush()
        if not self.shown:
            self._show([])
        self.loaded = True
        self._expected = 0
        self.windows.resize()
        for subscription in self.subscriptions:
            subscription.offer()

    def restarted(self) -> None:
        """See `ReflectorListener`."""
        self.loaded = False
        self.how = Overall("loading", self.now())
        self.state = _state_of(self.how)
        self.shown = False
        self._snapshot.drop()
        self.windows.clear()
        # There will be about as many again, so whoever was sent windows is not sent all rows in between.
        self._expected, self.count = self.count, 0
        for subscription in self.subscriptions:
            subscription.fall_behind()

    def _flush(self) -> None:
        if self._flush_due is not None:
            self._flush_due.cancel()
            self._flush_due = None
        self._flushed = asyncio.get_running_loop().time()
        self._only_grown &= self.table.has_only_grown
        changed, gone = self.table.take_changes()
        if not changed and not gone:
            return
        self.count = len(self.table)
        self.windows.apply(changed, gone)
        self.windows.resize(self._expected, loaded=self.loaded)
        self._tell(changed, gone)

    def _tell(self, changed: list[Row], gone: list[Key]) -> None:
        """What has changed, to those who are sent all rows."""
        readers = [subscription for subscription in self.subscriptions if subscription.takes_rows]
        many = len(changed) + len(gone) > max(MOST_CHANGES, len(self.table) // 2)
        if not self.shown:
            self._show(changed)
        elif (many and self.loaded) or self.table.columns is not self._columns:
            self._snapshot.drop()
            for subscription in readers:
                subscription.fall_behind()
        elif not readers:
            self._snapshot.drop()
        elif self.loaded or not self._only_grown:
            changes = Payload(Changes(0, round(self.now(), 3), on_wire(changed), gone))
            self._snapshot.add(changes, self.count)
            for subscription in readers:
                subscription.offer(changes)
        else:
            payloads = self._rows(changed, reset=False)
            self._snapshot.grow(payloads, self.count)
            for subscription in readers:
                subscription.offer(*payloads)

    def _show(self, rows: list[Row]) -> None:
        """The first rows of a load, to those who have been waiting for them."""
        self.shown = self._only_grown = True
        self._columns = self.table.columns
        readers = [subscription for subscription in self.subscriptions if subscription.takes_rows]
        if not readers:
            return
        payloads = self._snapshot.begin(self._rows(rows, reset=True), self.count)
        for subscription in readers:
            subscription.offer(*payloads)

    def _rows(self, rows: list[Row], *, reset: bool) -> list[Payload]:
        payloads = []
        if reset:
            self._columns = self.table.columns
            payloads.append(Payload(Columns.telling(self.table.columns)))
        for start in range(0, max(len(rows), 1), ROWS_A_MESSAGE):
            first = reset and start == 0
            payloads.append(Payload(Rows(0, first, on_wire(rows[start : start + ROWS_A_MESSAGE]))))
        return payloads

    def fail(self, problem: Problem) -> None:
        """End all subscriptions, with the problem that ended the reading."""
        for member in self.members:
            member.fail(problem)

    async def _run(self) -> None:
        try:
            await self._reflector.run()
        except Problem as cause:
            problem = cause
        except Exception:
            # Whatever it is, the viewers have to be told that nothing comes any more.
            logging.getLogger("headlamp.live").exception("reading rows failed")
            problem = Problem("The server failed to read these rows.")
        self._over(self)
        self.fail(problem)


def _state_of(overall: Overall) -> Payload:
    return Payload(State(0, overall.state, overall.since, overall.message, list(overall.missing), overall.retry_at))
