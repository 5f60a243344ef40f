"""Blocks of work that can be cut off: from outside, or when one of the waits in it takes too long."""

from __future__ import annotations

import asyncio
import math
from types import TracebackType


class WasCut(Exception):  # noqa: N818  # no error: it says what has happened
    """Somebody has cut the block off."""


class Cut:
    """`async with Cut() as cut:` ends with `WasCut` soon after `cut.now()`; once it is over that does nothing."""

    def __init__(self) -> None:
        self._limit = asyncio.timeout(None)
        self._open = False

    def now(self) -> None:
        """Cut it off."""
        if self._open:
            self._open = False
            self._limit.reschedule(asyncio.get_running_loop().time())

    async def __aenter__(self) -> Cut:
        await self._limit.__aenter__()
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        try:
            await self._limit.__aexit__(kind, error, trace)
        except TimeoutError:
            raise WasCut from None


class Patience:
    """`async with patience:` ends with `TimeoutError` when what is done `with patience:` in it takes too long.

    At most so many `seconds` each. However many such waits there are, a timer is set only once in that time: an
    `asyncio.timeout` for each costs more than to send a short message.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._limit = asyncio.timeout(None)
        self._open = False
        self._deadline = math.inf
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()
        self._open = True

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        if self._timer is not None:
            self._timer.cancel()
        await self._limit.__aexit__(kind, error, trace)

    def __enter__(self) -> None:
        self._deadline = self._loop.time() + self._seconds
        if self._timer is None and self._open:
            self._timer = self._loop.call_at(self._deadline, self._due)

    def __exit__(self, *_: object) -> None:
        self._deadline = math.inf

    def _due(self) -> None:
        self._timer = None
        if self._deadline <= self._loop.time():
            self._limit.reschedule(self._loop.time())
        elif self._deadline < math.inf:
            self._timer = self._loop.call_at(self._deadline, self._due)
