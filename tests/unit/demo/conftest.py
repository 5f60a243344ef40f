"""A demo provider and a simulated cluster on loopback, with a clock that tests move."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from tests.unit.demo.lab import REDIRECT, Clock, Cluster, Provider

from headlamp.demo import certificates
from headlamp.demo.cluster.assembly import api_server
from headlamp.demo.cluster.authentication import TrustedIssuer
from headlamp.demo.cluster.server import HEADER_LIMIT
from headlamp.demo.listening import free_port, listening
from headlamp.demo.people import everybody
from headlamp.demo.provider.config import Client, ProviderConfig
from headlamp.demo.provider.grants import Family
from headlamp.demo.provider.keys import SigningKey, id_token_claims
from headlamp.demo.provider.server import provider_application
from headlamp.demo.world.world import create_world


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def key() -> SigningKey:
    return SigningKey()


@pytest.fixture
def config() -> ProviderConfig:
    client = Client("demo", "se:cret/+", (REDIRECT,), ("http://localhost:4466/signed-out",))
    return ProviderConfig(f"http://localhost:{free_port(0)}", client, everybody())


@pytest.fixture
async def provider(config: ProviderConfig, key: SigningKey, clock: Clock) -> AsyncIterator[Provider]:
    application = provider_application(config, key, now=clock)
    async with (
        listening(application, urlsplit(config.issuer).port or 0),
        aiohttp.ClientSession() as http,
    ):
        yield Provider(config, http)


@pytest.fixture
def token_of(config: ProviderConfig, key: SigningKey, clock: Clock) -> Callable[..., str]:
    def made(person: str, **changed: object) -> str:
        found = config.person(person)
        assert found is not None
        family = Family(found, ("openid", "profile", "email"), clock())
        claims = id_token_claims(config, family, access_token="a", now=clock()) | changed
        return key.sign({name: value for name, value in claims.items() if value is not None})

    return made


@pytest.fixture
async def cluster(
    config: ProviderConfig, key: SigningKey, clock: Clock, tmp_path: Path, token_of: Callable[..., str]
) -> AsyncIterator[Cluster]:
    port = free_port(0)
    world = create_world(pods=200, seed=7, now=clock, eventful=False)
    keys = key.public_keys()
    trusted = TrustedIssuer(config.issuer, config.client.client_id, lambda: keys)
    api = api_server(
        world.store, world.scribe, trusted, now=clock, seed=7, address=f"127.0.0.1:{port}", bookmark_every=0.05
    )
    certificate = certificates.issue(time.time())
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.load_verify_locations(cadata=certificate.ca_pem)
    async with (
        listening(api, port, tls=certificate.ssl_context(tmp_path), header_limit=HEADER_LIMIT),
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http,
    ):
        yield Cluster(world, clock, f"https://127.0.0.1:{port}", http, tls, token_of)
