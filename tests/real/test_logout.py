"""Signing out with Keycloak: from here through to it and back, and from there to everything that is open here."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

import pytest
from tests.real.clients.browser import Answer, Browser
from tests.real.clients.forms import first_form, password_form
from tests.real.clients.live import CONFIG_MAPS, live
from tests.real.clients.streams import open_streams
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.keycloak import Keycloak
from tests.real.stack.nginx import Nginx
from tests.real.stack.people import ALICE, BOB, BULKY, DANA, HUGE, TEAM_A, Person
from tests.real.stack.product import Product
from tests.real.stack.sockets import connections_of
from tests.real.stack.whole import Stack
from yarl import URL

pytestmark = [pytest.mark.keycloak, pytest.mark.nginx]

# Far from all other ends that these streams may come to, and enough for a machine that is busy.
ENDED_WITHIN_S = 10.0
A_SECOND = 1.0
# So many connections that one process of several hardly gets them all.
TABS = 16
MAPS = f"/clusters/lab/api/v1/namespaces/{TEAM_A}/configmaps"
SIZES = pytest.mark.parametrize("person", [ALICE, BULKY, HUGE], ids=lambda person: person.name)


@pytest.fixture(scope="module")
def hinting_door(stack: Stack, keycloak: Keycloak, nginx_path: str) -> Nginx:
    """A product that sends the ID token along at sign-out, if it is short enough."""
    port = stack.product_port()
    door = stack.nginx(nginx_path, port)
    stack.serve(port, keycloak.register("headlamp-hint", door.url), "-oidc-logout-hint", name="headlamp-hint")
    return door


@pytest.fixture
async def another_browser(stack: Stack) -> AsyncIterator[Browser]:
    """A browser of somewhere else."""
    async with Browser(stack.web_pki.pem) as opened:
        yield opened


@SIZES
async def test_i1_signing_out_ends_keycloaks_session_too_and_comes_back(
    keycloak_cluster: ApiServer, keycloak: Keycloak, keycloak_door: Nginx, browser: Browser, person: Person
) -> None:
    await _has_no_session(keycloak, person)
    await browser.sign_in(keycloak_door.url, person)
    redirect = await _sign_out(browser, keycloak_door)
    assert redirect.origin() == URL(keycloak.issuer).origin()
    asked = parse_qs(redirect.raw_query_string)
    assert asked["client_id"] == ["headlamp"]
    assert asked["post_logout_redirect_uri"] == [f"{keycloak_door.url}/signed-out"]
    assert "id_token_hint" not in asked
    await _ends_here(browser, keycloak, keycloak_door, redirect, person)


@SIZES
async def test_i1_a_hint_is_sent_along_only_while_the_address_stays_short(
    keycloak_cluster: ApiServer, keycloak: Keycloak, hinting_door: Nginx, browser: Browser, person: Person
) -> None:
    await _has_no_session(keycloak, person)
    await browser.sign_in(hinting_door.url, person)
    redirect = await _sign_out(browser, hinting_door)
    assert ("id_token_hint" in redirect.query) == (person is ALICE)
    assert len(str(redirect)) <= 2048
    await _ends_here(browser, keycloak, hinting_door, redirect, person)


async def test_i1_the_refresh_token_is_revoked_so_that_keycloak_knows_no_session_even_if_the_browser_stops_here(
    keycloak_cluster: ApiServer, keycloak: Keycloak, keycloak_door: Nginx, browser: Browser
) -> None:
    await _has_no_session(keycloak, BOB)
    await browser.sign_in(keycloak_door.url, BOB)
    assert await asyncio.to_thread(_clients_with_session, keycloak, BOB) == {"headlamp"}
    await _sign_out(browser, keycloak_door)
    assert await asyncio.to_thread(_clients_with_session, keycloak, BOB) == set()
    revoked = await asyncio.to_thread(keycloak.admin.events, "REVOKE_GRANT", client_id="headlamp", person=BOB.name)
    assert [event["type"] for event in revoked[:1]] == ["REVOKE_GRANT"]


async def test_i1_an_address_that_keycloak_does_not_know_is_its_own_refusal_and_signed_out_is_signed_out(
    stack: Stack, keycloak_cluster: ApiServer, keycloak: Keycloak, keycloak_door: Nginx, browser: Browser
) -> None:
    await browser.sign_in(keycloak_door.url, ALICE)
    redirect = await _sign_out(browser, keycloak_door)
    refused = await browser.navigate(
        str(redirect.update_query(post_logout_redirect_uri="https://localhost/elsewhere")), from_page=keycloak_door.url
    )
    assert refused.status == 400
    assert (await browser.fetch(f"{keycloak_door.url}{MAPS}")).status == 401


async def test_i3_an_administrator_of_keycloak_ends_all_sessions_of_somebody_and_all_their_streams_at_once(
    keycloak_cluster: ApiServer,
    keycloak: Keycloak,
    keycloak_door: Nginx,
    browser: Browser,
    another_browser: Browser,
    running_pod: str,
) -> None:
    await browser.sign_in(keycloak_door.url, ALICE)
    await another_browser.sign_in(keycloak_door.url, ALICE)
    async with (
        open_streams(browser, keycloak_door.url, TEAM_A, running_pod) as first,
        open_streams(another_browser, keycloak_door.url, TEAM_A, running_pod) as second,
    ):
        await asyncio.to_thread(keycloak.admin.log_out, ALICE.name)
        await first.all_end(within=ENDED_WITHIN_S)
        await second.all_end(within=ENDED_WITHIN_S)
    for one in (browser, another_browser):
        assert (await one.fetch(f"{keycloak_door.url}{MAPS}")).status == 401
        assert (await one.fetch(f"{keycloak_door.url}/api/session")).json()["signed_in"] is False


async def test_i3_the_end_of_one_session_at_keycloak_leaves_the_other_one_alone(
    keycloak_cluster: ApiServer,
    keycloak: Keycloak,
    keycloak_door: Nginx,
    browser: Browser,
    another_browser: Browser,
    running_pod: str,
) -> None:
    before = {one["id"] for one in await asyncio.to_thread(keycloak.admin.sessions, ALICE.name)}
    await browser.sign_in(keycloak_door.url, ALICE)
    (mine,) = {one["id"] for one in await asyncio.to_thread(keycloak.admin.sessions, ALICE.name)} - before
    await another_browser.sign_in(keycloak_door.url, ALICE)
    async with (
        open_streams(browser, keycloak_door.url, TEAM_A, running_pod) as first,
        open_streams(another_browser, keycloak_door.url, TEAM_A, running_pod) as second,
    ):
        await asyncio.to_thread(keycloak.admin.end_session, mine)
        await first.all_end(within=ENDED_WITHIN_S)
        await asyncio.sleep(A_SECOND)
        assert second.ended == set()
    assert (await browser.fetch(f"{keycloak_door.url}{MAPS}")).status == 401
    assert (await another_browser.fetch(f"{keycloak_door.url}{MAPS}")).status == 200


@pytest.mark.parametrize("who", ["an administrator of Keycloak", "the person"])
async def test_b6_i3_the_end_of_a_session_is_its_end_in_every_worker(
    keycloak_cluster: ApiServer, keycloak: Keycloak, keycloak_workers: Product, browser: Browser, who: str
) -> None:
    product = keycloak_workers
    await browser.sign_in(product.url, DANA)
    async with contextlib.AsyncExitStack() as stack:
        tabs = [await stack.enter_async_context(live(browser, product.url)) for _ in range(TABS)]
        for tab in tabs:
            rows = await tab.subscribe(CONFIG_MAPS, TEAM_A)
            await tab.until(lambda rows=rows: rows.state == "live", within=30)  # type: ignore[misc]
        assert len(connections_of(product.port, product.group)) > 1
        if who == "the person":
            assert (await browser.fetch(f"{product.url}/api/session", method="DELETE")).status == 200
        else:
            await asyncio.to_thread(keycloak.admin.log_out, DANA.name)
        async with asyncio.timeout(ENDED_WITHIN_S):
            await asyncio.gather(*(tab.ended.wait() for tab in tabs))
        assert {tab.close_code for tab in tabs} == {4401}
        asking = [browser.fetch(f"{product.url}{MAPS}") for _ in range(TABS)]
        assert {answer.status for answer in await asyncio.gather(*asking)} == {401}


async def test_i3_who_signs_out_at_keycloak_itself_is_signed_out_here(
    keycloak_cluster: ApiServer, keycloak: Keycloak, keycloak_door: Nginx, browser: Browser, running_pod: str
) -> None:
    await browser.sign_in(keycloak_door.url, BOB)
    async with live(browser, keycloak_door.url) as connection:
        rows = await connection.subscribe(CONFIG_MAPS, TEAM_A)
        await connection.until(lambda: rows.state == "live", within=30)
        # Without a word about which client it is for, Keycloak asks whether that is what the person wants.
        asked = await browser.navigate(f"{keycloak.issuer}/protocol/openid-connect/logout")
        form = first_form(asked.text)
        assert form is not None, asked.text[:500]
        await browser.navigate(str(asked.url.join(URL(form.action))), form=form.fields, from_page=str(asked.url))
        async with asyncio.timeout(ENDED_WITHIN_S):
            await connection.ended.wait()
    assert (await browser.fetch(f"{keycloak_door.url}{MAPS}")).status == 401


async def _has_no_session(keycloak: Keycloak, person: Person) -> None:
    """Sessions that other tests left don't count."""
    await asyncio.to_thread(keycloak.admin.log_out, person.name)


