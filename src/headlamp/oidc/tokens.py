"""What a sign-in yields: tokens, and who they are for."""

from __future__ import annotations

from typing import Any

import msgspec


class Tokens(msgspec.Struct, frozen=True):
    """The tokens of one sign-in. They never leave the server; `repr` shows none of them.

    `id_token` is the cluster credential, and `expires_at` its own `exp`, in seconds since the epoch: whatever
    `expires_in` said is about the access token.
    """

    id_token: str
    access_token: str
    refresh_token: str | None
    expires_at: float

    def __repr__(self) -> str:
        return f"Tokens(expires_at={self.expires_at}, refreshable={self.refresh_token is not None})"


class SignIn(msgspec.Struct, frozen=True):
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
