"""The cluster as one finds it: everything made, most of it well, some of it not."""

from __future__ import annotations

import base64
import copy
import random
from collections.abc import Iterator

from headlamp.demo import timestamps
from headlamp.demo.chance import suffix
from headlamp.demo.cluster import kinds
from headlamp.demo.cluster.jsontypes import Json
from headlamp.demo.cluster.kinds import Kind
from headlamp.demo.cluster.store import Store
from headlamp.demo.people import DOMAIN
from headlamp.demo.world import fixtures, jobs, pods, roles, templates
from headlamp.demo.world.company import JOBS_KEPT, NAMESPACES, Temper, Workload
from headlamp.demo.world.controllers import REVISION_LABEL
from headlamp.demo.world.kubelet import Kubelet
from headlamp.demo.world.podstate import template_hash
from headlamp.demo.world.rollout import HASH_LABEL, REVISION, replica_set

_HOUR = 3600.0
_DAY = 24 * _HOUR
_CLUSTER_AGE = 211 * _DAY


class Populator:
    """Fills a store. Nobody listens yet, so whatever is made here is simply there."""

    def __init__(self, store: Store, kubelet: Kubelet, chance: random.Random, now: float) -> None:
        self._store = store
        self._kubelet = kubelet
        self._chance = chance
        self._now = now
        self._nodes: list[str] = []
        self._next_node = 0
        self._services = 0

    def fill(self, workloads: tuple[Workload, ...], nodes: int) -> None:
        """Make the whole world."""
        for name in NAMESPACES:
            self._create(kinds.NAMESPACES, fixtures.namespace(name), _CLUSTER_AGE)
            self._create(kinds.SERVICE_ACCOUNTS, _in(name, {"metadata": {"name": "default"}}), _CLUSTER_AGE)
            self._create(kinds.CONFIG_MAPS, _in(name, fixtures.root_certificates()), _CLUSTER_AGE)
        self._nodes = [f"fra1-worker-{number:03d}" for number in range(1, nodes + 1)]
        for name in self._nodes:
            self._create(kinds.NODES, fixtures.node(name), self._chance.uniform(20, 200) * _DAY)
        for kind, obj in (*roles.objects(), *fixtures.cluster_wide()):
            self._create(kind, obj, _CLUSTER_AGE)
        for workload in workloads:
            self._workload(workload, self._chance.uniform(3, 120) * _DAY)

    def _create(self, kind: Kind, obj: Json, age: float) -> Json:
        obj["metadata"]["creationTimestamp"] = timestamps.written(self._now - age)
        self._store.create(kind, obj)
        return obj

    def _workload(self, workload: Workload, age: float) -> None:
        namespace = workload.namespace
        if workload.configured:
            self._create(kinds.CONFIG_MAPS, _in(namespace, templates.config_map(workload)), age)
        self._services += 1
        address = f"10.96.{self._services // 200 + 3}.{self._services % 200 + 11}"
        service = templates.service(workload, address)
        if service is not None:
            self._create(kinds.SERVICES, _in(namespace, service), age)
        if workload.host:
            self._create(kinds.INGRESSES, _in(namespace, templates.ingress(workload)), age)
            self._certificate(workload, age)
        match workload.kind:
            case "Deployment":
                self._deployment(workload, age)
            case "StatefulSet":
                self._stateful_set(workload, age)
            case "DaemonSet":
                self._daemon_set(workload, age)
            case _:
                self._cron_job(workload, age)

    def _deployment(self, workload: Workload, age: float) -> None:
        revision = self._chance.randint(2, 60)
        deployment = self._create(kinds.DEPLOYMENTS, _in(workload.namespace, _deployment(workload, revision)), age)
        if workload.temper is Temper.STEADY and self._chance.random() < 0.5:
            older = copy.deepcopy(deployment)
            older["spec"]["template"]["spec"]["containers"][0]["image"] += "-rc1"
            self._create(kinds.REPLICA_SETS, replica_set(older, revision - 1, 0), age)
        since = min(age, self._chance.uniform(0.2, 14) * _DAY)
        current = replica_set(deployment, revision, workload.replicas)
        current["status"] = _counts(workload)
        current = self._create(kinds.REPLICA_SETS, current, since)
        labels = {HASH_LABEL: current["metadata"]["labels"][HASH_LABEL]}
        for _ in range(workload.replicas):
            name = f"{current['metadata']['name']}-{suffix(self._chance)}"
            self._pod(workload, kinds.REPLICA_SETS, current, name, labels, since)

    def _stateful_set(self, workload: Workload, age: float) -> None:
        owner = self._create(kinds.STATEFUL_SETS, _in(workload.namespace, _stateful_set(workload)), age)
        labels = {REVISION_LABEL: template_hash(owner["spec"]["template"])}
        for ordinal in range(workload.replicas):
            name = f"{workload.name}-{ordinal}"
            self._pod(workload, kinds.STATEFUL_SETS, owner, name, labels, age * 0.4)
            for kind, obj in fixtures.claim_and_volume(workload, name):
                self._create(kind, obj, age)

    def _daemon_set(self, workload: Workload, age: float) -> None:
        owner = self._create(kinds.DAEMON_SETS, _in(workload.namespace, _daemon_set(workload, len(self._nodes))), age)
        labels = {REVISION_LABEL: template_hash(owner["spec"]["template"])}
        for node in self._nodes:
            name = f"{workload.name}-{suffix(self._chance)}"
            self._pod(workload, kinds.DAEMON_SETS, owner, name, labels, age * 0.6, node=node)

    def _cron_job(self, workload: Workload, age: float) -> None:
        cron = self._create(kinds.CRON_JOBS, _in(workload.namespace, _cron_job(workload)), age)
        period = jobs.period(workload.schedule) or 3600
        last = self._now - self._now % period
        cron["status"] = {
            "lastScheduleTime": timestamps.written(last),
            "lastSuccessfulTime": timestamps.written(last + 9),
        }
        self._store.replace(kinds.CRON_JOBS, cron)
        for back in range(JOBS_KEPT, 0, -1):
            started = last - back * period
            obj = jobs.job(cron, f"{workload.name}-{int(started) // 60}", started)
            succeeded = workload.temper is Temper.STEADY
            jobs.conclude(obj, started + 11, succeeded=succeeded)
            obj = self._create(kinds.JOBS, obj, self._now - started)
            pod = jobs.job_pod(obj, self._chance)
            pod["metadata"].update(uid=f"{obj['metadata']['uid'][:-4]}{back:04d}")
            pods.place(pod, self._node(), started)
            pods.run(pod, self._kubelet.next_address(), started + 2)
            pods.finish(pod, started + 11, succeeded=succeeded)
            self._create(kinds.PODS, pod, self._now - started)

    def _pod(
        self, workload: Workload, kind: Kind, owner: Json, name: str, labels: dict[str, str], age: float, node: str = ""
    ) -> None:
        reference = pods.owner_reference(kind, owner)
        pod = pods.new_pod(
            owner["spec"]["template"], namespace=workload.namespace, name=name, owner=reference, labels=labels
        )
        started = self._now - age * self._chance.uniform(0.05, 1)
        if workload.temper is Temper.FITS_NO_NODE:
            message = f"0/{len(self._nodes)} nodes are available: no node matches the pod's node selector."
            pods.refuse(pod, message, started)
        else:
            pods.place(pod, node or self._node(), started)
        if templates.behaves(workload.temper):
            pods.run(pod, self._kubelet.next_address(), started + 3, ready=workload.temper is not Temper.NOT_READY)
        self._trouble(pod, workload.temper)
        self._create(kinds.PODS, pod, self._now - started)

    def _trouble(self, pod: Json, temper: Temper) -> None:
        """What a pod has been through by now."""
        if temper in (Temper.CRASHING, Temper.RUNS_OUT_OF_MEMORY):
            memory = temper is Temper.RUNS_OUT_OF_MEMORY
            reason, code = ("OOMKilled", pods.OUT_OF_MEMORY) if memory else ("Error", 1)
            ended = self._now - self._chance.uniform(20, 200)
            first = pod["status"]["containerStatuses"][0]
            first["restartCount"] = self._chance.randint(4, 41)
            first["state"]["running"]["startedAt"] = timestamps.written(ended - 14)
            pods.end_first_container(pod, reason, code, ended)
            pods.back_off(pod, 300)
        elif temper is Temper.IMAGE_IS_MISSING:
            image = pod["spec"]["containers"][0]["image"]
            pods.wait(pod, "ImagePullBackOff", f'Back-off pulling image "{image}"')
        elif temper is Temper.INIT_IS_FAILING:
            pods.fail_init(pod, self._chance.randint(3, 20), self._now - 40, backing_off=True)
        elif temper is Temper.STEADY and self._chance.random() < 0.06:
            first = pod["status"]["containerStatuses"][0]
            first["restartCount"] = self._chance.randint(1, 3)
            ended = self._now - self._chance.uniform(0.1, 40) * _HOUR
            terminated = {"exitCode": 143, "reason": "Error", "finishedAt": timestamps.written(ended)}
            first["lastState"] = {"terminated": {**terminated, "startedAt": timestamps.written(ended - _HOUR)}}
            first["state"] = {"running": {"startedAt": timestamps.written(ended + 2)}}

    def _certificate(self, workload: Workload, age: float) -> None:
        name = f"{workload.name}-tls"
        self._create(
            kinds.CERTIFICATES, _in(workload.namespace, fixtures.certificate(name, workload.host, self._now)), age
        )
        text = base64.b64encode(f"simulated certificate for {workload.host}, {DOMAIN}".encode()).decode()
        secret = {"metadata": {"name": name}, "type": "kubernetes.io/tls", "data": {"tls.crt": text, "tls.key": text}}
        self._create(kinds.SECRETS, _in(workload.namespace, secret), age)

    def _node(self) -> str:
        self._next_node += 1
        return self._nodes[self._next_node % len(self._nodes)]


