"""One tab's connection: reads what it wants, and sends it what the hub has."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from headlamp.live.errors import BadRequest, MessageTooLarge, SessionEnded, SignInAgain, TooManySubscriptions
from headlamp.live.hub import Hub
from headlamp.live.protocol import (
    CLOSE_SIGNED_OUT,
    CLOSE_TOO_LARGE,
    CLOSE_TOO_SLOW,
    MAX_MESSAGE_BYTES,
    VERSION,
    Error,
    Hello,
    SignedOut,
    Subscribe,
    Unsubscribe,
    View,
    ViewSpec,
    decode_client,
    encode,
)
from headlamp.live.resources import Selection, selection_of
from headlamp.live.subscription import Subscription
from headlamp.live.viewer import Access, Channel, Viewer
from headlamp.problems import Problem

MAX_SUBSCRIPTIONS = 1000
# Answers to bad messages that may wait to be sent before no more messages are read.
_WAITING_ERRORS = 100
# A goodbye that the peer does not take is not waited for: the end of a session closes its streams within a second.
_GOODBYE_SECONDS = 0.4


async def serve_live(channel: Channel, viewer: Viewer, hub: Hub, *, stream: str | UnsetType = UNSET) -> None:
    """Serve one connection until either side, or the viewer's session, ends it. Closes the channel.

    Subscription ids mean something in this connection only. `stream` is told to a client that speaks in requests.
    """
    connection = _Connection(channel, viewer, hub, stream)
    try:
        code, reason = await connection.run()
    finally:
        connection.leave()
    with suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(_GOODBYE_SECONDS):
            await channel.close(code, reason)


class _Peek(msgspec.Struct):
    """What can be told of a message that is not understood."""

    id: int = 0


class _Connection:
    def __init__(self, channel: Channel, viewer: Viewer, hub: Hub, stream: str | UnsetType) -> None:
        self._channel = channel
        self._stream = stream
        self._viewer = viewer
        self._hub = hub
        self._subscriptions: dict[int, Subscription] = {}
        self._opening: dict[int, asyncio.Task[None]] = {}
        self._views: dict[int, ViewSpec] = {}
        self._ready: dict[Subscription, None] = {}
        self._errors: deque[Error] = deque()
        self._wake = asyncio.Event()
        self._errors_sent = asyncio.Event()
        self._signed_out: asyncio.Future[Problem] = asyncio.get_running_loop().create_future()

    async def run(self) -> tuple[int, str]:
        """Serve; returns the code and reason to close with."""
        reader = asyncio.create_task(self._read())
        writer = asyncio.create_task(self._write())
        ended = asyncio.create_task(self._viewer.ended.wait())
        working: list[asyncio.Future[Any]] = [reader, writer, ended]
        try:
            await asyncio.wait([*working, self._signed_out], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
        if self._viewer.ended.is_set():
            return await self._say_goodbye(SessionEnded())
        if self._signed_out.done():
            problem = self._signed_out.result()
            # The session goes on: it is the sign-in for this cluster that has run out.
            return await self._say_goodbye(SignInAgain() if isinstance(problem, SessionEnded) else problem)
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._write_errors()
        for task in (reader, writer):
            if not task.cancelled():
                # An exception here is a fault of ours; it goes to whoever serves the connection.
                return task.result()
        return 1000, ""

    def leave(self) -> None:
        """Give up all subscriptions."""
        for task in self._opening.values():
            task.cancel()
        for subscription in self._subscriptions.values():
            self._hub.leave(subscription)
        self._subscriptions.clear()

    def ready(self, subscription: Subscription) -> None:
        """See `Subscriber`."""
        self._ready[subscription] = None
        self._wake.set()

    def failed(self, subscription: Subscription, problem: Problem) -> None:
        """See `Subscriber`."""
        self._unsubscribe(subscription.id)
        self._refuse(subscription.id, problem)

    def signed_out(self, problem: Problem) -> None:
        """See `Subscriber`."""
        if not self._signed_out.done():
            self._signed_out.set_result(problem)

    async def _read(self) -> tuple[int, str]:
        while (text := await self._channel.receive()) is not None:
            if len(text.encode()) > MAX_MESSAGE_BYTES:
                too_large = MessageTooLarge(f"A message may have at most {MAX_MESSAGE_BYTES} bytes.")
                self._refuse(0, too_large)
                return CLOSE_TOO_LARGE, too_large.code
            self._handle(text)
            while len(self._errors) >= _WAITING_ERRORS:
                self._errors_sent.clear()
                await self._errors_sent.wait()
        return 1000, ""

    def _handle(self, text: str) -> None:
        try:
            message = decode_client(text)
        except (msgspec.DecodeError, RecursionError) as error:
            self._refuse(self._id_in(text), BadRequest(f"The message is not valid: {error}."))
            return
        match message:
            case Subscribe():
                self._begin(message)
            case Unsubscribe():
                self._unsubscribe(message.id)
            case View():
                self._view(message)

    def _begin(self, message: Subscribe) -> None:
        if message.id in self._subscriptions or message.id in self._opening:
            self._refuse(0, BadRequest(f"Subscription {message.id} exists already."))
            return
        if len(self._subscriptions) + len(self._opening) >= MAX_SUBSCRIPTIONS:
            problem = TooManySubscriptions(f"A connection may have at most {MAX_SUBSCRIPTIONS} subscriptions.")
            self._refuse(message.id, problem)
            return
        try:
            selection = selection_of(message)
        except BadRequest as problem:
            self._refuse(message.id, problem)
            return
        if message.view is not None:
            self._views[message.id] = message.view
        self._opening[message.id] = asyncio.create_task(self._subscribe(message, selection))

    def _view(self, message: View) -> None:
        if subscription := self._subscriptions.get(message.id):
            subscription.show(message.view)
        elif message.id in self._opening:
            self._views[message.id] = message.view

    def _id_in(self, text: str) -> int:
        """The id of a message that is not valid, if the error can be told to that subscription without ending one."""
        try:
            found = msgspec.json.decode(text, type=_Peek).id
        except (msgspec.DecodeError, RecursionError):
            return 0
        return 0 if found < 1 or found in self._subscriptions or found in self._opening else found

    async def _subscribe(self, message: Subscribe, selection: Selection) -> None:
        async def open_access() -> Access:
            return await self._viewer.open(message.cluster)

        try:
            access = await open_access()
        except Problem as problem:
            self._opening.pop(message.id, None)
            self._views.pop(message.id, None)
            self._refuse(message.id, problem)
            return
        self._opening.pop(message.id, None)
        subscription = self._hub.subscribe(access, open_access, selection, message.id, self)
        self._subscriptions[message.id] = subscription
        if view := self._views.pop(message.id, None):
            subscription.show(view)

    def _unsubscribe(self, subscription_id: int) -> None:
        self._views.pop(subscription_id, None)
        if task := self._opening.pop(subscription_id, None):
            task.cancel()
        if subscription := self._subscriptions.pop(subscription_id, None):
            self._ready.pop(subscription, None)
            self._hub.leave(subscription)

    def _refuse(self, subscription_id: int, problem: Problem) -> None:
        self._errors.append(Error(subscription_id, problem.code, problem.message, problem.remedy))
        self._wake.set()

    async def _write(self) -> tuple[int, str]:
        try:
            await self._send(encode(Hello(VERSION, self._hub.now(), self._stream)).decode())
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._errors or self._ready:
                    await self._write_errors()
                    await self._write_rows()
        except TimeoutError:
            return CLOSE_TOO_SLOW, "live.too_slow"
        except ConnectionError:
            return 1000, ""

    async def _write_errors(self) -> None:
        while self._errors:
            await self._send(encode(self._errors.popleft()).decode())
            self._errors_sent.set()

    async def _write_rows(self) -> None:
        """Send what one subscription has, so that at most one snapshot is held on to at a time."""
        if not self._ready:
            return
        subscription = next(iter(self._ready))
        del self._ready[subscription]
        for payload in subscription.take():
            if self._subscriptions.get(subscription.id) is not subscription:
                return
            await self._send(payload.frame(subscription.id))

    async def _send(self, frame: str | bytes) -> None:
        async with asyncio.timeout(self._hub.timing.send):
            if isinstance(frame, str):
                await self._channel.send_text(frame)
            else:
                await self._channel.send_binary(frame)

    async def _say_goodbye(self, problem: Problem) -> tuple[int, str]:
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._channel.send_text(encode(SignedOut(problem.code, problem.message)).decode())
        return CLOSE_SIGNED_OUT, problem.code
