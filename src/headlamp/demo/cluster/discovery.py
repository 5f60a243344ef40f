"""What the API server tells about itself: version, groups, resources; in the old form and the aggregated one."""

from __future__ import annotations

from collections.abc import Iterable

from headlamp.demo.cluster.jsontypes import Json
from headlamp.demo.cluster.kinds import ALL, Kind, Subresource

GIT_VERSION = "v1.37.2-demo"
AGGREGATED_MEDIA_TYPE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def version() -> Json:
    """`/version`; the git version says that this is a demo."""
    return {
        "major": "1",
        "minor": "37",
        "gitVersion": GIT_VERSION,
        "gitCommit": "0000000000000000000000000000000000000000",
        "gitTreeState": "simulated",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "none",
        "compiler": "none",
        "platform": "simulated/demo",
    }


def paths() -> Json:
    """`/`: the paths that there are."""
    versions = (f"/apis/{kind.group}/{kind.version}" for kind in ALL if kind.group)
    groups = (f"/apis/{kind.group}" for kind in ALL if kind.group)
    fixed = ("/api", "/api/v1", "/apis", "/healthz", "/livez", "/readyz", "/version")
    return {"paths": sorted({*fixed, *versions, *groups})}


def core_versions(server_address: str) -> Json:
    """`/api`."""
    addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": server_address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses}


def group_list() -> Json:
    """`/apis`."""
    groups = [_group(name) for name in _groups()]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(name: str) -> Json | None:
    """`/apis/{group}`."""
    if name not in _groups():
        return None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name)}


def resource_list(group_name: str, version_name: str) -> Json | None:
    """`/api/v1`, `/apis/{group}/{version}`."""
    kinds = _of(group_name, version_name)
    if not kinds:
        return None
    resources = [entry for kind in kinds for entry in _resources(kind)]
    return {
        "kind": "APIResourceList",
        **({"apiVersion": "v1"} if group_name else {}),
        "groupVersion": kinds[0].api_version,
        "resources": resources,
    }


def aggregated(*, core: bool) -> Json:
    """`/api` or `/apis` in the aggregated form: everything in one answer."""
    groups = [""] if core else _groups()
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": [_aggregated_group(name) for name in groups],
    }


def asks_for_aggregated(accept: str) -> bool:
    """Whether an `Accept` header puts the aggregated form first."""
    first = accept.split(",", 1)[0].replace(" ", "")
    wanted = set(AGGREGATED_MEDIA_TYPE.split(";"))
    return wanted <= set(first.split(";"))


def _groups() -> list[str]:
    return list(dict.fromkeys(kind.group for kind in ALL if kind.group))


def _of(group_name: str, version_name: str | None = None) -> list[Kind]:
    return [kind for kind in ALL if kind.group == group_name and version_name in (None, kind.version)]


def _versions(group_name: str) -> list[str]:
    return list(dict.fromkeys(kind.version for kind in _of(group_name)))


def _group(name: str) -> Json:
    versions = [{"groupVersion": f"{name}/{version}", "version": version} for version in _versions(name)]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def _resources(kind: Kind) -> Iterable[Json]:
    yield {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": list(kind.verbs),
        **({"shortNames": list(kind.short_names)} if kind.short_names else {}),
        **({"categories": list(kind.categories)} if kind.categories else {}),
    }
    for sub in kind.subresources:
        yield {
            "name": f"{kind.plural}/{sub.name}",
            "singularName": "",
            "namespaced": kind.namespaced,
            **({"group": sub.group, "version": sub.version} if sub.group else {}),
            "kind": sub.kind or kind.kind,
            "verbs": list(sub.verbs),
        }


def _aggregated_group(name: str) -> Json:
    versions = [
        {
            "version": version,
            "resources": [_aggregated_resource(kind) for kind in _of(name, version)],
            "freshness": "Current",
        }
        for version in _versions(name)
    ]
    return {"metadata": {"name": name} if name else {}, "versions": versions}


def _aggregated_resource(kind: Kind) -> Json:
    subresources = [_aggregated_subresource(kind, sub) for sub in kind.subresources]
    return {
        "resource": kind.plural,
        "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": list(kind.verbs),
        **({"shortNames": list(kind.short_names)} if kind.short_names else {}),
        **({"categories": list(kind.categories)} if kind.categories else {}),
        **({"subresources": subresources} if subresources else {}),
    }


def _aggregated_subresource(kind: Kind, sub: Subresource) -> Json:
    response = {
        "group": sub.group or ("" if sub.kind else kind.group),
        "version": sub.version or ("v1" if sub.kind else kind.version),
        "kind": sub.kind or kind.kind,
    }
    return {"subresource": sub.name, "responseKind": response, "verbs": list(sub.verbs)}
