"""A bearer token that somebody pastes: whether it can be one, and what it says about itself."""

from __future__ import annotations

import math
import re

from headlamp.sessions.claims import unverified_claims
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
    expires_at = _expiry(unverified_claims(token).get("exp"))
    if expires_at is not None and expires_at <= now:
        raise BadPastedToken("The token has expired.")
    return PastedToken(id=id, token=token, expires_at=expires_at)


def _expiry(claim: object) -> float | None:
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        return None
    try:
        return float(claim)
    except OverflowError:
        return math.inf if claim > 0 else -math.inf
