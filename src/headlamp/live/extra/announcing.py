"""Says that there is something to take: in a moment, when more has come together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Announcing:
    """`tell` is called once, `pause` seconds after the first `soon` since it was called last."""

    def __init__(self, pause: float, tell: Callable[[], None]) -> None:
        self._pause = pause
        self._told = tell
        self._timer: asyncio.TimerHandle | None = None

    def soon(self) -> None:
        """There is something to take."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._pause, self._tell)

    def cancel(self) -> None:
        """Nobody wants to know any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self) -> None:
        self._timer = None
        self._told()
