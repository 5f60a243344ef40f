"""What controllers ask of pods: readiness, the template they are of, and asking one to end."""

from __future__ import annotations

import msgspec

from headlamp.demo import timestamps
from headlamp.demo.chance import seeded, suffix
from headlamp.demo.cluster import kinds
from headlamp.demo.cluster.jsontypes import Json
from headlamp.demo.cluster.store import Store, Stored

_GRACE = 30


class _Condition(msgspec.Struct):
    type: str
    status: str


class _PodStatus(msgspec.Struct):
    phase: str = ""
    conditions: list[_Condition] = []


class _Pod(msgspec.Struct):
    status: _PodStatus


def template_hash(template: Json) -> str:
    """A short name for a pod template's content."""
    return suffix(seeded(msgspec.json.encode(template).decode()), 9)


def is_ready(pod: Stored) -> bool:
    """Whether a pod's Ready condition holds."""
    status = msgspec.json.decode(pod.body, type=_Pod).status
    return any(condition.type == "Ready" and condition.status == "True" for condition in status.conditions)


def delete_gracefully(store: Store, pod: Stored, now: float) -> None:
    """Ask a pod to end; its kubelet takes it away."""
    obj = pod.load()
    obj["metadata"]["deletionTimestamp"] = timestamps.written(now + _GRACE)
    obj["metadata"]["deletionGracePeriodSeconds"] = _GRACE
    store.replace(kinds.PODS, obj)
