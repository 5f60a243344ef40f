"""Bodies that come down: whole, slowly, or to somebody who leaves; on both event loops."""

from __future__ import annotations

import asyncio
import gc

import pytest
from tests.support.raw_server import Peer
from tests.unit.clusters.lean.kit import CHUNKED, OK, Open, answering, get

from headlamp.clusters.errors import ClusterUnreachable
from headlamp.clusters.lean.answer import Answer
from headlamp.clusters.lean.connection import Connection


async def test_a_small_answer_is_whole_as_soon_as_it_is_there(opened: Open) -> None:
    transport, _ = await opened(answering)
    async with transport.request("GET", "/x", headers={}) as answer:
        assert answer.at_hand() == b"ok"
        assert answer.at_hand() == b""
    async with transport.request("GET", "/x", headers={}) as answer:
        assert [chunk async for chunk in answer.chunks()] == [b"ok"]


async def test_an_answer_that_nobody_reads_holds_up_the_server_and_comes_whole_after_all(opened: Open) -> None:
    sent = 0
    size = 2**25

    async def flood(peer: Peer) -> None:
        nonlocal sent
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while sent < size:
            await peer.send(b"x" * 2**16)
            sent += 2**16
        await peer.leave()

    transport, _ = await opened(flood)
    async with transport.request("GET", "/x", headers={}) as answer:
        assert isinstance(answer, Answer)
        assert answer.at_hand() is None
        before = -1
        while sent != before:
            before = sent
            await asyncio.sleep(0.1)
        assert sent < size
        assert answer.held < 2**20
        # It ends with the connection's end, which comes while reading is paused.
        assert len(await answer.read(size)) == size


@pytest.mark.parametrize("stream", [False, True])
async def test_who_leaves_before_the_end_ends_the_servers_work(opened: Open, stream: bool) -> None:
    ended = asyncio.Event()

    async def watch(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED)
        await peer.rest()
        ended.set()

    transport, _ = await opened(watch)
    async with transport.request("GET", "/x", headers={}, stream=stream) as answer:
        assert answer.status == 200
    await asyncio.wait_for(ended.wait(), 30)


async def test_a_request_that_is_cancelled_ends_the_servers_work(opened: Open) -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def work(peer: Peer) -> None:
        await peer.request()
        asked.set()
        await peer.rest()
        ended.set()

    transport, _ = await opened(work)
    task = asyncio.create_task(get(transport))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(ended.wait(), 30)


async def test_closing_ends_what_is_under_way_and_what_is_kept(opened: Open) -> None:
    ends, asked = asyncio.Queue[None](), asyncio.Event()

    async def handle(peer: Peer) -> None:
        if b"/wait" in await peer.request():
            asked.set()
        else:
            await peer.send(OK)
        await peer.rest()
        ends.put_nowait(None)

    transport, _ = await opened(handle)
    await get(transport)
    waiting = asyncio.create_task(get(transport, "/wait", stream=True))
    await asked.wait()
    await transport.close()
    with pytest.raises(ClusterUnreachable):
        await waiting
    for _ in range(2):
        await asyncio.wait_for(ends.get(), 30)
    with pytest.raises(RuntimeError, match="closed"):
        await get(transport)


async def test_a_connection_that_comes_about_after_closing_is_not_used(opened: Open) -> None:
    transport, _ = await opened(answering)
    late = asyncio.create_task(get(transport))
    await asyncio.sleep(0)
    (pool,) = transport._pools.values()
    await transport.close()
    with pytest.raises(ClusterUnreachable):
        await late
    assert (pool._idle, pool._busy) == ([], {})


async def test_a_connection_that_is_over_does_not_wait_for_the_garbage_collector(opened: Open) -> None:
    async def begin(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED + b"2\r\nok\r\n")
        await peer.rest()

    transport, _ = await opened(begin)
    gc.collect()
    others = sum(isinstance(thing, Connection) for thing in gc.get_objects())
    gc.disable()
    try:
        async with transport.request("GET", "/x", headers={}, stream=True) as answer:
            assert await anext(answer.chunks()) == b"ok"
        async with asyncio.timeout(30):
            while sum(isinstance(thing, Connection) for thing in gc.get_objects()) > others:
                await asyncio.sleep(0.01)
    finally:
        gc.enable()


async def test_a_slow_reader_of_a_stream_holds_up_little(opened: Open) -> None:
    size = 2**22

    async def flood(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
        await peer.rest()

    transport, _ = await opened(flood)
    async with transport.request("GET", "/x", headers={}, stream=True) as answer:
        sizes = []
        async for chunk in answer.chunks():
            await asyncio.sleep(0.001)
            sizes.append(len(chunk))
    assert sum(sizes) == size
    assert max(sizes) <= 128 * 1024
