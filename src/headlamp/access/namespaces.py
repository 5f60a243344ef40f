"""The namespaces that a user can see."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from headlamp.access.asking import ask
from headlamp.access.errors import ClusterAnswered
from headlamp.clusters.credential import CredentialSource
from headlamp.clusters.transport import ClusterTransport

NAMES_ONLY = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


class _Metadata(msgspec.Struct):
    name: str = ""


class _Item(msgspec.Struct):
    metadata: _Metadata


class _List(msgspec.Struct):
    items: list[_Item] = []


@dataclass(frozen=True, slots=True)
class Namespaces:
    """Names in order; `complete` is False when the cluster does not let the user list them, and `reason` says so."""

    items: tuple[str, ...]
    complete: bool
    reason: str | None = None


async def list_namespaces(
    transport: ClusterTransport, credential: CredentialSource | None, *, fallback: str | None
) -> Namespaces:
    """List namespaces by name; where that is forbidden, only `fallback` (the context's own) is known."""
    try:
        answer = await ask(transport, credential, "/api/v1/namespaces", _List, accept=NAMES_ONLY)
    except ClusterAnswered as answered:
        if answered.upstream_status != 403:
            raise
        return Namespaces((fallback,) if fallback else (), False, answered.message)
    return Namespaces(tuple(sorted(item.metadata.name for item in answer.items)), True)
