"""Answers over HTTP as the API server gives them: JSON, statuses, streams."""

from __future__ import annotations

import gzip
from typing import Any

import msgspec
from aiohttp import hdrs, web

from headlamp.demo.cluster.status import ApiError

_JSON = "application/json"
# From this size on a real API server compresses, with the fastest level.
_COMPRESSED_FROM = 128 * 1024


def json_answer(value: Any, *, status: int = 200, content_type: str = _JSON) -> web.Response:
    """Any value as JSON."""
    return web.Response(body=msgspec.json.encode(value), status=status, headers=_headers(content_type))


def error_answer(error: ApiError) -> web.Response:
    """A `Status`."""
    return json_answer(error.body, status=error.code)


def rendered_answer(request: web.Request, body: bytes, *, status: int = 200) -> web.Response:
    """JSON that is ready, compressed when it is large and the client takes that."""
    headers = _headers(_JSON)
    if len(body) >= _COMPRESSED_FROM and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        body = gzip.compress(body, compresslevel=1)
        headers[hdrs.CONTENT_ENCODING] = "gzip"
        headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
    return web.Response(body=body, status=status, headers=headers)


def text_answer(text: str, *, status: int = 200) -> web.Response:
    """Plain text, as health checks and unknown paths have it."""
    headers = _headers("text/plain; charset=utf-8")
    headers["X-Content-Type-Options"] = "nosniff"
    return web.Response(body=text.encode(), status=status, headers=headers)


def stream_answer(content_type: str = _JSON) -> web.StreamResponse:
    """An answer whose body comes bit by bit."""
    return web.StreamResponse(headers=_headers(content_type))


def is_upgrade(request: web.Request) -> bool:
    """Whether the client asks for a WebSocket."""
    return request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"


def _headers(content_type: str) -> dict[str, str]:
    return {hdrs.CONTENT_TYPE: content_type, hdrs.CACHE_CONTROL: "no-cache, private"}
