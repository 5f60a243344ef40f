"""What a provider of the tests issues: ID tokens, access tokens, and what they say about whom."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from tests.adversarial.client_check import RegisteredClient
from tests.adversarial.deviations import Deviations, changed
from tests.adversarial.grants import Grant, Grants
from tests.adversarial.habits import Habits
from tests.adversarial.signing import SigningKey, at_hash, rsa_key, sign

PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "alice": {
        "name": "Alice Example",
        "preferred_username": "alice",
        "email": "alice@example.com",
        "email_verified": True,
        "groups": ["developers", "cluster-admins"],
    },
    "bob": {
        "name": "Bob Example",
        "preferred_username": "bob",
        "email": "bob@example.com",
        "email_verified": True,
        "groups": ["viewers"],
    },
}


class Issuing:
    """The issuing half of a provider. Every attribute may be changed while it runs, but for `habits.issuer_path`.

    `now` is its clock, `id_token_ttl` in seconds, `access_token_ttl` too (None: the same). `client_secret` None makes
    the client a public one, and `client.keys` one that signs its assertions. `keys` are published, and the first of
    them signs. `acr` is the class of every sign-in, else the first one that is asked for.
    """

    def __init__(
        self,
        *,
        client_id: str = "headlamp",
        client_secret: str | None = "client-secret-for-tests",
        deviations: Deviations | None = None,
        habits: Habits | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.client = RegisteredClient(client_id=client_id, secret=client_secret)
        self.deviations = deviations or Deviations()
        self.habits = habits or Habits()
        self.now = now
        self.user = "alice"
        self.people: dict[str, dict[str, Any]] = {name: dict(claims) for name, claims in PEOPLE.items()}
        self.keys: list[SigningKey] = [rsa_key()]
        self.alg = "RS256"
        self.id_token_ttl = 300.0
        self.access_token_ttl: float | None = None
        self.acr = ""
        self.issuer = ""
        self.grants = Grants()
        self._rotations = 0

    @property
    def client_id(self) -> str:
        return self.client.client_id

    @client_id.setter
    def client_id(self, value: str) -> None:
        self.client.client_id = value

    @property
    def client_secret(self) -> str | None:
        return self.client.secret

    @client_secret.setter
    def client_secret(self, value: str | None) -> None:
        self.client.secret = value

    @property
    def access_lifetime(self) -> int:
        """How long access tokens last, in seconds."""
        return int(self.access_token_ttl or self.id_token_ttl)

    def rotate_keys(self, name: str) -> None:
        """From now on `name` signs, and nothing else is published."""
        self.keys = [rsa_key(name)]

    def id_token_claims(self, grant: Grant, access_token: str) -> dict[str, Any]:
        """The claims of a sign-in's ID token, before `habits` and `deviations`."""
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": self.subject_of(grant.sub),
            "aud": self.client_id,
            "exp": int(self.now() + self.id_token_ttl),
            "iat": int(self.now()),
            "auth_time": grant.auth_time,
            "sid": grant.sid,
            "at_hash": at_hash(access_token, self.alg),
            **self.claims_about(grant),
        }
        if grant.nonce is not None:
            claims["nonce"] = grant.nonce
        if grant.acr:
            claims["acr"] = grant.acr
        return claims

    def subject_of(self, person: str) -> str:
        """The `sub` of a person."""
        return person

    def claims_about(self, grant: Grant) -> dict[str, Any]:
        """What the provider says about the person to somebody with the scopes of `grant`."""
        person = {self.habits.renamed_claims.get(name, name): value for name, value in self.people[grant.sub].items()}
        person.pop("", None)
        if self.habits.claims_of_scope is None:
            return person
        told = {name for scope in grant.scopes for name in self.habits.claims_of_scope.get(scope, ())}
        return {name: value for name, value in person.items() if name in told}

    def access_token(self, grant: Grant) -> str:
        """A new access token: opaque, or a JWT (RFC 9068) where that is the provider's habit."""
        if not self.habits.jwt_access_tokens:
            return secrets.token_urlsafe(32)
        audience = self.habits.access_token_audience
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": self.subject_of(grant.sub),
            "client_id": self.client_id,
            "exp": int(self.now()) + self.access_lifetime,
            "iat": int(self.now()),
            "jti": secrets.token_hex(8),
            "scope": " ".join(sorted(grant.scopes)),
            **self.claims_about(grant),
        }
        if audience != "":
            claims["aud"] = self.client_id if audience is None else audience
        claims = changed(changed(claims, self.habits.access_token_claims), self.deviations.access_token)
        return sign(claims, self.keys[0], self.alg, {"typ": "at+jwt"})

    def tokens(self, grant: Grant, *, refreshed: bool) -> dict[str, Any]:
        """The token response, without a refresh token."""
        access_token = self.access_token(grant)
        self.grants.remember_access_token(access_token, grant)
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": self.access_lifetime,
            "id_token": self._id_token(grant, access_token, refreshed=refreshed),
        }

    def _id_token(self, grant: Grant, access_token: str, *, refreshed: bool) -> str:
        deviations = self.deviations
        if deviations.raw_id_token is not None:
            return deviations.raw_id_token
        claims = changed(self.id_token_claims(grant, access_token), self.habits.id_token_claims)
        if refreshed:
            claims = {name: value for name, value in claims.items() if name not in self.habits.refreshed_without}
        claims = changed(claims, deviations.id_token)
        if refreshed:
            claims = changed(claims, deviations.refreshed_id_token)
        claims = {name: value for name, value in claims.items() if name not in deviations.missing}
        if deviations.rotates_before_signing:
            self._rotations += 1
            self.rotate_keys(f"rotated-{self._rotations}")
        return sign(claims, deviations.sign_with or self.keys[0], deviations.alg or self.alg, deviations.header)
