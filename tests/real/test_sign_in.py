"""Signing in at Dex, and being somebody at the API server; signing out, and being nobody."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable

import aiohttp
from tests.real.clients.browser import Browser
from tests.real.clients.live import CONFIG_MAPS, live
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.people import ALICE, BOB
from tests.real.stack.product import Product

REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
# Far from all other ends that these streams may come to, and enough for a machine that is busy.
ENDED_WITHIN_S = 10.0


async def review(browser: Browser, product: Product, cluster: str = "lab") -> tuple[int, dict[str, object]]:
    """Who the API server takes the user for."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = await browser.fetch(f"{product.url}/clusters/{cluster}{REVIEW}", method="POST", body=body)
    return answer.status, answer.json()


async def test_username_and_groups_arrive_at_the_api_server(
    api_server: ApiServer, product: Product, browser: Browser
) -> None:
    await browser.sign_in(product.url, ALICE)
    status, answer = await review(browser, product)
    assert status == 201, answer
    user = answer["status"]["userInfo"]  # type: ignore[index]
    assert user["username"] == ALICE.username == "dex:alice@example.com"
    assert set(user["groups"]) == {*ALICE.cluster_groups, "system:authenticated"}


async def test_sign_in_ends_at_the_deep_link_that_it_began_at(
    api_server: ApiServer, product: Product, browser: Browser
) -> None:
    landed = await browser.sign_in(product.url, ALICE, return_to="/c/lab/pods?ns=team-a,team-b&q=web")
    assert landed.url.path_qs == "/c/lab/pods?ns=team-a,team-b&q=web"
    assert all("code=" not in part for part in (str(landed.url), landed.text))


async def test_the_session_says_who_one_is_and_holds_no_token(
    api_server: ApiServer, product: Product, browser: Browser
) -> None:
    await browser.sign_in(product.url, ALICE)
    answer = await browser.fetch(f"{product.url}/api/session")
    session = answer.json()
    assert session["signed_in"] is True
    user = session["user"]
    assert (user["name"], user["email"], user["groups"]) == ("alice", ALICE.email, list(ALICE.groups))
    assert next(one["accepted"] for one in session["clusters"] if one["name"] == "lab") is True
    # Every JWS begins with the encoding of `{"`.
    assert "eyJ" not in answer.text
    assert not any("eyJ" in value for value in browser.cookies.values())


async def test_without_a_session_nothing_reaches_the_cluster(
    api_server: ApiServer, product: Product, browser: Browser
) -> None:
    answer = await browser.fetch(f"{product.url}/clusters/lab/version")
    assert answer.status == 401
    assert answer.json()["kind"] == "Status"


async def test_a_cluster_that_does_not_trust_the_issuer_answers_401_and_the_session_says_so(
    strict_api_server: ApiServer, product: Product, browser: Browser
) -> None:
    await browser.sign_in(product.url, ALICE)
    answer = await browser.fetch(f"{product.url}/clusters/strict/api/v1/namespaces")
    assert answer.status == 401
    assert answer.json()["kind"] == "Status"
    assert answer.headers["X-Headlamp-Code"] == "cluster.rejected"

    clusters = (await browser.fetch(f"{product.url}/api/session")).json()["clusters"]
    accepted = {cluster["name"]: cluster["accepted"] for cluster in clusters}
    assert accepted == {"lab": True, "strict": False}
    # The session itself is as good as before.
    assert (await review(browser, product))[0] == 201


async def test_live_rows_of_a_cluster_that_does_not_trust_the_issuer_say_that_it_rejects_the_sign_in(
    strict_api_server: ApiServer, product: Product, browser: Browser
) -> None:
    await browser.sign_in(product.url, ALICE)
    async with live(browser, product.url) as connection:
        rows = await connection.subscribe(CONFIG_MAPS, "team-a", cluster="strict")
        await connection.until(lambda: rows.state == "failed" or rows.error is not None, within=30)
        assert not rows.rows


async def test_sign_out_closes_all_streams_at_once(
    api_server: ApiServer, product: Product, browser: Browser, record_property: Callable[[str, object], None]
) -> None:
    await browser.sign_in(product.url, ALICE)
    watched = f"{product.url}/clusters/lab/api/v1/namespaces/team-a/configmaps?watch=1"
    over_http = await browser.stream(watched)
    over_websocket = await browser.websocket(watched, ["base64.binary.k8s.io"])
    async with live(browser, product.url) as connection:
        rows = await connection.subscribe(CONFIG_MAPS, "team-a")
        await connection.until(lambda: rows.state == "live", within=30)
        assert over_http.status == 200

        began = time.monotonic()
        signed_out = await browser.fetch(f"{product.url}/api/session", method="DELETE")
        assert signed_out.status == 200
        async with asyncio.timeout(ENDED_WITHIN_S):
            await connection.ended.wait()
            await _end_of(over_http)
            code = await _close_code(over_websocket)
        record_property("seconds until all streams end after a sign-out", round(time.monotonic() - began, 3))
        assert connection.signed_out is not None
        assert connection.signed_out["code"] == "session.ended"
        assert connection.close_code == code == 4401

    assert (await review(browser, product))[0] == 401
    assert (await browser.fetch(f"{product.url}/api/session")).json()["signed_in"] is False


async def test_a_cookie_that_was_kept_from_before_the_sign_out_is_worth_nothing(
    api_server: ApiServer, product: Product, browser: Browser
) -> None:
    await browser.sign_in(product.url, BOB)
    kept = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    await browser.fetch(f"{product.url}/api/session", method="DELETE")
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{product.url}/clusters/lab/version", headers={"Cookie": kept}) as answer,
    ):
        assert answer.status == 401, json.dumps(dict(answer.headers))


async def _end_of(answer: aiohttp.ClientResponse) -> None:
    """Read to the end, whether it is a clean one or not."""
    try:
        await answer.read()
    except aiohttp.ClientPayloadError:
        return


async def _close_code(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    async for _ in socket:
        pass
    return socket.close_code
