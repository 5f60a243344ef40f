"""The UserInfo endpoint (OpenID Connect Core 1.0, section 5.3): what a page shows, and nothing that decides."""

from __future__ import annotations

from typing import Any

from headlamp.oidc.errors import ProviderUnavailable
from headlamp.oidc.http import Http
from headlamp.oidc.metadata import Metadata

TIMEOUT = 5.0


async def ask_userinfo(access_token: str, *, subject: str, metadata: Metadata, http: Http) -> dict[str, Any]:
    """The claims about `subject`; empty if there is no endpoint, it fails, or it speaks of another `sub`.

    It is called only after the ID token has been verified, and fails without harm: Keycloak answers 431 to a large
    token, Entra ID's endpoint belongs to another API, signed answers (application/jwt) are not for us.
    """
    if metadata.userinfo_endpoint is None:
        return {}
    try:
        answer = await http.fetch(
            metadata.userinfo_endpoint, headers={"Authorization": f"Bearer {access_token}"}, timeout=TIMEOUT
        )
        if answer.status != 200:
            return {}
        claims = answer.json_object()
    except ProviderUnavailable:
        return {}
    # Section 5.3.2: without this check an access token of somebody else would lend its name.
    return claims if claims.get("sub") == subject else {}
