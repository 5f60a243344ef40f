"""/clusters/{cluster}/me and /set-token, as a Headlamp frontend knows them."""

from __future__ import annotations

import msgspec
from aiohttp import web

from headlamp.problems import Problem
from headlamp.sessions.errors import SessionEnded, SignInAgain
from headlamp.web.gate import ORIGIN, SESSION
from headlamp.web.identity import identity_from
from headlamp.web.logout import end_session
from headlamp.web.services import SERVICES
from headlamp.web.session_cookie import hand_out, take_back
from headlamp.web.signin import NoSecureContext
from headlamp.web.standing import credential_for, find_cluster

LARGEST_BODY = 600 * 1024


class BadTokenBody(Problem):
    code = "session.bad_token_body"
    status = 400
    title = "The request has no token"
    remedy = 'Send {"token": "…"}, or {"token": null} to sign out.'


class _Body(msgspec.Struct):
    token: str | None


async def me(request: web.Request) -> web.Response:
    """GET: who the user is for this cluster; 401 with "unauthorized" or "token expired"."""
    services = request.app[SERVICES]
    session = request.get(SESSION)
    if session is None:
        return web.json_response({"message": "unauthorized"}, status=401)
    cluster = await find_cluster(services, request.match_info["cluster"])
    credential = credential_for(services, session, cluster)
    if credential is None:
        return web.json_response({"message": "unauthorized"}, status=401)
    try:
        await credential.current()
    except (SignInAgain, SessionEnded):
        return web.json_response({"message": "token expired"}, status=401)
    provider = services.providers.for_cluster(cluster)
    provider_id = provider.config.id if provider is not None else None
    pasted = session.pasted_for(cluster.name, provider_id)
    login = session.logins.get(provider_id) if provider_id is not None else None
    claims = pasted.claims if pasted is not None else login.display_claims if login is not None else {}
    identity = identity_from(services.settings, claims)
    return web.json_response(
        {
            "username": identity.name,
            "email": identity.email,
            "groups": list(identity.groups),
            "userInfoURL": services.settings.me_user_info_url,
        }
    )


async def set_token(request: web.Request) -> web.Response:
    """POST {"token"}: sign in to this cluster with a pasted bearer token; null or "" signs out."""
    services = request.app[SERVICES]
    session, origin = request.get(SESSION), request[ORIGIN]
    token = await _token(request)
    cluster = await find_cluster(services, request.match_info["cluster"])
    answer = web.Response()
    if not token:
        if session is not None:
            # What Headlamp's own page calls its sign-out.
            if cluster.name in session.record.pasted:
                await services.sessions.unpaste(session, cluster.name)
            else:
                await end_session(request, session)
            if session.ended.is_set():
                take_back(request, answer)
        return answer
    if not services.cookie.allowed(secure=origin.secure, host=origin.host):
        raise NoSecureContext(f"This page was opened under {origin}. A token would travel over plain http.")
    value, pasted = await services.sessions.paste_token(
        session, cluster.name, token, user_agent=request.headers.get("User-Agent", "")
    )
    hand_out(request, answer, value, pasted)
    return answer


async def _token(request: web.Request) -> str | None:
    raw = await request.content.read(LARGEST_BODY + 1)
    while len(raw) <= LARGEST_BODY and (more := await request.content.read(LARGEST_BODY + 1 - len(raw))):
        raw += more
    if len(raw) > LARGEST_BODY:
        raise BadTokenBody(f"The body is larger than {LARGEST_BODY // 1024} KiB.")
    try:
        return msgspec.json.decode(raw, type=_Body).token
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError):
        raise BadTokenBody("The body is not JSON with a token.") from None
