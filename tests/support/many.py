"""`headlamp serve` as people start it: a process of its own, with workers, between a test's provider and API server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from tests.adversarial.provider import MisbehavingProvider
from tests.support.upstream import RecordingUpstream
from tests.support.whole import Browser, Whole, kubeconfig_for

from headlamp.app import Running

READY_WITHIN_S = 60.0
END_WITHIN_S = 60.0


class Server:
    """One start of the program. `log` holds the entries that it has written so far; `database` has its sessions."""

    def __init__(self, process: asyncio.subprocess.Process, database: Path) -> None:
        self.process = process
        self.database = database
        self.log: list[dict[str, Any]] = []
        self.words: list[str] = []
        self._seen: set[int] = set()
        self._reading = asyncio.create_task(self._read())

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def port(self) -> int:
        return int(next(entry["port"] for entry in self.log if entry["event"] == "ready"))

    @property
    def workers(self) -> list[int]:
        """The process ids of the workers."""
        found = children(self.pid)
        self._seen.update(found)
        return found

    def entries(self, event: str) -> list[dict[str, Any]]:
        return [entry for entry in self.log if entry["event"] == event]

    async def until_logged(self, event: str, times: int = 1) -> None:
        async with asyncio.timeout(READY_WITHIN_S):
            while len(self.entries(event)) < times:
                await asyncio.sleep(0.02)
                if self.process.returncode is not None:
                    await self._reading
                    assert len(self.entries(event)) >= times, self.words

    async def until_workers(self, count: int, *, without: Sequence[int] = ()) -> list[int]:
        """Wait for `count` workers, none of them one of `without`."""
        async with asyncio.timeout(READY_WITHIN_S):
            while len(found := self.workers) != count or set(found) & set(without):
                await asyncio.sleep(0.02)
        return found

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; its exit status, once all of its output is read."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await self.ended()

    async def ended(self) -> int:
        """Wait for its end, by whatever; its exit status."""
        async with asyncio.timeout(END_WITHIN_S):
            status = await self.process.wait()
            await self._reading
        return status

    async def kill(self) -> None:
        """End the supervisor and all workers at once, as a machine that loses power would."""
        pids = [self.pid, *self.workers] if self.process.returncode is None else []
        # Workers that a test has looked at and that have outlived their supervisor, which they must not.
        pids += [pid for pid in self._seen if pid not in pids and _is_ours(pid)]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await self.process.wait()
        async with asyncio.timeout(END_WITHIN_S):
            while any(is_running(pid) for pid in pids):
                await asyncio.sleep(0.02)
            # Its output ends with the last of them, one that was started at the last moment included.
            await self._reading

    @contextmanager
    def alone(self, pid: int) -> Iterator[None]:
        """Only this worker runs: what is asked on a new connection is answered by it."""
        others = [other for other in self.workers if other != pid]
        with stopped(others):
            self.stand_still(others)
            yield

    def stand_still(self, pids: Sequence[int]) -> None:
        """Stop these workers, none of them in the middle of a write, which would keep the others from writing."""
        until = time.monotonic() + READY_WITHIN_S
        while True:
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            if _is_free(self.database):
                return
            if time.monotonic() > until:
                raise TimeoutError(f"somebody writes to {self.database.name} all the time")
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            time.sleep(0.01)

    async def _read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            text = line.decode().rstrip("\n")
            try:
                self.log.append(json.loads(text))
            except ValueError:
                self.words.append(text)


@dataclass
class Many:
    """A server with several workers, and what stands around it."""

    folder: Path
    idp: MisbehavingProvider
    upstream: RecordingUpstream
    settings: dict[str, str] = field(default_factory=dict)
    started: list[Server] = field(default_factory=list)

    @property
    def server(self) -> Server:
        """The one that was started last."""
        return self.started[-1]

    @property
    def url(self) -> str:
        return f"http://localhost:{self.server.port}"

    async def start(self, **settings: str) -> Server:
        """Start the program, and wait until it is ready."""
        server = await self.launch(**settings)
        await server.until_logged("ready")
        return server

    async def launch(self, **settings: str) -> Server:
        """Start the program."""
        kubeconfig = self.folder / "kubeconfig"
        if not kubeconfig.exists():
            kubeconfig.write_text(json.dumps(kubeconfig_for(self.upstream)))
        chosen = {
            "listen_addr": "127.0.0.1",
            "port": "0",
            "workers": "4",
            "kubeconfig": str(kubeconfig),
            "state_dir": str(self.folder / "state"),
            "session_store": "sqlite",
            "oidc_client_id": self.idp.client_id,
            "oidc_idp_issuer_url": self.idp.issuer,
            **self.settings,
            **settings,
        }
        environment = {f"HEADLAMP_CONFIG_{name.upper()}": value for name, value in chosen.items()}
        environment["HEADLAMP_CONFIG_OIDC_CLIENT_SECRET"] = self.idp.client_secret or ""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "headlamp",
            "serve",
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=kept | environment,
            limit=2**20,
        )
        server = Server(process, self.folder / "state" / "sessions.sqlite3")
        self.started.append(server)
        return server

    def browser(self) -> Browser:
        """Another browser, with no cookies, that opens a connection for each request."""
        whole = Whole(Running(web.Application(), self.server.port), self.idp, self.upstream)
        return Browser(whole, keep_alive=False)

    def here(self, cookie: str) -> str:
        """A session cookie of an earlier start, under the name that it has at this one's port."""
        return f"headlamp-{self.server.port}={cookie.partition('=')[2]}"

    async def ask(self, path: str, cookie: str, *, method: str = "GET") -> tuple[int, bytes]:
        """One request on a connection of its own; status and body."""
        async with self.client(cookie) as client, client.request(method, f"{self.url}{path}") as answer:
            return answer.status, await answer.read()

    def client(self, cookie: str) -> aiohttp.ClientSession:
        """A client that presents `cookie`, with a connection of its own for each request."""
        connector = aiohttp.TCPConnector(limit=0, force_close=True, family=socket.AF_INET)
        timeout = aiohttp.ClientTimeout(total=120)
        return aiohttp.ClientSession(
            connector=connector,
            headers={"Cookie": cookie},
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=timeout,
            base_url=self.url,
        )

    async def sign_in(self, user: str = "alice") -> str:
        """A whole sign-in in a browser of its own; the Cookie header of its session, for the port of this start."""
        async with self.browser() as browser:
            answer = await browser.sign_in(user)
            assert answer.status == 303, await answer.text()
            return "; ".join(f"{name}={value}" for name, value in browser.cookies().items() if "login" not in name)


