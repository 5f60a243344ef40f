"""Frames that are written past aiohttp are those that a client expects, and stop when the client does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from headlamp.web.websocket_channel import WebSocketChannel

# On either side of each length of a frame's head.
SIZES = [0, 1, 125, 126, 65535, 65536, 200_000]
PIECE = b"x" * 65536
# More than the buffers of both sides' sockets.
MOST_PIECES = 2000

Serve = Callable[[WebSocketChannel], Awaitable[None]]


async def talk(serve: Serve, listen: Callable[[aiohttp.ClientWebSocketResponse], Awaitable[None]]) -> None:
    """Let a server and a client, each of which is a function, talk over a WebSocket."""
    failures: list[BaseException] = []

    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        channel = WebSocketChannel(request, socket)
        try:
            await serve(channel)
        except BaseException as failure:
            failures.append(failure)
        await channel.close(1000, "")
        return socket

    app = web.Application()
    app.router.add_get("/", handle)
    async with (
        TestServer(app) as server,
        aiohttp.ClientSession() as client,
        client.ws_connect(server.make_url("/"), max_msg_size=0) as socket,
    ):
        await listen(socket)
    if failures:
        raise failures[0]


async def test_frames_of_all_sizes_arrive_whole_and_in_order_among_aiohttps_own() -> None:
    frames: list[str | bytes] = []
    for size in SIZES:
        frames += ["é" * (size // 2), b"\x00" * size]

    async def serve(channel: WebSocketChannel) -> None:
        for frame in frames:
            if not channel.post(frame):
                await channel.send(frame)
            await channel.send("between")
        assert await channel.receive() == "done"

    async def listen(socket: aiohttp.ClientWebSocketResponse) -> None:
        for frame in frames:
            assert (await socket.receive()).data == frame
            assert (await socket.receive()).data == "between"
        await socket.send_str("done")

    await talk(serve, listen)


async def test_a_client_that_does_not_read_is_posted_no_more() -> None:
    posted = asyncio.Event()
    count = 0

    async def serve(channel: WebSocketChannel) -> None:
        nonlocal count
        while count < MOST_PIECES and channel.post(PIECE):
            count += 1
            await asyncio.sleep(0)
        posted.set()
        await channel.send("the last one")

    async def listen(socket: aiohttp.ClientWebSocketResponse) -> None:
        transport = socket._response.connection.transport  # type: ignore[union-attr]
        transport.pause_reading()  # type: ignore[union-attr]
        await posted.wait()
        assert 0 < count < MOST_PIECES
        transport.resume_reading()  # type: ignore[union-attr]
        for _ in range(count):
            assert (await socket.receive()).data == PIECE
        assert (await socket.receive()).data == "the last one"

    await talk(serve, listen)


async def test_nothing_is_posted_to_a_client_that_has_gone() -> None:
    async def serve(channel: WebSocketChannel) -> None:
        assert await channel.receive() is None
        assert not channel.post("too late")
        with pytest.raises(ConnectionError):
            await channel.send("too late")

    async def listen(socket: aiohttp.ClientWebSocketResponse) -> None:
        await socket.close()

    await talk(serve, listen)
