"""The people whom one can be in the demo, and what they are for."""

from __future__ import annotations

from dataclasses import dataclass

COMPANY = "Fernhill Goods"
DOMAIN = "fernhill.example"
ADMIN_GROUP = "platform-admins"
SHOP_GROUP = "shop-developers"
AUDIT_GROUP = "auditors"
STAFF_GROUP = "everybody"
DEVELOPER_NAMESPACE = "shop"

# So many that Dora's ID token has about 12 KB: more than a cookie or a header buffer of a stock ingress can hold.
_UNITS = 274


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at the provider. `key` is their short name there, `purpose` what being them shows."""

    key: str
    name: str
    role: str
    purpose: str
    groups: tuple[str, ...]

    @property
    def email(self) -> str:
        return f"{self.key}@{DOMAIN}"

    @property
    def first_name(self) -> str:
        return self.name.split(" ", maxsplit=1)[0]

    @property
    def initials(self) -> str:
        return "".join(part[0] for part in self.name.split())


def everybody() -> tuple[Person, ...]:
    """Anna, Ben, Cleo and Dora."""
    return (
        Person(
            "anna",
            "Anna Lindqvist",
            "Cluster administrator",
            "Sees and changes everything in the cluster.",
            (STAFF_GROUP, ADMIN_GROUP),
        ),
        Person(
            "ben",
            "Ben Okafor",
            f"Developer of the namespace {DEVELOPER_NAMESPACE}",
            "Works in one namespace, and is refused in every other one.",
            (STAFF_GROUP, SHOP_GROUP),
        ),
        Person(
            "cleo",
            "Cleo Marchetti",
            "No rights yet",
            "Is signed in, and the cluster still refuses everything.",
            (STAFF_GROUP,),
        ),
        Person(
            "dora",
            "Dora Petrova",
            "Auditor in hundreds of groups",
            "Carries a token of 12 KB, and reads everything but Secrets.",
            (STAFF_GROUP, AUDIT_GROUP, *(f"unit-{number:03d}-of-{DOMAIN}" for number in range(_UNITS))),
        ),
    )
