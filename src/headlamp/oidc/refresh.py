"""Refresh (OpenID Connect Core 1.0, section 12): what a refusal means, and whether the answer is for the same one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headlamp.oidc.errors import (
    IdTokenRejected,
    MissingClaim,
    ProviderUnavailable,
    RefreshMismatch,
    RefreshRefused,
    TokenExpired,
    TokenNotYetValid,
    UnknownKey,
    UntrustedAudience,
    WrongAudience,
    WrongAuthorizedParty,
    WrongIssuer,
    quoted,
)
from headlamp.oidc.provider_hints import hint_for
from headlamp.oidc.token_endpoint import TokenRefusal

# invalid_request is what Dex says about a refresh token that is unknown, used up or expired.
_FINAL = frozenset(
    {
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "unsupported_grant_type",
        "interaction_required",
        "consent_required",
        "login_required",
        "access_denied",
    }
)
# These may be right the next time; the ID token that we have stays good until then.
PASSING = (UnknownKey, TokenExpired, TokenNotYetValid)


def refusal(answer: TokenRefusal) -> RefreshRefused | ProviderUnavailable:
    """What an error response to a refresh means."""
    hint = hint_for(answer.error, answer.description)
    said = f" ({quoted(answer.error, 40)}: “{quoted(answer.description)}”)" if answer.description else ""
    if hint is not None:
        said += f". {hint.meaning.rstrip('.')}"
    if answer.error in _FINAL:
        return RefreshRefused(f"The identity provider refused to renew the sign-in{said}.")
    return ProviderUnavailable(f"The identity provider could not renew the sign-in{said}.")


def mismatch(rejected: IdTokenRejected) -> RefreshMismatch:
    """What it means that a refreshed ID token was not believed, for reasons that do not pass."""
    if isinstance(rejected, WrongIssuer):
        claim = "iss"
    elif isinstance(rejected, WrongAudience | UntrustedAudience):
        claim = "aud"
    elif isinstance(rejected, WrongAuthorizedParty):
        claim = "azp"
    elif isinstance(rejected, MissingClaim):
        claim = rejected.claim
    else:
        claim = ""
    return RefreshMismatch(claim, f"The renewed ID token was rejected: {rejected.message}")


def check_same_sign_in(refreshed: Mapping[str, Any], *, subject: str, claims: Mapping[str, Any]) -> None:
    """Compare a refreshed, verified ID token with the sign-in's `subject` and `claims` (section 12.2).

    Issuer and client id have been checked by the verification. `nonce` and `azp` may be missing, but not be others;
    `auth_time` is not compared, since some providers move it when the person signs in elsewhere meanwhile.

    Raises `RefreshMismatch`.
    """
    if refreshed.get("sub") != subject:
        raise RefreshMismatch("sub")
    if not _audiences(claims) <= _audiences(refreshed):
        raise RefreshMismatch("aud")
    for name in ("iss", "azp", "nonce"):
        if name in refreshed and name in claims and refreshed[name] != claims[name]:
            raise RefreshMismatch(name)


def check_same_registration(claims: Mapping[str, Any], *, issuer: str, client_id: str) -> None:
    """Whether the sign-in with `claims` came of the registration that `issuer` and `client_id` name now.

    A refresh token is for its own client at its own provider (RFC 6749, section 6), and sessions outlive a change of
    the settings. Raises `RefreshRefused`.
    """
    if claims.get("iss") != issuer or client_id not in _audiences(claims):
        raise RefreshRefused("The identity provider of this sign-in is set up in another way than it was then.")


def _audiences(claims: Mapping[str, Any]) -> set[str]:
    value = claims.get("aud", ())
    return {value} if isinstance(value, str) else set(value)
