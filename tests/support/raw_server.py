"""A TLS server that says exactly the bytes that a test wants, one handler call a connection."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from tests.support.certificates import Authority

from headlamp.clusters.cluster import Cluster, ClusterTls

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


class Peer:
    """One connection, as the server has it; `gone` is set when the client has left."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def request(self) -> bytes:
        """The next request, head and body as they came. Raises `IncompleteReadError` when the client leaves before."""
        got = await self._reader.readuntil(b"\r\n\r\n")
        if b"transfer-encoding: chunked" in got.lower():
            while not got.endswith(b"\r\n0\r\n\r\n"):
                got += await self._reader.readuntil(b"\r\n")
        elif length := _LENGTH.search(got):
            got += await self._reader.readexactly(int(length[1]))
        return got

    async def head(self) -> bytes:
        """The next request's head."""
        return await self._reader.readuntil(b"\r\n\r\n")

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def rest(self) -> bytes:
        """All that still comes until the client has left."""
        with contextlib.suppress(ConnectionError):
            return await self._reader.read()
        return b""

    async def leave(self) -> None:
        """Leave after all that was said has gone out."""
        self._writer.close()
        await self._writer.wait_closed()

    def close(self) -> None:
        """Leave at once."""
        self._writer.transport.abort()


class RawServer:
    """`peers` are its connections in the order of their arrival; each is handed to `handle`."""

    def __init__(self, authority: Authority, handle: Callable[[Peer], Awaitable[Any]]) -> None:
        self.peers: list[Peer] = []
        self.port = 0
        self._authority, self._handle = authority, handle

    def cluster(self) -> Cluster:
        """A cluster whose API server this is."""
        tls = ClusterTls(ca_pem=self._authority.pem)
        return Cluster("one", "one", server=f"https://127.0.0.1:{self.port}", tls=tls)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[RawServer]:
        tasks: set[asyncio.Task[None]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            peer = Peer(reader, writer)
            self.peers.append(peer)
            try:
                await self._handle(peer)
            except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass
            finally:
                peer.close()

        context = self._authority.server_context("127.0.0.1")
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
