"""What a provider of the tests has issued: codes, access tokens and refresh tokens, each for one sign-in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass


@dataclass(kw_only=True)
class Grant:
    """One sign-in. `refresh_token` is the one that counts now, "" for none; `auth_time` in seconds since the epoch.
    `offline` says whether there is one at all.
    """

    sub: str
    sid: str
    nonce: str | None
    auth_time: int
    scopes: frozenset[str]
    redirect_uri: str
    challenge: str
    acr: str = ""
    offline: bool = True
    redeemed: bool = False
    revoked: bool = False
    refresh_token: str = ""


class Grants:
    """Finds the sign-in of a code or a token, and ends it for a token that comes twice."""

    def __init__(self) -> None:
        self.all: list[Grant] = []
        self._codes: dict[str, Grant] = {}
        self._refresh_tokens: dict[str, Grant] = {}
        self._access_tokens: dict[str, Grant] = {}

    def code_for(self, grant: Grant) -> str:
        """A new authorization code."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = grant
        self.all.append(grant)
        return code

    def redeem(self, code: str) -> Grant | None:
        """The sign-in of an unused code. A code that comes twice ends what it was for (RFC 6749, section 4.1.2)."""
        grant = self._codes.get(code)
        if grant is None:
            return None
        if grant.redeemed:
            grant.revoked = True
            return None
        grant.redeemed = True
        return grant

    def remember_access_token(self, token: str, grant: Grant) -> None:
        """From now on `token` is one of `grant`."""
        self._access_tokens[token] = grant

    def access_tokens(self) -> list[str]:
        """All that were issued."""
        return list(self._access_tokens)

    def refresh_tokens(self) -> list[str]:
        """All that were issued and not forgotten."""
        return list(self._refresh_tokens)

    def of_access_token(self, token: str) -> Grant | None:
        """The sign-in that an access token is for, if it goes on."""
        grant = self._access_tokens.get(token)
        return None if grant is None or grant.revoked else grant

    def new_refresh_token(self, grant: Grant, *, alone: bool) -> str:
        """The refresh token that counts from now on; `alone`: for all sign-ins of this person."""
        if alone:
            for other in self.all:
                if other is not grant and other.sub == grant.sub:
                    other.refresh_token = ""
        grant.refresh_token = secrets.token_urlsafe(32)
        self._refresh_tokens[grant.refresh_token] = grant
        return grant.refresh_token

    def of_refresh_token(self, token: str, *, reuse_revokes_all: bool, old_ones_stay: bool) -> Grant | None:
        """The sign-in that a refresh token is for; None for a token that is unknown or no longer counts."""
        grant = self._refresh_tokens.get(token)
        if grant is None or grant.revoked:
            return None
        if grant.refresh_token != token and not old_ones_stay:
            grant.revoked = reuse_revokes_all
            return None
        return grant

    def revoke(self, token: str) -> None:
        """End the sign-in of any token (RFC 7009); nothing happens for an unknown one."""
        grant = self._refresh_tokens.get(token) or self._access_tokens.get(token)
        if grant is not None:
            grant.revoked = True

    def forget_refresh_tokens(self) -> None:
        """From now on every refresh token is unknown."""
        self._refresh_tokens.clear()

    def end_session(self, sid: str) -> None:
        """End all sign-ins of one session at the provider."""
        for grant in self.all:
            if grant.sid == sid:
                grant.revoked = True
