"""The API server in memory, with whole objects behind its rows, and what pods use."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from multidict import CIMultiDict, CIMultiDictProxy
from tests.unit.live.fake_apiserver import FakeApiServer, FakeResponse, status_body

METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
MANAGED_FIELDS = [{"manager": "kubectl", "fieldsV1": {"f:metadata": {"f:labels": {}}}}]


class ObjectApiServer(FakeApiServer):
    """`put_object` makes a row and the object behind it. `asked` are the targets of requests for objects."""

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.asked: list[str] = []
        self.asked_as: list[tuple[str, str]] = []
        self.sent_bytes = 0
        self.metrics: dict[tuple[str, str], dict[str, str]] | None = None
        self.metrics_asked: list[str] = []
        self.refusals: dict[str, tuple[int, str]] = {}
        self.no_metadata = False
        self.endless = False
        """Each page of a list names another one."""
        self.in_flight = 0
        self.most_in_flight = 0

    def put_object(
        self, namespace: str, name: str, *, plural: str = "pods", status: str = "Running", **parts: Any
    ) -> None:
        """Create or replace an object; `metadata` adds to its metadata, other parts are its own."""
        metadata = {"name": name, "namespace": namespace, "managedFields": MANAGED_FIELDS} | parts.pop("metadata", {})
        self.objects[(plural, namespace, name)] = {"metadata": metadata} | parts
        self.put(plural, namespace, name, status, "0", "5m")

    @asynccontextmanager
    async def _request(self, path: str, headers: Mapping[str, str]) -> AsyncIterator[FakeResponse]:
        url = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if "as=Table" in headers["Accept"] or "watch" in query or self.down:
            async with super()._request(path, headers) as answer:
                yield answer
            return
        parts = url.path.strip("/").split("/")
        parts = parts[2:] if parts[0] == "api" else parts[3:]
        namespace = parts[1] if len(parts) == 3 else None
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        if "metrics.k8s.io" in path:
            self.metrics_asked.append(path)
            yield self._metrics(namespace)
            return
        self.asked.append(path)
        self.asked_as.append((headers["Accept"], token))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        await asyncio.sleep(0.001)
        self.in_flight -= 1
        if refusal := self.refusals.get(namespace or ""):
            yield _answer(refusal[0], status_body(*refusal))
        elif self.no_metadata and headers["Accept"] == METADATA:
            yield _answer(406, status_body(406, "only application/json is accepted"))
        else:
            body = self._objects_list(parts[-1], namespace, query, headers)
            self.sent_bytes += len(body)
            yield _answer(200, body)

    def _objects_list(
        self, plural: str, namespace: str | None, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> bytes:
        name = query.get("fieldSelector", "").removeprefix("metadata.name=")
        found = [
            made
            for (kind, where, called), made in sorted(self.objects.items())
            if kind == plural and namespace in (None, where) and name in ("", called)
        ]
        start = int(query.get("continue", "0"))
        end = start + int(query["limit"])
        if headers["Accept"] == METADATA:
            found = [{"metadata": made["metadata"]} for made in found]
        meta = {"continue": str(end)} if end < len(found) or self.endless else {}
        return json.dumps({"kind": "List", "metadata": meta, "items": found[start:end]}).encode()

    def _metrics(self, namespace: str | None) -> FakeResponse:
        if self.metrics is None:
            return _answer(404, b"404 page not found\n")
        items = [
            {"metadata": {"namespace": where, "name": name}, "containers": [{"usage": usage}, {"usage": usage}]}
            for (where, name), usage in self.metrics.items()
            if where == namespace
        ]
        return _answer(200, json.dumps({"items": items}).encode())


def _answer(status: int, body: bytes) -> FakeResponse:
    return FakeResponse(status, CIMultiDictProxy(CIMultiDict()), _once(body))


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
