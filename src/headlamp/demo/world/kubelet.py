"""Scheduler and kubelets in one: pods find a node, start, crash, are restarted, complete and go."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from headlamp.demo.cluster import kinds
from headlamp.demo.cluster.jsontypes import Json, dig
from headlamp.demo.cluster.store import Change, Store, Stored
from headlamp.demo.world import pods
from headlamp.demo.world.agenda import Agenda
from headlamp.demo.world.company import Temper
from headlamp.demo.world.recorder import Recorder

_LONGEST_BACK_OFF = 300
_LOUD = (Temper.CRASHING, Temper.RUNS_OUT_OF_MEMORY)
_NAME_LABEL = "app.kubernetes.io/name"


class Kubelet:
    """Lets pods live. `tempers` says by namespace and name of the workload how its pods behave; others are steady."""

    def __init__(
        self,
        store: Store,
        agenda: Agenda,
        recorder: Recorder,
        tempers: Mapping[tuple[str, str], Temper],
        chance: random.Random,
    ) -> None:
        self._store = store
        self._agenda = agenda
        self._recorder = recorder
        self._tempers = tempers
        self._chance = chance
        self._addresses = 0
        self._ending: set[str] = set()

    def heard(self, change: Change) -> None:
        """React to a change of a pod."""
        if change.stored.kind is not kinds.PODS:
            return
        if change.type == "ADDED" and not change.stored.fields["spec.nodeName"]:
            self._later(0.2, 0.8, change.stored, self._schedule)
        elif change.type == "DELETED":
            self._ending.discard(change.stored.uid)
        elif change.stored.deleting and change.stored.uid not in self._ending:
            self._ending.add(change.stored.uid)
            self._later(1.0, 4.0, change.stored, self._remove)

    def adopt(self, stored: Stored) -> None:
        """Take over a pod that the world began with: what crashes goes on crashing."""
        temper = self._temper(stored)
        if temper in _LOUD:
            pod = stored.load()
            name = pod["spec"]["containers"][0]["name"]
            message = f"Back-off restarting failed container {name} in pod {stored.name}"
            ago, count = self._chance.uniform(5, 120), self._chance.randint(4, 40)
            self._recorder.record(
                kinds.PODS, pod, "BackOff", message, component="kubelet", warning=True, ago=ago, count=count
            )
        if temper in (Temper.CRASHING, Temper.RUNS_OUT_OF_MEMORY):
            self._later(5, 60, stored, self._start)
        elif temper is Temper.INIT_IS_FAILING:
            self._later(5, 60, stored, self._fail_init)
        elif temper is Temper.IMAGE_IS_MISSING:
            self._later(5, 60, stored, self._pull)

    def restart(self, stored: Stored) -> None:
        """A liveness probe fails: the first container is ended and started again."""
        pod = stored.load()
        if stored.deleting or not dig(pod, "status", "containerStatuses") or dig(pod, "status", "phase") != "Running":
            return
        if "running" not in pod["status"]["containerStatuses"][0]["state"]:
            return
        container = pod["spec"]["containers"][0]["name"]
        message = f"Container {container} failed liveness probe, will be restarted"
        self._record(pod, "Killing", message, warning=True, container=container)
        pods.end_first_container(pod, "Error", 143, self._agenda.now())
        self._later(1, 3, self._store.replace(kinds.PODS, pod), self._start)

    def next_address(self) -> str:
        """A pod address that nobody has had."""
        self._addresses += 1
        return f"10.128.{self._addresses // 250}.{self._addresses % 250 + 2}"

    def _schedule(self, stored: Stored) -> None:
        pod, now = stored.load(), self._agenda.now()
        nodes = [node for node in self._store.select(kinds.NODES) if not dig(node.load(), "spec", "unschedulable")]
        if self._temper(stored) is Temper.FITS_NO_NODE or not nodes:
            message = f"0/{len(nodes)} nodes are available: {len(nodes)} node(s) didn't match the pod's node selector."
            pods.refuse(pod, message, now)
            self._recorder.record(
                kinds.PODS, pod, "FailedScheduling", message, component="default-scheduler", warning=True
            )
            self._store.replace(kinds.PODS, pod)
            self._later(60, 90, stored, self._schedule)
            return
        node = pod["spec"].get("nodeName") or self._chance.choice(nodes).name
        pods.place(pod, node, now)
        where = f"{stored.namespace}/{stored.name}"
        message = f"Successfully assigned {where} to {node}"
        self._recorder.record(kinds.PODS, pod, "Scheduled", message, component="default-scheduler")
        stored = self._store.replace(kinds.PODS, pod)
        temper = self._temper(stored)
        if temper is Temper.IMAGE_IS_MISSING:
            self._later(1, 3, stored, self._pull)
        elif temper is Temper.INIT_IS_FAILING and "initContainers" in pod["spec"]:
            self._later(1, 3, stored, self._fail_init)
        else:
            self._later(0.8, 3.5, stored, self._start)

    def _start(self, stored: Stored) -> None:
        pod, now = stored.load(), self._agenda.now()
        if stored.deleting:
            return
        temper = self._temper(stored)
        address = dig(pod, "status", "podIP") or self.next_address()
        for container in pod["spec"]["containers"]:
            name, image = container["name"], container["image"]
            self._record(pod, "Pulled", f'Container image "{image}" already present on machine', container=name)
            self._record(pod, "Started", f"Started container {name}", container=name)
        pods.run(pod, address, now, ready=temper is not Temper.NOT_READY)
        stored = self._store.replace(kinds.PODS, pod)
        if pod["spec"].get("restartPolicy") in ("Never", "OnFailure"):
            self._later(6, 18, stored, self._finish)
        elif temper is Temper.CRASHING:
            self._later(6, 20, stored, self._crash)
        elif temper is Temper.RUNS_OUT_OF_MEMORY:
            self._later(15, 45, stored, self._crash)

    def _crash(self, stored: Stored) -> None:
        pod, now = stored.load(), self._agenda.now()
        if stored.deleting or "running" not in pod["status"]["containerStatuses"][0]["state"]:
            return
        memory = self._temper(stored) is Temper.RUNS_OUT_OF_MEMORY
        reason, code = ("OOMKilled", pods.OUT_OF_MEMORY) if memory else ("Error", 1)
        pods.end_first_container(pod, reason, code, now)
        self._later(1, 3, self._store.replace(kinds.PODS, pod), self._back_off)

    def _back_off(self, stored: Stored) -> None:
        pod = stored.load()
        first = pod["status"]["containerStatuses"][0]
        if stored.deleting or "terminated" not in first["state"]:
            return
        seconds = min(10 * 2 ** min(first["restartCount"], 5), _LONGEST_BACK_OFF)
        pods.back_off(pod, seconds)
        message = f"Back-off restarting failed container {first['name']} in pod {stored.name}"
        self._record(pod, "BackOff", message, warning=True, container=first["name"])
        self._later(seconds, seconds + 1, self._store.replace(kinds.PODS, pod), self._start)

    def _pull(self, stored: Stored) -> None:
        pod = stored.load()
        if stored.deleting:
            return
        container = pod["spec"]["containers"][0]
        image = container["image"]
        missing = f'failed to pull and unpack image "{image}": not found'
        if dig(pod["status"]["containerStatuses"][0], "state", "waiting", "reason") == "ErrImagePull":
            pods.wait(pod, "ImagePullBackOff", f'Back-off pulling image "{image}"')
            self._record(pod, "BackOff", f'Back-off pulling image "{image}"', container=container["name"])
            delay = 40.0
        else:
            pods.wait(pod, "ErrImagePull", missing)
            self._record(pod, "Failed", f"Error: ErrImagePull: {missing}", warning=True, container=container["name"])
            delay = 3.0
        self._later(delay, delay * 2, self._store.replace(kinds.PODS, pod), self._pull)

    def _fail_init(self, stored: Stored) -> None:
        pod, now = stored.load(), self._agenda.now()
        if stored.deleting:
            return
        known = (dig(pod, "status", "initContainerStatuses") or [{}])[0]
        backing_off = "terminated" in known.get("state", {})
        restarts = known.get("restartCount", 0) + (0 if backing_off else 1)
        pods.fail_init(pod, restarts, now, backing_off=backing_off)
        name = pod["spec"]["initContainers"][0]["name"]
        if backing_off:
            message = f"Back-off restarting failed container {name} in pod {stored.name}"
            self._record(pod, "BackOff", message, warning=True, container=name)
        delay = 60.0 if backing_off else 2.0
        self._later(delay, delay * 1.5, self._store.replace(kinds.PODS, pod), self._fail_init)

    def _finish(self, stored: Stored) -> None:
        pod = stored.load()
        if dig(pod, "status", "phase") == "Running":
            pods.finish(pod, self._agenda.now(), succeeded=self._temper(stored) is not Temper.CRASHING)
            self._store.replace(kinds.PODS, pod)

    def _remove(self, stored: Stored) -> None:
        self._store.remove(kinds.PODS, stored.namespace, stored.name)

    def _temper(self, stored: Stored) -> Temper:
        return self._tempers.get((stored.namespace, stored.labels.get(_NAME_LABEL, "")), Temper.STEADY)

    def _record(self, pod: Json, reason: str, message: str, *, container: str, warning: bool = False) -> None:
        path = f"spec.containers{{{container}}}"
        self._recorder.record(kinds.PODS, pod, reason, message, component="kubelet", warning=warning, field_path=path)

    def _later(self, least: float, most: float, stored: Stored, action: Callable[[Stored], None]) -> None:
        """Do something to the pod as it is by then; nothing when it is gone, or another one has its name."""

        def act() -> None:
            current = self._store.get(kinds.PODS, stored.namespace, stored.name)
            if current is not None and current.uid == stored.uid:
                action(current)

        self._agenda.after(self._chance.uniform(least, most), act)
