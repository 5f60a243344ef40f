"""The demo with a server of one's own making, in a thread with a loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from headlamp.app import serving
from headlamp.demo.launch import product_settings, surroundings
from headlamp.demo.options import DemoOptions

PATIENCE_S = 60.0


@contextmanager
def demo_with_windows(folder: Path, port: int, *, pods: int, window_from: int) -> Iterator[str]:
    """The address of a demo with so many pods, whose lists of more than `window_from` rows come in windows."""

    @asynccontextmanager
    async def demo() -> AsyncIterator[None]:
        async with (
            surroundings(DemoOptions(pods=pods), port, folder) as around,
            serving(product_settings(around, port, folder), window_from=window_from),
        ):
            yield

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="demo", daemon=True)
    thread.start()
    running = demo()
    try:
        asyncio.run_coroutine_threadsafe(running.__aenter__(), loop).result(PATIENCE_S)
        try:
            yield f"http://localhost:{port}"
        finally:
            asyncio.run_coroutine_threadsafe(running.__aexit__(None, None, None), loop).result(PATIENCE_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_S)
        loop.close()
