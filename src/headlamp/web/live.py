"""GET /api/live: the browser's end of live rows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import WSMsgType, web

from headlamp.live.connection import serve_live
from headlamp.live.viewer import Access
from headlamp.problems import Problem
from headlamp.sessions.manager import ActiveSession
from headlamp.web.errors import SignInRequired
from headlamp.web.gate import SESSION
from headlamp.web.services import SERVICES, Services
from headlamp.web.standing import standing

# A subscription is a few hundred bytes; selectors can be long. What is larger is not ours.
LARGEST_MESSAGE = 64 * 1024
HEARTBEAT_S = 30.0


class UpgradeNeeded(Problem):
    code = "live.upgrade_required"
    status = 426
    title = "This address speaks WebSocket"
    remedy = "If a proxy stands in front of this server, let it forward the Upgrade and Connection headers."


@dataclass(slots=True)
class WebSocketChannel:
    """`live.connection.Channel` over aiohttp's WebSocket."""

    socket: web.WebSocketResponse

    async def send_text(self, text: str) -> None:
        await self.socket.send_str(text)

    async def send_binary(self, data: bytes) -> None:
        await self.socket.send_bytes(data)

    async def receive(self) -> str | None:
        message = await self.socket.receive()
        return str(message.data) if message.type is WSMsgType.TEXT else None

    async def close(self, code: int, reason: str) -> None:
        await self.socket.close(code=code, message=reason.encode()[:120])


@dataclass(slots=True)
class SessionViewer:
    """`live.connection.Viewer`: the clusters as one session may see them."""

    services: Services
    session: ActiveSession | None
    ended: asyncio.Event

    async def open(self, cluster_name: str) -> Access:
        found = await standing(self.services, self.session, cluster_name)
        return Access(cluster=found.cluster, transport=found.transport, credential=found.credential)


async def live(request: web.Request) -> web.StreamResponse:
    """Upgrade, and serve this browser tab until it goes or its session ends."""
    services = request.app[SERVICES]
    session = request.get(SESSION)
    if session is None and not services.local_credentials:
        raise SignInRequired("You are not signed in.")
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=LARGEST_MESSAGE, compress=False)
    if not socket.can_prepare(request):
        raise UpgradeNeeded("Live rows need a WebSocket upgrade, and this request has none.")
    await socket.prepare(request)
    ended = session.ended if session is not None else asyncio.Event()
    await serve_live(WebSocketChannel(socket), SessionViewer(services, session, ended), services.hub)
    return socket
