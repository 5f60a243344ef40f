"""The objects of the cluster that is measured: the same every time, and as large and as various as people's are.

A pod is some eight kilobytes of JSON once kwok has brought it to life: two containers with variables, probes and
volumes, and what the API server notes about who wrote which field.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

APPS = ("checkout", "cart", "payments", "front", "search", "ledger", "mail", "stock", "loyalty", "orders")
TIERS = ("frontend", "backend", "data")
LETTERS = "bcdfghjklmnpqrstvwxz2456789"
# Of a hundred pods these are in trouble, as `status.reason` or a container's state would say it.
TROUBLES = ("CrashLoopBackOff", "ImagePullBackOff", "Evicted")
SHARE_IN_TROUBLE, SHARE_RESTARTED = 0.03, 0.15
KUBELET = "v1.37.2"


@dataclass(frozen=True)
class Size:
    """How many of each there are."""

    pods: int = 10_000
    namespaces: int = 20
    nodes: int = 20


def namespace_name(at: int, size: Size) -> str:
    """The namespace of the pod with a number."""
    return f"team-{at % size.namespaces:02d}"


def namespaces(size: Size) -> Iterator[dict[str, Any]]:
    """All of them."""
    for at in range(size.namespaces):
        name = namespace_name(at, size)
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"team": name}}}


def nodes(size: Size) -> Iterator[dict[str, Any]]:
    """Nodes with room for everything."""
    room = {"cpu": "64", "memory": "256Gi", "pods": "5000"}
    for at in range(size.nodes):
        labels = {
            "kubernetes.io/hostname": _node_name(at),
            "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
            "topology.kubernetes.io/zone": f"zone-{'abc'[at % 3]}",
            "node.kubernetes.io/instance-type": "m5.16xlarge",
        }
        yield {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": _node_name(at), "labels": labels},
            "status": {"capacity": room, "allocatable": room, "nodeInfo": {"kubeletVersion": KUBELET}},
        }


def pods(size: Size) -> Iterator[dict[str, Any]]:
    """All pods, each bound to a node, in an order that spreads over the namespaces."""
    for at in range(size.pods):
        yield _pod(at, size)


def trouble(at: int) -> dict[str, Any] | None:
    """What happens to the pod with a number after it has come to life: a patch of its status; None for most."""
    chance = random.Random(f"trouble-{at}")
    if chance.random() < SHARE_IN_TROUBLE:
        return {"status": {"reason": chance.choice(TROUBLES)}}
    return None


def restarts(at: int) -> int:
    """How often the containers of the pod with a number have been restarted; mostly never."""
    chance = random.Random(f"restarts-{at}")
    return chance.randrange(1, 40) if chance.random() < SHARE_RESTARTED else 0


def _pod(at: int, size: Size) -> dict[str, Any]:
    chance = random.Random(f"pod-{at}")
    namespace, app, tier = namespace_name(at, size), APPS[at // size.namespaces % len(APPS)], TIERS[at % len(TIERS)]
    template = _letters(random.Random(f"template-{at // 50}"), 9)
    version = f"1.{at % 7}.{at % 13}"
    labels = {
        "app": app,
        "app.kubernetes.io/name": app,
        "app.kubernetes.io/instance": f"{app}-{namespace}",
        "app.kubernetes.io/version": version,
        "app.kubernetes.io/part-of": namespace,
        "tier": tier,
        "pod-template-hash": template,
    }
    annotations = {
        "checksum/config": _letters(chance, 64),
        "prometheus.io/scrape": "true",
        "prometheus.io/port": "9090",
        "example.com/owner": f"{tier}@example.com",
    }
    spec = {
        "nodeName": _node_name(at % size.nodes),
        "containers": [_container(app, version, namespace, chance), _container("sidecar", "2.4.1", namespace, chance)],
        "volumes": [
            {"name": "config", "configMap": {"name": f"{app}-config", "optional": True}},
            {"name": "tmp", "emptyDir": {}},
        ],
        "terminationGracePeriodSeconds": 0,
        "securityContext": {"fsGroup": 2000, "seccompProfile": {"type": "RuntimeDefault"}},
    }
    name = f"{app}-{template}-{_letters(chance, 5)}"
    metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _container(name: str, version: str, namespace: str, chance: random.Random) -> dict[str, Any]:
    variables: list[dict[str, Any]] = [
        {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
    ]
    for app in APPS[:5]:
        address = f"https://{app}.{namespace}.svc.cluster.local:8443/v1/{_letters(chance, 12)}"
        variables.append({"name": f"{app.upper()}_ADDRESS", "value": address})
    return {
        "name": name,
        "image": f"registry.example.com/{name}:{version}",
        "args": ["--listen=:8080", "--log-format=json", "--config=/etc/app/config.yaml"],
        "env": variables,
        "ports": [{"name": f"{name[:10]}-web", "containerPort": 8080}],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}},
        "livenessProbe": _probe("/healthz"),
        "readinessProbe": _probe("/readyz"),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app"}, {"name": "tmp", "mountPath": "/tmp"}],
    }


def _probe(path: str) -> dict[str, Any]:
    request = {"path": path, "port": 8080, "scheme": "HTTP"}
    return {"httpGet": request, "initialDelaySeconds": 5, "periodSeconds": 10, "timeoutSeconds": 2}


def _node_name(at: int) -> str:
    return f"node-{at:03d}"


def _letters(chance: random.Random, count: int) -> str:
    return "".join(chance.choices(LETTERS, k=count))
