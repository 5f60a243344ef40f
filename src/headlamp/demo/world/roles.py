"""Who may do what in the demo cluster: roles and bindings, as the objects that they are."""

from __future__ import annotations

from collections.abc import Iterator

from headlamp.demo.cluster import kinds
from headlamp.demo.cluster.authentication import AUTHENTICATED, UNAUTHENTICATED
from headlamp.demo.cluster.jsontypes import Json
from headlamp.demo.cluster.kinds import Kind
from headlamp.demo.people import ADMIN_GROUP, AUDIT_GROUP, DEVELOPER_NAMESPACE, SHOP_GROUP

GROUPS_PREFIX = "oidc:"

_API = "rbac.authorization.k8s.io"
_READ = ["get", "list", "watch"]
_WRITE = ["create", "delete", "deletecollection", "patch", "update"]
_CORE = ["configmaps", "persistentvolumeclaims", "pods", "serviceaccounts", "services", "events"]
_WORKLOADS: dict[str, list[str]] = {
    "": _CORE,
    "apps": ["daemonsets", "deployments", "deployments/scale", "replicasets", "statefulsets", "statefulsets/scale"],
    "batch": ["cronjobs", "jobs"],
    "networking.k8s.io": ["ingresses"],
    "certs.fernhill.example": ["certificates"],
}


def _rule(verbs: list[str], group: str, resources: list[str]) -> Json:
    return {"verbs": verbs, "apiGroups": [group], "resources": resources}


def _paths(*paths: str) -> Json:
    return {"verbs": ["get"], "nonResourceURLs": list(paths)}


def _view_rules() -> list[Json]:
    return [
        *(_rule(_READ, group, resources) for group, resources in _WORKLOADS.items()),
        _rule(["get"], "", ["pods/log", "pods/status"]),
        _rule(_READ, "", ["namespaces"]),
    ]


def _edit_rules() -> list[Json]:
    writable = {group: [r for r in resources if r != "events"] for group, resources in _WORKLOADS.items()}
    return [
        *_view_rules(),
        *(_rule(_WRITE, group, resources) for group, resources in writable.items()),
        _rule([*_READ, *_WRITE], "", ["secrets"]),
        _rule(["get", "create"], "", ["pods/attach", "pods/exec", "pods/portforward"]),
        _rule(["create"], "", ["pods/eviction"]),
    ]


def _cluster_roles() -> dict[str, list[Json]]:
    return {
        "cluster-admin": [
            {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
            {"verbs": ["*"], "nonResourceURLs": ["*"]},
        ],
        "admin": [*_edit_rules(), _rule([*_READ, *_WRITE], _API, ["roles", "rolebindings"])],
        "edit": _edit_rules(),
        "view": _view_rules(),
        "auditor": [
            *_view_rules(),
            _rule(_READ, "", ["nodes", "persistentvolumes"]),
            _rule(_READ, "storage.k8s.io", ["storageclasses"]),
            _rule(_READ, _API, ["clusterroles", "clusterrolebindings", "roles", "rolebindings"]),
            _rule(_READ, "apiextensions.k8s.io", ["customresourcedefinitions"]),
        ],
        "system:basic-user": [
            _rule(["create"], "authorization.k8s.io", ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]),
            _rule(["create"], "authentication.k8s.io", ["selfsubjectreviews"]),
        ],
        "system:discovery": [
            _paths("/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz"),
            _paths("/version", "/version/"),
        ],
        "system:public-info-viewer": [_paths("/healthz", "/livez", "/readyz", "/version", "/version/")],
    }


def _group(name: str) -> Json:
    return {"kind": "Group", "apiGroup": _API, "name": name}


def _binding(name: str, role: str, *subjects: Json, namespace: str = "") -> Json:
    return {
        "metadata": {"name": name, **({"namespace": namespace} if namespace else {})},
        "subjects": list(subjects),
        "roleRef": {"apiGroup": _API, "kind": "ClusterRole", "name": role},
    }


def objects() -> Iterator[tuple[Kind, Json]]:
    """Every role and binding that the cluster begins with."""
    for name, rules in _cluster_roles().items():
        yield kinds.CLUSTER_ROLES, {"metadata": {"name": name}, "rules": rules}
    everybody = _group(AUTHENTICATED)
    for binding in (
        _binding("platform-admins", "cluster-admin", _group(GROUPS_PREFIX + ADMIN_GROUP)),
        _binding("auditors", "auditor", _group(GROUPS_PREFIX + AUDIT_GROUP)),
        _binding("system:basic-user", "system:basic-user", everybody),
        _binding("system:discovery", "system:discovery", everybody),
        _binding("system:public-info-viewer", "system:public-info-viewer", everybody, _group(UNAUTHENTICATED)),
    ):
        yield kinds.CLUSTER_ROLE_BINDINGS, binding
    developers = _group(GROUPS_PREFIX + SHOP_GROUP)
    yield kinds.ROLE_BINDINGS, _binding("developers", "edit", developers, namespace=DEVELOPER_NAMESPACE)
