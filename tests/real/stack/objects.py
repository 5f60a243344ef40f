"""Kubernetes objects that tests create."""

from __future__ import annotations

from typing import Any

KUBELET = "v1.37.2"


def node(name: str) -> dict[str, Any]:
    """A node with room for everything."""
    room = {"cpu": "64", "memory": "256Gi", "pods": "1000"}
    return {
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}},
        "status": {"capacity": room, "allocatable": room, "nodeInfo": {"kubeletVersion": KUBELET}},
    }


def pod(name: str, *, node_name: str | None = None, app: str = "web") -> dict[str, Any]:
    """A pod with one container. With `node_name` it needs no scheduler."""
    spec: dict[str, Any] = {
        "containers": [{"name": app, "image": f"registry.example.com/{app}:1.0"}],
        "terminationGracePeriodSeconds": 0,
    }
    if node_name is not None:
        spec["nodeName"] = node_name
    return {"metadata": {"name": name, "labels": {"app": app}}, "spec": spec}


def config_map(name: str, **data: str) -> dict[str, Any]:
    """A config map; its Table has the number of its entries in a column."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def phase(of: dict[str, Any]) -> str:
    """How far the life of a pod is."""
    return str(of["status"].get("phase", ""))
