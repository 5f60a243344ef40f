"""An ingress between the doctor and the server, with the faults that ingresses have."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web

# Of requests: hop-by-hop, and what the client library writes itself.
_OWN = frozenset({"connection", "upgrade", "host", "transfer-encoding", "content-length"})


@dataclass
class Faults:
    """What the ingress does wrong. `host` replaces the Host of the request, `status` every answer."""

    sends_proto: bool = True
    proto: str = "https"
    host: str = ""
    upgrades: bool = True
    longest_cookie: int = 1_000_000
    passes_cookies: bool = True
    largest_head: int = 1_000_000
    status: int = 0
    redirect: str = ""
    strips_path: str = ""
    says: str = ""


@dataclass
class Ingress:
    """A running one: `port` on loopback leads to `upstream`."""

    upstream: str
    faults: Faults
    port: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        faults = self.faults
        if faults.redirect:
            raise web.HTTPFound(faults.redirect)
        if faults.status:
            return web.Response(status=faults.status, text=faults.says)
        if len(request.headers.get("Cookie", "")) > faults.longest_cookie:
            return web.Response(status=400, text="Request Header Or Cookie Too Large")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OWN}
        if not faults.passes_cookies:
            headers.pop("Cookie", None)
        headers["Host"] = faults.host or request.headers["Host"]
        headers["X-Forwarded-For"] = "203.0.113.9"
        if faults.sends_proto:
            headers["X-Forwarded-Proto"] = faults.proto
        url = self.upstream + request.path_qs.removeprefix(faults.strips_path)
        async with aiohttp.ClientSession(auto_decompress=False, max_field_size=65536) as client:
            if "Upgrade" in request.headers and faults.upgrades:
                return await self._upgrade(request, client, url, headers)
            async with client.get(url, headers=headers, allow_redirects=False) as answer:
                head = sum(len(name) + len(value) + 4 for name, value in answer.headers.items())
                if head > faults.largest_head:
                    return web.Response(status=502, text="upstream sent too big header")
                kept = {name: value for name, value in answer.headers.items() if name.lower() not in _OWN}
                kept["Server"] = "nginx"  # as nginx does
                return web.Response(status=answer.status, body=await answer.read(), headers=kept)

    @staticmethod
    async def _upgrade(
        request: web.Request, client: aiohttp.ClientSession, url: str, headers: dict[str, str]
    ) -> web.StreamResponse:
        headers = {name: value for name, value in headers.items() if not name.lower().startswith("sec-websocket")}
        try:
            async with client.ws_connect(url, headers=headers) as upstream:
                downstream = web.WebSocketResponse()
                await downstream.prepare(request)
                await downstream.send_str(await upstream.receive_str())
                await downstream.close()
                return downstream
        except aiohttp.WSServerHandshakeError as refusal:
            code = refusal.headers["X-Headlamp-Code"] if refusal.headers is not None else ""
            return web.Response(status=refusal.status, headers={"X-Headlamp-Code": code})


@asynccontextmanager
async def ingress_to(upstream: str, tls: ssl.SSLContext, port: int = 0) -> AsyncIterator[Ingress]:
    """An ingress with TLS in front of `upstream`."""
    ingress = Ingress(upstream, Faults())
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", ingress.handle)
    runner = web.AppRunner(app, max_field_size=65536, max_line_size=65536, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
        ingress.port = runner.addresses[0][1]
        yield ingress
    finally:
        await runner.cleanup()
