"""What goes on for somebody who has gone ends, and nothing else does."""

from __future__ import annotations

import asyncio

import pytest

from headlamp.proxy import lifetime
from headlamp.proxy.lifetime import CutWhen


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifetime, "LOOK_EVERY", 0.01)


async def test_what_is_over_ends_in_the_middle_and_the_task_goes_on() -> None:
    reached = False
    with CutWhen(lambda: True):
        await asyncio.Event().wait()
        reached = True
    task = asyncio.current_task()
    assert task is not None
    assert (reached, task.cancelling()) == (False, 0)
    await asyncio.sleep(0)


async def test_what_is_not_over_is_left_alone_however_often_it_is_looked_at() -> None:
    looks = 0
    looked_often = asyncio.Event()

    def over() -> bool:
        nonlocal looks
        looks += 1
        if looks == 3:
            looked_often.set()
        return False

    with CutWhen(over):
        await looked_often.wait()
    seen = looks
    await asyncio.sleep(0.05)
    assert looks == seen


async def test_a_cancellation_from_elsewhere_goes_on() -> None:
    begun = asyncio.Event()

    async def work() -> None:
        with CutWhen(lambda: False):
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_from_elsewhere_at_the_same_moment_goes_on() -> None:
    over = False
    begun = asyncio.Event()

    def look() -> bool:
        if over:
            task.cancel()
        return over

    async def work() -> None:
        with CutWhen(look):
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await begun.wait()
    over = True
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_failure_inside_is_told_as_it_is() -> None:
    with pytest.raises(ValueError, match="inside"), CutWhen(lambda: True):
        raise ValueError("inside")
