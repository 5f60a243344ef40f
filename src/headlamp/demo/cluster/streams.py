"""Watches, logs and terminals on the wire: chunked HTTP, or WebSockets in the API server's protocols."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable

from aiohttp import WSMsgType, hdrs, web

from headlamp.demo.cluster.answers import is_upgrade, stream_answer
from headlamp.demo.cluster.terminal.channels import PROTOCOLS, Channels
from headlamp.demo.cluster.terminal.execution import ExecOptions, execute
from headlamp.demo.cluster.terminal.shell import Machine

_BASE64 = "base64.binary.k8s.io"
_LOG_PROTOCOLS = (_BASE64, "binary.k8s.io")
_LARGEST_MESSAGE = 1 << 20
_HEARTBEAT = 30.0


async def stream_watch(request: web.Request, events: AsyncGenerator[list[bytes], None]) -> web.StreamResponse:
    """Events as lines of JSON, or as one text message each."""
    if is_upgrade(request):
        # A real server has no protocol for watches: it echoes the one that a client offers, refuses several, and
        # refuses whoever names no origin.
        offered = _offered(request)
        if hdrs.ORIGIN not in request.headers:
            return web.Response(status=403)
        if len(offered) > 1:
            return web.Response(status=400)

        async def send(socket: web.WebSocketResponse) -> None:
            async with contextlib.aclosing(events) as batches:
                async for batch in batches:
                    for event in batch:
                        await socket.send_str(event.decode().rstrip("\n"))

        return await _push(request, offered, send)
    response = stream_answer()
    await response.prepare(request)
    async with contextlib.aclosing(events) as batches:
        # Who has gone does not read on, and is not told.
        with contextlib.suppress(ConnectionError):
            async for batch in batches:
                await response.write(b"".join(batch))
    return response


async def stream_log(request: web.Request, pieces: AsyncGenerator[bytes, None]) -> web.StreamResponse:
    """A log as text; over a WebSocket in binary messages, or in text messages of base64 (`base64.binary.k8s.io`)."""
    if is_upgrade(request):
        if _speaks_none_of(request, _LOG_PROTOCOLS):
            return web.Response(status=403)

        async def write(socket: web.WebSocketResponse, piece: bytes) -> None:
            if socket.ws_protocol == _BASE64:
                await socket.send_str(base64.b64encode(piece).decode())
            else:
                await socket.send_bytes(piece)

        async def send(socket: web.WebSocketResponse) -> None:
            # As a real server does: an empty message first, so that the client knows that the log is open.
            await write(socket, b"")
            async with contextlib.aclosing(pieces) as log:
                async for piece in log:
                    await write(socket, piece)

        return await _push(request, _LOG_PROTOCOLS, send)
    response = stream_answer("text/plain")
    await response.prepare(request)
    async with contextlib.aclosing(pieces) as log:
        with contextlib.suppress(ConnectionError):
            async for piece in log:
                await response.write(piece)
    return response


async def run_terminal(request: web.Request, machine: Machine, options: ExecOptions) -> web.StreamResponse:
    """A command with its streams on the channels of a WebSocket."""
    if _speaks_none_of(request, PROTOCOLS):
        return web.Response(status=403)
    socket = _socket(PROTOCOLS)
    await socket.prepare(request)
    with contextlib.suppress(ConnectionError):
        await execute(Channels(socket), machine, options)
    await socket.close()
    return socket


async def _push(
    request: web.Request, protocols: tuple[str, ...], send: Callable[[web.WebSocketResponse], Awaitable[None]]
) -> web.WebSocketResponse:
    """Send until there is no more or the client goes, whichever is first."""
    socket = _socket(protocols)
    await socket.prepare(request)
    sending = asyncio.ensure_future(send(socket))
    gone = asyncio.create_task(_until_gone(socket))
    await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
    for task in (sending, gone):
        task.cancel()
    await asyncio.gather(sending, gone, return_exceptions=True)
    await socket.close()
    return socket


async def _until_gone(socket: web.WebSocketResponse) -> None:
    async for message in socket:
        if message.type is WSMsgType.ERROR:
            return


def _offered(request: web.Request) -> tuple[str, ...]:
    offered = request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "").split(",")
    return tuple(protocol.strip() for protocol in offered if protocol.strip())


def _speaks_none_of(request: web.Request, protocols: tuple[str, ...]) -> bool:
    """Whether a client offers protocols, and none that is known; offering none at all is fine."""
    offered = _offered(request)
    return bool(offered) and not any(protocol in protocols for protocol in offered)


def _socket(protocols: tuple[str, ...]) -> web.WebSocketResponse:
    return web.WebSocketResponse(protocols=protocols, max_msg_size=_LARGEST_MESSAGE, heartbeat=_HEARTBEAT)
