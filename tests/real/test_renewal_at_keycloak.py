"""Renewal at a provider where a refresh token works once and the second use ends the session: nobody notices any of it.

Keycloak's own events tell how often it was asked.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable

import pytest
from tests.real.clients.browser import Browser
from tests.real.clients.live import CONFIG_MAPS, live
from tests.real.conftest import SHORT_LIFETIME_S
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.keycloak import Keycloak
from tests.real.stack.people import ALICE, BOB, CAROL, DANA, ERIN, TEAM_A, Person
from tests.real.stack.product import Product
from tests.real.stack.sockets import connections_of
from tests.real.stack.whole import Stack

pytestmark = pytest.mark.keycloak

AT_ONCE = 500
MAPS = f"/clusters/lab/api/v1/namespaces/{TEAM_A}/configmaps"
# Between tries the product waits, longer each time.
RECOVERS_WITHIN_S = 60.0
# Of Keycloak's keys the one with the highest priority signs; the realm comes with one of 100.
PRIORITIES = itertools.count(200)


@pytest.fixture(scope="module")
def alone(stack: Stack, keycloak: Keycloak) -> Product:
    """A product in one process."""
    port = stack.product_port()
    client = keycloak.register("headlamp-alone", f"http://localhost:{port}", lifetime=SHORT_LIFETIME_S)
    return stack.serve(port, client, name="headlamp-alone")


@pytest.fixture(params=["alone", "keycloak_workers"])
def served(request: pytest.FixtureRequest) -> Product:
    """Either."""
    product: Product = request.getfixturevalue(request.param)
    return product


async def test_h5_five_hundred_requests_at_expiry_make_one_token_call_and_get_good_answers(
    keycloak_cluster: ApiServer, keycloak: Keycloak, served: Product, browser: Browser
) -> None:
    renewals = _renewals(keycloak, served, ERIN)
    await browser.sign_in(served.url, ERIN)
    before = await asyncio.to_thread(renewals)
    # The renewal begins, and is not answered; the token expires; everybody comes at once.
    keycloak.pause()
    try:
        await asyncio.sleep(await _expires_in(browser, served) + 0.2)
        asking = [asyncio.create_task(browser.fetch(f"{served.url}{MAPS}?limit=1")) for _ in range(AT_ONCE)]
        await _all_are_connected(served)
        assert not any(task.done() for task in asking)
    finally:
        keycloak.resume()
    answers = await asyncio.gather(*asking)
    assert {answer.status for answer in answers} == {200}
    assert await asyncio.to_thread(renewals) - before == 1


async def test_h4_a_session_outlives_a_provider_that_takes_connections_and_says_nothing(
    keycloak_cluster: ApiServer, keycloak: Keycloak, alone: Product, browser: Browser
) -> None:
    await browser.sign_in(alone.url, BOB)
    async with live(browser, alone.url) as connection:
        rows = await connection.subscribe(CONFIG_MAPS, TEAM_A)
        await connection.until(lambda: rows.state == "live", within=30)
        keycloak.pause()
        try:
            expires_at = time.monotonic() + await _expires_in(browser, alone)
            while time.monotonic() < expires_at - 2:
                assert (await browser.fetch(f"{alone.url}{MAPS}")).status == 200
                await asyncio.sleep(0.5)
            await asyncio.sleep(1)
            # Its token has expired, and is not sent any more; that is nothing that the person could mend.
            answer = await browser.fetch(f"{alone.url}{MAPS}")
            assert answer.status == 503, answer.text
            assert answer.headers["X-Headlamp-Code"] == "session.renewal_delayed"
            assert int(answer.headers["Retry-After"]) > 0
            assert await _signed_in(browser, alone)
        finally:
            keycloak.resume()
        await _recovers(browser, alone)
        await connection.until(lambda: rows.state == "live", within=RECOVERS_WITHIN_S)
        assert not connection.ended.is_set()


async def test_h4_a_session_outlives_a_restart_of_its_provider(
    keycloak_cluster: ApiServer, keycloak: Keycloak, keycloak_workers: Product, browser: Browser
) -> None:
    await browser.sign_in(keycloak_workers.url, CAROL)
    await asyncio.to_thread(keycloak.stop)
    try:
        await asyncio.sleep(max(0.0, await _expires_in(browser, keycloak_workers)) + 0.5)
        answer = await browser.fetch(f"{keycloak_workers.url}{MAPS}")
        assert answer.status == 503, answer.text
        assert await _signed_in(browser, keycloak_workers)
    finally:
        await asyncio.to_thread(keycloak.start)
    await _recovers(browser, keycloak_workers)


async def test_a_session_outlives_new_keys_of_its_provider(
    keycloak_cluster: ApiServer, keycloak: Keycloak, keycloak_workers: Product, browser: Browser
) -> None:
    renewals = _renewals(keycloak, keycloak_workers, DANA)
    await browser.sign_in(keycloak_workers.url, DANA)
    before = await asyncio.to_thread(renewals)
    await asyncio.to_thread(keycloak.admin.rotate_keys, next(PRIORITIES))
    until = time.monotonic() + 6 * SHORT_LIFETIME_S
    while await asyncio.to_thread(renewals) == before:
        assert time.monotonic() < until
        await asyncio.sleep(0.5)
    assert (await browser.fetch(f"{keycloak_workers.url}{MAPS}")).status == 200
    # The first thing that somebody new has is a token of the new key.
    async with Browser(keycloak.pki.pem) as another:
        await another.sign_in(keycloak_workers.url, ALICE)
        assert (await another.fetch(f"{keycloak_workers.url}{MAPS}")).status == 200


def _renewals(keycloak: Keycloak, product: Product, person: Person) -> Callable[[], int]:
    """How many times the product has asked for new tokens of somebody, whatever the answer was."""
    assert product.client is not None
    client_id = product.client.client_id
    return lambda: len(keycloak.admin.events("REFRESH_TOKEN", client_id=client_id, person=person.name))


async def _expires_in(browser: Browser, product: Product) -> float:
    """How long the token is good for that the session has now, in seconds."""
    session = (await browser.fetch(f"{product.url}/api/session")).json()
    return float(session["providers"][0]["expires_at"]) - time.time()


async def _signed_in(browser: Browser, product: Product) -> bool:
    return bool((await browser.fetch(f"{product.url}/api/session")).json()["signed_in"])


async def _recovers(browser: Browser, product: Product) -> None:
    until = time.monotonic() + RECOVERS_WITHIN_S
    while (answer := await browser.fetch(f"{product.url}{MAPS}")).status != 200:
        assert answer.status == 503, answer.text
        assert time.monotonic() < until
        await asyncio.sleep(0.5)


async def _all_are_connected(product: Product) -> None:
    """Wait until all requests have arrived; where there are several processes, at more than one of them."""
    until = time.monotonic() + 10
    while sum((held := connections_of(product.port, product.group)).values()) < AT_ONCE:
        assert time.monotonic() < until, held
        await asyncio.sleep(0.1)
    assert len(held) > 1 or product.name == "headlamp-alone"
