"""Who can sign in."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "open-sesame-for-tests"
PASSWORD_BCRYPT = "$2a$10$4RcWs5gs8ccBO9/qII1vu.aSbEuDMKt8ZDhUWvxdnX1tACrj0GUxK"

PREFIX = "dex:"
"""What the API server puts in front of names and groups of Dex."""
KEYCLOAK_PREFIX = "kc:"
"""The same for Keycloak."""
PROVIDER_PREFIX = "test:"
"""The same for a provider that a test is itself."""
OIDC_PROVIDER_PREFIX = "op:"
"""The same for oidc-provider."""


@dataclass(frozen=True)
class Person:
    """A user of the providers."""

    name: str
    groups: tuple[str, ...]

    @property
    def email(self) -> str:
        return f"{self.name}@example.com"

    @property
    def username(self) -> str:
        """What the API server calls them when they come from Dex."""
        return PREFIX + self.email

    @property
    def keycloak_username(self) -> str:
        """What it calls them when they come from Keycloak."""
        return KEYCLOAK_PREFIX + self.name

    @property
    def cluster_groups(self) -> tuple[str, ...]:
        """The groups as the API server names them for somebody from Dex."""
        return tuple(PREFIX + group for group in self.groups)


def many_groups(count: int) -> tuple[str, ...]:
    """As the directories of large companies have them: some 57 bytes of an ID token each."""
    return tuple(f"org-unit-{number:04}-platform-engineering-team" for number in range(count))


ADMINS = "admins"
TEAM_A = "team-a"

ALICE = Person("alice", (ADMINS, "developers"))
BOB = Person("bob", (TEAM_A,))
# Dex ends a person's earlier refresh token when they sign in again. Whoever has to stay signed in for longer than an
# ID token lives is somebody of their own, so that no other test signs them in meanwhile.
CAROL = Person("carol", (ADMINS,))
DANA = Person("dana", (ADMINS,))
ERIN = Person("erin", (ADMINS,))

EVERYBODY = (ALICE, BOB, CAROL, DANA, ERIN)
"""Dex and Keycloak know them."""

# Only Keycloak knows these two. Their tokens have some 15 KB and 96 KB.
BULKY = Person("bulky", (ADMINS, *many_groups(250)))
HUGE = Person("huge", (ADMINS, *many_groups(1700)))
