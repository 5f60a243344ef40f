"""metrics.k8s.io as an aggregated API: a small server that says what pods use, and its registration."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web
from tests.real.stack.apiserver import ApiServer

GROUP, VERSION = "metrics.k8s.io", "v1beta1"
AVAILABLE_WITHIN_S = 90.0
_SERVICES = "/api/v1/namespaces/default/services"
_REGISTRATIONS = "/apis/apiregistration.k8s.io/v1/apiservices"
_NAME = f"{VERSION}.{GROUP}"
_API = f"/apis/{GROUP}/{VERSION}"


@asynccontextmanager
async def measured(api_server: ApiServer, usage: Mapping[str, Mapping[str, str]]) -> AsyncIterator[None]:
    """Let the cluster have metrics for as long as the block lasts: what each pod, by name, uses of each resource."""

    async def discovery(_: web.Request) -> web.Response:
        resource = {"name": "pods", "singularName": "", "namespaced": True, "kind": "PodMetrics", "verbs": ["list"]}
        return web.json_response(
            {
                "kind": "APIResourceList",
                "apiVersion": "v1",
                "groupVersion": f"{GROUP}/{VERSION}",
                "resources": [resource],
            }
        )

    async def pods(request: web.Request) -> web.Response:
        namespace = request.match_info["namespace"]
        items = [
            {
                "metadata": {"name": name, "namespace": namespace},
                "containers": [{"name": "web", "usage": dict(amounts)}],
            }
            for name, amounts in usage.items()
        ]
        return web.json_response({"kind": "PodMetricsList", "apiVersion": f"{GROUP}/{VERSION}", "items": items})

    app = web.Application()
    app.router.add_get(_API, discovery)
    app.router.add_get(_API + "/namespaces/{namespace}/pods", pods)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=api_server.identity.pki.server("metrics").server_context())
    await site.start()
    port = runner.addresses[0][1]
    try:
        await asyncio.to_thread(_register, api_server, port)
        yield
    finally:
        await asyncio.to_thread(api_server.admin.delete, f"{_REGISTRATIONS}/{_NAME}")
        await asyncio.to_thread(api_server.admin.delete, f"{_SERVICES}/metrics")
        await runner.cleanup()


def _register(api_server: ApiServer, port: int) -> None:
    """A service without a cluster's network: a name that leads to this machine."""
    admin = api_server.admin
    service = {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]}
    admin.create(_SERVICES, {"metadata": {"name": "metrics"}, "spec": service})
    admin.create(
        _REGISTRATIONS,
        {
            "metadata": {"name": _NAME},
            "spec": {
                "group": GROUP,
                "version": VERSION,
                "service": {"namespace": "default", "name": "metrics", "port": port},
                "insecureSkipTLSVerify": True,
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
            },
        },
    )
    api_server.wait_until(lambda: admin.is_there(_API), within=AVAILABLE_WITHIN_S)
