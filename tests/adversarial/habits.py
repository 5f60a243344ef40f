"""How providers that do nothing wrong differ from each other: what the specifications leave open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Habits:
    """One provider's ways. The defaults are those of a provider that offers everything."""

    issuer_path: str = ""
    """What follows the host in the issuer: "/dex", "/realms/demo", "/application/o/headlamp/"."""
    endpoints: frozenset[str] = frozenset({"userinfo", "end_session", "revocation"})
    """Which of the optional endpoints there are."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Members of the discovery document, as in `Deviations`."""
    names_issuer_in_response: bool = True
    """RFC 9207."""
    scopes: tuple[str, ...] | None = None
    """The scopes that the client may ask for; None for any."""
    refuses_unknown_scopes: bool = False
    """Otherwise they are ignored (OpenID Connect Core 1.0, section 3.1.2.1)."""
    renamed_claims: Mapping[str, str] = field(default_factory=dict)
    """Other names for claims about a person; "" leaves one out."""
    claims_of_scope: Mapping[str, tuple[str, ...]] | None = None
    """Which claims about a person a scope brings along; None for all claims in any case."""
    auth_methods: tuple[str, ...] | None = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
    """What the metadata offer; None for silence."""
    client_auth: str | None = None
    """The one method that this client is registered with; None where the provider is not strict about it."""
    refuses_client_with: tuple[int, str] = (401, "invalid_client")
    """Status and error for a wrong client id or secret."""
    jwt_access_tokens: bool = False
    access_token_audience: str | None = None
    """`aud` of access tokens that are JWTs: None for the client's id, "" for none."""
    access_token_claims: Mapping[str, Any] = field(default_factory=dict)
    """Further claims of access tokens, as in `Deviations`."""
    id_token_claims: Mapping[str, Any] = field(default_factory=dict)
    """Further claims of ID tokens, as in `Deviations`."""
    offline_scope: str = ""
    """The scope that a refresh token is given for; "" when there always is one."""
    offline_parameter: tuple[str, str] | None = None
    """The parameter of the authorization request that a refresh token is given for; None for none."""
    repeats_refresh_token: bool = True
    """Whether a refresh that spends no refresh token answers with the same one again."""
    one_refresh_token_per_person: bool = False
    """A second sign-in of the same person at the same client ends the first one's refresh."""
    reuse_revokes_all: bool = False
    """An old refresh token that is used again makes the newest one useless too."""
    old_refresh_tokens_stay: bool = False
    """A refresh gives a new refresh token, and the old one goes on too."""
    refuses_refresh_with: str = "invalid_grant"
    refreshed_id_token: bool = True
    """Whether a refresh answers with an ID token (OpenID Connect Core 1.0, section 12.2, lets a provider choose)."""
    refreshed_without: tuple[str, ...] = ()
    """Claims that refreshed ID tokens don't have."""
    signed_userinfo: bool = False
    """UserInfo answers are JWTs (section 5.3.2)."""
    honours_prompt_none: bool = True
    longest_address: int = 65_536
    """The longest target of a GET that the end-session endpoint takes; 414 for longer ones."""
    redirects_without_hint: bool = True
    """Whether the end-session endpoint redirects for a client that names itself, but sends no `id_token_hint`."""
