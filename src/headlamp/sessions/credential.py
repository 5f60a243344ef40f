"""What a session gives the rooms that talk to clusters: `CredentialSource` for a sign-in and for a pasted token."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from headlamp.clusters.credential import Bearer
from headlamp.oidc.token_rule import ID_TOKEN, TokenRule
from headlamp.sessions.errors import SessionEnded, SignInAgain
from headlamp.sessions.lifetimes import Kind

if TYPE_CHECKING:
    from headlamp.sessions.active import ActiveSession
    from headlamp.sessions.refresh import Renewals


class LoginCredential:
    """The token of a sign-in that `rule` names, renewed ahead of expiry for as long as the provider agrees."""

    def __init__(
        self, session: ActiveSession, renewals: Renewals, provider_id: str, login_id: str, rule: TokenRule
    ) -> None:
        self._session = session
        self._renewals = renewals
        self._provider_id = provider_id
        self._login_id = login_id
        self._rule = rule
        self._kind = Kind.of(use_access_token=rule.use_access_token)
        self._ended = session.ending(self._kind.credential_id(login_id))

    @property
    def identity(self) -> str:
        return self._session.identity(self._kind.credential_id(self._login_id))

    @property
    def ended(self) -> asyncio.Event:
        return self._ended

    async def current(self) -> Bearer:
        """The bearer to send now. Raises `SessionEnded`, `SignInAgain`, `RenewalDelayed`, `ClusterTokenUnfit`."""
        bearer = await self._renewals.bearer(self._session, self._provider_id, self._login_id, self._kind)
        if self._rule != ID_TOKEN:
            self._session.fitness.check(bearer.token, self._rule)
        return bearer


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
        if self._ended.is_set() or pasted.expired(self._session.now()):
            raise SignInAgain("The token that was pasted for this cluster has expired.")
        return Bearer(pasted.token, pasted.expires_at)
