"""GET and DELETE /api/session: who is signed in where, and sign-out. Never a token."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from aiohttp import web

from headlamp.access import Acceptance, acceptance
from headlamp.clusters.cluster import Cluster
from headlamp.sessions.manager import ActiveSession
from headlamp.web.gate import SESSION
from headlamp.web.identity import Identity, identity_from
from headlamp.web.services import SERVICES, Services
from headlamp.web.session_cookie import take_back
from headlamp.web.standing import credential_for

# A cluster that does not answer must not hold up the page: "not known" is an answer.
ASK_S = 3.0

log = structlog.stdlib.get_logger("headlamp.session")


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
    }
    answer = web.json_response(body)
    if session is None:
        # Whoever asks and has no session gets no cookie to keep: an old one is worth nothing.
        take_back(request, answer)
    return answer


async def delete_session(request: web.Request) -> web.Response:
    """DELETE: sign out; all that hangs on the session ends at once. `redirect` is where the provider ends its own."""
    services = request.app[SERVICES]
    session = request.get(SESSION)
    if session is not None:
        await services.sessions.end(session)
        log.info("signed out")
    answer = web.json_response({"redirect": None})
    take_back(request, answer)
    return answer


def identity_of(services: Services, claims: Mapping[str, Any]) -> Identity:
    """What the user is called, by the settings' paths."""
    return identity_from(services.settings, claims)


def _user(services: Services, session: ActiveSession | None) -> dict[str, object] | None:
    if session is None:
        return None
    identity = identity_of(services, session.who)
    return {"name": identity.name, "email": identity.email, "groups": list(identity.groups)}


def _providers(services: Services, session: ActiveSession | None) -> list[dict[str, object]]:
    logins = session.logins if session is not None else {}
    return [
        {
            "id": provider_id,
            "name": provider.config.display_name,
            "issuer": provider.config.issuer,
            "signed_in": provider_id in logins,
            "expires_at": logins[provider_id].tokens.expires_at if provider_id in logins else None,
        }
        for provider_id, provider in services.providers.items()
    ]


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
