"""What the extra columns of one session may use together, in all its tabs."""

from __future__ import annotations

import asyncio

PARALLEL_REQUESTS = 8
MAX_BYTES = 64 * 1024 * 1024
MAX_LOOKS = 50


class Allowance:
    """Requests at the same time (`gate`), memory for cells, and subscriptions that have extra columns."""

    def __init__(self, *, max_bytes: int = MAX_BYTES, max_looks: int = MAX_LOOKS) -> None:
        self.gate = asyncio.Semaphore(PARALLEL_REQUESTS)
        self._bytes_left = max_bytes
        self._looks_left = max_looks

    def take_bytes(self, count: int) -> bool:
        """Whether there is room for so many bytes more (less, when negative); then they are taken."""
        if count > self._bytes_left:
            return False
        self._bytes_left -= count
        return True

    def begin_look(self) -> bool:
        """Whether one more subscription may have extra columns; then its place is taken."""
        if self._looks_left < 1:
            return False
        self._looks_left -= 1
        return True

    def end_look(self) -> None:
        """Give a place back."""
        self._looks_left += 1
