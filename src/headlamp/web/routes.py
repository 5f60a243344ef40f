"""Every route, with its policy. What is not here does not exist."""

from __future__ import annotations

from aiohttp import web

from headlamp.web import access_api, cluster_api, compat, files, health, live, me, session_api, signin
from headlamp.web.policy import Handler, Policy, RoutePolicies


def add_routes(app: web.Application, policies: RoutePolicies, base_url: str) -> None:
    """Register all routes under `base_url`. The order matters: the page answers what nothing before it does."""

    def route(method: str, path: str, handler: Handler, policy: Policy) -> None:
        policies.add(app, method, f"{base_url}{path}", handler, policy)

    route("GET", "/healthz", health.healthz, Policy.PROBE)
    route("GET", "/readyz", health.readyz, Policy.PROBE)

    route("GET", "/config", compat.config, Policy.PUBLIC_API)
    route("GET", "/plugins", compat.plugins, Policy.PUBLIC_API)
    route("GET", "/auth", compat.auth, Policy.PUBLIC_PAGE)
    route("GET", "/oidc", signin.start, Policy.PUBLIC_PAGE)
    route("GET", "/oidc-callback", signin.callback, Policy.CALLBACK)

    route("GET", "/api/session", session_api.read_session, Policy.PUBLIC_API)
    route("DELETE", "/api/session", session_api.delete_session, Policy.PUBLIC_API)
    route("GET", "/api/access", access_api.access, Policy.CLUSTER)
    route("GET", "/api/live", live.live, Policy.CLUSTER)

    # Both answer those who are not signed in, in words that Headlamp's frontend knows.
    route("GET", "/clusters/{cluster}/me", me.me, Policy.PUBLIC_API)
    route("POST", "/clusters/{cluster}/set-token", me.set_token, Policy.PUBLIC_API)
    route("*", "/clusters/{cluster}/{path:.*}", cluster_api.cluster_api, Policy.CLUSTER)

    route("GET", "/static/{name}", files.static, Policy.PUBLIC_PAGE)
    route("GET", "/{name:.*}", files.page, Policy.PUBLIC_PAGE)
    if base_url:
        policies.add(app, "GET", base_url, files.to_base, Policy.PUBLIC_PAGE)
        policies.add(app, "GET", "/{name:.*}", files.to_base, Policy.PUBLIC_PAGE)
