"""What to say to somebody who is about to sign in: what went wrong last time, and what will go wrong from here.

The session cookie is SameSite=Strict: a navigation from another site, the provider's redirect among them, comes without
it though the person is signed in. So only what is harmless to somebody who is signed in already may be said.
"""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from headlamp.problems import Problem
from headlamp.web.callback_url import callback_url
from headlamp.web.gate import ORIGIN
from headlamp.web.origin import parse_origin
from headlamp.web.services import SERVICES, Services
from headlamp.web.session_cookie import presented
from headlamp.web.signin import no_secure_context


class PlainHttpCallback(Problem):
    """The provider will be asked to send people back over http, on a host that is not this machine."""

    code = "oidc.callback_http"
    status = 400
    title = "The callback URL is plain http"
    remedy = (
        "If a proxy ends TLS in front of this server, let it send X-Forwarded-Proto and make sure that its address is "
        "in -trusted-proxies, or set -public-url to the https address that people use."
    )


@dataclass(frozen=True, slots=True)
class LastTry:
    """A sign-in that this browser started and that has not come back. `at` is in seconds since the epoch."""

    provider_id: str
    provider: str
    at: float
    callback_url: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What to say beside the button.

    `ended`: the browser still had the cookie of a session that is over. `warning`: why a sign-in from this address
    will fail, or probably will; `possible` is False when it certainly will.
    """

    ended: bool
    last_try: LastTry | None
    warning: Problem | None
    possible: bool

    def to_json(self) -> dict[str, object]:
        """As GET /api/session has it, under `sign_in`."""
        tried, warning = self.last_try, self.warning
        return {
            "ended": self.ended,
            "possible": self.possible,
            "last_try": None
            if tried is None
            else {"provider": tried.provider_id, "at": tried.at, "callback_url": tried.callback_url},
            "warning": None
            if warning is None
            else {
                "code": warning.code,
                "title": warning.title,
                "message": warning.message,
                "remedy": warning.remedy,
            },
        }


def facts(request: web.Request) -> Facts:
    """The facts for a request that has no session."""
    services, origin = request.app[SERVICES], request[ORIGIN]
    obstacle = no_secure_context(services, origin)
    return Facts(
        ended=presented(request) is not None,
        last_try=_last_try(services, request),
        warning=obstacle or _plain_http(callback_url(services.settings, origin)),
        possible=obstacle is None,
    )


def _last_try(services: Services, request: web.Request) -> LastTry | None:
    under_way = services.transactions.latest(request, services.now())
    if under_way is None:
        return None
    transaction = under_way.transaction
    provider = services.providers.get(transaction.provider_id)
    if provider is None:
        return None
    return LastTry(provider.config.id, provider.config.display_name, transaction.created_at, transaction.redirect_uri)


def _plain_http(url: str) -> PlainHttpCallback | None:
    origin = parse_origin(url)
    if origin is None or origin.secure or origin.loopback:
        return None
    return PlainHttpCallback(
        f"The provider would be asked to send you back to {url}; most providers accept http on localhost only, and "
        "this address must be registered there to the letter."
    )
