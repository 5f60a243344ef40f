"""A wait that takes too long ends its block; the many that don't cost nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest
from tests.unit.live.readers import ClockedLoop

from headlamp.live.cutting import Patience

SECONDS = 30.0


@pytest.fixture
def loop() -> Iterator[ClockedLoop]:
    made = ClockedLoop()
    yield made
    made.close()


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_wait_that_takes_too_long_ends_the_block(loop: ClockedLoop) -> None:
    async def work() -> None:
        async def late() -> None:
            await turns()
            loop.clock += SECONDS

        passing = asyncio.create_task(late())
        patience = Patience(SECONDS)
        async with patience:
            with patience:
                await asyncio.gather(passing, asyncio.Event().wait())

    with pytest.raises(TimeoutError):
        loop.run_until_complete(work())


def test_waits_are_not_added_up_and_what_is_between_them_does_not_count(loop: ClockedLoop) -> None:
    async def work() -> None:
        patience = Patience(SECONDS)
        async with patience:
            for _ in range(10):
                with patience:
                    loop.clock += 0.9 * SECONDS
                    await turns()
                loop.clock += 10 * SECONDS
                await turns()

    loop.run_until_complete(work())


def test_a_long_wait_after_short_ones_ends_the_block_too(loop: ClockedLoop) -> None:
    async def work() -> None:
        patience = Patience(SECONDS)
        async with patience:
            with patience:
                pass
            loop.clock += 0.5 * SECONDS
            with patience:
                for _ in range(3):
                    loop.clock += 0.5 * SECONDS
                    await turns()

    with pytest.raises(TimeoutError):
        loop.run_until_complete(work())


def test_a_thousand_waits_take_one_timer_and_leave_none(loop: ClockedLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    timers: list[asyncio.TimerHandle] = []
    call_at = loop.call_at

    def counted(when: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
        timers.append(call_at(when, callback))
        return timers[-1]

    monkeypatch.setattr(loop, "call_at", counted)

    async def work() -> None:
        patience = Patience(SECONDS)
        async with patience:
            for _ in range(1000):
                with patience:
                    await asyncio.sleep(0)

    loop.run_until_complete(work())
    assert len(timers) == 1
    assert timers[0].cancelled()
