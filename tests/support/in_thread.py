"""A provider of the tests in a thread with a loop of its own, for tests that have none or that block theirs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.adversarial.provider import MisbehavingProvider

PATIENCE_S = 60.0


@contextmanager
def in_thread(provider: MisbehavingProvider, port: int = 0) -> Iterator[MisbehavingProvider]:
    """`provider`, listening on a free port (or on `port`) until the block ends; its attributes may be set meanwhile."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="provider", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(provider.start(port), loop).result(PATIENCE_S)
        try:
            yield provider
        finally:
            asyncio.run_coroutine_threadsafe(provider.stop(), loop).result(PATIENCE_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_S)
        loop.close()
