"""The session cookie in requests and answers."""

from __future__ import annotations

from aiohttp import web

from headlamp.sessions.manager import ActiveSession
from headlamp.web.gate import ORIGIN
from headlamp.web.services import SERVICES


def presented(request: web.Request) -> str | None:
    """The value that the browser sent, whether or not a session belongs to it."""
    origin, cookie = request[ORIGIN], request.app[SERVICES].cookie
    return cookie.find(request.headers.getall("Cookie", []), secure=origin.secure, port=origin.port)


def hand_out(request: web.Request, answer: web.StreamResponse, value: str, session: ActiveSession) -> None:
    """Give the browser the cookie of a new session."""
    services, origin = request.app[SERVICES], request[ORIGIN]
    age = session.expires_at - services.now()
    answer.headers.add("Set-Cookie", services.cookie.issue(value, secure=origin.secure, port=origin.port, max_age=age))


def take_back(request: web.Request, answer: web.StreamResponse) -> None:
    """Tell the browser to forget the cookie."""
    origin = request[ORIGIN]
    answer.headers.add("Set-Cookie", request.app[SERVICES].cookie.clear(secure=origin.secure, port=origin.port))
