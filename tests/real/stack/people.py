"""Who can sign in."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "open-sesame-for-tests"
PASSWORD_BCRYPT = "$2a$10$4RcWs5gs8ccBO9/qII1vu.aSbEuDMKt8ZDhUWvxdnX1tACrj0GUxK"

PREFIX = "dex:"
"""What the API server puts in front of names and groups of this provider."""


@dataclass(frozen=True)
class Person:
    """A user of the provider."""

    name: str
    groups: tuple[str, ...]

    @property
    def email(self) -> str:
        return f"{self.name}@example.com"

    @property
    def username(self) -> str:
        """What the API server calls them."""
        return PREFIX + self.email

    @property
    def cluster_groups(self) -> tuple[str, ...]:
        """The groups as the API server names them."""
        return tuple(PREFIX + group for group in self.groups)


ADMINS = "admins"
TEAM_A = "team-a"

ALICE = Person("alice", (ADMINS, "developers"))
BOB = Person("bob", (TEAM_A,))
# Dex ends a person's earlier refresh token when they sign in again. Whoever has to stay signed in for longer than an
# ID token lives is somebody of their own, so that no other test signs them in meanwhile.
CAROL = Person("carol", (ADMINS,))
DANA = Person("dana", (ADMINS,))

EVERYBODY = (ALICE, BOB, CAROL, DANA)
