"""Request targets in the one form that is both decided on and forwarded.

A path that servers read in different ways is refused, not repaired: what we checked and what the API server acts on
must be the same bytes. Queries are passed on byte for byte; nothing is decided on them but how long an answer may take.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote_to_bytes

import msgspec
from aiohttp import web

from headlamp.proxy.errors import BadPath

_VISIBLE = re.compile(r"[\x21\x24-\x7e]*\Z")  # printable ASCII without `"` and `#`
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Decoded segments: what a second decoder, a shell of a path library or a log could take for structure.
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f/\\%]")
_SUB_DELIMS = "!$&'()*+,=:@-._~"
# Segments that are their own decoded and canonical form, as nearly all are: nothing in them would be changed below.
_CANONICAL = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9!$&'()*+,=:@._~-]+)+\Z")

_PROXIED_KINDS = frozenset({"pods", "services", "nodes"})
_LONG_SUBRESOURCES = frozenset({"proxy", "exec", "attach", "portforward"})
_TRUE = frozenset({"1", "true", "True", "TRUE", "t", "T", ""})


class Target(msgspec.Struct, frozen=True):
    """A request for a cluster: its name, the decoded path segments, and what is sent.

    `path` is the normalised, encoded path on the API server; `query` is as it came; `prefix` is where this cluster
    stands on our side (`{base}/clusters/{c}`).
    """

    cluster: str
    segments: tuple[str, ...]
    path: str
    query: str
    prefix: str

    @property
    def sent(self) -> str:
        """Path and query as they go to the API server."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def is_proxy_subresource(self) -> bool:
        """Whether it reaches through the API server to a pod, service or node (`…/pods/{name}/proxy/…`)."""
        if self.segments[:2] != ("api", "v1"):
            return False
        rest = self.segments[2:]
        if rest[:1] == ("namespaces",) and len(rest) > 2:
            rest = rest[2:]
        return rest[:1] == ("proxy",) or (rest[2:3] == ("proxy",) and rest[0] in _PROXIED_KINDS)

    @property
    def is_stream(self) -> bool:
        """Whether the answer may take as long as it likes: watches, followed logs, and what runs through to a pod."""
        if not _LONG_SUBRESOURCES.isdisjoint(self.segments):
            return True
        if "watch" not in self.query and "follow" not in self.query:
            return False
        wanted = parse_qsl(self.query, keep_blank_values=True)
        return any(name in {"watch", "follow"} and value in _TRUE for name, value in wanted)


def parse_target(raw_target: str, base_url: str = "") -> Target:
    """Take apart a request's raw target, `{base_url}/clusters/{c}/{path}?{query}` as it stood in the request line.

    Raises `BadPath`.
    """
    raw_path, _, query = raw_target.partition("?")
    if not raw_path.startswith("/") or not _VISIBLE.match(raw_path) or not _VISIBLE.match(query):
        raise BadPath("The request target is not a plain path.")
    head = f"{base_url}/clusters/"
    if not raw_path.startswith(head):
        raise BadPath("The request target does not name a cluster.")
    segments, path = normalised(raw_path[len(head) - 1 :])
    if not segments:
        raise BadPath("The request target does not name a cluster.")
    cluster, slash, rest = path[1:].partition("/")
    return Target(segments[0], segments[1:], slash + rest or "/", query, head + cluster)


def split_cluster_path(request: web.BaseRequest, base_url: str = "") -> tuple[str, Target]:
    """The name of the cluster that a request is for, and its target there.

    Read from the request line itself: aiohttp's own path has been decoded and put together again. Raises `BadPath`.
    """
    target = parse_target(request.raw_path, base_url)
    return target.cluster, target


def normalised(raw_path: str) -> tuple[tuple[str, ...], str]:
    """The decoded segments and the canonical encoding of an absolute path; a slash at its end is kept.

    Raises `BadPath` for dot segments, empty segments, encoded slashes, backslashes, control characters, percent signs
    (double encoding) and bytes that are not UTF-8 (overlong forms included), however they are written.
    """
    if _CANONICAL.match(raw_path):
        return tuple(raw_path[1:].split("/")), raw_path
    if not raw_path.startswith("/") or not _VISIBLE.match(raw_path) or "?" in raw_path:
        raise BadPath("The path is not a plain path.")
    raw_segments = raw_path[1:].split("/")
    trailing = len(raw_segments) > 1 and raw_segments[-1] == ""
    if trailing or raw_segments == [""]:
        raw_segments.pop()
    segments = tuple(_decoded(raw) for raw in raw_segments)
    path = "".join("/" + _encoded(segment) for segment in segments)
    return segments, path + "/" if trailing or not path else path


def _decoded(raw: str) -> str:
    if _BAD_ESCAPE.search(raw):
        raise BadPath("The path has a percent sign that encodes nothing.")
    try:
        segment = unquote_to_bytes(raw).decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        raise BadPath("The path has bytes that are not UTF-8.") from error
    if segment in {"", ".", ".."}:
        raise BadPath("The path has an empty segment, or one that moves up or stays.")
    if _FORBIDDEN.search(segment):
        raise BadPath("The path has a slash, backslash, percent sign or control character inside a segment.")
    return segment


def _encoded(segment: str) -> str:
    return quote(segment, safe=_SUB_DELIMS)
