"""HTTP answers of every legal shape, and what becomes of them when somebody meddles: strategies for hypothesis."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st
from tests.unit.clusters.wire import Script

_TOKEN = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~", min_size=1, max_size=12)
_FRAMING = frozenset(
    {
        "content-length",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "proxy-connection",
        "upgrade",
        "content-encoding",
    }
)
_NAME = _TOKEN.filter(lambda name: name.lower() not in _FRAMING and not name.lower().startswith("sec-websocket"))
_VALUE = st.binary(max_size=20).map(lambda raw: bytes(b for b in raw if b == 9 or (b >= 32 and b != 127)).strip(b" \t"))
_REASON = st.sampled_from([b"", b"OK", b"Not Found", b"a  b", b"\xc3\xa9"])
_STATUS = st.sampled_from([200, 200, 200, 201, 204, 304, 400, 401, 403, 404, 410, 429, 500, 503, 599])
# Nothing in it looks like HTTP, so that what is found in the bytes of an answer was found in what frames it.
_PLAIN = st.text("xyz", max_size=60).map(str.encode)
_ANY = st.one_of(st.binary(max_size=60), st.binary(max_size=8).map(lambda part: part * 4000))


@dataclass(frozen=True)
class Written:
    """An answer on the wire, and what a client must make of it."""

    raw: bytes
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    framed: str
    method: str
    keeps: bool


@st.composite
def written(draw: st.DrawFn, bodies: st.SearchStrategy[bytes] = _ANY) -> Written:
    """A valid answer: any status, headers and framing, after any number of interim answers."""
    status, reason = draw(_STATUS), draw(_REASON)
    fields = draw(st.lists(st.tuples(_NAME.map(str.encode), _VALUE), max_size=5))
    method = draw(st.sampled_from(["GET", "GET", "GET", "POST", "HEAD"]))
    body = draw(bodies)
    version = draw(st.sampled_from([b"1.1", b"1.1", b"1.1", b"1.0"]))
    framed = draw(st.sampled_from(["length", "close"] + ["chunked"] * (version == b"1.1")))
    keeps = draw(st.booleans())
    payload = body
    if framed == "length":
        fields.append((b"Content-Length", b"%d" % len(body)))
    elif framed == "chunked":
        fields.append((draw(st.sampled_from([b"Transfer-Encoding", b"transfer-encoding"])), b"chunked"))
        payload = draw(_chunked(body))
    if version == b"1.0" and keeps:
        fields.append((b"Connection", b"keep-alive"))
    elif version == b"1.1" and not keeps:
        fields.append((b"Connection", b"close"))
    fields = draw(st.permutations(fields))
    lines = [b"HTTP/" + version + b" %d " % status + reason]
    before, after = st.sampled_from([b": ", b":", b": \t"]), st.sampled_from([b"", b"", b" ", b"\t "])
    lines += [
        name + draw(before) + value + (b"" if name.lower() == b"transfer-encoding" else draw(after))
        for name, value in fields
    ]
    interim = b"".join(draw(st.lists(_INTERIM, max_size=2)))
    empty = method == "HEAD" or status in {204, 304}
    return Written(
        raw=interim + b"\r\n".join(lines) + b"\r\n\r\n" + (b"" if empty else payload),
        status=status,
        reason=reason.decode(),
        headers=tuple((name.decode().lower(), value.decode("utf-8", "surrogateescape")) for name, value in fields),
        body=b"" if empty else body,
        framed="head" if empty else framed,
        method=method,
        keeps=keeps and (framed != "close" or empty),
    )


_INTERIM = st.sampled_from([b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"])


@st.composite
def _chunked(draw: st.DrawFn, body: bytes) -> bytes:
    sent = b""
    while body:
        size = draw(st.integers(1, len(body)))
        head = (b"%x" if draw(st.booleans()) else b"0%X") % size
        extension = draw(st.sampled_from([b"", b"", b";a", b";a=b", b';a="b;c"']))
        sent += head + extension + b"\r\n" + body[:size] + b"\r\n"
        body = body[size:]
    trailers = draw(st.sampled_from([b"", b"", b"Etag: x\r\n", b"A: 1\r\nB: 2\r\n"]))
    return sent + draw(st.sampled_from([b"0", b"000"])) + b"\r\n" + trailers + b"\r\n"


_NASTY = st.sampled_from(
    [
        b"\r", b"\n", b"\r\n", b"\0", b" ", b"\t", b":", b",", b";", b"0", b"1", b"f", b"-1", b"+1", b"0x1", b"\x80",
        b"\r\n\r\n", b"\r\n ", b"Content-Length: 1\r\n", b"Content-Length: 5, 5\r\n", b"Content-Length: -1\r\n",
        b"Content-Length: 99999999999999999999\r\n", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n", b"Transfer-Encoding : chunked\r\n", b"Connection: close\r\n",
        b"Connection: upgrade\r\nUpgrade: x\r\n", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 101 S\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"0\r\n\r\n", b"1\r\na\r\n", b"fffffffffffffffff\r\n",
    ]
)  # fmt: skip


@st.composite
def meddled(draw: st.DrawFn) -> tuple[bytes, str]:
    """Bytes that were a valid answer before somebody changed a few, and the method that they answer."""
    answer = draw(written(_PLAIN))
    raw = bytearray(answer.raw)
    for _ in range(draw(st.integers(1, 3))):
        # Most of what matters is in the head and in the first chunks.
        at = draw(st.integers(0, min(len(raw), 300)))
        match draw(st.sampled_from(["put", "put", "replace", "cut", "drop", "repeat", "append"])):
            case "put":
                raw[at:at] = draw(_NASTY)
            case "replace":
                raw[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "cut":
                del raw[at:]
            case "drop":
                del raw[at : at + draw(st.integers(1, 4))]
            case "repeat":
                raw[at:at] = raw[at : at + draw(st.integers(1, 40))]
            case _:
                raw += draw(_NASTY)
    return bytes(raw), answer.method


@st.composite
def scripts(draw: st.DrawFn, raw: bytes, method: str, ends: Sequence[str] = ("open", "closed", "reset")) -> Script:
    """`raw` in pieces: in one, byte by byte, or split anywhere."""
    cuts = draw(
        st.one_of(
            st.just([]),
            st.lists(st.integers(0, len(raw)), max_size=6).map(sorted),
            st.just(list(range(1, min(len(raw), 400)))),
        )
    )
    edges = [0, *cuts, len(raw)]
    pieces = [raw[a:b] for a, b in itertools.pairwise(edges) if a < b]
    return Script(pieces, draw(st.sampled_from(list(ends))), method)
