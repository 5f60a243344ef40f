"""Work that is done in rounds: one at a time, each when it is due."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress


class Rounds:
    """Runs `work` when `hasten` said that it is due, as long as it is started.

    A round that fails is a fault of ours: it is logged, `failed` is called, and the next one waits for `pause` seconds.
    """

    def __init__(self, work: Callable[[], Awaitable[None]], failed: Callable[[], None], pause: float) -> None:
        self._work = work
        self._failed = failed
        self._pause = pause
        self._due = math.inf
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin anew; nothing is due yet."""
        self.stop()
        self._task = asyncio.create_task(self._run())

    def stop(self) -> None:
        """Give up the round that is under way, and what is due."""
        self._due = math.inf
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def hasten(self, due: float) -> None:
        """Run a round at this time of the loop's clock, unless one is due sooner."""
        if due < self._due:
            self._due = due
            self._wake.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while (left := self._due - loop.time()) > 0:
                self._wake.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if left == math.inf else left):
                        await self._wake.wait()
            self._due = math.inf
            try:
                await self._work()
            except Exception:
                logging.getLogger("headlamp.live").exception("reading extra columns failed")
                self._failed()
                await asyncio.sleep(self._pause)
