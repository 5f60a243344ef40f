"""The callback URL behind a proxy that ends TLS: as it is, as it is told, and as it goes wrong; with Dex.

People open a host name that is not loopback's own, so that nothing is excused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from tests.real.clients.browser import Answer, Browser
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.nginx import Nginx
from tests.real.stack.oidc_client import callback
from tests.real.stack.people import ALICE
from tests.real.stack.product import Product
from tests.real.stack.whole import BASE_URL, HOST, Stack
from yarl import URL

pytestmark = pytest.mark.nginx

NAMESPACES = "/clusters/lab/api/v1/namespaces"


@dataclass(frozen=True)
class Setup:
    """How the product and the nginx in front of it are set up; `{door}` in an option is the address of the latter."""

    options: tuple[str, ...] = (f"-allowed-hosts={HOST}",)
    forwarded_proto: str = "$scheme"
    base_url: str = ""
    by_environment: bool = False


RIGHT = {
    "X-Forwarded-Proto": Setup(),
    "X-Forwarded-Proto through two proxies": Setup(forwarded_proto='"https, http"'),
    "-base-url": Setup(base_url=BASE_URL),
    "-oidc-callback-url": Setup(
        (f"-allowed-hosts={HOST}", "-oidc-callback-url={door}/oidc-callback", "-insecure-cookie"), forwarded_proto=""
    ),
    "-public-url": Setup(("-public-url={door}",), forwarded_proto=""),
    "-public-url and -base-url": Setup(("-public-url={door}" + BASE_URL,), forwarded_proto="", base_url=BASE_URL),
    "variables of the environment": Setup(("-public-url={door}",), by_environment=True),
}
WRONG = {
    "no header": Setup(forwarded_proto=""),
    "a header that says http": Setup(forwarded_proto="http"),
    "a header that says nonsense": Setup(forwarded_proto="on"),
    "a proxy that is not trusted": Setup((f"-allowed-hosts={HOST}", "-trusted-proxies=203.0.113.0/24")),
}


@asynccontextmanager
async def started(stack: Stack, nginx_path: str, setup: Setup) -> AsyncIterator[tuple[Product, Nginx]]:
    """A product with nginx in front of it, for as long as the block lasts."""
    port = stack.product_port()
    door = stack.nginx(nginx_path, port, host=HOST, forwarded_proto=setup.forwarded_proto)
    product = await asyncio.to_thread(
        stack.serve,
        port,
        stack.dex.client,
        *(option.format(door=door.url) for option in setup.options),
        base_url=setup.base_url,
        by_environment=setup.by_environment,
    )
    try:
        yield product, door
    finally:
        await asyncio.to_thread(product.stop)
        await asyncio.to_thread(door.stop)


@pytest.mark.parametrize("setup", RIGHT.values(), ids=RIGHT.keys())
async def test_s1_s2_s4_the_provider_sends_people_back_under_https(
    stack: Stack, api_server: ApiServer, nginx_path: str, browser: Browser, setup: Setup
) -> None:
    async with started(stack, nginx_path, setup) as (_, door):
        address = f"{door.url}{setup.base_url}"
        landed = await browser.sign_in(address, ALICE, return_to=f"{setup.base_url}/c/lab/pods")
        assert str(landed.url) == f"{address}/c/lab/pods"
        came_back = [str(url.with_query(None)) for url in landed.via if url.path.endswith("/oidc-callback")]
        assert came_back == [callback(address)]
        listed = await browser.fetch(f"{address}{NAMESPACES}")
        assert listed.status == 200, listed.text
        socket = await browser.websocket(f"{address}{NAMESPACES}?watch=1", ["base64.binary.k8s.io"])
        async with socket:
            assert (await socket.receive_str(timeout=30)).startswith("{")


@pytest.mark.parametrize("setup", WRONG.values(), ids=WRONG.keys())
async def test_s4_a_callback_that_would_be_http_is_explained_before_the_provider_refuses_it(
    stack: Stack, api_server: ApiServer, nginx_path: str, browser: Browser, setup: Setup
) -> None:
    async with started(stack, nginx_path, setup) as (_, door):
        would_be = f"http://{HOST}:{door.port}/oidc-callback"
        page = await browser.navigate(f"{door.url}/c/lab/pods")
        warning = (await browser.fetch(f"{door.url}/api/session")).json()["sign_in"]["warning"]
        begun = await browser.navigate(f"{door.url}/oidc?cluster=lab&return_to=/", from_page=f"{door.url}/")
        assert begun.status == 400
        assert begun.url.origin() == page.url.origin(), "the provider was asked all the same"
        for text in (_words(page), f"{warning['message']} {warning['remedy']}", _words(begun)):
            assert would_be in text
            assert "X-Forwarded-Proto" in text
            assert "-trusted-proxies" in text
            assert "-public-url" in text


async def test_s4_an_http_callback_that_an_administrator_allowed_is_warned_of(
    stack: Stack, api_server: ApiServer, nginx_path: str, browser: Browser
) -> None:
    setup = Setup((f"-allowed-hosts={HOST}", "-insecure-cookie"), forwarded_proto="")
    async with started(stack, nginx_path, setup) as (_, door):
        would_be = f"http://{HOST}:{door.port}/oidc-callback"
        page = await browser.navigate(f"{door.url}/")
        assert would_be in _words(page)
        assert "X-Forwarded-Proto" in _words(page)
        # Dex is as strict as providers are, and its own page does not say what is wrong.
        refused = await browser.navigate(f"{door.url}/oidc?cluster=lab&return_to=/", from_page=f"{door.url}/")
        assert (refused.status, refused.url.origin()) == (400, URL(stack.dex.issuer).origin())
        # Whoever comes back from there is told what would have had to be registered.
        again = await browser.navigate(f"{door.url}/")
        assert would_be in _words(again)


def _words(page: Answer) -> str:
    """What a page says, without what stands between the letters of an address."""
    return page.text.replace("<wbr>", "")
