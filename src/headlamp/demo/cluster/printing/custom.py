"""Rows of custom resource definitions, and of custom resources by the columns that their definition names."""

from __future__ import annotations

from headlamp.demo.cluster.jsontypes import Json, dig
from headlamp.demo.cluster.printing.cells import AGE, CREATED, NAME, Cell, Column, Printer, age, name


def _definition(obj: Json) -> tuple[Cell, ...]:
    spec = obj["spec"]
    conditions = dig(obj, "status", "conditions") or []
    return (
        name(obj),
        spec["scope"],
        ",".join(version["name"] for version in spec["versions"]),
        obj["metadata"]["creationTimestamp"],
        spec["group"],
        spec["names"]["kind"],
        ",".join(spec["names"].get("shortNames") or []),
        any(c["type"] == "Established" and c["status"] == "True" for c in conditions),
    )


def _certificate(obj: Json) -> tuple[Cell, ...]:
    ready: Json = next((c for c in dig(obj, "status", "conditions") or [] if c["type"] == "Ready"), {})
    return (
        name(obj),
        ready.get("status", ""),
        dig(obj, "spec", "secretName") or "",
        dig(obj, "spec", "issuerRef", "name") or "",
        ready.get("message", ""),
        age(obj),
    )


DEFINITION = Printer(
    (
        NAME,
        Column("Scope", "Whether the resources have a namespace."),
        Column("Versions", "The versions that there are."),
        CREATED,
        Column("Group", "The API group.", wide=True),
        Column("Kind", "The kind of the resources.", wide=True),
        Column("ShortNames", "Short names of the resources.", wide=True),
        Column("Established", "Whether the resources are served.", type="boolean", wide=True),
    ),
    _definition,
)
CERTIFICATE = Printer(
    (
        NAME,
        Column("Ready", "Whether there is a good certificate."),
        Column("Secret", "The secret that holds the certificate."),
        Column("Issuer", "Who issues the certificate.", wide=True),
        Column("Status", "How the certificate is.", wide=True),
        Column(AGE.name, AGE.description, type="date"),
    ),
    _certificate,
)
