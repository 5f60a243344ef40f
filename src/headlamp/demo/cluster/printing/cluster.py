"""Rows of namespaces, nodes and events."""

from __future__ import annotations

from headlamp.demo.cluster.jsontypes import Json, dig
from headlamp.demo.cluster.printing.cells import (
    AGE,
    NAME,
    NONE,
    UNKNOWN,
    Cell,
    Column,
    Printer,
    age,
    listed,
    name,
    since,
)

_ROLE_LABEL = "node-role.kubernetes.io/"


def _namespace(obj: Json) -> tuple[Cell, ...]:
    return (name(obj), dig(obj, "status", "phase") or "", age(obj))


def _node_word(node: Json) -> str:
    ready = next((c["status"] for c in dig(node, "status", "conditions") or [] if c["type"] == "Ready"), "Unknown")
    words = ["Ready" if ready == "True" else "NotReady" if ready == "False" else "Unknown"]
    if dig(node, "spec", "unschedulable"):
        words.append("SchedulingDisabled")
    return ",".join(words)


def _address(node: Json, kind: str) -> str:
    addresses = dig(node, "status", "addresses") or []
    return next((entry["address"] for entry in addresses if entry["type"] == kind), NONE)


def _node(node: Json) -> tuple[Cell, ...]:
    info = dig(node, "status", "nodeInfo") or {}
    roles = [
        key.removeprefix(_ROLE_LABEL) for key in dig(node, "metadata", "labels") or {} if key.startswith(_ROLE_LABEL)
    ]
    return (
        name(node),
        _node_word(node),
        listed(sorted(roles)),
        age(node),
        info.get("kubeletVersion", ""),
        _address(node, "InternalIP"),
        _address(node, "ExternalIP"),
        info.get("osImage", UNKNOWN),
        f"{info['kernelVersion']} ({info.get('architecture', 'amd64')})" if "kernelVersion" in info else UNKNOWN,
        info.get("containerRuntimeVersion", UNKNOWN),
    )


def _event(event: Json) -> tuple[Cell, ...]:
    involved, source = event.get("involvedObject", {}), event.get("source", {})
    first, last = event.get("firstTimestamp"), event.get("lastTimestamp")
    return (
        since(last or first),
        event.get("type", ""),
        event.get("reason", ""),
        f"{involved.get('kind', '').lower()}/{involved.get('name', '')}",
        involved.get("fieldPath", ""),
        ", ".join(filter(None, (source.get("component"), source.get("host")))),
        event.get("message", "").strip(),
        since(first),
        event.get("count", 1),
        name(event),
    )


NAMESPACE = Printer((NAME, Column("Status", "The phase of the namespace."), AGE), _namespace)
NODE = Printer(
    (
        NAME,
        Column("Status", "Whether the node is ready, and takes new pods."),
        Column("Roles", "The roles of the node."),
        AGE,
        Column("Version", "The version of the node's kubelet."),
        Column("Internal-IP", "The node's address in the cluster.", wide=True),
        Column("External-IP", "The node's address outside of the cluster.", wide=True),
        Column("OS-Image", "The node's operating system.", wide=True),
        Column("Kernel-Version", "The node's kernel.", wide=True),
        Column("Container-Runtime", "What runs the node's containers.", wide=True),
    ),
    _node,
)
EVENT = Printer(
    (
        Column("Last Seen", "How long ago this last happened."),
        Column("Type", "Normal or Warning."),
        Column("Reason", "What happened, in one word."),
        Column("Object", "The object that it happened to."),
        Column("Subobject", "The part of the object that it happened to.", wide=True),
        Column("Source", "Who says so.", wide=True),
        Column("Message", "What happened."),
        Column("First Seen", "How long ago this first happened.", wide=True),
        Column("Count", "How often this happened.", wide=True),
        Column("Name", "The name of the event.", format="name", wide=True),
    ),
    _event,
)
