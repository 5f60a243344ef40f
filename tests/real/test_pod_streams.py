"""Logs, commands and forwarded ports of pods."""

from __future__ import annotations

import asyncio
import base64
import secrets

import aiohttp
import pytest
from tests.real.clients.browser import Browser
from tests.real.clients.channels import (
    EXEC_V5,
    PORT_FORWARD,
    RESIZE,
    STDERR,
    STDIN,
    STDOUT,
    Channels,
    exec_address,
    port_of,
)
from tests.real.stack.kwok import PodLog
from tests.real.stack.people import ALICE
from tests.real.stack.product import Product

WITHIN_S = 30.0


@pytest.fixture
async def address(product: Product, browser: Browser, running_pod: str) -> str:
    """The address of that pod through the product, for Alice."""
    await browser.sign_in(product.url, ALICE)
    return f"{product.url}/clusters/lab{running_pod}"


async def test_a_log_is_read(browser: Browser, address: str, pod_log: PodLog) -> None:
    lines = [f"line {number} {secrets.token_hex(4)}" for number in range(3)]
    for line in lines:
        pod_log.say(line)
    answer = await browser.fetch(f"{address}/log?tailLines=3", accept="*/*")
    assert answer.status == 200
    assert answer.text.splitlines() == lines


async def test_a_log_is_followed_over_http(browser: Browser, address: str, pod_log: PodLog) -> None:
    async with await browser.stream(f"{address}/log?follow=true&tailLines=1") as answer:
        assert answer.status == 200
        for _ in range(3):
            said = f"followed {secrets.token_hex(4)}"
            pod_log.say(said)
            async with asyncio.timeout(WITHIN_S):
                async for line in answer.content:
                    if line.decode().strip() == said:
                        break


async def test_a_log_is_followed_over_websocket(browser: Browser, address: str, pod_log: PodLog) -> None:
    socket = await browser.websocket(f"{address}/log?follow=true&tailLines=1", ["base64.binary.k8s.io"])
    async with socket:
        assert socket.protocol == "base64.binary.k8s.io"
        for _ in range(3):
            said = f"followed {secrets.token_hex(4)}"
            pod_log.say(said)
            await _read_until(socket, said)


async def test_a_command_really_runs(browser: Browser, address: str) -> None:
    first, second = secrets.randbelow(10**6), secrets.randbelow(10**6)
    command = f"echo $(({first} * {second})); echo to-stderr >&2"
    socket = await browser.websocket(exec_address(address, "sh", "-c", command, stderr=1), [EXEC_V5])
    async with socket:
        assert socket.protocol == EXEC_V5
        channels = Channels(socket)
        status = await channels.status(within=WITHIN_S)
        assert channels.received(STDOUT).decode().strip() == str(first * second)
        assert channels.received(STDERR).decode().strip() == "to-stderr"
        assert status["status"] == "Success"


async def test_a_command_that_fails_says_so(browser: Browser, address: str) -> None:
    socket = await browser.websocket(exec_address(address, "sh", "-c", "exit 3"), [EXEC_V5])
    async with socket:
        status = await Channels(socket).status(within=WITHIN_S)
        assert status["status"] == "Failure"


async def test_a_terminal_takes_input_and_its_size(browser: Browser, address: str) -> None:
    socket = await browser.websocket(exec_address(address, "sh", stdin=1, tty=1), [EXEC_V5])
    async with socket:
        channels = Channels(socket)
        await channels.send(RESIZE, b'{"Width":101,"Height":37}')
        # What is typed before a shell asks for it, the shell may throw away.
        await channels.until(lambda: channels.received(STDOUT).rstrip().endswith((b"$", b"#")), within=WITHIN_S)
        first, second = secrets.randbelow(10**6), secrets.randbelow(10**6)
        await channels.send(STDIN, f"echo $(({first} * {second})); stty size\n".encode())
        await channels.until(
            lambda: (
                str(first * second).encode() in channels.received(STDOUT) and b"37 101" in channels.received(STDOUT)
            ),
            within=WITHIN_S,
        )
        await channels.send(STDIN, b"exit\n")
        assert (await channels.status(within=WITHIN_S))["status"] == "Success"


async def test_a_port_is_forwarded(browser: Browser, address: str) -> None:
    data, error = 0, 1
    socket = await browser.websocket(f"{address}/portforward?ports=8080", [PORT_FORWARD])
    async with socket:
        assert socket.protocol == PORT_FORWARD
        channels = Channels(socket)
        await channels.until(
            lambda: len(channels.received(data)) >= 2 and len(channels.received(error)) >= 2, within=WITHIN_S
        )
        assert port_of(channels.received(data)) == port_of(channels.received(error)) == 8080
        await channels.send(data, b"GET /healthz HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n")
        await channels.until(lambda: channels.received(data).endswith(b"ok"), within=WITHIN_S)
        assert channels.received(data)[2:].startswith(b"HTTP/1.1 200 ")


async def _read_until(socket: aiohttp.ClientWebSocketResponse, said: str) -> None:
    """Read base64 messages of a log until they have said something."""
    heard = b""
    async with asyncio.timeout(WITHIN_S):
        while said.encode() not in heard:
            heard += base64.b64decode(await socket.receive_str())
