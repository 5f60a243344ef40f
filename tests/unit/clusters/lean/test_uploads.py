"""Bodies that go up, as they were announced or not at all; on both event loops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from tests.support.raw_server import Peer
from tests.unit.clusters.lean.kit import OK, Open

from headlamp.clusters.errors import ClusterUnreachable


async def _pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        ({}, b"Transfer-Encoding: chunked\r\nUser-Agent: a\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
        ({"Content-Length": "5"}, b"User-Agent: a\r\nContent-Length: 5\r\n\r\nabcde"),
    ],
)
async def test_a_body_in_pieces_goes_up_as_it_was_announced(opened: Open, headers: dict[str, str], sent: bytes) -> None:
    requests: list[bytes] = []

    async def record(peer: Peer) -> None:
        while True:
            requests.append(await peer.request())
            await peer.send(OK)

    transport, server = await opened(record)
    for _ in range(2):
        body = _pieces(b"abc", b"", b"de")
        async with transport.request("POST", "/x", headers={"User-Agent": "a", **headers}, body=body) as answer:
            assert await answer.read(10) == b"ok"
    host = b"Host: 127.0.0.1:%d\r\n" % server.port
    assert requests == [b"POST /x HTTP/1.1\r\n" + host + sent] * 2
    assert len(server.peers) == 1


async def _breaks() -> AsyncIterator[bytes]:
    yield b"abc"
    raise ConnectionResetError("the sender has gone")


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, lambda: _breaks()),
        ({"Content-Length": "5"}, lambda: _pieces(b"abc", b"def")),
        ({"Content-Length": "5"}, lambda: _pieces(b"abc")),
        ({"Content-Length": "5"}, lambda: _breaks()),
    ],
    ids=["breaks off", "too long", "too short", "breaks off before its length"],
)
async def test_a_body_that_is_not_what_it_was_said_to_be_never_looks_whole(
    opened: Open, headers: dict[str, str], body: Callable[[], AsyncIterator[bytes]]
) -> None:
    got = asyncio.get_running_loop().create_future()

    async def record(peer: Peer) -> None:
        await peer.head()
        got.set_result(await peer.rest())

    transport, _ = await opened(record)
    with pytest.raises(ClusterUnreachable, match="broke"):
        async with transport.request("POST", "/x", headers=headers, body=body()):
            pass
    received = await got
    assert b"0\r\n\r\n" not in received
    assert len(received) < 5 or headers == {}


async def test_an_answer_that_comes_before_the_body_has_gone_is_delivered_and_ends_the_connection(
    opened: Open,
) -> None:
    source_ended = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 1000
                await asyncio.sleep(0.001)
        finally:
            await asyncio.sleep(0.01)
            source_ended.set()

    async def refuse(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        await peer.rest()

    transport, server = await opened(refuse)
    for _ in range(2):
        async with transport.request("POST", "/x", headers={}, body=endless()) as answer:
            assert (answer.status, await answer.read(10)) == (413, b"no")
        # Whoever owns the source may use it again now.
        assert source_ended.is_set()
        source_ended.clear()
    assert len(server.peers) == 2


async def test_a_server_that_does_not_read_holds_up_the_source_of_the_body(opened: Open) -> None:
    read = 0
    never = asyncio.Event()

    async def source() -> AsyncIterator[bytes]:
        nonlocal read
        while read < 2**28:
            read += 2**16
            yield b"x" * 2**16

    async def deaf(peer: Peer) -> None:
        await peer.head()
        await never.wait()

    transport, _ = await opened(deaf)

    async def upload() -> None:
        async with transport.request("POST", "/x", headers={}, body=source()):
            pass

    task = asyncio.create_task(upload())
    before = 0
    async with asyncio.timeout(30):
        while read == 0 or read != before:
            before = read
            await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert 0 < read < 2**25
