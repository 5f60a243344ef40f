"""Finding objects by name: in the lists that are open anyway, and in others only when somebody asks for everything.

The index is the rows themselves. Kinds that nobody reads are read for a search as any list is, without objects, a few
at a time; their names are kept for a minute, so that the next letters are found without asking again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass

from headlamp.live.protocol import Found, Hit, Key, Missing, ResourceRef, Search, Subscribe
from headlamp.live.resources import Selection, selection_of
from headlamp.live.subscription import Subscription
from headlamp.live.topic import Topic
from headlamp.problems import Problem

AT_ONCE = 3
KEPT_S = 60.0
# Names of some hundred bytes each: what the searches of one connection hold on to stays well under 50 MB.
MOST_NAMES = 200_000
# How long one kind may take; it is then told as missing.
READ_WITHIN_S = 20.0
# How often what has been found so far is told while more is read.
TELL_EVERY_S = 0.25
MOST_MISSING = 100

Named = tuple[ResourceRef, Key]
Wanted = tuple[ResourceRef, Selection]


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one kind, read for a search: when, and what kept us from reading all of them."""

    at: float
    keys: tuple[Key, ...]
    missing: Missing | None = None


class Reader:
    """Reads one kind to the end of its first load, as a viewer of its topic (a `Subscriber`)."""

    def __init__(self) -> None:
        self._over = asyncio.Event()
        self.problem: Problem | None = None

    def ready(self, subscription: Subscription) -> None:
        """See `Subscriber`."""
        # Nothing is sent: what would be is taken out of the way.
        subscription.take()
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
    """What searches need of their connection: the lists that are open, and a way to read others."""

    open_topics: Callable[[str], Iterable[Topic]]
    subscribe: Callable[[str, Selection, Reader], Awaitable[Subscription]]
    leave: Callable[[Subscription], None]
    tell: Callable[[Found], None]
    now: Callable[[], float]


class Searches:
    """The searches of one connection, of which the last one is under way."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._index: dict[tuple[str, Selection], Names] = {}
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
        self._index = {key: names for key, names in self._index.items() if now - names.at < KEPT_S}
        opened = list(self._door.open_topics(message.cluster))
        whole = {_ref_of(topic.selection) for topic in opened if _is_whole(topic.selection, message)}
        wanted = [pair for pair in everything if pair[0] not in whole]
        unread = [pair for pair in wanted if (message.cluster, pair[1]) not in self._index]
        self._tell(message, opened, wanted, len(unread))
        gate = asyncio.Semaphore(AT_ONCE)

        async def read(selection: Selection) -> None:
            async with gate:
                names = await self._read(message.cluster, selection)
            held = sum(len(each.keys) for each in self._index.values())
            if held + len(names.keys) > MOST_NAMES:
                names = Names(names.at, (), _missing(selection, "live.too_many", "There are too many names to search."))
            self._index[message.cluster, selection] = names

        left = {asyncio.create_task(read(selection)) for _, selection in unread}
        try:
            while left:
                before = len(left)
                _, left = await asyncio.wait(left, timeout=TELL_EVERY_S)
                if len(left) < before:
                    self._tell(message, opened, wanted, len(left))
        finally:
            for task in left:
                task.cancel()

    async def _read(self, cluster: str, selection: Selection) -> Names:
        reader = Reader()
        try:
            subscription = await self._door.subscribe(cluster, selection, reader)
        except Problem as problem:
            return Names(self._door.now(), (), _missing(selection, problem.code, problem.message))
        topic, missing = subscription.topic, None
        try:
            reader.ready(subscription)
            async with asyncio.timeout(READ_WITHIN_S):
                await reader.wait()
            topic = subscription.topic
            if reader.problem is not None:
                missing = _missing(selection, reader.problem.code, reader.problem.message)
            elif topic.how.missing:
                missing = _missing(selection, topic.how.missing[0].code, topic.how.message)
        except TimeoutError:
            missing = _missing(selection, "live.slow", "The cluster takes long to list them.")
        finally:
            self._door.leave(subscription)
        return Names(self._door.now(), tuple((namespace, name) for namespace, name, _ in topic.table), missing)

    def _tell(self, message: Search, opened: list[Topic], wanted: list[Wanted], unread: int) -> None:
        read = [(ref, self._index.get((message.cluster, selection))) for ref, selection in wanted]
        found = dict.fromkeys(_matches(message.text, _names(opened, read)))
        best = sorted(found, key=lambda named: _worth(message.text, named))[: message.limit]
        hits = [Hit(ref, namespace, name) for ref, (namespace, name) in best]
        missing = [names.missing for _, names in read if names is not None and names.missing is not None]
        kinds = {_ref_of(topic.selection) for topic in opened} | {ref for ref, _ in wanted}
        self._door.tell(
            Found(message.search, hits, len(found), len(kinds) - unread, len(kinds), missing[:MOST_MISSING])
        )


def _names(opened: list[Topic], read: list[tuple[ResourceRef, Names | None]]) -> Iterator[Named]:
    for topic in opened:
        ref = _ref_of(topic.selection)
        for namespace, name, _ in topic.table:
            yield ref, (namespace, name)
    for ref, names in read:
        for key in names.keys if names is not None else ():
            yield ref, key


def _matches(text: str, names: Iterable[Named]) -> Iterator[Named]:
    words = text.lower().split()
    for ref, key in names:
        whole = f"{key[0]}/{key[1]}".lower()
        if all(word in whole for word in words):
            yield ref, key


def _worth(text: str, named: Named) -> tuple[int, int, str, str, str]:
    """What was typed whole goes first, then what begins with it, then what has it anywhere; shorter names before."""
    ref, (namespace, name) = named
    rank = 0 if name == text else 1 if name.startswith(text) else 2 if text in name else 3
    return rank, len(name), name, namespace, ref.plural


def _ref_of(selection: Selection) -> ResourceRef:
    return ResourceRef(selection.group, selection.version, selection.plural, selection.namespaced)


def _is_whole(selection: Selection, message: Search) -> bool:
    """Whether an open list has all that the search wants of its kind."""
    if selection.label_selector or selection.field_selector:
        return False
    if selection.namespaces is None:
        return True
    return message.namespaces is not None and set(message.namespaces) <= set(selection.namespaces)


def _missing(selection: Selection, code: str, message: str) -> Missing:
    """What can't be searched; the place of a namespace is taken by the kind's name."""
    return Missing(f"{selection.plural}.{selection.group}".rstrip("."), code, message)
