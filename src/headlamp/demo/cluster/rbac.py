"""Role-based access control: which rules a user has, and whether they allow a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from headlamp.demo.cluster import kinds
from headlamp.demo.cluster.authentication import User
from headlamp.demo.cluster.jsontypes import Json
from headlamp.demo.cluster.status import ApiError
from headlamp.demo.cluster.store import Change, Store
from headlamp.demo.cluster.targets import Target

_RBAC_KINDS = (kinds.ROLES, kinds.ROLE_BINDINGS, kinds.CLUSTER_ROLES, kinds.CLUSTER_ROLE_BINDINGS)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a role allows: verbs on resources of API groups, or on paths that name no resource."""

    verbs: tuple[str, ...]
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()
    non_resource_urls: tuple[str, ...] = ()

    def allows(self, target: Target) -> bool:
        if not _names(self.verbs, target.verb):
            return False
        if not target.resource:
            return any(_path_matches(pattern, target.path) for pattern in self.non_resource_urls)
        if not _names(self.api_groups, target.group) or not self._has_resource(target):
            return False
        return not self.resource_names or target.name in self.resource_names

    def _has_resource(self, target: Target) -> bool:
        if not target.subresource:
            return _names(self.resources, target.resource)
        wanted = (f"{target.resource}/{target.subresource}", f"*/{target.subresource}", "*")
        return any(one in self.resources for one in wanted)


class Rbac:
    """Decides by the roles and bindings that are in the store; who may change them changes the answers at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rules: dict[tuple[str, tuple[str, ...], str], tuple[Rule, ...]] = {}
        store.listeners.append(self._heard)

    def rules_for(self, user: User, namespace: str) -> tuple[Rule, ...]:
        """All rules that the user has at the cluster scope and, when one is given, in the namespace."""
        key = (user.name, user.groups, namespace)
        if key not in self._rules:
            self._rules[key] = tuple(self._collect(user, namespace))
        return self._rules[key]

    def allows(self, user: User, target: Target) -> bool:
        return any(rule.allows(target) for rule in self.rules_for(user, target.namespace))

    def require(self, user: User, target: Target) -> None:
        """Raises the API's 403 when no rule allows the request."""
        if not self.allows(user, target):
            raise _forbidden(user, target)

    def _collect(self, user: User, namespace: str) -> Iterator[Rule]:
        for stored in self._store.select(kinds.CLUSTER_ROLE_BINDINGS):
            yield from self._bound(stored.load(), user, "")
        if namespace:
            for stored in self._store.select(kinds.ROLE_BINDINGS, namespace):
                yield from self._bound(stored.load(), user, namespace)

    def _bound(self, binding: Json, user: User, namespace: str) -> Iterator[Rule]:
        if not any(_is_subject(subject, user) for subject in binding.get("subjects") or []):
            return
        reference = binding["roleRef"]
        role = (
            self._store.get(kinds.CLUSTER_ROLES, "", reference["name"])
            if reference["kind"] == "ClusterRole"
            else self._store.get(kinds.ROLES, namespace, reference["name"])
        )
        if role is not None:
            yield from (_rule(rule) for rule in role.load().get("rules") or [])

    def _heard(self, change: Change) -> None:
        if change.stored.kind in _RBAC_KINDS:
            self._rules.clear()


def _rule(rule: Json) -> Rule:
    return Rule(
        verbs=tuple(rule.get("verbs") or ()),
        api_groups=tuple(rule.get("apiGroups") or ()),
        resources=tuple(rule.get("resources") or ()),
        resource_names=tuple(rule.get("resourceNames") or ()),
        non_resource_urls=tuple(rule.get("nonResourceURLs") or ()),
    )


def _is_subject(subject: Json, user: User) -> bool:
    match subject["kind"]:
        case "User":
            return bool(subject["name"] == user.name)
        case "Group":
            return subject["name"] in user.groups
        case _:
            return False


def _names(allowed: Iterable[str], wanted: str) -> bool:
    return wanted in allowed or "*" in allowed


def _path_matches(pattern: str, path: str) -> bool:
    if pattern.endswith("*"):
        return path.startswith(pattern[:-1])
    return path == pattern


def _forbidden(user: User, target: Target) -> ApiError:
    if not target.resource:
        message = f'forbidden: User "{user.name}" cannot {target.verb} path "{target.path}"'
        return ApiError(403, "Forbidden", message, details={})
    resource = f"{target.resource}/{target.subresource}" if target.subresource else target.resource
    scope = f'in the namespace "{target.namespace}"' if target.namespace else "at the cluster scope"
    subject = f'{target.qualified} "{target.name}"' if target.name else target.qualified
    return ApiError(
        403,
        "Forbidden",
        f'{subject} is forbidden: User "{user.name}" cannot {target.verb} resource "{resource}" '
        f'in API group "{target.group}" {scope}',
        details={
            **({"name": target.name} if target.name else {}),
            **({"group": target.group} if target.group else {}),
            "kind": target.resource,
        },
    )
