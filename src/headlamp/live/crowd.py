"""Many namespaces by one watch: each is listed on its own without objects, then all are watched at once.

The watch of all namespaces has to carry metadata, or its rows would not say their namespace. An event costs twenty
times the bytes that way, which is nothing beside a hundred open streams. The watch starts at the oldest of the lists,
so what a namespace's own list has already contained comes once more, and is dropped by its version.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from headlamp.live.errors import BadSelector, ColumnsChangedError, Forbidden, IdentityChanged, SignInAgain
from headlamp.live.feed import Condition, Feed, FeedContext
from headlamp.live.tables import Event
from headlamp.live.timing import Backoff
from headlamp.problems import Problem


class Crowd(Feed):
    """A feed of many namespaces. `refused` is called when all namespaces may not be watched at once."""

    def __init__(self, context: FeedContext, namespaces: Iterable[str], *, refused: Callable[[], None]) -> None:
        super().__init__(context, None, include="Metadata")
        self._refused = refused
        self.namespaces = set(namespaces)
        self._versions: dict[str, str] = {}
        self._held: dict[str, list[Event]] = {}
        self._newcomers: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """See `Feed.run`."""
        try:
            await super().run()
        finally:
            for task in self._newcomers.values():
                task.cancel()

    async def load(self) -> None:
        """List each namespace, several at a time; the oldest version of all is the one to go on from."""
        outcomes = await asyncio.gather(
            *(self._load_one(namespace) for namespace in sorted(self.namespaces)), return_exceptions=True
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        if not all(map(_is_number, self._versions.values())):
            await self._give_up()
        self.version = min(self._versions.values(), key=int, default="")

    async def follow(self) -> None:
        """See `Feed.follow`."""
        try:
            await super().follow()
        except Forbidden:
            await self._give_up()

    def add(self, namespace: str) -> None:
        """A namespace has come into being (or into view): list it while the watch goes on."""
        if namespace in self.namespaces:
            return
        self.namespaces.add(namespace)
        # Until its list is here, its events are kept back: applied at once, the older list would undo them.
        self._held[namespace] = []
        self._newcomers[namespace] = asyncio.create_task(self._admit(namespace))

    def drop(self, namespace: str) -> None:
        """A namespace is no more."""
        self.namespaces.discard(namespace)
        self._versions.pop(namespace, None)
        self._held.pop(namespace, None)
        if task := self._newcomers.pop(namespace, None):
            task.cancel()
        self._context.table.retain(namespace, set())
        self._context.listener.changed()

    def apply(self, event: Event, now: float) -> None:
        """See `Feed.apply`."""
        if event.row is not None:
            namespace = event.row[0]
            if namespace in self._held:
                self._held[namespace].append(event)
                return
            listed = self._versions.get(namespace, "")
            if _is_number(listed) and _is_number(event.version) and int(event.version) <= int(listed):
                return
        super().apply(event, now)

    async def _give_up(self) -> None:
        self._refused()
        await asyncio.Event().wait()  # until whoever was told cancels this task

    async def _load_one(self, namespace: str) -> None:
        try:
            self._versions[namespace] = await self.read(namespace, "None")
            self._context.listener.condition(namespace, Condition("live", self._upstream.now(), listed=True))
        except Forbidden as problem:
            self._versions.pop(namespace, None)
            self._context.table.retain(namespace, set())
            condition = Condition("forbidden", self._upstream.now(), problem.code, problem.message)
            self._context.listener.condition(namespace, condition)

    async def _admit(self, namespace: str) -> None:
        backoff = Backoff(self._upstream.timing, self._context.random)
        while True:
            try:
                await self._load_one(namespace)
                break
            except (BadSelector, SignInAgain, ColumnsChangedError, IdentityChanged) as cause:
                self._context.listener.over(cause)
                return
            except Problem as problem:
                await asyncio.sleep(backoff.next(problem.retry_after))
        now = self._upstream.now()
        for event in self._held.pop(namespace, ()):
            self.apply(event, now)
        self._newcomers.pop(namespace, None)
        self._context.listener.changed()


def _is_number(version: str) -> bool:
    """Resource versions that are numbers can be compared, as those of an API server always are."""
    return version.isascii() and version.isdigit()
