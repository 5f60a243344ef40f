"""The deployment controller: replica sets of a template's revisions, the new one up and the old ones down."""

from __future__ import annotations

from collections.abc import Callable

from headlamp.demo import timestamps
from headlamp.demo.cluster import kinds
from headlamp.demo.cluster.jsontypes import Json, dig
from headlamp.demo.cluster.store import Store, Stored
from headlamp.demo.world import pods
from headlamp.demo.world.ownership import Ownership
from headlamp.demo.world.podstate import template_hash
from headlamp.demo.world.recorder import Recorder

HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
_HISTORY = 3
_COMPONENT = "deployment-controller"


def replica_set(deployment: Json, revision: int, replicas: int) -> Json:
    """The replica set of a deployment's current template."""
    spec, metadata = deployment["spec"], deployment["metadata"]
    marker = template_hash(spec["template"])
    template = {
        **spec["template"],
        "metadata": {
            **spec["template"].get("metadata", {}),
            "labels": {**dig(spec, "template", "metadata", "labels"), HASH_LABEL: marker},
        },
    }
    return {
        "metadata": {
            "name": f"{metadata['name']}-{marker}",
            "namespace": metadata["namespace"],
            "labels": template["metadata"]["labels"],
            "annotations": {REVISION: str(revision)},
            "ownerReferences": [pods.owner_reference(kinds.DEPLOYMENTS, deployment)],
            "generation": 1,
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {**dig(spec, "selector", "matchLabels"), HASH_LABEL: marker}},
            "template": template,
        },
        "status": {"replicas": 0},
    }


class Rollouts:
    """Brings deployments' replica sets into line."""

    def __init__(self, store: Store, ownership: Ownership, recorder: Recorder, now: Callable[[], float]) -> None:
        self._store = store
        self._ownership = ownership
        self._recorder = recorder
        self._now = now

    def reconcile(self, stored: Stored) -> None:
        """One step: make the current replica set, give it more pods and the old ones fewer, note how it stands."""
        deployment = stored.load()
        if deployment["spec"].get("paused"):
            return
        marker = template_hash(deployment["spec"]["template"])
        sets = [one.load() for one in self._ownership.owned_by(stored.uid, kinds.REPLICA_SETS)]
        current = next((one for one in sets if one["metadata"]["labels"].get(HASH_LABEL) == marker), None)
        old = [one for one in sets if one is not current]
        if current is None:
            revision = 1 + max((_revision(one) for one in sets), default=0)
            made = replica_set(deployment, revision, 0)
            current = self._store.create(kinds.REPLICA_SETS, made).load()
            deployment["metadata"].setdefault("annotations", {})[REVISION] = str(revision)
        self._move(deployment, current, old)
        self._prune(old)
        self._note(deployment, current, old)
        self._store.replace(kinds.DEPLOYMENTS, deployment)

    def _move(self, deployment: Json, current: Json, old: list[Json]) -> None:
        desired = deployment["spec"].get("replicas", 1)
        surge = max(1, desired // 4)
        old_total = sum(one["spec"]["replicas"] for one in old)
        target = min(desired, max(desired + surge - old_total, current["spec"]["replicas"]))
        self._scale(deployment, current, target)
        # Old pods go as new ones become ready, so that there are always enough.
        allowed = max(0, desired - (dig(current, "status", "readyReplicas") or 0))
        for one in old:
            kept = min(one["spec"]["replicas"], allowed)
            allowed -= kept
            self._scale(deployment, one, kept)

    def _scale(self, deployment: Json, one: Json, replicas: int) -> None:
        before = one["spec"]["replicas"]
        if before == replicas:
            return
        one["spec"]["replicas"] = replicas
        one["metadata"]["generation"] = one["metadata"].get("generation", 1) + 1
        one["metadata"] = self._store.replace(kinds.REPLICA_SETS, one).load()["metadata"]
        direction = "up" if replicas > before else "down"
        message = f"Scaled {direction} replica set {one['metadata']['name']} from {before} to {replicas}"
        self._recorder.record(kinds.DEPLOYMENTS, deployment, "ScalingReplicaSet", message, component=_COMPONENT)

    def _prune(self, old: list[Json]) -> None:
        """Old revisions are kept for going back, but not all of them."""
        empty = sorted((one for one in old if not dig(one, "status", "replicas")), key=_revision)
        for one in empty[: max(len(empty) - _HISTORY, 0)]:
            if one["spec"]["replicas"] == 0:
                self._store.remove(kinds.REPLICA_SETS, one["metadata"]["namespace"], one["metadata"]["name"])

    def _note(self, deployment: Json, current: Json, old: list[Json]) -> None:
        desired = deployment["spec"].get("replicas", 1)
        updated = dig(current, "status", "replicas") or 0
        everything = [current, *old]
        ready = sum(dig(one, "status", "readyReplicas") or 0 for one in everything)
        total = sum(dig(one, "status", "replicas") or 0 for one in everything)
        done = updated == desired and total == desired and ready == desired
        reason = "NewReplicaSetAvailable" if done else "ReplicaSetUpdated"
        deployment["status"] = {
            "observedGeneration": deployment["metadata"].get("generation", 1),
            "replicas": total,
            "updatedReplicas": updated,
            "readyReplicas": ready,
            "availableReplicas": ready,
            **({"unavailableReplicas": desired - ready} if ready < desired else {}),
            "conditions": [
                self._condition(deployment, "Available", ready * 4 >= desired * 3, "MinimumReplicas"),
                self._condition(deployment, "Progressing", True, reason),
            ],
        }

    def _condition(self, deployment: Json, kind: str, holds: bool, reason: str) -> Json:
        status = "True" if holds else "False"
        if kind == "Available":
            reason += "Available" if holds else "Unavailable"
        for known in dig(deployment, "status", "conditions") or []:
            if (known["type"], known["status"], known["reason"]) == (kind, status, reason):
                return dict(known)
        moment = timestamps.written(self._now())
        return {
            "type": kind,
            "status": status,
            "reason": reason,
            "lastTransitionTime": moment,
            "lastUpdateTime": moment,
        }


def _revision(one: Json) -> int:
    return int(dig(one, "metadata", "annotations", REVISION) or 0)
