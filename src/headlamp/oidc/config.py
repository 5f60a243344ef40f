"""What the relying party is told about one identity provider."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """One registration at one provider. `id` is stable over restarts; `scopes` are those besides `openid`.

    `client_auth` is "auto" (chosen from the metadata), "none", "client_secret_basic" or "client_secret_post".
    `signing_algs` are the algorithms that this client's ID tokens may have (RS256 unless registered otherwise:
    OpenID Connect Core 1.0, section 3.1.3.7, item 7).
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
    signing_algs: frozenset[str] = frozenset({"RS256"})
