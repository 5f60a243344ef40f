"""Messages as they go over the wire: encoded and compressed once, whoever gets them.

A message begins with the subscription's id, which differs from viewer to viewer; the long rest does not. A gzip
stream (RFC 1952) may consist of several DEFLATE blocks (RFC 1951): the beginning goes into a stored block of its own,
in front of the rest that was compressed once, and the checksum of the whole is combined from those of the parts.
"""

from __future__ import annotations

import zlib
from struct import pack
from typing import Any

from headlamp.live.protocol import encode

COMPRESS_FROM = 1024

_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_CRC_POLYNOMIAL = 0xEDB88320


class Payload:
    """A message without its id. `frame` makes it one subscription's: `str` for a text frame, `bytes` for gzip.

    The message's struct must have `id` as its first field, whatever its value.
    """

    __slots__ = ("_crc", "_head", "_shift", "_size", "_tail")

    def __init__(self, message: Any) -> None:
        whole = encode(message)
        head_end = whole.index(b'"id":') + len(b'"id":')
        tail = whole[whole.index(b",", head_end) :]
        self._head = whole[:head_end]
        self._size = len(tail)
        self._tail: str | bytes
        if len(whole) <= COMPRESS_FROM:
            self._tail = tail.decode()
            return
        # Level 3: on rows half the CPU time of the default for an eighth more bytes.
        compressor = zlib.compressobj(3, zlib.DEFLATED, -15)
        self._tail = compressor.compress(tail) + compressor.flush()
        self._crc = zlib.crc32(tail)
        self._shift = _x_to_the(8 * len(tail))

    def frame(self, subscription: int) -> str | bytes:
        """The whole message for one subscription."""
        head = self._head + str(subscription).encode()
        if isinstance(self._tail, str):
            return head.decode() + self._tail
        crc = _multiply(self._shift, zlib.crc32(head)) ^ self._crc
        stored = pack("<BHH", 0, len(head), len(head) ^ 0xFFFF)
        return b"".join((_GZIP_HEADER, stored, head, self._tail, pack("<II", crc, len(head) + self._size)))


def _multiply(a: int, b: int) -> int:
    """The product of two polynomials over GF(2) modulo CRC-32's, bits reflected."""
    mask, product = 1 << 31, 0
    while mask:
        if a & mask:
            product ^= b
        mask >>= 1
        b = (b >> 1) ^ _CRC_POLYNOMIAL if b & 1 else b >> 1
    return product


def _x_to_the(power: int) -> int:
    """x to the `power` modulo CRC-32's polynomial: what appending so many bits multiplies a checksum by."""
    result, base = 1 << 31, 1 << 30
    while power:
        if power & 1:
            result = _multiply(result, base)
        base = _multiply(base, base)
        power >>= 1
    return result
