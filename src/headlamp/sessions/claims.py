"""Claims as a session keeps them: as the JSON that they came in, a fifth of what they take as objects.

They are looked at when somebody signs in, renews or opens the page, and kept for as long as the session lasts.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec


def packed(claims: dict[str, Any]) -> bytes:
    """Claims as JSON. Unlike MessagePack it has no limit for integers, and providers need not know of one."""
    return msgspec.json.encode(claims)


def unpacked(claims: bytes) -> dict[str, Any]:
    """The claims in `packed` ones."""
    return msgspec.json.decode(claims, type=dict[str, Any])


def unverified_claims(token: str) -> dict[str, Any]:
    """What a JWT claims (RFC 7519), unverified; nothing for any other token. The cluster judges it, we only show it."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return msgspec.json.decode(payload, type=dict[str, Any])
    except (binascii.Error, ValueError, RecursionError, msgspec.MsgspecError):
        return {}
