"""Our own client's connections: kept and given up, repeated and not, paused, timed out, cut; on both event loops."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from tests.support.certificates import Authority
from tests.support.raw_server import Peer, RawServer

from headlamp.clusters import limits
from headlamp.clusters.cluster import Cluster
from headlamp.clusters.errors import ClusterNameNotFound, ClusterTimedOut, ClusterUnreachable
from headlamp.clusters.lean.answer import Answer
from headlamp.clusters.lean.connection import Connection
from headlamp.clusters.lean.transport import LeanTransport

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


Handle = Callable[[Peer], Awaitable[object]]
Open = Callable[[Handle], Awaitable[tuple[LeanTransport, RawServer]]]


@pytest.fixture
async def opened(authority: Authority) -> AsyncIterator[Open]:
    """Starts a server, and a transport to it, which end with the test."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(handle: Handle) -> tuple[LeanTransport, RawServer]:
            server = await stack.enter_async_context(RawServer(authority, handle).running())
            transport = LeanTransport(server.cluster())
            stack.push_async_callback(transport.close)
            return transport, server

        yield start


async def get(transport: LeanTransport, path: str = "/x", *, stream: bool = False, method: str = "GET") -> bytes:
    async with transport.request(method, path, headers={}, stream=stream) as answer:
        return await answer.read(2**24)


async def answering(peer: Peer, answer: bytes = OK) -> None:
    while True:
        await peer.request()
        await peer.send(answer)


async def test_a_connection_that_is_over_does_not_wait_for_the_garbage_collector(opened: Open) -> None:
    async def begin(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED + b"2\r\nok\r\n")
        await peer.rest()

    transport, _ = await opened(begin)
    gc.collect()
    gc.disable()
    try:
        async with transport.request("GET", "/x", headers={}, stream=True) as answer:
            assert await anext(answer.chunks()) == b"ok"
        async with asyncio.timeout(10):
            while any(isinstance(thing, Connection) for thing in gc.get_objects()):
                await asyncio.sleep(0.01)
    finally:
        gc.enable()


# What is not this request's answer


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
        second, _ = await asyncio.wait_for(loop.sock_accept(listening), 5)
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
    async def faulty(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED + b"2\r\nok\r\n")
        await asyncio.sleep(0.02)
        await peer.send(b"nonsense\r\n")
        await peer.rest()

    transport, _ = await opened(faulty)
    async with transport.request("GET", "/x", headers={}) as answer:
        chunks = answer.chunks()
        assert await anext(chunks) == b"ok"
        with pytest.raises(ClusterUnreachable, match="not valid HTTP"):
            await anext(chunks)


# Connections that the server gives up


async def test_a_connection_that_the_server_closed_is_not_used_again(opened: Open) -> None:
    async def once(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)

    transport, server = await opened(once)
    for _ in range(3):
        assert await get(transport, method="POST") == b"ok"
        await asyncio.sleep(0.02)
        assert [pool._idle for pool in transport._pools.values()] == [[]]
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


# Bodies that go up


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
    before = -1
    while read != before:
        before = read
        await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert 0 < read < 2**25


# Bodies that come down


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
    await asyncio.wait_for(ended.wait(), 5)


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
    await asyncio.wait_for(ended.wait(), 5)


async def test_closing_ends_what_is_under_way_and_what_is_kept(opened: Open) -> None:
    ends = asyncio.Queue[None]()

    async def handle(peer: Peer) -> None:
        if b"/wait" not in await peer.request():
            await peer.send(OK)
        await peer.rest()
        ends.put_nowait(None)

    transport, _ = await opened(handle)
    await get(transport)
    waiting = asyncio.create_task(get(transport, "/wait", stream=True))
    await asyncio.sleep(0.05)
    await transport.close()
    with pytest.raises(ClusterUnreachable):
        await waiting
    for _ in range(2):
        await asyncio.wait_for(ends.get(), 5)
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
    assert (pool._idle, pool._busy) == ([], set())


# Time


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


async def test_a_server_that_says_something_now_and_then_is_not(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SILENCE_TIMEOUT", 0.4)

    async def slow(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED)
        for _ in range(6):
            await asyncio.sleep(0.1)
            await peer.send(b"1\r\na\r\n")
        await peer.send(b"0\r\n\r\n")

    transport, _ = await opened(slow)
    assert await get(transport) == b"aaaaaa"


async def test_a_reader_who_takes_his_time_is_no_silence_of_the_server(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SILENCE_TIMEOUT", 0.2)
    size = 2**25
    body = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    transport, _ = await opened(lambda peer: answering(peer, body))
    async with transport.request("GET", "/x", headers={}) as answer:
        await asyncio.sleep(0.5)
        assert len(await answer.read(size)) == size


async def test_a_stream_may_be_silent_after_its_head(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SILENCE_TIMEOUT", 0.1)

    async def watch(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED)
        await asyncio.sleep(0.4)
        await peer.send(b"1\r\na\r\n0\r\n\r\n")
        await peer.rest()

    transport, _ = await opened(watch)
    assert await get(transport, stream=True) == b"a"


async def test_what_goes_up_may_take_its_time(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SILENCE_TIMEOUT", 0.1)

    async def slow() -> AsyncIterator[bytes]:
        await asyncio.sleep(0.4)
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
    await asyncio.wait_for(ended.wait(), 5)


async def test_a_handshake_that_does_not_come_about_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONNECT_TIMEOUT", 0.1)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        transport = LeanTransport(Cluster("one", "one", f"https://127.0.0.1:{listening.getsockname()[1]}"))
        with pytest.raises(ClusterTimedOut):
            await get(transport)
        await transport.close()


# The pool


class Held:
    """A server that answers when it is told to."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.asked = 0

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
    await asyncio.sleep(0.1)
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
    await asyncio.sleep(0.05)
    with pytest.raises(ClusterTimedOut):
        await get(transport)
    held.go.set()
    assert await first == b"ok"
    assert await get(transport) == b"ok"


async def test_every_way_to_fail_gives_the_place_in_the_pool_back(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SHORT_POOL", 1)
    monkeypatch.setattr(limits, "POOL_TIMEOUT", 1)
    monkeypatch.setattr(limits, "SILENCE_TIMEOUT", 0.2)
    ways = iter([b"nonsense\r\n\r\n", b"", None, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", OK])

    async def handle(peer: Peer) -> None:
        await peer.request()
        way = next(ways)
        if way is None:
            await peer.rest()  # until it is given up
        else:
            await peer.send(way)

    transport, _ = await opened(handle)
    for _ in range(4):
        with pytest.raises(ClusterUnreachable):
            await get(transport)
    assert await get(transport) == b"ok"


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
        assert pool._slots.locked()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert not pool._slots.locked()
        await transport.close()


async def test_an_answer_that_has_come_whole_keeps_no_other_call_waiting(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SHORT_POOL", 1)
    monkeypatch.setattr(limits, "POOL_TIMEOUT", 1)
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
