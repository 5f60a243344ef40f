"""`ClusterTransport` by our own client; upgrades, and clusters behind a proxy, are left to aiohttp."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping

from aiohttp import ClientError, hdrs

from headlamp.clusters import limits
from headlamp.clusters.aiohttp_transport import AiohttpTransport
from headlamp.clusters.cluster import Cluster
from headlamp.clusters.errors import TokenTooLarge
from headlamp.clusters.failures import named_failures
from headlamp.clusters.head_limit import refuses_head, token_size
from headlamp.clusters.lean.answer import Answer
from headlamp.clusters.lean.pool import Endpoint, Pool
from headlamp.clusters.lean.request import Body, Request
from headlamp.clusters.transport import UpstreamResponse


class LeanTransport(AiohttpTransport):
    """Requests by connections of our own. Made inside a running event loop."""

    def __init__(self, cluster: Cluster, *, insecure_ssl: bool = False) -> None:
        super().__init__(cluster, insecure_ssl=insecure_ssl)
        self._base = self._url("/")
        self._host, self._path = self._base.host_port_subcomponent or "", self._base.raw_path.rstrip("/")
        self._pools: dict[tuple[bool, bool], Pool] = {}

    @contextlib.asynccontextmanager
    async def request(
        self, method: str, path: str, *, headers: Mapping[str, str], body: Body = None, stream: bool = False
    ) -> AsyncIterator[UpstreamResponse]:
        """Send a request (see `ClusterTransport.request`)."""
        if self._proxy is not None:
            async with super().request(method, path, headers=headers, body=body, stream=stream) as proxied:
                yield proxied
            return
        with self._in_use():
            pool = self._pool(headers, stream=stream)
            sent = await self._headers(headers)
            request = Request(method, path, sent, body, host=self._host, base=self._path, stream=stream)
            size = token_size(sent)
            try:
                answer = await self._answer(pool, request)
            except Exception:
                with named_failures(self._cluster, token_size=size):
                    raise
            try:
                if refuses_head(answer.status, answer.headers, path=path, size=size):
                    raise TokenTooLarge(size, answer.status, cluster=self._cluster.name)
                yield answer
            finally:
                await answer.leave()

    async def close(self) -> None:
        """Close all connections at once."""
        await super().close()
        for pool in self._pools.values():
            pool.close()

    def _pool(self, headers: Mapping[str, str], *, stream: bool) -> Pool:
        if self._closed:
            raise RuntimeError("the transport is closed")
        kind = (stream, hdrs.AUTHORIZATION not in headers)
        pool = self._pools.get(kind)
        if pool is None:
            context = self._contexts[kind[1]] if self._base.scheme == "https" else None
            endpoint = Endpoint(self._base.raw_host or "", self._base.port or 443, context, self._server_name)
            pool = self._pools[kind] = Pool(endpoint, None if stream else limits.SHORT_POOL)
        return pool

    async def _answer(self, pool: Pool, request: Request) -> Answer:
        """Send a request and wait for its answer's head.

        A server may close a connection that it kept for us at the very moment in which we write. Then the request
        goes out again, once and on a new connection, if twice does no more than once.
        """
        connection = await pool.take()
        try:
            return await connection.exchange(request, self._cluster)
        except ClientError:
            if not (connection.stale and request.repeatable):
                raise
        connection = await pool.take(fresh=True)
        return await connection.exchange(request, self._cluster)
