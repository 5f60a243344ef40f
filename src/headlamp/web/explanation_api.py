"""GET /api/explanation: why a cluster accepts the user's token or does not, claim by claim. Never the token itself."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec
from aiohttp import web

from headlamp.access import Acceptance, acceptance
from headlamp.access.explanation import Case, Explanation, Kind, TokenReading, explain, read_token, shortened
from headlamp.access.version import cluster_version
from headlamp.oidc.cluster_token import ClusterTokenUnfit, credential
from headlamp.oidc.config import ProviderConfig
from headlamp.oidc.token_rule import TokenRule
from headlamp.problems import Problem
from headlamp.sessions.manager import ActiveSession
from headlamp.web.errors import SignInRequired
from headlamp.web.gate import SESSION
from headlamp.web.services import SERVICES, Services
from headlamp.web.standing import Standing, standing

# A cluster that does not answer must not hold up the page: "not known" is an answer.
ASK_S = 5.0


class ClusterNotNamed(Problem):
    code = "explanation.cluster_missing"
    status = 400
    title = "Which cluster?"
    remedy = "Add ?cluster=NAME; the names are in /config."


class NoToken(Problem):
    """The laptop case: the kubeconfig's own user speaks, and how is between the file and the cluster."""

    code = "explanation.no_token"
    status = 404
    title = "There is no token to explain"
    remedy = "Check the user of this context in the kubeconfig, with `kubectl auth whoami` for example."


@dataclass(frozen=True, slots=True)
class _Shown:
    """A token on its way to its explanation, and the provider that signs people in for the cluster."""

    token: str
    kind: Kind
    provider: ProviderConfig | None

    def __repr__(self) -> str:
        return f"_Shown(kind={self.kind!r})"


async def explanation(request: web.Request) -> web.Response:
    """Ask the cluster who the user is, and explain its answer by what the user's token says."""
    services = request.app[SERVICES]
    name = request.query.get("cluster", "")
    if not name:
        raise ClusterNotNamed("The request names no cluster.")
    session: ActiveSession | None = request.get(SESSION)
    found = await standing(services, session, name)
    shown = await _token(services, session, found)
    answer = await _ask(found)
    version = await _version(found, answer)
    reading = read_token(shown.token)
    made = explain(_case(services, found, shown, reading, answer, version))
    body = {
        "cluster": found.cluster.name,
        "accepted": made.accepted,
        "reason": made.reason,
        "user": None
        if answer.user is None
        else {"username": answer.user.username, "groups": shortened(list(answer.user.groups))},
        "credential": {
            "kind": shown.kind,
            "format": reading.format,
            "header": shortened(dict(reading.header)),
            "claims": shortened(dict(reading.claims)),
            "expires_at": reading.expires_at,
            "size": reading.size,
        },
        **_findings(made),
    }
    return web.json_response(body, dumps=lambda value: msgspec.json.encode(value).decode())


def _findings(made: Explanation) -> dict[str, object]:
    return {
        "findings": [finding.as_json() for finding in made.findings],
        "flags": list(made.flags),
        "authentication_configuration": made.authentication_configuration,
    }


async def _token(services: Services, session: ActiveSession | None, found: Standing) -> _Shown:
    """The token that a request to the cluster goes out with, or would, had a setting not held it back.

    Raises `NoToken`, and what `CredentialSource.current` raises where there is none to send.
    """
    provider = services.providers.for_cluster(found.cluster)
    config = provider.config if provider is not None else None
    try:
        bearer = await found.credential.current()
    except ClusterTokenUnfit:
        return _held_back(services, session, found, config)
    if session is None or bearer is None:
        raise NoToken("The kubeconfig's own user speaks to this cluster, without a sign-in.")
    if session.pasted_for(found.cluster.name, config.id if config is not None else None) is not None:
        return _Shown(bearer.token, "pasted_token", config)
    return _Shown(bearer.token, _kind(services.providers.rule_for(found.cluster)), config)


def _held_back(
    services: Services, session: ActiveSession | None, found: Standing, config: ProviderConfig | None
) -> _Shown:
    """The token that a setting keeps from the cluster, which is why its credential does not hand it out."""
    login = session.logins.get(config.id) if session is not None and config is not None else None
    if login is None:
        raise SignInRequired("You are not signed in for this cluster.")
    rule = services.providers.rule_for(found.cluster)
    return _Shown(credential(login.tokens, rule), _kind(rule), config)


def _kind(rule: TokenRule) -> Kind:
    return "access_token" if rule.use_access_token else "id_token"


async def _ask(found: Standing) -> Acceptance:
    """What the cluster says; for a token that is held back, why it is."""
    try:
        async with asyncio.timeout(ASK_S):
            return await acceptance(found.transport, found.credential)
    except TimeoutError:
        return Acceptance(None, f"The cluster did not answer within {ASK_S:.0f} seconds.")


async def _version(found: Standing, answer: Acceptance) -> tuple[int, int] | None:
    """Asked as nobody where the cluster does not take the user, since most clusters tell it to everybody."""
    try:
        async with asyncio.timeout(ASK_S):
            return await cluster_version(found.transport, found.credential if answer.accepted else None)
    except TimeoutError:
        return None


def _case(
    services: Services,
    found: Standing,
    shown: _Shown,
    reading: TokenReading,
    answer: Acceptance,
    version: tuple[int, int] | None,
) -> Case:
    config, rule = shown.provider, services.providers.rule_for(found.cluster)
    from_kubeconfig = found.cluster.provider is not None or found.cluster.token is not None
    return Case(
        token=reading,
        kind=shown.kind,
        acceptance=answer,
        now=services.now(),
        issuer=rule.issuer or (config.issuer if config is not None else ""),
        audience=rule.audience or (config.client_id if config is not None else ""),
        source="the kubeconfig" if from_kubeconfig else "the settings here",
        ca_pem=config.ca_pem if config is not None else None,
        version=version,
    )
