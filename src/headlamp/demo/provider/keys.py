"""The provider's signing key, and tokens signed with it."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from headlamp.demo.provider.config import ProviderConfig
from headlamp.demo.provider.grants import Family

ALGORITHM = "RS256"
_KEY_BITS = 2048


class SigningKey:
    """An RSA key of one run of the demo."""

    def __init__(self) -> None:
        self._key = RSAKey.generate_key(_KEY_BITS, {"use": "sig", "alg": ALGORITHM}, auto_kid=True)

    def jwks(self) -> dict[str, Any]:
        """The public half as a JWK Set (RFC 7517, section 5)."""
        return {"keys": [self._key.as_dict(private=False)]}

    def public_keys(self) -> KeySet:
        return KeySet([RSAKey.import_key(self._key.as_dict(private=False))])

    def sign(self, claims: dict[str, Any]) -> str:
        """A signed JWT."""
        return jwt.encode({"alg": ALGORITHM, "kid": self._key.kid}, claims, self._key)


def id_token_claims(
    config: ProviderConfig, family: Family, *, access_token: str, now: float, nonce: str = ""
) -> dict[str, Any]:
    """The claims of an ID token (OpenID Connect Core 1.0, sections 2 and 3.1.3.6)."""
    return {
        "iss": config.issuer,
        "aud": config.client.client_id,
        "iat": int(now),
        "exp": int(now) + config.id_token_lifetime,
        "auth_time": int(family.signed_in_at),
        "at_hash": _half_hash(access_token),
        "sid": family.sid,
        **({"nonce": nonce} if nonce else {}),
        **user_claims(family),
    }


def user_claims(family: Family) -> dict[str, Any]:
    """What the scopes of the sign-in tell about the person (section 5.4). Groups are always told, for clusters."""
    person = family.person
    claims: dict[str, Any] = {"sub": f"demo|{person.key}", "groups": list(person.groups)}
    if "profile" in family.scopes:
        claims |= {"name": person.name, "preferred_username": person.key, "given_name": person.first_name}
    if "email" in family.scopes:
        claims |= {"email": person.email, "email_verified": True}
    return claims


def _half_hash(token: str) -> str:
    digest = hashlib.sha256(token.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")
