"""An API server in memory behind `ClusterTransport`: Tables, pages, watches, versions, faults on request.

What it answers was compared with a kube-apiserver 1.37: forms of Tables, of bookmarks, of errors.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from multidict import CIMultiDict, CIMultiDictProxy

from headlamp.clusters.errors import ClusterUnreachable
from headlamp.clusters.transport import UpstreamResponse, UpstreamWebSocket

Fault = tuple[int, dict[str, str], bytes]
POD_COLUMNS = [("Name", "string", "name"), ("Status", "string", ""), ("Restarts", "string", ""), ("Age", "string", "")]


def status_body(code: int, message: str, reason: str = "") -> bytes:
    """A Kubernetes `Status`."""
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason}
    return json.dumps(status | {"code": code}).encode()


@dataclass
class FakeResponse:
    """`UpstreamResponse` with a body that is known, or that a watch brings."""

    status: int
    headers: CIMultiDictProxy[str]
    body: AsyncIterator[bytes]
    reason: str = ""

    def at_hand(self) -> bytes | None:
        return None

    def chunks(self) -> AsyncIterator[bytes]:
        return self.body

    async def read(self, limit: int) -> bytes:
        return b"".join([chunk async for chunk in self.body])


@dataclass
class FakeWatch:
    """An open watch: lines to send, None for its end, an exception for a broken connection."""

    plural: str
    namespace: str | None
    metadata: bool
    objects: bool
    token: str
    queue: asyncio.Queue[bytes | Exception | None] = field(default_factory=asyncio.Queue)
    columns_sent: bool = False
    since: int = 0
    deaf: bool = False
    """Its connection is dead, and nobody has been told."""
    sent: list[bytes] = field(default_factory=list)

    def send(self, line: bytes) -> None:
        """Send one line, unless nothing comes through any more."""
        if not self.deaf:
            self.sent.append(line)
            self.queue.put_nowait(line)


@dataclass
class FakeObject:
    namespace: str
    name: str
    version: int
    cells: list[Any]


@dataclass
class FakeEvent:
    version: int
    type: str
    plural: str
    object: FakeObject


@dataclass
class FakeBackup:
    version: int
    objects: dict[tuple[str, str, str], FakeObject]
    events: list[FakeEvent]


class FakeApiServer:
    """Kinds are made by putting objects; every change takes the next version, as etcd's revisions do."""

    def __init__(self) -> None:
        self.version = 100
        self.oldest = 100
        self.columns: dict[str, list[tuple[str, str, str]]] = {}
        self.forbidden: set[tuple[str, str | None, str]] = set()
        self.tokens: set[str] | None = None
        self.unprintable = False
        self.unwatchable: set[str] = set()
        self.down = False
        self.cache_lag = 0
        """How many versions the cache is behind, from which lists of version 0 come."""
        self.faults: list[Fault] = []
        self.headers: dict[str, str] = {}
        """Of every good answer."""
        self.requests: list[tuple[str, Mapping[str, str]]] = []
        self.watches: list[FakeWatch] = []
        self.lists_in_flight = 0
        self.most_lists_in_flight = 0
        self.before_answer: Callable[[str], None] | None = None
        self.lists_on_the_way: asyncio.Event | None = None
        self._objects: dict[tuple[str, str, str], FakeObject] = {}
        self._events: list[FakeEvent] = []

    # What happens in the cluster

    def put(self, plural: str, namespace: str, name: str, *cells: Any) -> None:
        """Create or change an object."""
        self.version += 1
        known = (plural, namespace, name) in self._objects
        made = FakeObject(namespace, name, self.version, [name, *(cells or ("Running", "0", "5m"))])
        self._objects[(plural, namespace, name)] = made
        self._happen("MODIFIED" if known else "ADDED", plural, made)

    def delete(self, plural: str, namespace: str, name: str) -> None:
        """Delete an object."""
        self.version += 1
        gone = self._objects.pop((plural, namespace, name))
        self._happen("DELETED", plural, FakeObject(namespace, name, self.version, gone.cells))

    def namespace(self, *names: str) -> None:
        """Create namespaces."""
        self.columns["namespaces"] = [("Name", "string", "name"), ("Status", "string", ""), ("Age", "string", "")]
        for name in names:
            self.put("namespaces", "", name, "Active", "5m")

    def keys(self, plural: str, *namespaces: str) -> dict[str, str]:
        """Row key to status, of all objects of a kind (in some namespaces): what a fresh list would say."""
        return {
            f"{o.namespace}/{o.name}": str(o.cells[1])
            for (kind, namespace, _), o in self._objects.items()
            if kind == plural and (not namespaces or namespace in namespaces)
        }

    # Disturbances

    def end_watches(self) -> None:
        """End every watch as a server does after its time."""
        for watch in list(self.watches):
            watch.queue.put_nowait(None)

    def break_watches(self) -> None:
        """Break every connection."""
        for watch in list(self.watches):
            watch.queue.put_nowait(ClusterUnreachable("The connection broke."))

    def send_raw(self, line: bytes) -> None:
        """Send bytes of one's choice to every watch."""
        for watch in list(self.watches):
            watch.queue.put_nowait(line)

    def bookmark(self) -> None:
        """Send a bookmark to every watch."""
        for watch in self.watches:
            watch.send(self._line("BOOKMARK", watch, FakeObject("", "", self.version, [])))

    def forget_versions(self) -> None:
        """Compact: watches from before now answer 410."""
        self.version += 1
        self.oldest = self.version

    def backup(self) -> FakeBackup:
        """Everything as it is now."""
        return FakeBackup(self.version, dict(self._objects), list(self._events))

    def restore(self, backup: FakeBackup) -> None:
        """Go back to a backup: versions are given out again that have been given out already."""
        self.version, self._objects, self._events = backup.version, dict(backup.objects), list(backup.events)

    # Requests

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes | AsyncIterator[bytes] | None = None,
        stream: bool = False,
    ) -> AbstractAsyncContextManager[UpstreamResponse]:
        return self._request(path, headers)

    def websocket(
        self, path: str, *, headers: Mapping[str, str], protocols: tuple[str, ...]
    ) -> AbstractAsyncContextManager[UpstreamWebSocket]:
        raise NotImplementedError  # live rows open no WebSocket to a cluster

    async def close(self) -> None:
        return

    @asynccontextmanager
    async def _request(self, path: str, headers: Mapping[str, str]) -> AsyncIterator[FakeResponse]:
        await asyncio.sleep(0)
        self.requests.append((path, headers))
        if self.down:
            raise ClusterUnreachable("Nothing listens there.")
        url = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        parts = url.path.strip("/").split("/")
        parts = parts[2:] if parts[0] == "api" else parts[3:]
        namespace = parts[1] if len(parts) == 3 else None
        plural = parts[-1]
        if self.before_answer is not None:
            self.before_answer(path)
        refusal = self._refusal(plural, namespace, query, headers)
        if refusal is not None:
            code, extra, content = refusal
            yield FakeResponse(code, CIMultiDictProxy(CIMultiDict(extra)), _once(content))
        elif "watch" in query:
            async with self._watch(plural, namespace, query, headers) as answer:
                yield answer
        else:
            self.lists_in_flight += 1
            self.most_lists_in_flight = max(self.most_lists_in_flight, self.lists_in_flight)
            try:
                await asyncio.sleep(0)
                answer = self._list(plural, namespace, query, headers)
                if self.lists_on_the_way is not None:
                    await self.lists_on_the_way.wait()
                yield answer
            finally:
                self.lists_in_flight -= 1

    def _refusal(
        self, plural: str, namespace: str | None, query: dict[str, str], headers: Mapping[str, str]
    ) -> Fault | None:
        if self.faults:
            return self.faults.pop(0)
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        if self.tokens is not None and token not in self.tokens:
            return 401, {}, status_body(401, "Unauthorized", "Unauthorized")
        verb = "watch" if "watch" in query else "list"
        if (plural, namespace, verb) in self.forbidden or (
            (plural, None, verb) in self.forbidden and namespace is None
        ):
            place = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
            return 403, {}, status_body(403, f'User "ann" cannot {verb} resource "{plural}" {place}', "Forbidden")
        if plural not in self.columns:
            return 404, {}, b"404 page not found\n"
        if self.unprintable and "as=Table" in headers["Accept"]:
            return 406, {}, status_body(406, "only the following media types are accepted", "NotAcceptable")
        if verb == "watch" and plural in self.unwatchable:
            return 405, {}, status_body(405, "watch is not supported", "MethodNotAllowed")
        return None

    def _list(
        self, plural: str, namespace: str | None, query: dict[str, str], headers: Mapping[str, str]
    ) -> FakeResponse:
        version, start = self.version, 0
        if "continue" in query:
            version, start = map(int, query["continue"].split("."))
            if version < self.oldest:
                return _answer(410, status_body(410, "The provided continue parameter is too old", "Expired"))
        elif query.get("resourceVersion") == "0":
            version = max(self.version - self.cache_lag, self.oldest)
        objects = sorted(
            (o for o in self._objects_at(plural, version) if namespace in (None, o.namespace)),
            key=lambda o: (o.namespace, o.name),
        )
        end = start + int(query.get("limit", len(objects)))
        meta = {"resourceVersion": str(version)}
        if end < len(objects):
            meta["continue"] = f"{version}.{end}"
        if "as=Table" not in headers["Accept"]:
            items = [_metadata(o) for o in objects[start:end]]
            return _answer(
                200, json.dumps({"kind": "PodList", "metadata": meta, "items": items}).encode(), self.headers
            )
        metadata = query["includeObject"] == "Metadata"
        table = self._table(plural, objects[start:end], meta, metadata=metadata, columns=True)
        return _answer(200, json.dumps(table).encode(), self.headers)

    def _objects_at(self, plural: str, version: int) -> list[FakeObject]:
        """What there was of a kind, as etcd can tell of every version: pages of one list are of one version."""
        if version >= self.version:
            return [o for (kind, _, _), o in self._objects.items() if kind == plural]
        there: dict[tuple[str, str], FakeObject] = {}
        for event in self._events:
            if event.version <= version and event.plural == plural:
                key = (event.object.namespace, event.object.name)
                if event.type == "DELETED":
                    del there[key]
                else:
                    there[key] = event.object
        return list(there.values())

    @asynccontextmanager
    async def _watch(
        self, plural: str, namespace: str | None, query: dict[str, str], headers: Mapping[str, str]
    ) -> AsyncIterator[FakeResponse]:
        since = int(query["resourceVersion"])
        if since < self.oldest:
            body = status_body(410, f"too old resource version: {since} ({self.oldest})", "Expired")
            yield _answer(410, body)
            return
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        objects = "as=Table" not in headers["Accept"]
        watch = FakeWatch(plural, namespace, query.get("includeObject") == "Metadata", objects, token)
        for event in self._events:
            if event.version > since:
                self._offer(watch, event)
        watch.since = since
        self.watches.append(watch)
        try:
            yield FakeResponse(200, CIMultiDictProxy(CIMultiDict(self.headers)), _drain(watch.queue))
        finally:
            self.watches.remove(watch)

    def _happen(self, kind: str, plural: str, made: FakeObject) -> None:
        self.columns.setdefault(plural, POD_COLUMNS)
        event = FakeEvent(self.version, kind, plural, made)
        self._events.append(event)
        for watch in self.watches:
            self._offer(watch, event)

    def _offer(self, watch: FakeWatch, event: FakeEvent) -> None:
        # Who goes on from a version that is yet to come hears nothing until then.
        if event.version <= watch.since:
            return
        if watch.plural == event.plural and watch.namespace in (None, event.object.namespace):
            watch.send(self._line(event.type, watch, event.object))

    def _line(self, kind: str, watch: FakeWatch, made: FakeObject) -> bytes:
        if watch.objects:
            return json.dumps({"type": kind, "object": _metadata(made)}).encode() + b"\n"
        meta = {"resourceVersion": str(made.version)}
        if kind == "BOOKMARK":
            made = FakeObject("", "", made.version, ["", "", "0", "<unknown>"][: len(self.columns[watch.plural])])
        table = self._table(watch.plural, [made], meta, metadata=watch.metadata, columns=not watch.columns_sent)
        watch.columns_sent = True
        return json.dumps({"type": kind, "object": table}).encode() + b"\n"

    def _table(
        self, plural: str, objects: list[FakeObject], meta: dict[str, str], *, metadata: bool, columns: bool
    ) -> dict[str, Any]:
        definitions = [
            {"name": name, "type": kind, "format": form, "description": f"The {name}.", "priority": 0}
            for name, kind, form in self.columns[plural]
        ]
        rows = [{"cells": o.cells, "object": _metadata(o) if metadata else None} for o in objects]
        table = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta, "rows": rows or None}
        return table | {"columnDefinitions": definitions if columns else None}


def _metadata(made: FakeObject) -> dict[str, Any]:
    created = "2026-01-02T03:04:05Z"
    meta = {"name": made.name, "namespace": made.namespace, "resourceVersion": str(made.version)}
    return {"kind": "PartialObjectMetadata", "metadata": meta | {"creationTimestamp": created, "labels": {"a": "b"}}}


def _answer(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> FakeResponse:
    return FakeResponse(status, CIMultiDictProxy(CIMultiDict(headers or {})), _once(body))


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _drain(queue: asyncio.Queue[bytes | Exception | None]) -> AsyncIterator[bytes]:
    while (item := await queue.get()) is not None:
        if isinstance(item, Exception):
            raise item
        yield item
