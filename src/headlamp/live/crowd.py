"""Many namespaces by one watch: each is listed on its own without objects, then all are watched at once.

The watch of all namespaces has to carry metadata, or its rows would not say their namespace. The watch starts at the
oldest of the lists, so what a namespace's own list has already contained comes once more, and is dropped by its
version.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from headlamp.clusters.errors import TokenTooLarge
from headlamp.live.errors import (
    BadSelector,
    CannotPrint,
    ColumnsChangedError,
    Forbidden,
    IdentityChanged,
    NoSuchKind,
    Rejected,
    SignInAgain,
)
from headlamp.live.feed import Condition, Feed, FeedContext, Start
from headlamp.live.tables import Event
from headlamp.live.timing import Backoff
from headlamp.problems import Problem

_OVER = (BadSelector, SignInAgain, ColumnsChangedError, IdentityChanged)
# What holds for all namespaces alike, so that one answer speaks for all.
_FOR_ALL = (*_OVER, CannotPrint, NoSuchKind, Rejected, TokenTooLarge)


class Crowd(Feed):
    """A feed of many namespaces.

    `refused` is called, with what is known of each namespace, when all may not be watched at once.
    """

    def __init__(
        self, context: FeedContext, namespaces: Iterable[str], *, refused: Callable[[dict[str, Start]], None]
    ) -> None:
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
            self._dismiss_newcomers()

    async def load(self) -> None:
        """List each namespace, several at a time; the oldest version of all is the one to go on from."""
        self._dismiss_newcomers()
        self._versions.clear()
        cached = self.take_cached()
        names = sorted(self.namespaces)
        outcomes = await asyncio.gather(
            *(self._load_one(name, cached=cached) for name in names), return_exceptions=True
        )
        failed = {name: outcome for name, outcome in zip(names, outcomes, strict=True) if outcome is not None}
        for outcome in failed.values():
            # When none could be read, that is how all are doing.
            if not isinstance(outcome, Problem) or isinstance(outcome, _FOR_ALL):
                raise outcome
        if not self._versions and not all(isinstance(outcome, Forbidden) for outcome in failed.values()):
            raise next(outcome for outcome in failed.values() if not isinstance(outcome, Forbidden))
        if not self._versions or not all(map(_is_number, self._versions.values())):
            await self._give_up(failed)
        for name, outcome in failed.items():
            self._begin_again(name, outcome)
        self.version = min(self._versions.values(), key=int)

    async def follow(self) -> None:
        """See `Feed.follow`."""
        try:
            await super().follow()
        except Forbidden:
            await self._give_up({})

    def add(self, namespace: str) -> None:
        """A namespace has come into being (or into view): list it while the watch goes on."""
        if namespace not in self.namespaces:
            self.namespaces.add(namespace)
            self._begin_again(namespace, None)

    def drop(self, namespace: str) -> None:
        """A namespace is no more."""
        self.namespaces.discard(namespace)
        self._versions.pop(namespace, None)
        self._held.pop(namespace, None)
        if task := self._newcomers.pop(namespace, None):
            task.cancel()
        self._forget_rows(namespace)

    def apply(self, event: Event, now: float) -> None:
        """See `Feed.apply`."""
        if event.row is not None:
            namespace = event.row[0]
            if namespace in self._held:
                self._held[namespace].append(event)
                return
            listed = self._versions.get(namespace)
            if listed is None:
                # Not one of ours, or not yet: the list that makes it one is of later than this event.
                return
            if _is_number(event.version) and int(event.version) <= int(listed):
                return
        super().apply(event, now)

    def _begin_again(self, namespace: str, outcome: BaseException | None) -> None:
        # Until its list is here, its events are kept back: applied at once, the older list would undo them.
        self._newcomers[namespace] = asyncio.create_task(self._admit(namespace, outcome))

    def _dismiss_newcomers(self) -> None:
        for task in self._newcomers.values():
            task.cancel()
        self._newcomers.clear()
        self._held.clear()

    async def _give_up(self, failed: dict[str, BaseException]) -> None:
        known = {name: Start(version) for name, version in self._versions.items()}
        refused = {name for name, outcome in failed.items() if isinstance(outcome, Forbidden)}
        known |= {name: Start(refusals=1) for name in refused | (self._newcomers.keys() - self._held.keys())}
        self._refused({name: known.get(name, Start()) for name in self.namespaces})
        await asyncio.Event().wait()  # until whoever was told cancels this task

    async def _load_one(self, namespace: str, *, cached: bool = False) -> None:
        try:
            version = await self.read(namespace, "None", cached=cached)
        except Forbidden as problem:
            self._forget_rows(namespace)
            self._tell(namespace, "forbidden", problem)
            raise
        if namespace in self.namespaces:
            self._versions[namespace] = version
            self._context.listener.condition(namespace, Condition("live", self._upstream.now(), listed=True))

    async def _admit(self, namespace: str, outcome: BaseException | None) -> None:
        """List a namespace until that succeeds, after `outcome`, which the last time had."""
        backoff, pacing = Backoff(self._upstream.timing, self._context.random), self._context.pacing
        key, refusals = (self, namespace), 0
        try:
            while True:
                if isinstance(outcome, Forbidden):
                    refusals += 1
                    self._held.pop(namespace, None)
                    await asyncio.sleep(pacing.after_refusal(key, refusals))
                elif isinstance(outcome, Problem):
                    pause = backoff.after(outcome)
                    self._tell(namespace, "reconnecting", outcome, retry_at=self._upstream.now() + pause)
                    await asyncio.sleep(pause)
                # The list will be of later than what came until now.
                self._held[namespace] = []
                try:
                    await self._load_one(namespace)
                    break
                except _OVER as cause:
                    self._context.listener.over(cause)
                    return
                except Problem as problem:
                    outcome = problem
        finally:
            pacing.leave(key)
        now = self._upstream.now()
        self._newcomers.pop(namespace, None)
        for event in self._held.pop(namespace, ()):
            self.apply(event, now)
        self._context.listener.changed()

    def _tell(self, namespace: str, state: str, problem: Problem, retry_at: float | None = None) -> None:
        now = self._upstream.now()
        self._context.listener.condition(namespace, Condition(state, now, problem.code, problem.message, retry_at))

    def _forget_rows(self, namespace: str) -> None:
        self._context.table.retain(namespace, set())
        self._context.listener.changed()


def _is_number(version: str) -> bool:
    """Resource versions that are numbers can be compared, as those of an API server always are."""
    return version.isascii() and version.isdigit()
