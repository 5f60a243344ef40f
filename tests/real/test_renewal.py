"""An ID token lives for twenty seconds here; who works for longer notices nothing of it."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import time

from tests.real.clients.browser import Browser
from tests.real.clients.live import CONFIG_MAPS, live
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.cluster import NODES
from tests.real.stack.dex import ID_TOKEN_LIFETIME_S
from tests.real.stack.kwok import PodLog
from tests.real.stack.objects import config_map, phase, pod
from tests.real.stack.people import CAROL, ERIN, TEAM_A
from tests.real.stack.product import Product
from tests.real.stack.whole import Stack

# For that long the API server remembers what it thought of a token.
API_SERVER_REMEMBERS_S = 10
NAMESPACE = "renewal"
MAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
ARRIVES_WITHIN_S = 30.0


async def test_expiry_is_survived_by_renewal_with_streams_going_on(
    api_server: ApiServer, pod_log: PodLog, product: Product, browser: Browser
) -> None:
    _prepare(api_server)
    await browser.sign_in(product.url, CAROL)
    cluster, signed_in_at = f"{product.url}/clusters/lab", time.time()
    token_until = await _expiry(browser, product)
    assert token_until - signed_in_at <= ID_TOKEN_LIFETIME_S

    watch = await browser.stream(f"{cluster}{MAPS}?watch=1")
    log = await browser.websocket(
        f"{cluster}/api/v1/namespaces/default/pods/renewal/log?follow=true&tailLines=1", ["base64.binary.k8s.io"]
    )
    async with watch, log, live(browser, product.url) as connection:
        rows = await connection.subscribe(CONFIG_MAPS, NAMESPACE)
        await connection.until(lambda: rows.state == "live", within=ARRIVES_WITHIN_S)

        # What the first token could do is over when it has expired, and the API server has forgotten it.
        number = 0
        while time.time() < token_until + API_SERVER_REMEMBERS_S + 1:
            number += 1
            name = f"while-renewed-{number}"
            said = f"{name} {secrets.token_hex(4)}"
            created = await browser.fetch(f"{cluster}{MAPS}", method="POST", body=config_map(name))
            assert created.status == 201, created.text
            pod_log.say(said)
            await connection.until(lambda name=name: name in rows.names, within=ARRIVES_WITHIN_S)  # type: ignore[misc]
            async with asyncio.timeout(ARRIVES_WITHIN_S):
                async for line in watch.content:
                    if json.loads(line)["object"]["metadata"]["name"] == name:
                        break
                heard = ""
                while said not in heard:
                    heard += base64.b64decode(await log.receive_str()).decode()
            await asyncio.sleep(1)

        assert await _expiry(browser, product) > token_until
        assert not rows.faults
        assert len(rows.names & {f"while-renewed-{one}" for one in range(1, number + 1)}) == number
        # The rows never were anything but current: the watch was opened anew before its token expired.
        assert rows.states == ["loading", "live"]


async def test_a_second_sign_in_elsewhere_lets_the_first_go_on_until_its_token_ends_and_asks_again_in_place(
    stack: Stack, api_server: ApiServer, product: Product, browser: Browser
) -> None:
    maps = f"{product.url}/clusters/lab/api/v1/namespaces/{TEAM_A}/configmaps"
    await browser.sign_in(product.url, ERIN)
    token_until = await _expiry(browser, product)
    async with Browser(stack.web_pki.pem) as elsewhere:
        # Dex has one refresh token for a person and a client: this is the end of the first one.
        await elsewhere.sign_in(product.url, ERIN)
        while time.time() < token_until - ID_TOKEN_LIFETIME_S / 5:
            answer = await browser.fetch(maps)
            assert answer.status == 200, answer.text
            await asyncio.sleep(1)
        while "renewal refused" not in product.log:
            assert time.time() < token_until, "its renewal was not tried before its end"
            await asyncio.sleep(0.1)
        assert await _expiry(browser, product) == token_until

        await asyncio.sleep(max(0.0, token_until - time.time()))
        answer = await browser.fetch(maps)
        assert answer.status == 401
        assert answer.headers["X-Headlamp-Code"] == "session.sign_in_again"
        # The session is there: it knows who is to sign in again, and the page stays as it is.
        session = (await browser.fetch(f"{product.url}/api/session")).json()
        assert (session["signed_in"], session["user"]["email"]) == (True, ERIN.email)
        assert (await elsewhere.fetch(maps)).status == 200
        await browser.sign_in(product.url, ERIN)
        assert (await browser.fetch(maps)).status == 200


def _prepare(api_server: ApiServer) -> None:
    admin = api_server.admin
    admin.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    pods = "/api/v1/namespaces/default/pods"
    admin.create(pods, pod("renewal", node_name=NODES[0]))
    api_server.wait_until(lambda: phase(admin.get(f"{pods}/renewal")) == "Running", within=60)


async def _expiry(browser: Browser, product: Product) -> float:
    """Until when the token is good that is sent to the cluster now."""
    session = (await browser.fetch(f"{product.url}/api/session")).json()
    return float(session["providers"][0]["expires_at"])
