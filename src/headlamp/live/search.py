"""Finding objects by name: in the lists that are open anyway, and in others only when somebody asks for everything.

The index is the rows themselves. Kinds that nobody reads are read for a search as any list is, without objects, a few
at a time; their names are kept for a minute, so that the next letters are found without asking again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from headlamp.live.client_messages import Search, Subscribe
from headlamp.live.finding import Finding
from headlamp.live.protocol import Found, Key, Missing, ResourceRef
from headlamp.live.resources import Selection, selection_of
from headlamp.live.subscription import Subscription
from headlamp.problems import Problem

AT_ONCE = 3
KEPT_S = 60.0
# Names of some hundred bytes each: what the searches of one session hold on to stays well under 50 MB.
MOST_NAMES = 200_000
# How long one kind may take; it is then told as missing.
READ_WITHIN_S = 20.0
# How often what has been found so far is told while more is read.
TELL_EVERY_S = 0.25

Wanted = tuple[ResourceRef, Selection]


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one kind, read for a search: when, and what kept us from reading all of them."""

    at: float
    keys: tuple[Key, ...]
    missing: Missing | None = None


NameIndex = dict[tuple[str, Selection], Names]
"""The names that were read for the searches of one session, by cluster and kind."""


class Reader:
    """Reads one kind to the end of its first load, as a viewer of its topic who takes nothing (a `Subscriber`)."""

    def __init__(self) -> None:
        self._over = asyncio.Event()
        self.problem: Problem | None = None

    def ready(self, subscription: Subscription) -> None:
        """See `Subscriber`."""
        if subscription.topic.settled:
            self._over.set()

    def failed(self, subscription: Subscription, problem: Problem) -> None:
        """See `Subscriber`."""
        self.signed_out(problem)

    def signed_out(self, problem: Problem) -> None:
        """See `Subscriber`."""
        self.problem = problem
        self._over.set()

    async def wait(self) -> None:
        """Until the topic has settled, or has failed."""
        await self._over.wait()


@dataclass(frozen=True, slots=True)
class Door:
    """What searches need of their connection: the lists that are open in a cluster, and a way to read others."""

    open_lists: Callable[[str], Iterable[Subscription]]
    subscribe: Callable[[str, Selection, Reader], Awaitable[Subscription]]
    leave: Callable[[Subscription], None]
    tell: Callable[[Found], None]
    now: Callable[[], float]


class Searches:
    """The searches of one connection, of which the last one is under way. All of a session share an `index`."""

    def __init__(self, door: Door, index: NameIndex) -> None:
        self._door = door
        self._index = index
        self._task: asyncio.Task[None] | None = None

    def ask(self, message: Search) -> None:
        """Search, and give up a search that is still under way. Raises `BadRequest`."""
        wanted = [
            (ref, selection_of(Subscribe(1, message.cluster, ref, message.namespaces))) for ref in message.everything
        ]
        self.close()
        self._task = asyncio.create_task(self._run(message, wanted))

    def close(self) -> None:
        """Give up what is under way."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self, message: Search, everything: list[Wanted]) -> None:
        now = self._door.now()
        for key in [key for key, names in self._index.items() if now - names.at >= KEPT_S]:
            del self._index[key]
        opened = list(self._door.open_lists(message.cluster))
        whole = {_ref_of(each.topic.selection) for each in opened if not each.held and _is_whole(each, message)}
        wanted = [pair for pair in everything if pair[0] not in whole]
        unread = [pair for pair in wanted if (message.cluster, pair[1]) not in self._index]
        kinds = {_ref_of(each.topic.selection) for each in opened} | {ref for ref, _ in wanted}
        finding = Finding(message)
        gate = asyncio.Semaphore(AT_ONCE)

        async def look_through(ref: ResourceRef, names: Names) -> None:
            if names.missing is not None:
                finding.missing[ref] = names.missing
            await finding.look_through(ref, names.keys)

        async def read(ref: ResourceRef, selection: Selection) -> None:
            async with gate:
                names = await self._read(message.cluster, selection)
            held = sum(len(each.keys) for each in self._index.values())
            if held + len(names.keys) > MOST_NAMES:
                names = Names(names.at, (), _missing(selection, "live.too_many", "There are too many names to search."))
            self._index[message.cluster, selection] = names
            await look_through(ref, names)

        for each in {each.topic: each for each in opened}.values():
            await look_through(_ref_of(each.topic.selection), self._names_of(each))
        for ref, selection in wanted:
            if names := self._index.get((message.cluster, selection)):
                await look_through(ref, names)
        self._door.tell(finding.answer(len(kinds), len(unread)))
        left = {asyncio.create_task(read(ref, selection)) for ref, selection in unread}
        try:
            while left:
                before = len(left)
                _, left = await asyncio.wait(left, timeout=TELL_EVERY_S)
                if len(left) < before:
                    self._door.tell(finding.answer(len(kinds), len(left)))
        finally:
            for task in left:
                task.cancel()

    async def _read(self, cluster: str, selection: Selection) -> Names:
        reader = Reader()
        try:
            subscription = await self._door.subscribe(cluster, selection, reader)
        except Problem as problem:
            return Names(self._door.now(), (), _missing(selection, problem.code, problem.message))
        except Exception:
            logging.getLogger("headlamp.live").exception("reading names for a search failed")
            return Names(self._door.now(), (), _missing(selection, Problem.code, "The server failed to read them."))
        missing = None
        try:
            reader.ready(subscription)
            async with asyncio.timeout(READ_WITHIN_S):
                await reader.wait()
            if reader.problem is not None:
                return Names(self._door.now(), (), _missing(selection, reader.problem.code, reader.problem.message))
            if (how := subscription.topic.how).missing:
                missing = _missing(selection, how.missing[0].code, how.message)
        except TimeoutError:
            missing = _missing(selection, "live.slow", "The cluster takes long to list them.")
        finally:
            self._door.leave(subscription)
        return self._names_of(subscription, missing)

    def _names_of(self, subscription: Subscription, missing: Missing | None = None) -> Names:
        """The names of what a subscription may be shown now: none while that is not known."""
        topic = subscription.topic
        if subscription.held:
            message = "The cluster does not answer whether you may still see them."
            return Names(self._door.now(), (), _missing(topic.selection, "live.unconfirmed", message))
        return Names(self._door.now(), tuple((namespace, name) for namespace, name, _ in topic.table), missing)


def _ref_of(selection: Selection) -> ResourceRef:
    return ResourceRef(selection.group, selection.version, selection.plural, selection.namespaced)


def _is_whole(opened: Subscription, message: Search) -> bool:
    """Whether an open list has all that the search wants of its kind."""
    selection = opened.topic.selection
    if selection.label_selector or selection.field_selector:
        return False
    if selection.namespaces is None:
        return True
    return message.namespaces is not None and set(message.namespaces) <= set(selection.namespaces)


def _missing(selection: Selection, code: str, message: str) -> Missing:
    """What can't be searched; the place of a namespace is taken by the kind's name."""
    return Missing(f"{selection.plural}.{selection.group}".rstrip("."), code, message)
