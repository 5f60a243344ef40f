"""A bearer token as an API server reads it, without its signature: header, claims, size."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

Format = Literal["jwt", "opaque"]

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
GOOGLE = "https://accounts.google.com"


@dataclass(frozen=True, slots=True)
class TokenReading:
    """What can be read of a token; of one that is not a JWT only its size, and in `why_opaque` what it is instead.

    `size` is in bytes. Nothing here is verified, and neither the token nor its signature is kept.
    """

    format: Format
    size: int
    header: Mapping[str, Any] = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)
    why_opaque: str = ""

    @property
    def algorithm(self) -> str:
        """The header's `alg`; empty when there is none."""
        return text(self.header.get("alg"))

    @property
    def issuer(self) -> str:
        """The claim `iss` as an API server compares it: of Google's two spellings the one with a scheme."""
        issuer = text(self.claims.get("iss"))
        return GOOGLE if issuer == GOOGLE.removeprefix("https://") else issuer

    @property
    def audiences(self) -> tuple[str, ...]:
        """The claim `aud`, which may be one text or a list of them; empty texts left out."""
        return strings(self.claims.get("aud")) or ()

    @property
    def expires_at(self) -> float | None:
        """The claim `exp`, in seconds since the epoch."""
        return instant(self.claims.get("exp"))


def read_token(token: str) -> TokenReading:
    """Read a token in the way of kube-apiserver: a JWS in compact form (RFC 7515, section 7.1) with JSON claims."""
    size = len(token.encode("utf-8", "replace"))
    parts = token.split(".")
    if len(parts) == 5:
        return TokenReading("opaque", size, why_opaque="an encrypted token (JWE)")
    if len(parts) != 3:
        return TokenReading("opaque", size, why_opaque="an opaque token")
    header, claims = _object(parts[0]), _object(parts[1])
    if header is None or claims is None:
        return TokenReading("opaque", size, why_opaque="a token that looks like a JWT, but can't be decoded")
    return TokenReading("jwt", size, header, claims)


def text(value: Any) -> str:
    """`value` if it is text, else nothing."""
    return value if isinstance(value, str) else ""


def strings(value: Any) -> tuple[str, ...] | None:
    """One text or a list of texts, without the empty ones; None for anything else."""
    if isinstance(value, str):
        return (value,) if value else ()
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(item for item in value if item)
    return None


def instant(value: Any) -> float | None:
    """A NumericDate (RFC 7519, section 2), also in quotes, which Go's reader takes too; None for anything else."""
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _object(part: str) -> dict[str, Any] | None:
    """A JSON object in base64url without padding; None when it is not one."""
    if not _BASE64URL.fullmatch(part):
        return None
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (binascii.Error, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
