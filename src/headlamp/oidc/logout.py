"""Where a provider ends its own session of a person who signs out here (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from headlamp.oidc.config import ProviderConfig
from headlamp.oidc.metadata import Metadata

LONGEST_URL = 2048
"""With an `id_token_hint`. Real providers answer 414 or 431 from 8 KB on, and web servers with a limit on the query
alone (2,048 characters is a common one) answer 404 to less."""
LONGEST_HINT = 512


def end_session_url(
    config: ProviderConfig,
    metadata: Metadata,
    *,
    post_logout_redirect_uri: str,
    state: str,
    id_token: str,
    claims: Mapping[str, Any],
) -> str | None:
    """The address to send the browser to (section 2); None where the provider has no such endpoint.

    `claims` are the ID token's. What the endpoint's own query has stays. The ID token itself goes along only if
    `config` says so and the whole address stays short: it would be in the browser's history and in logs on the way.
    """
    if metadata.end_session_endpoint is None:
        return None
    parameters = {
        "client_id": config.client_id,
        "post_logout_redirect_uri": post_logout_redirect_uri,
        "state": state,
    }
    hint = claims.get("login_hint")
    # Entra ID puts this claim into ID tokens for just this purpose. No other claim is what a provider asked for.
    if isinstance(hint, str) and 0 < len(hint) <= LONGEST_HINT:
        parameters["logout_hint"] = hint
    if config.send_id_token_hint:
        with_token = _with_query(metadata.end_session_endpoint, {**parameters, "id_token_hint": id_token})
        if len(with_token) <= LONGEST_URL:
            return with_token
    return _with_query(metadata.end_session_endpoint, parameters)


def _with_query(address: str, parameters: Mapping[str, str]) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(parameters))))))
