"""Who has something to send does it in one turn of the loop; who has to wait for a client waits alone."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.unit.live.kit import until
from tests.unit.live.readers import topic_by_hand

from headlamp.live.frames import Payload
from headlamp.live.protocol import CLOSE_TOO_SLOW, Error, Found, Synced
from headlamp.live.sending import Sender, Sweep
from headlamp.live.subscription import Subscription
from headlamp.live.timing import Timing
from headlamp.problems import Problem

LONG = 600.0


class Peer:
    """A client that takes frames while it `keeps_up`, and one more for each `take`."""

    def __init__(self) -> None:
        self.keeps_up = True
        self.posted: list[str | bytes] = []
        self.taken: list[str | bytes] = []
        self.lost = False
        self._takes = asyncio.Semaphore(0)

    def take(self) -> None:
        self._takes.release()

    def post(self, frame: str | bytes) -> bool:
        if not self.keeps_up:
            return False
        self.posted.append(frame)
        self.taken.append(frame)
        return True

    async def send(self, frame: str | bytes) -> None:
        if self.lost:
            raise ConnectionResetError
        await self._takes.acquire()
        self.taken.append(frame)

    async def receive(self) -> str | None:
        raise AssertionError

    async def close(self, code: int, reason: str) -> None:
        raise AssertionError

    @property
    def ids(self) -> list[int]:
        """Of the messages that were taken."""
        return [json.loads(frame)["id"] for frame in self.taken]


class Reading(Subscription):
    """A subscription whose messages a test names: their `count`s."""

    def __init__(self, subscription_id: int, sender: Sender) -> None:
        super().__init__(subscription_id, self, topic_by_hand(Timing(), lambda: 0.0))
        self.sender = sender
        self.messages: list[Payload] = []
        self.fault: Exception | None = None

    def has(self, *counts: int) -> None:
        self.messages += [Payload(Synced(0, count, 0.0, 0.0)) for count in counts]
        self.sender.ready(self)

    def take(self) -> list[Payload]:
        if self.fault is not None:
            raise self.fault
        taken, self.messages = self.messages, []
        return taken

    def ready(self, subscription: Subscription) -> None:
        self.sender.ready(subscription)

    def failed(self, subscription: Subscription, problem: Problem) -> None:
        raise problem

    def signed_out(self, problem: Problem) -> None:
        raise problem


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture
async def sender(peer: Peer) -> Sender:
    return Sender(peer, Sweep(), patience=LONG)


def counts(peer: Peer) -> list[int]:
    return [json.loads(frame)["count"] for frame in peer.taken]


async def test_all_send_in_the_next_turn_of_the_loop() -> None:
    sweep = Sweep()
    peers = [Peer() for _ in range(3)]
    for at, peer in enumerate(peers):
        Reading(at + 1, Sender(peer, sweep, patience=LONG)).has(1, 2)
    assert not any(peer.posted for peer in peers)
    await asyncio.sleep(0)
    assert [counts(peer) for peer in peers] == [[1, 2]] * 3
    assert [peer.ids[0] for peer in peers] == [1, 2, 3]


async def test_what_a_slow_client_is_sent_keeps_its_order(peer: Peer, sender: Sender) -> None:
    reading = Reading(1, sender)
    peer.keeps_up = False
    reading.has(1, 2)
    await asyncio.sleep(0)
    reading.has(3)
    peer.keeps_up = True
    await asyncio.sleep(0)
    assert not peer.taken
    for _ in range(3):
        peer.take()
    await until(lambda: counts(peer) == [1, 2, 3])
    assert not peer.posted
    reading.has(4)
    await until(lambda: counts(peer) == [1, 2, 3, 4])
    assert len(peer.posted) == 1


async def test_a_subscription_that_ends_or_turns_is_not_sent_the_rest(peer: Peer, sender: Sender) -> None:
    ended, turned, other = (Reading(number, sender) for number in (1, 2, 3))
    peer.keeps_up = False
    for reading in (ended, turned, other):
        reading.has(1, 2)
    await asyncio.sleep(0)
    sender.forget(ended)
    peer.take()
    peer.take()
    await until(lambda: peer.ids == [1, 2])
    turned.turn += 1
    for _ in range(2):
        peer.take()
    # What is on its way can't be taken back.
    await until(lambda: len(peer.taken) == 4)
    peer.take()
    await until(lambda: len(peer.taken) == 5)
    assert peer.ids[:3] == [1, 2, 2]
    assert peer.ids[3:] == [3, 3]


async def test_what_is_not_about_rows_goes_first_and_the_newest_answer_to_a_search_alone(
    peer: Peer, sender: Sender
) -> None:
    Reading(7, sender).has(1)
    for read in (1, 2):
        sender.tell(Found(5, [], 0, read, 2, []))
    sender.say(Error(9, "live.bad_request", "", ""))
    await asyncio.sleep(0)
    messages = [json.loads(frame) for frame in peer.taken]
    assert [message["type"] for message in messages] == ["error", "found", "synced"]
    assert messages[1]["read"] == 2


async def test_who_says_much_waits_until_the_client_has_taken_it(peer: Peer, sender: Sender) -> None:
    peer.keeps_up = False
    for number in range(3):
        sender.say(Error(number, "live.bad_request", "", ""))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(sender.until_said(2))
    await asyncio.sleep(0)
    assert not waiting.done()
    peer.take()
    await waiting


async def test_a_client_that_takes_nothing_ends_it() -> None:
    peer = Peer()
    peer.keeps_up = False
    sender = Sender(peer, Sweep(), patience=0.01)
    Reading(1, sender).has(1)
    assert await sender.ended == (CLOSE_TOO_SLOW, "live.too_slow")


async def test_a_client_that_is_gone_ends_it(peer: Peer, sender: Sender) -> None:
    peer.keeps_up, peer.lost = False, True
    Reading(1, sender).has(1)
    assert await sender.ended == (1000, "")


@pytest.mark.parametrize("keeps_up", [True, False], ids=["quick", "slow"])
async def test_a_fault_ends_it_and_harms_nobody_else(keeps_up: bool) -> None:
    sweep = Sweep()
    peers = [Peer(), Peer()]
    faulty, other = (Reading(1, Sender(peer, sweep, patience=LONG)) for peer in peers)
    peers[0].keeps_up = keeps_up
    faulty.sender.say(Error(1, "live.bad_request", "", ""))
    peers[0].take()
    faulty.fault = ZeroDivisionError()
    faulty.has(1)
    other.has(1)
    with pytest.raises(ZeroDivisionError):
        await faulty.sender.ended
    assert counts(peers[1]) == [1]


async def test_nothing_is_sent_after_the_close_but_what_was_said(peer: Peer, sender: Sender) -> None:
    peer.keeps_up = False
    reading = Reading(1, sender)
    reading.has(1)
    await asyncio.sleep(0)
    sender.say(Error(2, "live.bad_request", "", ""))
    await sender.close()
    peer.keeps_up = True
    reading.has(2)
    await asyncio.sleep(0)
    assert not peer.taken
    peer.take()
    await sender.say_the_rest()
    assert [json.loads(frame)["type"] for frame in peer.taken] == ["error"]
