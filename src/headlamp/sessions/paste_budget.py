"""How much is kept for people who have not signed in: whoever pastes a token need not prove anything beforehand.

What they store lasts for hours. Without a limit anybody could fill the disk, and then nobody could sign in any more.
"""

from __future__ import annotations

from collections.abc import Callable

from headlamp.sessions.errors import TooManyPasted

# Bytes at once: well over a thousand usual tokens. Then as many bytes a second as leave half a gigabyte in eight hours.
BURST = 16 * 1024 * 1024
PER_SECOND = 16 * 1024
ROW = 2048
"""What a session takes beside its token."""


class PasteBudget:
    """A bucket of bytes that fills up by itself. Each process has its own, and nothing of it outlasts a restart."""

    def __init__(self, *, now: Callable[[], float], burst: float = BURST, per_second: float = PER_SECOND) -> None:
        self._now = now
        self._burst = burst
        self._per_second = per_second
        self._left = burst
        self._counted_at = now()

    def spend(self, size: int) -> None:
        """Make room for a token of `size` bytes. Raises `TooManyPasted` while there is none."""
        now = self._now()
        # A clock that was set back takes nothing away.
        self._left = min(self._burst, self._left + max(0.0, now - self._counted_at) * self._per_second)
        self._counted_at = now
        cost = size + ROW
        if cost > self._left:
            raise TooManyPasted(retry_after=(cost - self._left) / self._per_second)
        self._left -= cost
