"""GET /api/doctor and /doctor: the checks of `headlamp doctor`, for those whom `-doctor-groups` names.

Also GET /api/doctor/ingress, where those checks look at what an ingress makes of a request.
"""

from __future__ import annotations

import hashlib

import msgspec
import structlog
from aiohttp import WSCloseCode, web

from headlamp.doctor.examined import Examined
from headlamp.doctor.report import Report
from headlamp.doctor.tickets import HEADER, MOST_PADDING, PADDING, SeenRequest
from headlamp.problems import Problem
from headlamp.sessions.manager import ActiveSession
from headlamp.web.callback_url import BACKCHANNEL_PATH, SIGNED_OUT_PATH, callback_url, signed_out_url
from headlamp.web.diagnosing import examined, tokens_of_session
from headlamp.web.doctor_page import doctor_page
from headlamp.web.errors import SignInRequired
from headlamp.web.gate import ORIGIN, SESSION, is_upgrade, peer_of
from headlamp.web.identity import identity_from
from headlamp.web.problems import NotFound
from headlamp.web.providers import DEFAULT
from headlamp.web.services import SERVICES, Services

log = structlog.stdlib.get_logger("headlamp.doctor")


class NotForYou(Problem):
    """Signed in, but in none of the groups that may see this."""

    code = "doctor.forbidden"
    status = 403
    title = "The diagnosis is for administrators"
    remedy = (
        "An administrator can let you see it by adding one of your groups to -doctor-groups "
        "(HEADLAMP_CONFIG_DOCTOR_GROUPS). `headlamp doctor` on the server says the same."
    )


async def doctor(request: web.Request) -> web.Response:
    """The report as JSON. Raises `NotForYou`."""
    report = await _report(request)
    return web.json_response(report.as_json(), dumps=lambda value: msgspec.json.encode(value).decode())


async def page(request: web.Request) -> web.Response:
    """The report as a page, without script. Raises `SignInRequired`, `NotForYou`."""
    services = request.app[SERVICES]
    if request.get(SESSION) is None and not services.local_credentials:
        raise SignInRequired("You are not signed in.")
    report = await _report(request)
    html = doctor_page(report, base_url=services.base_url)
    return web.Response(text=html, content_type="text/html")


async def ingress(request: web.Request) -> web.StreamResponse:
    """How this very request has arrived, for whoever has a ticket of this installation; nothing for anybody else."""
    services = request.app[SERVICES]
    if not services.tickets.admits(request.headers.get(HEADER, "")):
        raise NotFound("There is nothing at this address.")
    if is_upgrade(request):
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        await socket.send_str("headlamp")
        await socket.close(code=WSCloseCode.OK)
        return socket
    answer = web.Response(body=msgspec.json.encode(_seen(request, services)), content_type="application/json")
    padding = request.query.get(PADDING, "")
    if padding.isascii() and padding.isdigit() and int(padding[:6]) <= MOST_PADDING:
        answer.headers["X-Padding"] = "p" * int(padding[:6])
    return answer


def may_diagnose(services: Services, session: ActiveSession | None) -> bool:
    """Whether the diagnosis is for whoever asks: by groups in a verified ID token, and by nothing else.

    Where the flags name a provider only its groups count: a group of the same name elsewhere may be anybody's.
    """
    if session is None:
        return services.local_credentials
    logins = session.logins
    trusted = [logins[DEFAULT]] if DEFAULT in logins else []
    if DEFAULT not in services.providers:
        trusted = list(logins.values())
    groups = {group for login in trusted for group in identity_from(services.settings, login.claims).groups}
    return not groups.isdisjoint(services.settings.doctor_groups)


async def _report(request: web.Request) -> Report:
    services, session = request.app[SERVICES], request.get(SESSION)
    if not may_diagnose(services, session):
        raise NotForYou(
            "None of your groups is one of -doctor-groups."
            if services.settings.doctor_groups
            else "The server names no groups that may see the diagnosis."
        )
    await services.clusters.refresh_if_changed()
    log.info("diagnosis asked for")
    return await services.desk.report(_who(session), lambda: _look(request, services, session))


def _look(request: web.Request, services: Services, session: ActiveSession | None) -> Examined:
    origin, settings = request[ORIGIN], services.settings
    # Another address than the public one or this machine's would be the requester's choice of whom to connect to.
    address = settings.public_url or (f"{origin}{settings.base_url}" if origin.loopback else "")
    after = signed_out_url(settings, origin)
    return examined(
        services,
        callback_url=callback_url(settings, origin),
        logout_urls=(after, after.removesuffix(SIGNED_OUT_PATH) + BACKCHANNEL_PATH),
        address=address,
        tickets=services.tickets,
        shown=tokens_of_session(services, session, whose="the token of your session"),
    )


def _who(session: ActiveSession | None) -> str:
    return "local" if session is None else hashlib.sha256(session.handle).hexdigest()


def _seen(request: web.Request, services: Services) -> SeenRequest:
    origin, peer, headers = request[ORIGIN], peer_of(request), request.headers
    return SeenRequest(
        external=str(origin),
        certain=origin.certain,
        peer=peer.address or "",
        trusted=services.origins.trusts(peer),
        host=headers.get("Host", ""),
        forwarded_proto=headers.get("X-Forwarded-Proto", ""),
        forwarded_host=headers.get("X-Forwarded-Host", ""),
        forwarded_for=headers.get("X-Forwarded-For", ""),
        cookie_bytes=sum(len(value) for value in headers.getall("Cookie", [])),
    )
