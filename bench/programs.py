"""The processes that a measurement needs: the server as people start it, and apart from it provider and API server.

Apart, so that what is measured is the server's own CPU time and nothing of what the others spend.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from tests.adversarial.provider import MisbehavingProvider
from tests.support.certificates import Authority

READY_WITHIN_S = 30.0
PEOPLE = 1000
# Developing needs more packages than running does. structlog draws tracebacks with one of those, rich, and loads it
# wherever it is: three megabytes that no installation has.
SERVE = "import sys; sys.modules['rich'] = None; from headlamp.cli import main; sys.exit(main(['serve']))"
# A list of a few rows, as small as what a page asks for most often.
ANSWER = json.dumps({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": []}).encode()


@dataclass(frozen=True)
class Around:
    """Where provider and API server are, and what the server is told of them.

    `ca_file` vouches for the providers, `cluster_ca_file` for the API server `server`.
    """

    process: subprocess.Popen[bytes]
    issuer: str
    secure_issuer: str
    server: str
    ca_file: Path
    cluster_ca_file: Path

    def cpu(self) -> float:
        """CPU seconds that they have spent."""
        return cpu_of(self.process.pid)


@dataclass(frozen=True)
class Server:
    """`headlamp serve`, running."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def cpu(self) -> float:
        """CPU seconds that it has spent, all of its threads included."""
        return cpu_of(self.process.pid)

    def resident(self) -> int:
        """Resident memory in bytes."""
        return resident_of(self.process.pid)


def cpu_of(pid: int) -> float:
    """CPU seconds of another process: Linux's clock of it (clock_getcpuclockid), to the nanosecond."""
    return time.clock_gettime((~pid << 3) | 2)


def resident_of(pid: int) -> int:
    """Resident memory of another process, in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def around() -> Iterator[Around]:
    """Provider (on http and on https) and API server, in one process of their own."""
    with tempfile.TemporaryDirectory(prefix="headlamp-bench-") as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.programs", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            ca_file = Path(folder) / "ca.pem"
            yield Around(process, said["issuer"], said["secure_issuer"], said["server"], ca_file, ca_file)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=10)


@contextmanager
def server(around: Around, **settings: str) -> Iterator[Server]:
    """The server with one cluster called "main"; `settings` by their names in the environment."""
    with tempfile.TemporaryDirectory(prefix="headlamp-bench-") as name:
        folder = Path(name)
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(json.dumps(_kubeconfig(around)))
        chosen = {
            "listen_addr": "127.0.0.1",
            "port": "0",
            "kubeconfig": str(kubeconfig),
            "state_dir": str(folder / "state"),
            **settings,
        }
        log = folder / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", SERVE],
                stdin=subprocess.DEVNULL,
                stderr=output,
                env={"PATH": os.environ["PATH"]}
                | {f"HEADLAMP_CONFIG_{name.upper()}": value for name, value in chosen.items()},
            )
        try:
            yield Server(process, _port(process, log))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def people() -> list[str]:
    """Who can sign in at the provider, besides the people of the tests."""
    return [f"person-{number}" for number in range(PEOPLE)]


def provider_settings(around: Around, *, secure: bool = False) -> dict[str, str]:
    """What makes a server sign people in at the provider."""
    idp = MisbehavingProvider()
    return {
        "oidc_client_id": idp.client_id,
        "oidc_client_secret": idp.client_secret or "",
        "oidc_idp_issuer_url": around.secure_issuer if secure else around.issuer,
        "oidc_ca_file": str(around.ca_file),
    }


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    give_up = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < give_up and process.poll() is None:
        for line in log.read_text().splitlines():
            if '"event":"ready"' in line:
                return int(json.loads(line)["port"])
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start:\n{log.read_text()}")


def _kubeconfig(around: Around) -> Mapping[str, Any]:
    authority = base64.b64encode(around.cluster_ca_file.read_bytes()).decode()
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "main", "cluster": {"server": around.server, "certificate-authority-data": authority}}],
        "users": [{"name": "somebody", "user": {"token": "of-the-kubeconfig"}}],
        "contexts": [{"name": "main", "context": {"cluster": "main", "user": "somebody"}}],
    }


async def _stand_around(folder: Path) -> None:
    authority = Authority()
    (folder / "ca.pem").write_text(authority.pem)
    context: ssl.SSLContext = authority.server_context("localhost", "127.0.0.1")
    plain, secure = MisbehavingProvider(host="127.0.0.1"), MisbehavingProvider(tls=context, host="127.0.0.1")
    for provider in (plain, secure):
        provider.id_token_ttl = 3600.0
        provider.people |= {name: {**provider.people["alice"], "email": f"{name}@example.com"} for name in people()}
        provider.seen = _Forgetful()
        await provider.start()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", _answer)
    runner = web.AppRunner(app, access_log=None, max_field_size=2**20)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    addresses = {
        "issuer": plain.issuer,
        "secure_issuer": secure.issuer,
        "server": f"https://127.0.0.1:{runner.addresses[0][1]}",
    }
    print(json.dumps(addresses), flush=True)
    # Whoever started this ends it, and should that one die, the end of its pipe does.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


class _Forgetful(list[Any]):
    """Keeps no record of requests: there are many."""

    def append(self, _request: object) -> None:
        pass


async def _answer(request: web.Request) -> web.StreamResponse:
    await request.read()
    return web.Response(body=ANSWER, content_type="application/json")


if __name__ == "__main__":
    asyncio.run(_stand_around(Path(sys.argv[1])))
