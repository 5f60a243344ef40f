"""Telling a provider that a refresh token is of no use any more (RFC 7009)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from headlamp.oidc.client_auth import authenticated
from headlamp.oidc.config import ProviderConfig
from headlamp.oidc.errors import ProviderUnavailable
from headlamp.oidc.http import Http
from headlamp.oidc.metadata import Metadata

MAX_BYTES = 64 * 1024


async def revoke_refresh_token(
    refresh_token: str,
    *,
    config: ProviderConfig,
    metadata: Metadata,
    http: Http,
    now: Callable[[], float] = time.time,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> bool:
    """Revoke a refresh token, and with it what was issued with it (section 2.1); False without such an endpoint.

    A token that the provider does not know (any more) counts as revoked (section 2.2). Raises `ProviderUnavailable`
    or one of its kinds for any other answer.
    """
    if metadata.revocation_endpoint is None:
        return False
    form = {"token": refresh_token, "token_type_hint": "refresh_token"}
    form, headers = authenticated(form, config=config, metadata=metadata, revocation=True, now=now, random=random)
    answer = await http.fetch(metadata.revocation_endpoint, form=form, headers=headers, max_bytes=MAX_BYTES)
    if answer.status != 200:
        raise ProviderUnavailable(f"The provider's revocation endpoint answered {answer.status}.")
    return True
