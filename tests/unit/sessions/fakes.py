"""A clock that tests turn, a provider that does as it is told, and sessions made of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from headlamp.oidc.tokens import SignIn, Tokens
from headlamp.sessions.manager import Sessions
from headlamp.sessions.sealing import Sealer
from headlamp.sessions.store import SessionStore

START = 1_764_000_000.0
SECRET = b"the server's secret, 32 bytes ok"


class Clock:
    """Time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class FakeProvider:
    """Renews tokens with a life of five minutes; `outcome` is raised instead when set, `gate` holds answers back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.calls: list[str | None] = []
        self.outcome: Exception | None = None
        self.gate: asyncio.Event | None = None
        self.asked = asyncio.Event()
        self.revoked: list[tuple[str | None, bool]] = []
        self.revocation: Callable[[], Awaitable[None]] | None = None

    async def refresh(self, tokens: Tokens, *, subject: str, claims: Mapping[str, Any]) -> Tokens:
        self.calls.append(tokens.refresh_token)
        self.asked.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.outcome is not None:
            raise self.outcome
        return make_tokens(len(self.calls) + 1, expires_at=self._clock() + 300)

    async def revoke(self, tokens: Tokens, *, keep_offline: bool = False) -> bool:
        self.revoked.append((tokens.refresh_token, keep_offline))
        if self.revocation is not None:
            await self.revocation()
        return True


def make_tokens(generation: int = 1, *, expires_at: float = START + 300) -> Tokens:
    return Tokens(f"id-token-{generation}", f"access-{generation}", f"refresh-{generation}", expires_at)


def make_sign_in(provider_id: str = "default", *, subject: str = "alice", tokens: Tokens | None = None) -> SignIn:
    return SignIn(
        provider_id=provider_id,
        issuer="https://idp.test",
        subject=subject,
        session_id=f"sid-of-{subject}",
        claims={"sub": subject, "name": "Alice"},
        userinfo={"name": "another", "email": "alice@example.org"},
        tokens=tokens or make_tokens(),
    )


async def no_sleep(_seconds: float) -> None:
    await asyncio.sleep(0)


def make_sessions(store: SessionStore, clock: Clock, provider: FakeProvider, **options: Any) -> Sessions:
    settings: dict[str, Any] = {"ttl": 86_400.0, "idle": 28_800.0, "now": clock, "sleep": no_sleep, **options}
    return Sessions(store, Sealer(SECRET), {"default": provider, "other": provider}, **settings)
