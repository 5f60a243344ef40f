"""Somebody who creates, changes and deletes ConfigMaps at a steady rate, and the truth about them."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import aiohttp
from tests.real.soak.world import NAMESPACES
from tests.real.stack.admin import MERGE_PATCH, TABLE
from tests.real.stack.objects import config_map

CHANGES_PER_S = 20.0
HANDS = 4
"""How many of them work at once, each in namespaces of its own."""
NAMES = tuple(f"map-{number:02}" for number in range(60))
MOST_ENTRIES = 30
COLOURS = ("blue", "green", "red")
TIMEOUT_S = 10.0

Truth = Mapping[tuple[str, str], tuple[Any, str]]
"""By namespace and name: the cell "Data", and the colour of the object."""


class Churn:
    """The changes, which `going` lets through or holds back. What a change is, chance decides: few names come often."""

    def __init__(self, api_url: str, tls: ssl.SSLContext, random: Random) -> None:
        self._url = api_url
        self._random = random
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=tls), timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)
        )
        self._there: dict[str, set[str]] = {namespace: set() for namespace in NAMESPACES}
        self._going = asyncio.Event()
        self._in_hand = 0
        self.done: Counter[str] = Counter()
        """How many changes of each kind have been made, and how many have failed."""

    @property
    def made(self) -> int:
        """How many changes have been made."""
        return self.done.total() - self.done["failed"]

    async def close(self) -> None:
        await self._http.close()

    async def run(self) -> None:
        """Change things until cancelled."""
        async with asyncio.TaskGroup() as hands:
            for number in range(HANDS):
                hands.create_task(self._work(NAMESPACES[number::HANDS]))

    def go_on(self) -> None:
        self._going.set()

    async def pause(self) -> None:
        """Return when nothing is changed any more."""
        self._going.clear()
        while self._in_hand:
            await asyncio.sleep(0.01)

    async def truth(self) -> Truth:
        """What there is now, in all namespaces. Raises `aiohttp.ClientError` when the API server can't say."""
        url = f"{self._url}/api/v1/configmaps"
        async with self._http.get(url, headers={"Accept": TABLE}, raise_for_status=True) as answer:
            table = await answer.json(content_type=None)
        column = [one["name"] for one in table["columnDefinitions"]].index("Data")
        found = {}
        for row in table["rows"]:
            metadata = row["object"]["metadata"]
            labels = metadata.get("labels") or {}
            found[metadata["namespace"], metadata["name"]] = (row["cells"][column], labels.get("colour", ""))
        return found

    async def _work(self, namespaces: Sequence[str]) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            if not self._going.is_set():
                await self._going.wait()
                due = loop.time()
            self._in_hand += 1
            try:
                await self._change(self._random.choice(namespaces))
            except (aiohttp.ClientError, TimeoutError):
                self.done["failed"] += 1
            finally:
                self._in_hand -= 1
            # Whoever is late does not make up for it: the rate is at most the one wanted.
            due = max(due + HANDS / CHANGES_PER_S, loop.time() - 1.0)
            await asyncio.sleep(max(0.0, due - loop.time()))

    async def _change(self, namespace: str) -> None:
        name, there = self._random.choice(NAMES), self._there[namespace]
        path = f"{self._url}/api/v1/namespaces/{namespace}/configmaps"
        body = config_map(name, **{f"entry-{number}": "x" for number in range(self._random.randint(1, MOST_ENTRIES))})
        body["metadata"]["labels"] = {"colour": self._random.choice(COLOURS)}
        if name not in there:
            await self._send("create", "POST", path, body)
            there.add(name)
        elif self._random.random() < 0.25:
            await self._send("delete", "DELETE", f"{path}/{name}", None)
            there.discard(name)
        else:
            # A merge patch leaves the entries that it does not name.
            gone = {f"entry-{number}": None for number in range(len(body["data"]), MOST_ENTRIES)}
            body["data"] |= gone
            await self._send("update", "PATCH", f"{path}/{name}", body)

    async def _send(self, kind: str, method: str, url: str, body: Mapping[str, Any] | None) -> None:
        headers = {"Content-Type": MERGE_PATCH} if method == "PATCH" else {}
        async with self._http.request(method, url, json=body, headers=headers) as answer:
            await answer.read()
            # After a crash an object may be there that was thought not to be, or the other way round.
            if answer.status not in (404, 409):
                answer.raise_for_status()
            self.done[kind] += 1
