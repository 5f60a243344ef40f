"""What a request is about: the attributes that authorization and routing go by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headlamp.demo.cluster.selectors import exact_name

_TRUE = ("1", "true", "True", "TRUE", "t", "T")
_WRITES = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
# What stands under /namespaces/{name}/ without being a resource of that namespace.
_NAMESPACE_SUBRESOURCES = ("status", "finalize")


@dataclass(frozen=True, slots=True)
class Target:
    """A request's verb and path, taken apart. `resource` is empty for paths that name no resource (`/version`)."""

    verb: str
    path: str
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def qualified(self) -> str:
        """`pods`, `deployments.apps`."""
        return f"{self.resource}.{self.group}" if self.group else self.resource


def truthy(value: str) -> bool:
    """A boolean of a query, as the API server reads it."""
    return value in _TRUE


def read_target(method: str, path: str, query: Mapping[str, str]) -> Target:
    """Take apart `/api/v1/namespaces/x/pods/y/log` and the like."""
    parts = [part for part in path.split("/") if part]
    plain = Target(verb=method.lower(), path=path)
    match parts:
        case ["api", version, *rest] if rest:
            group = ""
        case ["apis", group, version, *rest] if rest:
            pass
        case _:
            return plain
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        # A namespace stands in itself: rules of a namespace may allow reading it.
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in _NAMESPACE_SUBRESOURCES:
            rest = rest[2:]
    resource, name, subresource = (*rest[:3], "", "", "")[:3]
    return Target(
        verb=_verb(method, query, named=bool(name)),
        path=path,
        group=group,
        version=version,
        resource=resource,
        subresource="/".join([subresource, *rest[3:]]) if len(rest) > 3 else subresource,
        namespace=namespace,
        name=name or ("" if method == "POST" else exact_name(query.get("fieldSelector", ""))),
    )


def _verb(method: str, query: Mapping[str, str], *, named: bool) -> str:
    if method in ("GET", "HEAD"):
        if truthy(query.get("watch", "")):
            return "watch"
        return "get" if named else "list"
    if method == "DELETE" and not named:
        return "deletecollection"
    return _WRITES.get(method, method.lower())
