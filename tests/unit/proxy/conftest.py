"""The proxy in front of a recording API server, reachable over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from tests.support.certificates import Authority
from tests.support.credentials import FixedCredential
from tests.support.upstream import RecordingUpstream

from headlamp.clusters.aiohttp_transport import AiohttpTransport
from headlamp.clusters.cluster import Cluster
from headlamp.clusters.credential import CredentialSource
from headlamp.clusters.transports import CLIENTS
from headlamp.problems import Problem
from headlamp.proxy.http import proxy_http
from headlamp.proxy.paths import split_cluster_path
from headlamp.proxy.websocket import proxy_websocket


class Front:
    """A server with nothing but the proxy: what `web` does around it is not at issue here."""

    def __init__(self, cluster: Cluster, make: type[AiohttpTransport] = AiohttpTransport) -> None:
        self.cluster = cluster
        self.transport = make(cluster)
        self.credential: CredentialSource | None = FixedCredential()
        self.credential_of: dict[str, CredentialSource] = {}
        self.options: dict[str, Any] = {}
        self.port = 0
        self.client = aiohttp.ClientSession(auto_decompress=False, read_bufsize=64 * 1024)
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/clusters/{self.cluster.name}"

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        await self.client.close()
        assert self._runner is not None
        await self._runner.cleanup()
        await self.transport.close()

    async def raw(self, request: bytes) -> bytes:
        """Send bytes as they are and read until the server closes (ask for `Connection: close`)."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        try:
            async with asyncio.timeout(30):
                return await reader.read(1024 * 1024)
        finally:
            writer.close()

    async def raw_get(self, target: str, *headers: str) -> bytes:
        """The answer to a GET of this very target."""
        lines = [f"GET {target} HTTP/1.1", "Host: x", "Connection: close", *headers, "", ""]
        return await self.raw("\r\n".join(lines).encode("latin-1"))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        try:
            _, target = split_cluster_path(request)
            credential = self.credential_of.get(request.headers.get("X-Test-User", ""), self.credential)
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await proxy_websocket(request, self.cluster, self.transport, credential, target, **self.options)
            return await proxy_http(request, self.cluster, self.transport, credential, target, **self.options)
        except Problem as problem:
            return web.json_response({"code": problem.code, "message": problem.message}, status=problem.status)


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
async def upstream(authority: Authority) -> AsyncIterator[RecordingUpstream]:
    async with RecordingUpstream(authority=authority) as server:
        yield server


@pytest.fixture(params=sorted(CLIENTS))
async def front(request: pytest.FixtureRequest, upstream: RecordingUpstream) -> AsyncIterator[Front]:
    """Each test runs with every client towards clusters that there is."""
    server = Front(upstream.cluster(), CLIENTS[request.param])
    await server.start()
    yield server
    await server.close()
