"""Watches: changes as they happen, over chunked HTTP or a WebSocket."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass

import msgspec

from headlamp.demo.cluster import status
from headlamp.demo.cluster.kinds import Kind
from headlamp.demo.cluster.lists import read_version
from headlamp.demo.cluster.selectors import Predicate, selector
from headlamp.demo.cluster.status import ApiError
from headlamp.demo.cluster.store import Change, Store, Stored, Subscription
from headlamp.demo.cluster.tables import Renderer, Representation
from headlamp.demo.cluster.targets import truthy

BOOKMARK_EVERY = 60.0
_SHORTEST_TIMEOUT = 1800.0


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """What a watch request asks for. `since` is None when it starts with everything there is."""

    since: int | None
    wanted: Predicate | None
    bookmarks: bool
    initial_events: bool
    timeout: float


def read_options(kind: Kind, query: Mapping[str, str], chance: random.Random) -> WatchOptions:
    """Read a watch's query. Raises the API's 400 and 422."""
    version = read_version(query.get("resourceVersion", ""))
    initial = truthy(query.get("sendInitialEvents", ""))
    if initial and query.get("resourceVersionMatch") != "NotOlderThan":
        problem = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        raise status.invalid("ListOptions", "meta.k8s.io", "", "resourceVersionMatch", problem, "Forbidden")
    timeout = query.get("timeoutSeconds", "")
    if timeout and not (timeout.isascii() and timeout.isdigit()):
        raise status.bad_request(f"invalid timeoutSeconds: {timeout!r}")
    return WatchOptions(
        # Version 0 and none at all mean: any state will do, begin with it.
        since=None if initial or version == 0 else version,
        wanted=selector(kind, query.get("labelSelector", ""), query.get("fieldSelector", "")),
        bookmarks=truthy(query.get("allowWatchBookmarks", "")),
        initial_events=initial,
        timeout=float(timeout) if timeout and int(timeout) else _SHORTEST_TIMEOUT * (1 + chance.random()),
    )


class Watch:
    """One watch of one kind, in one namespace or all, rendered as events."""

    def __init__(
        self,
        store: Store,
        kind: Kind,
        namespace: str,
        options: WatchOptions,
        shape: Representation,
        *,
        now: Callable[[], float],
        bookmark_every: float = BOOKMARK_EVERY,
    ) -> None:
        self._store = store
        self._kind = kind
        self._namespace = namespace
        self._options = options
        self._renderer = Renderer(kind, shape)
        self._now = now
        self._bookmark_every = bookmark_every
        self._first = True

    async def events(self) -> AsyncGenerator[list[bytes], None]:
        """Batches of events, until the watch's time is over or it can't be continued; that is an ERROR event."""
        since = self._store.version if self._options.since is None else self._options.since
        try:
            subscription = self._store.subscribe(self._kind, since)
        except ApiError as error:
            yield [_error(error)]
            return
        try:
            initial = self._initial(since)
            if initial:
                yield initial
            async for batch in self._live(subscription):
                yield batch
        finally:
            self._store.unsubscribe(self._kind, subscription)

    def _initial(self, version: int) -> list[bytes]:
        if self._options.since is not None:
            return []
        events = [
            self._event("ADDED", stored)
            for stored in self._store.select(self._kind, self._namespace or None)
            if self._options.wanted is None or self._options.wanted(stored)
        ]
        if self._options.initial_events and self._options.bookmarks:
            events.append(self._bookmark(version, initial_events_end=True))
        return events

    async def _live(self, subscription: Subscription) -> AsyncGenerator[list[bytes], None]:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._options.timeout
        next_bookmark = loop.time() + self._bookmark_every
        while (remaining := end - loop.time()) > 0 and not subscription.overflowed:
            wait = min(remaining, next_bookmark - loop.time()) if self._options.bookmarks else remaining
            try:
                async with asyncio.timeout(max(wait, 0)):
                    await subscription.arrival()
            except TimeoutError:
                if self._options.bookmarks and loop.time() >= next_bookmark:
                    next_bookmark = loop.time() + self._bookmark_every
                    yield [self._bookmark(self._store.version, initial_events_end=False)]
                continue
            batch = [event for change in subscription.taken() if (event := self._seen(change)) is not None]
            if batch:
                yield batch

    def _seen(self, change: Change) -> bytes | None:
        """What this watch sees of a change: what comes into its selection is new, what leaves it is gone."""
        if self._namespace and change.stored.namespace != self._namespace:
            return None
        wanted = self._options.wanted
        if wanted is None:
            return self._event(change.type, change.stored)
        before = change.previous is not None and wanted(change.previous)
        after = change.type != "DELETED" and wanted(change.stored)
        match before, after:
            case True, True:
                return self._event("MODIFIED", change.stored)
            case False, True:
                return self._event("ADDED", change.stored)
            case True, False:
                return self._event("DELETED", change.stored)
            case _:
                return None

    def _event(self, kind: str, stored: Stored) -> bytes:
        rendered = self._renderer.event(stored, self._now(), with_columns=self._take_first())
        return b'{"type":"%b","object":%b}\n' % (kind.encode(), rendered)

    def _bookmark(self, version: int, *, initial_events_end: bool) -> bytes:
        rendered = self._renderer.bookmark(
            version, initial_events_end=initial_events_end, with_columns=self._take_first()
        )
        return b'{"type":"BOOKMARK","object":%b}\n' % rendered

    def _take_first(self) -> bool:
        first, self._first = self._first, False
        return first


def _error(error: ApiError) -> bytes:
    return b'{"type":"ERROR","object":%b}\n' % msgspec.json.encode(error.body)
