"""POST /oidc-backchannel-logout: a provider's server ends sessions here (OpenID Connect Back-Channel Logout 1.0)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import parse_qs

import structlog
from aiohttp import web

from headlamp.oidc.backchannel import LogoutToken, addressees
from headlamp.oidc.errors import LogoutTokenRejected, LogoutTokenReplayed, ProviderUnavailable
from headlamp.oidc.provider import Provider
from headlamp.problems import Problem
from headlamp.sessions.errors import StoreUnavailable
from headlamp.web.services import SERVICES, Services

LARGEST_BODY = 64 * 1024
MOST_FIELDS = 16
FORM = "application/x-www-form-urlencoded"

log = structlog.stdlib.get_logger("headlamp.session")


class LogoutFailed(Problem):
    """The token may be right, and nothing was ended all the same. Section 2.8 has one status for both."""

    code = "oidc.logout_failed"
    status = 400
    title = "The logout could not be done"
    remedy = "Send the logout token again. If it stays, look at this server's log."
    extensions: ClassVar[Mapping[str, object]] = {"error": "temporarily_unavailable"}


async def backchannel_logout(request: web.Request) -> web.Response:
    """End the sessions that the token in `logout_token` names. 200 also when there are none (section 2.8)."""
    services = request.app[SERVICES]
    token = await _logout_token(request)
    try:
        provider, logout = await _verified(services, token)
        ended = await _end(services, logout)
    except (ProviderUnavailable, StoreUnavailable) as problem:
        raise LogoutFailed(f"The logout could not be done: {problem.message}") from problem
    log.info("signed out by the identity provider", provider=provider.config.id, sessions=ended)
    return web.Response(headers={"Cache-Control": "no-store"})


async def _verified(services: Services, token: str) -> tuple[Provider, LogoutToken]:
    """The logout, and which provider's it is. Raises `LogoutTokenRejected`, `ProviderUnavailable`."""
    issuer, audiences = addressees(token)
    await services.clusters.refresh_if_changed()
    problem: LogoutTokenRejected | ProviderUnavailable = LogoutTokenRejected(
        "The logout token is from an issuer, or for a client, that is not configured here."
    )
    # Two registrations may be of one issuer and client, with other keys or algorithms: the flags' and a kubeconfig's.
    for provider in list(services.providers.values()):
        if provider.config.issuer == issuer and provider.config.client_id in audiences:
            try:
                return provider, await provider.verify_logout_token(token)
            except (LogoutTokenRejected, ProviderUnavailable) as reason:
                problem = reason
    raise problem


async def _end(services: Services, logout: LogoutToken) -> int:
    """End what the logout is about, once; the same token may come again if the store did not answer.

    Raises `LogoutTokenReplayed`, `StoreUnavailable`.
    """
    name = f"logout token\0{logout.issuer}\0{logout.id}"
    async with services.sessions.using(name, max(1.0, logout.valid_until - services.now())) as first:
        if not first:
            raise LogoutTokenReplayed("This logout token was used before.")
        return await services.sessions.end_matching(logout.issuer, sid=logout.sid, subject=logout.subject)


async def _logout_token(request: web.Request) -> str:
    """The one field of the form that counts (section 2.5). Raises `LogoutTokenRejected`."""
    if request.content_type != FORM:
        raise LogoutTokenRejected(f"The body is not {FORM}.")
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise LogoutTokenRejected(f"The body is larger than {LARGEST_BODY // 1024} KiB.")
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=MOST_FIELDS)
    except ValueError:
        raise LogoutTokenRejected("The body cannot be read as a form.") from None
    tokens = fields.get("logout_token", [])
    if len(tokens) != 1:
        raise LogoutTokenRejected("The form does not have exactly one logout_token.")
    return tokens[0]
