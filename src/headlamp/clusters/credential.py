"""How a request proves to a cluster who it is made for."""

from __future__ import annotations

import asyncio
from typing import Protocol

from headlamp.discreet import Discreet


class Bearer(Discreet, frozen=True):
    """A token to be sent as `Authorization: Bearer`, good until `expires_at` (epoch seconds, None: unknown)."""

    token: str
    expires_at: float | None = None

    def __repr__(self) -> str:
        return f"Bearer(expires_at={self.expires_at})"


class CredentialSource(Protocol):
    """One user's standing with one cluster, for as long as their session lasts.

    The implementer refreshes ahead of expiry and never hands out an expired token; callers ask for `current` before
    each request and each (re)connection, and never keep what they got.
    """

    @property
    def identity(self) -> str:
        """Opaque and stable while the same session has the same sign-in: equal identities may share what they read."""
        ...

    @property
    def ended(self) -> asyncio.Event:
        """Set once when the session is over: whatever was opened with this credential must close within a second."""
        ...

    async def current(self) -> Bearer | None:
        """The bearer to send now; None when the cluster's own client certificate or token speaks (the laptop case).

        Raises a `Problem` with status 401 when the user must sign in, 503 when the provider can't be asked now.
        """
        ...
