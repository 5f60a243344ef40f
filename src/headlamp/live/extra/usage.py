"""The column `usage:RESOURCE`: what a pod uses of cpu or memory, beside what it asks for and may have."""

from __future__ import annotations

from headlamp.live.extra.cells import Usage
from headlamp.live.extra.column import BadExtra, ExtraColumn, Seen, only_pods
from headlamp.live.extra.pod_resources import Pod, ceiling, total
from headlamp.live.resources import Selection

MEASURED = ("cpu", "memory")
"""What metrics.k8s.io tells of pods."""


def usage_column(resource: str, kind: Selection) -> ExtraColumn:
    """The column of use of one resource; `metrics.py` reads the use itself."""
    only_pods(kind, "usage")
    if resource not in MEASURED:
        raise BadExtra("Usage is measured of cpu and memory: usage:cpu, usage:memory.")

    def cell(seen: Seen) -> Usage:
        pod = seen.of(Pod)
        return Usage(None, "", total(pod, "requests", resource), ceiling(pod, resource))

    return ExtraColumn(f"{resource} used", "usage", cell, usage=resource)
