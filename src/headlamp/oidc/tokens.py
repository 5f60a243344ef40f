"""What a sign-in yields: tokens, and who they are for."""

from __future__ import annotations

from typing import Any

from headlamp.discreet import Discreet
from headlamp.oidc.errors import MalformedToken, TokenTooLarge
from headlamp.oidc.verification import peek_claims

LATEST = 1e15
"""Whoever names a later moment, in seconds since the epoch, names none."""


class Tokens(Discreet, frozen=True):
    """The tokens of one sign-in. They never leave the server; `repr` shows none of them.

    `expires_at` is the ID token's own `exp`, in seconds since the epoch. `access_expires_at` is the access token's:
    its own `exp` if it has one, else by what `expires_in` said, else None (nobody knows).
    """

    id_token: str
    access_token: str
    refresh_token: str | None
    expires_at: float
    access_expires_at: float | None = None

    def __repr__(self) -> str:
        return f"Tokens(expires_at={self.expires_at}, refreshable={self.refresh_token is not None})"


def access_expiry(access_token: str, *, expires_in: float | None, now: float) -> float | None:
    """When an access token that came at `now` ends, in seconds since the epoch; None when nobody knows.

    What a JWT says of itself counts, since a cluster goes by that; `expires_in` is the provider's word for all others.
    """
    try:
        expiry = peek_claims(access_token).get("exp")
    except (MalformedToken, TokenTooLarge):
        expiry = None
    if isinstance(expiry, int | float) and not isinstance(expiry, bool) and abs(expiry) < LATEST:
        return float(expiry)
    return now + expires_in if expires_in is not None else None


class SignIn(Discreet, frozen=True):
    """A finished sign-in.

    `claims` are the verified ID token's. `userinfo` holds what the UserInfo endpoint said about the same `sub`, to
    fill in what a page shows and nothing else; it is empty where the endpoint is missing, fails or speaks of somebody
    else. `session_id` is the provider's (`sid`), for back-channel logout.
    """

    provider_id: str
    issuer: str
    subject: str
    session_id: str | None
    claims: dict[str, Any]
    userinfo: dict[str, Any]
    tokens: Tokens

    def __repr__(self) -> str:
        return f"SignIn(provider_id={self.provider_id!r}, issuer={self.issuer!r})"
