"""Alive, and ready: for probes, with nothing to learn for anybody else."""

from __future__ import annotations

from aiohttp import web

from headlamp.web.services import SERVICES


async def healthz(_request: web.Request) -> web.Response:
    """200 while the process answers."""
    return web.Response(text="ok")


async def readyz(request: web.Request) -> web.Response:
    """200 when people can be served, else 503 and which part is not; providers and clusters are not parts of this."""
    services = request.app[SERVICES]
    parts = {"sessions": await services.sessions.healthy(), "page": services.page.exists}
    ready = all(parts.values())
    return web.json_response({"ready": ready, "parts": parts}, status=200 if ready else 503)
