"""GET /api/sessions and DELETE /api/sessions/{id}: the user's own sessions, in whatever browser."""

from __future__ import annotations

import structlog
from aiohttp import web

from headlamp.problems import Problem
from headlamp.sessions.manager import OwnSession
from headlamp.web.device import device
from headlamp.web.gate import SESSION
from headlamp.web.services import SERVICES
from headlamp.web.session_cookie import take_back

log = structlog.stdlib.get_logger("headlamp.session")


class UnknownSession(Problem):
    """No session of this id, or one of somebody else: nobody learns which."""

    code = "session.unknown"
    status = 404
    title = "You have no such session"
    remedy = "It may have ended already. Load the list again."


async def list_sessions(request: web.Request) -> web.Response:
    """GET: all of them, the current one first."""
    sessions = await request.app[SERVICES].sessions.own(request[SESSION])
    return web.json_response({"sessions": [_shown(one) for one in sessions]})


async def end_one(request: web.Request) -> web.Response:
    """DELETE: end one of them, here and everywhere within a second. Raises `UnknownSession`."""
    services = request.app[SERVICES]
    ended = await services.sessions.end_own(request[SESSION], request.match_info["session"])
    if ended is None:
        raise UnknownSession("There is no session of yours under this name.")
    log.info("session ended by its owner", current=ended.current)
    answer = web.json_response({"ended": True})
    if ended.current:
        take_back(request, answer)
    return answer


def _shown(one: OwnSession) -> dict[str, object]:
    return {
        "id": one.id,
        "current": one.current,
        "device": device(one.user_agent),
        "user_agent": one.user_agent,
        "created_at": one.created_at,
        "last_seen": one.last_seen,
        "expires_at": one.expires_at,
        "providers": list(one.providers),
    }