def adopted(store: Store) -> Iterator[tuple[str, str, int]]:
    """The deployments that there are: namespace, name, ordinary number of pods."""
    for stored in store.select(kinds.DEPLOYMENTS):
        yield stored.namespace, stored.name, stored.load()["spec"]["replicas"]


def _in(namespace: str, obj: Json) -> Json:
    obj["metadata"]["namespace"] = namespace
    return obj


def _counts(workload: Workload) -> Json:
    well = workload.replicas if workload.temper is Temper.STEADY else 0
    return {
        "replicas": workload.replicas,
        "fullyLabeledReplicas": workload.replicas,
        "readyReplicas": well,
        "availableReplicas": well,
        "observedGeneration": 1,
    }


def _deployment(workload: Workload, revision: int) -> Json:
    counts = _counts(workload)
    return {
        "metadata": {
            "name": workload.name,
            "labels": templates.labels_of(workload),
            "annotations": {REVISION: str(revision)},
            "generation": 1,
        },
        "spec": {
            "replicas": workload.replicas,
            "selector": {"matchLabels": templates.selector_of(workload)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
            "revisionHistoryLimit": 3,
            "template": templates.pod_template(workload),
        },
        "status": {
            "observedGeneration": 1,
            "replicas": counts["replicas"],
            "updatedReplicas": counts["replicas"],
            "readyReplicas": counts["readyReplicas"],
            "availableReplicas": counts["readyReplicas"],
        },
    }


def _stateful_set(workload: Workload) -> Json:
    return {
        "metadata": {"name": workload.name, "labels": templates.labels_of(workload), "generation": 1},
        "spec": {
            "replicas": workload.replicas,
            "serviceName": workload.name,
            "selector": {"matchLabels": templates.selector_of(workload)},
            "template": templates.pod_template(workload),
        },
        "status": {"replicas": workload.replicas, "readyReplicas": workload.replicas, "observedGeneration": 1},
    }


def _daemon_set(workload: Workload, nodes: int) -> Json:
    names = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "numberAvailable")
    return {
        "metadata": {"name": workload.name, "labels": templates.labels_of(workload), "generation": 1},
        "spec": {
            "selector": {"matchLabels": templates.selector_of(workload)},
            "template": templates.pod_template(workload),
        },
        "status": {**dict.fromkeys((*names, "updatedNumberScheduled"), nodes), "observedGeneration": 1},
    }


def _cron_job(workload: Workload) -> Json:
    return {
        "metadata": {"name": workload.name, "labels": templates.labels_of(workload), "generation": 1},
        "spec": {
            "schedule": workload.schedule,
            "suspend": False,
            "concurrencyPolicy": "Forbid",
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"spec": {"template": templates.pod_template(workload)}},
        },
        "status": {},
    }
