"""The controllers of workloads: they bring what is into line with what should be."""

from __future__ import annotations

import random
from collections.abc import Callable

from headlamp.demo.chance import suffix
from headlamp.demo.cluster import kinds
from headlamp.demo.cluster.jsontypes import Json
from headlamp.demo.cluster.kinds import Kind
from headlamp.demo.cluster.store import Change, Store, Stored
from headlamp.demo.world import pods
from headlamp.demo.world.agenda import Agenda
from headlamp.demo.world.ownership import Ownership
from headlamp.demo.world.podstate import delete_gracefully, is_ready, template_hash
from headlamp.demo.world.recorder import Recorder
from headlamp.demo.world.rollout import Rollouts

REVISION_LABEL = "controller-revision-hash"
_SOON = 0.3


class Controllers:
    """Hears of changes, and puts right what belongs to the changed object a moment later."""

    def __init__(
        self, store: Store, agenda: Agenda, ownership: Ownership, recorder: Recorder, chance: random.Random
    ) -> None:
        self._store = store
        self._agenda = agenda
        self._ownership = ownership
        self._recorder = recorder
        self._chance = chance
        self._waiting: set[tuple[Kind, str, str]] = set()
        rollouts = Rollouts(store, ownership, recorder, agenda.now)
        self._reconcilers: dict[Kind, Callable[[Stored], None]] = {
            kinds.DEPLOYMENTS: rollouts.reconcile,
            kinds.REPLICA_SETS: self._replica_set,
            kinds.STATEFUL_SETS: self._stateful_set,
            kinds.DAEMON_SETS: self._daemon_set,
        }

    def heard(self, change: Change) -> None:
        """Note what has to be looked at: the changed object, and the one that controls it."""
        stored = change.stored
        if change.type != "DELETED":
            self._look_at(stored)
        if stored.owner and stored.kind in (kinds.PODS, kinds.REPLICA_SETS):
            for kind, namespace, name in self._owners(stored):
                self._enqueue(kind, namespace, name)

    def _owners(self, stored: Stored) -> list[tuple[Kind, str, str]]:
        references = stored.load()["metadata"].get("ownerReferences", [])
        return [
            (kind, stored.namespace, reference["name"])
            for reference in references
            for kind in self._reconcilers
            if kind.kind == reference["kind"]
        ]

    def _look_at(self, stored: Stored) -> None:
        if stored.kind in self._reconcilers:
            self._enqueue(stored.kind, stored.namespace, stored.name)

    def _enqueue(self, kind: Kind, namespace: str, name: str) -> None:
        key = (kind, namespace, name)
        if key in self._waiting:
            return
        self._waiting.add(key)
        self._agenda.after(_SOON, lambda: self._reconcile(key))

    def _reconcile(self, key: tuple[Kind, str, str]) -> None:
        self._waiting.discard(key)
        stored = self._store.get(*key)
        if stored is not None and not stored.deleting:
            self._reconcilers[key[0]](stored)

    def _replica_set(self, stored: Stored) -> None:
        obj = stored.load()
        existing = [pod for pod in self._ownership.owned_by(stored.uid, kinds.PODS) if not pod.deleting]
        wanted = obj["spec"].get("replicas", 1)
        for _ in range(wanted - len(existing)):
            self._create_pod(kinds.REPLICA_SETS, obj, f"{stored.name}-{suffix(self._chance)}", {})
        # Those that are not ready go first, as in a real controller.
        for pod in sorted(existing, key=is_ready)[: max(len(existing) - wanted, 0)]:
            self._delete_pod(kinds.REPLICA_SETS, obj, pod)
        ready = sum(map(is_ready, existing))
        obj["status"] = {
            "replicas": len(existing),
            "fullyLabeledReplicas": len(existing),
            "readyReplicas": ready,
            "availableReplicas": ready,
            "observedGeneration": obj["metadata"].get("generation", 1),
        }
        self._store.replace(kinds.REPLICA_SETS, obj)

    def _stateful_set(self, stored: Stored) -> None:
        obj = stored.load()
        revision = template_hash(obj["spec"]["template"])
        mine = {pod.name: pod for pod in self._ownership.owned_by(stored.uid, kinds.PODS)}
        wanted = [f"{stored.name}-{ordinal}" for ordinal in range(obj["spec"].get("replicas", 1))]
        missing = [name for name in wanted if name not in mine]
        # In order and one at a time: the next one waits until those before it are ready.
        if missing and all(is_ready(mine[name]) for name in wanted[: wanted.index(missing[0])]):
            self._create_pod(kinds.STATEFUL_SETS, obj, missing[0], {REVISION_LABEL: revision})
        for name in sorted(mine.keys() - set(wanted)):
            self._delete_pod(kinds.STATEFUL_SETS, obj, mine[name])
        self._replace_outdated(kinds.STATEFUL_SETS, obj, list(mine.values()), revision, complete=not missing)
        ready = sum(map(is_ready, mine.values()))
        current = sum(1 for pod in mine.values() if pod.labels.get(REVISION_LABEL) == revision)
        obj["status"] = {
            "replicas": len(mine),
            "readyReplicas": ready,
            "availableReplicas": ready,
            "currentReplicas": current,
            "updatedReplicas": current,
            "currentRevision": f"{stored.name}-{revision}",
            "updateRevision": f"{stored.name}-{revision}",
            "observedGeneration": obj["metadata"].get("generation", 1),
        }
        self._store.replace(kinds.STATEFUL_SETS, obj)

    def _daemon_set(self, stored: Stored) -> None:
        obj = stored.load()
        revision = template_hash(obj["spec"]["template"])
        mine = self._ownership.owned_by(stored.uid, kinds.PODS)
        nodes = [node.name for node in self._store.select(kinds.NODES)]
        covered = {pod.fields["spec.nodeName"] for pod in mine}
        for node in nodes:
            if node not in covered and len(mine) < len(nodes):
                name = f"{stored.name}-{suffix(self._chance)}"
                mine.append(self._create_pod(kinds.DAEMON_SETS, obj, name, {REVISION_LABEL: revision}))
        self._replace_outdated(kinds.DAEMON_SETS, obj, mine, revision, complete=len(mine) == len(nodes))
        ready = sum(map(is_ready, mine))
        obj["status"] = {
            "desiredNumberScheduled": len(nodes),
            "currentNumberScheduled": len(mine),
            "numberReady": ready,
            "numberAvailable": ready,
            "updatedNumberScheduled": sum(1 for pod in mine if pod.labels.get(REVISION_LABEL) == revision),
            "numberMisscheduled": 0,
            "observedGeneration": obj["metadata"].get("generation", 1),
        }
        self._store.replace(kinds.DAEMON_SETS, obj)

    def _replace_outdated(self, kind: Kind, obj: Json, mine: list[Stored], revision: str, *, complete: bool) -> None:
        """Take away one pod of an older template, when everything else is well."""
        outdated = sorted((pod for pod in mine if pod.labels.get(REVISION_LABEL) != revision), key=lambda p: p.name)
        if outdated and complete and all(is_ready(pod) and not pod.deleting for pod in mine):
            self._delete_pod(kind, obj, outdated[-1])

    def _create_pod(self, kind: Kind, owner: Json, name: str, labels: dict[str, str]) -> Stored:
        metadata = owner["metadata"]
        pod = pods.new_pod(
            owner["spec"]["template"],
            namespace=metadata["namespace"],
            name=name,
            owner=pods.owner_reference(kind, owner),
            labels=labels,
        )
        stored = self._store.create(kinds.PODS, pod)
        message = f"Created pod: {name}"
        self._recorder.record(kind, owner, "SuccessfulCreate", message, component=f"{kind.singular}-controller")
        return stored

    def _delete_pod(self, kind: Kind, owner: Json, pod: Stored) -> None:
        if pod.deleting:
            return
        delete_gracefully(self._store, pod, self._agenda.now())
        message = f"Deleted pod: {pod.name}"
        self._recorder.record(kind, owner, "SuccessfulDelete", message, component=f"{kind.singular}-controller")
