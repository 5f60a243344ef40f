"""The whole server in a thread with a loop of its own, for tests that drive a browser and have none."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.support.whole import Whole, whole_server

T = TypeVar("T")
PATIENCE_S = 60.0


class Served:
    """A `Whole` that serves in the background; its provider's and cluster's attributes may be set meanwhile."""

    def __init__(self, whole: Whole, loop: asyncio.AbstractEventLoop) -> None:
        self.whole = whole
        self._loop = loop

    @property
    def url(self) -> str:
        return self.whole.url

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """What `coroutine` returns, in the server's own loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE_S)


@contextmanager
def served(folder: Path, **options: Any) -> Iterator[Served]:
    """`whole_server` with `options`, until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="whole server", daemon=True)
    thread.start()
    server = whole_server(folder, **options)
    try:
        whole = asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(PATIENCE_S)
        try:
            yield Served(whole, loop)
        finally:
            asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result(PATIENCE_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_S)
        loop.close()