@asynccontextmanager
async def many_workers(folder: Path, **settings: str) -> AsyncIterator[Many]:
    """Provider and API server; the test starts the program, and whatever it started is ended."""
    folder.mkdir(exist_ok=True)
    async with AsyncExitStack() as stack:
        idp = MisbehavingProvider()
        await idp.start()
        stack.push_async_callback(idp.stop)
        upstream = await stack.enter_async_context(RecordingUpstream())
        many = Many(folder, idp, upstream, settings)
        try:
            yield many
        finally:
            for server in many.started:
                await server.kill()


@contextmanager
def stopped(pids: Sequence[int]) -> Iterator[None]:
    """These processes do nothing until the block ends."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def children(pid: int) -> list[int]:
    """The processes that `pid` has started and that run."""
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [child for word in found.split() if is_running(child := int(word))]


def is_running(pid: int) -> bool:
    """Whether there is such a process, and it has not ended (a zombie has)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def _is_free(database: Path) -> bool:
    """Whether nobody is writing to it."""
    with contextlib.closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        connection.execute("ROLLBACK")
    return True


def _is_ours(pid: int) -> bool:
    """Whether it is still one of our programs: numbers are given again."""
    try:
        return b"headlamp\0serve" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def connections(pid: int) -> int:
    """How many sockets a process has open."""
    count = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            count += str(descriptor.readlink()).startswith("socket:")
    return count
