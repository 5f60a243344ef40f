"""A client of the live protocol that is strict about what it is told (docs/live.md)."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from tests.real.clients.browser import Browser

REMEMBERED = 12
RowKey = tuple[str, str]
PODS = {"group": "", "version": "v1", "plural": "pods", "namespaced": True}
CONFIG_MAPS = {"group": "", "version": "v1", "plural": "configmaps", "namespaced": True}


class LiveList:
    """One subscription: its rows as the page would hold them, and what was wrong with the messages."""

    def __init__(self) -> None:
        self.rows: dict[RowKey, list[Any]] = {}
        self.columns: list[str] = []
        self.state = ""
        self.states: list[str] = []
        self.why = ""
        """What the server says is wrong, while something is."""
        self.synced = 0
        self.faults: list[str] = []
        self.error: dict[str, Any] | None = None
        self.heard: deque[str] = deque(maxlen=REMEMBERED)
        """The last messages in short, for whoever has to find out how a fault came about."""
        self._name_column = 0
        self._snapshot: set[RowKey] = set()

    @property
    def names(self) -> set[str]:
        return {name for _, name in self.rows}

    def cell(self, name: str, column: str) -> Any:
        """What one column says of the row called `name`."""
        cells = next(cells for (_, row), cells in self.rows.items() if row == name)
        return cells[self.columns.index(column)]

    def take(self, message: dict[str, Any]) -> None:
        """Apply one message."""
        self.heard.append(_in_short(message))
        match message["type"]:
            case "columns":
                self.columns = [column["name"] for column in message["columns"]]
                self._name_column = message["name_column"]
            case "rows":
                if message["reset"]:
                    self.rows.clear()
                    self._snapshot.clear()
                for namespace, cells in message["rows"]:
                    key = self._set(namespace, cells)
                    if key in self._snapshot:
                        self.faults.append(f"{'/'.join(key)} came twice in one snapshot")
                    self._snapshot.add(key)
            case "synced":
                self.synced += 1
                if message["count"] != len(self.rows):
                    self.faults.append(f"{message['count']} rows were announced, {len(self.rows)} are here")
            case "changes":
                for namespace, cells in message.get("set", ()):
                    self._set(namespace, cells)
                for namespace, name in message.get("gone", ()):
                    self.rows.pop((namespace, name), None)
            case "state":
                self.state = message["state"]
                self.states.append(self.state)
                self.why = message["message"]
            case "error":
                self.error = message
            case other:
                self.faults.append(f"a message of type {other}")

    def _set(self, namespace: str, cells: list[Any]) -> RowKey:
        name = cells[self._name_column]
        if len(cells) != len(self.columns):
            self.faults.append(f"{namespace}/{name} has {len(cells)} cells for {len(self.columns)} columns")
        self.rows[namespace, name] = cells
        return namespace, name


def _in_short(message: dict[str, Any]) -> str:
    """One message in a few words: how many rows it has, or what it says."""
    sizes = [f"{name} {len(message[name])}" for name in ("rows", "set", "gone") if name in message]
    said = [str(message[name]) for name in ("state", "count", "reset") if name in message]
    return " ".join([message["type"], *said, *sizes])


def decoded(frame: aiohttp.WSMessage) -> dict[str, Any]:
    """The message of a frame: text as it is, binary compressed. Raises `EOFError` when the server has closed."""
    if frame.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
        raise EOFError(f"closed: {frame.data}")
    message: dict[str, Any] = json.loads(
        gzip.decompress(frame.data) if frame.type is aiohttp.WSMsgType.BINARY else frame.data
    )
    return message


class LiveConnection:
    """One WebSocket with any number of lists."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._lists: dict[int, LiveList] = {}
        self._ids = itertools.count(1)
        self._news = asyncio.Condition()
        self.signed_out: dict[str, Any] | None = None
        self.ended = asyncio.Event()

    @property
    def close_code(self) -> int | None:
        return self._socket.close_code

    async def subscribe(
        self, resource: dict[str, Any], *namespaces: str, cluster: str = "lab", label_selector: str = ""
    ) -> LiveList:
        """Ask for a list; without namespaces for all of them."""
        number = next(self._ids)
        self._lists[number] = LiveList()
        await self._socket.send_json(
            {
                "type": "subscribe",
                "id": number,
                "cluster": cluster,
                "resource": resource,
                "namespaces": list(namespaces) or None,
                "label_selector": label_selector,
                "field_selector": "",
            }
        )
        return self._lists[number]

    async def until(self, what: Callable[[], bool], *, within: float) -> None:
        """Wait for something to be true of the lists. Raises `TimeoutError`, with what they are."""
        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(what)
        except TimeoutError:
            lists = [
                f"{one.states} {len(one.rows)} rows {one.why} {one.error or ''} {one.faults}"
                for one in self._lists.values()
            ]
            raise TimeoutError(f"not within {within:g} s: {lists}, signed out: {self.signed_out}") from None

    async def listen(self) -> None:
        """Take messages until the server closes."""
        async for frame in self._socket:
            await self.take(frame)
        self.ended.set()

    async def take(self, frame: aiohttp.WSMessage) -> None:
        """Apply what one frame says."""
        message = decoded(frame)
        async with self._news:
            if message["type"] == "signed_out":
                self.signed_out = message
            elif message["type"] != "hello":
                self._lists[message["id"]].take(message)
            self._news.notify_all()


@asynccontextmanager
async def live(browser: Browser, origin: str) -> AsyncIterator[LiveConnection]:
    """A live connection for as long as the block lasts."""
    socket = await browser.websocket(f"{origin}/api/live")
    connection = LiveConnection(socket)
    listening = asyncio.create_task(connection.listen())
    try:
        yield connection
    finally:
        await socket.close()
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
