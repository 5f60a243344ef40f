"""Everything that one subscription shows, kept up to date: feeds composed by which namespaces are asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from headlamp.live.crowd import Crowd
from headlamp.live.errors import ColumnsChangedError
from headlamp.live.feed import Condition, Feed, FeedContext
from headlamp.live.protocol import Missing
from headlamp.live.resources import Selection
from headlamp.live.rows import RowTable
from headlamp.live.upstream import Upstream

LISTS_IN_PARALLEL = 8
# The namespaces whose absence is worth naming one by one; beyond that the message says how many.
_MISSING_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Overall:
    """The conditions of all feeds as one, in the words of the protocol's `State`.

    `loaded`: every feed has been read, or has failed to, and there is something to show.
    """

    state: str
    since: float
    message: str = ""
    missing: tuple[Missing, ...] = ()
    retry_at: float | None = None
    loaded: bool = False


class ReflectorListener(Protocol):
    """Whoever shows the rows."""

    def changed(self) -> None:
        """Rows in the table are new, other or gone."""
        ...

    def overall(self, overall: Overall) -> None:
        """How fresh and complete the table is."""
        ...

    def restarted(self) -> None:
        """The table is empty, and all is read again from the start."""
        ...


def choose_watch(namespaces: int) -> Literal["each", "together"]:
    """How to watch all namespaces: each by a stream of its own without objects, or together by one with metadata.

    On its own stream an event has 288 bytes, in the common one 5.9 KB (measured on pods), so a busy list is cheaper
    with streams of its own. But each is an open connection, here and at the API server, for every user who looks: with
    twenty that is no matter, with hundreds of namespaces and some people it is thousands.
    """
    return "each" if namespaces <= 20 else "together"


class Reflector:
    """Keeps `table` equal to what the cluster has. `run` returns never; it raises what can't be gone on from."""

    def __init__(
        self,
        upstream: Upstream,
        selection: Selection,
        table: RowTable,
        listener: ReflectorListener,
        *,
        random: Callable[[], float],
    ) -> None:
        self._upstream = upstream
        self._listener = listener
        self._table = table
        self._random = random
        self._gate = asyncio.Semaphore(LISTS_IN_PARALLEL)
        self._context = FeedContext(upstream, selection, table, self, self._gate, random)
        self._conditions: dict[str, Condition] = {}
        self._overall = Overall("loading", upstream.now())
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._crowd: Crowd | None = None
        self._namespaces_known = False
        self._over: asyncio.Future[None]

    async def run(self) -> None:
        """Read and watch until cancelled. Raises `BadSelector`, `SignInAgain` or `IdentityChanged`."""
        while True:
            self._over = asyncio.get_running_loop().create_future()
            self._start()
            try:
                await self._over
            except ColumnsChangedError:
                pass
            finally:
                await self._stop()
            self._table.clear()
            self._listener.restarted()

    def changed(self) -> None:
        """See `FeedListener`."""
        self._listener.changed()

    def condition(self, place: str, condition: Condition) -> None:
        """See `FeedListener`."""
        self._conditions[place] = condition
        self._publish()

    def over(self, cause: Exception) -> None:
        """See `FeedListener`."""
        if not self._over.done():
            self._over.set_exception(cause)

    def _start(self) -> None:
        selection = self._context.selection
        if not selection.namespaced:
            self._spawn("", Feed(self._context).run())
        elif selection.namespaces is not None:
            # One watch of all namespaces is no choice here: it would bring the others' events, and whoever names
            # namespaces often may not watch them all.
            self._follow_each(set(selection.namespaces))
        else:
            self._spawn("namespaces", _Namespaces(self).run())

    async def _stop(self) -> None:
        tasks = list(self._tasks.values())
        self._tasks.clear()
        self._conditions.clear()
        self._crowd = None
        self._namespaces_known = False
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _spawn(self, key: str, run: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(run)
        self._tasks[key] = task
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None and not self._over.done():
            self._over.set_exception(error)

    def _end(self, key: str) -> None:
        if task := self._tasks.pop(key, None):
            task.cancel()
        self._conditions.pop(key.removeprefix("in "), None)

    def namespaces_are(self, names: set[str]) -> None:
        """All namespaces that there are now; called again whenever one comes or goes."""
        if not self._namespaces_known:
            self._namespaces_known = True
            self._conditions.pop("", None)
        following = {key.removeprefix("in ") for key in self._tasks if key.startswith("in ")}
        if self._crowd is None and not following and choose_watch(len(names)) == "together":
            self._crowd = Crowd(self._context, names, refused=self._crowd_refused)
            self._conditions[""] = Condition("loading", self._upstream.now())
            self._spawn("", self._crowd.run())
        elif self._crowd is not None:
            for name in names - self._crowd.namespaces:
                self._crowd.add(name)
            for name in self._crowd.namespaces - names:
                self._crowd.drop(name)
                self._conditions.pop(name, None)
        else:
            # The choice is not made again when namespaces come and go later: the rows are the same either way.
            for name in following - names:
                self._end(f"in {name}")
                self._table.retain(name, set())
                self._listener.changed()
            self._follow_each(names - following)
        self._publish()

    def namespaces_are_forbidden(self) -> None:
        """Without names, one list and watch of everything is the only way; it may be forbidden too."""
        for key in list(self._tasks):
            self._end(key)
        self._crowd = None
        self._spawn("", Feed(self._context, include="Metadata").run())

    def _crowd_refused(self) -> None:
        crowd, self._crowd = self._crowd, None
        self._end("")
        if crowd is not None:
            self._follow_each(set(crowd.namespaces))

    def _follow_each(self, names: set[str]) -> None:
        for name in sorted(names):
            self._conditions[name] = Condition("loading", self._upstream.now())
            self._spawn(f"in {name}", Feed(self._context, name).run())

    def _publish(self) -> None:
        overall = self._sum_up()
        if overall.state == self._overall.state:
            overall = replace(overall, since=self._overall.since)
        if overall != self._overall:
            self._overall = overall
            self._listener.overall(overall)

    def _sum_up(self) -> Overall:
        now = self._upstream.now()
        conditions = self._conditions
        if not conditions:
            return Overall("live", now, loaded=True) if self._namespaces_known else Overall("loading", now)
        states = {condition.state for condition in conditions.values()}
        bad = {place: c for place, c in sorted(conditions.items()) if c.state not in ("live", "loading")}
        if not bad:
            return Overall("loading", now) if "loading" in states else Overall("live", now, loaded=True)
        stale = any(c.state == "reconnecting" and c.listed for c in bad.values())
        if "live" in states and not stale:
            state = "loading" if "loading" in states else "partial"
        elif "reconnecting" in states:
            state = "reconnecting"
        elif "loading" in states:
            state = "loading"
        else:
            state = "failed" if "failed" in states else "forbidden"
        message = next(iter(bad.values())).message
        if len(bad) > 1:
            message = f"{len(bad)} of {len(conditions)} namespaces can't be read. {message}"
        return Overall(
            state,
            now,
            message,
            tuple(Missing(place, c.code, c.message) for place, c in list(bad.items())[:_MISSING_SHOWN]),
            min((c.retry_at for c in bad.values() if c.retry_at is not None), default=None),
            loaded="loading" not in states and any(c.listed for c in conditions.values()),
        )


class _Namespaces:
    """Follows which namespaces there are, as a feed of its own whose rows nobody sees."""

    def __init__(self, reflector: Reflector) -> None:
        self._reflector = reflector
        self._table = RowTable()
        self._known: set[str] | None = None
        context = reflector._context
        selection = context.selection.whole("", "v1", "namespaces")
        self._feed = Feed(FeedContext(context.upstream, selection, self._table, self, context.gate, context.random))

    async def run(self) -> None:
        """Follow until cancelled."""
        await self._feed.run()

    def changed(self) -> None:
        """See `FeedListener`."""
        if self._known is not None:
            self._tell()

    def condition(self, place: str, condition: Condition) -> None:
        """See `FeedListener`."""
        if condition.state == "forbidden":
            self._reflector.namespaces_are_forbidden()
        elif condition.state == "live":
            self._tell()
        elif self._known is None:
            self._reflector.condition(place, condition)

    def over(self, cause: Exception) -> None:
        """See `FeedListener`."""
        self._reflector.over(cause)

    def _tell(self) -> None:
        names = {name for _, name, _ in self._table}
        if names != self._known:
            self._known = names
            self._reflector.namespaces_are(names)
