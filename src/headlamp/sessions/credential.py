"""What a session gives the rooms that talk to clusters: `CredentialSource` for a sign-in and for a pasted token."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from headlamp.clusters.credential import Bearer
from headlamp.sessions.errors import SessionEnded, SignInAgain

if TYPE_CHECKING:
    from headlamp.sessions.active import ActiveSession
    from headlamp.sessions.refresh import Renewals


class LoginCredential:
    """The tokens of a sign-in, renewed ahead of expiry for as long as the provider agrees."""

    def __init__(self, session: ActiveSession, renewals: Renewals, provider_id: str, login_id: str) -> None:
        self._session = session
        self._renewals = renewals
        self._provider_id = provider_id
        self._login_id = login_id
        self._ended = session.ending(login_id)

    @property
    def identity(self) -> str:
        return self._session.identity(self._login_id)

    @property
    def ended(self) -> asyncio.Event:
        return self._ended

    async def current(self) -> Bearer:
        """The bearer to send now. Raises `SessionEnded`, `SignInAgain`, `RenewalDelayed`."""
        return await self._renewals.bearer(self._session, self._provider_id, self._login_id)


class PastedCredential:
    """A token that somebody pasted: it is sent as it is until it expires, and nobody renews it."""

    def __init__(self, session: ActiveSession, cluster: str, pasted_id: str) -> None:
        self._session = session
        self._cluster = cluster
        self._pasted_id = pasted_id
        self._ended = session.ending(pasted_id)

    @property
    def identity(self) -> str:
        return self._session.identity(self._pasted_id)

    @property
    def ended(self) -> asyncio.Event:
        return self._ended

    async def current(self) -> Bearer:
        """The bearer to send now. Raises `SessionEnded`, `SignInAgain`."""
        if self._session.ended.is_set():
            raise SessionEnded("The session is over.")
        pasted = self._session.record.pasted.get(self._cluster)
        if pasted is None or pasted.id != self._pasted_id:
            raise SignInAgain("The token that was pasted for this cluster has been removed or replaced.")
        if self._ended.is_set() or (pasted.expires_at is not None and pasted.expires_at <= self._session.now()):
            raise SignInAgain("The token that was pasted for this cluster has expired.")
        return Bearer(pasted.token, pasted.expires_at)
