"""Which addresses of API servers and proxies can be used."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

_PLAIN = re.compile(r"[\x21-\x7e]+\Z")


def check_server(server: str) -> None:
    """An API server is an http(s) URL with a host and perhaps a path, and nothing else. Raises `ValueError`."""
    if not server:
        raise ValueError("the cluster has no `server`")
    url = _split(server, "server")
    if url.query or url.fragment or "@" in url.netloc:
        raise ValueError("`server` may have no user name, query or fragment")
    if {".", ".."} & set(url.path.split("/")) or "\\" in url.path or "%" in url.path:
        raise ValueError("the path of `server` is not plain")


def check_issuer(issuer: str, field: str) -> None:
    """An issuer is an http(s) URL with a host and perhaps a path (OpenID Connect Core 1.0, section 2).

    Whether http is good enough for its host is for the sign-in to say. Raises `ValueError`.
    """
    url = _split(issuer, field)
    if url.query or url.fragment or "@" in url.netloc:
        raise ValueError(f"`{field}` may have no user name, query or fragment")


def check_proxy_url(proxy_url: str) -> None:
    """A proxy is an http(s) URL; empty means none. Raises `ValueError`."""
    if not proxy_url:
        return
    if proxy_url.lower().startswith("socks5"):
        raise ValueError("`proxy-url` names a SOCKS proxy, which is not supported; use an http or https proxy")
    _split(proxy_url, "proxy-url")


def _split(value: str, field: str) -> SplitResult:
    try:
        url = urlsplit(value)
        port_is_good = url.port is None or url.port > 0
    except ValueError:
        port_is_good = False
    if not port_is_good or url.scheme not in {"http", "https"} or not url.hostname or not _PLAIN.match(value):
        raise ValueError(f"`{field}` is not an http or https URL")
    return url
