"""The column `requests:RESOURCE`: what a pod asks for of cpu, memory or another resource."""

from __future__ import annotations

from headlamp.live.extra.cells import Quantity
from headlamp.live.extra.column import BadExtra, ExtraColumn, Seen, only_pods
from headlamp.live.extra.pod_resources import Pod, total
from headlamp.live.extra.quantities import quantity
from headlamp.live.resources import Selection


def requests_column(resource: str, kind: Selection) -> ExtraColumn:
    """The column of requests for one resource."""
    only_pods(kind, "requests")
    if not resource:
        raise BadExtra("Name the resource, as in requests:cpu or requests:memory.")

    def cell(seen: Seen) -> Quantity | None:
        value = total(seen.of(Pod), "requests", resource)
        return None if value is None else quantity(value, resource)

    return ExtraColumn(f"{resource} requested", "quantity", cell)
