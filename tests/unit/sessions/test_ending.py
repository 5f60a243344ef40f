"""The event that a session or credential ends with."""

from __future__ import annotations

import asyncio

import pytest

from headlamp.sessions.ending import Ending


async def test_everybody_who_waits_hears_of_it_and_so_does_who_comes_later() -> None:
    ending = Ending()
    waiting = [asyncio.create_task(ending.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    assert not ending.is_set()
    assert not any(task.done() for task in waiting)
    ending.set()
    assert ending.is_set()
    assert await asyncio.wait_for(asyncio.gather(*waiting), 5) == [True, True, True]
    assert await asyncio.wait_for(ending.wait(), 5) is True


async def test_who_stops_waiting_is_not_waited_for() -> None:
    ending = Ending()
    given_up = asyncio.create_task(ending.wait())
    stays = asyncio.create_task(ending.wait())
    await asyncio.sleep(0)
    given_up.cancel()
    ending.set()
    ending.set()
    assert await asyncio.wait_for(stays, 5) is True
    await asyncio.gather(given_up, return_exceptions=True)
    assert given_up.cancelled()


async def test_what_is_over_stays_over() -> None:
    ending = Ending()
    ending.set()
    with pytest.raises(RuntimeError):
        ending.clear()
    assert ending.is_set()
    assert repr(ending) == "Ending(over)"
