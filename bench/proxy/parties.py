"""Who takes part: our server with a session, the Go proxy with a token of the same size, and what both ask."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.certificates import Authority

from bench.programs import Around, around, cpu_of, provider_settings, resident_of, server
from bench.proxy.load import Load, Order, load
from bench.proxy.pinning import pinned, two_cores
from bench.sign_in import sign_in

CLUSTER = "/clusters/main"
BEARER_SIZE = "/api/v1/bearer"
# A browser's, as it asks for a page's data.
BROWSER = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en-US,en;q=0.9",
    "Connection": "keep-alive",
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "same-origin",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0",
    "sec-ch-ua": '"Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"',
    "sec-ch-ua-mobile": "?0",
    "sec-ch-ua-platform": '"Linux"',
}
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
# More than any row has connections: none is closed only because the pool is small.
KEPT = 128
# What Go's default transport keeps, and so a proxy for which nobody has thought of it.
KEPT_BY_DEFAULT = 2
# What an upgrade does not have.
NOT_OF_AN_UPGRADE = frozenset({"Accept", "Connection"})


@dataclass(frozen=True)
class Party:
    """One that is asked: a proxy, or the upstream itself (`direct`, without a prefix and over TLS)."""

    name: str
    port: int
    pid: int
    headers: Mapping[str, str]
    prefix: str = CLUSTER
    ca: str = ""

    def order(self, do: str, path: str, **more: object) -> Order:
        """An order to the load generator, towards this party."""
        upgrade = do in ("echo", "hold")
        headers = {name: value for name, value in self.headers.items() if not upgrade or name not in NOT_OF_AN_UPGRADE}
        if upgrade:
            headers["Origin"] = f"http://localhost:{self.port}"
        fields = {"address": f"127.0.0.1:{self.port}", "authority": f"localhost:{self.port}", "ca": self.ca, **more}
        return Order(do=do, path=self.prefix + path, headers=headers, **fields)  # type: ignore[arg-type]

    def cpu(self) -> float:
        """CPU seconds that it has spent, in all of its threads."""
        return cpu_of(self.pid)

    def resident(self) -> int:
        """Its resident memory in bytes."""
        return resident_of(self.pid)


@dataclass(frozen=True)
class Laid:
    """All that is laid out for a measurement: the load and the upstream run on one core, proxies start on the other."""

    load: Load
    upstream: Party
    _program: Path
    _beside: Around
    _settings: Mapping[str, str]

    @contextmanager
    def ours(self) -> Iterator[Party]:
        """Our server as people start it, with somebody signed in."""
        with ExitStack() as stack:
            with pinned(two_cores()[0]):
                running = stack.enter_context(server(self._beside, **provider_settings(self._beside), **self._settings))
            cookie = asyncio.run(sign_in(running.url)).cookie
            yield Party("ours", running.port, running.process.pid, BROWSER | {"Cookie": cookie})

    @contextmanager
    def go(self, token: str, *, kept: int = KEPT) -> Iterator[Party]:
        """The Go proxy, asked with a cookie that holds `token`; it keeps at most `kept` idle connections upstream."""
        options = ("-server", self._beside.server, "-ca", str(self._beside.cluster_ca_file), "-kept", str(kept))
        with ExitStack() as stack:
            with pinned(two_cores()[0]):
                port, pid = stack.enter_context(_go(self._program, "proxy", *options))
            yield Party("Go", port, pid, BROWSER | {"Cookie": f"headlamp-auth-main.0={token}"})

    def token_like_that_of(self, ours: Party) -> str:
        """A token of the size that our server sends up, for the other one: the provider decides how long it is."""
        said = self.load.obey(ours.order("get", BEARER_SIZE, requests=1)).body
        return (LETTERS * (int(said) // len(LETTERS) + 1))[: int(said)]

    def direct(self, token: str) -> Party:
        """The upstream itself."""
        return dataclasses.replace(self.upstream, headers=BROWSER | {"Authorization": f"Bearer {token}"})


@contextmanager
def laid_out(program: Path, settings: Mapping[str, str]) -> Iterator[Laid]:
    """Start load, provider and upstream. `settings` are more for our server, by their names in the environment."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="headlamp-bench-")))
        authority = Authority()
        pems = dict(zip(("cert", "key"), authority.issue("localhost", "127.0.0.1"), strict=True))
        for name, text in (pems | {"ca": authority.pem}).items():
            (folder / f"{name}.pem").write_text(text)
        with pinned(two_cores()[1]):
            beside = stack.enter_context(around())
            driver = stack.enter_context(load(program, go_environment()))
            upstream = _go(program, "upstream", "-cert", str(folder / "cert.pem"), "-key", str(folder / "key.pem"))
            port, pid = stack.enter_context(upstream)
        ca_file = folder / "ca.pem"
        beside = dataclasses.replace(beside, server=f"https://127.0.0.1:{port}", cluster_ca_file=ca_file)
        yield Laid(driver, Party("direct", port, pid, {}, prefix="", ca=str(ca_file)), program, beside, settings)


@contextmanager
def _go(program: Path, *arguments: str) -> Iterator[tuple[int, int]]:
    """One of the Go programs: its port, which is the first line that it says, and its process id."""
    process = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, env=go_environment())
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline()), process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)


def go_environment() -> Mapping[str, str]:
    """What the Go programs are started with."""
    # One core each; Go would otherwise make as many threads as the machine has cores.
    return {"PATH": os.environ["PATH"], "GOMAXPROCS": "1"}
