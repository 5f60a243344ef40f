"""A server's bytes played to both clients, piece by piece and without a socket: what does each make of them?"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from multidict import CIMultiDict

from headlamp.clusters import limits
from headlamp.clusters.aiohttp_session import refuse_all_but_101
from headlamp.clusters.cluster import Cluster
from headlamp.clusters.errors import ClusterUnreachable
from headlamp.clusters.failures import named_failures
from headlamp.clusters.lean.connection import Connection
from headlamp.clusters.lean.request import Request

CLUSTER = Cluster("one", "one", "http://one")
READ_SIZE = 256 * 1024
# More turns of the loop than either client takes for anything.
_TURNS = 12


@dataclass(frozen=True)
class Script:
    """What the server sends, as pieces that arrive one by one, and how it ends: "open", "closed" or "reset"."""

    pieces: Sequence[bytes]
    end: str = "open"
    method: str = "GET"

    @property
    def raw(self) -> bytes:
        return b"".join(self.pieces)


@dataclass(frozen=True)
class Got:
    """A whole answer; `lasting` is whether the client would send another request on the connection."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    lasting: bool


@dataclass(frozen=True)
class Refused:
    """No answer, or not the whole of one."""


@dataclass(frozen=True)
class Waiting:
    """The client takes what came for the beginning of an answer, and waits for more."""


Outcome = Got | Refused | Waiting


def alike(one: Outcome, other: Outcome, raw: bytes) -> bool:
    """Whether two outcomes of the same bytes are the same.

    Empty lines after an answer are overlooked with it, as before one (RFC 9112, section 2.2), and end the connection
    when they come on their own: where there may be some, `lasting` says nothing.
    """
    if isinstance(one, Got) and isinstance(other, Got) and raw.endswith((b"\r", b"\n")):
        return replace(one, lasting=False) == replace(other, lasting=False)
    return one == other


class WireTransport(asyncio.Transport):
    """A connection on which nobody else is: plays its script as soon as a request has been written."""

    def __init__(self, script: Script, protocol: asyncio.BaseProtocol) -> None:
        # What `Connection.is_quiet` looks at; never readable.
        self.ends = socket.socketpair()
        self._playing: asyncio.Task[None] | None = None
        super().__init__({"socket": self.ends[0]})
        self.written = bytearray()
        self.played = False
        self.pauses = 0
        self._script, self._protocol = script, protocol
        self._closing = self._paused = False
        protocol.connection_made(self)

    def write(self, data: Any) -> None:
        if self._playing is None:
            self._playing = asyncio.get_running_loop().create_task(self._play())
        self.written += data

    def is_closing(self) -> bool:
        return self._closing

    def is_reading(self) -> bool:
        return not self._paused

    def pause_reading(self) -> None:
        self._paused = True
        self.pauses += 1

    def resume_reading(self) -> None:
        self._paused = False

    def abort(self) -> None:
        self._lost(None)

    close = abort

    def _lost(self, error: Exception | None) -> None:
        if not self._closing:
            self._closing = True
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, error)

    async def _play(self) -> None:
        for piece in self._script.pieces:
            await asyncio.sleep(0)
            while self._paused and not self._closing:
                await asyncio.sleep(0)
            if self._closing:
                break
            _deliver(self._protocol, piece)
        await asyncio.sleep(0)
        if self._script.end == "closed" and not self._closing:
            self._protocol.eof_received()  # type: ignore[attr-defined]
            self._lost(None)
        elif self._script.end == "reset":
            self._lost(ConnectionResetError())
        for end in self.ends:
            end.close()
        self.played = True


def _deliver(protocol: asyncio.BaseProtocol, piece: bytes) -> None:
    if isinstance(protocol, asyncio.BufferedProtocol):
        while piece:
            buffer = memoryview(protocol.get_buffer(-1))
            size = min(len(buffer), len(piece))
            buffer[:size] = piece[:size]
            protocol.buffer_updated(size)
            piece = piece[size:]
    elif piece:
        assert isinstance(protocol, asyncio.Protocol)
        protocol.data_received(piece)


async def by_lean(script: Script) -> Outcome:
    """What our own client makes of `script`."""
    connection = Connection(lambda _: None, memoryview(bytearray(READ_SIZE)))
    transport = WireTransport(script, connection)
    headers: CIMultiDict[str] = CIMultiDict()

    async def ask() -> Got:
        request = Request(script.method, "/", headers, None, host="one", base="", stream=False)
        with named_failures(CLUSTER):
            answer = await connection.exchange(request, CLUSTER)
        body = await answer.read(2**30)
        fields = tuple((name.lower(), value) for name, value in answer.headers.items())
        return Got(answer.status, answer.reason, fields, body, lasting=False)

    try:
        return await _outcome(transport, ask, lambda: connection.lasting)
    finally:
        transport.abort()
        await asyncio.sleep(0)


async def by_aiohttp(script: Script) -> Outcome:
    """What aiohttp makes of it, with our settings."""
    connector = _Wired(script)
    async with aiohttp.ClientSession(
        connector=connector,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=(refuse_all_but_101,),
        max_line_size=limits.MAX_LINE,
        max_field_size=limits.MAX_FIELD,
    ) as session:

        async def ask() -> Got:
            with named_failures(CLUSTER):
                async with session.request(script.method, "http://one/", allow_redirects=False) as answer:
                    body = await answer.content.read()
                    fields = tuple((name.lower(), value) for name, value in answer.headers.items())
                    return Got(answer.status, answer.reason or "", fields, body, lasting=False)

        return await _outcome(connector, ask, lambda: bool(connector.kept))


class _Wired(aiohttp.BaseConnector):
    """Hands out one connection, which plays the script."""

    def __init__(self, script: Script) -> None:
        super().__init__()
        self._script = script
        self._wire: WireTransport | None = None

    @property
    def played(self) -> bool:
        return self._wire is not None and self._wire.played

    @property
    def kept(self) -> bool:
        return any(self._conns.values())

    async def _create_connection(self, req: Any, traces: Any, timeout: Any) -> ResponseHandler:
        protocol = ResponseHandler(asyncio.get_running_loop())
        if self._wire is not None:  # a repetition, which no script has an answer to
            raise aiohttp.ClientConnectionError
        self._wire = WireTransport(self._script, protocol)
        return protocol


async def _outcome(wire: Any, ask: Callable[[], Awaitable[Got]], lasting: Callable[[], bool]) -> Outcome:
    asking = asyncio.ensure_future(ask())
    while not wire.played:
        await asyncio.sleep(0)
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    if not asking.done():
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
        return Waiting()
    try:
        got = asking.result()
    except ClusterUnreachable:
        return Refused()
    return Got(got.status, got.reason, got.headers, got.body, lasting())
