"""How long a server may be silent, and what is no silence; on both event loops."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from tests.support.raw_server import Peer
from tests.unit.clusters.lean.kit import CHUNKED, OK, Open, answering, get

from headlamp.clusters import limits
from headlamp.clusters.cluster import Cluster
from headlamp.clusters.errors import ClusterTimedOut
from headlamp.clusters.lean.transport import LeanTransport


@pytest.fixture
def _nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test looks by itself, with `look`: a machine that stands still for a while is no silence of a server."""
    monkeypatch.setattr(limits, "LOOK_EVERY", 3600.0)


def look(transport: LeanTransport) -> None:
    """Give up what is overdue at this moment."""
    (pool,) = transport._pools.values()
    (connection,) = pool._busy
    connection.give_up_if_overdue()


async def test_a_server_that_says_nothing_is_given_up(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SILENCE_TIMEOUT", 0.1)

    async def silent(peer: Peer) -> None:
        await peer.request()
        await peer.rest()

    async def silent_later(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED + b"1\r\na\r\n")
        await peer.rest()

    for handle in (silent, silent_later):
        transport, server = await opened(handle)
        with pytest.raises(ClusterTimedOut):
            await get(transport)
        assert len(server.peers) == 1


@pytest.mark.usefixtures("_nobody_looks")
async def test_a_server_that_says_something_now_and_then_is_not(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SILENCE_TIMEOUT", 1.0)

    async def slow(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED)
        for _ in range(6):
            await asyncio.sleep(0.3)
            await peer.send(b"1\r\na\r\n")
        await peer.send(b"0\r\n\r\n")

    transport, _ = await opened(slow)
    body = b""
    async with transport.request("GET", "/x", headers={}) as answer:
        async for chunk in answer.chunks():
            body += chunk
            if len(body) < 6:
                look(transport)
    assert body == b"aaaaaa"


@pytest.mark.usefixtures("_nobody_looks")
async def test_a_reader_who_takes_his_time_is_no_silence_of_the_server(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SILENCE_TIMEOUT", 0.2)
    size = 2**25
    body = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    transport, _ = await opened(lambda peer: answering(peer, body))
    async with transport.request("GET", "/x", headers={}) as answer:
        await asyncio.sleep(0.5)
        look(transport)
        assert len(await answer.read(size)) == size


@pytest.mark.usefixtures("_nobody_looks")
async def test_a_stream_may_be_silent_after_its_head(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SILENCE_TIMEOUT", 0.1)

    go = asyncio.Event()

    async def watch(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED)
        await go.wait()
        await peer.send(b"1\r\na\r\n0\r\n\r\n")
        await peer.rest()

    transport, _ = await opened(watch)
    async with transport.request("GET", "/x", headers={}, stream=True) as answer:
        await asyncio.sleep(0.4)
        look(transport)
        go.set()
        assert await answer.read(10) == b"a"


@pytest.mark.usefixtures("_nobody_looks")
async def test_what_goes_up_may_take_its_time(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SILENCE_TIMEOUT", 0.1)

    async def slow() -> AsyncIterator[bytes]:
        await asyncio.sleep(0.4)
        look(transport)
        yield b"late"

    transport, _ = await opened(answering)
    async with transport.request("POST", "/x", headers={}, body=slow()) as answer:
        assert await answer.read(10) == b"ok"


async def test_a_connection_is_not_kept_for_ever(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KEEP_ALIVE", 0.1)
    ended = asyncio.Event()

    async def handle(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.rest()
        ended.set()

    transport, _ = await opened(handle)
    await get(transport)
    await asyncio.wait_for(ended.wait(), 30)


async def test_a_handshake_that_does_not_come_about_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONNECT_TIMEOUT", 0.1)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        transport = LeanTransport(Cluster("one", "one", f"https://127.0.0.1:{listening.getsockname()[1]}"))
        with pytest.raises(ClusterTimedOut):
            await get(transport)
        await transport.close()
