"""Extra columns of a list, as a client of the live protocol asks for them (docs/live.md)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import aiohttp
from tests.real.clients.browser import Browser
from tests.real.clients.live import decoded

RowKey = tuple[str, str]


class ExtraList:
    """One subscription's extra columns: cells by row and column, and what is said of each column."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids: list[str] = []
        self.cells: dict[RowKey, dict[str, Any]] = {}
        self.problems: dict[str, str] = {}
        self.texts: list[str] = []
        """All messages as they came."""

    async def read(self, extra: Sequence[str], rows: Sequence[RowKey] | None, *, count: int) -> None:
        """Look at these columns, and wait until so many rows have been told."""
        await self._say({"type": "look", "id": 1, "extra": list(extra), "rows": rows and [list(row) for row in rows]})
        while len(self.cells) < count or list(self.problems) != list(extra):
            await self.take()

    async def take(self) -> None:
        """Apply the next message."""
        message = decoded(await self._socket.receive())
        self.texts.append(json.dumps(message))
        if message["type"] != "extra":
            return
        if message["reset"]:
            self.cells.clear()
        if message["columns"] is not None:
            self._ids = [column["id"] for column in message["columns"]]
            self.problems = {column["id"]: column["problem"] for column in message["columns"]}
        for namespace, name, cells in message["rows"]:
            self.cells[namespace, name] = dict(zip(self._ids, cells, strict=True))

    async def _say(self, message: dict[str, Any]) -> None:
        await self._socket.send_json(message)


async def extra_list(browser: Browser, origin: str, resource: dict[str, Any], namespace: str) -> ExtraList:
    """A list of one namespace on a connection of its own, when its rows are there."""
    socket = await browser.websocket(f"{origin}/api/live")
    made = ExtraList(socket)
    await socket.send_json(
        {
            "type": "subscribe",
            "id": 1,
            "cluster": "lab",
            "resource": resource,
            "namespaces": [namespace],
            "label_selector": "",
            "field_selector": "",
        }
    )
    while not any('"type": "synced"' in text for text in made.texts):
        await made.take()
    return made
