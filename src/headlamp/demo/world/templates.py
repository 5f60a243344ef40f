"""Objects of workloads as somebody would have applied them: templates, services, configuration."""

from __future__ import annotations

from headlamp.demo.cluster.jsontypes import Json
from headlamp.demo.world.company import Container, Temper, Workload


def labels_of(workload: Workload) -> dict[str, str]:
    """The labels that the workload's objects and pods share."""
    return {
        "app.kubernetes.io/name": workload.name,
        "app.kubernetes.io/part-of": workload.namespace,
        "app.kubernetes.io/version": workload.containers[0].image.rpartition(":")[2],
    }


def selector_of(workload: Workload) -> dict[str, str]:
    return {"app.kubernetes.io/name": workload.name}


def pod_template(workload: Workload) -> Json:
    """The pod template of a workload."""
    configuration = f"{workload.name}-config"
    volumes: list[Json] = []
    if workload.configured:
        volumes.append({"name": "config", "configMap": {"name": configuration, "defaultMode": 420}})
    job = workload.kind == "CronJob"
    spec: Json = {
        **({"initContainers": [container_spec(workload.init)]} if workload.init else {}),
        "containers": [container_spec(container, configured=workload.configured) for container in workload.containers],
        "restartPolicy": "Never" if job else "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "default",
        "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "fsGroup": 10001},
        "schedulerName": "default-scheduler",
        **({"nodeSelector": dict(workload.node_selector)} if workload.node_selector else {}),
        **({"volumes": volumes} if volumes else {}),
    }
    return {"metadata": {"labels": labels_of(workload)}, "spec": spec}


def container_spec(container: Container, *, configured: bool = False) -> Json:
    """A container as it stands in a pod template."""
    probe = {"httpGet": {"path": "/healthz", "port": container.port}, "periodSeconds": 10, "failureThreshold": 3}
    return {
        "name": container.name,
        "image": container.image,
        "imagePullPolicy": "IfNotPresent",
        **({"ports": [{"containerPort": container.port, "protocol": "TCP"}]} if container.port else {}),
        "env": [
            {"name": "LOG_LEVEL", "value": "info"},
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
        ],
        "resources": {
            "requests": {"cpu": f"{container.cpu}m", "memory": f"{container.memory}Mi"},
            "limits": {"memory": f"{container.memory * 2}Mi"},
        },
        **({"readinessProbe": probe} if container.port else {}),
        **({"volumeMounts": [{"name": "config", "mountPath": "/etc/app", "readOnly": True}]} if configured else {}),
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }


def config_map(workload: Workload) -> Json:
    """The configuration that the workload's pods mount."""
    settings = {
        "application.yaml": (
            f"service: {workload.name}\n"
            f"team: {workload.namespace}\n"
            "logging:\n  level: info\n  format: logfmt\n"
            f"limits:\n  requests_per_second: {200 * workload.replicas}\n  timeout: 2s\n"
        ),
        "features.properties": "new-checkout=true\nslow-queries-are-logged=true\n",
    }
    return {"metadata": {"name": f"{workload.name}-config", "labels": labels_of(workload)}, "data": settings}


def service(workload: Workload, address: str) -> Json | None:
    """The service in front of the workload; None when nothing listens."""
    ports = [container.port for container in workload.containers if container.port]
    if not ports:
        return None
    headless = workload.kind == "StatefulSet"
    public = workload.namespace == "edge"
    return {
        "metadata": {"name": workload.name, "labels": labels_of(workload)},
        "spec": {
            "type": "LoadBalancer" if public else "ClusterIP",
            "clusterIP": "None" if headless else address,
            "selector": selector_of(workload),
            "ports": [
                {
                    "name": "main",
                    "port": 443 if public else 80 if ports[0] == 8080 else ports[0],
                    "targetPort": ports[0],
                    "protocol": "TCP",
                    **({"nodePort": 31443} if public else {}),
                }
            ],
        },
        "status": {"loadBalancer": {"ingress": [{"ip": "198.51.100.17"}]} if public else {}},
    }


def ingress(workload: Workload) -> Json:
    """The ingress of a workload that has a host name."""
    backend = {"service": {"name": workload.name, "port": {"name": "main"}}}
    return {
        "metadata": {"name": workload.name, "labels": labels_of(workload)},
        "spec": {
            "ingressClassName": "edge",
            "tls": [{"hosts": [workload.host], "secretName": f"{workload.name}-tls"}],
            "rules": [
                {"host": workload.host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
            ],
        },
        "status": {"loadBalancer": {"ingress": [{"ip": "198.51.100.17"}]}},
    }


def behaves(temper: Temper) -> bool:
    """Whether pods of this temper come up."""
    return temper in (Temper.STEADY, Temper.CRASHING, Temper.RUNS_OUT_OF_MEMORY, Temper.NOT_READY)
