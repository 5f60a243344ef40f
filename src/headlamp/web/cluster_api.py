"""/clusters/{cluster}/…: the Kubernetes API of a cluster, as the signed-in user."""

from __future__ import annotations

from aiohttp import web

from headlamp.proxy.http import proxy_http
from headlamp.proxy.paths import split_cluster_path
from headlamp.proxy.websocket import proxy_websocket
from headlamp.web.gate import SESSION
from headlamp.web.services import SERVICES
from headlamp.web.standing import standing


async def cluster_api(request: web.Request) -> web.StreamResponse:
    """Pass one request or upgrade on to the API server of the cluster that the path names."""
    services = request.app[SERVICES]
    name, path = split_cluster_path(request, services.base_url)
    found = await standing(services, request.get(SESSION), name)
    forward = proxy_websocket if request.headers.get("Upgrade") else proxy_http
    return await forward(
        request,
        found.cluster,
        found.transport,
        found.credential,
        path,
        allow_proxy_subresource=services.settings.allow_proxy_subresource,
    )
