"""Many namespaces by one watch: each is listed on its own without objects, then all are watched at once.

The watch of all namespaces has to carry metadata, or its rows would not say their namespace. The watch starts at the
oldest of the lists, so what a namespace's own list has already contained comes once more, and is dropped by its
version.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from headlamp.clusters.errors import TokenTooLarge
from headlamp.live.conditions import Condition
from headlamp.live.errors import (
    BadSelector,
    BrokenStream,
    CannotPrint,
    ColumnsChangedError,
    Forbidden,
    IdentityChanged,
    NoSuchKind,
    Rejected,
    SignInAgain,
)
from headlamp.live.feed import Feed, FeedContext, Start
from headlamp.live.tables import Event
from headlamp.live.timing import Backoff
from headlamp.live.versions import is_before, is_number
from headlamp.problems import Problem

_OVER = (BadSelector, SignInAgain, ColumnsChangedError, IdentityChanged)
# What holds for all namespaces alike, so that one answer speaks for all.
_FOR_ALL = (*_OVER, CannotPrint, NoSuchKind, Rejected, TokenTooLarge)

MOST_HELD = 20_000
"""Events that are kept back, of all namespaces together: those of half an hour at ten changes a second."""


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
        self._first_lists: dict[str, asyncio.Task[None]] = {}
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
        lists = {name: asyncio.create_task(self._load_one(name, cached=cached)) for name in sorted(self.namespaces)}
        self._first_lists = dict(lists)
        outcomes = await asyncio.gather(*lists.values(), return_exceptions=True)
        failed = {
            name: outcome
            for name, outcome in zip(lists, outcomes, strict=True)
            # Of namespaces that have gone meanwhile nothing is to be told.
            if outcome is not None and name in self._first_lists
        }
        for outcome in failed.values():
            # When none could be read, that is how all are doing.
            if not isinstance(outcome, Problem) or isinstance(outcome, _FOR_ALL):
                raise outcome
        if not self._versions and not all(isinstance(outcome, Forbidden) for outcome in failed.values()):
            raise next(outcome for outcome in failed.values() if not isinstance(outcome, Forbidden))
        if not self._versions or not all(map(is_number, self._versions.values())):
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

    @property
    def lists(self) -> int:
        """See `Feed.lists`."""
        return len(self.namespaces)

    async def latest(self) -> str:
        """See `Feed.latest`. All that may be listed for sure is a namespace that has been listed."""
        return await self._upstream.latest(self._context.selection, min(self._versions, default=None))

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
        for tasks in (self._first_lists, self._newcomers):
            if task := tasks.pop(namespace, None):
                # A list that is on its way has rows that are no more.
                task.cancel()
        self._forget_rows(namespace)

    def apply(self, event: Event, now: float) -> None:
        """See `Feed.apply`."""
        if event.row is not None:
            namespace = event.row[0]
            if namespace in self._held:
                if sum(map(len, self._held.values())) >= MOST_HELD:
                    raise BrokenStream("The cluster changes faster than its namespaces can be listed.")
                self._held[namespace].append(event)
                return
            listed = self._versions.get(namespace)
            if listed is None:
                # Not one of ours, or not yet: the list that makes it one is of later than this event.
                return
            if is_number(event.version) and (event.version == listed or is_before(event.version, listed)):
                return
        super().apply(event, now)

    def _begin_again(self, namespace: str, outcome: BaseException | None) -> None:
        # Until its list is here, its events are kept back: applied at once, the older list would undo them.
        task = self._newcomers[namespace] = asyncio.create_task(self._admit(namespace, outcome))
        task.add_done_callback(self._admitted)

    def _admitted(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._context.listener.over(error)

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
        self._versions[namespace] = version
        self._context.listener.condition(namespace, Condition("live", self._upstream.now(), listed=True))

    async def _admit(self, namespace: str, outcome: BaseException | None) -> None:
        """List a namespace until that succeeds, after `outcome`, which the last time had.

        Raises what can't be gone on from.
        """
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
                    for event in self._held.pop(namespace):
                        self.apply(event, self._upstream.now())
                    break
                except _OVER:
                    raise
                except Problem as problem:
                    outcome = problem
        finally:
            pacing.leave(key)
        self._newcomers.pop(namespace, None)
        self._context.listener.changed()

    def _tell(self, namespace: str, state: str, problem: Problem, retry_at: float | None = None) -> None:
        now = self._upstream.now()
        self._context.listener.condition(namespace, Condition(state, now, problem.code, problem.message, retry_at))

    def _forget_rows(self, namespace: str) -> None:
        self._context.table.retain(namespace, set())
        self._context.listener.changed()
