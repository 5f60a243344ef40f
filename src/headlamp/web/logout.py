"""Sign-out: the session here first, then its tokens at the providers, then a provider's own session.

OpenID Connect RP-Initiated Logout 1.0; RFC 7009.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from headlamp.oidc.errors import OidcProblem
from headlamp.sessions.errors import StoreUnavailable
from headlamp.sessions.manager import ActiveSession
from headlamp.sessions.record import Login
from headlamp.web.callback_url import signed_out_url
from headlamp.web.gate import ORIGIN, SESSION
from headlamp.web.services import SERVICES, Services
from headlamp.web.session_cookie import presented, take_back
from headlamp.web.sign_outs import SignOut
from headlamp.web.signed_out_page import signed_out_page, still_signed_in_page

# A provider that does not answer must not keep somebody who wants to leave.
PATIENCE_S = 2.5

log = structlog.stdlib.get_logger("headlamp.session")


@dataclass(frozen=True, slots=True)
class Farewell:
    """Where the browser should go next, if anywhere, what to tell the person, and what its way back needs."""

    redirect: str | None = None
    message: str | None = None
    sign_out: SignOut | None = None


async def end_session(request: web.Request, session: ActiveSession) -> Farewell:
    """End `session`, whatever else fails, tell the providers, and find where one of them ends its own session."""
    services = request.app[SERVICES]
    try:
        await services.sessions.end(session)
    except StoreUnavailable as problem:
        # It is over in this process, the browser loses its cookie, and the row goes when the store answers again.
        log.warning("a sign-out could not be stored yet", reason=problem.message)
    log.info("signed out", providers=list(session.logins))
    uri = signed_out_url(services.settings, request[ORIGIN])
    _, farewell = await asyncio.gather(services.sessions.revoke(session), _farewell(services, session, uri))
    return farewell


async def signed_out(request: web.Request) -> web.StreamResponse:
    """GET /signed-out?state=: where the provider sends the browser back to when its own session has ended.

    Anybody can link here, so nothing happens without the state of a sign-out that this browser began.
    """
    services = request.app[SERVICES]
    sign_out = services.sign_outs.of_state(request, request.query.get("state", ""), services.now())
    session = request.get(SESSION)
    if session is not None and sign_out is None:
        return _page(still_signed_in_page(base_url=services.base_url))
    answer = _page(
        signed_out_page(
            provider=sign_out.provider if sign_out is not None else None,
            kept=sign_out.kept if sign_out is not None else (),
            base_url=services.base_url,
        )
    )
    if sign_out is not None:
        services.sign_outs.drop(request, answer)
    # A dead cookie is worth nothing. One that did not come along may be another session's, begun in another tab after
    # this sign-out: from another site it never does, and our own went when the sign-out began.
    if session is None and presented(request) is not None:
        take_back(request, answer)
    return answer


async def _farewell(services: Services, session: ActiveSession, uri: str) -> Farewell:
    """The first provider with an end-session endpoint gets the browser; of the others the person is told."""
    state = services.sign_outs.new_state()
    redirect, provider = None, ""
    kept = []
    for provider_id, login in session.logins.items():
        name = _name(services, provider_id, login)
        if redirect is None and (found := await _end_session_url(services, provider_id, login, uri, state)):
            redirect, provider = found, name
        else:
            kept.append(name)
    sign_out = SignOut(state, provider, tuple(kept), services.now()) if redirect is not None else None
    return Farewell(redirect, _message(kept), sign_out)


async def _end_session_url(services: Services, provider_id: str, login: Login, uri: str, state: str) -> str | None:
    provider = services.providers.get(provider_id)
    if provider is None:
        return None
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await provider.end_session_url(
                login.tokens, claims=login.claims, post_logout_redirect_uri=uri, state=state
            )
    except (TimeoutError, OidcProblem) as problem:
        log.warning("the provider could not be asked where to sign out", provider=provider_id, reason=str(problem))
        return None


def _name(services: Services, provider_id: str, login: Login) -> str:
    provider = services.providers.get(provider_id)
    name = provider.config.display_name if provider is not None else ""
    return name or urlsplit(login.issuer).hostname or login.issuer


def _message(kept: list[str]) -> str | None:
    if not kept:
        return None
    who = " and ".join(filter(None, (", ".join(kept[:-1]), kept[-1])))
    verb, own = ("keeps", "its") if len(kept) == 1 else ("keep", "their")
    return (
        f"You are signed out here. {who} {verb} {own} own session, so the next sign-in in this browser may not ask for "
        "a password. If others use this browser, sign out there too."
    )


def _page(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html")
