"""Whether a cluster refused a request because its head, which is the user's token above all, is too large.

kube-apiserver reads 1 MiB of headers and 4 KiB more (Go's `http.Server.MaxHeaderBytes` and its slop), answers 431 to
more than that, and cuts the connection, so that the answer may not arrive. What stands in front of it often takes
less: stock nginx 8 KiB (400, as a page of text), HAProxy 16 KiB, Envoy 60 KiB (431).
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import hdrs

API_SERVER_HEAD_LIMIT = 1024 * 1024 + 4096
"""Bytes of a token that kube-apiserver just reads, give or take the few hundred bytes of the other headers."""

SMALLEST_HEAD_LIMIT = 4096
"""A token that is smaller than this is no server's reason to refuse a head."""

_BEARER = "Bearer "


def token_size(headers: Mapping[str, str]) -> int:
    """The bytes of the bearer token in `headers`; 0 without one."""
    value = headers.get(hdrs.AUTHORIZATION, "")
    return len(value) - len(_BEARER) if value.startswith(_BEARER) else 0


def refuses_head(status: int, headers: Mapping[str, str], *, path: str, size: int) -> bool:
    """Whether an answer says that a head with a token of `size` bytes is too large.

    431 says it (RFC 6585, section 5). So does a 400 in nginx's or HAProxy's words instead of Kubernetes' JSON, unless
    it may be the answer of something behind the API server.
    """
    if size < SMALLEST_HEAD_LIMIT or _is_behind(path):
        return False
    return status == 431 or (status == 400 and "json" not in headers.get(hdrs.CONTENT_TYPE, "").lower())


def breaks_at_head(size: int) -> bool:
    """Whether a connection that broke before the answer broke because of a token of `size` bytes.

    Only beyond what an API server reads: below that a connection may break for any reason.
    """
    return size >= API_SERVER_HEAD_LIMIT - SMALLEST_HEAD_LIMIT


def _is_behind(path: str) -> bool:
    """Whether the API server passes the request on to a pod, service or node; without the token."""
    return "proxy" in path.partition("?")[0].split("/")
