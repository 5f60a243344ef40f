"""Live rows where the ingress lets no WebSocket through: the page goes on by server-sent events, by itself."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocket, expect, sync_playwright
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.nginx import Nginx
from tests.real.stack.objects import config_map
from tests.real.stack.people import ALICE, PASSWORD
from tests.real.stack.whole import Stack
from tests.support.chromium import FLAGS, PATIENCE_MS

pytestmark = [pytest.mark.browser, pytest.mark.nginx]

MAPS = "/api/v1/namespaces/team-a/configmaps"
COUNT = 60


@pytest.fixture(scope="module", params=[1, 3], ids=["one process", "three processes"])
def door(request: pytest.FixtureRequest, stack: Stack, api_server: ApiServer, nginx_path: str) -> Nginx:
    """nginx without the headers of an upgrade, in front of as many processes."""
    port = stack.product_port()
    door = stack.nginx(nginx_path, port, upgrades=False)
    stack.serve(port, stack.dex.client, f"-public-url={door.url}", f"-workers={request.param}")
    return door


@pytest.fixture
def page(chromium_path: str, tmp_path: Path) -> Iterator[Page]:
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path / "profile",
            executable_path=chromium_path,
            args=list(FLAGS),
            ignore_https_errors=True,
            viewport={"width": 1440, "height": 900},
        )
        context.set_default_timeout(PATIENCE_MS)
        yield context.pages[0]
        context.close()


def test_the_page_goes_on_by_events_and_stays_live(
    door: Nginx, api_server: ApiServer, page: Page, record_property: Callable[[str, object], None]
) -> None:
    expect.set_options(timeout=PATIENCE_MS)
    admin = api_server.admin
    for number in range(COUNT):
        path = f"{MAPS}/by-event-{number:02}"
        if not admin.is_there(path):
            admin.create(MAPS, config_map(f"by-event-{number:02}"))
    sockets: list[WebSocket] = []
    posts: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket))
    page.on("request", lambda asked: posts.append(asked.url) if asked.method == "POST" else None)
    page.goto(f"{door.url}/c/lab/configmaps?ns=team-a&sort=Name")
    page.get_by_role("link", name=re.compile("^Sign in")).click()
    page.locator("input[name=login]").fill(ALICE.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Login").click()
    page.wait_for_url(f"{door.url}/c/lab/configmaps?ns=team-a&sort=Name")
    begun = time.monotonic()
    grid = page.get_by_role("grid")
    expect(grid.get_by_role("row").filter(has_text="by-event-00")).to_be_visible()
    record_property("seconds until rows are there by events", round(time.monotonic() - begun, 3))
    assert len(sockets) >= 1
    assert any(url.endswith("/api/live") for url in posts)

    # What somebody else does appears by itself, and what is asked for later is answered on the same stream.
    name = f"made-later-{time.monotonic_ns()}"
    admin.create(MAPS, config_map(name))
    page.get_by_role("textbox", name=re.compile("^Filter")).fill(name)
    expect(grid.get_by_role("row").filter(has_text=name)).to_be_visible()
    admin.delete(f"{MAPS}/{name}")
    expect(grid.get_by_role("row").filter(has_text=name)).to_have_count(0)
    page.goto(f"{door.url}/c/lab/secrets?ns=team-a")
    expect(page.get_by_role("heading", name=re.compile("Secrets"))).to_be_visible()
