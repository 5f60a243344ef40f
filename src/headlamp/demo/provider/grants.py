"""What the provider remembers: requests that wait for a person, codes, and refresh tokens with their families."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from headlamp.demo.people import Person
from headlamp.demo.provider.errors import OAuthError

T = TypeVar("T")
_MOST_KEPT = 1000


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A checked authorization request (OpenID Connect Core 1.0, section 3.1.2.1)."""

    redirect_uri: str
    scopes: tuple[str, ...]
    state: str
    nonce: str
    code_challenge: str
    login_hint: str = ""


@dataclass(slots=True)
class Family:
    """One sign-in: all tokens that come from it. Revoked as a whole when a used code or token turns up again."""

    person: Person
    scopes: tuple[str, ...]
    signed_in_at: float
    sid: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    revoked: bool = False


@dataclass(slots=True)
class Code:
    request: AuthorizationRequest
    family: Family
    used: bool = False


@dataclass(slots=True)
class RefreshToken:
    family: Family
    used: bool = False


class Expiring(Generic[T]):
    """Values by unguessable names, for a time; the oldest go when there are too many."""

    def __init__(self, lifetime: float, now: Callable[[], float]) -> None:
        self._lifetime = lifetime
        self._now = now
        self._values: dict[str, tuple[float, T]] = {}

    def put(self, value: T) -> str:
        while len(self._values) >= _MOST_KEPT:
            del self._values[next(iter(self._values))]
        name = secrets.token_urlsafe(32)
        self._values[name] = (self._now() + self._lifetime, value)
        return name

    def get(self, name: str) -> T | None:
        end, value = self._values.get(name, (0.0, None))
        return value if end > self._now() else None

    def take(self, name: str) -> T | None:
        value = self.get(name)
        self._values.pop(name, None)
        return value


class Grants:
    """Codes are good once (RFC 6749, section 4.1.2); refresh tokens rotate, with reuse detection (RFC 9700, 4.14.2)."""

    def __init__(
        self, *, code_lifetime: float, refresh_token_lifetime: float, access_lifetime: float, now: Callable[[], float]
    ) -> None:
        self._now = now
        self._codes: Expiring[Code] = Expiring(code_lifetime, now)
        self._refresh: Expiring[RefreshToken] = Expiring(refresh_token_lifetime, now)
        self._access: Expiring[Family] = Expiring(access_lifetime, now)

    def issue_code(self, request: AuthorizationRequest, person: Person) -> str:
        """A code for somebody who has just signed in."""
        return self._codes.put(Code(request, Family(person, request.scopes, self._now())))

    def redeem_code(self, code: str, redirect_uri: str, verifier: str) -> tuple[Family, str]:
        """The sign-in that the code stands for, and its nonce. Raises `invalid_grant` (RFC 7636, section 4.6)."""
        found = self._codes.get(code)
        if found is None:
            raise OAuthError("invalid_grant", "the code is unknown or has expired")
        if found.used:
            found.family.revoked = True
            raise OAuthError("invalid_grant", "the code has been used before; its tokens are revoked")
        found.used = True
        if redirect_uri != found.request.redirect_uri:
            raise OAuthError("invalid_grant", "redirect_uri is not the one that the code was issued for")
        if not hmac.compare_digest(s256(verifier), found.request.code_challenge):
            raise OAuthError("invalid_grant", "code_verifier does not fit the code_challenge")
        return found.family, found.request.nonce

    def issue_refresh_token(self, family: Family) -> str:
        return self._refresh.put(RefreshToken(family))

    def redeem_refresh_token(self, token: str) -> Family:
        """The sign-in that the token continues; it is used up. Raises `invalid_grant`."""
        found = self._refresh.get(token)
        if found is None:
            raise OAuthError("invalid_grant", "the refresh token is unknown or has expired")
        if found.used:
            found.family.revoked = True
            raise OAuthError("invalid_grant", "the refresh token has been used before; its family is revoked")
        found.used = True
        if found.family.revoked:
            raise OAuthError("invalid_grant", "the sign-in has ended")
        return found.family

    def issue_access_token(self, family: Family) -> str:
        """An opaque token that is good for UserInfo."""
        return self._access.put(family)

    def family_of(self, access_token: str) -> Family | None:
        """Whose access token this is; None when it is not good (any more)."""
        family = self._access.get(access_token)
        return None if family is None or family.revoked else family

    def revoke(self, token: str) -> None:
        """End the sign-in of a refresh or access token (RFC 7009); an unknown one is nobody's business."""
        refresh = self._refresh.get(token)
        family = refresh.family if refresh is not None else self._access.get(token)
        if family is not None:
            family.revoked = True


def s256(verifier: str) -> str:
    """The S256 code challenge of a verifier (RFC 7636, section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
