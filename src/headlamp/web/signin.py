"""Sign-in: GET /oidc sends the browser to the provider, GET /oidc-callback receives it back."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import structlog
from aiohttp import web

from headlamp.oidc.errors import TransactionUnknown
from headlamp.oidc.provider import Provider
from headlamp.oidc.token_rule import TokenRule
from headlamp.oidc.transaction import LIFETIME, Transaction
from headlamp.problems import Problem
from headlamp.web.callback_url import callback_url
from headlamp.web.gate import ORIGIN
from headlamp.web.origin import ExternalOrigin
from headlamp.web.popup import keep_opener
from headlamp.web.return_to import safe_return_path
from headlamp.web.services import SERVICES, Services
from headlamp.web.session_cookie import hand_out, presented
from headlamp.web.sign_in_request import wishes
from headlamp.web.standing import find_cluster, find_provider
from headlamp.web.start_over import START_OVER, StartOver
from headlamp.web.transactions import UnderWay

LONGEST_PARAMETER = 8192
# For longer than a transaction is taken, by a clock that was a little ahead (`check_transaction`).
USED_S = LIFETIME + 120.0

log = structlog.stdlib.get_logger("headlamp.signin")


class NoProvider(Problem):
    code = "oidc.no_provider"
    status = 400
    title = "There is no identity provider to sign in at"
    remedy = (
        "The administrator sets one with -oidc-idp-issuer-url and -oidc-client-id, or in the kubeconfig's user of this "
        "cluster. A bearer token can still be pasted."
    )


class EmptyState(Problem):
    code = "oidc.state_empty"
    status = 400
    title = "The sign-in can't be finished"
    remedy = "Start again from the page; don't open or bookmark the address that the provider sends you to."


class NoSecureContext(Problem):
    """A session cookie can't be given out here, so a sign-in would end in nothing."""

    code = "session.insecure_address"
    status = 400
    title = "Sign-in needs https here"
    remedy = (
        "Open this page under https. If a proxy already does https, let it send X-Forwarded-Proto and make sure its "
        "address is in -trusted-proxies, or set -public-url. -insecure-cookie allows plain http, for trying out."
    )


async def start(request: web.Request) -> web.StreamResponse:
    """GET /oidc?cluster=|provider=&return_to=&login_hint=&prompt=: 302 to the provider's authorization endpoint."""
    services = request.app[SERVICES]
    cluster = request.query.get("cluster", "")
    provider = await _chosen(services, cluster, request.query.get("provider", ""))
    wanted = request.query.get("return_to")
    return_to = "" if wanted is None else safe_return_path(wanted, base_url=services.base_url)
    return await send_to_provider(request, provider, return_to=return_to, cluster=cluster, extra=wishes(request.query))


async def send_to_provider(
    request: web.Request, provider: Provider, *, return_to: str, cluster: str = "", extra: Mapping[str, str]
) -> web.Response:
    """302 to the authorization endpoint, with the cookie by which this browser alone can finish the sign-in.

    `extra` are parameters for the provider, already checked. Raises `NoSecureContext`, `ProviderUnavailable`.
    """
    services = request.app[SERVICES]
    origin = request[ORIGIN]
    obstacle = no_secure_context(services, origin)
    if obstacle is not None:
        raise obstacle
    request[START_OVER] = StartOver(provider.config.id, provider.config.display_name, cluster, return_to)
    url, transaction = await provider.begin(
        redirect_uri=callback_url(services.settings, origin), return_to=return_to, cluster=cluster, extra=extra
    )
    answer = web.Response(status=302, headers={"Location": url})
    keep_opener(services, answer)
    services.transactions.keep(request, answer, transaction, presented(request))
    return answer


async def callback(request: web.Request) -> web.StreamResponse:
    """GET /oidc-callback: verify what the provider says, make a session, go back to where the person was."""
    services = request.app[SERVICES]
    params = _single(request.query)
    if not params.get("state"):
        raise EmptyState("invalid request state is empty: the provider sent you here without one.")
    found = services.transactions.of_state(request, params["state"], services.now())
    provider = await _begun_with(services, found.transaction)
    if provider is not None:
        request[START_OVER] = _start_over(provider, found)
    if provider is None or not await services.sessions.first_use(found.transaction.state, USED_S):
        raise TransactionUnknown("invalid request: this sign-in is over already.")
    began = services.now()
    signed_in = await provider.finish(found.transaction, params, rule=_own_rule(services, found.transaction))
    replacing = await services.sessions.resolve(found.session)
    value, session = await services.sessions.create(
        signed_in,
        replacing=replacing,
        user_agent=request.headers.get("User-Agent", ""),
        began=began,
        cluster=found.transaction.cluster,
    )
    answer = web.Response(status=303, headers={"Location": _target(services, found.transaction)})
    keep_opener(services, answer)
    services.transactions.drop(request, answer, found.slot)
    hand_out(request, answer, value, session)
    log.info("signed in", provider=provider.config.id, cluster=found.transaction.cluster or None)
    return answer


async def _chosen(services: Services, cluster: str, provider_id: str) -> Provider:
    """The provider that the request names, or that signs people in for the cluster that it names, or the only one."""
    if cluster:
        provider = services.providers.for_cluster(await find_cluster(services, cluster))
    elif provider_id:
        provider = await find_provider(services, provider_id)
    else:
        known = list(services.providers.values())
        provider = known[0] if known else None
    if provider is None:
        raise NoProvider("There is no identity provider for this.")
    return provider


async def _begun_with(services: Services, transaction: Transaction) -> Provider | None:
    """The provider that the browser was sent to: the very entry of the cluster, where several name one registration."""
    provider = await find_provider(services, transaction.provider_id)
    cluster = services.clusters.get(transaction.cluster) if transaction.cluster else None
    own = services.providers.for_cluster(cluster) if cluster is not None else None
    return own if own is not None and own.config.id == transaction.provider_id else provider


def _own_rule(services: Services, transaction: Transaction) -> TokenRule | None:
    """What the cluster that the sign-in is for says about its tokens; None when it says nothing of its own."""
    cluster = services.clusters.get(transaction.cluster) if transaction.cluster else None
    return services.providers.rule_for(cluster) if cluster is not None else None


def _single(query: Mapping[str, str]) -> dict[str, str]:
    """Parameters of the callback, each at most once and bounded (RFC 6749, section 3.1: none may come twice)."""
    found: dict[str, str] = {}
    for name, value in query.items():
        if name in found:
            raise TransactionUnknown("invalid request: a parameter comes twice.")
        found[name] = value[:LONGEST_PARAMETER]
    return found


def _target(services: Services, transaction: Transaction) -> str:
    """Back to where the person was; a popup of a Headlamp frontend names no place, and ends on /auth."""
    if transaction.return_to:
        return safe_return_path(transaction.return_to, base_url=services.base_url)
    return f"{services.base_url}/auth?cluster={quote(transaction.cluster, safe='')}"


def _start_over(provider: Provider, found: UnderWay) -> StartOver:
    transaction = found.transaction
    config = provider.config
    return StartOver(config.id, config.display_name, transaction.cluster, transaction.return_to, found.slot)


def no_secure_context(services: Services, origin: ExternalOrigin) -> NoSecureContext | None:
    """Why nobody can sign in at the address that the browser has, None when they can."""
    if services.cookie.allowed(secure=origin.secure, host=origin.host):
        return None
    return NoSecureContext(
        f"This page was opened under {origin}, and so the callback URL would be "
        f"{callback_url(services.settings, origin)}. Over plain http a session could be stolen on its way."
    )
