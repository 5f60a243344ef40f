"""The aiohttp sessions that a cluster is reached by: what they never do, and when they give up."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from typing import Any

import aiohttp
from aiohttp import hdrs

from headlamp.clusters import limits
from headlamp.clusters.errors import UpgradeRefused
from headlamp.clusters.failures import UnaskedUpgrade

_REFUSAL_BODY = 64 * 1024
_ABORT_AFTER = 1.0
# Of a body that nobody reads aiohttp takes twice this and what is under way; by itself it takes twice as much.
_HELD = 32 * 1024
_AUTO_HEADERS = (hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE, hdrs.USER_AGENT)


class AbortableSocket(aiohttp.ClientWebSocketResponse):
    """aiohttp's WebSocket, which can be cut off: a polite end of TLS may take 30 s when the peer goes on sending."""

    def __init__(
        self,
        reader: Any,
        writer: Any,
        protocol: str | None,
        response: aiohttp.ClientResponse,
        *rest: Any,
        **options: Any,
    ) -> None:
        super().__init__(reader, writer, protocol, response, *rest, **options)
        self._upgraded = response.connection.transport if response.connection is not None else None

    def abort_soon(self) -> None:
        """Leave a second for the last frames to go out, the close frame among them."""
        if self._upgraded is not None:
            asyncio.get_running_loop().call_later(_ABORT_AFTER, self._upgraded.abort)


def cluster_session(context: ssl.SSLContext, *, limit: int, silence: float | None) -> aiohttp.ClientSession:
    """A session with a pool of at most `limit` connections (0: any number); `silence` ends a read that gets nothing."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            ssl=context, limit=limit, keepalive_timeout=limits.KEEP_ALIVE, socket_factory=kept_alive
        ),
        timeout=aiohttp.ClientTimeout(
            total=None, connect=limits.POOL_TIMEOUT, sock_connect=limits.CONNECT_TIMEOUT, sock_read=silence
        ),
        ws_response_class=AbortableSocket,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        read_bufsize=_HELD,
        skip_auto_headers=_AUTO_HEADERS,
        middlewares=(refuse_all_but_101,),
        max_line_size=limits.MAX_LINE,
        max_field_size=limits.MAX_FIELD,
    )


def kept_alive(address: Any) -> socket.socket:
    """A socket that notices a vanished peer within about a minute: streams have no other timeout."""
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):  # macOS and Windows lack some
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return made


async def refuse_all_but_101(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """End an upgrade at any answer but 101, and anything else at 101.

    aiohttp's `ws_connect` follows redirects, and would carry the credentials along; a middleware sees the answer first.
    """
    response = await handler(request)
    upgrade = hdrs.UPGRADE in request.headers
    if upgrade == (response.status == 101):
        return response
    if not upgrade:
        response.close()
        raise UnaskedUpgrade
    try:
        body = b""
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with asyncio.timeout(limits.CONNECT_TIMEOUT):
                while len(body) < _REFUSAL_BODY and (chunk := await response.content.read(_REFUSAL_BODY - len(body))):
                    body += chunk
    finally:
        response.close()
    raise UpgradeRefused(response.status, response.reason or "", response.headers, body)
