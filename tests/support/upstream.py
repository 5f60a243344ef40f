"""A TLS server that plays an API server and records to the byte what it was sent."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from tests.support.certificates import Authority

from headlamp.clusters.cluster import Cluster, ClusterTls

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Recorded:
    """One request's head as it arrived."""

    method: str
    target: str
    headers: list[tuple[str, str]] = field(repr=False)

    def values(self, name: str) -> list[str]:
        """All values of one header, in order."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def names(self) -> set[str]:
        """The names of all headers, in lower case."""
        return {key.lower() for key, _ in self.headers}


class RecordingUpstream:
    """Answers every request by `handler`, which a test sets; without one with the bearer that it got, as JSON.

    `gone` counts handlers that were cancelled because the client went away.
    """

    def __init__(
        self,
        *,
        authority: Authority | None = None,
        hosts: tuple[str, ...] = ("127.0.0.1",),
        ask_for_certificate: bool = False,
    ) -> None:
        self.authority = authority or Authority()
        self.hosts = hosts
        self.ask_for_certificate = ask_for_certificate
        self.requests: list[Recorded] = []
        self.handler: Handler = _echo_bearer
        self.gone = 0
        self.cancelled = asyncio.Event()
        self.connections: set[int] = set()
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def last(self) -> Recorded:
        return self.requests[-1]

    def cluster(self, name: str = "one", **changes: Any) -> Cluster:
        """A cluster whose API server this is."""
        definition: dict[str, Any] = {"server": self.url, "tls": ClusterTls(ca_pem=self.authority.pem)}
        return Cluster(name, name, **(definition | changes))

    async def __aenter__(self) -> RecordingUpstream:
        app = web.Application(client_max_size=0)
        app.router.add_route("*", "/{tail:.*}", self._answer)
        self._runner = web.AppRunner(
            app,
            handler_cancellation=True,
            access_log=None,
            max_field_size=2**21,
            max_line_size=2**16,
            shutdown_timeout=0.1,
        )
        await self._runner.setup()
        context: ssl.SSLContext = self.authority.server_context(*self.hosts)
        if self.ask_for_certificate:
            context.verify_mode = ssl.CERT_OPTIONAL
            context.load_verify_locations(cadata=self.authority.pem)
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        headers = [(key.decode(), value.decode()) for key, value in request.raw_headers]
        self.requests.append(Recorded(request.method, request.raw_path, headers))
        self.connections.add(id(request.transport))
        try:
            return await self.handler(request)
        except asyncio.CancelledError:
            self.gone += 1
            self.cancelled.set()
            raise


async def _echo_bearer(request: web.Request) -> web.StreamResponse:
    await request.read()
    return web.json_response({"bearer": request.headers.get("Authorization")})
