"""Events: what happened to an object, counted when it happens again."""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable

from headlamp.demo import timestamps
from headlamp.demo.cluster import kinds
from headlamp.demo.cluster.jsontypes import Json
from headlamp.demo.cluster.kinds import Kind
from headlamp.demo.cluster.store import Store

_LIFETIME = 3600
_MOST_EVENTS = 1500


class Recorder:
    """Writes events to the store and takes old ones away, as a real server does after an hour."""

    def __init__(self, store: Store, *, now: Callable[[], float], chance: random.Random) -> None:
        self._store = store
        self._now = now
        self._chance = chance
        self._known: OrderedDict[tuple[str, str, str], tuple[str, str, float]] = OrderedDict()

    def record(
        self,
        kind: Kind,
        obj: Json,
        reason: str,
        message: str,
        *,
        component: str,
        warning: bool = False,
        field_path: str = "",
        ago: float = 0,
        count: int = 1,
    ) -> None:
        """Say that something happened to the object, `ago` seconds ago, the `count`th time."""
        metadata = obj["metadata"]
        at = self._now() - ago
        key = (metadata["uid"], reason, message)
        known = self._known.pop(key, None)
        if known is not None:
            stored = self._store.get(kinds.EVENTS, known[0], known[1])
            if stored is not None:
                event = stored.load()
                event.update(count=event["count"] + 1, lastTimestamp=timestamps.written(at))
                self._store.replace(kinds.EVENTS, event)
                self._known[key] = (known[0], known[1], at)
                return
        namespace = metadata.get("namespace") or "default"
        name = f"{metadata['name']}.{self._chance.getrandbits(60):016x}"
        involved = {
            "kind": kind.kind,
            "namespace": metadata.get("namespace", ""),
            "name": metadata["name"],
            "uid": metadata["uid"],
            "apiVersion": kind.api_version,
            **({"fieldPath": field_path} if field_path else {}),
        }
        node = obj.get("spec", {}).get("nodeName") if component == "kubelet" else None
        self._store.create(
            kinds.EVENTS,
            {
                "metadata": {"name": name, "namespace": namespace, "creationTimestamp": timestamps.written(at)},
                "involvedObject": {k: v for k, v in involved.items() if v},
                "reason": reason,
                "message": message,
                "source": {"component": component, **({"host": node} if node else {})},
                "firstTimestamp": timestamps.written(at - 40 * (count - 1)),
                "lastTimestamp": timestamps.written(at),
                "count": count,
                "type": "Warning" if warning else "Normal",
                "reportingComponent": component,
                "reportingInstance": node or "",
            },
        )
        self._known[key] = (namespace, name, at)
        self._forget()

    def _forget(self) -> None:
        oldest = self._now() - _LIFETIME
        while self._known:
            key, (namespace, name, at) = next(iter(self._known.items()))
            if at >= oldest and len(self._known) <= _MOST_EVENTS:
                return
            del self._known[key]
            if self._store.get(kinds.EVENTS, namespace, name) is not None:
                self._store.remove(kinds.EVENTS, namespace, name)
