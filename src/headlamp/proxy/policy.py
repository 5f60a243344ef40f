"""What is not passed on, whoever asks."""

from __future__ import annotations

from aiohttp import web

from headlamp.proxy.errors import MethodNotProxied, NotAPagePart, SubresourceOff
from headlamp.proxy.paths import Target

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
# What a page fetches and a person opens. As a script, style, worker or frame a cluster's content would count as "self"
# in the page's content security policy. Clients that are no browsers send nothing.
_DESTINATIONS = frozenset({"", "empty", "document", "image", "websocket"})


def check_policy(request: web.Request, target: Target, *, allow_proxy_subresource: bool) -> None:
    """Raise `MethodNotProxied`, `NotAPagePart` or `SubresourceOff` for what no user may do through us."""
    if request.method not in _METHODS:
        raise MethodNotProxied(f"{request.method} is not passed on to clusters.")
    if request.headers.get("Sec-Fetch-Dest", "").lower() not in _DESTINATIONS:
        raise NotAPagePart("A browser asked for a part of a page from a cluster.")
    if target.is_proxy_subresource and not allow_proxy_subresource:
        raise SubresourceOff("The proxy subresource of pods, services and nodes is off (-allow-proxy-subresource).")
