"""One list and its watch, kept going: of one namespace, of a cluster-scoped kind, or of all namespaces at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from headlamp.clusters.errors import TokenTooLarge
from headlamp.live.conditions import Condition, FeedListener
from headlamp.live.errors import (
    BadSelector,
    BrokenStream,
    Busy,
    CannotPrint,
    CannotWatch,
    ColumnsChangedError,
    Forbidden,
    Gone,
    IdentityChanged,
    NoSuchKind,
    Overloaded,
    Rejected,
    SignInAgain,
)
from headlamp.live.pacing import Pacing
from headlamp.live.paging import Paging
from headlamp.live.protocol import Key
from headlamp.live.pulse import Pulses, Source
from headlamp.live.resources import Selection
from headlamp.live.rows import RowTable
from headlamp.live.tables import Event, Include, TableReader, Values
from headlamp.live.timing import Backoff
from headlamp.live.upstream import Upstream
from headlamp.live.versions import is_before
from headlamp.problems import Problem

# So many rows are put into the table before other work gets its turn.
_ROWS_A_TURN = 2000


@dataclass(frozen=True, slots=True)
class FeedContext:
    """What the feeds of one subscription share. `gate` bounds how many of them list at the same time.

    `cached`: a first list may come from the API server's cache, since no rows have been shown that it could be behind.
    """

    upstream: Upstream
    selection: Selection
    table: RowTable
    listener: FeedListener
    gate: asyncio.Semaphore
    random: Callable[[], float]
    pacing: Pacing
    pulses: Pulses
    values: Values
    cached: bool = True


@dataclass(frozen=True, slots=True)
class Start:
    """What is known of a place already: the version of the list in the table, or how often it has been refused."""

    version: str = ""
    refusals: int = 0


class Feed:
    """Keeps the rows of one place in the table. `namespace` None reads the whole kind.

    The first list is the one that the API server has in its cache (`resourceVersion=0`), as those of all controllers
    are: it costs no question to etcd, and under changes elsewhere in the cluster it does not wait for the cache to be
    told that it is current (a list of 20 rows in each of 500 namespaces, on 1.37: 1.2 s of the API server's CPU and
    1.9 s in all, against 1.8 s and 3.2 s). The watch from its version brings whatever it is behind. Every later list
    is a consistent read, so that rows never go back in time.

    Lists are not paged: all pages but the first come from etcd, where they cost four times the CPU (10,000 rows: 0.64 s
    against 0.14 s), and without objects 10,000 rows are 1.4 MB. Nor are they read as events (`sendInitialEvents`):
    that saves a request, but costs twice the bytes and two to four times the API server's CPU, for 20 rows as for
    10,000.
    """

    def __init__(
        self,
        context: FeedContext,
        namespace: str | None = None,
        *,
        include: Include = "None",
        start: Start | None = None,
    ) -> None:
        start = start or Start()
        self.place = namespace or ""
        self.version = start.version
        self._context = context
        self._upstream = context.upstream
        self._namespace = namespace
        self._include = include
        self._pulse = context.pulses.of(context.selection.group)
        self._reader = TableReader(context.values)
        self._objects_asked = False
        self._listed = bool(start.version)
        self._cached = context.cached and not start.version
        self._refusals = start.refusals
        self._gone = 0
        self._polled: CannotWatch | None = None
        self._doubt: asyncio.TimerHandle | None = None
        self._in_doubt = False
        self._current_at = context.upstream.now()
        self._backoff = Backoff(context.upstream.timing, context.random)
        self._condition = Condition("loading", context.upstream.now())

    async def run(self) -> None:
        """List, watch and start over, until the task is cancelled or the listener is told that it is over."""
        try:
            await self._run()
        finally:
            self._context.pacing.leave(self)

    async def _run(self) -> None:
        timing = self._upstream.timing
        if self._refusals:
            await asyncio.sleep(self._context.pacing.after_refusal(self, self._refusals))
        while True:
            try:
                await self._once()
            except Gone as problem:
                self.version = ""
                self._gone += 1
                if self._gone == 1:
                    # The version is too old. Once is the ordinary course of things and shown to nobody.
                    await asyncio.sleep(self._backoff.next())
                else:
                    await self._wait("reconnecting", problem, self._backoff.next())
            except CannotPrint as problem:
                self.version = ""
                if self._objects_asked:
                    await self._wait("failed", problem, timing.refused_pause)
                self._upstream.objects = self._objects_asked = True
            except CannotWatch as problem:
                await self._poll(problem)
            except Forbidden as problem:
                self._drop_rows()
                self._refusals += 1
                await self._wait("forbidden", problem, self._context.pacing.after_refusal(self, self._refusals))
            except (Rejected, NoSuchKind, TokenTooLarge) as problem:
                self._refusals += 1
                pause = self._context.pacing.after_refusal(self, self._refusals)
                await self._wait("failed", problem, problem.retry_after or pause)
            except BrokenStream as problem:
                # Whatever the stream should have said instead may be missing, so the list is read again.
                self.version = ""
                await self._wait("reconnecting", problem, self._backoff.next())
            except (BadSelector, SignInAgain, ColumnsChangedError, IdentityChanged) as cause:
                self._context.listener.over(cause)
                return
            except Problem as problem:
                self._in_doubt = True
                if self._condition.state == "reconnecting" and not isinstance(problem, Overloaded):
                    # More than a connection that broke: nobody is there, or but a proxy. What comes back may be another
                    # server, or the same put back to a backup, so the list is read again.
                    self.version = ""
                await self._wait("reconnecting", problem, self._backoff.after(problem))

    async def _once(self) -> None:
        listed_now = not self.version
        self._begin_doubt()
        try:
            if listed_now:
                await self.load()
                self._listed = True
                self._in_doubt = False
                self._refusals = 0
                self._context.pacing.granted(self)
                self._set_current(self._polled)
                self._begin_doubt()
            if not self._context.pacing.may_stream(self):
                raise CannotWatch("So much can't be watched at the same time.")
            await self.follow()
        except Forbidden as problem:
            if not self.version:
                raise
            if listed_now:
                raise CannotWatch(problem.message) from problem
            # The rights may have been taken away altogether, which the list will tell.
            self.version = ""
        finally:
            self._end_doubt()

    def _begin_doubt(self) -> None:
        """Unless the cluster answers soon, the rows are no longer said to be live."""
        self._end_doubt()
        self._doubt = asyncio.get_running_loop().call_later(self._upstream.timing.opening, self._say_doubt)

    def _end_doubt(self) -> None:
        if self._doubt is not None:
            self._doubt.cancel()
            self._doubt = None

    def _say_doubt(self) -> None:
        if self._condition.state == "live":
            self._set("reconnecting", Busy("The cluster has not answered yet."))

    async def load(self) -> None:
        """Read the whole list, page by page, and apply it to the table as a difference."""
        self.version = await self.read(self._namespace, self._include, cached=self.take_cached())

    def take_cached(self) -> bool:
        """Whether the list may be one from the cache: once, since whatever becomes of it, rows of it may be shown."""
        cached, self._cached = self._cached, False
        return cached

    async def read(self, namespace: str | None, include: Include, *, cached: bool) -> str:
        """Read the list of one namespace (None: the whole kind) and return its version."""
        table, upstream = self._context.table, self._upstream
        seen: set[Key] = set()
        paging, more = Paging(), True
        async with self._context.gate:
            while more:
                body = await upstream.page(self._context.selection, namespace, include, paging.rest, cached=cached)
                now = upstream.now()
                page = self._reader.page(body, namespace=namespace or "", now=now, skew=upstream.skew)
                table.define(self._reader.columns)
                try:
                    for start in range(0, len(page.rows), _ROWS_A_TURN):
                        for row in page.rows[start : start + _ROWS_A_TURN]:
                            seen.add(row[:2])
                            table.put(row, now)
                        self._context.listener.changed()
                        await asyncio.sleep(0)
                    more = paging.more(page.rest, len(page.rows))
                except BrokenStream:
                    # However often that is tried, no more rows are kept than one list may have, nor rows that are no
                    # more in the place of those that are.
                    table.retain(namespace, seen)
                    raise
        table.retain(namespace, seen)
        self._context.listener.changed()
        return page.version

    async def follow(self) -> None:
        """Apply changes from `version` on, until the stream ends. Returns when it should be opened again."""
        if not self.version:
            raise CannotWatch("The cluster gives these lists no version.")  # as of component statuses
        loop = asyncio.get_running_loop()
        opened = loop.time()
        heard = False
        try:
            async with self._upstream.watch(
                self._context.selection, self._namespace, self._include, self.version
            ) as batches:
                if self._in_doubt:
                    await self._confirm()
                self._end_doubt()
                self._polled = None
                with self._pulse.felt_by(self):
                    self._set_current()
                    async for lines in batches:
                        self._apply_all(lines)
                        heard = True
        finally:
            lasted = loop.time() - opened
            if heard or lasted > self._upstream.timing.longest_pause:
                self._backoff.reset()
                self._gone = 0
        if not heard and lasted < self._upstream.timing.first_pause:
            # A server that ends every watch at once must not be asked in a tight loop.
            await asyncio.sleep(self._backoff.next())

    async def _confirm(self) -> None:
        """After a failure, make sure that this is the cluster that `version` is from. Raises `Gone` when it is not.

        One that was put back to a backup knows nothing of that version, and would only watch in silence until it has
        got as far again. It is asked while the watch is open, so that it can't become another one in between.
        """
        if is_before(await self.latest(), self.version):
            raise Gone("The cluster's versions have gone back.")
        self._in_doubt = False

    @property
    def lists(self) -> int:
        """How many lists are asked for to read all once."""
        return 1

    @property
    def source(self) -> Source:
        """See `Watching`."""
        return self._upstream.carrier, self._context.selection.plural

    async def latest(self) -> str:
        """The version that the cluster is at."""
        return await self._upstream.latest(self._context.selection, self._namespace)

    def lost(self, problem: Problem) -> None:
        """See `Watching`."""
        self._set("reconnecting", problem)

    def found(self) -> None:
        """See `Watching`."""
        self._set("live")

    def _apply_all(self, lines: list[bytes]) -> None:
        now = self._current_at = self._upstream.now()
        skew = self._upstream.skew
        try:
            for line in lines:
                event = self._reader.event(line, namespace=self.place, now=now, skew=skew)
                if event.row is None and is_before(event.version, self.version):
                    raise Gone("The cluster's versions have gone back.")
                self._context.table.define(self._reader.columns)
                self.apply(event, now)
                if event.version:
                    self.version = event.version
        finally:
            self._context.listener.changed()

    def apply(self, event: Event, now: float) -> None:
        """Apply one event of the watch to the table."""
        if event.row is None:
            return
        if event.type == "DELETED":
            self._context.table.remove(*event.row[:2])
        else:
            self._context.table.put(event.row, now)

    async def _poll(self, problem: CannotWatch) -> None:
        self.version = ""
        pause = self._context.pacing.between_lists(self, self.lists)
        self._polled = CannotWatch(f"This is read again every {pause:.0f} s. {problem.message}")
        self._set("live", self._polled)
        await asyncio.sleep(pause)

    def _drop_rows(self) -> None:
        self.version = ""
        if self._listed:
            self._listed = False
            self._context.table.retain(self._namespace, set())
            self._context.listener.changed()

    async def _wait(self, state: str, problem: Problem, pause: float) -> None:
        self._set(state, problem, self._upstream.now() + pause)
        await asyncio.sleep(pause)

    def _set_current(self, note: Problem | None = None) -> None:
        if self._pulse.problem is None:
            self._set("live", note)
        else:
            self._set("reconnecting", self._pulse.problem)

    def _set(self, state: str, problem: Problem | None = None, retry_at: float | None = None) -> None:
        before = self._condition
        now = self._upstream.now()
        if state == "live":
            self._current_at = now
        since = self._current_at if state == "reconnecting" and self._listed else now
        if before.state == state:
            since = before.since
        code, message = (problem.code, problem.message) if problem else ("", "")
        self._condition = Condition(state, since, code, message, retry_at, self._listed)
        if self._condition != before:
            self._context.listener.condition(self.place, self._condition)
