"""Logouts that overtake a sign-in: the provider ends a session whose sign-in is still being finished here.

Between the moment when the code arrives and the moment when the session is stored, a logout finds nothing to end, nor
does it while a session gets a new id. It is remembered for a while, so that the session which it was meant for does not
come to life afterwards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection

from headlamp.sessions.ledger import Ledger
from headlamp.sessions.record import Login
from headlamp.sessions.store import SessionStore

# Longer than all calls to a provider that finishing a sign-in may take.
REMEMBERED_S = 120.0
OWNER = b"logout"


class Logouts:
    """The logouts of the last two minutes, known to every process: each is a lease that nobody gives back."""

    def __init__(self, store: SessionStore, ledger: Ledger, *, now: Callable[[], float]) -> None:
        self._store = store
        self._ledger = ledger
        self._now = now

    async def note(self, index: bytes) -> None:
        """The provider ends the sessions of `index`, now. Raises `StoreUnavailable`."""
        await self._store.lease(_name(index), OWNER, now=self._now(), seconds=REMEMBERED_S)

    async def since(self, began: float, logins: Collection[Login]) -> bool:
        """Whether a provider has ended one of `logins` since `began`. Raises `StoreUnavailable`."""
        indexes = frozenset[bytes]().union(*map(self._ledger.indexes, logins))
        return await self._store.held_until(*map(_name, indexes)) > began + REMEMBERED_S


def _name(index: bytes) -> bytes:
    return hashlib.sha256(b"logout\0" + index).digest()
