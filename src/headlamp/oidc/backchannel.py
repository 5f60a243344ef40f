"""Logout tokens, by which a provider's server ends sessions here (OpenID Connect Back-Channel Logout 1.0)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headlamp.oidc.errors import (
    BadSignature,
    IdTokenRejected,
    LogoutTokenRejected,
    MalformedToken,
    TokenTooLarge,
    UnknownKey,
)
from headlamp.oidc.keys import KeySet
from headlamp.oidc.verification import Expected, check_issue, peek_claims, verify_signature

EVENT = "http://schemas.openid.net/event/backchannel-logout"
KINDS = frozenset({"logout+jwt"})
# Section 4 advises providers to let a logout token live for two minutes. Older ones are not believed, whatever they
# say about themselves: so long each has to be remembered.
MAX_AGE = 600.0
LONGEST_ID = 1024


@dataclass(frozen=True, slots=True)
class LogoutToken:
    """Whose sessions to end: those of the provider's session `sid`, or where there is none all of `subject`.

    `id` is the token's own (`jti`), and `valid_until` (seconds since the epoch) how long it must be remembered.
    """

    issuer: str
    subject: str | None
    sid: str | None
    id: str
    valid_until: float


def verify_logout_token(token: str, *, expected: Expected, keys: KeySet, now: float) -> LogoutToken:
    """Check a logout token (section 2.6), all but whether it was used before. `now` is in seconds since the epoch.

    Raises `UnknownKey` or `BadSignature`, which newer keys may settle, and `LogoutTokenRejected` for everything else.
    """
    try:
        claims = verify_signature(token, algorithms=expected.algorithms, keys=keys, kinds=KINDS).claims
        check_issue(claims, expected, now)
    except (UnknownKey, BadSignature):
        raise
    except IdTokenRejected as problem:
        raise rejected(problem) from problem
    if now - float(claims["iat"]) > MAX_AGE + expected.leeway:
        raise LogoutTokenRejected("The logout token was issued too long ago.")
    _check_event(claims)
    subject, sid = _text(claims, "sub"), _text(claims, "sid")
    if subject is None and sid is None:
        raise LogoutTokenRejected("The logout token has neither “sub” nor “sid”.")
    token_id = _text(claims, "jti")
    if token_id is None:
        raise LogoutTokenRejected("The logout token has no “jti”.")
    ends = min(float(claims["exp"]), float(claims["iat"]) + MAX_AGE)
    return LogoutToken(expected.issuer, subject, sid, token_id, ends + expected.leeway)


def rejected(problem: IdTokenRejected) -> LogoutTokenRejected:
    """The same cause, told about a logout token: the checks that both kinds have speak of ID tokens."""
    return LogoutTokenRejected(problem.message.replace("ID token", "logout token"))


def addressees(token: str) -> tuple[str, frozenset[str]]:
    """The issuer and the audiences that a token claims, unverified: to find out who can verify it.

    Raises `LogoutTokenRejected` when it cannot be read.
    """
    try:
        claims = peek_claims(token)
    except (MalformedToken, TokenTooLarge) as problem:
        raise rejected(problem) from problem
    issuer, audience = claims.get("iss"), claims.get("aud")
    names = audience if isinstance(audience, list) else [audience]
    return (issuer if isinstance(issuer, str) else ""), frozenset(name for name in names if isinstance(name, str))


def _check_event(claims: Mapping[str, Any]) -> None:
    """Items 6 and 7: what an ID token never has, and what every ID token of ours has."""
    events = claims.get("events")
    # Only our member counts. Others may be there, and be of any type: Keycloak puts a flag beside it.
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise LogoutTokenRejected("The logout token has no event that says so.")
    if "nonce" in claims:
        raise LogoutTokenRejected("The logout token has a “nonce”, as only ID tokens have.")


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    """A claim that may be missing. Raises `LogoutTokenRejected` for one that is no text, or an endless one."""
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID:
        raise LogoutTokenRejected(f"The logout token's “{name}” is not a text of a sensible length.")
    return value
