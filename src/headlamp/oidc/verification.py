"""Verification of ID tokens (OpenID Connect Core 1.0, section 3.1.3.7)."""

from __future__ import annotations

import hashlib
import math
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel

from headlamp.oidc.errors import (
    BadSignature,
    ForbiddenHeader,
    MalformedToken,
    MissingClaim,
    TokenExpired,
    TokenNotYetValid,
    TokenTooLarge,
    UnknownKey,
    UntrustedAudience,
    WrongAccessTokenHash,
    WrongAlgorithm,
    WrongAudience,
    WrongAuthorizedParty,
    WrongIssuer,
    WrongNonce,
    quoted,
)
from headlamp.oidc.keys import SUPPORTED_ALGORITHMS, KeySet, VerificationKey
from headlamp.oidc.pkce import same_text

MAX_TOKEN_BYTES = 1024 * 1024
LEEWAY = 60.0

# RFC 7515, section 7.1. The signature may be empty here, so that `none` is refused by its name.
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")

# Keys and extensions that a token itself brings along: whoever sends them wants to choose what it is checked with.
_FORBIDDEN_HEADERS = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "enc"})
# Other kinds of tokens of the same provider must not pass as ID tokens (RFC 8725, section 3.11).
_OTHER_TYPES = frozenset({"at+jwt", "logout+jwt", "secevent+jwt", "token-introspection+jwt", "dpop+jwt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What an ID token is checked against.

    `nonce` is the sign-in's, None at a refresh, which has none of its own. `access_token` is the one that came along,
    for `at_hash`. `trusted_audiences` may stand beside our client id in `aud`. `leeway` is in seconds.
    """

    issuer: str
    client_id: str
    algorithms: frozenset[str]
    nonce: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)
    trusted_audiences: frozenset[str] = frozenset()
    leeway: float = LEEWAY


def verify_id_token(token: str, *, expected: Expected, keys: KeySet, now: float) -> dict[str, Any]:
    """Check an ID token and return its claims. `now` is in seconds since the epoch.

    Raises a kind of `IdTokenRejected`: `UnknownKey` when no key of `keys` can have signed it, `BadSignature` when one
    could and did not, and one for each claim that is missing or not as expected, with what was found.
    """
    header, payload = _parts(token)
    algorithm = _check_header(header, expected.algorithms)
    kid = header.get("kid")
    candidates = keys.candidates(kid, algorithm)
    if not candidates:
        raise UnknownKey(
            f"The provider has no {algorithm} key"
            + (f" with the id “{quoted(kid, 60)}”." if kid is not None else " that the ID token can be signed with.")
        )
    signer = _check_signature(token, candidates, algorithm)
    claims = _object(payload, "content")
    _check_claims(claims, expected, now)
    _check_access_token_hash(claims, expected.access_token, algorithm, signer.curve)
    return claims


def peek_claims(token: str) -> dict[str, Any]:
    """The claims of a JWT without any verification: for showing, never for deciding.

    Raises `MalformedToken` or `TokenTooLarge` when it cannot be read, as is the case for opaque tokens.
    """
    _, payload = _parts(token)
    return _object(payload, "content")


def _parts(token: str) -> tuple[dict[str, Any], bytes]:
    if len(token) > MAX_TOKEN_BYTES:
        raise TokenTooLarge(f"The ID token has {len(token)} bytes; more than {MAX_TOKEN_BYTES} are not read.")
    if not _COMPACT.fullmatch(token):
        raise MalformedToken("The ID token is not a signed token in compact form.")
    header, payload, _ = token.split(".")
    return _object(_decode(header), "header"), _decode(payload)


def _decode(part: str) -> bytes:
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise MalformedToken("The ID token is not encoded as a token should be.") from None


def _object(text: bytes, what: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise MalformedToken(f"The ID token's {what} is not a JSON object.")
    return value


def _check_header(header: Mapping[str, Any], allowed: Collection[str]) -> str:
    """Return the algorithm. Never reaches for a key: the ones that count are the provider's published ones."""
    if forbidden := _FORBIDDEN_HEADERS & header.keys():
        raise ForbiddenHeader(f"The ID token's header has “{min(forbidden)}”, which is not accepted.")
    kind = header.get("typ")
    if kind is not None and (not isinstance(kind, str) or kind.lower().removeprefix("application/") in _OTHER_TYPES):
        raise ForbiddenHeader("What came as ID token is a token of another type.")
    algorithm = header.get("alg")
    # The second condition holds whatever was configured: neither `none` nor anything with a shared secret.
    if not isinstance(algorithm, str) or algorithm not in allowed or algorithm not in SUPPORTED_ALGORITHMS:
        raise WrongAlgorithm(found=str(algorithm), expected=frozenset(allowed))
    if not isinstance(header.get("kid", ""), str):
        raise MalformedToken("The ID token's key id is not a text.")
    return algorithm


class _Registry(jws.JWSRegistry):
    """The library's limits are made for small tokens; ours has been checked before."""

    max_header_length = MAX_TOKEN_BYTES
    max_payload_length = MAX_TOKEN_BYTES

    def get_alg(self, name: str) -> JWSAlgModel:
        # Without the library's warning about EdDSA, which is what such providers go on calling it.
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


def _check_signature(token: str, candidates: Collection[VerificationKey], algorithm: str) -> VerificationKey:
    """Return the key that the token is signed with."""
    # Unknown header parameters are ignored (RFC 7515, section 4): providers have some of their own.
    registry = _Registry(algorithms=[algorithm], strict_check_header=False)
    for candidate in candidates:
        try:
            jws.deserialize_compact(token, candidate.key, registry=registry)
        except BadSignatureError:
            continue
        except (JoseError, ValueError):
            raise MalformedToken("The ID token is not a signed token in compact form.") from None
        return candidate
    raise BadSignature("The ID token is not signed with the key that it names.")


def _check_claims(claims: Mapping[str, Any], expected: Expected, now: float) -> None:
    issuer = _text(claims, "iss")
    if issuer != expected.issuer:
        raise WrongIssuer(expected=expected.issuer, found=issuer)
    _text(claims, "sub")
    _check_audience(claims, expected)
    _check_times(claims, expected.leeway, now)
    if expected.nonce is not None:
        nonce = _text(claims, "nonce")
        if not same_text(nonce, expected.nonce):
            raise WrongNonce("The ID token's nonce is not that of this sign-in.")


def _check_audience(claims: Mapping[str, Any], expected: Expected) -> None:
    if "aud" not in claims:
        raise MissingClaim("aud")
    audience = claims["aud"]
    audiences = (audience,) if isinstance(audience, str) else audience
    if not isinstance(audiences, tuple | list) or not all(isinstance(a, str) for a in audiences):
        raise MalformedToken("The ID token's “aud” is neither a text nor a list of texts.")
    found = tuple(audiences)
    if expected.client_id not in found:
        raise WrongAudience(expected=expected.client_id, found=found)
    if set(found) - {expected.client_id} - expected.trusted_audiences:
        raise UntrustedAudience(expected=expected.client_id, found=found)
    party = claims.get("azp")
    if party is None and len(set(found)) > 1:
        raise MissingClaim("azp")
    if party is not None and party != expected.client_id:
        raise WrongAuthorizedParty(
            f"The ID token was issued to {quoted(str(party))}, expected is {quoted(expected.client_id)}."
        )


def _check_times(claims: Mapping[str, Any], leeway: float, now: float) -> None:
    expiry = _instant(claims, "exp")
    if now >= expiry + leeway:
        raise TokenExpired(expiry=expiry, now=now)
    issued = _instant(claims, "iat")
    if issued > now + leeway:
        raise TokenNotYetValid("iat", valid_from=issued, now=now)
    if "nbf" in claims:
        valid_from = _instant(claims, "nbf")
        if valid_from > now + leeway:
            raise TokenNotYetValid("nbf", valid_from=valid_from, now=now)


def _check_access_token_hash(
    claims: Mapping[str, Any], access_token: str | None, algorithm: str, curve: str | None
) -> None:
    """OpenID Connect Core 1.0, section 3.1.3.8: left out by some providers, checked where it is there."""
    if "at_hash" not in claims or access_token is None:
        return
    found = _text(claims, "at_hash")
    if not same_text(found.rstrip("="), _half_hash(access_token, algorithm, curve)):
        raise WrongAccessTokenHash("The access token is not the one that the ID token was issued with.")


def _half_hash(text: str, algorithm: str, curve: str | None) -> str:
    data = text.encode()
    if curve == "Ed448":
        digest = hashlib.shake_256(data).digest(114)
    elif curve == "Ed25519":
        digest = hashlib.sha512(data).digest()
    else:
        digest = hashlib.new(f"sha{algorithm[-3:]}", data).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if value is None or value == "":
        raise MissingClaim(name)
    if not isinstance(value, str):
        raise MalformedToken(f"The ID token's “{name}” is not a text.")
    return value


def _instant(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if value is None:
        raise MissingClaim(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MalformedToken(f"The ID token's “{name}” is not a number.")
    try:
        seconds = float(value)
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds):
        raise MalformedToken(f"The ID token's “{name}” is not a point in time.")
    return seconds
