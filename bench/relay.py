"""A TCP relay that counts the bytes of both directions, for whoever is told its port instead of the server's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

PIECE = 256 * 1024


@dataclass
class Relay:
    """A running one. `down` is what the server has sent, `up` what it was sent, in bytes, TLS included."""

    port: int = 0
    up: int = 0
    down: int = 0

    async def _relay(self, target: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_connection("127.0.0.1", target, limit=PIECE)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, here, down=False))
                both.create_task(self._pass(there, writer, down=True))
        except* OSError:
            pass
        finally:
            here.close()
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, down: bool) -> None:
        while data := await reader.read(PIECE):
            if down:
                self.down += len(data)
            else:
                self.up += len(data)
            writer.write(data)
            await writer.drain()
        with suppress(OSError, NotImplementedError):
            writer.write_eof()


@asynccontextmanager
async def relay_to(port: int) -> AsyncIterator[Relay]:
    """Listen on a free port, for a server on loopback."""
    relay = Relay()
    running: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(relay._relay(port, reader, writer))
        running.add(task)
        task.add_done_callback(running.discard)

    listener = await asyncio.start_server(take, "127.0.0.1", 0, limit=PIECE)
    relay.port = listener.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        listener.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
