"""Very many tabs in a process of its own, which look at all pods and note only what comes.

The first line on standard input says who they are: `{"url": …, "cookies": […], "tabs": tabs of each}`. Once all have
all rows it says so; each further line is answered with what has come so far. The end of the input ends it.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import uvloop

from bench.subscriber import Subscriber, browser_session

# So many ask for their rows at the same time; the others come after them, as people do.
AT_ONCE = 40


@dataclass(frozen=True)
class Tabs:
    """A running process of them."""

    process: subprocess.Popen[bytes]

    def said(self) -> dict[str, int]:
        """The next line: `tabs`, `closed`, `frames` and `octets` of all together."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the tabs have ended")
        found: dict[str, int] = json.loads(line)
        return found

    def ask(self) -> dict[str, int]:
        """What has come so far."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        return self.said()


@contextmanager
def tabs(url: str, cookies: Sequence[str], each: int) -> Iterator[Tabs]:
    """Open them; returns when all have all rows."""
    process = subprocess.Popen([sys.executable, "-m", "bench.tabs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps({"url": url, "cookies": list(cookies), "tabs": each}).encode() + b"\n")
        process.stdin.flush()
        running = Tabs(process)
        running.said()
        yield running
    finally:
        process.terminate()
        process.wait(timeout=30)


async def _look(wanted: dict[str, Any]) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    async with browser_session() as client, AsyncExitStack() as stack:
        at_once = asyncio.Semaphore(AT_ONCE)

        async def one(cookie: str) -> Subscriber:
            async with at_once:
                tab = await stack.enter_async_context(Subscriber(client, wanted["url"], cookie))
                await tab.subscribe()
                await tab.until_synced()
                return tab

        cookies = [cookie for cookie in wanted["cookies"] for _ in range(wanted["tabs"])]
        opened = await asyncio.gather(*map(one, cookies))
        loop = asyncio.get_running_loop()
        while True:
            said = {
                "tabs": len(opened),
                "closed": sum(tab.closed for tab in opened),
                "frames": sum(tab.traffic.frames for tab in opened),
                "octets": sum(tab.traffic.octets for tab in opened),
            }
            print(json.dumps(said), flush=True)
            if not await loop.run_in_executor(None, sys.stdin.readline):
                return


if __name__ == "__main__":
    uvloop.run(_look(json.loads(sys.stdin.readline())))
