"""What pods use, as metrics.k8s.io tells it (the API that metrics-server and others serve)."""

from __future__ import annotations

from msgspec import Struct

from headlamp.live.extra.quantities import value_of


class _Metadata(Struct, gc=False):
    name: str
    namespace: str = ""


class _Container(Struct, gc=False):
    usage: dict[str, str | int | float] | None = None


class _PodMetrics(Struct, gc=False):
    metadata: _Metadata
    containers: list[_Container] | None = None


class PodMetricsList(Struct, gc=False):
    """A `PodMetricsList` of metrics.k8s.io/v1beta1."""

    items: list[_PodMetrics] | None = None


UsageOf = dict[str, float]
"""Amounts by resource: cores, bytes."""


def usage_of(listing: PodMetricsList) -> dict[tuple[str, str], UsageOf]:
    """What each pod uses, by namespace and name: the sum of its containers."""
    return {
        (item.metadata.namespace, item.metadata.name): {
            resource: sum(value_of((container.usage or {}).get(resource)) or 0.0 for container in item.containers or ())
            for resource in ("cpu", "memory")
        }
        for item in listing.items or ()
    }


def metrics_target(namespace: str) -> str:
    """The request target of the usage of the pods of a namespace."""
    return f"/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods"
