"""How this client proves to the token endpoint who it is (OpenID Connect Core 1.0, section 9)."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote_plus

from headlamp.oidc.config import ProviderConfig
from headlamp.oidc.errors import UnsupportedClientAuth, quoted
from headlamp.oidc.metadata import Metadata

BASIC = "client_secret_basic"
POST = "client_secret_post"
NONE = "none"


def choose_method(config: ProviderConfig, metadata: Metadata) -> str:
    """The method for this client at this provider: chosen beforehand, since a failed try can cost the code.

    Raises `UnsupportedClientAuth` when the provider offers none of ours.
    """
    if config.client_auth != "auto":
        return config.client_auth
    if config.client_secret is None:
        return NONE
    offered = metadata.client_auth_methods
    if offered is None or BASIC in offered:
        return BASIC  # what silence means: OpenID Connect Discovery 1.0, section 3
    if POST in offered:
        return POST
    raise UnsupportedClientAuth(f"The provider offers {quoted(', '.join(offered)) or 'no method'}.")


def authenticate(method: str, config: ProviderConfig, form: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The form and the headers of a token request. Raises `UnsupportedClientAuth` for a method that we don't have."""
    secret = config.client_secret or ""
    if method == BASIC:
        # RFC 6749, section 2.3.1: both parts are form-urlencoded before they are joined.
        pair = f"{quote_plus(config.client_id)}:{quote_plus(secret)}"
        return form, {"Authorization": "Basic " + b64encode(pair.encode()).decode()}
    if method == POST:
        return {**form, "client_id": config.client_id, "client_secret": secret}, {}
    if method == NONE:
        return {**form, "client_id": config.client_id}, {}
    raise UnsupportedClientAuth(f"The client is configured for {quoted(method, 40)}.")
