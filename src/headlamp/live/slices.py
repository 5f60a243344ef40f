"""Long work in slices, between which the other connections have their turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeVar

ROWS_A_TURN = 2000
"""Rows that are worked on before others have their turn: one to five milliseconds."""

_T = TypeVar("_T")


class Turns:
    """Goes through rows in slices, and lets others have their turn whenever `ROWS_A_TURN` have been gone through."""

    def __init__(self) -> None:
        self._done = 0

    async def through(self, rows: Sequence[_T]) -> AsyncIterator[Sequence[_T]]:
        """The rows, slice by slice. They must stay as they are."""
        start = 0
        while start < len(rows):
            part = rows[start : start + ROWS_A_TURN - self._done]
            yield part
            start += len(part)
            self._done += len(part)
            if self._done >= ROWS_A_TURN:
                self._done = 0
                await asyncio.sleep(0)


async def sorted_in_slices(items: list[_T], key: Callable[[_T], Any], *, reverse: bool = False) -> list[_T]:
    """Sorted, stably. `key` should be quick: it is called again for each time that two halves are put together.

    What is in order already is only merged by `list.sort`, which is a matter of few milliseconds for 50,000 rows.
    """
    runs = []
    for start in range(0, len(items), ROWS_A_TURN):
        runs.append(sorted(items[start : start + ROWS_A_TURN], key=key, reverse=reverse))
        if len(items) > ROWS_A_TURN:
            await asyncio.sleep(0)
    while len(runs) > 1:
        merged = []
        for at in range(0, len(runs), 2):
            run = [item for pair in runs[at : at + 2] for item in pair]
            run.sort(key=key, reverse=reverse)
            merged.append(run)
            await asyncio.sleep(0)
        runs = merged
    return runs[0] if runs else []
