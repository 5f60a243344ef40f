"""A bearer token that somebody pastes: whether it can be one, and what it says about itself."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

import msgspec

from headlamp.sessions.errors import BadPastedToken
from headlamp.sessions.record import PastedToken

LONGEST_TOKEN = 512 * 1024
# RFC 6750, section 2.1 (b64token): nothing that could become a second header or a second token.
BEARER_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


def pasted_token(text: str, *, id: str, now: float) -> PastedToken:  # noqa: A002  # the field's own name
    """The token in `text`, which may have white space around it. Raises `BadPastedToken`."""
    token = text.strip()
    if len(token) > LONGEST_TOKEN:
        raise BadPastedToken(f"The token is longer than {LONGEST_TOKEN // 1024} KiB.")
    if not BEARER_TOKEN.fullmatch(token):
        raise BadPastedToken("The token is empty, or has characters that no bearer token has.")
    claims = unverified_claims(token)
    expiry = claims.get("exp")
    expires_at = float(expiry) if isinstance(expiry, int | float) and not isinstance(expiry, bool) else None
    if expires_at is not None and expires_at <= now:
        raise BadPastedToken("The token has expired.")
    return PastedToken(id=id, token=token, expires_at=expires_at, claims=claims)


def unverified_claims(token: str) -> dict[str, Any]:
    """What a JWT claims (RFC 7519), unverified; nothing for any other token. The cluster judges it, we only show it."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        claims = msgspec.json.decode(payload, type=dict[str, Any])
    except (binascii.Error, ValueError, RecursionError, msgspec.MsgspecError):
        return {}
    return claims
