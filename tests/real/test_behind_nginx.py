"""Behind nginx, which speaks https to browsers, http to the product, and has the buffers that it comes with."""

from __future__ import annotations

import pytest
from tests.real.clients.browser import Browser
from tests.real.clients.live import CONFIG_MAPS, live
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.nginx import Nginx
from tests.real.stack.objects import config_map
from tests.real.stack.oidc_client import callback
from tests.real.stack.people import ALICE

pytestmark = pytest.mark.nginx

MAPS = "/api/v1/namespaces/team-a/configmaps"


@pytest.fixture
async def alice(api_server: ApiServer, nginx: Nginx, browser: Browser) -> Browser:
    """Alice, signed in through nginx."""
    await browser.sign_in(nginx.url, ALICE)
    return browser


async def test_the_callback_is_derived_with_https(api_server: ApiServer, nginx: Nginx, browser: Browser) -> None:
    landed = await browser.sign_in(nginx.url, ALICE, return_to="/c/lab/pods")
    assert str(landed.url) == f"{nginx.url}/c/lab/pods"
    callbacks = [str(url.with_query(None)) for url in landed.via if url.path == "/oidc-callback"]
    assert callbacks == [callback(nginx.url)]


async def test_the_session_cookie_is_bound_to_https_and_small(alice: Browser) -> None:
    (name,) = [name for name in alice.cookies if "login" not in name and "headlamp" in name]
    assert name.startswith("__Host-")
    assert len(name) + len(alice.cookies[name]) < 200


async def test_the_kubernetes_api_works(alice: Browser, nginx: Nginx) -> None:
    answer = await alice.fetch(f"{nginx.url}/clusters/lab{MAPS}")
    assert answer.status == 200, answer.text
    assert answer.json()["kind"] == "ConfigMapList"


async def test_a_watch_over_websocket_works(alice: Browser, nginx: Nginx, api_server: ApiServer) -> None:
    socket = await alice.websocket(f"{nginx.url}/clusters/lab{MAPS}?watch=1", ["base64.binary.k8s.io"])
    async with socket:
        assert (await socket.receive_str(timeout=30)) != ""


async def test_live_rows_work(alice: Browser, nginx: Nginx, api_server: ApiServer) -> None:
    async with live(alice, nginx.url) as connection:
        rows = await connection.subscribe(CONFIG_MAPS, "team-a")
        await connection.until(lambda: rows.state == "live", within=30)
        api_server.admin.create(MAPS, config_map("through-nginx"))
        await connection.until(lambda: "through-nginx" in rows.names, within=30)


async def test_sign_out_works(alice: Browser, nginx: Nginx) -> None:
    assert (await alice.fetch(f"{nginx.url}/api/session", method="DELETE")).status == 200
    assert (await alice.fetch(f"{nginx.url}/clusters/lab{MAPS}")).status == 401
