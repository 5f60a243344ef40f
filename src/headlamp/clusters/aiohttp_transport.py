"""`ClusterTransport` on aiohttp's client."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import aiohttp
from aiohttp import hdrs
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from headlamp.clusters import limits
from headlamp.clusters.agent import user_agent
from headlamp.clusters.aiohttp_session import AbortableSocket, cluster_session
from headlamp.clusters.cluster import Cluster
from headlamp.clusters.errors import BadToken, ClusterUnusable, TokenTooLarge, UpgradeRefused
from headlamp.clusters.failures import named_failures
from headlamp.clusters.head_limit import refuses_head, token_size
from headlamp.clusters.local_auth import local_authorization
from headlamp.clusters.places import Places
from headlamp.clusters.tls import client_context
from headlamp.clusters.transport import MAX_MESSAGE, UpstreamResponse
from headlamp.clusters.usage import Usage
from headlamp.clusters.whole import whole

_WS_CLOSE_TIMEOUT = 0.5
_BEARER = re.compile(r"Bearer [A-Za-z0-9\-._~+/]+=*\Z")


class AiohttpTransport:
    """Requests and WebSockets to one cluster, as `clusters.transport.ClusterTransport` describes them.

    Short calls and streams have pools of their own: watches must never keep lists waiting. Made inside a running event
    loop. Raises `ClusterUnusable` for a cluster with an `error`, and for trust or key material that can't be used.
    """

    def __init__(self, cluster: Cluster, *, insecure_ssl: bool = False) -> None:
        if cluster.error is not None:
            raise ClusterUnusable(cluster.error, cluster=cluster.name)
        try:
            # An API server looks at a client certificate before a bearer: where a bearer is given, it must not see one.
            self._contexts = {
                own: client_context(cluster, insecure_ssl=insecure_ssl, with_certificate=own) for own in (True, False)
            }
        except ValueError as error:
            raise ClusterUnusable(f"{cluster.original_name}: {error}.", cluster=cluster.name) from error
        self._cluster = cluster
        self._origin = cluster.server.rstrip("/")
        self._proxy = URL(cluster.proxy_url) if cluster.proxy_url else None
        self._server_name = cluster.tls.server_name
        self._user_agent = user_agent()
        self._usage = Usage(self._close_if_idle)
        self._places = Places(limits.SHORT_POOL)
        self._retired = False
        self._closed = False
        self._closing: asyncio.Task[None] | None = None
        self._sessions: dict[tuple[bool, bool], aiohttp.ClientSession] = {}

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes | AsyncIterator[bytes] | None = None,
        stream: bool = False,
    ) -> AbstractAsyncContextManager[UpstreamResponse]:
        """Send a request (see `ClusterTransport.request`)."""
        return self._by_aiohttp(method, path, headers, body, stream=stream)

    @contextlib.asynccontextmanager
    async def _by_aiohttp(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | AsyncIterator[bytes] | None,
        *,
        stream: bool,
    ) -> AsyncIterator[UpstreamResponse]:
        async with self._place(None if stream else headers.get(hdrs.AUTHORIZATION)):
            session = self._session(headers, stream=stream)
            sent = await self._headers(headers)
            # What goes up may take long itself; and short calls have a limit of their own.
            limit = limits.head_limit(path) if stream and body is None else None
            size = token_size(sent)
            with named_failures(self._cluster, token_size=size):
                async with asyncio.timeout(limit):
                    response = await session.request(method, self._url(path), headers=sent, data=body, **self._target())
            try:
                if refuses_head(response.status, response.headers, path=path, size=size):
                    raise TokenTooLarge(size, response.status, cluster=self._cluster.name)
                yield AiohttpResponse(response, self._cluster)
            finally:
                _cut_off(response)

    @contextlib.asynccontextmanager
    async def _place(self, who: str | None) -> AsyncIterator[None]:
        """Count as one who uses the transport, and as one of the calls of `who`: see `Places`."""
        with self._usage:
            if who is None:  # aiohttp's own pool is all there is to keep to
                yield
                return
            with named_failures(self._cluster):
                await self._places.take(who)
            try:
                yield
            finally:
                self._places.give_back(who)

    @contextlib.asynccontextmanager
    async def websocket(
        self, path: str, *, headers: Mapping[str, str], protocols: tuple[str, ...]
    ) -> AsyncIterator[AiohttpWebSocket]:
        """Upgrade (see `ClusterTransport.websocket`)."""
        with self._usage:
            session = self._session(headers, stream=True)
            sent = await self._headers(headers)
            # API servers answer 403 to the upgrade of a watch that names no origin; which one they don't care.
            sent.setdefault(hdrs.ORIGIN, str(URL(self._origin).origin()))
            target = self._target()
            del target["allow_redirects"]  # `refuse_all_but_101` ends every redirect
            size = token_size(sent)
            async with contextlib.AsyncExitStack() as stack:
                with self._large_token_named(path, size), named_failures(self._cluster, token_size=size):
                    async with asyncio.timeout(limits.head_limit(path)):
                        socket_ = await stack.enter_async_context(
                            session.ws_connect(
                                self._url(path),
                                headers=sent,
                                protocols=protocols,
                                compress=0,
                                max_msg_size=MAX_MESSAGE,
                                timeout=aiohttp.ClientWSTimeout(ws_close=_WS_CLOSE_TIMEOUT),
                                **target,
                            )
                        )
                assert isinstance(socket_, AbortableSocket)
                stack.callback(socket_.abort_soon)
                yield AiohttpWebSocket(socket_, self._cluster)

    def retire(self) -> None:
        """Close as soon as nothing is under way any more; what is under way ends by itself."""
        self._retired = True
        self._close_if_idle()

    async def close(self) -> None:
        """Close all connections at once."""
        self._closed = True
        for session in self._sessions.values():
            await session.close()

    def _session(self, headers: Mapping[str, str], *, stream: bool) -> aiohttp.ClientSession:
        if self._closed:
            raise RuntimeError("the transport is closed")
        kind = (stream, hdrs.AUTHORIZATION not in headers)
        session = self._sessions.get(kind)
        if session is None:
            limit, silence = (0, None) if stream else (limits.SHORT_POOL, limits.SILENCE_TIMEOUT)
            session = cluster_session(self._contexts[kind[1]], limit=limit, silence=silence)
            self._sessions[kind] = session
        return session

    def _url(self, path: str) -> URL:
        if not path.startswith("/"):
            raise ValueError("a request path starts with '/'")
        return URL(self._origin + path, encoded=True)

    def _target(self) -> dict[str, Any]:
        return {"allow_redirects": False, "proxy": self._proxy, "server_hostname": self._server_name}

    async def _headers(self, headers: Mapping[str, str]) -> CIMultiDict[str]:
        sent = CIMultiDict(headers)
        sent.setdefault(hdrs.USER_AGENT, self._user_agent)
        given = sent.getall(hdrs.AUTHORIZATION, ())
        if len(given) > 1 or (given and not _BEARER.match(given[0])):
            raise BadToken("The token holds characters that no bearer token has.", cluster=self._cluster.name)
        local = self._cluster.local_credentials
        if local is not None and not given:
            try:
                authorization = await local_authorization(local)
            except OSError as error:
                raise ClusterUnusable(
                    f"The token file of {self._cluster.original_name} can't be read: {error.strerror}.",
                    cluster=self._cluster.name,
                ) from error
            if authorization is not None:
                sent[hdrs.AUTHORIZATION] = authorization
        return sent

    @contextlib.contextmanager
    def _large_token_named(self, path: str, size: int) -> Iterator[None]:
        """Raise `TokenTooLarge` for an upgrade that was refused because of the token's `size`."""
        try:
            yield
        except UpgradeRefused as refused:
            if refuses_head(refused.answer_status, refused.headers, path=path, size=size):
                raise TokenTooLarge(size, refused.answer_status, cluster=self._cluster.name) from refused
            raise

    def _close_if_idle(self) -> None:
        if self._retired and self._usage.users == 0 and self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self.close())


