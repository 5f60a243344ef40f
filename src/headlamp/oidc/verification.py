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
from joserfc.errors import BadSignatureError, JoseError

from headlamp.oidc.entra import is_version_1, tenant_of
from headlamp.oidc.errors import (
    AuthenticationTooOld,
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
    WrongAuthenticationContext,
    WrongAuthorizedParty,
    WrongIssuer,
    WrongNonce,
    quoted,
    set_issuer,
)
from headlamp.oidc.issuer_hints import version_1
from headlamp.oidc.jose import registry_for
from headlamp.oidc.keys import SUPPORTED_ALGORITHMS, KeySet, VerificationKey
from headlamp.oidc.pkce import same_text

MAX_TOKEN_BYTES = 1024 * 1024
LEEWAY = 60.0
_ASKED_FOR = (
    "Start the sign-in again. If it stays, the identity provider does not do what {} asks for: your administrator "
    "should allow it there, or leave the setting out."
)

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

    `authenticated_since` (seconds since the epoch) is when the person must have proved themselves or later, where
    `max_age` was asked for; `acr_values` are the classes of authentication that were asked for, none for any.
    """

    issuer: str
    client_id: str
    algorithms: frozenset[str]
    nonce: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)
    trusted_audiences: frozenset[str] = frozenset()
    authenticated_since: float | None = None
    acr_values: tuple[str, ...] = ()
    leeway: float = LEEWAY


def verify_id_token(token: str, *, expected: Expected, keys: KeySet, now: float) -> dict[str, Any]:
    """Check an ID token and return its claims. `now` is in seconds since the epoch.

    Raises a kind of `IdTokenRejected`: `UnknownKey` when no key of `keys` can have signed it, `BadSignature` when one
    could and did not, and one for each claim that is missing or not as expected, with what was found.
    """
    signed = verify_signature(token, algorithms=expected.algorithms, keys=keys)
    _check_claims(signed.claims, expected, now)
    _check_access_token_hash(signed.claims, expected.access_token, signed.algorithm, signed.curve)
    return signed.claims


@dataclass(frozen=True, slots=True)
class Signed:
    """What a JWT says that a key of the provider has signed. `curve` is the key's, None for RSA."""

    claims: dict[str, Any] = field(repr=False)
    algorithm: str
    curve: str | None


def verify_signature(
    token: str, *, algorithms: Collection[str], keys: KeySet, kinds: frozenset[str] = frozenset()
) -> Signed:
    """Check who signed a JWT, and nothing of what it claims (RFC 7515, section 5.2; RFC 8725).

    `kinds` are the values of `typ` that are allowed here besides those of ID tokens. Raises `MalformedToken`,
    `TokenTooLarge`, `ForbiddenHeader`, `WrongAlgorithm`, `UnknownKey`, `BadSignature`.
    """
    header, payload = _parts(token)
    algorithm = _check_header(header, algorithms, kinds)
    kid = header.get("kid")
    candidates = keys.candidates(kid, algorithm)
    if not candidates:
        raise UnknownKey(
            f"The provider has no {algorithm} key"
            + (f" with the id “{quoted(kid, 60)}”." if kid is not None else " that the ID token can be signed with.")
        )
    signer = _check_signature(token, candidates, algorithm)
    return Signed(_object(payload, "content"), algorithm, signer.curve)


def peek(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a JWT without any verification: for showing and comparing, never for believing.

    Raises `MalformedToken` or `TokenTooLarge` when it cannot be read, as is the case for opaque tokens.
    """
    header, payload = _parts(token)
    return header, _object(payload, "content")


def peek_claims(token: str) -> dict[str, Any]:
    """The claims alone; see `peek`."""
    return peek(token)[1]


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


def _check_header(header: Mapping[str, Any], allowed: Collection[str], kinds: frozenset[str]) -> str:
    """Return the algorithm. Never reaches for a key: the ones that count are the provider's published ones."""
    if forbidden := _FORBIDDEN_HEADERS & header.keys():
        raise ForbiddenHeader(f"The ID token's header has “{min(forbidden)}”, which is not accepted.")
    kind = header.get("typ")
    others = _OTHER_TYPES - kinds
    if kind is not None and (not isinstance(kind, str) or kind.lower().removeprefix("application/") in others):
        raise ForbiddenHeader("What came as ID token is a token of another type.")
    algorithm = header.get("alg")
    # The second condition holds whatever was configured: neither `none` nor anything with a shared secret.
    if not isinstance(algorithm, str) or algorithm not in allowed or algorithm not in SUPPORTED_ALGORITHMS:
        raise WrongAlgorithm(found=str(algorithm), expected=frozenset(allowed))
    if not isinstance(header.get("kid", ""), str):
        raise MalformedToken("The ID token's key id is not a text.")
    return algorithm


def _check_signature(token: str, candidates: Collection[VerificationKey], algorithm: str) -> VerificationKey:
    """Return the key that the token is signed with."""
    registry = registry_for(algorithm)
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
    check_issue(claims, expected, now)
    _text(claims, "sub")
    if expected.nonce is not None:
        nonce = _text(claims, "nonce")
        if not same_text(nonce, expected.nonce):
            raise WrongNonce("The ID token's nonce is not that of this sign-in.")
    _check_authentication(claims, expected, now)


def _check_authentication(claims: Mapping[str, Any], expected: Expected, now: float) -> None:
    """Items 12 and 13: what was asked for has to be answered, and not only where the provider likes to."""
    if expected.acr_values:
        if "acr" not in claims:
            raise MissingClaim("acr", remedy=_ASKED_FOR.format("-oidc-acr-values"))
        context = _text(claims, "acr")
        if context not in expected.acr_values:
            raise WrongAuthenticationContext(expected=expected.acr_values, found=context)
    if expected.authenticated_since is not None:
        if "auth_time" not in claims:
            raise MissingClaim("auth_time", remedy=_ASKED_FOR.format("-oidc-max-age"))
        authenticated = instant(claims, "auth_time")
        if authenticated > now + expected.leeway:
            raise TokenNotYetValid("auth_time", valid_from=authenticated, now=now)
        if (missing := expected.authenticated_since - authenticated) > expected.leeway:
            raise AuthenticationTooOld(f"The identity provider saw you {missing:.0f} seconds before it had to.")


def _other_version(expected: str, found: str) -> str | None:
    """The endpoints of an Entra ID tenant's one version may give out tokens of the other."""
    tenant = tenant_of(expected)
    if tenant is not None and tenant == tenant_of(found) and is_version_1(expected):
        return version_1(expected, tenant).remedy(set_issuer)
    return None


def check_issue(claims: Mapping[str, Any], expected: Expected, now: float) -> None:
    """Who issued a token, for whom and when: `iss`, `aud` with `azp`, `exp`, `iat`, `nbf`.

    Raises a kind of `IdTokenRejected`.
    """
    issuer = _text(claims, "iss")
    if issuer != expected.issuer:
        raise WrongIssuer(expected=expected.issuer, found=issuer, remedy=_other_version(expected.issuer, issuer))
    _check_audience(claims, expected)
    _check_times(claims, expected.leeway, now)


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
    expiry = instant(claims, "exp")
    if now >= expiry + leeway:
        raise TokenExpired(expiry=expiry, now=now)
    issued = instant(claims, "iat")
    if issued > now + leeway:
        raise TokenNotYetValid("iat", valid_from=issued, now=now)
    if "nbf" in claims:
        valid_from = instant(claims, "nbf")
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


def instant(claims: Mapping[str, Any], name: str) -> float:
    """A claim that is a point in time, in seconds since the epoch. Raises `MissingClaim`, `MalformedToken`."""
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
