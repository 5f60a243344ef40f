"""Changes in a real cluster: pods whose restarts are counted up, each time to a number that was never there before."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from tests.real.stack.pki import trusting

from bench.cluster import RealCluster
from bench.objects import pods

STRATEGIC_MERGE = "application/strategic-merge-patch+json"
FIRST = 1_000
CONNECTIONS = 32


@dataclass
class Restarts:
    """Writes them; `at` says when each number was sent to the API server, in seconds since the epoch."""

    client: aiohttp.ClientSession
    keys: Sequence[tuple[str, str, str]]
    at: dict[int, float] = field(default_factory=dict)
    written: list[float] = field(default_factory=list)
    """Seconds that each took to be written, as far as the API server's answer says."""
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(FIRST))
    _chance: random.Random = field(default_factory=lambda: random.Random(1))
    _connections: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONNECTIONS))

    async def change(self, namespace: str = "", name: str = "") -> None:
        """One pod, any one unless it is named."""
        known = {(space, pod): container for space, pod, container in self.keys} if name else {}
        container = known[namespace, name] if name else ""
        if not name:
            namespace, name, container = self._chance.choice(self.keys)
        path = f"/api/v1/namespaces/{namespace}/pods/{name}/status"
        headers = {"Content-Type": STRATEGIC_MERGE}
        # A change begins when it is sent, not while it waits for a connection.
        async with self._connections:
            number = next(self._numbers)
            status = {"containerStatuses": [{"name": container, "restartCount": number}]}
            self.at[number] = begun = time.time()
            async with self.client.patch(path, data=json.dumps({"status": status}), headers=headers) as answer:
                answer.raise_for_status()
                await answer.read()
            self.written.append(time.time() - begun)

    async def churn(self, per_second: float, seconds: float) -> None:
        """Any pods, evenly; returns when the last has been written."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        async with asyncio.TaskGroup() as group:
            for at in range(int(per_second * seconds)):
                if (pause := begun + at / per_second - loop.time()) > 0:
                    await asyncio.sleep(pause)
                group.create_task(self.change())


@asynccontextmanager
async def restarts(cluster: RealCluster) -> AsyncIterator[Restarts]:
    """As the cluster's administrator."""
    api = cluster.api_server
    tls = trusting(api.identity.pki.pem, client=api.identity.admin)
    keys = [
        (pod["metadata"]["namespace"], pod["metadata"]["name"], pod["spec"]["containers"][0]["name"])
        for pod in pods(cluster.size)
    ]
    connector = aiohttp.TCPConnector(ssl=tls, limit=CONNECTIONS)
    async with aiohttp.ClientSession(api.url, connector=connector, headers={"User-Agent": "headlamp-bench"}) as client:
        yield Restarts(client, keys)
