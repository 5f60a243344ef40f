"""The pool: who waits for a connection, and how a place in it is given back; on both event loops."""

from __future__ import annotations

import asyncio
import socket

import pytest
from tests.support.raw_server import Peer
from tests.unit.clusters.lean.kit import OK, Open, answering, get

from headlamp.clusters import limits
from headlamp.clusters.cluster import Cluster
from headlamp.clusters.errors import ClusterNameNotFound, ClusterTimedOut, ClusterUnreachable
from headlamp.clusters.lean.transport import LeanTransport


class Held:
    """A server that answers when it is told to."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.asked = 0

    async def until_asked(self, times: int) -> None:
        async with asyncio.timeout(30):
            while self.asked < times:
                await asyncio.sleep(0.01)

    async def __call__(self, peer: Peer) -> None:
        while True:
            await peer.request()
            self.asked += 1
            await self.go.wait()
            await peer.send(OK)


async def test_more_short_calls_than_the_pool_has_connections_wait_for_one(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SHORT_POOL", 2)
    held = Held()
    transport, server = await opened(held)
    calls = [asyncio.create_task(get(transport)) for _ in range(5)]
    await held.until_asked(2)
    await asyncio.sleep(0.1)  # a third one would have come by now
    assert held.asked == 2
    calls[4].cancel()  # one that waits, and leaves the others their turn
    held.go.set()
    assert await asyncio.gather(*calls[:4]) == [b"ok"] * 4
    assert len(server.peers) == 2


async def test_nobody_waits_for_a_connection_for_ever(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SHORT_POOL", 1)
    monkeypatch.setattr(limits, "POOL_TIMEOUT", 0.1)
    held = Held()
    transport, _ = await opened(held)
    first = asyncio.create_task(get(transport))
    await held.until_asked(1)
    with pytest.raises(ClusterTimedOut):
        await get(transport)
    held.go.set()
    assert await first == b"ok"
    assert await get(transport) == b"ok"


async def test_every_way_to_fail_gives_the_place_in_the_pool_back(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SHORT_POOL", 1)
    ways = [b"nonsense\r\n\r\n", b"", None, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", OK]

    async def handle(peer: Peer) -> None:
        way = ways[int((await peer.request()).split()[1].removeprefix(b"/"))]
        if way is None:
            await peer.rest()  # until it is given up
        else:
            await peer.send(way)

    transport, _ = await opened(handle)
    for number in range(4):
        with monkeypatch.context() as patience:
            patience.setattr(limits, "SILENCE_TIMEOUT", 0.2 if ways[number] is None else 90.0)
            with pytest.raises(ClusterUnreachable):
                await get(transport, f"/{number}")
    assert await get(transport, "/4") == b"ok"


async def test_a_connection_that_does_not_come_about_gives_the_place_in_the_pool_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "SHORT_POOL", 1)
    monkeypatch.setattr(limits, "POOL_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    transport = LeanTransport(Cluster("one", "one", f"http://127.0.0.1:{port}"))
    for _ in range(3):
        with pytest.raises(ClusterUnreachable, match="No connection to one"):
            await get(transport)
    await transport.close()


async def test_who_leaves_while_the_connection_comes_about_gives_the_place_in_the_pool_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "SHORT_POOL", 1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        transport = LeanTransport(Cluster("one", "one", f"https://127.0.0.1:{silent.getsockname()[1]}"))
        waiting = asyncio.create_task(get(transport))
        await asyncio.get_running_loop().run_in_executor(None, silent.accept)
        (pool,) = transport._pools.values()
        assert pool._places.full
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert not pool._places.full
        await transport.close()


async def test_an_answer_that_has_come_whole_keeps_no_other_call_waiting(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SHORT_POOL", 1)
    transport, server = await opened(answering)
    async with transport.request("GET", "/x", headers={}) as answer:
        assert await get(transport) == b"ok"
        assert answer.at_hand() == b"ok"
    assert len(server.peers) == 1


async def test_its_sockets_notice_a_vanished_peer_and_send_at_once(opened: Open) -> None:
    transport, _ = await opened(answering)
    await get(transport)
    (pool,) = transport._pools.values()
    (connection,) = pool._idle
    opened_socket = connection._transport.get_extra_info("socket")
    assert opened_socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert opened_socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    if hasattr(socket, "TCP_KEEPIDLE"):
        assert opened_socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30


async def test_a_name_that_is_none_does_not_resolve() -> None:
    transport = LeanTransport(Cluster("one", "one", f"https://{'a' * 64}"))
    with pytest.raises(ClusterNameNotFound):
        await get(transport)
    await transport.close()
