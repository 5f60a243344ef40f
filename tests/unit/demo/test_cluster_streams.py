"""Logs and terminals of the simulated cluster, over HTTP and WebSockets."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import AbstractAsyncContextManager
from urllib.parse import urlencode

import aiohttp
import pytest
from tests.unit.demo.lab import Clock, Cluster

from headlamp.demo.cluster import kinds

POD = "/api/v1/namespaces/shop/pods/basket-cache-0"


async def log(cluster: Cluster, query: str, path: str = POD) -> tuple[int, str]:
    async with cluster.http.get(
        f"{cluster.url}{path}/log?{query}", headers=cluster.as_("ben"), ssl=cluster.tls
    ) as answer:
        return answer.status, await answer.text()


async def pod_named(cluster: Cluster, app: str) -> str:
    _, pods = await cluster.get("ben", f"/api/v1/namespaces/shop/pods?labelSelector=app.kubernetes.io/name%3D{app}")
    return f"/api/v1/namespaces/shop/pods/{pods['items'][0]['metadata']['name']}"


async def test_the_last_lines_of_a_log(cluster: Cluster) -> None:
    status, text = await log(cluster, "tailLines=3")
    assert (status, len(text.splitlines())) == (200, 3)


async def test_a_log_is_the_same_each_time_and_fits_the_program(cluster: Cluster) -> None:
    first, second = await log(cluster, "tailLines=20"), await log(cluster, "tailLines=20")
    assert first == second
    assert "Background saving" in first[1] or "DB saved" in first[1]


async def test_timestamps_come_first_and_rise(cluster: Cluster) -> None:
    _, text = await log(cluster, "tailLines=20&timestamps=true")
    stamps = [line.split(" ", 1)[0] for line in text.splitlines()]
    assert all(stamp.endswith("Z") for stamp in stamps)
    assert stamps == sorted(stamps)


async def test_a_pod_of_several_containers_needs_to_be_told_which(cluster: Cluster) -> None:
    path = await pod_named(cluster, "storefront")
    status, text = await log(cluster, "", path)
    assert status == 400
    assert "choose one of: [storefront mesh-proxy]" in text
    assert (await log(cluster, "container=mesh-proxy&tailLines=1", path))[0] == 200
    assert (await log(cluster, "container=nope", path))[0] == 400


async def test_the_previous_run_of_a_crashing_container_ends_with_its_cause(cluster: Cluster) -> None:
    path = await pod_named(cluster, "recommendations")
    status, text = await log(cluster, "previous=true&tailLines=1", path)
    assert status == 200
    assert "level=fatal" in text


async def test_there_is_no_previous_run_of_what_never_crashed(cluster: Cluster) -> None:
    pods = cluster.world.store.select(kinds.PODS, "shop")
    name = next(pod.name for pod in pods if pod.name.startswith("wishlist-api") and pod.cells[3] == "0")
    status, text = await log(cluster, "previous=true", f"/api/v1/namespaces/shop/pods/{name}")
    assert status == 400
    assert "previous terminated container" in text


async def test_following_brings_new_lines_as_time_goes_by(cluster: Cluster, clock: Clock) -> None:
    url = f"{cluster.url}{POD}/log?follow=true&tailLines=1"
    async with cluster.http.get(url, headers=cluster.as_("ben"), ssl=cluster.tls) as answer:
        first = await asyncio.wait_for(answer.content.readline(), 30)
        clock.at += 30
        second = await asyncio.wait_for(answer.content.readline(), 30)
    assert first != second


async def test_following_ends_when_the_pod_is_gone(cluster: Cluster) -> None:
    url = f"{cluster.url}{POD}/log?follow=true&tailLines=1"
    async with cluster.http.get(url, headers=cluster.as_("ben"), ssl=cluster.tls) as answer:
        await answer.content.readline()
        await cluster.ask("ben", "DELETE", f"{POD}?gracePeriodSeconds=0")
        await asyncio.wait_for(answer.read(), 30)


@pytest.mark.parametrize(
    ("protocols", "kind"),
    [
        (("base64.binary.k8s.io",), aiohttp.WSMsgType.TEXT),
        (("binary.k8s.io",), aiohttp.WSMsgType.BINARY),
        ((), aiohttp.WSMsgType.BINARY),
    ],
)
async def test_a_log_over_a_websocket_speaks_the_protocol_that_was_offered(
    cluster: Cluster, protocols: tuple[str, ...], kind: aiohttp.WSMsgType
) -> None:
    url = f"{cluster.url}{POD}/log?tailLines=2"
    async with cluster.http.ws_connect(url, headers=cluster.as_("ben"), ssl=cluster.tls, protocols=protocols) as socket:
        opening = await socket.receive(timeout=30)
        message = await socket.receive(timeout=30)
    assert not opening.data
    text = base64.b64decode(message.data) if kind is aiohttp.WSMsgType.TEXT else message.data
    assert (socket.protocol, message.type) == (protocols[0] if protocols else None, kind)
    assert len(text.decode().splitlines()) == 2


class Exec:
    """A command over a WebSocket, channel by channel."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse[bool]) -> None:
        self.socket = socket
        self.out = {1: "", 2: "", 3: ""}

    async def until(self, text: str, channel: int = 1) -> None:
        async with asyncio.timeout(30):
            while text not in self.out[channel]:
                assert await self._next()

    async def end(self) -> dict[str, object]:
        async with asyncio.timeout(30):
            while await self._next():
                pass
        status: dict[str, object] = json.loads(self.out[3])
        return status

    async def _next(self) -> bool:
        message = await self.socket.receive()
        if message.type is not aiohttp.WSMsgType.BINARY:
            return False
        self.out[message.data[0]] += message.data[1:].decode()
        return True


