"""Connections that a server gives up: what is sent again, and what never is; on both event loops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.support.raw_server import Peer
from tests.unit.clusters.lean.kit import OK, Handle, Open, answering, get

from headlamp.clusters.errors import ClusterUnreachable
from headlamp.clusters.lean.connection import Connection


async def test_a_connection_that_the_server_closed_is_not_used_again(opened: Open) -> None:
    async def once(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)

    transport, server = await opened(once)
    for _ in range(3):
        assert await get(transport, method="POST") == b"ok"
        (pool,) = transport._pools.values()
        async with asyncio.timeout(30):
            while pool._idle:
                await asyncio.sleep(0.01)
    assert len(server.peers) == 3


def _hangs_up_at_second(requests: list[bytes]) -> Handle:
    async def handle(peer: Peer) -> None:
        requests.append(await peer.request())
        await peer.send(OK)
        requests.append(await peer.request())

    return handle


@pytest.mark.parametrize("body", [None, b"body"])
async def test_a_read_is_sent_again_when_the_server_hung_up_at_the_moment_of_writing(
    opened: Open, body: bytes | None
) -> None:
    requests: list[bytes] = []
    transport, server = await opened(_hangs_up_at_second(requests))
    for _ in range(2):
        async with transport.request("GET", "/x", headers={}, body=body) as answer:
            assert await answer.read(10) == b"ok"
    assert len(server.peers) == 2
    assert len(requests) == 3
    assert len(set(requests)) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_change_is_never_sent_twice(opened: Open, method: str) -> None:
    requests: list[bytes] = []
    transport, server = await opened(_hangs_up_at_second(requests))
    assert await get(transport, method=method) == b"ok"
    with pytest.raises(ClusterUnreachable, match=r"closed the connection without an answer|connection to one broke"):
        await get(transport, method=method)
    assert (len(server.peers), len(requests)) == (1, 2)


async def test_a_body_that_can_be_read_once_is_never_sent_twice(opened: Open) -> None:
    requests: list[bytes] = []
    transport, server = await opened(_hangs_up_at_second(requests))
    assert await get(transport) == b"ok"

    async def body() -> AsyncIterator[bytes]:
        yield b"once"

    with pytest.raises(ClusterUnreachable):
        async with transport.request("GET", "/x", headers={}, body=body()):
            pass
    assert len(server.peers) == 1


async def test_a_connection_that_breaks_before_it_is_used_is_told_at_once(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Connection):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self.lasting = False  # as `connection_lost` leaves it, which is not called again

    monkeypatch.setattr("headlamp.clusters.lean.pool.Connection", Broken)
    transport, _ = await opened(answering)
    with pytest.raises(ClusterUnreachable, match="one closed the connection without an answer"):
        await get(transport)


async def test_a_new_connection_that_breaks_is_not_tried_again(opened: Open) -> None:
    async def hang_up(peer: Peer) -> None:
        await peer.request()

    transport, server = await opened(hang_up)
    with pytest.raises(ClusterUnreachable):
        await get(transport)
    assert len(server.peers) == 1


async def test_a_request_whose_answer_began_is_not_sent_again(opened: Open) -> None:
    async def half(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.request()
        await peer.send(b"HTTP/1.1 2")
        await asyncio.sleep(0.02)

    transport, server = await opened(half)
    assert await get(transport) == b"ok"
    with pytest.raises(ClusterUnreachable):
        await get(transport)
    assert len(server.peers) == 1


async def test_a_request_is_sent_again_once_at_most(opened: Open) -> None:
    first = True

    async def handle(peer: Peer) -> None:
        nonlocal first
        await peer.request()
        if first:
            first = False
            await peer.send(OK)
            await peer.request()

    transport, server = await opened(handle)
    assert await get(transport) == b"ok"
    with pytest.raises(ClusterUnreachable):
        await get(transport)
    assert len(server.peers) == 2


async def test_what_is_sent_again_goes_by_a_new_connection_not_by_another_that_was_kept_as_long(opened: Open) -> None:
    async def handle(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(0.02)  # so that there are two at once
        await peer.send(OK)
        await peer.request()

    transport, server = await opened(handle)
    assert await asyncio.gather(*(get(transport) for _ in range(2))) == [b"ok"] * 2
    assert len(server.peers) == 2
    assert await get(transport) == b"ok"
    assert len(server.peers) == 3
