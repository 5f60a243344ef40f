"""Requests to the token endpoint (RFC 6749, sections 4.1.3 and 6) and what they answer."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from headlamp.oidc.client_auth import authenticated
from headlamp.oidc.config import ProviderConfig
from headlamp.oidc.errors import (
    BadProviderAnswer,
    BadTokenResponse,
    ClientRejected,
    ProviderUnavailable,
    WrongTokenType,
    quoted,
)
from headlamp.oidc.http import Answer, Http
from headlamp.oidc.metadata import Metadata
from headlamp.oidc.provider_hints import hint_for

# Three tokens of the largest size that we read, and some room.
MAX_BYTES = 4 * 1024 * 1024
# A year: whoever says more does not mean it.
LONGEST_LIFETIME = 366 * 86400.0
# Of the statuses that a refusal may have: RFC 6749, section 5.2, says 400 or 401, Auth0 says invalid_grant with 403.
_PASSING = frozenset({408, 425, 429})
# What a header can carry: RFC 6750, section 2.1, and some more that providers use in opaque tokens.
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """A successful token response. `expires_in` is the access token's life in seconds, None if it makes no sense."""

    access_token: str = field(repr=False)
    id_token: str | None = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in: float | None = None


@dataclass(frozen=True, slots=True)
class TokenRefusal:
    """An error response (RFC 6749, section 5.2) about the code or the refresh token."""

    error: str
    description: str


async def request_tokens(
    form: dict[str, str],
    *,
    config: ProviderConfig,
    metadata: Metadata,
    http: Http,
    now: Callable[[], float] = time.time,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> TokenResponse | TokenRefusal:
    """Send `form` with this client's authentication, once.

    Raises `ClientRejected` when the client itself is refused, `BadTokenResponse` (or `WrongTokenType`) when a success
    lacks something, `ProviderUnavailable` for everything that may pass.
    """
    form, headers = authenticated(form, config=config, metadata=metadata, now=now, random=random)
    answer = await http.fetch(metadata.token_endpoint, form=form, headers=headers, max_bytes=MAX_BYTES)
    if answer.status == 200:
        return _read_success(answer.json_object())
    return _read_error(answer, config, form)


def _read_success(document: dict[str, Any]) -> TokenResponse:
    access_token = _token(document, "access_token")
    if access_token is None:
        raise BadTokenResponse("The provider's token response has no access token.")
    token_type = document.get("token_type")
    if not isinstance(token_type, str) or token_type.lower() != "bearer":
        raise WrongTokenType(f"The provider's tokens are of the type {quoted(str(token_type), 40)}, not Bearer.")
    return TokenResponse(
        access_token=access_token,
        id_token=_token(document, "id_token"),
        refresh_token=_token(document, "refresh_token"),
        expires_in=_lifetime(document.get("expires_in")),
    )


def _lifetime(value: Any) -> float | None:
    """RFC 6749, section 5.1, says a number; some providers write it as a text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST_LIFETIME:
        return None
    return float(value)


def _token(document: dict[str, Any], name: str) -> str | None:
    value = document.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise BadTokenResponse(f"The provider's {name} is not a token.")
    return value


def _read_error(answer: Answer, config: ProviderConfig, form: Mapping[str, str]) -> TokenRefusal:
    try:
        document = answer.json_object()
    except BadProviderAnswer:
        document = {}
    error, description = document.get("error"), document.get("error_description")
    if not isinstance(error, str) or not 400 <= answer.status < 500 or answer.status in _PASSING:
        if answer.status == 401:
            raise ClientRejected("The provider does not accept the client.", remedy=_proof_remedy(config, form))
        raise ProviderUnavailable(
            f"The provider's token endpoint answered {answer.status}.", retry_after=answer.retry_after or 10.0
        )
    said = description if isinstance(description, str) else ""
    # A wrong secret is invalid_client by the book, and unauthorized_client at Keycloak.
    if error in ("invalid_client", "unauthorized_client"):
        hint = hint_for(error, said, config=config)
        quote = f": “{quoted(said)}”" if said else ""
        raise ClientRejected(
            f"{hint.meaning if hint else 'The provider does not accept the client.'} It answered {error}{quote}.",
            remedy=hint.remedy if hint else _proof_remedy(config, form),
        )
    if error in ("temporarily_unavailable", "server_error", "slow_down"):
        raise ProviderUnavailable(
            f"The provider's token endpoint answered {error}.", retry_after=answer.retry_after or 10.0
        )
    return TokenRefusal(error=error, description=said)


def _proof_remedy(config: ProviderConfig, form: Mapping[str, str]) -> str | None:
    """What to compare, by the way in which the client has proved itself; None for a secret."""
    if "client_assertion" in form:
        return (
            "Your administrator should register the public half of -oidc-client-key-file at the identity provider, "
            "with the id in -oidc-client-key-id if it has one there. Some providers want "
            "-oidc-client-assertion-audience=issuer."
        )
    if config.client_secret is None:
        return (
            "Your administrator should set -oidc-client-secret-file, or make the client in -oidc-client-id a public "
            "one at the identity provider."
        )
    return None