def connect(
    cluster: Cluster, query: str, *protocols: str, person: str = "ben"
) -> AbstractAsyncContextManager[aiohttp.ClientWebSocketResponse[bool]]:
    return cluster.http.ws_connect(
        f"{cluster.url}{POD}/exec?{query}",
        headers=cluster.as_(person),
        ssl=cluster.tls,
        protocols=protocols or ("v5.channel.k8s.io", "v4.channel.k8s.io"),
    )


async def test_a_command_runs_and_ends_with_success(cluster: Cluster) -> None:
    async with connect(cluster, "command=cat&command=/etc/hostname&stdout=1") as socket:
        running = Exec(socket)
        assert socket.protocol == "v5.channel.k8s.io"
        assert (await running.end())["status"] == "Success"
    assert running.out[1] == "basket-cache-0\n"


async def test_an_exit_code_is_told(cluster: Cluster) -> None:
    async with connect(cluster, "command=sh&command=-c&command=echo+hi;+exit+3") as socket:
        status = await (running := Exec(socket)).end()
    assert running.out[1] == "hi\n"
    assert status["reason"] == "NonZeroExitCode"
    assert status["details"] == {"causes": [{"reason": "ExitCode", "message": "3"}]}


async def test_an_unknown_command_is_not_found(cluster: Cluster) -> None:
    async with connect(cluster, "command=frobnicate") as socket:
        status = await (running := Exec(socket)).end()
    assert "not found" in running.out[2]
    assert status["details"] == {"causes": [{"reason": "ExitCode", "message": "127"}]}


async def test_a_terminal_echoes_edits_and_answers(cluster: Cluster) -> None:
    async with connect(cluster, "command=sh&stdin=1&stdout=1&tty=1", "v4.channel.k8s.io") as socket:
        running = Exec(socket)
        await running.until("$ ")
        await socket.send_bytes(b'\x04{"Width":80,"Height":24}')
        await socket.send_bytes(b"\x00echo hellp\x7fo\r")
        await running.until("hello\r\n")
        await socket.send_bytes(b"\x00\x03")
        await running.until("^C")
        await socket.send_bytes(b"\x00\x04")
        assert (await running.end())["status"] == "Failure"
    assert running.out[1].endswith("exit\r\n")


@pytest.mark.parametrize(
    "script",
    ["command -v bash >/dev/null 2>&1 && exec bash || exec sh", "exec bash", "cd /app; exec /bin/sh -l"],
)
async def test_a_script_that_ends_in_a_shell_becomes_the_terminal(cluster: Cluster, script: str) -> None:
    asked = urlencode([("command", "sh"), ("command", "-c"), ("command", script), ("stdin", 1), ("tty", 1)])
    async with connect(cluster, f"{asked}&stdout=1") as socket:
        running = Exec(socket)
        await running.until("$ ")
        await socket.send_bytes(b"\x00echo hello\r")
        await running.until("hello\r\n")
        await socket.send_bytes(b"\x00exit\r")
        assert (await running.end())["status"] == "Success"


@pytest.mark.parametrize(
    "query",
    [
        "command=sh&command=-c&command=echo+exec+bash+is+text&stdout=1&tty=1",
        "command=sh&command=-c&command=pwd&stdout=1&tty=1",
    ],
)
async def test_any_other_script_ends_by_itself_on_a_terminal_too(cluster: Cluster, query: str) -> None:
    async with connect(cluster, query) as socket:
        assert (await Exec(socket).end())["status"] == "Success"


async def test_cat_copies_until_its_input_is_closed(cluster: Cluster) -> None:
    async with connect(cluster, "command=cat&stdin=1&stdout=1") as socket:
        running = Exec(socket)
        await socket.send_bytes(b"\x00abc")
        await running.until("abc")
        await socket.send_bytes(b"\xff\x00")
        assert (await running.end())["status"] == "Success"


async def test_the_older_base64_protocol_is_spoken_too(cluster: Cluster) -> None:
    async with connect(cluster, "command=pwd", "v4.base64.channel.k8s.io") as socket:
        texts = [await socket.receive_str(timeout=30) for _ in range(3)]
    assert texts[0] == "1"
    assert base64.b64decode(texts[1][1:]) == b"/app\n"


async def test_who_may_not_exec_is_refused_before_the_upgrade(cluster: Cluster) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with connect(cluster, "command=sh", person="dora"):
            pass
    assert refused.value.status == 403


@pytest.mark.parametrize("path", [f"{POD}/exec?command=sh", f"{POD}/log?tailLines=1"])
async def test_a_protocol_that_nobody_speaks_is_refused(cluster: Cluster, path: str) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with cluster.http.ws_connect(
            cluster.url + path, headers=cluster.as_("ben"), ssl=cluster.tls, protocols=("v9.channel.k8s.io",)
        ):
            pass
    assert refused.value.status == 403


async def test_what_is_not_simulated_says_so(cluster: Cluster) -> None:
    status, body = await cluster.ask("ben", "POST", f"{POD}/portforward")
    assert status == 501
    assert "simulated" in body["message"]
