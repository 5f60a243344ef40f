"""Rows of services and ingresses."""

from __future__ import annotations

from headlamp.demo.cluster.jsontypes import Json, dig
from headlamp.demo.cluster.printing.cells import (
    AGE,
    NAME,
    NONE,
    Cell,
    Column,
    Printer,
    age,
    labels,
    listed,
    name,
)

_MOST_SHOWN = 3


def _some(values: list[str]) -> str:
    """The first few, and how many more there are."""
    shown = ",".join(values[:_MOST_SHOWN])
    return f"{shown} + {len(values) - _MOST_SHOWN} more..." if len(values) > _MOST_SHOWN else shown or NONE


def _port(port: Json) -> str:
    node_port = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{node_port}/{port.get('protocol', 'TCP')}"


def _external(service: Json) -> str:
    if dig(service, "spec", "type") == "ExternalName":
        return str(service["spec"].get("externalName", NONE))
    addresses = [
        entry.get("ip") or entry.get("hostname") for entry in dig(service, "status", "loadBalancer", "ingress") or []
    ]
    if dig(service, "spec", "type") == "LoadBalancer" and not addresses:
        return "<pending>"
    return listed(addresses)


def _service(service: Json) -> tuple[Cell, ...]:
    spec = service["spec"]
    return (
        name(service),
        spec.get("type", "ClusterIP"),
        spec.get("clusterIP") or NONE,
        _external(service),
        listed(_port(port) for port in spec.get("ports") or []),
        age(service),
        labels(spec.get("selector")),
    )


def _ingress(ingress: Json) -> tuple[Cell, ...]:
    spec = ingress["spec"]
    hosts = [rule.get("host") or "*" for rule in spec.get("rules") or []]
    addresses = [e.get("ip") or e.get("hostname") for e in dig(ingress, "status", "loadBalancer", "ingress") or []]
    return (
        name(ingress),
        spec.get("ingressClassName") or NONE,
        _some(hosts) if hosts else "*",
        ",".join(addresses),
        "80, 443" if spec.get("tls") else "80",
        age(ingress),
    )


SERVICE = Printer(
    (
        NAME,
        Column("Type", "How the service is reached."),
        Column("Cluster-IP", "The service's address in the cluster."),
        Column("External-IP", "The service's addresses outside of the cluster."),
        Column("Port(s)", "The ports of the service."),
        AGE,
        Column("Selector", "Labels of the pods that the service leads to.", wide=True),
    ),
    _service,
)
INGRESS = Printer(
    (
        NAME,
        Column("Class", "The ingress class that serves this ingress."),
        Column("Hosts", "The host names that have rules."),
        Column("Address", "The load balancer's addresses."),
        Column("Ports", "Ports of plain HTTP and, with certificates, of TLS."),
        AGE,
    ),
    _ingress,
)
