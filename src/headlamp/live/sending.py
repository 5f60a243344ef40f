"""Sending what a connection has to say: at once while its client keeps up, and else as fast as the client reads.

Thousands look at the same rows. A task for each of them that wakes up, sends a frame and waits again costs more than
the frame. So all who have something to send do it in one callback of the event loop, and only who has to wait for a
client gets a task.
"""

from __future__ import annotations

import asyncio

from headlamp.live.frames import Payload
from headlamp.live.protocol import CLOSE_TOO_SLOW, Error, Found, Hello, encode
from headlamp.live.subscription import Subscription
from headlamp.live.viewer import Channel


class Sweep:
    """All who have something to send since the event loop's last turn."""

    def __init__(self) -> None:
        self._due: dict[Sender, None] = {}

    def add(self, sender: Sender) -> None:
        """Let it push in the next turn of the loop."""
        if not self._due:
            asyncio.get_running_loop().call_soon(self._run)
        self._due[sender] = None

    def _run(self) -> None:
        due, self._due = self._due, {}
        for sender in due:
            sender.push()


class Sender:
    """What one connection still has to send, and the sending of it.

    `ended` is done when nothing can be sent any more: with the code and reason to close with, or with an exception,
    which is a fault of ours. The client may take `patience` seconds for one frame, and no more.
    """

    def __init__(self, channel: Channel, sweep: Sweep, *, patience: float) -> None:
        self.ended: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self._channel = channel
        self._sweep = sweep
        self._patience = patience
        # Lists, of which each is short: an empty deque takes 700 bytes.
        self._said: list[str] = []
        self._found: Found | None = None
        self._ready: dict[Subscription, None] = {}
        # What was taken of one subscription, the next one last. So at most one snapshot is held on to at a time.
        self._taken: list[Payload] = []
        self._of: Subscription | None = None
        self._turn = 0
        self._waiting: asyncio.Task[None] | None = None
        self._room: asyncio.Event | None = None

    def say(self, message: Hello | Error) -> None:
        """Send a message that is not about rows."""
        self._said.append(encode(message).decode())
        self._sweep.add(self)

    def tell(self, found: Found) -> None:
        """Send the answer to a search, in the place of one that was not sent yet."""
        self._found = found
        self._sweep.add(self)

    def ready(self, subscription: Subscription) -> None:
        """Send what it has to be taken."""
        self._ready[subscription] = None
        self._sweep.add(self)

    def forget(self, subscription: Subscription) -> None:
        """Send nothing more of it."""
        self._ready.pop(subscription, None)
        if self._of is subscription:
            self._taken.clear()

    async def until_said(self, most: int) -> None:
        """Wait until fewer than so many messages of `say` wait."""
        while len(self._said) >= most:
            self._room = asyncio.Event()
            await self._room.wait()

    def push(self) -> None:
        """Send as much as the client takes without waiting; a task waits with the rest. See `Sweep`."""
        if self._waiting is not None or self.ended.done():
            return
        try:
            while (frame := self._next()) is not None:
                if not self._channel.post(frame):
                    self._waiting = asyncio.create_task(self._wait(frame))
                    return
        except Exception as fault:
            self.ended.set_exception(fault)

    async def close(self) -> None:
        """Send nothing more but what `say_the_rest` sends."""
        self.ended.cancel()
        if self._waiting is not None:
            self._waiting.cancel()
            await asyncio.gather(self._waiting, return_exceptions=True)

    async def say_the_rest(self) -> None:
        """After `close`: what of `say` waits. Raises `ConnectionError`."""
        while self._said:
            await self._channel.send(self._said.pop(0))

    async def _wait(self, frame: str | bytes | None) -> None:
        try:
            while frame is not None:
                async with asyncio.timeout(self._patience):
                    await self._channel.send(frame)
                frame = self._next()
        except TimeoutError:
            self._end(CLOSE_TOO_SLOW, "live.too_slow")
        except ConnectionError:
            self._end(1000, "")
        except Exception as fault:
            if not self.ended.done():
                self.ended.set_exception(fault)
        finally:
            self._waiting = None

    def _end(self, code: int, reason: str) -> None:
        if not self.ended.done():
            self.ended.set_result((code, reason))

    def _next(self) -> str | bytes | None:
        """The next frame; what is not about rows goes first."""
        if self._said:
            if self._room is not None:
                self._room.set()
            return self._said.pop(0)
        if self._found is not None:
            found, self._found = self._found, None
            return encode(found).decode()
        while True:
            of = self._of
            if of is not None and self._taken:
                if of.turn == self._turn:
                    return self._taken.pop().frame(of.id)
                self._taken.clear()
            if not self._ready:
                self._of = None
                return None
            self._of = of = next(iter(self._ready))
            del self._ready[of]
            self._taken = of.take()[::-1]
            self._turn = of.turn
