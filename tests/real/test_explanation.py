"""A cluster that refuses a good sign-in: it is explained, and the settings that are offered make it accept that one.

The API server is a real one, set up wrongly in several ways. What the product says would help is given to it as it is:
as a file that it reads again while it runs, and as flags at its next start.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
import yaml
from tests.adversarial.provider import MisbehavingProvider
from tests.adversarial.signing import ec_key
from tests.real.clients.browser import Browser
from tests.real.stack.apiserver import ApiServer, TrustedIssuer, authentication
from tests.real.stack.kubeconfig import kubeconfig
from tests.real.stack.oidc_client import OidcClient
from tests.real.stack.people import ALICE, BOB
from tests.real.stack.pki import Pair
from tests.real.stack.product import Product
from tests.real.stack.tunable import TunableApiServer, beside
from tests.real.stack.whole import Stack
from tests.support.in_thread import in_thread

from headlamp.access.explanation.configuration import CA_FILE
from headlamp.clusters.aiohttp_transport import AiohttpTransport
from headlamp.clusters.cluster import Cluster, ClusterTls
from headlamp.clusters.errors import TokenTooLarge
from headlamp.clusters.head_limit import API_SERVER_HEAD_LIMIT, SMALLEST_HEAD_LIMIT

CLUSTER = "tuned"
# An API server looks for a changed file every minute at the latest, and for a new issuer's keys every ten seconds.
ACCEPTED_WITHIN_S = 100.0
TOKEN = "eyJ"


@pytest.fixture(scope="module")
def tuned(stack: Stack, api_server: ApiServer) -> Iterator[TunableApiServer]:
    """An API server that every test sets up anew."""
    server = beside(api_server, stack.cluster.ports.take(), "kube-apiserver-tuned")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def with_dex(stack: Stack, tuned: TunableApiServer) -> Product:
    """A product whose one cluster that is, and whose provider is Dex."""
    return _serve(stack, tuned, stack.dex.client, name="headlamp-explaining")


@pytest.fixture(scope="module")
def provider(stack: Stack) -> Iterator[MisbehavingProvider]:
    """A provider of the tests that signs with an EC key, over TLS."""
    made = MisbehavingProvider(tls=_serving(stack.web_pki.server("explained-provider")))
    made.keys, made.alg = [ec_key()], "ES256"
    with in_thread(made, stack.cluster.ports.take()) as running:
        yield running


@pytest.fixture(scope="module")
def with_provider(stack: Stack, tuned: TunableApiServer, provider: MisbehavingProvider) -> Product:
    """A product with the same cluster, and with that provider."""
    client = OidcClient(provider.issuer, provider.client_id, stack.web_pki.ca, provider.client_secret)
    return _serve(stack, tuned, client, "-oidc-signing-algs=ES256", name="headlamp-explaining-more")


@dataclass(frozen=True)
class Mistake:
    """What an administrator got wrong, and what the API server then says to its log, and to nobody else."""

    made_of: Callable[[TrustedIssuer], TrustedIssuer]
    logged: str


MISTAKES: Mapping[str, Mistake] = {
    "aud": Mistake(lambda dex: replace(dex, audience="kubernetes"), "expected audience"),
    "iss": Mistake(lambda dex: replace(dex, url=dex.url + "/"), "invalid bearer token"),
    "username": Mistake(lambda dex: replace(dex, username_claim="upn"), "parse username claims"),
}


@pytest.mark.parametrize("claim", MISTAKES)
async def test_s11_a_refused_sign_in_is_explained_and_the_offered_file_makes_the_cluster_accept_it(
    stack: Stack,
    tuned: TunableApiServer,
    with_dex: Product,
    browser: Browser,
    claim: str,
    record_property: Callable[[str, object], None],
) -> None:
    mistake = MISTAKES[claim]
    await asyncio.to_thread(tuned.restart, configuration=authentication([mistake.made_of(stack.dex.trusted)]))
    landed = await browser.sign_in(with_dex.url, ALICE, cluster=CLUSTER, return_to=f"/c/{CLUSTER}/pods")
    assert landed.url.path == f"/c/{CLUSTER}/pods", "a sign-in ends where it began, accepted or not"
    assert await _standing(browser, with_dex) is False

    explained = await _explanation(browser, with_dex)
    assert explained["accepted"] is False
    assert "401" in explained["reason"]
    finding = _finding(explained, claim)
    # The API server keeps the cause to itself, so that this is one of those to compare.
    assert finding["state"] == "unknown"
    assert finding["remedy"]
    assert mistake.logged in finding["why"]
    assert mistake.logged in tuned.log
    suspects = {one["claim"] for one in explained["findings"] if one["state"] != "ok"}
    assert suspects == {"keys", "iss", "aud", "username"}
    claims = explained["credential"]["claims"]
    assert (claims["iss"], claims["aud"], claims["email"]) == (stack.dex.issuer, "headlamp", ALICE.email)

    began = time.monotonic()
    tuned.reconfigure(explained["authentication_configuration"])
    await _until_accepted(browser, with_dex)
    record_property(f"a corrected file ({claim}) was in force after", f"{time.monotonic() - began:.1f} s")
    accepted = await _explanation(browser, with_dex)
    # Without a prefix, as with flags that name none: e-mail addresses as they are, and groups too.
    assert accepted["user"]["username"] == ALICE.email
    assert set(accepted["user"]["groups"]) == {*ALICE.groups, "system:authenticated"}
    assert {one["state"] for one in accepted["findings"]} == {"ok"}


async def test_s11_the_offered_flags_make_the_same_names_as_the_offered_file(
    stack: Stack, tuned: TunableApiServer, with_dex: Product, browser: Browser
) -> None:
    await asyncio.to_thread(
        tuned.restart, oidc_flags=[f"--oidc-issuer-url={stack.dex.issuer}", "--oidc-client-id=somebody-else"]
    )
    await browser.sign_in(with_dex.url, ALICE, cluster=CLUSTER)
    explained = await _explanation(browser, with_dex)
    assert explained["accepted"] is False

    names = []
    for settings in (
        {"oidc_flags": _on_this_machine(stack, explained["flags"])},
        {"configuration": explained["authentication_configuration"]},
    ):
        await asyncio.to_thread(lambda settings=settings: tuned.restart(**settings))  # type: ignore[misc]
        await _until_accepted(browser, with_dex)
        user = (await _explanation(browser, with_dex))["user"]
        names.append((user["username"], sorted(user["groups"])))
    assert names[0] == names[1]


@pytest.mark.parametrize(
    ("claim", "flags", "logged", "username"),
    [
        # RS256 alone is taken unless other algorithms are named.
        ("alg", [], "id token signed with unsupported algorithm", "alice@example.com"),
        (
            "email_verified",
            ["--oidc-username-claim=email", "--oidc-signing-algs=ES256"],
            "email not verified",
            "{issuer}#alice",
        ),
    ],
)
async def test_s11_what_a_token_proves_by_itself_is_named_as_off(
    stack: Stack,
    tuned: TunableApiServer,
    provider: MisbehavingProvider,
    with_provider: Product,
    browser: Browser,
    claim: str,
    flags: Sequence[str],
    logged: str,
    username: str,
) -> None:
    provider.people["alice"]["email_verified"] = claim != "email_verified"
    trust = [f"--oidc-issuer-url={provider.issuer}", f"--oidc-client-id={provider.client_id}"]
    await asyncio.to_thread(tuned.restart, oidc_flags=[*trust, f"--oidc-ca-file={stack.web_pki.ca}", *flags])
    await browser.sign_in(with_provider.url, ALICE, cluster=CLUSTER)
    assert await _standing(browser, with_provider) is False
    explained = await _explanation(browser, with_provider)
    assert _finding(explained, claim)["state"] == "off"
    assert logged in _finding(explained, claim)["why"]
    assert logged in tuned.log
    assert explained["findings"][0]["state"] == "off", "what is off comes first"

    for settings in (
        {"oidc_flags": _on_this_machine(stack, explained["flags"])},
        {"configuration": explained["authentication_configuration"]},
    ):
        await asyncio.to_thread(lambda settings=settings: tuned.restart(**settings))  # type: ignore[misc]
        await _until_accepted(browser, with_provider)
        user = (await _explanation(browser, with_provider))["user"]
        assert user["username"] == username.format(issuer=provider.issuer)


async def test_g1_a_cluster_that_refuses_a_fresh_token_costs_the_provider_no_call(
    stack: Stack, tuned: TunableApiServer, provider: MisbehavingProvider, with_provider: Product, browser: Browser
) -> None:
    await asyncio.to_thread(tuned.restart, configuration=authentication([replace(stack.dex.trusted, audience="none")]))
    await browser.sign_in(with_provider.url, ALICE, cluster=CLUSTER)
    before = len(provider.seen)
    for _ in range(10):
        refused = await browser.fetch(f"{with_provider.url}/clusters/{CLUSTER}/api/v1/namespaces")
        assert (refused.status, refused.headers["X-Headlamp-Code"]) == (401, "cluster.rejected")
        assert await _standing(browser, with_provider) is False
        assert (await _explanation(browser, with_provider))["accepted"] is False
    assert [call.endpoint for call in provider.seen[before:]] == []
    assert (await browser.fetch(f"{with_provider.url}/api/session")).json()["signed_in"] is True


async def test_g2_what_a_person_may_not_do_is_refused_and_leaves_them_signed_in(
    api_server: ApiServer, product: Product, browser: Browser
) -> None:
    await browser.sign_in(product.url, BOB)
    forbidden = await browser.fetch(f"{product.url}/clusters/lab/api/v1/nodes")
    assert forbidden.status == 403
    session = (await browser.fetch(f"{product.url}/api/session")).json()
    assert session["signed_in"] is True
    explained = await _explanation(browser, product, "lab")
    assert (explained["accepted"], explained["user"]["username"]) == (True, BOB.username)
    # The cluster shows which claims it reads, and with which prefixes: the offered settings are those that it has.
    (entry,) = yaml.safe_load(explained["authentication_configuration"])["jwt"]
    assert entry["claimMappings"] == {
        "username": {"claim": "email", "prefix": "dex:"},
        "groups": {"claim": "groups", "prefix": "dex:"},
    }


async def test_e7_an_explanation_holds_no_token(
    strict_api_server: ApiServer, product: Product, browser: Browser
) -> None:
    await browser.sign_in(product.url, ALICE)
    answer = await browser.fetch(f"{product.url}/api/explanation?cluster=strict")
    assert answer.status == 200
    assert answer.json()["accepted"] is False
    assert TOKEN not in answer.text


def _serve(stack: Stack, tuned: TunableApiServer, client: OidcClient, *options: str, name: str) -> Product:
    config = kubeconfig({CLUSTER: tuned.url}, stack.cluster.identity.pki.ca)
    return stack.serve(stack.product_port(), client, *options, config=config, name=name)


def _serving(pair: Pair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.cert, pair.key)
    return context


async def _standing(browser: Browser, product: Product, cluster: str = CLUSTER) -> bool | None:
    """What the session says of a cluster: whether it accepts the sign-in."""
    session = (await browser.fetch(f"{product.url}/api/session")).json()
    assert session["signed_in"] is True
    accepted: bool | None = next(one["accepted"] for one in session["clusters"] if one["name"] == cluster)
    return accepted


async def _until_accepted(browser: Browser, product: Product) -> None:
    """The very same session is accepted, without another sign-in."""
    async with asyncio.timeout(ACCEPTED_WITHIN_S):
        while await _standing(browser, product) is not True:
            await asyncio.sleep(0.3)


async def _explanation(browser: Browser, product: Product, cluster: str = CLUSTER) -> dict[str, Any]:
    answer = await browser.fetch(f"{product.url}/api/explanation?cluster={cluster}")
    assert answer.status == 200, answer.text
    explained: dict[str, Any] = json.loads(answer.text)
    return explained


def _finding(explained: Mapping[str, Any], claim: str) -> dict[str, str]:
    (found,) = [one for one in explained["findings"] if one["claim"] == claim]
    return dict(found)


def _on_this_machine(stack: Stack, flags: Sequence[str]) -> list[str]:
    """The offered flags, with the file of certificates where it is here."""
    return [flag.replace(CA_FILE, str(stack.web_pki.ca)) for flag in flags]


async def test_s3_a_token_beyond_what_the_api_server_reads_is_told_as_such(
    api_server: ApiServer, record_property: Callable[[str, object], None]
) -> None:
    transport = AiohttpTransport(
        Cluster("lab", "lab", server=api_server.url, tls=ClusterTls(ca_pem=api_server.identity.pki.pem))
    )
    read, refused = 512 * 1024, 2 * 1024 * 1024
    said: set[int | None] = set()
    while refused - read > 16:
        size = (read + refused) // 2
        told: TokenTooLarge | None = None
        try:
            async with transport.request("GET", "/api", headers={"Authorization": f"Bearer {'a' * size}"}) as answer:
                assert answer.status == 401
        except TokenTooLarge as problem:
            refused, told = problem.size, problem
        else:
            read = size
        if told is not None:
            assert told.size == size
            said.add(told.answer_status)
    await transport.close()
    record_property("kube-apiserver reads a token of", f"{read:,} bytes; of a larger one it says {said}")
    assert abs(read - API_SERVER_HEAD_LIMIT) < SMALLEST_HEAD_LIMIT
