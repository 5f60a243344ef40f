"""Something that several checks need, and that is asked for only once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """The answer to one question; whoever asks while it is under way waits for the same answer, or the same error."""

    def __init__(self, ask: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._ask = ask
        self._task: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """The answer. Raises what asking for it raised."""
        if self._task is None:
            self._task = asyncio.create_task(self._ask())
            # An error that nobody has come for (the examination was cut short) is no news for the event loop's log.
            self._task.add_done_callback(lambda task: task.cancelled() or task.exception())
        # The check that asked first may be cut off: the others still want to know.
        return await asyncio.shield(self._task)

    def cancel(self) -> None:
        """Nobody wants to know any more."""
        if self._task is not None:
            self._task.cancel()
