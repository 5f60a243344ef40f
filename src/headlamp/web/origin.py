"""The address that the browser sees: derived from the connection, from trusted proxies and from `-public-url`.

It decides what counts as our own origin (RFC 6454), which host names are ours (against DNS rebinding), how cookies
are named, and what the callback URL is.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

import msgspec
from multidict import CIMultiDict, CIMultiDictProxy

from headlamp.sessions.cookie import is_loopback
from headlamp.web.errors import BadRequestHead, HostNotAllowed

Headers = CIMultiDict[str] | CIMultiDictProxy[str]
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

DEFAULT_PORTS = {"http": 80, "https": 443}
# RFC 9110, section 7.2, without the parts of RFC 3986 that no host name on the web has (userinfo, percent-encoding).
HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::(?P<port>[0-9]{1,5}))?")


class ExternalOrigin(msgspec.Struct, frozen=True):
    """Scheme, host (lower case, IPv6 in brackets) and port as the browser has them.

    `certain` is False when the scheme is only what arrived here: a proxy that said nothing may have ended TLS.
    """

    scheme: str
    host: str
    port: int
    certain: bool = True

    @property
    def secure(self) -> bool:
        return self.scheme == "https"

    @property
    def loopback(self) -> bool:
        """Whether the browser is on this very machine, as far as the name says."""
        return is_loopback(self.host)

    @property
    def authority(self) -> str:
        """Host and port, without the port that the scheme implies."""
        return self.host if self.port == DEFAULT_PORTS.get(self.scheme) else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


class Peer(msgspec.Struct, frozen=True):
    """Who is at the other end of the connection: `address` is None for a Unix socket, `tls` says whether it is TLS."""

    address: str | None
    tls: bool = False


class Origins:
    """Derives the external origin of requests.

    `public_url` is the address that people use, "" when it isn't set; `allowed_hosts` are more names, `*.example.org`
    for all below one. Forwarded headers count only when the peer is in `trusted_proxies`.
    """

    def __init__(
        self, *, public_url: str = "", trusted_proxies: Sequence[IpNetwork] = (), allowed_hosts: Iterable[str] = ()
    ) -> None:
        self.public = parse_origin(public_url) if public_url else None
        self._trusted_proxies = tuple(trusted_proxies)
        names = tuple(allowed_hosts)
        self._allowed = frozenset(_bare(name) for name in names if not name.startswith("*."))
        self._allowed_below = tuple(_bare(name[1:]) for name in names if name.startswith("*."))

    def of(self, headers: Headers, peer: Peer) -> ExternalOrigin:
        """The external origin of a request, whoever it claims to be for. Raises `BadRequestHead`."""
        host, port = _host(headers)
        public = self.public
        forwarded = _is_forwarded(headers) and self.trusts(peer)
        if public is not None and (host == public.host or (forwarded and not self._names(host))):
            # The second case: a proxy that puts the name of the upstream into Host.
            return public
        scheme, certain = ("https", True) if peer.tls else ("http", False)
        if forwarded and (proto := _forwarded_proto(headers)):
            scheme, certain = proto, True
        return ExternalOrigin(scheme, host, port or DEFAULT_PORTS[scheme], certain)

    def check_host(self, headers: Headers, peer: Peer) -> None:
        """Refuse a request for a host that isn't ours, as DNS rebinding makes them.

        An IP address is nothing that a name can be rebound to. Behind a proxy on another machine the host is the
        proxy's business. Raises `HostNotAllowed`, `BadRequestHead`.
        """
        host, _ = _host(headers)
        if self._names(host) or is_loopback(host) or _ip(host) is not None:
            return
        if _is_forwarded(headers) and not _is_local(peer) and self.trusts(peer):
            return
        raise HostNotAllowed(host)

    def is_ours(self, claimed: str, external: ExternalOrigin) -> bool:
        """Whether an Origin header names us: the address that the request was sent to, or the public one."""
        origin = parse_origin(claimed)
        if origin is None:
            return False
        if self.public is not None and (origin.scheme, origin.host, origin.port) == (
            self.public.scheme,
            self.public.host,
            self.public.port,
        ):
            return True
        if external.certain:
            return (origin.scheme, origin.host, origin.port) == (external.scheme, external.host, external.port)
        # TLS may have ended in front of us, so the scheme is open, and with it which port is the unwritten one.
        return origin.authority == external.authority

    def _names(self, host: str) -> bool:
        if self.public is not None and host == self.public.host:
            return True
        if not self._allowed and not self._allowed_below:
            return False
        name = _bare(host)
        return name in self._allowed or any(name.endswith(below) and name != below for below in self._allowed_below)

    def trusts(self, peer: Peer) -> bool:
        """Whether the peer is a proxy whose word counts. Whoever reaches a Unix socket was let in by its mode."""
        if peer.address is None:
            return True
        address = _ip(peer.address)
        return address is not None and any(
            address in network for network in self._trusted_proxies if network.version == address.version
        )


def parse_origin(text: str) -> ExternalOrigin | None:
    """The origin of an http or https URL or of an Origin header; None for `null`, several, or anything else."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    matched = HOST.fullmatch(parts.netloc)
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS or matched is None:
        return None
    port = int(matched["port"]) if matched["port"] else DEFAULT_PORTS[scheme]
    return ExternalOrigin(scheme, matched["host"].lower(), port)


def _host(headers: Headers) -> tuple[str, int | None]:
    """Host and port of the one Host header. Raises `BadRequestHead`."""
    values = headers.getall("Host", ())
    if len(values) != 1:
        raise BadRequestHead("A request needs exactly one Host header.")
    return _host_and_port(values[0])


@lru_cache(maxsize=1024)
def _host_and_port(value: str) -> tuple[str, int | None]:
    matched = HOST.fullmatch(value.strip())
    if matched is None or int(matched["port"] or 0) > 65535:
        raise BadRequestHead("The Host header is not a host name with an optional port.")
    return matched["host"].lower(), int(matched["port"]) if matched["port"] else None


def _is_forwarded(headers: Headers) -> bool:
    return (
        "X-Forwarded-Proto" in headers
        or "X-Forwarded-For" in headers
        or "X-Forwarded-Host" in headers
        or "Forwarded" in headers
    )


def _forwarded_proto(headers: Headers) -> str | None:
    """The first value: the scheme that the browser used, whatever proxies further in say about their own hop."""
    first = headers.get("X-Forwarded-Proto", "").partition(",")[0].strip().lower()
    return first if first in DEFAULT_PORTS else None


def _is_local(peer: Peer) -> bool:
    address = _ip(peer.address) if peer.address is not None else None
    return peer.address is None or (address is not None and address.is_loopback)


@lru_cache(maxsize=1024)
def _ip(host: str) -> IpAddress | None:
    """An IP address from its usual spelling, IPv6 with or without brackets; a mapped IPv4 address as itself."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _bare(name: str) -> str:
    """A configured or received name as it is compared: lower case, no port, no dot at the end."""
    matched = HOST.fullmatch(name.lower())
    return (matched["host"] if matched else name.lower()).removesuffix(".")
