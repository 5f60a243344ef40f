"""/api/live: the browser's end of live rows, by WebSocket or by server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import msgspec
from aiohttp import hdrs, web

from headlamp.live.connection import serve_live
from headlamp.live.viewer import Access
from headlamp.problems import Problem
from headlamp.proxy.lifetime import notice_vanished
from headlamp.sessions.manager import ActiveSession
from headlamp.web.errors import SignInRequired
from headlamp.web.event_streams import CONTENT_TYPE, EventChannel
from headlamp.web.gate import SESSION
from headlamp.web.services import SERVICES, Services
from headlamp.web.standing import standing
from headlamp.web.websocket_channel import WebSocketChannel

# A subscription is a few hundred bytes; selectors can be long. What is larger is not ours.
LARGEST_MESSAGE = 64 * 1024
HEARTBEAT_S = 30.0
# A thousand subscriptions at once.
LARGEST_BODY = 1024 * 1024


class UpgradeNeeded(Problem):
    code = "live.upgrade_required"
    status = 426
    title = "This address speaks WebSocket"
    remedy = (
        "If a proxy stands in front of this server, let it forward the Upgrade and Connection headers; or ask for "
        "server-sent events (Accept: text/event-stream)."
    )


class NotMessages(Problem):
    code = "live.bad_body"
    status = 400
    title = "The body holds no messages"
    remedy = 'Send {"stream": …, "messages": […]} as JSON.'


class Said(msgspec.Struct, frozen=True):
    """What a client of server-sent events says: messages, each as it would send it over a WebSocket."""

    messages: list[msgspec.Raw] = []
    stream: str = ""


_said = msgspec.json.Decoder(Said)


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
    """Serve this browser tab until it goes or its session ends."""
    services = request.app[SERVICES]
    viewer = _viewer(request)
    if _wants_events(request):
        return await _events(request, viewer, ())
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=LARGEST_MESSAGE, compress=False)
    if not socket.can_prepare(request):
        raise UpgradeNeeded("Live rows need a WebSocket upgrade, and this request has none.")
    await socket.prepare(request)
    await serve_live(WebSocketChannel(request, socket), viewer, services.hub)
    return socket


async def say(request: web.Request) -> web.StreamResponse:
    """POST: what a client of server-sent events has to say, to a stream that is open or with a new one."""
    viewer = _viewer(request)
    stream, messages = await _said_in(request)
    if not stream and _wants_events(request):
        return await _events(request, viewer, messages)
    request.app[SERVICES].streams.say(viewer.session, stream, messages)
    return web.Response(status=204)


async def _events(request: web.Request, viewer: SessionViewer, said: Iterable[str]) -> web.StreamResponse:
    services = request.app[SERVICES]
    # nginx would hold back events until its buffer is full.
    response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: CONTENT_TYPE, "X-Accel-Buffering": "no"})
    channel = EventChannel(request, response)
    channel.say(said)
    if request.method == hdrs.METH_HEAD:
        return response
    await response.prepare(request)
    notice_vanished(request)
    ping = asyncio.create_task(channel.ping())
    try:
        with services.streams.opened(viewer.session, channel) as stream:
            await serve_live(channel, viewer, services.hub, stream=stream)
    finally:
        ping.cancel()
        with suppress(asyncio.CancelledError):
            await ping
    return response


def _viewer(request: web.Request) -> SessionViewer:
    services = request.app[SERVICES]
    session = request.get(SESSION)
    if session is None and not services.local_credentials:
        raise SignInRequired("You are not signed in.")
    return SessionViewer(services, session, session.ended if session is not None else asyncio.Event())


def _wants_events(request: web.Request) -> bool:
    accepted = request.headers.get(hdrs.ACCEPT, "")
    return hdrs.UPGRADE not in request.headers and CONTENT_TYPE in accepted.lower()


async def _said_in(request: web.Request) -> tuple[str, list[str]]:
    """The stream that a request names, and the messages for it."""
    body = b""
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise NotMessages(f"The body has more than {LARGEST_BODY} bytes.")
    try:
        said = _said.decode(body)
        # What msgspec leaves raw it has not looked into.
        return said.stream, [bytes(message).decode() for message in said.messages]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotMessages(f"The body is not understood: {error}.") from error
