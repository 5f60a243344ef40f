"""What providers mean by their errors: their own words, recognised, and told with the setting that they are about.

A hint changes words, never what is done. What a provider says differs between versions, so a phrase is a few of its
words, and one that nobody recognises is shown as it came.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from headlamp.oidc.config import ProviderConfig
from headlamp.oidc.entra import entra_hint, is_guid
from headlamp.oidc.hints import Hint
from headlamp.oidc.metadata import Metadata

_CLIENT_PROOF = (
    "Your administrator should compare -oidc-client-secret (or -oidc-client-secret-file) with the secret that the "
    "identity provider shows for the client in -oidc-client-id."
)
_SCOPES = (
    "Your administrator should take this scope out of -oidc-scopes, or add it to the client at the identity provider."
)
_CALLBACK = (
    "Your administrator should register this server's callback URL at the identity provider, to the letter: the one "
    "that the program prints at its start, or that -oidc-callback-url or -public-url make."
)
_METHOD = (
    "Your administrator should set -oidc-client-auth-method to the method that the client is registered with at the "
    "identity provider."
)
_ASSIGN = (
    "Your administrator should allow this person, or a group of theirs, to use the client at the identity provider."
)

_PHRASES: tuple[tuple[re.Pattern[str], Hint], ...] = tuple(
    (re.compile(phrase, re.IGNORECASE), hint)
    for phrase, hint in (
        # Keycloak
        (r"invalid client or invalid client credentials", Hint("The client id or its secret is wrong.", _CLIENT_PROOF)),
        (r"client secret not provided", Hint("The client has a secret, and none came along.", _CLIENT_PROOF)),
        (
            r"standard flow is disabled|not allowed to initiate browser login",
            Hint(
                "The client may not use the authorization code flow.",
                "Your administrator should turn on Standard flow for the client in -oidc-client-id at Keycloak.",
            ),
        ),
        (
            r"offline tokens? not allowed|offline_access.*not allowed",
            Hint(
                "This person or client may not have refresh tokens that outlast the browser's sign-in.",
                "Your administrator should take offline_access out of -oidc-scopes, or allow it at the identity "
                "provider (Keycloak: the role offline_access).",
            ),
        ),
        # Dex
        (r"unrecognized scope|can't request scope", Hint("The provider does not know one of the scopes.", _SCOPES)),
        # Okta
        (r"not assigned to the client", Hint("This person is not assigned to the client.", _ASSIGN)),
        (
            r"policy evaluation failed",
            Hint(
                "No access policy of the authorization server allows this sign-in.",
                "Your administrator should add an access policy with a rule for the client at Okta, or check that "
                "-oidc-idp-issuer-url names the authorization server that has one.",
            ),
        ),
        (r"scopes are not configured", Hint("The provider does not know one of the scopes.", _SCOPES)),
        # Authelia, and others that are built like it
        (
            r"token_endpoint_auth_method|client_secret_(basic|post)",
            Hint("The client proves itself in another way than it is registered with.", _METHOD),
        ),
        # The words of RFC 6749, section 5.2, which GitLab and many others have for every cause.
        (
            r"unknown client, no client authentication included, or unsupported authentication method",
            Hint("The client's id, its secret or the way of sending it is wrong.", f"{_CLIENT_PROOF} Or: {_METHOD}"),
        ),
        # Google
        (r"oauth client was not found", Hint("The provider has no client with this id.", _CLIENT_PROOF)),
        # Anybody
        (r"invalid scopes?\b|scope.*(is|are) (invalid|unknown)", Hint("The provider refuses a scope.", _SCOPES)),
        (r"redirect[_ ]?uri", Hint("The provider does not like the callback URL.", _CALLBACK)),
        (
            r"code[_ ]verifier|code[_ ]challenge|pkce",
            Hint(
                "The provider could not check the sign-in's proof key (PKCE).",
                "Start the sign-in again. If it stays, your administrator should allow PKCE with S256 for the client.",
            ),
        ),
    )
)


def hint_for(error: str, description: str, *, config: ProviderConfig | None = None) -> Hint | None:
    """What `error` with its `description` means; None where the provider's own words have to do."""
    if error == "redirect_uri_mismatch":
        return Hint("The provider does not know the callback URL.", _CALLBACK)
    found = entra_hint(description) or next((hint for phrase, hint in _PHRASES if phrase.search(description)), None)
    if found is not None and error == "invalid_client" and config is not None and is_guid(config.client_secret or ""):
        # Entra ID's secrets are no GUIDs; their IDs are, and stand beside them.
        return Hint(f"{found.meaning} What is set as the secret looks like the Secret ID.", found.remedy)
    return found


def how_to_be_renewed(config: ProviderConfig, metadata: Metadata) -> str:
    """What an administrator can do for sign-ins to last, at a provider that gave no refresh token."""
    if urlsplit(config.issuer).hostname == "accounts.google.com":
        return "set -oidc-extra-params=access_type=offline and -oidc-prompt=consent"
    if "offline_access" in config.scopes:
        return "allow refresh tokens (offline_access) for this client at the identity provider"
    if metadata.scopes is None or "offline_access" in metadata.scopes:
        return "add offline_access to -oidc-scopes"
    return "allow refresh tokens for this client at the identity provider"
