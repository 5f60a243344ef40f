"""Hosts, networks and URLs: what they look like, and which of them can only be this machine.

The readers raise `ValueError` with the end of a sentence that begins with the setting's name ("must be …").
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from headlamp.settings.words import quoted, words

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?\Z")
_BASE_URL = re.compile(r"(?:/[A-Za-z0-9._~-]+)*\Z")


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine (RFC 6761, section 6.3, for `localhost`)."""
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_host(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return bool(_HOST.match(value)) and len(value) <= 253
    return True


def read_listen_addr(value: str) -> str:
    address = value.strip("[]")
    if address and not is_host(address):
        raise ValueError(f"must be an IP address or a host name without a port, not {quoted(value)}")
    return address


def read_base_url(value: str) -> str:
    path = "/" + value.strip("/") if value.strip("/") else ""
    if "://" in value or not _BASE_URL.match(path) or {".", ".."} & set(path.split("/")):
        raise ValueError(f'must be a path like "/headlamp", without host, "..", query or spaces, not {quoted(value)}')
    return path


def split_url(value: str) -> SplitResult:
    """The parts of an absolute http(s) URL without user, query and fragment; raises `ValueError` for anything else."""
    wrong = ValueError(f'must be a URL like "https://host.example/path", not {quoted(value)}')
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_host(parts.hostname) or port == 0:
        raise wrong
    if re.search(r"[\x00-\x20\x7f\\]", value):
        raise wrong
    if "@" in parts.netloc:
        raise ValueError("must be a URL without a user name or password")
    if "?" in value or "#" in value:
        raise ValueError(f"must be a URL without a query or fragment, not {quoted(value)}")
    return parts


def read_url(value: str) -> str:
    if value:
        split_url(value)
    return value


def read_hosts(value: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(host.strip("[]").rstrip(".").lower() for host in words(value)))
    for host in found:
        if not is_host(host.removeprefix("*.")):
            raise ValueError(f'takes names like "a.example.org" or "*.example.org", not {quoted(host)}')
    return found


def read_networks(value: str) -> tuple[IpNetwork, ...]:
    found: list[IpNetwork] = []
    for word in words(value):
        try:
            found.append(ipaddress.ip_network(word))
        except ValueError:
            raise ValueError(f'takes addresses and networks like "10.0.0.0/8", not {quoted(word)}') from None
    return tuple(found)
