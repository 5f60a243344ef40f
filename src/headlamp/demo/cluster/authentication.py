"""Who makes a request: bearer tokens of the trusted issuer, judged as a real API server judges them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from headlamp.demo.cluster import status

AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"
_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class User:
    """A user as RBAC sees them."""

    name: str
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] | None = None


ANONYMOUS = User("system:anonymous", (UNAUTHENTICATED,))


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """Whose tokens are honoured. `keys` gives the issuer's current public keys; `email` is the user's name."""

    issuer: str
    audience: str
    keys: Callable[[], KeySet]
    groups_prefix: str = "oidc:"
    algorithms: tuple[str, ...] = ("RS256",)


class Authenticator:
    """Turns an `Authorization` header into a user."""

    def __init__(self, trusted: TrustedIssuer, *, now: Callable[[], float]) -> None:
        self._trusted = trusted
        self._now = now
        self._verified: dict[str, tuple[float, User]] = {}

    def user_of(self, authorization: str | None) -> User:
        """The user whom the header proves; without a header, the anonymous one. Raises the API's 401."""
        if not authorization:
            return ANONYMOUS
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise status.unauthorized()
        remembered = self._verified.get(token)
        if remembered is None:
            remembered = self._verify(token)
            while len(self._verified) >= _REMEMBERED:
                del self._verified[next(iter(self._verified))]
            self._verified[token] = remembered
        expires_at, user = remembered
        if expires_at <= self._now():
            del self._verified[token]
            raise status.unauthorized()
        return user

    def _verify(self, token: str) -> tuple[float, User]:
        try:
            claims = jwt.decode(token, self._trusted.keys(), algorithms=list(self._trusted.algorithms)).claims
        except (JoseError, ValueError):
            raise status.unauthorized() from None
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        expires_at, not_before = claims.get("exp"), claims.get("nbf", 0)
        if (
            claims.get("iss") != self._trusted.issuer
            or self._trusted.audience not in audiences
            or not isinstance(expires_at, int | float)
            or not isinstance(not_before, int | float)
            or not_before > self._now()
        ):
            raise status.unauthorized()
        return float(expires_at), self._user(claims)

    def _user(self, claims: Mapping[str, Any]) -> User:
        email = claims.get("email")
        # As with --oidc-username-claim=email: an address that the provider says is unverified is nobody's name.
        if not isinstance(email, str) or not email or claims.get("email_verified", True) is not True:
            raise status.unauthorized()
        groups = claims.get("groups", [])
        if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
            raise status.unauthorized()
        prefixed = (f"{self._trusted.groups_prefix}{group}" for group in groups)
        return User(email, (*prefixed, AUTHENTICATED))
