"""One object, or a few, of each kind that needs nothing but the API server, and a kind of our own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMESPACE = "every-kind"
Manifest = dict[str, Any]

_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io/v1"
_NOWHERE = {"matchLabels": {"nobody": "has-this"}}
_CONTAINER = {"name": "main", "image": "registry.example.com/main:1.0"}
_LABELS = {"app": "every-kind"}
_POD: Manifest = {
    "metadata": {"labels": _LABELS},
    "spec": {"terminationGracePeriodSeconds": 0, "containers": [_CONTAINER]},
}
_POD_THAT_ENDS = {"spec": _POD["spec"] | {"restartPolicy": "Never"}}
_REQUEST = {"devices": {"requests": [{"name": "one", "exactly": {"deviceClassName": "every-kind"}}]}}
_CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "slow"}

SHIPS = "ships.test.headlamp.example"
_SHIP_COLUMNS = [
    {"name": "Flag", "type": "string", "jsonPath": ".spec.flag"},
    {"name": "Crew", "type": "integer", "jsonPath": ".spec.crew"},
    {"name": "Draught", "type": "number", "jsonPath": ".spec.draught"},
    {"name": "Afloat", "type": "boolean", "jsonPath": ".spec.afloat"},
    {"name": "Launched", "type": "date", "jsonPath": ".spec.launched"},
    {"name": "Ports", "type": "string", "jsonPath": ".spec.ports", "priority": 1},
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
]
SHIP_DEFINITION: Manifest = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": SHIPS},
    "spec": {
        "group": "test.headlamp.example",
        "scope": "Namespaced",
        "names": {"plural": "ships", "singular": "ship", "kind": "Ship", "listKind": "ShipList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "additionalPrinterColumns": _SHIP_COLUMNS,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                        },
                    }
                },
            }
        ],
    },
}


def objects() -> list[Manifest]:
    """What is there first."""
    return [*_of_the_cluster(), *(_in_the_namespace(one) for one in _of_a_namespace())]


def changed() -> list[Manifest]:
    """Some of it in another form, and some that is new."""
    later = [
        _object("v1", "ConfigMap", "settings", data={"a": "1", "b": "2", "c": "3"}),
        _object("v1", "ConfigMap", "more-settings", data={}),
        _object("v1", "Secret", "secret", stringData={"a": "1", "b": "2"}),
        _object("apps/v1", "Deployment", "web", spec=_replicated(3)),
        _object("batch/v1", "CronJob", "nightly", spec=_nightly(suspend=True)),
        _object("test.headlamp.example/v1", "Ship", "argo", spec={"flag": "Colchis", "crew": 49, "afloat": False}),
        _object("test.headlamp.example/v1", "Ship", "beagle", spec={"launched": "1820-05-11T00:00:00Z"}),
        _object(
            "v1",
            "Service",
            "another",
            spec={"selector": _LABELS, "ports": [{"name": "a", "port": 81}, {"name": "b", "port": 82}]},
        ),
    ]
    return [
        _object("v1", "Namespace", f"{NAMESPACE}-later"),
        _object("scheduling.k8s.io/v1", "PriorityClass", "urgent", value=7),
        *map(_in_the_namespace, later),
    ]


GONE = (
    "configmaps/forgotten",
    "serviceaccounts/robot",
    "ships.v1.test.headlamp.example/flying-dutchman",
    "pods/alone",
    "statefulsets.v1.apps/data",
)
"""What is deleted meanwhile, as kubectl names it."""


def _object(api_version: str, kind: str, name: str, **more: Any) -> Manifest:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}} | more


def _in_the_namespace(manifest: Manifest) -> Manifest:
    return manifest | {"metadata": manifest["metadata"] | {"namespace": NAMESPACE}}


def _replicated(replicas: int) -> Manifest:
    return {"replicas": replicas, "selector": {"matchLabels": _LABELS}, "template": _POD}


def _nightly(*, suspend: bool) -> Manifest:
    return {"schedule": "0 3 * * *", "suspend": suspend, "jobTemplate": {"spec": {"template": _POD_THAT_ENDS}}}


def _of_the_cluster() -> Iterator[Manifest]:
    role = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "every-kind"}
    group = {"apiGroup": _RBAC, "kind": "Group", "name": "nobody"}
    watched = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["podtemplates"]}
    matching = {"resourceRules": [watched], "objectSelector": _NOWHERE}
    policy = {"matchConstraints": matching, "validations": [{"expression": "true"}]}
    storage = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "slow"}
    yield _object("v1", "Namespace", NAMESPACE)
    yield _object("v1", "PersistentVolume", "volume", spec=storage | {"hostPath": {"path": "/data"}})
    yield _object(f"{_RBAC}/v1", "ClusterRole", "every-kind", rules=[])
    yield _object(f"{_RBAC}/v1", "ClusterRoleBinding", "every-kind", roleRef=role, subjects=[group])
    yield _object("scheduling.k8s.io/v1", "PriorityClass", "high", value=100, description="Comes first.")
    yield _object("storage.k8s.io/v1", "StorageClass", "slow", provisioner="none.example.com")
    yield _object("storage.k8s.io/v1", "CSIDriver", "none.example.com", spec={})
    yield _object("storage.k8s.io/v1", "CSINode", "node-1", spec={"drivers": []})
    attached = {"attacher": "none.example.com", "nodeName": "node-1", "source": {"persistentVolumeName": "volume"}}
    yield _object("storage.k8s.io/v1", "VolumeAttachment", "attached", spec=attached)
    yield _object("networking.k8s.io/v1", "IngressClass", "doors", spec={"controller": "example.com/doors"})
    yield _object("node.k8s.io/v1", "RuntimeClass", "slow", handler="slow")
    yield _object("resource.k8s.io/v1", "DeviceClass", "every-kind", spec={})
    yield _object(_ADMISSION, "ValidatingAdmissionPolicy", "every-kind", spec=policy)
    bound = {"policyName": "every-kind", "validationActions": ["Warn"]}
    yield _object(_ADMISSION, "ValidatingAdmissionPolicyBinding", "every-kind", spec=bound)
    yield _object(_ADMISSION, "ValidatingWebhookConfiguration", "none", webhooks=[])
    yield _object(_ADMISSION, "MutatingWebhookConfiguration", "none", webhooks=[])


def _of_a_namespace() -> Iterator[Manifest]:
    web = {"name": "web", "port": {"number": 80}}
    rule = {
        "host": "a.example.com",
        "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": web}}]},
    }
    role = {"apiGroup": _RBAC, "kind": "Role", "name": "reader"}
    account = {"kind": "ServiceAccount", "name": "robot", "namespace": NAMESPACE}
    scaled = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    usage = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
    }
    yield _object("v1", "ConfigMap", "settings", data={"a": "1"})
    yield _object("v1", "ConfigMap", "forgotten", data={"a": "1"})
    yield _object("v1", "Secret", "secret", stringData={"a": "1"})
    yield _object("v1", "ServiceAccount", "robot")
    yield _object("v1", "Service", "web", spec={"selector": _LABELS, "ports": [{"port": 80}]})
    yield _object("v1", "Service", "elsewhere", spec={"type": "ExternalName", "externalName": "example.com"})
    yield _object("v1", "Pod", "alone", spec=_POD["spec"] | {"nodeName": "node-1"})
    yield _object("v1", "PodTemplate", "template", template=_POD)
    yield _object(
        "v1",
        "ReplicationController",
        "old",
        spec={
            "replicas": 1,
            "selector": {"app": "old"},
            "template": {"metadata": {"labels": {"app": "old"}}, "spec": _POD["spec"]},
        },
    )
    yield _object("v1", "LimitRange", "limits", spec={"limits": [{"type": "Container", "max": {"cpu": "8"}}]})
    yield _object("v1", "ResourceQuota", "quota", spec={"hard": {"pods": "50", "configmaps": "50"}})
    yield _object("v1", "PersistentVolumeClaim", "claim", spec=_CLAIM)
    yield _object("apps/v1", "Deployment", "web", spec=_replicated(2))
    yield _object("apps/v1", "StatefulSet", "data", spec=_replicated(1) | {"serviceName": "web"})
    yield _object("apps/v1", "DaemonSet", "agent", spec={"selector": {"matchLabels": _LABELS}, "template": _POD})
    yield _object("apps/v1", "ControllerRevision", "first", revision=1, data={})
    yield _object("batch/v1", "Job", "once", spec={"template": _POD_THAT_ENDS})
    yield _object("batch/v1", "CronJob", "nightly", spec=_nightly(suspend=False))
    yield _object(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        "web",
        spec={"scaleTargetRef": scaled, "minReplicas": 1, "maxReplicas": 5, "metrics": [usage]},
    )
    yield _object(
        "policy/v1", "PodDisruptionBudget", "web", spec={"minAvailable": 1, "selector": {"matchLabels": _LABELS}}
    )
    yield _object("networking.k8s.io/v1", "Ingress", "door", spec={"ingressClassName": "doors", "rules": [rule]})
    yield _object("networking.k8s.io/v1", "NetworkPolicy", "closed", spec={"podSelector": {}})
    yield _object(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        "by-hand",
        addressType="IPv4",
        endpoints=[{"addresses": ["192.0.2.1"]}],
        ports=[{"port": 80}],
    )
    yield _object("coordination.k8s.io/v1", "Lease", "leader", spec={"holderIdentity": "somebody"})
    yield _object(f"{_RBAC}/v1", "Role", "reader", rules=[])
    yield _object(f"{_RBAC}/v1", "RoleBinding", "reader", roleRef=role, subjects=[account])
    yield _object("storage.k8s.io/v1", "CSIStorageCapacity", "room", storageClassName="slow", capacity="10Gi")
    yield _object("resource.k8s.io/v1", "ResourceClaim", "claim", spec=_REQUEST)
    yield _object("resource.k8s.io/v1", "ResourceClaimTemplate", "template", spec={"spec": _REQUEST})
    ship = {"flag": "Thessaly", "crew": 50, "draught": 1.5, "afloat": True, "ports": ["Iolcos"]}
    yield _object("test.headlamp.example/v1", "Ship", "argo", spec=ship | {"launched": "2026-01-02T03:04:05Z"})
    yield _object("test.headlamp.example/v1", "Ship", "flying-dutchman")
