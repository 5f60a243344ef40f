"""Who may call what: every route is declared together with its policy, and a route without one is shut."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from enum import Enum

from aiohttp import web
from aiohttp.abc import AbstractMatchInfo

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Policy(Enum):
    """What the gate asks of a request before its handler runs."""

    PUBLIC_PAGE = "public page"
    """For anybody: pages and their files. May be navigated to from anywhere; nobody else may load them."""
    PUBLIC_API = "public api"
    """For anybody's own page or program; with a session the answer may say more."""
    SESSION_API = "session api"
    """For those who are signed in."""
    CLUSTER = "cluster"
    """For those who are signed in, or in the laptop case for whoever is at the machine."""
    CALLBACK = "callback"
    """Where the provider sends the browser back to: a navigation from another site."""
    INITIATE = "initiate"
    """Where another site sends people to sign in: a navigation, be it with a form, that changes nothing here."""
    BACKCHANNEL = "back-channel"
    """For a provider's server: no cookie, no browser; the body proves itself."""
    PROBE = "probe"
    """For whoever looks whether the server is alive, under whatever host name."""

    @property
    def is_page(self) -> bool:
        """Whether a browser shows the answer."""
        return self in (Policy.PUBLIC_PAGE, Policy.CALLBACK, Policy.INITIATE)

    @property
    def is_personal(self) -> bool:
        """Whether the answer must never be stored by anybody."""
        return self not in (Policy.PUBLIC_PAGE, Policy.PROBE)


class RoutePolicies:
    """The table of routes. `add` is the only way to a route that the gate lets through."""

    def __init__(self) -> None:
        self._policies: dict[web.AbstractRoute, Policy] = {}

    def add(self, app: web.Application, method: str, path: str, handler: Handler, policy: Policy) -> web.AbstractRoute:
        """Register a route and say who may call it. GET answers HEAD too, under the same policy; `*` is any method."""
        resource = app.router.add_resource(path)
        route = resource.add_route(method, handler)
        self._policies[route] = policy
        if method == "GET":
            self._policies[resource.add_route("HEAD", handler)] = policy
        return route

    def of(self, match: AbstractMatchInfo) -> Policy | None:
        """The policy of the matched route; None when it has none."""
        return self._policies.get(match.route) if isinstance(match, web.UrlMappingMatchInfo) else None

    def __iter__(self) -> Iterator[tuple[web.AbstractRoute, Policy]]:
        """All routes with their policies, for a test that holds them against the router's."""
        return iter(self._policies.items())
