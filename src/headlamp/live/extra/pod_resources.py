"""What a pod as a whole asks for and may have, from what its containers do (Kubernetes: "Resource sharing within
containers", and its scheduler's reckoning)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from headlamp.live.extra.quantities import value_of

Amounts = dict[str, str | int | float]
Side = Literal["requests", "limits"]


class Resources(Struct, gc=False):
    requests: Amounts | None = None
    limits: Amounts | None = None


class Container(Struct, rename="camel", gc=False):
    resources: Resources | None = None
    restart_policy: str | None = None


class Spec(Struct, rename="camel", gc=False):
    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    resources: Resources | None = None
    overhead: Amounts | None = None


class Pod(Struct, gc=False):
    """The fields of a pod that say what it asks for."""

    spec: Spec


def total(pod: Pod, side: Side, resource: str) -> float | None:
    """Requests or limits of a resource; None when no container has any.

    Init containers run one after the other before the rest, so the largest of them counts; sidecars (those that are
    restarted always) go on beside all that starts after them. What the pod itself declares goes before its containers.
    """
    spec = pod.spec
    overhead = value_of((spec.overhead or {}).get(resource)) or 0.0
    declared = _amount(spec.resources, side, resource)
    if declared is not None:
        return declared + overhead
    together = [_amount(container.resources, side, resource) for container in spec.containers or ()]
    known = any(amount is not None for amount in together)
    running = sum(amount or 0.0 for amount in together)
    sidecars = largest = 0.0
    for container in spec.init_containers or ():
        amount = _amount(container.resources, side, resource)
        known = known or amount is not None
        if container.restart_policy == "Always":
            sidecars += amount or 0.0
            largest = max(largest, sidecars)
        else:
            largest = max(largest, sidecars + (amount or 0.0))
    return max(running + sidecars, largest) + overhead if known else None


def ceiling(pod: Pod, resource: str) -> float | None:
    """What the pod can use of a resource at most; None when a container of it has no limit."""
    spec = pod.spec
    if _amount(spec.resources, "limits", resource) is None:
        lasting = [*(spec.containers or ()), *(c for c in spec.init_containers or () if c.restart_policy == "Always")]
        if any(_amount(container.resources, "limits", resource) is None for container in lasting):
            return None
    return total(pod, "limits", resource)


def _amount(resources: Resources | None, side: Side, resource: str) -> float | None:
    if resources is None:
        return None
    return value_of(((resources.requests if side == "requests" else resources.limits) or {}).get(resource))
