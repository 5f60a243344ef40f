"""The UserInfo endpoint (OpenID Connect Core 1.0, section 5.3): what a page shows, and nothing that decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from headlamp.oidc.errors import IdTokenRejected, ProviderUnavailable, TokenExpired, WrongAudience, WrongIssuer
from headlamp.oidc.http import Http
from headlamp.oidc.keys import KeySet
from headlamp.oidc.metadata import Metadata
from headlamp.oidc.verification import LEEWAY, instant, verify_signature

TIMEOUT = 5.0


async def ask_userinfo(
    access_token: str,
    *,
    subject: str,
    metadata: Metadata,
    http: Http,
    verify: Callable[[str], Awaitable[dict[str, Any]]],
) -> dict[str, Any]:
    """The claims about `subject`; empty if there is no endpoint, it fails, or it speaks of another `sub`.

    It is called only after the ID token has been verified, and fails without harm: Keycloak answers 431 to a large
    token, Entra ID's endpoint belongs to another API. A signed answer goes through `verify`, which raises
    `IdTokenRejected` for one that is not to be believed. Distributed claims (section 5.6.2) are left where they are:
    an address that a provider's answer names is none that we call.
    """
    if metadata.userinfo_endpoint is None:
        return {}
    try:
        answer = await http.fetch(
            metadata.userinfo_endpoint, headers={"Authorization": f"Bearer {access_token}"}, timeout=TIMEOUT
        )
        if answer.status != 200:
            return {}
        signed = answer.content_type.lower() == "application/jwt"
        claims = await verify(answer.body.decode("ascii").strip()) if signed else answer.json_object()
    except (ProviderUnavailable, IdTokenRejected, UnicodeDecodeError):
        return {}
    # Section 5.3.2: without this check an access token of somebody else would lend its name.
    return claims if claims.get("sub") == subject else {}


def verify_userinfo(
    answer: str, *, issuer: str, client_id: str, algorithms: frozenset[str], keys: KeySet, now: float
) -> dict[str, Any]:
    """The claims of a UserInfo answer that is a JWT.

    It need not name issuer and audience (section 5.3.2: SHOULD), nor an end, but what it names has to be right. `now`
    is in seconds since the epoch. Raises a kind of `IdTokenRejected`.
    """
    claims = verify_signature(answer, algorithms=algorithms, keys=keys).claims
    if claims.get("iss", issuer) != issuer:
        raise WrongIssuer(expected=issuer, found=str(claims["iss"]))
    audience = claims.get("aud", client_id)
    if client_id not in (audience if isinstance(audience, list) else [audience]):
        raise WrongAudience(expected=client_id, found=(str(audience),))
    if "exp" in claims and now >= (expiry := instant(claims, "exp")) + LEEWAY:
        raise TokenExpired(expiry=expiry, now=now)
    return claims
