"""How a provider of the tests finds out whether its client asks (OpenID Connect Core 1.0, section 9)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]


@dataclass(kw_only=True)
class RegisteredClient:
    """The client as the provider knows it. `keys` are public ones, as JWKs, for `private_key_jwt`."""

    client_id: str
    secret: str | None
    keys: list[dict[str, Any]] = field(default_factory=list)
    method: str | None = None
    """The only method that counts; None for any that there is a secret or key for."""
    spent_assertions: set[str] = field(default_factory=set)
    why_not: str = ""
    """What was wrong with the last request that was refused."""

    def proves_itself(
        self, authorization: str, form: Mapping[str, str], *, audiences: Collection[str], now: Callable[[], float]
    ) -> bool:
        """Whether a request with this header and form comes from the client; `audiences` are names of the provider."""
        used = _methods(authorization, form)
        if len(used) != 1:
            self.why_not = f"more than one method: {used}"  # RFC 6749, section 2.3
            return False
        if self.method is not None and used != [self.method]:
            self.why_not = f"registered is {self.method}, used was {used[0]}"
            return False
        self.why_not = self._fault(used[0], authorization, form, audiences, now)
        return not self.why_not

    def _fault(
        self,
        method: str,
        authorization: str,
        form: Mapping[str, str],
        audiences: Collection[str],
        now: Callable[[], float],
    ) -> str:
        if method == "none":
            right = form.get("client_id") == self.client_id and self.secret is None and not self.keys
            return "" if right else "not a public client"
        if method == "client_secret_basic":
            return "" if _basic(authorization) == (self.client_id, self.secret) else "wrong id or secret"
        if method == "client_secret_post":
            sent = (form.get("client_id"), form.get("client_secret"))
            return "" if sent == (self.client_id, self.secret) else "wrong id or secret"
        return self._assertion_fault(form, audiences, now)

    def _assertion_fault(self, form: Mapping[str, str], audiences: Collection[str], now: Callable[[], float]) -> str:
        """RFC 7523, section 3, as OpenID Connect Core 1.0, section 9, narrows it."""
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            return "wrong client_assertion_type"
        keys = KeySet([public_key(key) for key in self.keys])
        try:
            claims = jwt.decode(form["client_assertion"], keys, algorithms=ASSERTION_ALGORITHMS).claims
        except (JoseError, ValueError) as error:
            return f"assertion: {type(error).__name__}"
        sent = claims.get("aud")
        audience = {sent} if isinstance(sent, str) else set(sent or ())
        if {claims.get("iss"), claims.get("sub"), form.get("client_id", self.client_id)} != {self.client_id}:
            return "assertion: iss, sub and client_id must be the client's id"
        if not audience & set(audiences):
            return "assertion: wrong aud"
        expiry, unique = claims.get("exp"), claims.get("jti")
        if not isinstance(expiry, int | float) or not now() < expiry <= now() + 600:
            return "assertion: exp is missing, over, or too far away"
        if not isinstance(unique, str) or unique in self.spent_assertions:
            return "assertion: jti is missing or was used before"
        self.spent_assertions.add(unique)
        return ""


def _methods(authorization: str, form: Mapping[str, str]) -> list[str]:
    used = []
    if authorization:
        used.append("client_secret_basic")
    if "client_secret" in form:
        used.append("client_secret_post")
    if "client_assertion" in form:
        used.append("private_key_jwt")
    return used or ["none"]


def _basic(authorization: str) -> tuple[str, str] | None:
    """RFC 6749, section 2.3.1: both parts are form-urlencoded before they are joined."""
    scheme, _, value = authorization.partition(" ")
    if scheme != "Basic":
        return None
    try:
        name, colon, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return None
    return (unquote_plus(name), unquote_plus(secret)) if colon else None


def public_key(jwk: dict[str, Any]) -> RSAKey | ECKey | OKPKey:
    """A public key of the library, of a JWK."""
    kinds: dict[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
    return kinds[jwk["kty"]].import_key(jwk)
