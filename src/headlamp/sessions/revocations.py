"""Refresh tokens of sessions that are over: the providers are told, and nobody has to wait for them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

import structlog

from headlamp.oidc.errors import OidcProblem
from headlamp.oidc.tokens import Tokens
from headlamp.sessions.active import ActiveSession

# How long a sign-out waits. Long enough that a provider which ends its own session with the token has done so when
# the browser comes to it; somebody who wants to leave must not be kept.
PATIENCE_S = 2.5

log = structlog.stdlib.get_logger("headlamp.sessions")


class Revoker(Protocol):
    """The part of a provider that revokes tokens (`headlamp.oidc.provider.Provider`)."""

    async def revoke(self, tokens: Tokens, *, keep_offline: bool = False) -> bool:
        """Revoke the refresh token, if there is a way; whether it was. Raises `ProviderUnavailable`."""
        ...


class Revocations:
    """Revokes what sessions leave behind. A call goes on when nobody waits for it any more, and ends by itself."""

    def __init__(self, providers: Mapping[str, Revoker], *, patience: float = PATIENCE_S) -> None:
        self._providers = providers
        self._patience = patience
        self._tasks: set[asyncio.Task[None]] = set()

    async def complete(self, session: ActiveSession) -> None:
        """Revoke the refresh tokens of a session that is over, and wait for it, but never long and never in vain."""
        tasks = self.begin(session)
        if tasks:
            await asyncio.wait(tasks, timeout=self._patience)

    def begin(self, session: ActiveSession, *, keep_offline: bool = False) -> list[asyncio.Task[None]]:
        """Revoke the refresh tokens of a session that is over, without waiting.

        With `keep_offline` those stay that a provider gave for the time after a sign-out (scope `offline_access`).
        """
        return [
            self.begin_one(provider_id, login.tokens, keep_offline=keep_offline)
            for provider_id, login in session.logins.items()
            if login.renewable
        ]

    def begin_one(self, provider_id: str, tokens: Tokens, *, keep_offline: bool = False) -> asyncio.Task[None]:
        """Revoke one refresh token, without waiting."""
        task = asyncio.create_task(self._revoke(provider_id, tokens, keep_offline), name="revoke tokens")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Give what is under way a moment, and no more."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=self._patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _revoke(self, provider_id: str, tokens: Tokens, keep_offline: bool) -> None:
        provider = self._providers.get(provider_id)
        if provider is None:
            return
        try:
            revoked = await provider.revoke(tokens, keep_offline=keep_offline)
        except OidcProblem as problem:
            log.warning("tokens could not be revoked", provider=provider_id, code=problem.code, reason=problem.message)
        except Exception as unexpected:  # nobody awaits this task, so it must say so itself
            log.exception("unexpected error in a revocation", exception=type(unexpected).__name__)
        else:
            log.info("tokens revoked" if revoked else "tokens are not revoked at this provider", provider=provider_id)
