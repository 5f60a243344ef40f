"""What the relying party is told about one identity provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from headlamp.oidc.token_rule import ID_TOKEN, TokenRule

SIGNING_ALGS: Final = frozenset({"RS256"})
"""What ID tokens have unless the client is registered otherwise (OpenID Connect Core 1.0, section 3.1.3.7, item 7)."""


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """One registration at one provider. `id` is stable over restarts; `scopes` are those besides `openid`.

    `client_auth` is "auto" (chosen from the metadata), "none", "client_secret_basic", "client_secret_post" or
    "private_key_jwt"; `client_key_pem` is the private key for the last one, as PEM or JWK text, and `client_key_id` its
    `kid`, "" for the key's own or its thumbprint. `client_assertion_audience` is "token_endpoint" or "issuer".

    `auth_params` go into every authorization request (`prompt`, `login_hint` and what else an administrator names);
    `max_age` (seconds) and `acr_values` do too, and ID tokens are then held to them.

    `token_rule` says which token clusters get. `trusted_audiences` may stand beside `client_id` in an ID token.
    `send_id_token_hint` is for sign-out.

    `signing_algs` are the algorithms that this client's ID tokens may have.
    """

    id: str
    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] = ("profile", "email")
    display_name: str = ""
    ca_pem: str | None = field(default=None, repr=False)
    skip_tls_verify: bool = False
    client_auth: str = "auto"
    signing_algs: frozenset[str] = SIGNING_ALGS
    token_rule: TokenRule = ID_TOKEN
    trusted_audiences: frozenset[str] = frozenset()
    client_key_pem: str | None = field(default=None, repr=False)
    client_key_id: str = ""
    client_assertion_audience: str = "token_endpoint"
    auth_params: tuple[tuple[str, str], ...] = ()
    max_age: int | None = None
    acr_values: tuple[str, ...] = ()
    send_id_token_hint: bool = False
