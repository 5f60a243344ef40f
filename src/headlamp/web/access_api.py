"""GET /api/access: who the user is to a cluster, which namespaces they see, and their rules in one of them."""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import web

from headlamp.access import Acceptance, Rules, acceptance, list_namespaces, rules
from headlamp.access.errors import ClusterAnswered
from headlamp.clusters.credential import CredentialSource
from headlamp.clusters.transport import ClusterTransport
from headlamp.problems import Problem
from headlamp.web.gate import SESSION
from headlamp.web.services import SERVICES
from headlamp.web.standing import standing


class ClusterNotNamed(Problem):
    code = "access.cluster_missing"
    status = 400
    title = "Which cluster?"
    remedy = "Add ?cluster=NAME; the names are in /config."


async def access(request: web.Request) -> web.Response:
    """Three questions to the API server, asked at once; what it refuses to tell is told as such."""
    services = request.app[SERVICES]
    name = request.query.get("cluster", "")
    if not name:
        raise ClusterNotNamed("The request names no cluster.")
    found = await standing(services, request.get(SESSION), name)
    namespace = request.query.get("namespace") or found.cluster.namespace or "default"
    who, namespaces, allowed = await asyncio.gather(
        acceptance(found.transport, found.credential),
        list_namespaces(found.transport, found.credential, fallback=found.cluster.namespace),
        _rules(found.transport, found.credential, namespace),
    )
    return web.json_response(
        {
            "user": _user(who),
            "namespaces": {
                "items": list(namespaces.items),
                "complete": namespaces.complete,
                "reason": namespaces.reason,
            },
            "rules": {
                "namespace": namespace,
                "resource_rules": [
                    {
                        "verbs": rule.verbs,
                        "api_groups": rule.api_groups,
                        "resources": rule.resources,
                        "resource_names": rule.resource_names,
                    }
                    for rule in allowed.resource_rules
                ],
                "incomplete": allowed.incomplete,
            },
        },
        dumps=lambda value: msgspec.json.encode(value).decode(),
    )


def _user(who: Acceptance) -> dict[str, object] | None:
    return None if who.user is None else {"username": who.user.username, "groups": list(who.user.groups)}


async def _rules(transport: ClusterTransport, credential: CredentialSource, namespace: str) -> Rules:
    """The rules, or none and `incomplete` where the cluster does not tell them."""
    try:
        return await rules(transport, credential, namespace)
    except ClusterAnswered:
        return Rules(incomplete=True)