async def _sign_out(browser: Browser, door: Nginx) -> URL:
    """Sign out here. Where the browser is to go then."""
    answer = await browser.fetch(f"{door.url}/api/session", method="DELETE")
    assert answer.status == 200, answer.text
    assert (await browser.fetch(f"{door.url}{MAPS}")).status == 401
    return URL(answer.json()["redirect"], encoded=True)


async def _ends_here(browser: Browser, keycloak: Keycloak, door: Nginx, redirect: URL, person: Person) -> None:
    """Keycloak sends the browser back at once, has no session of it any more, and asks for the password next time."""
    landed = await browser.navigate(str(redirect), from_page=f"{door.url}/")
    assert landed.status == 200, landed.text[:500]
    assert landed.url.path == "/signed-out", landed.url
    assert landed.url.origin() == URL(door.url).origin()
    assert "signed out" in landed.text.lower()
    assert await asyncio.to_thread(_clients_with_session, keycloak, person) == set()
    assert _asks_for_password(
        await browser.navigate(f"{door.url}/oidc?cluster=lab&return_to=/", from_page=f"{door.url}/signed-out")
    )


def _asks_for_password(page: Answer) -> bool:
    return password_form(page.text) is not None


def _clients_with_session(keycloak: Keycloak, person: Person) -> set[str]:
    return {client for session in keycloak.admin.sessions(person.name) for client in session["clients"].values()}
