"""The column `limits:RESOURCE`: what the containers of a pod may have of cpu, memory or another resource, in sum."""

from __future__ import annotations

from headlamp.live.extra.cells import Quantity
from headlamp.live.extra.column import BadExtra, ExtraColumn, Seen, only_pods
from headlamp.live.extra.pod_resources import Pod, total
from headlamp.live.extra.quantities import quantity
from headlamp.live.resources import Selection


def limits_column(resource: str, kind: Selection) -> ExtraColumn:
    """The column of limits for one resource."""
    only_pods(kind, "limits")
    if not resource:
        raise BadExtra("Name the resource, as in limits:cpu or limits:memory.")

    def cell(seen: Seen) -> Quantity | None:
        value = total(seen.of(Pod), "limits", resource)
        return None if value is None else quantity(value, resource)

    return ExtraColumn(f"{resource} limit", "quantity", cell)
