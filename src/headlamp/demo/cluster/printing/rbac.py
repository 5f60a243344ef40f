"""Rows of roles and their bindings."""

from __future__ import annotations

from headlamp.demo.cluster.jsontypes import Json
from headlamp.demo.cluster.printing.cells import AGE, CREATED, NAME, Cell, Column, Printer, age, name


def _subjects(binding: Json, kind: str) -> str:
    return ", ".join(
        f"{subject['namespace']}/{subject['name']}" if "namespace" in subject else subject["name"]
        for subject in binding.get("subjects") or []
        if subject["kind"] == kind
    )


def _binding(binding: Json) -> tuple[Cell, ...]:
    return (
        name(binding),
        f"{binding['roleRef']['kind']}/{binding['roleRef']['name']}",
        age(binding),
        _subjects(binding, "User"),
        _subjects(binding, "Group"),
        _subjects(binding, "ServiceAccount"),
    )


def _role(role: Json) -> tuple[Cell, ...]:
    return (name(role), role["metadata"]["creationTimestamp"])


ROLE = Printer((NAME, CREATED), _role)
BINDING = Printer(
    (
        NAME,
        Column("Role", "The role that is bound."),
        AGE,
        Column("Users", "The users who have the role.", wide=True),
        Column("Groups", "The groups that have the role.", wide=True),
        Column("ServiceAccounts", "The service accounts that have the role.", wide=True),
    ),
    _binding,
)
