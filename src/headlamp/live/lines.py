"""Lines out of bytes that arrive in pieces."""

from __future__ import annotations

from headlamp.live.errors import BrokenStream


class Lines:
    """Takes pieces, gives lines. A line of more than `longest` bytes is not waited for to its end.

    Each byte is looked at and copied once, in however many pieces a line comes.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._begun: list[bytes] = []
        self._length = 0

    def add(self, piece: bytes) -> list[bytes]:
        """The lines that this piece completes, without those that are blank. Raises `BrokenStream`."""
        head, newline, rest = piece.partition(b"\n")
        self._begun.append(head)
        self._length += len(head)
        lines: list[bytes] = []
        if newline:
            lines = [b"".join(self._begun), *rest.split(b"\n")]
            last = lines.pop()
            self._begun, self._length = [last], len(last)
        if self._length > self._longest:
            raise BrokenStream("The cluster sent a watch event that is too large.")
        return [line for line in lines if line.strip()]
