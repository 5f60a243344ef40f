"""Tokens of all sizes, through nginx with its stock buffers: all that people do works, while their tokens are renewed.

The limit that is left is the cluster's own, and it is told as such.
"""

from __future__ import annotations

import asyncio
import http.client
import re
import secrets
import time
from collections.abc import Iterator

import aiohttp
import pytest
from tests.adversarial.grants import Grant
from tests.adversarial.provider import MisbehavingProvider
from tests.adversarial.signing import sign
from tests.real.clients.browser import Browser
from tests.real.clients.live import CONFIG_MAPS, live
from tests.real.clients.work import Work
from tests.real.stack.admin import Admin
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.keycloak import Keycloak
from tests.real.stack.kubeconfig import kubeconfig
from tests.real.stack.kwok import PodLog
from tests.real.stack.nginx import Nginx
from tests.real.stack.oidc_client import OidcClient
from tests.real.stack.people import ADMINS, ALICE, BULKY, HUGE, TEAM_A, Person, many_groups
from tests.real.stack.pki import trusting
from tests.real.stack.whole import Stack
from tests.support.in_thread import in_thread

from headlamp.clusters.head_limit import API_SERVER_HEAD_LIMIT

pytestmark = pytest.mark.nginx

NOTICED_WITHIN_S = 45.0
RENEWALS = 3
LIFETIME_S = 10
# The names of groups are most of a token; base64 makes four letters of three.
HALF_A_MEBIBYTE_OF_GROUPS = 512 * 1024 * 3 // 4 // len('"org-unit-0000-platform-engineering-team",')


@pytest.fixture(scope="module")
def short_lived_door(stack: Stack, keycloak: Keycloak, nginx_path: str) -> Nginx:
    """A product whose tokens Keycloak renews all the time."""
    port = stack.product_port()
    door = stack.nginx(nginx_path, port)
    client = keycloak.register("headlamp-short", door.url, lifetime=LIFETIME_S)
    stack.serve(port, client, name="headlamp-short")
    return door


@pytest.mark.keycloak
@pytest.mark.parametrize(("person", "at_least"), [(BULKY, 12 * 1024), (HUGE, 64 * 1024)], ids=["12 KB", "64 KB"])
async def test_s3_everything_works_with_large_tokens_of_keycloak_over_several_renewals(
    keycloak_cluster: ApiServer,
    keycloak: Keycloak,
    short_lived_door: Nginx,
    browser: Browser,
    running_pod: str,
    pod_log: PodLog,
    person: Person,
    at_least: int,
) -> None:
    size = len(await asyncio.to_thread(keycloak.token_of, person))
    assert size > at_least
    await browser.sign_in(short_lived_door.url, person)
    work = Work(browser, short_lived_door.url, admin=keycloak_cluster.admin, pod=running_pod, pod_log=pod_log)

    def renewals() -> int:
        events = keycloak.admin.events("REFRESH_TOKEN", client_id="headlamp-short", person=person.name)
        assert all(event["type"] == "REFRESH_TOKEN" for event in events), events
        return len(events)

    await work.everything(TEAM_A)
    began = time.monotonic()
    while await asyncio.to_thread(renewals) < RENEWALS:
        assert time.monotonic() - began < 2 * (RENEWALS + 2) * LIFETIME_S
        await work.list(TEAM_A)
        await asyncio.sleep(0.5)
    await work.everything(TEAM_A)


@pytest.fixture(scope="module")
def provider(stack: Stack, api_server: ApiServer) -> Iterator[MisbehavingProvider]:
    """A provider of this test, which the API server trusts, and has noticed."""
    made = MisbehavingProvider(tls=stack.web_pki.server("provider").server_context())
    with in_thread(made, stack.provider_port) as running:
        assert running.issuer == stack.provider_issuer.url
        tls = trusting(api_server.identity.pki.pem)
        api_server.wait_until(
            lambda: Admin(api_server.port, tls, bearer=_token(running)).is_there("/api"), within=NOTICED_WITHIN_S
        )
        yield running


async def test_s3_everything_works_with_an_id_token_of_half_a_mebibyte_over_several_renewals(
    stack: Stack,
    provider: MisbehavingProvider,
    api_server: ApiServer,
    nginx_path: str,
    browser: Browser,
    running_pod: str,
    pod_log: PodLog,
) -> None:
    provider.people["alice"]["groups"] = [ADMINS, *many_groups(HALF_A_MEBIBYTE_OF_GROUPS)]
    assert 512 * 1024 < len(_token(provider)) < 1024 * 1024
    provider.id_token_ttl = LIFETIME_S
    door = await asyncio.to_thread(_door, stack, nginx_path, provider)
    await browser.sign_in(door.url, ALICE)
    work = Work(browser, door.url, admin=api_server.admin, pod=running_pod, pod_log=pod_log)
    await work.everything(TEAM_A)
    began = time.monotonic()
    while provider.refresh_calls < RENEWALS:
        assert time.monotonic() - began < 2 * (RENEWALS + 2) * LIFETIME_S
        await work.list(TEAM_A)
        await asyncio.sleep(0.5)
    await work.everything(TEAM_A)


