"""Everything that one subscription shows, kept up to date: feeds composed by which namespaces are asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from heapq import nsmallest
from operator import itemgetter
from typing import Any, Literal, Protocol

from headlamp.live.conditions import Condition
from headlamp.live.crowd import Crowd
from headlamp.live.errors import ColumnsChangedError
from headlamp.live.feed import Feed, FeedContext, Start
from headlamp.live.pacing import Pacing
from headlamp.live.protocol import Missing
from headlamp.live.pulse import Pulses
from headlamp.live.resources import Selection, is_namespace
from headlamp.live.rows import RowTable
from headlamp.live.tables import Values
from headlamp.live.upstream import Upstream

LISTS_IN_PARALLEL = 8
# The largest numbers of namespaces that are watched each.
ALL_EACH = 4
NAMED_EACH = 20
# Among the places that can be in some condition: no namespace has this name.
_NAMESPACES = "(namespaces)"
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


def choose_watch(namespaces: int, *, named: bool = False) -> Literal["each", "together"]:
    """How to watch several namespaces: each by a stream of its own without objects, or together by one with metadata.

    On its own stream an event has 304 bytes and costs us 4 microseconds, in the common one 5.3 KB and 13 (measured on
    pods). But each stream is a connection, which costs 1.8 ms to open and 130 KB to keep, for every user who looks: a
    hundred users with twenty streams each are a quarter of a gigabyte, whereas the common stream's 9 microseconds an
    event only come to 1.8 ms after two hundred events. So a handful of namespaces are watched each, and more together.

    `named`: they were chosen out of all. Together they would bring the events of all the others too, so the handful is
    larger.
    """
    return "each" if namespaces <= (NAMED_EACH if named else ALL_EACH) else "together"


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
        pacing: Pacing,
        pulses: Pulses,
    ) -> None:
        self._upstream = upstream
        self._listener = listener
        self._table = table
        self._random = random
        self._gate = asyncio.Semaphore(LISTS_IN_PARALLEL)
        self._context = FeedContext(upstream, selection, table, self, self._gate, random, pacing, pulses, Values())
        self._conditions: dict[str, Condition] = {}
        self._overall = Overall("loading", upstream.now())
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._crowd: Crowd | None = None
        self._namespaces_known = False
        self._everything = False
        self._falling_back = False
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
            self._rows_were_shown()
            self._listener.restarted()

    def changed(self) -> None:
        """See `FeedListener`."""
        self._listener.changed()

    def condition(self, place: str, condition: Condition) -> None:
        """See `FeedListener`."""
        self._conditions[place] = condition
        if self._everything and not place:
            if condition.state == "forbidden":
                self._fall_back()
            elif condition.state == "live" and self._falling_back:
                self._end_fallback()
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
            self._read(set(selection.namespaces), named=True)
        else:
            self._spawn("namespaces", _Namespaces(self).run())

    async def _stop(self) -> None:
        tasks = list(self._tasks.values())
        self._tasks.clear()
        self._conditions.clear()
        self._crowd = None
        self._namespaces_known = self._everything = self._falling_back = False
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
        if self._everything:
            self._end_all_but_namespaces()
            self._rows_were_shown()
            for place in self._table.counts().keys() - names:
                self._table.retain(place, set())
            self._listener.changed()
        if not self._namespaces_known:
            self._namespaces_known = True
            self._conditions.pop("", None)
        following = {key.removeprefix("in ") for key in self._tasks if key.startswith("in ")}
        if self._crowd is None and not following:
            self._read(names, named=False)
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
            self._follow_each(dict.fromkeys(names - following, Start()))
        self._publish()

    def namespaces_are_read(self, condition: Condition) -> None:
        """How that is doing: without it, namespaces that come would be missing and nobody be told."""
        self._conditions.pop(_NAMESPACES, None)
        if not self._everything and condition.state not in ("live", "loading"):
            self._conditions[_NAMESPACES] = condition
        self._publish()

    def namespaces_are_forbidden(self) -> None:
        """Without names, one list and watch of everything is the only way, until they may be listed.

        It costs forty times the bytes, since its rows have to say their namespaces; and it may be forbidden too.
        """
        if not self._everything:
            self._end_all_but_namespaces()
            if self._namespaces_known:
                self._rows_were_shown()
            self._everything, self._namespaces_known = True, False
            self._conditions[""] = Condition("loading", self._upstream.now())
            self._spawn("", Feed(self._context, include="Metadata").run())

    def _fall_back(self) -> None:
        """Everything may not be read: read what is known to be there, which may be allowed."""
        known = set(self._context.selection.known_namespaces)
        if known and not self._falling_back:
            self._falling_back = True
            self._follow_each(dict.fromkeys(known, Start()))

    def _end_fallback(self) -> None:
        self._falling_back = False
        self._rows_were_shown()
        for key in [key for key in self._tasks if key.startswith("in ")]:
            self._end(key)

    def _end_all_but_namespaces(self) -> None:
        for key in [key for key in self._tasks if key != "namespaces"]:
            self._end(key)
        self._conditions.clear()
        self._crowd = None
        self._everything = self._falling_back = False

    def _rows_were_shown(self) -> None:
        """From now on a list from the API server's cache could be older than what somebody has seen."""
        self._context = replace(self._context, cached=False)

    def _read(self, names: set[str], *, named: bool) -> None:
        if choose_watch(len(names), named=named) == "each":
            self._follow_each(dict.fromkeys(names, Start()))
            return
        self._crowd = Crowd(self._context, names, refused=self._crowd_refused)
        self._conditions[""] = Condition("loading", self._upstream.now())
        self._spawn("", self._crowd.run())

    def _crowd_refused(self, known: dict[str, Start]) -> None:
        self._crowd = None
        self._end("")
        self._follow_each(known)

    def _follow_each(self, starts: dict[str, Start]) -> None:
        for name, start in sorted(starts.items(), key=itemgetter(0)):
            if start == Start():
                self._conditions[name] = Condition("loading", self._upstream.now())
            self._spawn(f"in {name}", Feed(self._context, name, start=start).run())

    def _publish(self) -> None:
        overall = self._sum_up()
        if overall.state == self._overall.state:
            overall = replace(overall, since=min(self._overall.since, overall.since))
        if overall != self._overall:
            self._overall = overall
            self._listener.overall(overall)

    def _sum_up(self) -> Overall:
        now = self._upstream.now()
        conditions = self._conditions
        if not conditions:
            return Overall("live", now, loaded=True) if self._namespaces_known else Overall("loading", now)
        states = {condition.state for condition in conditions.values()}
        bad = {place: c for place, c in conditions.items() if c.state not in ("live", "loading")}
        if not bad:
            if "loading" in states:
                return Overall("loading", now)
            return Overall("live", now, next((c.message for c in conditions.values() if c.message), ""), loaded=True)
        stale = any(c.state == "reconnecting" and c.listed for c in bad.values())
        if "live" in states and not stale:
            state = "loading" if "loading" in states else "partial"
        elif "reconnecting" in states:
            state = "reconnecting"
        elif "loading" in states:
            state = "loading"
        else:
            state = "failed" if "failed" in states else "forbidden"
        # Each change of a thousand namespaces comes here: those that are shown are found without sorting all.
        shown = nsmallest(_MISSING_SHOWN, bad.items(), key=itemgetter(0))
        message = shown[0][1].message
        if len(bad) > 1 and not {"", _NAMESPACES} & bad.keys():
            message = f"{len(bad)} of {len(conditions)} namespaces can't be read. {message}"
        since = min((c.since for c in bad.values() if c.state == "reconnecting" and c.listed), default=now)
        return Overall(
            state,
            since if state == "reconnecting" else now,
            message,
            tuple(Missing("" if place == _NAMESPACES else place, c.code, c.message) for place, c in shown),
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
        self._feed = Feed(replace(context, selection=selection, table=self._table, listener=self, values=Values()))

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
            self._known = None
            self._reflector.namespaces_are_forbidden()
            return
        self._reflector.namespaces_are_read(condition)
        if condition.state == "live":
            self._tell()

    def over(self, cause: Exception) -> None:
        """See `FeedListener`."""
        self._reflector.over(cause)

    def _tell(self) -> None:
        names = {name for _, name, _ in self._table if is_namespace(name)}
        if names != self._known:
            self._known = names
            self._reflector.namespaces_are(names)
