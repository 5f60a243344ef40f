"""What etcd and the watch cache are to a real API server: objects by kind, versions, and a short history of changes."""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from headlamp.demo import timestamps
from headlamp.demo.chance import new_uid
from headlamp.demo.cluster import status
from headlamp.demo.cluster.jsontypes import Json, dig
from headlamp.demo.cluster.kinds import STORED, Kind
from headlamp.demo.cluster.printing import printer_of
from headlamp.demo.cluster.printing.cells import Cell
from headlamp.demo.cluster.selectors import selectable_fields

ChangeType: TypeAlias = Literal["ADDED", "MODIFIED", "DELETED"]
Key: TypeAlias = tuple[str, str]

_FIRST_VERSION = 482_113
_HISTORY = 20_000
_MOST_QUEUED = 20_000


class _OnlyMetadata(msgspec.Struct):
    metadata: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of one object, in the forms that are asked for often.

    `body` is its JSON without `kind` and `apiVersion`: list items of built-in kinds have neither. `owner` is the uid of
    the object that controls this one.
    """

    kind: Kind
    namespace: str
    name: str
    uid: str
    owner: str
    deleting: bool
    version: int
    labels: Mapping[str, str]
    fields: Mapping[str, str]
    cells: tuple[Cell, ...]
    body: bytes

    @property
    def key(self) -> Key:
        return (self.namespace, self.name)

    def json(self) -> bytes:
        """The whole object as JSON."""
        return b'{"kind":"%b","apiVersion":"%b",%b' % (
            self.kind.kind.encode(),
            self.kind.api_version.encode(),
            self.body[1:],
        )

    def metadata_json(self) -> bytes:
        """The object's metadata alone, as `PartialObjectMetadata`."""
        metadata = msgspec.json.decode(self.body, type=_OnlyMetadata).metadata
        return b'{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":%b}' % bytes(metadata)

    def load(self) -> Json:
        """A copy of the object that the caller may change."""
        loaded: Json = msgspec.json.decode(self.json())
        return loaded


class Change(NamedTuple):
    """Something that happened: `stored` is the new version, for a deletion the last one; `previous` the one before."""

    type: ChangeType
    stored: Stored
    previous: Stored | None
    version: int


@dataclass(slots=True)
class _Shelf:
    """All objects of one kind; `order` is their keys, sorted, made when it is needed."""

    objects: dict[Key, Stored] = field(default_factory=dict)
    order: list[Key] | None = None

    def keys(self) -> list[Key]:
        if self.order is None:
            self.order = sorted(self.objects)
        return self.order


class Subscription:
    """Changes of one kind from some version on. Ends (`overflowed`) when nobody reads them in time."""

    def __init__(self, backlog: Iterable[Change]) -> None:
        self._queue: deque[Change] = deque(backlog)
        self._arrived = asyncio.Event()
        self.overflowed = False

    def offer(self, change: Change) -> None:
        if len(self._queue) >= _MOST_QUEUED:
            self.overflowed = True
        else:
            self._queue.append(change)
        self._arrived.set()

    def taken(self) -> list[Change]:
        """What has arrived since the last call."""
        changes = list(self._queue)
        self._queue.clear()
        self._arrived.clear()
        return changes

    async def arrival(self) -> None:
        """Wait until there is something to take."""
        if not self._queue and not self.overflowed:
            await self._arrived.wait()


