"""Blocks of work that can be cut off from outside."""

from __future__ import annotations

import asyncio
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
