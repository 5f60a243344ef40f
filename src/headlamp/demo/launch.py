"""Starts the demo: provider, simulated cluster and the product's server, and ends them together."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from headlamp.demo import announcement, certificates
from headlamp.demo.cluster.assembly import api_server
from headlamp.demo.cluster.authentication import TrustedIssuer
from headlamp.demo.cluster.kinds import PODS
from headlamp.demo.cluster.server import HEADER_LIMIT
from headlamp.demo.kubeconfig import write_kubeconfig
from headlamp.demo.listening import LOOPBACK, NoFreePortError, free_port, listening
from headlamp.demo.options import DemoOptions
from headlamp.demo.people import COMPANY, Person, everybody
from headlamp.demo.provider.config import Client, ProviderConfig
from headlamp.demo.provider.keys import SigningKey
from headlamp.demo.provider.server import provider_application
from headlamp.demo.world.roles import GROUPS_PREFIX
from headlamp.demo.world.world import create_world
from headlamp.problems import Problem

if TYPE_CHECKING:
    from headlamp.settings import Settings

_CLIENT_ID = "pyheadlamp-demo"
_ANY_PORT = 0
# What goes wrong is shown; who comes and goes is not what somebody who tries it out wants to read.
_LOG_LEVEL = "warn"
# Ctrl-C ends everything within two seconds: what has not ended by itself after this time is cut off.
_END_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the product is started into: the provider's and the cluster's addresses, and the registered client."""

    issuer: str
    server: str
    client: Client
    kubeconfig: Path
    people: tuple[Person, ...]
    pods: int


def run(options: DemoOptions) -> int:
    """Run the demo until Ctrl-C; returns the exit status."""
    try:
        wanted = options.port
        port = free_port(wanted)
    except NoFreePortError as error:
        sys.stderr.write(f"The demo can't start: {error}.\n")
        return 1
    try:
        uvloop.run(_serve(options, port))
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        sys.stderr.write(f"The demo can't start: {error.strerror or error}.\n")
        return 1
    except Problem as problem:
        sys.stderr.write(f"{problem.message} {problem.remedy}\n")
        return 1
    return 0


@asynccontextmanager
async def surroundings(
    options: DemoOptions, port: int, folder: Path, *, now: Callable[[], float] = time.time
) -> AsyncIterator[Surroundings]:
    """Provider and cluster, running, for a product that will listen on `port`; `folder` is for files of this run."""
    provider_port, server_port = free_port(_ANY_PORT), free_port(_ANY_PORT)
    issuer, server = f"http://localhost:{provider_port}", f"https://{LOOPBACK}:{server_port}"
    client = _client(port)
    people = everybody()
    config = ProviderConfig(issuer, client, people, id_token_lifetime=options.id_token_lifetime)
    key = SigningKey()
    world = create_world(pods=options.pods, seed=options.seed, now=now)
    public_keys = key.public_keys()
    trusted = TrustedIssuer(issuer, client.client_id, lambda: public_keys, GROUPS_PREFIX)
    address = f"{LOOPBACK}:{server_port}"
    api = api_server(world.store, world.scribe, trusted, now=now, seed=options.seed, address=address)
    certificate = certificates.issue(now())
    write_kubeconfig(folder / "kubeconfig", server=server, ca_pem=certificate.ca_pem)
    async with AsyncExitStack() as stack:
        provider = provider_application(config, key, now=now)
        await stack.enter_async_context(listening(provider, provider_port))
        tls = certificate.ssl_context(folder)
        await stack.enter_async_context(listening(api, server_port, tls=tls, header_limit=HEADER_LIMIT))
        happenings = asyncio.create_task(world.agenda.run())
        try:
            yield Surroundings(issuer, server, client, folder / "kubeconfig", people, world.store.count(PODS))
        finally:
            happenings.cancel()
            await asyncio.gather(happenings, return_exceptions=True)


async def _serve(options: DemoOptions, port: int) -> None:
    # Imported here, so that the simulation can be used (and tested) without the product.
    from headlamp.app import serving, until_signal
    from headlamp.telemetry.logs import configure_logging

    configure_logging(_LOG_LEVEL)
    stop = until_signal()
    with tempfile.TemporaryDirectory(prefix="headlamp-demo-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        async with AsyncExitStack() as stack:
            around = await stack.enter_async_context(surroundings(options, port, folder))
            await stack.enter_async_context(serving(product_settings(around, port, folder)))
            _announce(options, port, around)
            await stop.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_END_SECONDS):
                    await stack.aclose()


def product_settings(around: Surroundings, port: int, folder: Path) -> Settings:
    """The settings by which the product is told of the demo's provider and cluster."""
    from headlamp.settings import Secret, Settings

    return Settings(
        listen_addr=LOOPBACK,
        port=port,
        kubeconfig=str(around.kubeconfig),
        oidc_client_id=around.client.client_id,
        oidc_client_secret=Secret(around.client.secret),
        oidc_idp_issuer_url=around.issuer,
        oidc_display_name=f"{COMPANY} (simulation)",
        session_store="memory",
        state_dir=folder,
        log_level=_LOG_LEVEL,
    )


def _client(port: int) -> Client:
    origins = [f"http://{host}:{port}" for host in ("localhost", LOOPBACK)]
    return Client(
        client_id=_CLIENT_ID,
        secret=secrets.token_urlsafe(24),
        redirect_uris=tuple(f"{origin}/oidc-callback" for origin in origins),
        post_logout_redirect_uris=tuple(f"{origin}{path}" for origin in origins for path in ("/", "/signed-out")),
    )


def _announce(options: DemoOptions, port: int, around: Surroundings) -> None:
    text = announcement.ready(
        port=port,
        wanted_port=options.port or port,
        people=around.people,
        pods=around.pods,
        issuer=around.issuer,
        server=around.server,
    )
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
    if not options.no_browser:
        # A browser that is slow to start must not hold the server up.
        threading.Thread(target=webbrowser.open, args=(f"http://localhost:{port}",), daemon=True).start()
