"""A generated cluster: an API server for very many rows and for changes at any rate, as a class and as a process.

It answers what live rows and the page ask for: Tables with and without metadata, pages of lists, watches from a
version on, discovery and reviews. Whoever asks may do everything. It counts what it is asked for, since the number of
watches and lists is half of what is measured.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import random
import re
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bench.objects import Size
from bench.printed import Include, Kind, PrintedRow, listed, printed

BOOKMARK_S = 50.0
# An API server compresses what is larger, at its fastest level, for whoever takes it.
COMPRESSED_FROM = 128 * 1024
REMEMBERED = 20_000
_PATH = re.compile(r"/api/v1/(?:namespaces/(?P<namespace>[^/]+)/)?(?P<plural>pods|namespaces|nodes)")
_KINDS = {"pods": ("Pod", "Namespaced"), "namespaces": ("Namespace", "Cluster"), "nodes": ("Node", "Cluster")}


@dataclass(eq=False)
class _Watcher:
    """One open watch, and what has to be sent to it."""

    plural: str
    namespace: str | None
    include: Include
    pending: bytearray = field(default_factory=bytearray)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    told_columns: bool = False


class GeneratedCluster:
    """The API server. `change` is what happens in the cluster; `counts` what it has been asked for."""

    def __init__(self, size: Size) -> None:
        self.kinds = printed(size)
        self.version = 1_000
        self.counts: Counter[str] = Counter()
        self.watchers: set[_Watcher] = set()
        self.changed_at: dict[int, float] = {}
        self._pods = list(self.kinds["pods"].all())
        self._by_key = {(row.namespace, row.name): row for row in self._pods}
        self._happened: deque[tuple[int, PrintedRow]] = deque(maxlen=REMEMBERED)
        self._chance = random.Random(size.pods)

    def app(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=2**20)
        app.router.add_get("/bench/counts", self._tell_counts)
        app.router.add_post("/bench/change", self._change_one)
        app.router.add_post("/bench/rate", self._change_many)
        app.router.add_get("/bench/changed", self._tell_changed)
        app.router.add_route("*", "/{path:.*}", self.answer)
        return app

    @property
    def pods(self) -> list[PrintedRow]:
        """All of them, in an API server's order."""
        return self._pods

    def change(self, row: PrintedRow | None = None) -> int:
        """A pod, any one unless it is said which, is restarted; the count that it shows then."""
        row = row or self._chance.choice(self._pods)
        self.version += 1
        # Counts are never used twice, so that each says when it was written.
        row.restarts, row.version = self.version, self.version
        self.changed_at[self.version] = time.time()
        self.counts["changes"] += 1
        self._happened.append((self.version, row))
        for watcher in self.watchers:
            if watcher.plural == "pods" and watcher.namespace in (None, row.namespace):
                self._send(watcher, self.version, row)
        return self.version

    def _send(self, watcher: _Watcher, version: int, row: PrintedRow) -> None:
        columns = b"null" if watcher.told_columns else self.kinds[watcher.plural].columns
        watcher.told_columns = True
        watcher.pending += (
            b'{"type":"MODIFIED","object":{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":'
            b'{"resourceVersion":"%d"},"columnDefinitions":%b,"rows":[%b]}}\n'
            % (version, columns, row.text(watcher.include))
        )
        watcher.wake.set()

    # What is asked

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Any request to the API server."""
        if request.method == "POST":
            return await self._review(request)
        if (told := _TOLD.get(request.path)) is not None:
            return _json(told)
        found = _PATH.fullmatch(request.path)
        if found is None:
            return _json({"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}, status=404)
        plural, namespace = found["plural"], found["namespace"]
        include: Include = request.query.get("includeObject", "Metadata")  # type: ignore[assignment]
        if request.query.get("watch") in ("1", "true"):
            return await self._watch(request, _Watcher(plural, namespace, include))
        return self._list(request, self.kinds[plural], namespace, include)

    def _list(self, request: web.Request, kind: Kind, namespace: str | None, include: Include) -> web.Response:
        limit, rest = int(request.query.get("limit", 0)), request.query.get("continue", "")
        rows = list(kind.all()) if namespace is None else kind.rows.get(namespace, [])
        start = int(base64.b64decode(rest)) if rest else 0
        shown = rows[start : start + limit] if limit else rows[start:]
        left = len(rows) - start - len(shown)
        metadata: dict[str, Any] = {"resourceVersion": str(self.version)}
        if left:
            token = base64.b64encode(str(start + len(shown)).encode()).decode()
            metadata |= {"continue": token, "remainingItemCount": left}
        body = listed(kind, shown, metadata, include)
        headers = {}
        if len(body) > COMPRESSED_FROM and "gzip" in request.headers.get("Accept-Encoding", ""):
            body, headers = gzip.compress(body, 1), {"Content-Encoding": "gzip"}
        self.counts["lists"] += 1
        self.counts["list bytes"] += len(body)
        return web.Response(body=body, content_type="application/json", headers=headers)

    async def _watch(self, request: web.Request, watcher: _Watcher) -> web.StreamResponse:
        since = int(request.query.get("resourceVersion") or self.version)
        response = web.StreamResponse(headers={"Content-Type": "application/json;stream=watch"})
        await response.prepare(request)
        self.counts["watches"] += 1
        if self._happened and since < self._happened[0][0] - 1 and len(self._happened) == REMEMBERED:
            gone = {"kind": "Status", "status": "Failure", "reason": "Expired", "code": 410}
            await response.write(json.dumps({"type": "ERROR", "object": gone}).encode() + b"\n")
            return response
        if watcher.plural == "pods":
            for version, row in self._happened:
                if version > since and watcher.namespace in (None, row.namespace):
                    self._send(watcher, version, row)
        self.watchers.add(watcher)
        self.counts["most watches"] = max(self.counts["most watches"], len(self.watchers))
        try:
            while True:
                await self._wait(watcher)
                data, watcher.pending = watcher.pending, bytearray()
                watcher.wake.clear()
                self.counts["watch bytes"] += len(data)
                await response.write(bytes(data))
        except ConnectionError:
            return response
        finally:
            self.watchers.discard(watcher)

    async def _wait(self, watcher: _Watcher) -> None:
        try:
            async with asyncio.timeout(BOOKMARK_S):
                await watcher.wake.wait()
        except TimeoutError:
            row = self.kinds[watcher.plural].rows[next(iter(self.kinds[watcher.plural].rows))][0]
            before = len(watcher.pending)
            self._send(watcher, self.version, row)
            watcher.pending[before:] = watcher.pending[before:].replace(b'"MODIFIED"', b'"BOOKMARK"', 1)

    async def _review(self, request: web.Request) -> web.Response:
        self.counts["reviews"] += 1
        asked = await request.json()
        status: dict[str, Any] = {"allowed": True}
        if request.path.endswith("/selfsubjectrulesreviews"):
            rule = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
            status = {"resourceRules": [rule], "nonResourceRules": [], "incomplete": False}
        elif request.path.endswith("/selfsubjectreviews"):
            user = {"username": _subject_of(request.headers["Authorization"]), "groups": ["system:authenticated"]}
            status = {"userInfo": user}
        return _json({**asked, "status": status}, status=201)

    # What a measurement says to it

    async def _tell_counts(self, _: web.Request) -> web.Response:
        return _json({**self.counts, "open watches": len(self.watchers)})

    async def _change_one(self, request: web.Request) -> web.Response:
        asked = await request.json()
        return _json({"restarts": self.change(self._by_key[asked["namespace"], asked["name"]])})

    async def _change_many(self, request: web.Request) -> web.Response:
        """Any pods, so many a second for so many seconds, evenly."""
        asked = await request.json()
        loop = asyncio.get_running_loop()
        begun, per_second = loop.time(), float(asked["per_second"])
        for at in range(int(per_second * asked["seconds"])):
            if (pause := begun + at / per_second - loop.time()) > 0:
                await asyncio.sleep(pause)
            self.change()
        return _json({"took": loop.time() - begun})

    async def _tell_changed(self, _: web.Request) -> web.Response:
        return _json(self.changed_at)


def _discovery(group: str, kinds: dict[str, tuple[str, str]]) -> dict[str, Any]:
    resources = [
        {"resource": plural, "responseKind": {"kind": kind}, "scope": scope, "verbs": ["get", "list", "watch"]}
        for plural, (kind, scope) in kinds.items()
    ]
    versions = [{"version": "v1", "resources": resources}]
    items = [{"metadata": {"name": group}, "versions": versions}] if kinds else []
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items}


_TOLD: dict[str, Any] = {
    "/version": {"major": "1", "minor": "37", "gitVersion": "v1.37.2"},
    "/api": _discovery("", _KINDS),
    "/apis": _discovery("", {}),
}


def _subject_of(authorization: str) -> str:
    """Of the token, which nobody checks here."""
    payload = authorization.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"])


def _json(value: Any, *, status: int = 200) -> web.Response:
    return web.json_response(value, status=status)
