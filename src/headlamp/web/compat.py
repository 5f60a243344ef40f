"""What a Headlamp frontend asks this server, beside the Kubernetes API itself: /config, /plugins, /auth."""

from __future__ import annotations

from aiohttp import web

from headlamp.clusters.cluster import Cluster
from headlamp.web.gate import SESSION
from headlamp.web.pages import popup_page
from headlamp.web.popup import keep_opener
from headlamp.web.services import SERVICES, Services
from headlamp.web.standing import UnknownCluster


async def config(request: web.Request) -> web.Response:
    """GET /config: the clusters. Server addresses and file paths are told to those who are signed in only."""
    services = request.app[SERVICES]
    await services.clusters.refresh_if_changed()
    known = request.get(SESSION) is not None or services.local_credentials
    return web.json_response(
        {
            "clusters": [_cluster(services, cluster, known=known) for cluster in services.clusters.all()],
            "isDynamicClusterEnabled": False,
            "allowKubeconfigChanges": False,
            "defaultPodDebugImage": "",
            "defaultNodeShellImage": "",
            "defaultNodeShellNamespace": "",
        }
    )


def _cluster(services: Services, cluster: Cluster, *, known: bool) -> dict[str, object]:
    provider = services.providers.for_cluster(cluster)
    entry: dict[str, object] = {
        "name": cluster.name,
        "server": cluster.server if known else "",
        "auth_type": "oidc" if provider is not None else "",
        "meta_data": {
            "source": cluster.source,
            "namespace": (cluster.namespace or "") if known else "",
            "extensions": cluster.extensions if known else {},
            "origin": {"kubeconfig": (cluster.kubeconfig_path or "") if known else ""},
            "originalName": cluster.original_name,
            "clusterID": cluster.name,
        },
    }
    if cluster.error is not None:
        entry["error"] = cluster.error if known else "This cluster is not set up correctly."
    return entry


async def plugins(_request: web.Request) -> web.Response:
    """GET /plugins: none; the page has no code from elsewhere."""
    return web.json_response([])


async def auth(request: web.Request) -> web.Response:
    """GET /auth: where a sign-in in a popup of a Headlamp frontend ends."""
    services = request.app[SERVICES]
    cluster = request.query.get("cluster", "")
    if cluster and services.clusters.get(cluster) is None:
        raise UnknownCluster("There is no cluster of that name here.")
    answer = web.Response(text=popup_page(cluster, base_url=services.base_url), content_type="text/html")
    keep_opener(services, answer)
    return answer
