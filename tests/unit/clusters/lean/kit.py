"""What the tests of our own client begin with: a server that says what it is told to, and how it is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.support.raw_server import Peer, RawServer

from headlamp.clusters.lean.transport import LeanTransport

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

Handle = Callable[[Peer], Awaitable[object]]
Open = Callable[[Handle], Awaitable[tuple[LeanTransport, RawServer]]]


async def get(transport: LeanTransport, path: str = "/x", *, stream: bool = False, method: str = "GET") -> bytes:
    """The body of an answer."""
    async with transport.request(method, path, headers={}, stream=stream) as answer:
        return await answer.read(2**24)


async def answering(peer: Peer, answer: bytes = OK) -> None:
    """Say the same to every request."""
    while True:
        await peer.request()
        await peer.send(answer)
