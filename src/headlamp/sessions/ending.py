"""An event that costs little while nobody waits for it: most sessions are over before anybody has."""

from __future__ import annotations

import asyncio
from typing import Literal


class Ending(asyncio.Event):
    """An `asyncio.Event` that is set once and for good, and makes its queue of waiters when the first one comes.

    There are several for each live session, and asyncio's own takes some 800 bytes for a queue that mostly stays
    empty.
    """

    def __init__(self) -> None:
        self._over = False
        self._event: asyncio.Event | None = None

    def __repr__(self) -> str:
        return f"Ending({'over' if self._over else 'not yet'})"

    def is_set(self) -> bool:
        return self._over

    def set(self) -> None:
        self._over = True
        if self._event is not None:
            self._event.set()

    def clear(self) -> None:
        """Not possible: what is over stays over."""
        raise RuntimeError("what is over stays over")

    async def wait(self) -> Literal[True]:
        if not self._over:
            if self._event is None:
                self._event = asyncio.Event()
            await self._event.wait()
        return True
