"""What waits for a stream whose client does not read: a few messages, of bounded size."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from headlamp.web.event_streams import MOST_WAITING, MOST_WAITING_BYTES, EventChannel, TooManyMessages


@pytest.fixture
async def channel() -> EventChannel:
    return EventChannel(make_mocked_request("GET", "/api/live"), web.StreamResponse())


async def test_what_waits_is_bounded_by_number(channel: EventChannel) -> None:
    channel.say(["m"] * MOST_WAITING)
    with pytest.raises(TooManyMessages):
        channel.say(["m"])
    assert await channel.receive() == "m"
    channel.say(["n"])


async def test_what_waits_is_bounded_by_size(channel: EventChannel) -> None:
    half = "é" * (MOST_WAITING_BYTES // 4)
    channel.say([half, half])
    with pytest.raises(TooManyMessages):
        channel.say(["m"])
    assert await channel.receive() == half
    with pytest.raises(TooManyMessages):
        channel.say(["m", half])
    channel.say([half])
    assert [await channel.receive() for _ in range(2)] == [half, half]
    channel.say([half, half])
