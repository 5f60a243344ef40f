"""Rows as kubectl prints them: one `Printer` a kind."""

from __future__ import annotations

from headlamp.demo.cluster import kinds
from headlamp.demo.cluster.kinds import Kind
from headlamp.demo.cluster.printing import batch, cluster, config, custom, network, pods, rbac, storage, workloads
from headlamp.demo.cluster.printing.cells import Printer

_PRINTERS = {
    kinds.NAMESPACES: cluster.NAMESPACE,
    kinds.NODES: cluster.NODE,
    kinds.EVENTS: cluster.EVENT,
    kinds.PODS: pods.PRINTER,
    kinds.SERVICES: network.SERVICE,
    kinds.INGRESSES: network.INGRESS,
    kinds.CONFIG_MAPS: config.CONFIG_MAP,
    kinds.SECRETS: config.SECRET,
    kinds.SERVICE_ACCOUNTS: config.SERVICE_ACCOUNT,
    kinds.CLAIMS: storage.CLAIM,
    kinds.VOLUMES: storage.VOLUME,
    kinds.STORAGE_CLASSES: storage.STORAGE_CLASS,
    kinds.DEPLOYMENTS: workloads.DEPLOYMENT,
    kinds.REPLICA_SETS: workloads.REPLICA_SET,
    kinds.STATEFUL_SETS: workloads.STATEFUL_SET,
    kinds.DAEMON_SETS: workloads.DAEMON_SET,
    kinds.JOBS: batch.JOB,
    kinds.CRON_JOBS: batch.CRON_JOB,
    kinds.CLUSTER_ROLES: rbac.ROLE,
    kinds.ROLES: rbac.ROLE,
    kinds.CLUSTER_ROLE_BINDINGS: rbac.BINDING,
    kinds.ROLE_BINDINGS: rbac.BINDING,
    kinds.DEFINITIONS: custom.DEFINITION,
    kinds.CERTIFICATES: custom.CERTIFICATE,
}


def printer_of(kind: Kind) -> Printer:
    """The printer of a stored kind."""
    return _PRINTERS[kind]
