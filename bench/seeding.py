"""Fills an API server with the objects of a cluster, many requests at a time."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp

from bench.objects import Size, namespaces, nodes, pods, restarts, trouble

AT_ONCE = 32
TRIES = 6
JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

Item = TypeVar("Item")


class SeedingError(Exception):
    """The API server refused an object."""


@dataclass(frozen=True)
class Seeder:
    """Creates what `bench.objects` describes at `url`, as whoever `tls` proves to be."""

    url: str
    tls: ssl.SSLContext
    size: Size
    say: Callable[[str], None]

    def objects(self) -> None:
        """Create everything: somebody else, kwok, brings the pods to life. Returns when it has."""
        asyncio.run(self._with_client(self._create))

    def fates(self) -> None:
        """Some pods are in trouble, some were restarted: write that, when nobody brings pods to life any more."""
        asyncio.run(self._with_client(self._tell_fates))

    async def _with_client(self, work: Callable[[aiohttp.ClientSession], Awaitable[None]]) -> None:
        connector = aiohttp.TCPConnector(limit=AT_ONCE, ssl=self.tls)
        timeout = aiohttp.ClientTimeout(total=120)
        async with aiohttp.ClientSession(
            self.url, connector=connector, timeout=timeout, headers={"User-Agent": "headlamp-bench"}
        ) as client:
            await work(client)

    async def _create(self, client: aiohttp.ClientSession) -> None:
        rights = {
            "metadata": {"name": "whoever-signs-in"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [
                {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:authenticated"},
            ],
        }
        await _create(client, "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", rights)
        await _each(namespaces(self.size), lambda one: _create(client, "/api/v1/namespaces", one))
        # A pod is refused until its namespace has this account, which otherwise a controller would make.
        account = {"metadata": {"name": "default"}}
        await _each(
            namespaces(self.size),
            lambda one: _create(client, f"/api/v1/namespaces/{one['metadata']['name']}/serviceaccounts", account),
        )
        await _each(nodes(self.size), lambda one: _create(client, "/api/v1/nodes", one))
        created = 0

        async def create_pod(pod: dict[str, Any]) -> None:
            nonlocal created
            await _create(client, f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods", pod)
            created += 1
            if created % 500 == 0:
                self.say(f"Filling the cluster: {created:,} of {self.size.pods:,} pods created")

        await _each(pods(self.size), create_pod)
        while waiting := await _not_running(client):
            self.say(f"Filling the cluster: {waiting:,} pods are not running yet")
            await asyncio.sleep(2)

    async def _tell_fates(self, client: aiohttp.ClientSession) -> None:
        async def tell(numbered: tuple[int, dict[str, Any]]) -> None:
            at, pod = numbered
            path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"
            change = trouble(at) or {"status": {}}
            if count := restarts(at):
                async with client.get(path) as answer:
                    statuses = (await answer.json())["status"]["containerStatuses"]
                ended = {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": _some_time(at)}}
                statuses[0] |= {"restartCount": count, "lastState": ended}
                change["status"]["containerStatuses"] = statuses
            if change["status"]:
                await _ask(client, "PATCH", f"{path}/status", change, MERGE_PATCH)

        await _each(enumerate(pods(self.size)), tell)


async def _create(client: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> None:
    await _ask(client, "POST", path, body, JSON)


async def _ask(client: aiohttp.ClientSession, method: str, path: str, body: dict[str, Any], kind: str) -> None:
    """Send one object; what is there already is left as it is, and an API server that is busy is asked again."""
    said = ""
    for attempt in range(TRIES):
        async with client.request(method, path, data=json.dumps(body), headers={"Content-Type": kind}) as answer:
            if answer.status < 300 or answer.status == 409:
                return
            said = f"{answer.status} {(await answer.text())[:300]}"
        await asyncio.sleep(0.1 * 2**attempt)
    raise SeedingError(f"{method} {path}: {said}")


async def _not_running(client: aiohttp.ClientSession) -> int:
    query = {"resourceVersion": "0", "fieldSelector": "status.phase!=Running"}
    async with client.get("/api/v1/pods", params=query, headers={"Accept": METADATA_ONLY}) as answer:
        # Go writes an empty list as null.
        return len((await answer.json())["items"] or ())


async def _each(items: Iterable[Item], work: Callable[[Item], Awaitable[None]]) -> None:
    """Do it for all of them, some at once."""
    waiting = iter(items)

    async def worker() -> None:
        for item in waiting:
            await work(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(worker())


def _some_time(at: int) -> str:
    return f"2026-01-{at % 28 + 1:02d}T{at % 24:02d}:{at % 60:02d}:00Z"
