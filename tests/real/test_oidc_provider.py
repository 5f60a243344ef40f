"""oidc-provider: opaque access tokens, several algorithms, keys that don't name theirs, and a family of refresh tokens.

The family ends when one of them comes twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from tests.real.clients.browser import Browser
from tests.real.clients.forms import first_form
from tests.real.clients.streams import open_streams
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.oidc_provider import LIFETIME_S, OidcProvider
from tests.real.stack.people import ALICE, OIDC_PROVIDER_PREFIX, TEAM_A
from tests.real.stack.product import Product
from tests.real.stack.whole import Stack
from yarl import URL

MAPS = f"/clusters/lab/api/v1/namespaces/{TEAM_A}/configmaps"
REVIEW = "/clusters/lab/apis/authentication.k8s.io/v1/selfsubjectreviews"
NOTICED_WITHIN_S = 60.0
# Far from all other ends that these streams may come to, and enough for a machine that is busy.
ENDED_WITHIN_S = 10.0

Serve = Callable[[str], Product]


@pytest.fixture(scope="module")
def provider(stack: Stack, api_server: ApiServer) -> OidcProvider:
    """The provider."""
    return stack.oidc_provider


@pytest.fixture(scope="module")
def serve(stack: Stack, provider: OidcProvider) -> Serve:
    """Gives the product that is the client for an algorithm."""
    served: dict[str, Product] = {}

    def serving(algorithm: str) -> Product:
        if algorithm not in served:
            served[algorithm] = stack.serve(
                provider.ports[algorithm],
                provider.client(algorithm),
                f"-oidc-signing-algs={algorithm}",
                name=f"headlamp-{algorithm}",
            )
        return served[algorithm]

    return serving


async def _is_noticed(browser: Browser, product: Product) -> None:
    """Wait until the API server, which ran before this provider, has looked for it again."""
    async with asyncio.timeout(NOTICED_WITHIN_S):
        while (await browser.fetch(f"{product.url}{MAPS}")).status == 401:
            await asyncio.sleep(0.5)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
async def test_id_tokens_of_each_algorithm_are_verified_here_and_taken_by_the_cluster(
    serve: Serve, browser: Browser, algorithm: str
) -> None:
    product = await asyncio.to_thread(serve, algorithm)
    await browser.sign_in(product.url, ALICE)
    await _is_noticed(browser, product)
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = await browser.fetch(f"{product.url}{REVIEW}", method="POST", body=body)
    assert answer.json()["status"]["userInfo"]["username"] == OIDC_PROVIDER_PREFIX + ALICE.email


async def test_an_id_token_of_eddsa_signs_in_and_it_is_the_cluster_that_does_not_know_the_algorithm(
    serve: Serve, browser: Browser
) -> None:
    product = await asyncio.to_thread(serve, "EdDSA")
    await browser.sign_in(product.url, ALICE)
    session = (await browser.fetch(f"{product.url}/api/session")).json()
    assert (session["signed_in"], session["user"]["email"]) == (True, ALICE.email)
    assert (await browser.fetch(f"{product.url}{MAPS}")).status == 401
    explanation = (await browser.fetch(f"{product.url}/api/explanation?cluster=lab")).json()
    off = {finding["claim"]: finding for finding in explanation["findings"] if finding["state"] == "off"}
    assert "EdDSA" in off["alg"]["token"]


async def test_refresh_tokens_are_used_once_each_while_streams_go_on(
    serve: Serve, provider: OidcProvider, browser: Browser, running_pod: str
) -> None:
    product = await asyncio.to_thread(serve, "RS256")
    await browser.sign_in(product.url, ALICE)
    await _is_noticed(browser, product)

    def count(event: str) -> int:
        return provider.log.count(f"{event} refresh_token headlamp-RS256")

    before, failed = count("grant.success"), count("grant.error")
    async with open_streams(browser, product.url, TEAM_A, running_pod) as streams:
        async with asyncio.timeout(8 * LIFETIME_S):
            while count("grant.success") < before + 3:
                answer = await browser.fetch(f"{product.url}{MAPS}")
                assert answer.status == 200, answer.text
                await asyncio.sleep(0.5)
        assert count("grant.error") == failed
        assert "terminal" not in streams.ended
        assert "live rows" not in streams.ended


async def test_i1_signing_out_revokes_the_tokens_and_ends_the_providers_session(
    serve: Serve, provider: OidcProvider, browser: Browser
) -> None:
    product = await asyncio.to_thread(serve, "RS256")
    await browser.sign_in(product.url, ALICE)
    before = provider.log.count("grant.revoked")
    answer = await browser.fetch(f"{product.url}/api/session", method="DELETE")
    assert provider.log.count("grant.revoked") == before + 1
    # Without a hint the provider asks whether it was the person who wanted that.
    asked = await browser.navigate(answer.json()["redirect"], from_page=f"{product.url}/")
    form = first_form(asked.text)
    assert form is not None, asked.text[:500]
    landed = await browser.navigate(
        str(asked.url.join(URL(form.action))), form=form.fields | {"logout": "yes"}, from_page=str(asked.url)
    )
    assert landed.url.path == "/signed-out"
    again = await browser.navigate(f"{product.url}/oidc?cluster=lab&return_to=/", from_page=f"{product.url}/")
    assert again.url.path.startswith("/sign-in/")


async def test_i3_who_signs_out_at_the_provider_itself_is_signed_out_here(
    serve: Serve, provider: OidcProvider, browser: Browser, running_pod: str
) -> None:
    product = await asyncio.to_thread(serve, "RS256")
    await browser.sign_in(product.url, ALICE)
    await _is_noticed(browser, product)
    async with open_streams(browser, product.url, TEAM_A, running_pod) as streams:
        asked = await browser.navigate(f"{provider.issuer}/session/end")
        form = first_form(asked.text)
        assert form is not None, asked.text[:500]
        await browser.navigate(
            str(asked.url.join(URL(form.action))), form=form.fields | {"logout": "yes"}, from_page=str(asked.url)
        )
        await streams.all_end(within=ENDED_WITHIN_S)
    assert (await browser.fetch(f"{product.url}{MAPS}")).status == 401
