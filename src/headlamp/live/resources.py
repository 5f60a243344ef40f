"""What a subscription reads: a kind, namespaces and selectors, checked strictly since they become a path."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import quote

from headlamp.live.client_messages import Subscribe
from headlamp.live.errors import BadRequest

MAX_NAMESPACES = 500
MAX_SELECTOR = 4096

# RFC 1123 labels and subdomains, as the API server itself demands of groups, versions, plurals and namespaces.
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def is_namespace(name: str) -> bool:
    """Whether a namespace can be called so. Names become paths, whoever they come from."""
    return _LABEL.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of one kind. `namespaces` is sorted without doubles; None: all, and always None for cluster-scoped kinds.

    `known_namespaces`, in the same form, are read where all is asked for and may not be.
    """

    group: str
    version: str
    plural: str
    namespaced: bool
    namespaces: tuple[str, ...] | None = None
    label_selector: str = ""
    field_selector: str = ""
    known_namespaces: tuple[str, ...] = ()

    def target(self, namespace: str | None, **query: str) -> str:
        """The request target (path and query) of the list in `namespace`, or of the whole kind."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        middle = f"/namespaces/{namespace}" if namespace else ""
        if self.label_selector:
            query["labelSelector"] = self.label_selector
        if self.field_selector:
            query["fieldSelector"] = self.field_selector
        pairs = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
        return f"{root}{middle}/{self.plural}?{pairs}"

    def knowing(self, namespace: str | None) -> Selection:
        """The same, with one more namespace to read where all is asked for and may not be."""
        if self.namespaces is not None or not self.namespaced or not namespace or not is_namespace(namespace):
            return self
        return replace(self, known_namespaces=tuple(sorted({*self.known_namespaces, namespace})))

    def whole(self, group: str, version: str, plural: str) -> Selection:
        """Another, cluster-scoped kind without selectors."""
        return replace(
            self,
            group=group,
            version=version,
            plural=plural,
            namespaced=False,
            namespaces=None,
            label_selector="",
            field_selector="",
            known_namespaces=(),
        )


def selection_of(message: Subscribe) -> Selection:
    """What the message asks for. Raises `BadRequest` naming the part that is not valid."""
    resource = message.resource
    if resource.group and not (_SUBDOMAIN.fullmatch(resource.group) and len(resource.group) <= 253):
        raise BadRequest("The API group of the resource is not a valid name.")
    if not _LABEL.fullmatch(resource.version):
        raise BadRequest("The version of the resource is not a valid name.")
    if not _LABEL.fullmatch(resource.plural):
        raise BadRequest("The plural of the resource is not a valid name.")
    if _CONTROL.search(message.label_selector) or _CONTROL.search(message.field_selector):
        raise BadRequest("A selector has control characters.", remedy="Correct the selectors.")
    if max(len(message.label_selector), len(message.field_selector)) > MAX_SELECTOR:
        raise BadRequest(
            f"A selector has more than {MAX_SELECTOR:,} characters.", remedy="Name fewer values in the selectors."
        )
    namespaces = None
    if message.namespaces is not None and resource.namespaced:
        if not message.namespaces:
            raise BadRequest("The list of namespaces is empty; null asks for all namespaces.")
        namespaces = _names(message.namespaces)
    all_of_them = resource.namespaced and namespaces is None
    return Selection(
        group=resource.group,
        version=resource.version,
        plural=resource.plural,
        namespaced=resource.namespaced,
        namespaces=namespaces,
        label_selector=message.label_selector,
        field_selector=message.field_selector,
        known_namespaces=_names(message.known_namespaces) if all_of_them else (),
    )


def _names(namespaces: list[str]) -> tuple[str, ...]:
    if len(namespaces) > MAX_NAMESPACES:
        raise BadRequest(
            f"More than {MAX_NAMESPACES} namespaces are named; null asks for all namespaces.",
            remedy="Name fewer namespaces, or look in all of them.",
        )
    if not all(map(is_namespace, namespaces)):
        raise BadRequest("A namespace is not a valid name.", remedy="Correct the names of the namespaces.")
    return tuple(sorted(set(namespaces)))
