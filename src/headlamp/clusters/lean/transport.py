"""`ClusterTransport` by our own client; upgrades, and clusters behind a proxy, are left to aiohttp."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager

from aiohttp import ClientError, hdrs

from headlamp.clusters.aiohttp_transport import AiohttpTransport
from headlamp.clusters.cluster import Cluster
from headlamp.clusters.errors import TokenTooLarge
from headlamp.clusters.failures import named_failures
from headlamp.clusters.head_limit import refuses_head, token_size
from headlamp.clusters.lean.answer import Answer
from headlamp.clusters.lean.pool import Pool
from headlamp.clusters.lean.request import Body, Request
from headlamp.clusters.transport import UpstreamResponse
from headlamp.clusters.usage import Usage


class LeanTransport(AiohttpTransport):
    """Requests by connections of our own. Made inside a running event loop."""

    def __init__(self, cluster: Cluster, *, insecure_ssl: bool = False) -> None:
        super().__init__(cluster, insecure_ssl=insecure_ssl)
        self._base = self._url("/")
        self._host, self._path = self._base.host_port_subcomponent or "", self._base.raw_path.rstrip("/")
        self._pools: dict[tuple[bool, bool], Pool] = {}

    def request(
        self, method: str, path: str, *, headers: Mapping[str, str], body: Body = None, stream: bool = False
    ) -> AbstractAsyncContextManager[UpstreamResponse]:
        """Send a request (see `ClusterTransport.request`)."""
        if self._proxy is not None:
            return super().request(method, path, headers=headers, body=body, stream=stream)
        return _Exchange(self._usage, functools.partial(self._send, method, path, headers, body, stream=stream))

    async def close(self) -> None:
        """Close all connections at once."""
        await super().close()
        for pool in self._pools.values():
            pool.close()

    async def _send(self, method: str, path: str, headers: Mapping[str, str], body: Body, *, stream: bool) -> Answer:
        pool = self._pool(headers, stream=stream)
        sent = await self._headers(headers)
        request = Request(method, path, sent, body, host=self._host, base=self._path, stream=stream)
        size = token_size(sent)
        try:
            answer = await self._answer(pool, request, None if stream else headers.get(hdrs.AUTHORIZATION))
        except Exception:
            with named_failures(self._cluster, token_size=size):
                raise
        if refuses_head(answer.status, answer.headers, path=path, size=size):
            await answer.leave()
            raise TokenTooLarge(size, answer.status, cluster=self._cluster.name)
        return answer

    def _pool(self, headers: Mapping[str, str], *, stream: bool) -> Pool:
        if self._closed:
            raise RuntimeError("the transport is closed")
        kind = (stream, hdrs.AUTHORIZATION not in headers)
        pool = self._pools.get(kind)
        if pool is None:
            context = self._contexts[kind[1]] if self._base.scheme == "https" else None
            host, port = self._base.raw_host or "", self._base.port or 443
            pool = self._pools[kind] = Pool(host, port, context, self._server_name, stream=stream)
        return pool

    async def _answer(self, pool: Pool, request: Request, who: str | None) -> Answer:
        """Send a request of `who` and wait for its answer's head.

        A server may close a connection that it kept for us at the very moment in which we write. Then the request
        goes out again, once and on a new connection, if twice does no more than once.
        """
        connection = await pool.take(who)
        try:
            return await connection.exchange(request, self._cluster)
        except ClientError:
            if not (connection.stale and request.repeatable):
                raise
        connection = await pool.take(who, fresh=True)
        return await connection.exchange(request, self._cluster)


class _Exchange:
    """A request that is sent when it is entered, and what is left of its answer is cut off when it is left.

    By hand: a generator in its place would cost a small answer a thirtieth of its time.
    """

    __slots__ = ("_answer", "_send", "_usage")

    def __init__(self, usage: Usage, send: Callable[[], Awaitable[Answer]]) -> None:
        self._usage, self._send = usage, send

    async def __aenter__(self) -> Answer:
        self._usage.begin()
        try:
            self._answer = await self._send()
        except BaseException:
            self._usage.end()
            raise
        return self._answer

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._answer.leave()
        finally:
            self._usage.end()
