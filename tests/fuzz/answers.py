"""Answers of a server, guided by what they reach in our own client: `python -m tests.fuzz.answers -max_total_time=600`.

The same bytes must be the same answer however they arrive, and what aiohttp refuses must not be one at all. Needs
`pip install atheris`. What it finds belongs, made small, into `tests/unit/clusters`.
"""

from __future__ import annotations

import asyncio
import itertools
import sys

import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]

with atheris.instrument_imports(include=["headlamp.clusters.lean"]):
    from tests.unit.clusters.test_lean_differential import compare
    from tests.unit.clusters.wire import Got, Script, alike, by_lean

_ENDS = ("open", "closed", "reset")
_METHODS = ("GET", "POST", "HEAD")
# Beginnings that take longer to find than what comes after them is interesting.
_BEGINNINGS = (
    b"",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 Not Modified\r\n",
    b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n",
)


def look(data: bytes) -> None:
    """The first bytes say how the rest begins, ends and is split, and to which request it is the answer."""
    if len(data) < 8:
        return
    control, raw = data[:8], _BEGINNINGS[data[2] % len(_BEGINNINGS)] + data[8:]
    end, method = _ENDS[control[0] % 3], _METHODS[control[1] % 3]
    edges = [0, *sorted(byte * (len(raw) + 1) // 256 for byte in control[3:]), len(raw)]
    pieces = [raw[a:b] for a, b in itertools.pairwise(edges) if a < b]
    _runner.run(_hold(Script(pieces, end, method), Script([raw] if raw else [], end, method)))


async def _hold(split: Script, at_once: Script) -> None:
    one, other = await by_lean(split), await by_lean(at_once)
    assert alike(one, other, split.raw)
    if isinstance(one, Got):
        assert one.body in split.raw or b"chunked" in split.raw.lower()
    await compare(split)


if __name__ == "__main__":
    with asyncio.Runner() as _runner:
        atheris.Setup(sys.argv, look)
        atheris.Fuzz()
