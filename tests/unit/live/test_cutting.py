"""A block that is cut off from outside ends with that word, and nothing else is taken for it."""

from __future__ import annotations

import asyncio

import pytest

from headlamp.live.cutting import Cut, WasCut


async def test_a_block_that_is_cut_off_ends_where_it_waits() -> None:
    async def work() -> None:
        async with Cut() as cut:
            cut.now()
            await asyncio.Event().wait()

    with pytest.raises(WasCut):
        await work()


async def test_cutting_off_what_is_over_does_nothing() -> None:
    cut = Cut()
    async with cut:
        pass
    cut.now()
    await asyncio.sleep(0)


async def test_the_end_of_the_task_is_not_taken_for_a_cut() -> None:
    async def work() -> None:
        async with Cut():
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
