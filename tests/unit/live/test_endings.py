"""Everybody who waits for an end hears of it."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.live.kit import until

from headlamp.live.endings import Endings


async def test_one_that_fails_keeps_none_of_the_others_from_hearing_of_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    endings, event = Endings(), asyncio.Event()
    heard: list[int] = []

    def hear(number: int) -> None:
        if number % 2:
            raise RuntimeError(f"number {number}")
        heard.append(number)

    for number in range(8):
        endings.call(event, lambda number=number: hear(number))  # type: ignore[misc]
    event.set()
    await until(lambda: len(heard) == 4)
    assert sorted(heard) == [0, 2, 4, 6]
    assert len(endings) == 0
    failures = [str(record.exc_info[1]) for record in caplog.records if record.exc_info]
    assert sorted(failures) == ["number 1", "number 3", "number 5", "number 7"]
    await endings.close()


async def test_who_does_not_wait_any_more_hears_nothing() -> None:
    endings, event = Endings(), asyncio.Event()
    heard: list[str] = []
    backs = {name: (lambda name=name: heard.append(name)) for name in ("stays", "goes")}
    for back in backs.values():
        endings.call(event, back)
    endings.forget(event, backs["goes"])
    event.set()
    await until(lambda: bool(heard))
    assert heard == ["stays"]
    await endings.close()
