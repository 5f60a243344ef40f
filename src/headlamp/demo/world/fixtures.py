"""Objects that stand beside the workloads: nodes, namespaces, volumes, certificates, definitions."""

from __future__ import annotations

from collections.abc import Iterator

from headlamp.demo import timestamps
from headlamp.demo.cluster import kinds
from headlamp.demo.cluster.jsontypes import Json
from headlamp.demo.cluster.kinds import Kind
from headlamp.demo.world.company import Workload
from headlamp.demo.world.pods import node_address

_DAY = 86_400.0
_STORAGE_CLASS = "standard"


def namespace(name: str) -> Json:
    return {
        "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def node(name: str) -> Json:
    """A worker that is ready."""
    number = int(name.rpartition("-")[2])
    resources = {"cpu": "16", "memory": "65838920Ki", "pods": "250", "ephemeral-storage": "203056560Ki"}
    return {
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "node-role.kubernetes.io/worker": "",
                "topology.kubernetes.io/region": "fra1",
                "topology.kubernetes.io/zone": f"fra1-{'abc'[number % 3]}",
            },
        },
        "spec": {"podCIDR": f"10.128.{number}.0/24", "providerID": f"demo:///{name}"},
        "status": {
            "capacity": resources,
            "allocatable": resources,
            "conditions": [
                {"type": "MemoryPressure", "status": "False", "reason": "KubeletHasSufficientMemory"},
                {"type": "DiskPressure", "status": "False", "reason": "KubeletHasNoDiskPressure"},
                {"type": "PIDPressure", "status": "False", "reason": "KubeletHasSufficientPID"},
                {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is simulated"},
            ],
            "addresses": [
                {"type": "InternalIP", "address": node_address(name)},
                {"type": "Hostname", "address": name},
            ],
            "nodeInfo": {
                "architecture": "amd64",
                "operatingSystem": "linux",
                "osImage": "Simulated Linux 13",
                "kernelVersion": "6.12.0-demo",
                "containerRuntimeVersion": "containerd://2.2.0",
                "kubeletVersion": "v1.37.2-demo",
            },
        },
    }


def root_certificates() -> Json:
    """The config map with the cluster's authority that every namespace has."""
    return {"metadata": {"name": "kube-root-ca.crt"}, "data": {"ca.crt": "(the demo's certificate authority)\n"}}


def claim_and_volume(workload: Workload, pod: str) -> Iterator[tuple[Kind, Json]]:
    """The storage of one pod of a stateful set."""
    name, volume = f"data-{pod}", f"pvc-{workload.namespace}-{pod}"
    size = {"storage": workload.storage}
    modes = ["ReadWriteOnce"]
    yield (
        kinds.CLAIMS,
        {
            "metadata": {"name": name, "namespace": workload.namespace},
            "spec": {
                "accessModes": modes,
                "resources": {"requests": size},
                "storageClassName": _STORAGE_CLASS,
                "volumeMode": "Filesystem",
                "volumeName": volume,
            },
            "status": {"phase": "Bound", "accessModes": modes, "capacity": size},
        },
    )
    yield (
        kinds.VOLUMES,
        {
            "metadata": {"name": volume},
            "spec": {
                "capacity": size,
                "accessModes": modes,
                "claimRef": {"kind": "PersistentVolumeClaim", "namespace": workload.namespace, "name": name},
                "persistentVolumeReclaimPolicy": "Delete",
                "storageClassName": _STORAGE_CLASS,
                "volumeMode": "Filesystem",
                "csi": {"driver": "csi.demo.example", "volumeHandle": volume},
            },
            "status": {"phase": "Bound"},
        },
    )


def certificate(name: str, host: str, now: float) -> Json:
    """A custom resource: a certificate that is up to date."""
    message = "Certificate is up to date and has not expired"
    return {
        "metadata": {"name": name, "generation": 1},
        "spec": {
            "secretName": name,
            "dnsNames": [host],
            "duration": "2160h",
            "issuerRef": {"kind": "Issuer", "name": "public-acme"},
        },
        "status": {
            "conditions": [{"type": "Ready", "status": "True", "reason": "Ready", "message": message}],
            "notAfter": timestamps.written(now + 54 * _DAY),
            "notBefore": timestamps.written(now - 36 * _DAY),
            "renewalTime": timestamps.written(now + 24 * _DAY),
            "revision": 4,
        },
    }


def cluster_wide() -> Iterator[tuple[Kind, Json]]:
    """The storage class, and the definition of the custom resource."""
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    yield (
        kinds.STORAGE_CLASSES,
        {
            "metadata": {"name": _STORAGE_CLASS, "annotations": default},
            "provisioner": "csi.demo.example",
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "WaitForFirstConsumer",
            "allowVolumeExpansion": True,
        },
    )
    kind = kinds.CERTIFICATES
    names = {"plural": kind.plural, "singular": kind.singular, "kind": kind.kind, "listKind": f"{kind.kind}List"}
    version = {
        "name": kind.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
            {"name": "Secret", "type": "string", "jsonPath": ".spec.secretName"},
            {"name": "Issuer", "type": "string", "jsonPath": ".spec.issuerRef.name", "priority": 1},
            {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        ],
    }
    yield (
        kinds.DEFINITIONS,
        {
            "metadata": {"name": kind.qualified},
            "spec": {
                "group": kind.group,
                "scope": "Namespaced",
                "names": {**names, "shortNames": list(kind.short_names), "categories": list(kind.categories)},
                "versions": [version],
                "conversion": {"strategy": "None"},
            },
            "status": {
                "conditions": [
                    {"type": "NamesAccepted", "status": "True", "reason": "NoConflicts"},
                    {"type": "Established", "status": "True", "reason": "InitialNamesAccepted"},
                ],
                "storedVersions": [kind.version],
            },
        },
    )
