"""The authorization code flow's two ends in the browser (OpenID Connect Core 1.0, section 3.1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

from headlamp.oidc.config import ProviderConfig
from headlamp.oidc.errors import (
    AccessDenied,
    LoginRequired,
    NoCode,
    ProviderRefused,
    ProviderUnavailable,
    ResponseIssuer,
    SignInExpired,
    TransactionUnknown,
    quoted,
)
from headlamp.oidc.metadata import Metadata
from headlamp.oidc.pkce import METHOD, challenge, same_text
from headlamp.oidc.provider_hints import hint_for
from headlamp.oidc.transaction import LIFETIME, Transaction

_REMEDIES = {
    "invalid_scope": "Your administrator should set -oidc-scopes to scopes that the provider knows for this client.",
    "invalid_request": "Your administrator should compare this client's registration at the provider with the "
    "settings here, the callback URL above all.",
    "unauthorized_client": "Your administrator should allow the authorization code flow for this client.",
    "unsupported_response_type": "Your administrator should allow the authorization code flow for this client.",
}
# OpenID Connect Core 1.0, section 3.1.2.6
_SHOW_YOURSELF = frozenset({"login_required", "interaction_required", "consent_required", "account_selection_required"})
_PASSING = frozenset({"temporarily_unavailable", "server_error"})


def authorization_url(
    transaction: Transaction, *, config: ProviderConfig, metadata: Metadata, extra: Mapping[str, str]
) -> str:
    """Where to send the browser (section 3.1.2.1).

    `extra` are further parameters of this one request, such as `login_hint`. A `prompt` among them counts only where
    the configuration has none: nobody but the administrator says that people need not prove themselves. Raises
    `ValueError` when a parameter is ours to set.
    """
    ours = {
        "response_type": "code",
        "client_id": config.client_id,
        "redirect_uri": transaction.redirect_uri,
        "scope": " ".join(dict.fromkeys(("openid", *config.scopes))),
        "state": transaction.state,
        "nonce": transaction.nonce,
        "code_challenge": challenge(transaction.verifier),
        "code_challenge_method": METHOD,
    }
    asked = {**_asked(config), **extra, **_firm(config)}
    if taken := asked.keys() & (ours.keys() | {"request", "request_uri", "response_mode", "claims"}):
        raise ValueError(f"not for a caller to set: {', '.join(sorted(taken))}")
    parts = urlsplit(metadata.authorization_endpoint)
    query = "&".join(filter(None, (parts.query, urlencode({**ours, **asked}))))
    return urlunsplit(parts._replace(query=query))


def _asked(config: ProviderConfig) -> dict[str, str]:
    """What every sign-in asks for, by configuration."""
    asked = dict(config.auth_params)
    if config.max_age is not None:
        asked["max_age"] = str(config.max_age)
    if config.acr_values:
        asked["acr_values"] = " ".join(config.acr_values)
    return asked


def _firm(config: ProviderConfig) -> dict[str, str]:
    return {name: value for name, value in _asked(config).items() if name in ("prompt", "max_age", "acr_values")}


def check_transaction(transaction: Transaction, params: Mapping[str, str], *, provider_id: str, now: float) -> None:
    """Whether the answer `params` belongs to `transaction`, and that to this provider and to recent times.

    Raises `TransactionUnknown` or `SignInExpired`.
    """
    if transaction.provider_id != provider_id:
        raise TransactionUnknown("This sign-in was started with another identity provider.")
    if not same_text(params.get("state", ""), transaction.state):
        raise TransactionUnknown("The answer of the identity provider belongs to another sign-in.")
    age = now - transaction.created_at
    if not -60 <= age <= LIFETIME:
        raise SignInExpired(f"This sign-in was started {age / 60:.0f} minutes ago.")


def code_of(params: Mapping[str, str], *, metadata: Metadata) -> str:
    """The authorization code of an answer.

    Raises `ResponseIssuer` (RFC 9207, section 2.4: then the code must go nowhere), `AccessDenied`, `LoginRequired`,
    `ProviderRefused`, `ProviderUnavailable` for the provider's errors, `NoCode` when there is nothing.
    """
    issuer = params.get("iss")
    if issuer is not None and issuer != metadata.issuer:
        raise ResponseIssuer(f"The answer comes from {quoted(issuer)}, asked was {quoted(metadata.issuer)}.")
    if "error" in params:
        raise _refusal(params["error"], params.get("error_description", ""))
    if issuer is None and metadata.response_names_issuer:
        raise ResponseIssuer("The answer does not name its issuer, although the provider says that it does.")
    code = params.get("code", "")
    if not code:
        raise NoCode("The answer of the identity provider has no code.")
    return code


def _refusal(error: str, description: str) -> ProviderRefused | ProviderUnavailable:
    hint = hint_for(error, description)
    if error == "access_denied":
        return AccessDenied(error, description, hint=hint)
    if error in _SHOW_YOURSELF:
        return LoginRequired(error, description, hint=hint)
    if error in _PASSING:
        return ProviderUnavailable(f"The identity provider answered {error}: “{quoted(description)}”.")
    return ProviderRefused(error, description, hint=hint, remedy=_REMEDIES.get(error))
