"""Every route, with its policy. What is not here does not exist."""

from __future__ import annotations

from aiohttp import web

from headlamp.web import (
    access_api,
    backchannel,
    cluster_api,
    compat,
    doctor,
    explanation_api,
    files,
    health,
    initiate,
    live,
    logout,
    me,
    session_api,
    sessions_api,
    signin,
)
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
    route("GET", initiate.PATH, initiate.initiate, Policy.INITIATE)
    route("POST", initiate.PATH, initiate.initiate_by_post, Policy.INITIATE)
    route("GET", "/signed-out", logout.signed_out, Policy.CALLBACK)
    route("POST", "/oidc-backchannel-logout", backchannel.backchannel_logout, Policy.BACKCHANNEL)

    route("GET", "/api/session", session_api.read_session, Policy.PUBLIC_API)
    route("DELETE", "/api/session", session_api.delete_session, Policy.PUBLIC_API)
    route("GET", "/api/sessions", sessions_api.list_sessions, Policy.SESSION_API)
    route("DELETE", "/api/sessions/{session}", sessions_api.end_one, Policy.SESSION_API)
    route("GET", "/api/access", access_api.access, Policy.CLUSTER)
    route("GET", "/api/explanation", explanation_api.explanation, Policy.CLUSTER)
    route("GET", "/api/live", live.live, Policy.CLUSTER)
    route("POST", "/api/live", live.say, Policy.CLUSTER)
    route("GET", "/api/doctor", doctor.doctor, Policy.CLUSTER)
    # It answers those alone who hold a ticket of this installation; the page asks for a session itself.
    route("GET", "/api/doctor/ingress", doctor.ingress, Policy.PUBLIC_API)
    route("GET", "/doctor", doctor.page, Policy.PUBLIC_PAGE)

    # Before the routes of the same beginning, which a router tries one after the other: nearly all requests are these.
    route("*", "/clusters/{cluster}/{path:apis?/.*}", cluster_api.cluster_api, Policy.CLUSTER)
    # Both answer those who are not signed in, in words that Headlamp's frontend knows.
    route("GET", "/clusters/{cluster}/me", me.me, Policy.PUBLIC_API)
    route("POST", "/clusters/{cluster}/set-token", me.set_token, Policy.PUBLIC_API)
    route("*", "/clusters/{cluster}/{path:.*}", cluster_api.cluster_api, Policy.CLUSTER)

    route("GET", "/static/{name}", files.static, Policy.PUBLIC_PAGE)
    route("GET", "/{name:.*}", files.page, Policy.PUBLIC_PAGE)
    if base_url:
        policies.add(app, "GET", base_url, files.to_base, Policy.PUBLIC_PAGE)
        policies.add(app, "GET", "/{name:.*}", files.to_base, Policy.PUBLIC_PAGE)