async def test_s3_an_id_token_that_is_larger_than_any_cluster_reads_is_told_at_sign_in(
    stack: Stack, api_server: ApiServer, nginx_path: str, browser: Browser
) -> None:
    made = MisbehavingProvider(tls=stack.web_pki.server("provider").server_context())
    made.people["alice"]["groups"] = list(many_groups(2 * HALF_A_MEBIBYTE_OF_GROUPS + 1000))
    with in_thread(made) as provider:
        door = await asyncio.to_thread(_door, stack, nginx_path, provider)
        ended = await browser.navigate(f"{door.url}/oidc?cluster=lab&return_to=/", from_page=f"{door.url}/")
    assert ended.status == 400
    assert "oidc.token_too_large" in ended.text
    assert "fewer" in ended.text


def test_s3_the_limit_of_a_real_api_server_is_the_one_that_is_told(api_server: ApiServer) -> None:
    # What of the head is not the token: request line, host and so on.
    rest = 110
    assert _status(api_server, API_SERVER_HEAD_LIMIT - 2 * rest) == 401
    assert _status(api_server, API_SERVER_HEAD_LIMIT) == 431


class _LargeAccessTokens(MisbehavingProvider):
    """A provider whose access tokens are opaque, and larger than any API server reads."""

    def access_token(self, grant: Grant) -> str:
        return secrets.token_urlsafe(API_SERVER_HEAD_LIMIT * 3 // 4)


async def test_s3_a_token_over_the_limit_of_the_api_server_is_told_as_such(
    stack: Stack, api_server: ApiServer, nginx_path: str, browser: Browser
) -> None:
    made = _LargeAccessTokens(tls=stack.web_pki.server("provider").server_context())
    with in_thread(made) as provider:
        door = await asyncio.to_thread(_door, stack, nginx_path, provider, "-oidc-use-access-token")
        await browser.sign_in(door.url, ALICE)
        await _is_told_as_too_large(browser, door, "lab")


@pytest.mark.keycloak
async def test_s3_a_token_over_the_limit_of_a_proxy_before_the_api_server_is_told_as_such(
    stack: Stack, keycloak_cluster: ApiServer, keycloak: Keycloak, nginx_path: str, browser: Browser
) -> None:
    narrow = await asyncio.to_thread(stack.nginx_before_cluster, nginx_path, keycloak_cluster.url)
    port = stack.product_port()
    door = await asyncio.to_thread(stack.nginx, nginx_path, port)
    client = await asyncio.to_thread(keycloak.register, "headlamp-narrow", door.url)
    servers = {"narrow": narrow.url, "lab": keycloak_cluster.url}
    config = kubeconfig(servers, keycloak_cluster.identity.pki.ca)
    await asyncio.to_thread(stack.serve, port, client, config=config)
    await browser.sign_in(door.url, BULKY, cluster="narrow")
    await _is_told_as_too_large(browser, door, "narrow")
    # The other way to the same cluster takes it.
    listed = await browser.fetch(f"{door.url}/clusters/lab/api/v1/namespaces")
    assert listed.status == 200, listed.text


async def _is_told_as_too_large(browser: Browser, door: Nginx, cluster: str) -> None:
    """As the answer to a request, to an upgrade, to live rows, and where the page asks how things stand."""
    namespaces = f"{door.url}/clusters/{cluster}/api/v1/namespaces"
    answer = await browser.fetch(namespaces)
    assert answer.status == 431, answer.text
    assert answer.headers["X-Headlamp-Code"] == "cluster.token_too_large"
    assert answer.json()["kind"] == "Status"
    assert "fewer groups" in answer.text

    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await browser.websocket(f"{namespaces}?watch=1", ["base64.binary.k8s.io"])
    assert refused.value.status == 431

    async with live(browser, door.url) as connection:
        rows = await connection.subscribe(CONFIG_MAPS, TEAM_A, cluster=cluster)
        await connection.until(lambda: rows.state == "failed", within=30)
        assert re.search(r"token has [0-9,]+ bytes", rows.why)

    clusters = (await browser.fetch(f"{door.url}/api/session")).json()["clusters"]
    (standing,) = [one for one in clusters if one["name"] == cluster]
    assert re.search(r"token has [0-9,]+ bytes", standing["reason"])


def _door(stack: Stack, nginx_path: str, provider: MisbehavingProvider, *options: str) -> Nginx:
    """nginx in front of a product that is the client of a provider."""
    port = stack.product_port()
    client = OidcClient(provider.issuer, provider.client_id, stack.web_pki.ca, provider.client_secret)
    stack.serve(port, client, *options)
    return stack.nginx(nginx_path, port)


def _token(provider: MisbehavingProvider) -> str:
    """What the provider would issue for Alice now."""
    claims = {"iss": provider.issuer, "sub": "alice", "aud": provider.client_id, "exp": int(time.time()) + 60}
    return sign({**claims, **provider.people["alice"]}, provider.keys[0], provider.alg)


def _status(api_server: ApiServer, size: int) -> int:
    """What the API server answers to a token of so many bytes that means nothing."""
    tls = trusting(api_server.identity.pki.pem)
    connection = http.client.HTTPSConnection("127.0.0.1", api_server.port, timeout=20, context=tls)
    try:
        connection.request("GET", "/api", headers={"Authorization": f"Bearer {'a' * size}", "User-Agent": "t"})
        return connection.getresponse().status
    finally:
        connection.close()
