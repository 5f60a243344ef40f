"""A request (RFC 9112, section 3): nothing in its head can end it early, or say twice how long the body is."""

from __future__ import annotations

import functools
import re
from collections.abc import AsyncIterator, Sequence

from aiohttp import hdrs
from multidict import CIMultiDict

from headlamp.clusters import limits

Body = bytes | AsyncIterator[bytes] | None

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_PATH = re.compile(r"/[!\"$-~]*\Z")
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "DELETE"})
# Go's client, and so everything that talks to API servers, repeats these and no more: a second DELETE would be told
# that there is nothing to delete.
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# What belongs to the connection is said by us alone.
_OURS = frozenset({"connection", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"})


class Request:
    """`head` as it goes out; `length` of the body, None where it goes out in chunks; `repeatable`: twice is as once.

    `base` is the path of the cluster's own address, "" for none.
    `head_patience`, `patience`: how long nothing may come before the answer's head and after it; None: for ever.

    Raises `ValueError` for what isn't one method, target or header, and for a `Content-Length` that isn't the body's.
    """

    __slots__ = ("body", "head", "head_patience", "length", "method", "patience", "repeatable")

    def __init__(
        self, method: str, path: str, headers: CIMultiDict[str], body: Body, *, host: str, base: str, stream: bool
    ) -> None:
        if not _TOKEN.match(method) or not _PATH.match(path):
            raise ValueError("a method is a token, and a request target a plain path with its query")
        self.method, self.body = method, body
        self.length = _length(headers.getall(hdrs.CONTENT_LENGTH, ()), body)
        lines = [f"{method} {base}{path} HTTP/1.1", f"Host: {host}"]
        if self.length is None:
            lines.append("Transfer-Encoding: chunked")
        elif (self.length or method not in _WITHOUT_BODY) and hdrs.CONTENT_LENGTH not in headers:
            lines.append(f"Content-Length: {self.length}")
        for name, value in headers.items():
            if not _may_be_sent(name):
                raise ValueError("a header that is not one, or not the caller's to send")
            lines.append(f"{name}: {value}")
        lines.append("\r\n")
        head = "\r\n".join(lines)
        if not head.count("\r") == head.count("\n") == len(lines) or "\0" in head:
            raise ValueError("a header holds a line break or NUL")
        self.head = head.encode("utf-8", "surrogateescape")
        self.repeatable = method in _REPEATABLE and (body is None or isinstance(body, bytes))
        self.patience = None if stream else limits.SILENCE_TIMEOUT
        self.head_patience = limits.head_limit(path) if stream and body is None else self.patience


def _length(given: Sequence[str], body: Body) -> int | None:
    """The bytes of the body: what its sender says of one that comes in pieces, None where that says nothing."""
    known = 0 if body is None else len(body) if isinstance(body, bytes) else None
    if not given:
        return known
    if len(given) > 1 or not (given[0].isascii() and given[0].isdigit()) or known not in {None, int(given[0])}:
        raise ValueError("one Content-Length, and the body's own, is what a request has")
    return int(given[0])


@functools.lru_cache(256)
def _may_be_sent(name: str) -> bool:
    return _TOKEN.match(name) is not None and name.lower() not in _OURS
