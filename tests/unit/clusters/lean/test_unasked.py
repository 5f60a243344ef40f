"""What a server says unasked, or says wrong, is nobody's answer; on both event loops."""

from __future__ import annotations

import asyncio
import socket

import pytest
from tests.support.raw_server import Peer
from tests.unit.clusters.lean.kit import CHUNKED, OK, Open, answering, get

from headlamp.clusters.cluster import Cluster
from headlamp.clusters.errors import ClusterUnreachable
from headlamp.clusters.lean.transport import LeanTransport


@pytest.mark.parametrize("later", [False, True])
async def test_what_a_server_says_unasked_is_nobodys_answer(opened: Open, later: bool) -> None:
    said = asyncio.Event()

    async def poison(peer: Peer) -> None:
        await peer.request()
        poisoned = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
        if later:
            await peer.send(OK)
            await asyncio.sleep(0.02)
            await peer.send(poisoned)
        else:
            await peer.send(OK + poisoned)
        said.set()
        await peer.rest()

    transport, server = await opened(poison)
    assert await get(transport) == b"ok"
    await said.wait()
    await asyncio.sleep(0.02)
    assert await get(transport) == b"ok"
    assert len(server.peers) == 2


async def test_what_a_server_said_unasked_and_nobody_has_read_yet_is_nobodys_answer_either() -> None:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        transport = LeanTransport(Cluster("one", "one", f"http://127.0.0.1:{listening.getsockname()[1]}"))

        async def answered(asking: asyncio.Task[bytes], peer: socket.socket) -> bytes:
            await loop.sock_recv(peer, 1000)
            await loop.sock_sendall(peer, OK)
            return await asking

        asking = asyncio.create_task(get(transport))
        first, _ = await loop.sock_accept(listening)
        assert await answered(asking, first) == b"ok"
        # Without a turn of the loop in between, so that only the socket knows of it when the next request is written.
        first.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
        asking = asyncio.create_task(get(transport))
        second, _ = await asyncio.wait_for(loop.sock_accept(listening), 30)
        assert await answered(asking, second) == b"ok"
        await transport.close()
        first.close()
        second.close()


async def test_an_answer_that_asks_for_another_protocol_is_refused(opened: Open) -> None:
    upgraded = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
    transport, _ = await opened(lambda peer: answering(peer, upgraded))
    with pytest.raises(ClusterUnreachable, match="one switched protocols without having been asked"):
        await get(transport)


async def test_a_faulty_answer_is_told_and_ends_the_connection(opened: Open) -> None:
    begun = asyncio.Event()

    async def faulty(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED + b"2\r\nok\r\n")
        await begun.wait()
        await peer.send(b"nonsense\r\n")
        await peer.rest()

    transport, _ = await opened(faulty)
    async with transport.request("GET", "/x", headers={}) as answer:
        chunks = answer.chunks()
        assert await anext(chunks) == b"ok"
        begun.set()
        with pytest.raises(ClusterUnreachable, match="not valid HTTP"):
            await anext(chunks)
