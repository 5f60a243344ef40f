"""Taking out of log entries what must never be in one: tokens, codes, verifiers, cookies, secrets.

Callers don't log such values in the first place. This is the second line: it also sees what comes in by way of
exceptions, tracebacks, and other libraries' messages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any, Final

from headlamp.telemetry.jwts import without_jwts

MASK: Final = "***"

_DEEPEST: Final = 8
_LONGEST: Final = 16_384

_PARTS: Final = frozenset(
    {
        "assertion",
        "authorization",
        "cookie",
        "credential",
        "credentials",
        "nonce",
        "passwd",
        "password",
        "secret",
        "tokens",
        "token",
        "verifier",
    }
)
"""A key is sensitive when one of its words is one of these: `id_token`, `Set-Cookie`, `oidc_client_secret`."""

_WORDS_ONLY: Final = {
    # The code of a `Problem` is dotted words; an authorization code is not.
    "code": re.compile(r"[a-z_]+(?:\.[a-z_]+)+\Z"),
    # The state of a stream is a short word; the `state` of a sign-in is long and random.
    "state": re.compile(r"[a-z]{1,16}\Z"),
}

_SUSPICIOUS: Final = re.compile(r"eyJ|[=:@]|authorization|bearer|basic", re.IGNORECASE)
"""What every pattern below needs: most texts have none of it, and are done with after one search."""

_SCHEME: Final = re.compile(
    # "bearer token" in a sentence is two words.
    r"\b(Bearer|Basic)\s+(?!tokens?\.?(?![A-Za-z0-9._~+/=-]))[A-Za-z0-9._~+/=-]{4,}",
    re.IGNORECASE,
)
_COOKIE: Final = re.compile(r"((?:__Host-)?headlamp[A-Za-z0-9-]*)=[^\s;,\"']+")
_SUBPROTOCOL: Final = re.compile(r"(base64url\.bearer\.authorization\.k8s\.io\.)[A-Za-z0-9_-]+")
_ASSIGNED: Final = re.compile(
    r"\b(code|state|session_state|nonce|verifier|code_verifier|password|logout_hint|login_hint"
    r"|(?:[a-z]+_)*(?:token|secret|assertion|token_hint))"
    r"(['\"]?\s*[=:]\s*)(b?['\"])?([^\s'\"&,;)}\]]+)",
    re.IGNORECASE,
)
_USERINFO: Final = re.compile(r"(://)[^/\s?#@]+@")


def redact(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: the same entry without anything sensitive, however deep it sits."""
    for key in list(event):
        event[key] = _value(key, event[key], 0)
    return event


def redact_text(text: str) -> str:
    """A text with everything masked that looks like a token, a cookie of ours, or a secret that is being named."""
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "… (cut)"
    if not _SUSPICIOUS.search(text):
        return text
    text = without_jwts(text, MASK)
    text = _SCHEME.sub(rf"\1 {MASK}", text)
    text = _COOKIE.sub(rf"\1={MASK}", text)
    text = _SUBPROTOCOL.sub(rf"\1{MASK}", text)
    text = _USERINFO.sub(rf"\1{MASK}@", text)
    return _ASSIGNED.sub(_assigned, text)


@lru_cache(maxsize=1024)
def is_sensitive(key: str) -> bool:
    """Whether a key names something whose value is never logged."""
    return not _PARTS.isdisjoint(re.split(r"[^a-z0-9]+", key.lower()))


def _assigned(match: re.Match[str]) -> str:
    name, between, quote, value = match.groups()
    if name.lower() == "code" and _WORDS_ONLY["code"].match(value):
        return match.group(0)
    return f"{name}{between}{quote or ''}{MASK}"


def _value(key: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value  # A size, a count or an expiry, even where the key speaks of tokens.
    if is_sensitive(key):
        return MASK
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        allowed = _WORDS_ONLY.get(key.lower())
        return MASK if allowed and not allowed.match(value) else redact_text(value)
    if depth >= _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {redact_text(str(name)): _value(str(name), item, depth + 1) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_value(key, item, depth + 1) for item in value]
    return redact_text(str(value) if isinstance(value, BaseException) else repr(value))
