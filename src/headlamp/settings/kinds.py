"""Kinds of values: how each is read from text, how it is shown, and what is said when it doesn't fit.

A reader raises `ValueError` with the end of a sentence that begins with the setting's name ("must be …").
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

from headlamp.settings.addresses import read_base_url, read_hosts, read_listen_addr, read_networks, read_url
from headlamp.settings.secret import Secret
from headlamp.settings.words import quoted, words

T = TypeVar("T")

_TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "false", "FALSE", "False"})
BOOLEANS: Final = _TRUE | _FALSE
"""The spellings of Go's `strconv.ParseBool`, which is what Headlamp's users have in their manifests."""

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?\Z")
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_YEAR: Final = 365 * 86400
_PROMPTS: Final = ("login", "consent", "select_account")
RESERVED_PARAMETERS: Final = frozenset(
    {
        *("response_type", "response_mode", "client_id", "redirect_uri", "scope", "state", "nonce"),
        *("code_challenge", "code_challenge_method", "request", "request_uri", "claims", "registration"),
        *("prompt", "max_age", "login_hint", "acr_values", "id_token_hint", "client_secret"),
    }
)
"""Parameters of an authorization request that -oidc-extra-params must leave alone."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """`placeholder` stands for the value in the help ("" for a switch); `show` prints a default."""

    placeholder: str
    read: Callable[[str], T]
    show: Callable[[T], str] = str


def _boolean(value: str) -> bool:
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ValueError(f"must be true or false, not {quoted(value)}")


def _integer(low: int, high: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if re.fullmatch(r"[+-]?\d{1,18}", value, re.ASCII) and low <= int(value) <= high:
            return int(value)
        raise ValueError(f"must be a whole number from {low} to {high}, not {quoted(value)}")

    return read


def _seconds(value: str) -> int:
    match = _DURATION.match(value)
    if value.isascii() and value.isdigit():
        seconds = int(value[:18])
    elif value and match:
        hours, minutes, rest = (int((part or "0")[:18]) for part in match.groups())
        seconds = hours * 3600 + minutes * 60 + rest
    else:
        seconds = 0
    if 1 <= seconds <= _YEAR:
        return seconds
    raise ValueError(
        f'must be a number of seconds, or a duration like "8h" or "1h30m", up to a year, not {quoted(value)}'
    )


def _number(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if 0.0 <= number <= 1.0:
        return number
    raise ValueError(f"must be a number from 0 to 1, not {quoted(value)}")


def _choice(*words: str, aliases: dict[str, str] | None = None) -> Callable[[str], str]:
    def read(value: str) -> str:
        word = (aliases or {}).get(value.lower(), value.lower())
        if word in words:
            return word
        raise ValueError(f"must be one of {', '.join(words)}, not {quoted(value)}")

    return read


def _scopes(value: str) -> tuple[str, ...]:
    found = tuple(word for word in words(value) if word != "openid")
    for scope in found:
        if not re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+", scope):  # RFC 6749, section 3.3
            raise ValueError(f"has a scope with characters that scopes can't have: {quoted(scope)}")
    return found


def _algorithms(value: str) -> tuple[str, ...]:
    found = words(value)
    for name in found:
        if name not in _ALGORITHMS:
            raise ValueError(f"can't have {quoted(name)}; the algorithms are {', '.join(_ALGORITHMS)}")
    if not found:
        raise ValueError("needs at least one algorithm")
    return found


def _names(value: str) -> tuple[str, ...]:
    """Comma-separated names; they may have spaces inside, as the contexts of a kubeconfig do."""
    return tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))


def _expressions(value: str) -> tuple[str, ...]:
    """JMESPath expressions, split at the commas that stand outside of brackets and quotes."""
    found, current, depth, quote = [], "", 0, ""
    for character in value:
        if quote:
            quote = "" if character == quote and not current.endswith("\\") else quote
        elif character in "'\"`":
            quote = character
        else:
            depth += (character in "([{") - (character in ")]}")
        if character == "," and not quote and depth == 0:
            found.append(current.strip())
            current = ""
        else:
            current += character
    found.append(current.strip())
    return tuple(expression for expression in found if expression)


def _session_store(value: str) -> str:
    scheme = value.partition("://")[0].lower()
    if scheme in ("redis", "rediss", "valkey", "valkeys"):
        raise ValueError(f"can't be {scheme} yet: that store is not available in this version; use sqlite or memory")
    if value in ("memory", "sqlite") or re.fullmatch(r"sqlite:///[^\x00?#]+", value):
        return value
    raise ValueError(f"must be memory, sqlite or sqlite:///path/of/a/file, not {quoted(value)}")


def _optional_path(value: str) -> Path | None:
    if "\0" in value:
        raise ValueError("must be a path")
    if not value:
        return None
    try:
        return Path(value).expanduser()
    except RuntimeError:
        raise ValueError(f"begins with the home directory of nobody here: {quoted(value)}") from None


def _path(value: str) -> Path:
    path = _optional_path(value)
    if path is None:
        raise ValueError("must be a path")
    return path


def _paths(value: str) -> str:
    """Paths separated by colons; a shell leaves `~` as it is behind an equals sign."""
    return os.pathsep.join(str(_path(part)) for part in value.split(os.pathsep) if part)


def _prompt(value: str) -> str:
    """Space-separated words of OpenID Connect Core 1.0, section 3.1.2.1; `none` would shut everybody out."""
    found = words(value)
    for word in found:
        if word not in _PROMPTS:
            raise ValueError(f"can't have {quoted(word)}; it knows {', '.join(_PROMPTS)}")
    return " ".join(found)


def _max_age(value: str) -> int | None:
    if not value:
        return None
    return 0 if value in ("0", "0s", "0m", "0h") else _seconds(value)


def _parameters(value: str) -> tuple[tuple[str, str], ...]:
    """Pairs as in a query string; each name at most once (RFC 6749, section 3.1)."""
    try:
        pairs = parse_qsl(value, keep_blank_values=True, strict_parsing=bool(value), max_num_fields=32)
    except ValueError:
        raise ValueError("must be name=value pairs joined by &") from None
    names = [name for name, _ in pairs]
    for name in names:
        if name in RESERVED_PARAMETERS:
            raise ValueError(f"can't set {quoted(name)}: it is this program's own, or has a setting of its own")
        if names.count(name) > 1:
            raise ValueError(f"has {quoted(name)} twice")
    return tuple(pairs)


def _listed(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values)


SWITCH: Final = Kind("", _boolean, lambda on: "true" if on else "false")
TEXT: Final = Kind("TEXT", str)
URL: Final = Kind("URL", read_url)
BASE_URL: Final = Kind("PATH", read_base_url)
LISTEN_ADDR: Final = Kind("ADDRESS", read_listen_addr)
PORT: Final = Kind("PORT", _integer(0, 65535))
COUNT: Final = Kind("N", _integer(1, 1024))
RATIO: Final = Kind("RATIO", _number)
SECONDS: Final = Kind("SECONDS", _seconds)
LOG_LEVEL: Final = Kind("LEVEL", _choice("debug", "info", "warn", "error", aliases={"warning": "warn"}))
CLIENT_AUTH: Final = Kind(
    "METHOD", _choice("auto", "none", "client_secret_basic", "client_secret_post", "private_key_jwt")
)
ASSERTION_AUDIENCE: Final = Kind("AUDIENCE", _choice("token_endpoint", "issuer"))
PROMPT: Final = Kind("WORDS", _prompt)
MAX_AGE: Final[Kind[int | None]] = Kind("SECONDS", _max_age)
PARAMETERS: Final = Kind("PARAMETERS", _parameters, lambda pairs: urlencode(pairs))
SHARING: Final = Kind("WHO", _choice("user", "cluster"))
CLUSTER_CLIENT: Final = Kind("NAME", _choice("lean", "aiohttp"))
WORDS: Final = Kind("WORDS", words, _listed)
NAMES: Final = Kind("NAMES", _names, _listed)
SCOPES: Final = Kind("SCOPES", _scopes, _listed)
ALGORITHMS: Final = Kind("NAMES", _algorithms, _listed)
EXPRESSIONS: Final = Kind("JMESPATH", _expressions, _listed)
HOSTS: Final = Kind("HOSTS", read_hosts, _listed)
NETWORKS: Final = Kind("NETWORKS", read_networks, _listed)
PATHS: Final = Kind("PATHS", _paths)
STORE: Final = Kind("STORE", _session_store)
DIRECTORY: Final = Kind("DIR", _path)
OPTIONAL_DIRECTORY: Final[Kind[Path | None]] = Kind("DIR", _optional_path)
OPTIONAL_FILE: Final[Kind[Path | None]] = Kind("FILE", _optional_path)
SECRET: Final[Kind[Secret | None]] = Kind("SECRET", lambda value: Secret(value) if value else None)
