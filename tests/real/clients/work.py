"""What people do in a cluster all day: the kinds of requests that differ on the wire."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets

import aiohttp
from tests.real.clients.browser import Browser
from tests.real.clients.channels import EXEC_V5, STDOUT, Channels, exec_address
from tests.real.clients.live import CONFIG_MAPS, live
from tests.real.stack.admin import Admin
from tests.real.stack.kwok import PodLog
from tests.real.stack.objects import config_map

WITHIN_S = 30.0
BASE64_WATCH = ["base64.binary.k8s.io"]


class Work:
    """The work of one user who is signed in at `origin`, in a namespace that exists and beside a pod that runs.

    `admin` is the cluster's administrator, who does what the user then sees.
    """

    def __init__(
        self, browser: Browser, origin: str, *, admin: Admin, pod: str, pod_log: PodLog, cluster: str = "lab"
    ) -> None:
        self._browser = browser
        self._origin = origin
        self._cluster = cluster
        self._address = f"{origin}/clusters/{cluster}"
        self._admin = admin
        self._pod = f"{self._address}{pod}"
        self._pod_log = pod_log

    async def everything(self, namespace: str) -> None:
        """All of it, one after the other. Whatever does not work is an `AssertionError` or a `TimeoutError`."""
        await self.list(namespace)
        await self.watch(namespace)
        await self.follow_log()
        await self.run_command()
        await self.see_rows(namespace)

    async def list(self, namespace: str) -> None:
        """A list."""
        answer = await self._browser.fetch(f"{self._address}{_maps(namespace)}")
        assert answer.status == 200, answer.text
        assert answer.json()["kind"] == "ConfigMapList"

    async def watch(self, namespace: str) -> None:
        """A watch over a WebSocket, which reports what happens."""
        address = f"{self._address}{_maps(namespace)}"
        version = (await self._browser.fetch(address)).json()["metadata"]["resourceVersion"]
        socket = await self._browser.websocket(f"{address}?watch=1&resourceVersion={version}", BASE64_WATCH)
        async with socket:
            name = self._make(namespace)
            async with asyncio.timeout(WITHIN_S):
                while json.loads(await _text(socket))["object"]["metadata"]["name"] != name:
                    pass

    async def follow_log(self) -> None:
        """A log that is followed."""
        socket = await self._browser.websocket(f"{self._pod}/log?follow=true&tailLines=1", BASE64_WATCH)
        async with socket:
            said, heard = f"said {secrets.token_hex(6)}", ""
            # The log is followed from its last line on, whenever that is looked for.
            heard += base64.b64decode(await _text(socket)).decode()
            self._pod_log.say(said)
            async with asyncio.timeout(WITHIN_S):
                while said not in heard:
                    heard += base64.b64decode(await _text(socket)).decode()

    async def run_command(self) -> None:
        """A command in a pod."""
        first, second = secrets.randbelow(10**6), secrets.randbelow(10**6)
        command = exec_address(self._pod, "sh", "-c", f"echo $(({first} * {second}))")
        async with await self._browser.websocket(command, [EXEC_V5]) as socket:
            channels = Channels(socket)
            await channels.status(within=WITHIN_S)
            assert channels.received(STDOUT).decode().strip() == str(first * second)

    async def see_rows(self, namespace: str) -> None:
        """Live rows."""
        async with live(self._browser, self._origin) as connection:
            rows = await connection.subscribe(CONFIG_MAPS, namespace, cluster=self._cluster)
            await connection.until(lambda: rows.state == "live", within=WITHIN_S)
            name = self._make(namespace)
            await connection.until(lambda: name in rows.names, within=WITHIN_S)
            assert not rows.faults

    def _make(self, namespace: str) -> str:
        name = f"made-{secrets.token_hex(6)}"
        self._admin.create(_maps(namespace), config_map(name))
        return name


def _maps(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps"


async def _text(socket: aiohttp.ClientWebSocketResponse) -> str:
    return await socket.receive_str(timeout=WITHIN_S)
