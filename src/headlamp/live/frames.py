"""Messages as they go over the wire: encoded and compressed once, whoever gets them.

A message has its subscription's id, which differs from viewer to viewer; the long rest does not. So the id is written
at the end. A gzip stream (RFC 1952) may consist of several DEFLATE blocks (RFC 1951): the rest is compressed once, the
id follows in a stored block of its own, and the checksum of the rest is continued over it.
"""

from __future__ import annotations

import zlib
from struct import pack
from typing import Any

from headlamp.live.protocol import encode

COMPRESS_FROM = 1024

_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_FINAL = 1


class Payload:
    """A message without its id. `frame` makes it one subscription's: `str` for a text frame, `bytes` for gzip.

    The message's struct must have `id` as its first field, with the value 0.
    """

    __slots__ = ("_body", "_crc", "_length")

    def __init__(self, message: Any) -> None:
        kind, _, rest = encode(message).partition(b'"id":0,')
        whole = kind + rest[:-1] + b',"id":'
        self._body: str | bytes
        if len(whole) <= COMPRESS_FROM:
            self._body = whole.decode()
            return
        # Level 3: on rows half the CPU time of the default for an eighth more bytes.
        compressor = zlib.compressobj(3, zlib.DEFLATED, -15)
        self._body = _GZIP_HEADER + compressor.compress(whole) + compressor.flush(zlib.Z_SYNC_FLUSH)
        self._crc = zlib.crc32(whole)
        self._length = len(whole)

    @property
    def size(self) -> int:
        """About how many bytes it is on the wire."""
        return len(self._body)

    def frame(self, subscription: int) -> str | bytes:
        """The whole message for one subscription."""
        if isinstance(self._body, str):
            return f"{self._body}{subscription}}}"
        end = b"%d}" % subscription
        size = len(end)
        return b"".join(
            (
                self._body,
                pack("<BHH", _FINAL, size, size ^ 0xFFFF),
                end,
                pack("<II", zlib.crc32(end, self._crc), self._length + size),
            )
        )
