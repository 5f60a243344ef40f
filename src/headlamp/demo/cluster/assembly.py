"""The simulated API server, put together over a store."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from headlamp.demo.chance import seeded
from headlamp.demo.cluster.authentication import Authenticator, TrustedIssuer
from headlamp.demo.cluster.logs import Scribe
from headlamp.demo.cluster.rbac import Rbac
from headlamp.demo.cluster.resources import Resources
from headlamp.demo.cluster.server import ApiServer
from headlamp.demo.cluster.store import Store
from headlamp.demo.cluster.watches import BOOKMARK_EVERY


def api_server(
    store: Store,
    scribe: Scribe,
    trusted: TrustedIssuer,
    *,
    now: Callable[[], float],
    seed: int,
    address: str,
    bookmark_every: float = BOOKMARK_EVERY,
) -> web.Application:
    """The application to be served over TLS at `address` (host and port)."""
    rbac = Rbac(store)
    chance = seeded(seed, "api")
    resources = Resources(store, rbac, scribe, now=now, chance=chance, bookmark_every=bookmark_every)
    return ApiServer(Authenticator(trusted, now=now), rbac, resources, address=address).application()
