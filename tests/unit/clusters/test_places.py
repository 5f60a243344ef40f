"""The places in a pool: everybody has a share of them, and whoever wants more waits in line."""

from __future__ import annotations

import asyncio

import pytest

from headlamp.clusters import limits
from headlamp.clusters.places import Places


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SHARE", 2)


async def turns(times: int = 5) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


async def test_nobody_has_more_than_a_share_and_what_is_left_is_for_the_others() -> None:
    places = Places(5)
    eager = [asyncio.create_task(places.take("eve")) for _ in range(10)]
    await turns()
    assert sum(task.done() for task in eager) == 2
    for _ in range(2):
        await places.take("ann")
    await places.take(None)
    assert places.full
    for task in eager:
        task.cancel()


async def test_those_who_wait_for_their_share_get_their_turn_in_order() -> None:
    places, order = Places(5), []

    async def call(number: int) -> None:
        async with places.place("ann"):
            order.append(number)
            await turns(1)

    await asyncio.gather(*(call(number) for number in range(20)))
    assert order == list(range(20))
    assert not places.full


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "POOL_TIMEOUT", 0.01)
    places = Places(3)
    first, then = ("eve", "eve", "ann"), ("bob", "bob", "eve")
    for who in first:
        await places.take(who)
    for late in ("eve", "bob", None):
        with pytest.raises(TimeoutError):
            await places.take(late)
    for who in first:
        places.give_back(who)
    for who in then:
        await places.take(who)
    assert places.full


@pytest.mark.parametrize("most", [2, 5], ids=["of the pool", "of the share"])
async def test_who_leaves_while_waiting_takes_no_place_and_nothing_is_kept_of_them(most: int) -> None:
    places = Places(most)
    for _ in range(2):
        await places.take("ann")
    waiting = asyncio.create_task(places.take("ann"))
    await turns()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    for _ in range(2):
        places.give_back("ann")
    assert not places._shares
    for who in ["ann", "ann", None, None, None][:most]:
        await places.take(who)
    assert places.full