class Store:
    """The objects of the cluster. `listeners` hear each change before anybody who watches does."""

    def __init__(self, *, now: Callable[[], float], chance: random.Random, history: int = _HISTORY) -> None:
        self._now = now
        self._chance = chance
        self._shelves = {kind: _Shelf() for kind in STORED}
        self._subscriptions: dict[Kind, set[Subscription]] = {kind: set() for kind in STORED}
        self._history: deque[Change] = deque(maxlen=history)
        self._forgotten = _FIRST_VERSION
        self.version = _FIRST_VERSION
        self.listeners: list[Callable[[Change], None]] = []

    @property
    def oldest_version(self) -> int:
        """The oldest version from which a watch can go on."""
        return self._forgotten

    def forget_history(self) -> None:
        """Let watches start from now on only, as after a compaction."""
        self._history.clear()
        self._forgotten = self.version

    def get(self, kind: Kind, namespace: str, name: str) -> Stored | None:
        return self._shelves[kind].objects.get((namespace, name))

    def require(self, kind: Kind, namespace: str, name: str) -> Stored:
        """Like `get`; raises the API's 404."""
        found = self.get(kind, namespace, name)
        if found is None:
            raise status.not_found(kind, name)
        return found

    def select(self, kind: Kind, namespace: str | None = None, after: Key | None = None) -> Iterator[Stored]:
        """Objects in the order of their keys: of one namespace or of all, from behind `after` on."""
        shelf = self._shelves[kind]
        keys = shelf.keys()
        start = bisect_left(keys, (namespace, "")) if namespace else 0
        if after is not None:
            start = max(start, bisect_right(keys, after))
        for key in keys[start:]:
            if namespace and key[0] != namespace:
                return
            yield shelf.objects[key]

    def count(self, kind: Kind) -> int:
        return len(self._shelves[kind].objects)

    def create(self, kind: Kind, obj: Json) -> Stored:
        """Add an object; its uid and time of creation are made unless it has them. Raises the API's 409."""
        metadata = obj["metadata"]
        key = (metadata.get("namespace", ""), metadata["name"])
        if key in self._shelves[kind].objects:
            raise status.already_exists(kind, metadata["name"])
        metadata.setdefault("uid", new_uid(self._chance))
        metadata.setdefault("creationTimestamp", timestamps.written(self._now()))
        self._shelves[kind].order = None
        return self._put("ADDED", kind, obj, None)

    def replace(self, kind: Kind, obj: Json) -> Stored:
        """Put a new version of an object. One that changes nothing makes no new version, as in a real API server.

        Raises the API's 404 when the object is gone, and its 409 when `obj` was made from an older version.
        """
        metadata = obj["metadata"]
        previous = self.require(kind, metadata.get("namespace", ""), metadata["name"])
        asked = metadata.get("resourceVersion")
        if asked and asked != str(previous.version):
            raise status.conflict(kind, metadata["name"])
        metadata["resourceVersion"] = str(previous.version)
        if _content(obj) == msgspec.json.decode(previous.body):
            return previous
        return self._put("MODIFIED", kind, obj, previous)

    def remove(self, kind: Kind, namespace: str, name: str) -> Stored:
        """Take an object away. Raises the API's 404."""
        previous = self.require(kind, namespace, name)
        shelf = self._shelves[kind]
        del shelf.objects[previous.key]
        shelf.order = None
        self.version += 1
        obj = previous.load()
        obj["metadata"]["resourceVersion"] = str(self.version)
        last = self._stored(kind, obj)
        self._publish(Change("DELETED", last, previous, self.version))
        return last

    def subscribe(self, kind: Kind, since: int) -> Subscription:
        """Hear of the kind's changes after version `since`. Raises the API's 410 when that is too long ago."""
        if since < self._forgotten:
            raise status.too_old(since, self._forgotten)
        backlog = [c for c in self._history if c.version > since and c.stored.kind is kind]
        subscription = Subscription(backlog)
        self._subscriptions[kind].add(subscription)
        return subscription

    def unsubscribe(self, kind: Kind, subscription: Subscription) -> None:
        self._subscriptions[kind].discard(subscription)

    def subscribers(self, kind: Kind) -> frozenset[Subscription]:
        """Those who hear of the kind's changes at this moment."""
        return frozenset(self._subscriptions[kind])

    def _put(self, change: ChangeType, kind: Kind, obj: Json, previous: Stored | None) -> Stored:
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        stored = self._stored(kind, obj)
        self._shelves[kind].objects[stored.key] = stored
        self._publish(Change(change, stored, previous, self.version))
        return stored

    def _stored(self, kind: Kind, obj: Json) -> Stored:
        metadata = obj["metadata"]
        return Stored(
            kind=kind,
            namespace=metadata.get("namespace", ""),
            name=metadata["name"],
            uid=metadata["uid"],
            owner=next((o["uid"] for o in metadata.get("ownerReferences") or [] if o.get("controller")), ""),
            deleting="deletionTimestamp" in metadata,
            version=self.version,
            labels=dict(dig(metadata, "labels") or {}),
            fields=selectable_fields(kind, obj),
            cells=printer_of(kind).cells(obj),
            body=_body(obj),
        )

    def _publish(self, change: Change) -> None:
        if self._history.maxlen is not None and len(self._history) == self._history.maxlen:
            self._forgotten = self._history[0].version
        self._history.append(change)
        for listener in self.listeners:
            listener(change)
        for subscription in self._subscriptions[change.stored.kind]:
            subscription.offer(change)


def _content(obj: Json) -> Json:
    return {key: value for key, value in obj.items() if key not in ("kind", "apiVersion")}


def _body(obj: Json) -> bytes:
    return msgspec.json.encode(_content(obj))
