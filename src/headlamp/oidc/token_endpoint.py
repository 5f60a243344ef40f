"""Requests to the token endpoint (RFC 6749, sections 4.1.3 and 6) and what they answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from headlamp.oidc.client_auth import authenticate, choose_method
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

# Three tokens of the largest size that we read, and some room.
MAX_BYTES = 4 * 1024 * 1024
# What a header can carry: RFC 6750, section 2.1, and some more that providers use in opaque tokens.
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """A successful token response. `expires_in` is left out on purpose: see `Tokens.expires_at`."""

    access_token: str = field(repr=False)
    id_token: str | None = field(repr=False)
    refresh_token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenRefusal:
    """An error response (RFC 6749, section 5.2) about the code or the refresh token."""

    error: str
    description: str


async def request_tokens(
    form: dict[str, str], *, config: ProviderConfig, metadata: Metadata, http: Http
) -> TokenResponse | TokenRefusal:
    """Send `form` with this client's authentication, once.

    Raises `ClientRejected` when the client itself is refused, `BadTokenResponse` (or `WrongTokenType`) when a success
    lacks something, `ProviderUnavailable` for everything that may pass.
    """
    form, headers = authenticate(choose_method(config, metadata), config, form)
    answer = await http.fetch(metadata.token_endpoint, form=form, headers=headers, max_bytes=MAX_BYTES)
    if answer.status == 200:
        return _read_success(answer.json_object())
    return _read_error(answer)


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
    )


def _token(document: dict[str, Any], name: str) -> str | None:
    value = document.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise BadTokenResponse(f"The provider's {name} is not a token.")
    return value


def _read_error(answer: Answer) -> TokenRefusal:
    try:
        document = answer.json_object()
    except BadProviderAnswer:
        document = {}
    error, description = document.get("error"), document.get("error_description")
    if not isinstance(error, str) or answer.status not in (400, 401):
        if answer.status == 401:
            raise ClientRejected("The provider does not accept the client's id and secret.")
        raise ProviderUnavailable(
            f"The provider's token endpoint answered {answer.status}.", retry_after=answer.retry_after or 10.0
        )
    # A wrong secret is invalid_client by the book, and unauthorized_client at Keycloak.
    if error in ("invalid_client", "unauthorized_client"):
        raise ClientRejected(f"The provider does not accept the client's id and secret ({error}).")
    if error in ("temporarily_unavailable", "server_error", "slow_down"):
        raise ProviderUnavailable(
            f"The provider's token endpoint answered {error}.", retry_after=answer.retry_after or 10.0
        )
    return TokenRefusal(error=error, description=description if isinstance(description, str) else "")
