"""GET and DELETE /api/session: who is signed in where, and sign-out. Never a token."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from headlamp.access import Acceptance, acceptance
from headlamp.clusters.cluster import Cluster
from headlamp.oidc.provider import Provider
from headlamp.sessions.lifetimes import Kind, expiry
from headlamp.sessions.manager import ActiveSession
from headlamp.sessions.record import Login
from headlamp.web.doctor import may_diagnose
from headlamp.web.gate import SESSION
from headlamp.web.identity import Identity, account, identity_from
from headlamp.web.logout import Farewell, end_session
from headlamp.web.services import SERVICES, Services
from headlamp.web.session_cookie import presented, take_back
from headlamp.web.sign_in_facts import facts
from headlamp.web.standing import credential_for

# A cluster that does not answer must not hold up the page: "not known" is an answer.
ASK_S = 3.0


async def read_session(request: web.Request) -> web.Response:
    """GET: the user, the providers, and whether each cluster accepts the credential (asked now, all at once)."""
    services = request.app[SERVICES]
    await services.clusters.refresh_if_changed()
    session = request.get(SESSION)
    clusters = services.clusters.all()
    answers = await asyncio.gather(*(_acceptance(services, session, cluster) for cluster in clusters))
    body: dict[str, object] = {
        "signed_in": session is not None,
        "local": services.local_credentials,
        "user": _user(services, session),
        "providers": _providers(services, session),
        "clusters": [_cluster(services, cluster, answer) for cluster, answer in zip(clusters, answers, strict=True)]
        if session is not None or services.local_credentials
        else [],
        "expires_at": session.expires_at if session is not None else None,
        "doctor": may_diagnose(services, session),
        "sign_in": facts(request).to_json() if session is None and not services.local_credentials else None,
    }
    answer = web.json_response(body)
    if session is None and presented(request) is not None:
        # An old one is worth nothing. One that was not sent may have come meanwhile, by a sign-in in another tab.
        take_back(request, answer)
    return answer


async def delete_session(request: web.Request) -> web.Response:
    """DELETE: sign out; all that hangs on the session ends at once.

    `redirect` is where the provider ends its own session, `message` what to tell the person where one doesn't.
    """
    session = request.get(SESSION)
    farewell = await end_session(request, session) if session is not None else Farewell()
    answer = web.json_response({"redirect": farewell.redirect, "message": farewell.message})
    take_back(request, answer)
    if farewell.sign_out is not None:
        request.app[SERVICES].sign_outs.keep(request, answer, farewell.sign_out)
    return answer


def identity_of(services: Services, claims: Mapping[str, Any]) -> Identity:
    """What the user is called, by the settings' paths."""
    return identity_from(services.settings, claims)


def _user(services: Services, session: ActiveSession | None) -> dict[str, object] | None:
    if session is None:
        return None
    identity = identity_of(services, session.who)
    return {
        "name": identity.name,
        "email": identity.email,
        "groups": list(identity.groups),
        "account": _account(session),
    }


def _account(session: ActiveSession) -> str:
    """Tells one person from another after a sign-in in place; "" where the session does not say who it is."""
    for login in session.logins.values():
        return account(login.issuer, login.subject)
    who = session.who
    return account(str(who.get("iss", "")), str(who["sub"])) if "sub" in who else ""


def _providers(services: Services, session: ActiveSession | None) -> list[dict[str, object]]:
    logins = session.logins if session is not None else {}
    return [
        {
            "id": provider_id,
            "name": provider.config.display_name,
            "issuer": provider.config.issuer,
            "signed_in": provider_id in logins,
            "expires_at": _token_until(provider, logins[provider_id]) if provider_id in logins else None,
            "renewable": logins[provider_id].renewable if provider_id in logins else None,
            "account": account(logins[provider_id].issuer, logins[provider_id].subject)
            if provider_id in logins
            else None,
        }
        for provider_id, provider in services.providers.items()
    ]


def _token_until(provider: Provider, login: Login) -> float | None:
    """When the token ends that clusters of this provider are shown; None when nobody knows."""
    return expiry(login, Kind.of(use_access_token=provider.config.token_rule.use_access_token))


def _cluster(services: Services, cluster: Cluster, answer: Acceptance) -> dict[str, object]:
    provider = services.providers.for_cluster(cluster)
    return {
        "name": cluster.name,
        "provider": provider.config.id if provider is not None else None,
        "accepted": answer.accepted,
        "reason": answer.reason,
    }


async def _acceptance(services: Services, session: ActiveSession | None, cluster: Cluster) -> Acceptance:
    if cluster.error is not None:
        return Acceptance(None, cluster.error)
    credential = credential_for(services, session, cluster)
    if credential is None:
        return Acceptance(None, cluster.notice)
    try:
        async with asyncio.timeout(ASK_S):
            return await acceptance(services.transports.for_cluster(cluster), credential)
    except TimeoutError:
        return Acceptance(None, f"The cluster did not answer within {ASK_S:.0f} seconds.")
