"""What happens by itself: new versions are rolled out, load comes and goes, a probe fails now and then."""

from __future__ import annotations

import random
import re

from headlamp.demo.cluster import kinds
from headlamp.demo.cluster.store import Store, Stored
from headlamp.demo.world.agenda import Agenda
from headlamp.demo.world.kubelet import Kubelet

_ROLLOUT_EVERY = (25.0, 50.0)
_RESTART_EVERY = (12.0, 30.0)
_SCALE_EVERY = (20.0, 45.0)
_PATCH = re.compile(r"(?P<before>.*:v?\d+\.\d+\.)(?P<patch>\d+)")


class Happenings:
    """Lets things happen to those deployments that the company began with, and only while they are as they were."""

    def __init__(self, store: Store, agenda: Agenda, kubelet: Kubelet, chance: random.Random) -> None:
        self._store = store
        self._agenda = agenda
        self._kubelet = kubelet
        self._chance = chance
        self._deployments: list[tuple[str, str, int]] = []

    def begin(self, deployments: list[tuple[str, str, int]]) -> None:
        """Start; each deployment is given with its namespace, its name and its ordinary number of pods."""
        self._deployments = deployments
        self._agenda.after(4.0, self._roll_out)
        self._agenda.after(9.0, self._fail_a_probe)
        self._agenda.after(15.0, self._follow_the_load)

    def _some_deployment(self) -> tuple[Stored, int] | None:
        if not self._deployments:
            return None
        namespace, name, ordinary = self._chance.choice(self._deployments)
        stored = self._store.get(kinds.DEPLOYMENTS, namespace, name)
        return None if stored is None or stored.deleting else (stored, ordinary)

    def _roll_out(self) -> None:
        self._agenda.after(self._chance.uniform(*_ROLLOUT_EVERY), self._roll_out)
        found = self._some_deployment()
        if found is None:
            return
        deployment = found[0].load()
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        match = _PATCH.fullmatch(container["image"])
        if match is None:
            return
        container["image"] = f"{match['before']}{int(match['patch']) + 1}"
        version = container["image"].rpartition(":")[2]
        deployment["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/version"] = version
        deployment["metadata"]["generation"] = deployment["metadata"].get("generation", 1) + 1
        self._store.replace(kinds.DEPLOYMENTS, deployment)

    def _follow_the_load(self) -> None:
        self._agenda.after(self._chance.uniform(*_SCALE_EVERY), self._follow_the_load)
        found = self._some_deployment()
        if found is None:
            return
        stored, ordinary = found
        deployment = stored.load()
        # Somebody who has scaled it down to nothing, or far up, is not overruled.
        if not ordinary - 1 <= deployment["spec"].get("replicas", 1) <= ordinary + 2:
            return
        deployment["spec"]["replicas"] = max(1, ordinary + self._chance.choice((-1, 0, 1, 2)))
        deployment["metadata"]["generation"] = deployment["metadata"].get("generation", 1) + 1
        self._store.replace(kinds.DEPLOYMENTS, deployment)

    def _fail_a_probe(self) -> None:
        self._agenda.after(self._chance.uniform(*_RESTART_EVERY), self._fail_a_probe)
        found = self._some_deployment()
        if found is None:
            return
        mine = [
            pod
            for pod in self._store.select(kinds.PODS, found[0].namespace)
            if pod.labels.get("app.kubernetes.io/name") == found[0].name
        ]
        if mine:
            self._kubelet.restart(self._chance.choice(mine))
