"""One tab's connection: reads what it wants, and sends it what the hub has."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import msgspec
from msgspec import UNSET, UnsetType

from headlamp.live.client_messages import (
    MAX_MESSAGE_BYTES,
    Locate,
    Look,
    Search,
    Subscribe,
    Unsubscribe,
    View,
    ViewSpec,
    decode_client,
)
from headlamp.live.cutting import Cut, WasCut
from headlamp.live.errors import BadRequest, MessageTooLarge, SessionEnded, SignInAgain, TooManyConnections
from headlamp.live.extra.extras import Extras
from headlamp.live.hub import Hub
from headlamp.live.members import alone
from headlamp.live.protocol import (
    CLOSE_SIGNED_OUT,
    CLOSE_TOO_LARGE,
    CLOSE_TOO_MANY,
    VERSION,
    Error,
    Hello,
    Key,
    SignedOut,
    encode,
)
from headlamp.live.quotas import Quota
from headlamp.live.resources import Selection, selection_of
from headlamp.live.search import Door, Reader, Searches
from headlamp.live.sending import Sender
from headlamp.live.subscription import Subscription
from headlamp.live.upstream import Upstream
from headlamp.live.viewer import Access, Channel, OpenAccess, Viewer
from headlamp.problems import Problem

# Answers to bad messages that may wait to be sent before no more messages are read.
_WAITING_ERRORS = 100
# A goodbye that the peer does not take is not waited for: the end of a session closes its streams within a second.
_GOODBYE_SECONDS = 0.4


async def serve_live(channel: Channel, viewer: Viewer, hub: Hub, *, stream: str | UnsetType = UNSET) -> None:
    """Serve one connection until either side, or the viewer's session, ends it. Closes the channel.

    Subscription ids mean something in this connection only. `stream` is told to a client that speaks in requests.
    """
    try:
        with hub.quotas.connected(viewer.session) as quota:
            connection = _Connection(channel, viewer, hub, quota, stream)
            try:
                code, reason = await connection.run()
            finally:
                connection.leave()
    except TooManyConnections as problem:
        code, reason = CLOSE_TOO_MANY, problem.code
        await _refuse_connection(channel, hub, problem)
    with suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(_GOODBYE_SECONDS):
            await channel.close(code, reason)


async def _refuse_connection(channel: Channel, hub: Hub, problem: Problem) -> None:
    hello, error = Hello(VERSION, hub.now()), Error(0, problem.code, problem.message, problem.remedy)
    with suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(_GOODBYE_SECONDS):
            for message in (hello, error):
                await channel.send(encode(message).decode())


class _Peek(msgspec.Struct):
    """What can be told of a message that is not understood."""

    id: int = 0


class _Connection:
    def __init__(self, channel: Channel, viewer: Viewer, hub: Hub, quota: Quota, stream: str | UnsetType) -> None:
        self._channel = channel
        self._quota = quota
        self._stream = stream
        self._viewer = viewer
        self._hub = hub
        self._subscriptions: dict[int, Subscription] = {}
        self._opening: dict[int, asyncio.Task[None]] = {}
        self._views: dict[int, ViewSpec] = {}
        self._looks: dict[int, Look] = {}
        self._sought: dict[int, Key] = {}
        self._sender = Sender(channel, hub.sweep, patience=hub.timing.send)
        door = Door(self._open_lists, self._read_along, hub.leave, self._sender.tell, hub.now)
        self._searches = Searches(door, quota.names)
        self._signed_out: Problem | None = None
        self._reading = Cut()

    async def run(self) -> tuple[int, str]:
        """Serve; returns the code and reason to close with."""
        sender = self._sender
        sender.ended.add_done_callback(self._stop_reading)
        sender.say(Hello(VERSION, self._hub.now(), self._stream))
        self._hub.endings.call(self._viewer.ended, self._stop_reading)
        try:
            async with self._reading:
                closing = await self._read()
        except WasCut:
            closing = 1000, ""
        finally:
            self._hub.endings.forget(self._viewer.ended, self._stop_reading)
            sender.ended.remove_done_callback(self._stop_reading)
            await sender.close()
        if self._viewer.ended.is_set():
            return await self._say_goodbye(SessionEnded())
        if self._signed_out is not None:
            # The session goes on: it is the sign-in for this cluster that has run out.
            again = isinstance(self._signed_out, SessionEnded)
            return await self._say_goodbye(SignInAgain() if again else self._signed_out)
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await sender.say_the_rest()
        # An exception in there is a fault of ours; it goes to whoever serves the connection.
        return closing if sender.ended.cancelled() else sender.ended.result()

    def leave(self) -> None:
        """Give up all subscriptions, and the search that is under way."""
        self._searches.close()
        for subscription_id in (*self._opening, *self._subscriptions):
            self._unsubscribe(subscription_id)

    def ready(self, subscription: Subscription) -> None:
        """See `Subscriber`."""
        self._sender.ready(subscription)

    def failed(self, subscription: Subscription, problem: Problem) -> None:
        """See `Subscriber`."""
        self._unsubscribe(subscription.id)
        self._refuse(subscription.id, problem)

    def signed_out(self, problem: Problem) -> None:
        """See `Subscriber`."""
        if self._signed_out is None:
            self._signed_out = problem
            self._stop_reading()

    def _stop_reading(self, *_: object) -> None:
        self._reading.now()

    async def _read(self) -> tuple[int, str]:
        while (text := await self._channel.receive()) is not None:
            if len(text.encode()) > MAX_MESSAGE_BYTES:
                too_large = MessageTooLarge(f"A message may have at most {MAX_MESSAGE_BYTES} bytes.")
                self._refuse(0, too_large)
                return CLOSE_TOO_LARGE, too_large.code
            self._handle(text)
            await self._sender.until_said(_WAITING_ERRORS)
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
            case Look():
                self._look(message)
            case Locate():
                self._locate(message)
            case Search():
                self._search(message)

    def _begin(self, message: Subscribe) -> None:
        if message.id in self._subscriptions or message.id in self._opening:
            self._refuse(0, BadRequest(f"Subscription {message.id} exists already."))
            return
        try:
            selection = selection_of(message)
            self._quota.take()
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

    def _look(self, message: Look) -> None:
        if subscription := self._subscriptions.get(message.id):
            subscription.extras.look(message.extra, message.rows)
        elif message.id in self._opening:
            self._looks[message.id] = message

    def _locate(self, message: Locate) -> None:
        if subscription := self._subscriptions.get(message.id):
            subscription.locate(message.key)
        elif message.id in self._opening:
            self._sought[message.id] = message.key

    def _search(self, message: Search) -> None:
        try:
            self._searches.ask(message)
        except BadRequest as problem:
            self._refuse(0, problem)

    def _id_in(self, text: str) -> int:
        """The id of a message that is not valid, if the error can be told to that subscription without ending one."""
        try:
            found = msgspec.json.decode(text, type=_Peek).id
        except (msgspec.DecodeError, RecursionError):
            return 0
        return 0 if found < 1 or found in self._subscriptions or found in self._opening else found

    async def _subscribe(self, message: Subscribe, selection: Selection) -> None:
        try:
            await self._open(message, selection)
        except Problem as problem:
            self._unsubscribe(message.id)
            self._refuse(message.id, problem)
        except Exception:
            # Whatever it is, the client has to be told that nothing comes.
            logging.getLogger("headlamp.live").exception("opening a list failed")
            self._unsubscribe(message.id)
            self._refuse(message.id, Problem("The server failed to open this list."))

    async def _open(self, message: Subscribe, selection: Selection) -> None:
        async def open_access() -> Access:
            return await self._viewer.open(message.cluster)

        access = await open_access()
        selection = selection.knowing(access.cluster.namespace)
        subscription = await self._hub.subscribe(access, open_access, selection, message.id, self)
        del self._opening[message.id]
        subscription.make_extras = lambda: self._extras(subscription, selection, access, open_access)
        self._subscriptions[message.id] = subscription
        self._quota.lists[subscription] = message.cluster
        if view := self._views.pop(message.id, None):
            subscription.show(view)
        if look := self._looks.pop(message.id, None):
            subscription.extras.look(look.extra, look.rows)
        if key := self._sought.pop(message.id, None):
            subscription.locate(key)

    def _extras(
        self, subscription: Subscription, selection: Selection, access: Access, open_access: OpenAccess
    ) -> Extras:
        return Extras(
            Upstream(alone(access, open_access), timing=self._hub.timing, now=self._hub.now),
            selection,
            lambda: subscription.topic.table,
            allowance=self._quota.allowance,
            random=self._hub.random,
            changed=lambda: self.ready(subscription),
        )

    def _unsubscribe(self, subscription_id: int) -> None:
        self._views.pop(subscription_id, None)
        self._looks.pop(subscription_id, None)
        self._sought.pop(subscription_id, None)
        if task := self._opening.pop(subscription_id, None):
            task.cancel()
            self._quota.give_back()
        if subscription := self._subscriptions.pop(subscription_id, None):
            self._quota.give_back()
            self._sender.forget(subscription)
            subscription.close()
            self._quota.lists.pop(subscription, None)
            self._hub.leave(subscription)

    def _open_lists(self, cluster: str) -> list[Subscription]:
        return [subscription for subscription, of in self._quota.lists.items() if of == cluster]

    async def _read_along(self, cluster: str, selection: Selection, reader: Reader) -> Subscription:
        async def open_access() -> Access:
            return await self._viewer.open(cluster)

        access = await open_access()
        selection = selection.knowing(access.cluster.namespace)
        return await self._hub.subscribe(access, open_access, selection, 0, reader)

    def _refuse(self, subscription_id: int, problem: Problem) -> None:
        self._sender.say(Error(subscription_id, problem.code, problem.message, problem.remedy))

    async def _say_goodbye(self, problem: Problem) -> tuple[int, str]:
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._channel.send(encode(SignedOut(problem.code, problem.message)).decode())
        return CLOSE_SIGNED_OUT, problem.code
