"""One list and its watch, kept going: of one namespace, of a cluster-scoped kind, or of all namespaces at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from headlamp.clusters.errors import TokenTooLarge
from headlamp.live.errors import (
    BadSelector,
    BrokenStream,
    CannotPrint,
    CannotWatch,
    ColumnsChangedError,
    Forbidden,
    Gone,
    IdentityChanged,
    NoSuchKind,
    Rejected,
    SignInAgain,
)
from headlamp.live.protocol import Key
from headlamp.live.resources import Selection
from headlamp.live.rows import RowTable
from headlamp.live.tables import Event, Include, TableReader
from headlamp.live.timing import Backoff
from headlamp.live.upstream import Upstream
from headlamp.problems import Problem

# So many rows are put into the table before other work gets its turn.
_ROWS_A_TURN = 2000


@dataclass(frozen=True, slots=True)
class Condition:
    """How one feed is doing: "loading", "live", "reconnecting", "forbidden" or "failed", since when and why.

    `listed`: the table has the rows of a complete list of this place, however old.
    """

    state: str
    since: float
    code: str = ""
    message: str = ""
    retry_at: float | None = None
    listed: bool = False


class FeedListener(Protocol):
    """Whoever composes feeds."""

    def changed(self) -> None:
        """The table has other rows than before."""
        ...

    def condition(self, place: str, condition: Condition) -> None:
        """The feed of this place (a namespace, or "" for all) is doing differently."""
        ...

    def over(self, cause: Exception) -> None:
        """Going on makes no sense: `SignInAgain`, `BadSelector`, `ColumnsChangedError` or `IdentityChanged`."""
        ...


@dataclass(frozen=True, slots=True)
class FeedContext:
    """What the feeds of one subscription share. `gate` bounds how many of them list at the same time."""

    upstream: Upstream
    selection: Selection
    table: RowTable
    listener: FeedListener
    gate: asyncio.Semaphore
    random: Callable[[], float]


class Feed:
    """Keeps the rows of one place in the table. `namespace` None reads the whole kind."""

    def __init__(self, context: FeedContext, namespace: str | None = None, *, include: Include = "None") -> None:
        self.place = namespace or ""
        self.version = ""
        self._context = context
        self._upstream = context.upstream
        self._namespace = namespace
        self._include = include
        self._reader = TableReader()
        self._objects_asked = False
        self._listed = False
        self._backoff = Backoff(context.upstream.timing, context.random)
        self._condition = Condition("loading", context.upstream.now())

    async def run(self) -> None:
        """List, watch and start over, until the task is cancelled or the listener is told that it is over."""
        timing = self._upstream.timing
        while True:
            try:
                await self._once()
            except Gone:
                # The version is too old. Once is the ordinary course of things and shown to nobody.
                self.version = ""
                await asyncio.sleep(self._backoff.next())
            except CannotPrint as problem:
                self.version = ""
                if self._objects_asked:
                    await self._wait("failed", problem, timing.refused_pause)
                self._upstream.objects = self._objects_asked = True
            except CannotWatch:
                await self._poll()
            except Forbidden as problem:
                self._drop_rows()
                await self._wait("forbidden", problem, timing.refused_pause)
            except (Rejected, NoSuchKind, TokenTooLarge) as problem:
                await self._wait("failed", problem, problem.retry_after or timing.refused_pause)
            except BrokenStream as problem:
                # Whatever the stream should have said instead may be missing, so the list is read again.
                self.version = ""
                await self._wait("reconnecting", problem, self._backoff.next())
            except (BadSelector, SignInAgain, ColumnsChangedError, IdentityChanged) as cause:
                self._context.listener.over(cause)
                return
            except Problem as problem:
                await self._wait("reconnecting", problem, self._backoff.next(problem.retry_after))

    async def _once(self) -> None:
        listed_now = not self.version
        if listed_now:
            await self.load()
            self._listed = True
            self._set("live")
        try:
            await self.follow()
        except Forbidden as problem:
            if listed_now:
                raise CannotWatch(problem.message) from problem
            # The rights may have been taken away altogether, which the list will tell.
            self.version = ""

    async def load(self) -> None:
        """Read the whole list, page by page, and apply it to the table as a difference."""
        self.version = await self.read(self._namespace, self._include)

    async def read(self, namespace: str | None, include: Include) -> str:
        """Read the list of one namespace (None: the whole kind) and return its version."""
        table, upstream = self._context.table, self._upstream
        seen: set[Key] = set()
        rest = ""
        async with self._context.gate:
            while True:
                body = await upstream.page(self._context.selection, namespace, include, rest)
                now = upstream.now()
                page = self._reader.page(body, namespace=namespace or "", now=now)
                table.define(self._reader.columns)
                for start in range(0, len(page.rows), _ROWS_A_TURN):
                    for row in page.rows[start : start + _ROWS_A_TURN]:
                        seen.add(row[:2])
                        table.put(row, now)
                    self._context.listener.changed()
                    await asyncio.sleep(0)
                rest = page.rest
                if not rest:
                    break
        table.retain(namespace, seen)
        self._context.listener.changed()
        return page.version

    async def follow(self) -> None:
        """Apply changes from `version` on, until the stream ends. Returns when it should be opened again."""
        if not self.version:
            # The server gives its lists no version (component statuses, some aggregated APIs).
            raise CannotWatch
        loop = asyncio.get_running_loop()
        opened = loop.time()
        heard = False
        try:
            async with self._upstream.watch(
                self._context.selection, self._namespace, self._include, self.version
            ) as batches:
                self._set("live")
                async for lines in batches:
                    heard = True
                    self._apply_all(lines)
        finally:
            lasted = loop.time() - opened
            if heard or lasted > self._upstream.timing.longest_pause:
                self._backoff.reset()
        if not heard and lasted < self._upstream.timing.first_pause:
            # A server that ends every watch at once must not be asked in a tight loop.
            await asyncio.sleep(self._backoff.next())

    def _apply_all(self, lines: list[bytes]) -> None:
        now = self._upstream.now()
        try:
            for line in lines:
                event = self._reader.event(line, namespace=self.place, now=now)
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

    async def _poll(self) -> None:
        self.version = ""
        self._set("live")
        await asyncio.sleep(self._upstream.timing.poll)

    def _drop_rows(self) -> None:
        self.version = ""
        self._listed = False
        self._context.table.retain(self._namespace, set())
        self._context.listener.changed()

    async def _wait(self, state: str, problem: Problem, pause: float) -> None:
        self._set(state, problem, self._upstream.now() + pause)
        await asyncio.sleep(pause)

    def _set(self, state: str, problem: Problem | None = None, retry_at: float | None = None) -> None:
        before = self._condition
        since = before.since if before.state == state else self._upstream.now()
        code, message = (problem.code, problem.message) if problem else ("", "")
        self._condition = Condition(state, since, code, message, retry_at, self._listed)
        if self._condition != before:
            self._context.listener.condition(self.place, self._condition)
