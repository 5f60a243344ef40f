"""WebSockets to a cluster: watches, logs, exec, attach and port-forward, relayed message by message."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from aiohttp import WebSocketError, WSMessage, WSMsgType, hdrs, web

from headlamp.clusters.cluster import Cluster
from headlamp.clusters.credential import CredentialSource
from headlamp.clusters.errors import ClusterUnreachable, UpgradeRefused
from headlamp.clusters.transport import MAX_MESSAGE, ClusterTransport, UpstreamWebSocket
from headlamp.proxy.errors import OnlyWebSocket, RedirectElsewhere, SessionOver
from headlamp.proxy.headers import headers_down, headers_up
from headlamp.proxy.lifetime import CLIENT_CLOSED_REQUEST, CutWhen, bearer_for, client_is_gone, notice_vanished
from headlamp.proxy.paths import Target
from headlamp.proxy.policy import check_policy

PROTOCOLS = frozenset(
    {
        "base64.binary.k8s.io",
        "binary.k8s.io",
        "v5.channel.k8s.io",
        "v4.channel.k8s.io",
        "v3.channel.k8s.io",
        "v2.channel.k8s.io",
        "channel.k8s.io",
        "v4.base64.channel.k8s.io",
        "base64.channel.k8s.io",
        "SPDY/3.1+portforward.k8s.io",
    }
)
"""What may be offered to a cluster. `base64url.bearer.authorization.k8s.io.…` is not among them: a token in a
subprotocol would speak for somebody else than the session does."""

SESSION_ENDED = 4401
_CLOSE_WITHIN = 0.5
_LOOK_EVERY = 5.0
PING_EVERY_S = 25.0
"""Shorter than the minute of silence after which a stock nginx cuts a connection."""


@dataclass(frozen=True, slots=True)
class _Close:
    code: int
    reason: bytes = b""


async def proxy_websocket(
    request: web.Request,
    cluster: Cluster,
    transport: ClusterTransport,
    credential: CredentialSource | None,
    target: Target,
    *,
    allow_proxy_subresource: bool = False,
) -> web.StreamResponse:
    """Relay a WebSocket until one side closes or the session ends (close code 4401).

    The cluster is asked first: what it selects is what the client is told, and a refusal reaches the client as the
    plain HTTP answer that it is. Raises a `Problem` for whatever else goes wrong before the upgrade.
    """
    check_policy(request, target, allow_proxy_subresource=allow_proxy_subresource)
    if request.headers.get(hdrs.UPGRADE, "").strip().lower() != "websocket" or not _can_upgrade(request):
        raise OnlyWebSocket("The request is not a WebSocket handshake.")
    headers = headers_up(request.headers, await bearer_for(cluster, credential), websocket=True)
    try:
        async with contextlib.AsyncExitStack() as stack:
            upgrade = transport.websocket(target.sent, headers=headers, protocols=_offered(request))
            upstream = await _wait_for(stack, upgrade, request, credential)
            if credential is not None and credential.ended.is_set():
                raise SessionOver("The session ended while the cluster was asked.")
            if upstream is None:
                return web.Response(status=CLIENT_CLOSED_REQUEST)
            client = web.WebSocketResponse(
                protocols=(upstream.protocol,) if upstream.protocol else (),
                compress=False,
                max_msg_size=MAX_MESSAGE,
                timeout=_CLOSE_WITHIN,
            )
            await client.prepare(request)
            close = await _relay(request, client, upstream, credential.ended if credential is not None else None)
            await _close_both(request, client, upstream, close)
            return client
    except UpgradeRefused as refused:
        return _refusal(refused, cluster)


def _can_upgrade(request: web.Request) -> bool:
    return (
        request.method == hdrs.METH_GET and web.WebSocketResponse(protocols=_offered(request)).can_prepare(request).ok
    )


def _offered(request: web.Request) -> tuple[str, ...]:
    """What the client offers, in its order, as far as it is known."""
    values = request.headers.getall(hdrs.SEC_WEBSOCKET_PROTOCOL, [])
    names = (name.strip() for value in values for name in value.split(","))
    return tuple(dict.fromkeys(name for name in names if name in PROTOCOLS))


async def _wait_for(
    stack: contextlib.AsyncExitStack,
    upgrade: AbstractAsyncContextManager[UpstreamWebSocket],
    request: web.Request,
    credential: CredentialSource | None,
) -> UpstreamWebSocket | None:
    """The cluster's side, open until `stack` ends; None when the client or the session is gone before it answers.

    A container that says nothing yet has the client of its log wait, for hours if need be.
    """

    def over() -> bool:
        return client_is_gone(request) or (credential is not None and credential.ended.is_set())

    with CutWhen(over):
        return await stack.enter_async_context(upgrade)
    return None


def _refusal(refused: UpgradeRefused, cluster: Cluster) -> web.Response:
    if 300 <= refused.answer_status < 400:
        raise RedirectElsewhere(f"{cluster.original_name} answers a WebSocket with a redirect.") from refused
    headers = headers_down(refused.headers)
    headers.popall(hdrs.CONTENT_LENGTH, None)  # of the whole body, of which we hold the beginning
    if refused.answer_status == 401:
        headers["X-Headlamp-Code"] = "cluster.rejected"
    # An API server that ignores the upgrade and answers 200 has not done what was asked.
    status = refused.answer_status if refused.answer_status >= 400 else 502
    return web.Response(status=status, body=refused.body, headers=headers)


async def _relay(
    request: web.Request, client: web.WebSocketResponse, upstream: UpstreamWebSocket, ended: asyncio.Event | None
) -> _Close:
    """Both directions at once, a message only after the one before has been taken, until the first one is over."""
    loop = asyncio.get_running_loop()
    up = loop.create_task(_pump(client.receive, upstream.send_text, upstream.send_binary, lost=1001))
    down = loop.create_task(_pump(upstream.receive, client.send_str, client.send_bytes, lost=1011))
    over = loop.create_task(ended.wait()) if ended is not None else None
    pulse = loop.create_task(_keep_alive(request, client))
    tasks = {task for task in (up, down, over) if task is not None}
    try:
        done: set[asyncio.Task[_Close] | asyncio.Task[bool]] = set()
        # A client that vanishes while both directions wait for a slow peer shows only at its connection.
        while not done and not client_is_gone(request):
            done, _ = await asyncio.wait(tasks, timeout=_LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*tasks, pulse):
            task.cancel()
        await asyncio.gather(*tasks, pulse, return_exceptions=True)
    if ended is not None and ended.is_set():
        return _Close(SESSION_ENDED, b"the session has ended")
    for task in (up, down):
        if task in done:
            return task.result()
    return _Close(1001)


async def _keep_alive(request: web.Request, client: web.WebSocketResponse) -> None:
    """Ping the client of a silent stream, so that no proxy on the way takes it for dead.

    A pong is not waited for: a client that has much to read first may take its time. One that has vanished leaves the
    ping unacknowledged, and the kernel then closes the connection.
    """
    notice_vanished(request)
    with contextlib.suppress(ConnectionResetError):
        while True:
            await asyncio.sleep(PING_EVERY_S)
            await client.ping()


async def _pump(
    receive: Callable[[], Awaitable[WSMessage]],
    send_text: Callable[[str], Awaitable[None]],
    send_binary: Callable[[bytes], Awaitable[None]],
    *,
    lost: int,
) -> _Close:
    """Carry messages one way; the end of it says how the other side is to be closed. `lost`: without a close frame."""
    try:
        while True:
            message = await receive()
            if message.type is WSMsgType.BINARY:
                await send_binary(message.data)
            elif message.type is WSMsgType.TEXT:
                await send_text(message.data)
            else:
                return _end(message, lost)
    except ClusterUnreachable:
        return _Close(1011, b"the connection to the cluster broke")
    except ConnectionResetError:
        return _Close(1001)


def _end(message: WSMessage, lost: int) -> _Close:
    match message.type:
        case WSMsgType.CLOSE:
            return _Close(_relayed(message.data), (message.extra or "").encode()[:123])
        case WSMsgType.ERROR if isinstance(message.data, WebSocketError):
            return _Close(int(message.data.code), b"a message could not be relayed")
        case _:
            return _Close(lost)


def _relayed(code: int | None) -> int:
    """A close code as it may be sent (RFC 6455, section 7.4): no code at all is a normal end, reserved ones are not."""
    if not code or code == 1005:
        return 1000
    sendable = (code in range(1000, 1015) and code not in {1004, 1006}) or code in range(3000, 5000)
    return code if sendable else 1011


async def _close_both(
    request: web.Request, client: web.WebSocketResponse, upstream: UpstreamWebSocket, close: _Close
) -> None:
    """Pass the close on. A side that takes no frame any more, since it does not read, is cut off."""
    upstream_code = 1001 if close.code == SESSION_ENDED else close.code
    upstream_reason = b"" if close.code == SESSION_ENDED else close.reason
    closed = False
    with contextlib.suppress(TimeoutError, ConnectionResetError, ClusterUnreachable):
        async with asyncio.timeout(2 * _CLOSE_WITHIN):
            await asyncio.gather(
                client.close(code=close.code, message=close.reason), upstream.close(upstream_code, upstream_reason)
            )
            closed = True
    if not closed and request.transport is not None:
        request.transport.abort()
