"""The command itself, as a process: what it prints, and how it ends."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import textwrap
import urllib.request

import pytest

# The product's place is taken by a server that answers nothing, so that this is about the demo alone.
_SCRIPT = """
import contextlib, sys, types
import headlamp
from headlamp.app import until_signal

@contextlib.asynccontextmanager
async def serving(settings):
    yield types.SimpleNamespace(port=settings.port)

app = types.ModuleType("headlamp.app")
app.serving, app.until_signal = serving, until_signal
sys.modules["headlamp.app"] = headlamp.app = app

from headlamp.demo import DemoOptions, run
sys.exit(run(DemoOptions(no_browser=True, port=int(sys.argv[1]), pods=60)))
"""


async def start(port: int) -> asyncio.subprocess.Process:
    script = textwrap.dedent(_SCRIPT)
    return await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(port), stdout=asyncio.subprocess.PIPE)


async def printed(process: asyncio.subprocess.Process) -> list[str]:
    """What it prints until it is ready."""
    assert process.stdout is not None
    lines: list[str] = []
    async with asyncio.timeout(60):
        while not lines or not lines[-1].startswith("Open "):
            line = await process.stdout.readline()
            assert line, lines
            lines.append(line.decode().rstrip("\n"))
    return lines


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_everything_though_streams_are_open(number: signal.Signals) -> None:
    process = await start(0)
    try:
        lines = await printed(process)
        issuer = next(line.split()[-1] for line in lines if "identity provider" in line)
        with urllib.request.urlopen(f"{issuer}/keys"):
            process.send_signal(number)
            assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_port_that_is_taken_is_said_and_the_next_one_used() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = await start(port)
        try:
            lines = await printed(process)
        finally:
            process.send_signal(signal.SIGINT)
            await asyncio.wait_for(process.wait(), 30)
    assert lines[0].startswith(f"Port {port} is taken; ")
    assert lines[-1] != f"Open http://localhost:{port}"