class AiohttpResponse:
    """`UpstreamResponse` on aiohttp's."""

    def __init__(self, response: aiohttp.ClientResponse, cluster: Cluster) -> None:
        self._response = response
        self._cluster = cluster

    @property
    def status(self) -> int:
        return self._response.status

    @property
    def reason(self) -> str:
        return self._response.reason or ""

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        return self._response.headers

    def at_hand(self) -> bytes | None:
        """The whole body, if all of it is here (see `UpstreamResponse.at_hand`)."""
        content = self._response.content
        return content.read_nowait() if content.is_eof() else None

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises `ClusterUnreachable` when the connection breaks in the middle."""
        with named_failures(self._cluster):
            async for chunk in self._response.content.iter_any():
                yield chunk

    async def read(self, limit: int) -> bytes:
        """The whole body. Raises `AnswerTooLarge` beyond `limit` bytes, and `ClusterUnreachable`."""
        return await whole(self.chunks(), limit, self._cluster)


class AiohttpWebSocket:
    """`UpstreamWebSocket` on aiohttp's. Pings are answered here; both ends see that the other one lives.

    Only a failure enters `named_failures`: it would be a good part of what sending a small message costs.
    """

    def __init__(self, socket_: aiohttp.ClientWebSocketResponse, cluster: Cluster) -> None:
        self._socket = socket_
        self._cluster = cluster
        self.receive = socket_.receive

    @property
    def protocol(self) -> str | None:
        return self._socket.protocol

    @property
    def close_code(self) -> int | None:
        return self._socket.close_code

    async def send_text(self, data: str) -> None:
        # Failures get their names below, and not around each frame: that costs an eighth of a frame's processor time.
        try:
            await self._socket.send_str(data)
        except Exception:
            with named_failures(self._cluster):
                raise

    async def send_binary(self, data: bytes) -> None:
        try:
            await self._socket.send_bytes(data)
        except Exception:
            with named_failures(self._cluster):
                raise

    async def close(self, code: int = 1000, reason: bytes = b"") -> None:
        await self._socket.close(code=code, message=reason)


def _cut_off(response: aiohttp.ClientResponse) -> None:
    """End an answer, so that the API server stops working for a reader who has gone.

    One that was read to its end has given its connection back to the pool by itself, and is left alone.
    """
    if response.connection is not None and response.connection.transport is not None:
        response.connection.transport.abort()
    response.close()
