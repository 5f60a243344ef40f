"""What an explanation is made from: one token, one cluster, and what is known of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headlamp.access.explanation.token_reading import TokenReading
from headlamp.access.reviews import Acceptance

Kind = Literal["id_token", "access_token", "pasted_token"]
"""Where the credential comes from: a sign-in's ID token or access token, or somebody pasted it."""


@dataclass(frozen=True, slots=True)
class Case:
    """One token at one cluster. `now` is our clock, in seconds since the epoch.

    `issuer` and `audience` are what a token for this cluster should carry by the setting that `source` names; empty
    where nothing says so. `ca_pem` is the provider's own certificate authority, None when public ones vouch for it.
    `version` is the cluster's (major, minor), None when it did not tell.
    """

    token: TokenReading
    kind: Kind
    acceptance: Acceptance
    now: float
    issuer: str = ""
    audience: str = ""
    source: str = ""
    ca_pem: str | None = None
    version: tuple[int, int] | None = None

    @property
    def cluster_time(self) -> float:
        """The cluster's clock, where it told it: that is the one that judges `exp` and `nbf`."""
        return self.now if self.acceptance.server_time is None else self.acceptance.server_time
