"""The generated cluster as a process of its own, so that none of its time is taken for that of what is measured."""

from __future__ import annotations

import asyncio
import json
import signal
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp
import uvloop
from aiohttp import web
from tests.support.certificates import Authority

from bench.generated import GeneratedCluster
from bench.objects import Size
from bench.programs import cpu_of


@dataclass(frozen=True)
class Generated:
    """A running one. The coroutines are what a measurement says to it, each over a connection of its own."""

    process: subprocess.Popen[bytes]
    url: str
    ca_file: Path
    size: Size

    def cpu(self) -> float:
        """CPU seconds that it has spent."""
        return cpu_of(self.process.pid)

    async def counts(self) -> dict[str, int]:
        """What it has been asked for: "lists", "watches", "open watches", "list bytes", "watch bytes", "reviews"."""
        counts: dict[str, int] = await self._ask("GET", "counts")
        return counts

    async def change(self, namespace: str, name: str) -> None:
        """One pod changes now."""
        await self._ask("POST", "change", {"namespace": namespace, "name": name})

    async def churn(self, per_second: float, seconds: float) -> None:
        """Any pods change, evenly; returns when the last one has."""
        await self._ask("POST", "rate", {"per_second": per_second, "seconds": seconds})

    async def changed_at(self) -> dict[int, float]:
        """When each change was made, in seconds since the epoch, by the restarts that it wrote."""
        changed: dict[str, float] = await self._ask("GET", "changed")
        return {int(count): at for count, at in changed.items()}

    async def _ask(self, method: str, path: str, body: object = None) -> Any:
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=str(self.ca_file)))
        async with (
            aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout()) as client,
            client.request(method, f"{self.url}/bench/{path}", json=body) as answer,
        ):
            answer.raise_for_status()
            return await answer.json()


@contextmanager
def generated(size: Size) -> Iterator[Generated]:
    """Start one, and end it."""
    with tempfile.TemporaryDirectory(prefix="headlamp-bench-") as folder:
        command = [sys.executable, "-m", "bench.generated_process", folder, json.dumps(asdict(size))]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            yield Generated(process, f"https://127.0.0.1:{port}", Path(folder) / "ca.pem", size)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=10)


async def _serve(folder: Path, size: Size) -> None:
    authority = Authority()
    (folder / "ca.pem").write_text(authority.pem)
    runner = web.AppRunner(GeneratedCluster(size).app(), access_log=None, max_field_size=2**20)
    await runner.setup()
    site = web.TCPSite(
        runner, "127.0.0.1", 0, ssl_context=authority.server_context("localhost", "127.0.0.1"), backlog=1024
    )
    await site.start()
    print(runner.addresses[0][1], flush=True)
    # Whoever started this ends it, and should that one die, the end of its pipe does.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(_serve(Path(sys.argv[1]), Size(**json.loads(sys.argv[2]))))
